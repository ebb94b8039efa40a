"""The tags of HTML, and the text between them, as parsers see them.

The sections are those of the HTML standard (https://html.spec.whatwg.org/).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


#: Of a tag that is longer than that, attributes are counted: the parser compares each with all others.
_LONG = 50_000

_MOST_ATTRIBUTES = 20_000

#: What is white space to a parser (13.2.5.32), also inside of a character class.
SPACES = "\t\n\f\r "

_SPACE = r"\t\n\f\r "

_NAME = rf"[A-Za-z][^{_SPACE}/>]*+"

_VALUE = rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>"'][^{_SPACE}>]*+)"""

_ATTRIBUTE = rf"[^{_SPACE}/>][^{_SPACE}/>=]*+(?:[{_SPACE}]*+=[{_SPACE}]*+{_VALUE}?+)?+"

_ONE = re.compile(_ATTRIBUTE)

#: What is between `<` and where text goes on (13.2.5): comments, what is taken for such, and tags. All have an end.
_MARKUP = re.compile(
    r"<(?:!--(?:-?>|.*?(?:--!?>|\Z))|(?:[!?]|/(?![A-Za-z]))[^>]*+>?"
    rf"|(?P<end>/?)(?P<name>{_NAME})(?:[{_SPACE}]++|/(?!>)|{_ATTRIBUTE})*+(?P<closed>/?)(?P<whole>>|\Z))",
    re.DOTALL,
)

_SCRIPT = re.compile(r"<script", re.IGNORECASE)

#: Void elements (13.1.2), and the obsolete `param`, which parsers treat as one.
VOID_ELEMENTS = frozenset("area base br col embed hr img input link meta param source track wbr".split())

#: Those of them that end SVG and MathML, in which there are no empty elements (13.2.6.5).
_EMPTY_EVERYWHERE = frozenset("br embed hr img meta".split())

#: In which elements of text are taken for others, or for none, and cells for what is in no table.
_ODD = frozenset("math select svg template".split())

#: What drawings in SVG consist of, and what of that holds text.
_DRAWN = frozenset(
    "circle clippath defs desc ellipse filter g line lineargradient marker mask path pattern polygon polyline "
    "radialgradient rect stop style svg symbol text textpath title tspan use".split()
)

_LABELS = frozenset("desc style title".split())

#: What holds text only (13.2.6.2).
_TEXTS = frozenset("iframe noembed noframes noscript plaintext script style textarea title xmp".split())


class UnclearError(Exception):
    """It cannot be known what is text and what is not, or only if one expects odd elements; or it takes too long."""


class Tag(NamedTuple):
    """A tag as it is written, and the text before it; without a name, a comment or the end.

    `is_empty`: it is of an element that holds nothing.
    """

    name: str
    is_end: bool
    is_empty: bool
    written: str
    before: str


def tags_of(html: str, *, is_odd: bool) -> Iterator[Tag]:
    """All tags and comments, and the end; raises UnclearError. `is_odd` is whether there may be odd elements."""
    if is_odd and "<![CDATA[" in html:  # text in SVG and MathML, the start of a comment elsewhere
        raise UnclearError
    place = 0
    while match := _markup(html, place):
        tag = _tag(match, html[place : match.start()], is_odd=is_odd)
        place = match.end()
        if tag.name in _ODD and not is_odd and not tag.is_end:
            place = _drawing_end(html, tag.name, place)
            yield tag._replace(is_empty=True)
            continue
        yield tag
        if tag.name in _TEXTS and not tag.is_end:
            place, within = _text(html, tag.name, place, is_odd=is_odd)
            yield from within
    yield _no_tag(html[place:])


def attributes_of(tag: Tag) -> int:
    """How many attributes a tag has."""
    return len(_ONE.findall(tag.written)) - 1


def _markup(html: str, place: int) -> re.Match[str] | None:
    """The next comment or tag; raises UnclearError where a tag has too many attributes."""
    match = _MARKUP.search(html, place)
    if (
        match
        and match.end() - match.start() > _LONG
        and match["name"]
        and len(_ONE.findall(match[0])) > _MOST_ATTRIBUTES
    ):
        raise UnclearError
    return match


def _tag(match: re.Match[str], before: str, *, is_odd: bool) -> Tag:
    if match["name"] is None or not match["whole"]:  # what has no end is no tag
        return _no_tag(before)
    name = _lower(match["name"])
    is_empty = name in (_EMPTY_EVERYWHERE if is_odd and not match["closed"] else VOID_ELEMENTS)
    return Tag(name, bool(match["end"]), is_empty, match[0], before)


def _no_tag(before: str) -> Tag:
    return Tag("", is_end=False, is_empty=True, written="", before=before)


def _lower(name: str) -> str:
    """The name of a tag as parsers take it: letters beyond ASCII have no case."""
    return name.lower() if name.isascii() else name


def _drawing_end(html: str, name: str, place: int) -> int:
    """Where an odd element ends that is a mere drawing, behind the start tag of which is `place`."""
    opened = [name]
    while opened and opened[0] == "svg" and (match := _markup(html, place)):
        place = match.end()
        inner = _lower(match["name"] or "")
        if match["end"]:
            if opened.pop() != inner:
                raise UnclearError
        elif match[0].startswith("<![") or (inner and (inner not in _DRAWN or opened[-1] in _LABELS)):
            raise UnclearError
        elif inner and not match["closed"]:
            opened.append(inner)
    if opened:
        raise UnclearError
    return place


def _text(html: str, name: str, place: int, *, is_odd: bool) -> tuple[int, list[Tag]]:
    """Where the text of an element ends, and the start tags in it if it may be markup; raises UnclearError."""
    found = re.compile(rf"</{name}[{_SPACE}/>]", re.IGNORECASE | re.ASCII).search(html, place)
    end = found.start() if found else len(html)
    if name == "script" and html.find("<!--", place, end) >= 0 and _SCRIPT.search(html, place, end):
        raise UnclearError  # where such a script ends is a long story (13.2.5.21)
    within = []
    while is_odd and (match := _markup(html, place)) and match.start() < end:
        tag = _tag(match, html[place : match.start()], is_odd=is_odd)
        place = match.end()
        if place > end:
            raise UnclearError
        if not tag.is_end:
            within.append(tag)
    return end, within
