"""What HTML that nobody parsed yet costs a parser, and how deeply elements are nested.

A parser of HTML looks through the elements that are open at each tag, compares those of formatting attribute by
attribute, opens them anew in each block, and looks for the place of what is in a table but in no cell: 1 MB may take it
hours and more memory than there is. So what it would be at is estimated before: as little more for what people write,
who forget to close much, and as less only where rules are broken in ways too long to add up to much.

The sections are those of the HTML standard (https://html.spec.whatwg.org/).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Browsers nest elements so deep and no deeper.
DEEPEST = 512
#: What is said of HTML that is nested more deeply, or may take long.
TOO_DEEP = f"is nested too deeply or takes too long; expected {DEEPEST} levels at most"

#: With so few characters, and with so few tags times characters, nothing takes long.
_SHORT = 50_000
_LITTLE = 10_000_000
#: Elements that are open, summed up over all tags: the parser takes 10 to 30 ns for each. The rest is counted in these:
#: an attribute of an element of formatting that is compared, one that is compared with those of `html`, and as how
#: many tags before a place in front of a table is sought among.
_MOST_WORK = 25_000_000
_OF_AN_ATTRIBUTE = 8
_OF_HTML = 5
_TAGS_FOR_ONE = 6
#: Of one tag: the parser compares each with all others.
_MOST_ATTRIBUTES = 20_000
#: Characters of the tags that are opened anew; each of them takes memory for some more.
_MOST_REOPENED = 2_000_000
_OF_AN_ELEMENT = 40
#: As often are elements of formatting kept for it, and compared, that are the same (13.2.4.3).
_MOST_ALIKE = 3
#: Of so many blocks an end tag of formatting makes way (13.2.6.4.7, the adoption agency algorithm).
_MOST_ADOPTED = 7

_SPACES = "\t\n\f\r "
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
#: In what the sanitiser gives, angle brackets are those of tags.
_WRITTEN = re.compile(r"<(/?)([a-z0-9]+)")

_EMPTY = frozenset("area base br col embed hr img input link meta param source track wbr".split())
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
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_PHRASES = _FORMATTING | frozenset(
    "abbr acronym bdi bdo cite data del dfn ins kbd label mark q samp span sub sup time var".split()
)
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_BLOCKS = frozenset(
    "address article aside blockquote center dd dir div dl dt fieldset figcaption figure footer header li main menu "
    "nav ol p pre section ul".split()
)
_TABLE = frozenset("caption tbody td tfoot th thead tr".split())
_CELL = frozenset({"td", "th"})
#: Of which a parser keeps several that differ; `a` closes the one before.
_COMPARED = _FORMATTING - {"a"}
#: What a table consists of, all else being put in front of it (13.2.6.1), and what of that holds anything.
_ROWS = _TABLE | frozenset({"table", "colgroup", "col"})
_HOLDS_ANYTHING = _CELL | frozenset({"caption"})
#: What an end tag closes together with its own element; those of any other name only phrases (13.2.6.4.7).
_PASSED = (
    dict.fromkeys(_FORMATTING, _PHRASES | _BLOCKS | _HEADINGS)
    | dict.fromkeys(_BLOCKS, _PHRASES | _BLOCKS)
    | dict.fromkeys([*_TABLE, "table"], _PHRASES | _BLOCKS | _TABLE)
    | {"li": (_PHRASES | _BLOCKS) - {"ol", "ul"}}
)
#: What a start tag closes, if it is the last element that is open; then what it closes of the next ones.
_ENDED: dict[str, tuple[frozenset[str], ...]] = dict.fromkeys([*_BLOCKS, *_HEADINGS], (frozenset({"p"}),)) | {
    "li": (frozenset({"p"}), frozenset({"li"})),
    "dd": (frozenset({"p"}), frozenset({"dd", "dt"})),
    "dt": (frozenset({"p"}), frozenset({"dd", "dt"})),
    "td": (_CELL,),
    "th": (_CELL,),
    "tr": (_CELL, frozenset({"tr"})),
}
#: What a start tag of anything but phrases may close, with what is in it; formatting is opened anew after that.
_MAY_END = {
    "li": frozenset({"p", "li"}),
    "dd": frozenset({"p", "dd", "dt"}),
    "dt": frozenset({"p", "dd", "dt"}),
    "option": frozenset({"option"}),
    "button": frozenset({"p", "button"}),
} | dict.fromkeys(_ROWS, frozenset({"p", "table", *_TABLE}))
_P = frozenset({"p"})


def is_too_deep(html: str) -> bool:
    """Whether to parse it may take long, or much memory; `html` holds no control characters."""
    if len(html) <= _SHORT and html.count("<") * len(html) <= _LITTLE:
        return False
    work = reopened = 0  # those of the first pass count, too
    for is_odd in (False, True):
        opened = _Opened(is_odd=is_odd, work=work, reopened=reopened)
        try:
            for tag in _tags(html, is_odd=is_odd):
                opened.take(tag)
                if opened.work > _MOST_WORK or opened.reopened > _MOST_REOPENED:
                    return True
        except _UnclearError:
            work, reopened = opened.work, opened.reopened
            continue
        return False
    return True


def depth(html: str) -> int:
    """How deeply elements are nested in HTML as the sanitiser writes it: each that is not empty is closed."""
    deepest = now = 0
    for end, name in _WRITTEN.findall(html):
        if name not in _EMPTY:
            now += -1 if end else 1
            deepest = max(deepest, now)
    return deepest


class _UnclearError(Exception):
    """It cannot be known what is text and what is not, or only if one expects odd elements; or it takes too long."""


class _Tag(NamedTuple):
    """A tag as it is written, and the text before it; without a name, a comment or the end.

    `is_empty`: it is of an element that holds nothing.
    """

    name: str
    is_end: bool
    is_empty: bool
    written: str
    before: str


@dataclass(slots=True, eq=False)
class _Element:
    """The element that may be open as one of so many; `is_loose` is one of formatting that may be opened anew."""

    name: str
    written: str
    number: int
    attributes: int = 0
    is_loose: bool = False


class _Opened:
    """The elements that may be open, and what they cost: those that are looked through, and characters opened anew."""

    def __init__(self, *, is_odd: bool, work: int = 0, reopened: int = 0) -> None:
        self.work = work
        self.reopened = reopened
        self._is_odd = is_odd
        self._tags = 0
        self._elements: list[_Element] = []
        self._names: Counter[str] = Counter()
        self._firm: list[_Element] = []  # those of formatting that are not loose
        self._loose = 0  # characters of those that are
        self._loose_alike: Counter[str] = Counter()
        self._compared = 0  # elements of formatting, and what attributes they have
        self._attributes = 0
        self._compared_alike: Counter[str] = Counter()
        self._of_html = 0
        self._tables = 0
        self._is_between_cells = False  # or may be: what is no cell comes in front of the table

    def take(self, tag: _Tag) -> None:
        """Go on to the next tag."""
        self._tags += 1
        if self._is_between_cells:
            self._move(tag)
        if tag.name in _ROWS:
            self._follow_table(tag)
        if tag.is_empty:
            self.work += len(self._elements) if tag.name else 0
            return
        self.work += len(self._elements)
        if tag.is_end:
            self._end(tag.name)
        else:
            self._start(tag)
        self.reopened += self._loose

    def _move(self, tag: _Tag) -> None:
        """The text before a tag, and what the tag opens, is put in front of the table: after all that is there."""
        moved = int(tag.name not in _ROWS)
        if tag.before.strip(_SPACES):
            moved += 1 + 2 * (tag.before.count("&") + tag.before.count("\r"))  # which part it
        self.work += moved * self._tags // _TAGS_FOR_ONE

    def _follow_table(self, tag: _Tag) -> None:
        """A table that is closed was in a cell, or in none. In odd elements, what looks like a cell may be none."""
        if self._is_odd:
            self._is_between_cells = self._is_between_cells or tag.name == "table"
        elif tag.name == "table":
            self._tables = max(self._tables + (-1 if tag.is_end else 1), 0)
            self._is_between_cells = not tag.is_end
        else:
            self._is_between_cells = self._tables > 0 and (tag.is_end or tag.name not in _HOLDS_ANYTHING)

    def _start(self, tag: _Tag) -> None:
        if tag.name == "html":  # its attributes become those of the first one
            self._of_html += _attributes(tag)
            self.work += _OF_HTML * self._of_html
        for names in () if self._is_odd and tag.name in _TABLE else _ENDED.get(tag.name, ()):
            if self._elements and self._elements[-1].name in names:
                self._remove(len(self._elements) - 1)
        if self._firm and tag.name not in _PHRASES:
            self._loosen(self._last(_MAY_END.get(tag.name, _P)))
        element = _Element(tag.name, tag.written, self._tags)
        self._elements.append(element)
        self._names[tag.name] += 1
        if tag.name in _FORMATTING:
            self._firm.append(element)
        if tag.name in _COMPARED:
            element.attributes = _attributes(tag)
            self.work += _OF_AN_ATTRIBUTE * (self._attributes + element.attributes * self._compared)
            self._count_compared(element, 1)

    def _end(self, name: str) -> None:
        place, blocks = self._closed(name)
        if place is None:
            self._loosen(0)
            return
        self._loosen(place)
        if blocks and name in _FORMATTING:
            self.reopened += _MOST_ADOPTED * self._loose
        self._remove(place)
        if name == "table" and not self._is_odd:  # no row and no cell is open without a table
            for inner in range(len(self._elements) - 1, place - 1, -1):
                if self._elements[inner].name in _TABLE:
                    self._remove(inner)

    def _closed(self, name: str) -> tuple[int | None, int]:
        """Which element an end tag closes, and how many blocks are in it.

        What is in it stays, lest the element was closed by something else before.
        """
        if name == "form" or name not in self._names:  # the first end tag of a form may be that of none, or of another
            return None, 0
        passed = _PASSED.get(name, _PHRASES)
        blocks = 0
        for back, element in enumerate(reversed(self._elements), 1):
            other = element.name
            if other == name:
                return len(self._elements) - back, blocks
            if other in _PHRASES:
                continue
            blocks += 1
            if other not in passed or (blocks > _MOST_ADOPTED and name in _FORMATTING):
                break
        return None, blocks

    def _last(self, names: frozenset[str]) -> int:
        if names.isdisjoint(self._names):
            return len(self._elements)
        places = range(len(self._elements) - 1, -1, -1)
        return next((place for place in places if self._elements[place].name in names), len(self._elements))

    def _loosen(self, place: int) -> None:
        """What is at a place and after it may have been closed, and its formatting be opened anew."""
        while self._firm and place < len(self._elements) and self._firm[-1].number >= self._elements[place].number:
            element = self._firm.pop()
            element.is_loose = True
            self._count_loose(element, 1)

    def _remove(self, place: int) -> None:
        element = self._elements.pop(place)
        self._names[element.name] -= 1
        if not self._names[element.name]:
            del self._names[element.name]
        if element.is_loose:
            self._count_loose(element, -1)
        elif element.name in _FORMATTING:
            del self._firm[bisect_left(self._firm, element.number, key=attrgetter("number"))]
        if element.name in _COMPARED:
            self._count_compared(element, -1)

    def _count_loose(self, element: _Element, change: int) -> None:
        if _is_kept(self._loose_alike, element, change):
            self._loose += change * (len(element.written) + _OF_AN_ELEMENT)

    def _count_compared(self, element: _Element, change: int) -> None:
        if _is_kept(self._compared_alike, element, change):
            self._compared += change
            self._attributes += change * element.attributes


def _is_kept(alike: Counter[str], element: _Element, change: int) -> bool:
    """Whether an element, which is one more or one less of those that are the same, is not one of too many."""
    before = alike[element.written]
    alike[element.written] += change
    return max(before, before + change) <= _MOST_ALIKE


def _attributes(tag: _Tag) -> int:
    return len(_ONE.findall(tag.written)) - 1


def _tags(html: str, *, is_odd: bool) -> Iterator[_Tag]:
    """All tags and comments, and the end; raises _UnclearError. `is_odd` is whether there may be odd elements."""
    if is_odd and "<![CDATA[" in html:  # text in SVG and MathML, the start of a comment elsewhere
        raise _UnclearError
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


def _markup(html: str, place: int) -> re.Match[str] | None:
    """The next comment or tag; raises _UnclearError where a tag has too many attributes."""
    match = _MARKUP.search(html, place)
    if match and len(match[0]) > _SHORT and match["name"] and len(_ONE.findall(match[0])) > _MOST_ATTRIBUTES:
        raise _UnclearError
    return match


def _tag(match: re.Match[str], before: str, *, is_odd: bool) -> _Tag:
    if match["name"] is None or not match["whole"]:  # what has no end is no tag
        return _no_tag(before)
    name = _lower(match["name"])
    is_empty = name in (_EMPTY_EVERYWHERE if is_odd and not match["closed"] else _EMPTY)
    return _Tag(name, bool(match["end"]), is_empty, match[0], before)


def _no_tag(before: str) -> _Tag:
    return _Tag("", is_end=False, is_empty=True, written="", before=before)


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
                raise _UnclearError
        elif match[0].startswith("<![") or (inner and (inner not in _DRAWN or opened[-1] in _LABELS)):
            raise _UnclearError
        elif inner and not match["closed"]:
            opened.append(inner)
    if opened:
        raise _UnclearError
    return place


def _text(html: str, name: str, place: int, *, is_odd: bool) -> tuple[int, list[_Tag]]:
    """Where the text of an element ends, and the start tags in it if it may be markup; raises _UnclearError."""
    found = re.compile(rf"</{name}[{_SPACE}/>]", re.IGNORECASE | re.ASCII).search(html, place)
    end = found.start() if found else len(html)
    if name == "script" and html.find("<!--", place, end) >= 0 and _SCRIPT.search(html, place, end):
        raise _UnclearError  # where such a script ends is a long story (13.2.5.21)
    within = []
    while is_odd and (match := _markup(html, place)) and match.start() < end:
        tag = _tag(match, html[place : match.start()], is_odd=is_odd)
        place = match.end()
        if place > end:
            raise _UnclearError
        if not tag.is_end:
            within.append(tag)
    return end, within
