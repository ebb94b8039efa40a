"""Tags of HTML and the text between them, as HTML parsers see them.

Section numbers refer to the HTML standard (https://html.spec.whatwg.org/).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A parser compares each attribute of a tag with all others. Only tags longer than this have their attributes counted.
_LONG_TAG = 50_000
_MAX_ATTRIBUTES = 20_000

#: ASCII whitespace (13.2.5.32), also for use inside a character class.
WHITE_SPACE = "\t\n\f\r "
_NAME = rf"[A-Za-z][^{WHITE_SPACE}/>]*+"
_VALUE = rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{WHITE_SPACE}>"'][^{WHITE_SPACE}>]*+)"""
_ATTRIBUTE = rf"[^{WHITE_SPACE}/>][^{WHITE_SPACE}/>=]*+(?:[{WHITE_SPACE}]*+=[{WHITE_SPACE}]*+{_VALUE}?+)?+"
_ATTRIBUTES = re.compile(_ATTRIBUTE)
#: A comment, a bogus comment or a tag (13.2.5). The end of the text ends any of them.
_MARKUP = re.compile(
    r"<(?:!--(?:-?>|.*?(?:--!?>|\Z))|(?:[!?]|/(?![A-Za-z]))[^>]*+>?"
    rf"|(?P<end>/?)(?P<name>{_NAME})(?:[{WHITE_SPACE}]++|/(?!>)|{_ATTRIBUTE})*+(?P<closed>/?)(?P<whole>>|\Z))",
    re.DOTALL,
)
_SCRIPT = re.compile(r"<script", re.IGNORECASE)

#: Void elements (13.1.2), and the obsolete `param`, which parsers treat as one.
VOID_ELEMENTS = frozenset("area base br col embed hr img input link meta param source track wbr".split())
#: Void elements that end SVG and MathML (13.2.6.5). The others are ordinary elements there.
_VOID_EVERYWHERE = frozenset("br embed hr img meta".split())
#: Elements with parsing rules of their own: text elements and table cells in them may be ordinary elements. All are
#: called foreign here, although only SVG and MathML are foreign elements to the standard.
_FOREIGN = frozenset("math select svg template".split())
#: The elements of SVG drawings, and those of them that hold text.
_SVG = frozenset(
    "circle clippath defs desc ellipse filter g line lineargradient marker mask path pattern polygon polyline "
    "radialgradient rect stop style svg symbol text textpath title tspan use".split()
)
_SVG_TEXT = frozenset("desc style title".split())
#: Elements that hold only text: raw text, RCDATA, script data or plaintext (13.2.6.2).
_TEXT_ONLY = frozenset("iframe noembed noframes noscript plaintext script style textarea title xmp".split())


class UnclearError(Exception):
    """Text and markup cannot be told apart (or only if foreign elements are assumed), or a tag takes too long."""


class Tag(NamedTuple):
    """A tag and the text before it; or, with an empty name, a comment or the end of the HTML.

    `is_empty` says whether the element has no content. `written` is the tag as written.
    """

    before: str
    name: str = ""
    is_end: bool = False
    is_empty: bool = True
    written: str = ""


def tags_of(html: str, *, is_foreign: bool) -> Iterator[Tag]:
    """Yield the tags and comments of `html`, then its end. Raise UnclearError.

    `is_foreign` says whether any element may be in a foreign one. If not, foreign elements other than plain SVG
    drawings raise the error.
    """
    if is_foreign and "<![CDATA[" in html:  # text in SVG and MathML, a bogus comment elsewhere
        raise UnclearError
    position = 0
    while match := _next_markup(html, position):
        tag = _parse_tag(match, html[position : match.start()], is_foreign=is_foreign)
        position = match.end()
        if tag.name in _FOREIGN and not is_foreign and not tag.is_end:
            position = _drawing_end(html, tag.name, position)
            yield tag._replace(is_empty=True)
            continue
        yield tag
        if tag.name in _TEXT_ONLY and not tag.is_end:
            position, inner = _skip_text(html, tag.name, position, is_foreign=is_foreign)
            yield from inner
    yield Tag(html[position:])


def count_attributes(tag: Tag) -> int:
    """Return the number of attributes of a tag."""
    return len(_ATTRIBUTES.findall(tag.written)) - 1  # the first match is the name of the tag


def _next_markup(html: str, position: int) -> re.Match[str] | None:
    """Return the next comment or tag. Raise UnclearError for a tag with too many attributes."""
    match = _MARKUP.search(html, position)
    if (
        match
        and match.end() - match.start() > _LONG_TAG
        and match["name"]
        and len(_ATTRIBUTES.findall(match[0])) > _MAX_ATTRIBUTES
    ):
        raise UnclearError
    return match


def _parse_tag(match: re.Match[str], before: str, *, is_foreign: bool) -> Tag:
    if match["name"] is None or not match["whole"]:  # parsers drop a tag that does not end
        return Tag(before)
    name = _lower_case(match["name"])
    is_empty = name in (_VOID_EVERYWHERE if is_foreign and not match["closed"] else VOID_ELEMENTS)
    return Tag(before, name, bool(match["end"]), is_empty, match[0])


def _lower_case(name: str) -> str:
    """Return the name of a tag as parsers compare it: non-ASCII letters have no case, and no known name has any."""
    return name.lower() if name.isascii() else name


def _drawing_end(html: str, name: str, position: int) -> int:
    """Return where a foreign element ends whose start tag ends at `position`.

    Raise UnclearError unless it is an SVG drawing: `svg` with SVG elements that are all closed in order.
    """
    open_names = [name]
    while open_names and open_names[0] == "svg" and (match := _next_markup(html, position)):
        position = match.end()
        inner = _lower_case(match["name"] or "")
        if match["end"]:
            if open_names.pop() != inner:
                raise UnclearError
        elif match[0].startswith("<![") or (inner and (inner not in _SVG or open_names[-1] in _SVG_TEXT)):
            raise UnclearError
        elif inner and not match["closed"]:
            open_names.append(inner)
    if open_names:
        raise UnclearError
    return position


def _skip_text(html: str, name: str, position: int, *, is_foreign: bool) -> tuple[int, list[Tag]]:
    """Return where the content of a text-only element ends, and the start tags in it if it may be foreign.

    Raise UnclearError if the end depends on whether the content is text.
    """
    end_tag = re.compile(rf"</{name}[{WHITE_SPACE}/>]", re.IGNORECASE | re.ASCII).search(html, position)
    end = end_tag.start() if end_tag else len(html)
    if name == "script" and html.find("<!--", position, end) >= 0 and _SCRIPT.search(html, position, end):
        raise UnclearError  # script data (double) escaped states (13.2.5.21)
    inner = []
    while is_foreign and (match := _next_markup(html, position)) and match.start() < end:
        tag = _parse_tag(match, html[position : match.start()], is_foreign=is_foreign)
        position = match.end()
        if position > end:
            raise UnclearError
        if not tag.is_end:
            inner.append(tag)
    return end, inner
