"""How deeply elements are nested in HTML that nobody parsed yet.

A parser of HTML looks through the elements that are open at each tag, and opens those of formatting anew in each block:
1 MB may take it hours and more memory than there is. So what it would be at is estimated before: as little more for
what people write, who forget to close much, and as less only where rules are broken in ways too long to add up to much.

The sections are those of the HTML standard (https://html.spec.whatwg.org/).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: With so few tags nothing takes long.
_FEW = 1000
#: Elements that are open, summed up over all tags: the parser takes 10 to 60 ns for each, and twice that for all.
_MOST_WORK = 20_000_000
#: Elements of formatting that are open, likewise: each may be opened anew, which takes 2 µs and 300 bytes.
_MOST_REOPENED = 500_000

_SPACE = r"\t\n\f\r "
_NAME = rf"[A-Za-z][^{_SPACE}/>]*+"
_VALUE = rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>"'][^{_SPACE}>]*+)"""
_ATTRIBUTE = rf"[^{_SPACE}/>][^{_SPACE}/>=]*+(?:[{_SPACE}]*+=[{_SPACE}]*+{_VALUE}?+)?+"
#: What is between `<` and where text goes on (13.2.5): comments, what is taken for such, and tags. All have an end.
_MARKUP = re.compile(
    r"<(?:!--(?:-?>|.*?(?:--!?>|\Z))|(?:[!?]|/(?![A-Za-z]))[^>]*+>?"
    rf"|(?P<end>/?)(?P<name>{_NAME})(?:[{_SPACE}]++|/(?!>)|{_ATTRIBUTE})*+(?P<closed>/?)(?P<whole>>|\Z))",
    re.DOTALL,
)
#: Whatever may be the start of an element, if one does not know where comments and attributes are.
_START = re.compile(r"<([A-Za-z][A-Za-z0-9]*)")
#: In which elements of text are taken for others, or for none.
_ODD = re.compile(r"<(?:math|select|svg|template)", re.IGNORECASE)
_SCRIPT = re.compile(r"<script", re.IGNORECASE)
#: In what the sanitiser gives, angle brackets are those of tags.
_WRITTEN = re.compile(r"<(/?)([a-z0-9]+)")

_EMPTY = frozenset("area base br col embed hr img input link meta param source track wbr".split())
#: Those of them that end SVG and MathML, in which there are no empty elements (13.2.6.5).
_EMPTY_EVERYWHERE = frozenset("br embed hr img meta".split())
#: What holds text only (13.2.6.2).
_TEXTS = frozenset("iframe noembed noframes noscript plaintext script style textarea title xmp".split())
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_PHRASES = _FORMATTING | frozenset(
    "abbr acronym bdi bdo cite data del dfn ins kbd label mark q samp span sub sup time var".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote center dd dir div dl dt fieldset figcaption figure footer header li main menu "
    "nav ol p pre section ul".split()
)
_TABLE = frozenset("caption table tbody td tfoot th thead tr".split())
_CELL = frozenset({"td", "th"})
#: Which elements an end tag closes together with its own; those of any other name only phrases (13.2.6.4.7).
_PASSED = (
    dict.fromkeys(_BLOCKS, _PHRASES | _BLOCKS)
    | dict.fromkeys(_TABLE, _PHRASES | _BLOCKS | _TABLE)
    | {"li": (_PHRASES | _BLOCKS) - {"ol", "ul"}, "table": _PHRASES | _BLOCKS | _TABLE - {"table"}, "form": frozenset()}
)
#: Which elements a start tag closes, if one is the last that is open; then the next ones.
_ENDED: dict[str, tuple[frozenset[str], ...]] = dict.fromkeys(
    [*_BLOCKS, "h1", "h2", "h3", "h4", "h5", "h6", "hr"], (frozenset({"p"}),)
) | {
    "li": (frozenset({"p"}), frozenset({"li"})),
    "dd": (frozenset({"p"}), frozenset({"dd", "dt"})),
    "dt": (frozenset({"p"}), frozenset({"dd", "dt"})),
    "td": (_CELL,),
    "th": (_CELL,),
    "tr": (_CELL, frozenset({"tr"})),
}


def is_too_deep(html: str) -> bool:
    """Whether to parse it may take long, or much memory; `html` holds no control characters."""
    if html.count("<") <= _FEW:
        return False
    is_odd = bool(_ODD.search(html))
    ended = {name: names for name, names in _ENDED.items() if not (is_odd and name in _TABLE)}
    opened: list[str] = []
    formatting = work = reopened = 0
    for name, is_end in _tags(html, is_odd=is_odd):
        work += len(opened)
        reopened += formatting
        if work > _MOST_WORK or reopened > _MOST_REOPENED:
            return True
        if not is_end:
            for names in ended.get(name, ()):
                if opened and opened[-1] in names:
                    opened.pop()
            opened.append(name)
            formatting += name in _FORMATTING
        elif (place := _closed(opened, name)) is not None:
            del opened[place]
            formatting -= name in _FORMATTING
            if name == "table" and not is_odd:  # no row and no cell is open without a table
                opened[place:] = [other for other in opened[place:] if other not in _TABLE]
    return False


def depth(html: str) -> int:
    """How deeply elements are nested in HTML as the sanitiser writes it: each that is not empty is closed."""
    deepest = now = 0
    for end, name in _WRITTEN.findall(html):
        if name not in _EMPTY:
            now += -1 if end else 1
            deepest = max(deepest, now)
    return deepest


def _closed(opened: list[str], name: str) -> int | None:
    """Which of the open elements an end tag closes. Those in it stay, lest it was closed by something else before."""
    passed = _PASSED.get(name, _PHRASES)
    for place in range(len(opened) - 1, -1, -1):
        if opened[place] == name and name != "form":  # the first end tag of a form may be that of none, or of another
            return place
        if opened[place] not in passed:
            break
    return None


def _tags(html: str, *, is_odd: bool) -> Iterator[tuple[str, bool]]:
    """The name of each tag that is not of an empty element, and whether it is an end tag.

    Where it cannot be known what is text, these are all that may be start tags.
    """
    empty = _EMPTY_EVERYWHERE if is_odd else _EMPTY
    if is_odd and "<![CDATA[" in html:  # text in SVG and MathML, the start of a comment elsewhere
        yield from _starts(html, 0, len(html), empty)
        return
    place = 0
    while match := _MARKUP.search(html, place):
        place = match.end()
        if match["name"] is None:
            continue
        if not match["whole"]:  # what has no end is no tag
            return
        name = _lower(match["name"])
        if name not in empty and not (name in _EMPTY and match["closed"]):
            yield name, bool(match["end"])
        if name in _TEXTS and not match["end"]:
            text = _text_end(html, name, place, is_odd=is_odd)
            if is_odd or text is None:
                yield from _starts(html, place, len(html) if text is None else text, empty)
            if text is None:
                return
            place = text


def _text_end(html: str, name: str, place: int, *, is_odd: bool) -> int | None:
    """Where the text of an element ends; None if it may go on, or if it is markup there that ends elsewhere."""
    found = re.compile(rf"</{name}[{_SPACE}/>]", re.IGNORECASE | re.ASCII).search(html, place)
    end = found.start() if found else len(html)
    if name == "script" and html.find("<!--", place, end) >= 0 and _SCRIPT.search(html, place, end):
        return None  # where such a script ends is a long story (13.2.5.21)
    while is_odd and (match := _MARKUP.search(html, place)) and match.start() < end:
        place = match.end()
        if place > end:
            return None
    return end


def _starts(html: str, place: int, end: int, empty: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """All that may be start tags, wherever comments and attributes are."""
    names = map(str.lower, _START.findall(html, place, end))
    return ((name, False) for name in names if name not in empty)


def _lower(name: str) -> str:
    """The name of a tag as parsers take it: in lower case where that is a matter of ASCII."""
    return name.lower() if name.isascii() else name
