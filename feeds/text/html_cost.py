"""What HTML that nobody parsed yet costs a parser, and how deeply elements are nested.

A parser of HTML looks through the elements that are open at each tag, compares those of formatting attribute by
attribute, opens them anew in each block, and looks for the place of what is in a table but in no cell: 1 MB may take it
hours and more memory than there is. So what it would be at is estimated before: as little more for what people write,
who forget to close much, and as less only where rules are broken in ways too long to add up to much.

The sections are those of the HTML standard (https://html.spec.whatwg.org/).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from operator import attrgetter

from feeds.text.html_tokens import SPACES, VOID_ELEMENTS, Tag, UnclearError, attributes_of, tags_of

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

#: Characters of the tags that are opened anew; each of them takes memory for some more.
_MOST_REOPENED = 2_000_000

_OF_AN_ELEMENT = 40

#: As often are elements of formatting kept for it, and compared, that are the same (13.2.4.3).
_MOST_ALIKE = 3

#: Of so many blocks an end tag of formatting makes way (13.2.6.4.7, the adoption agency algorithm).
_MOST_ADOPTED = 7

#: In what the sanitiser gives, angle brackets are those of tags.
_WRITTEN = re.compile(r"<(/?)([a-z0-9]+)")

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
    is_short = len(html) <= _SHORT and html.count("<") * len(html) <= _LITTLE
    return not is_short and cost_of(html) > 1


def cost_of(html: str) -> float:
    """What it may cost to parse it, as a share of the most that is permitted; of what is beyond that, at least."""
    work = reopened = 0  # those of the first pass count, too
    for is_odd in (False, True):
        opened = _Opened(is_odd=is_odd, work=work, reopened=reopened)
        try:
            for tag in tags_of(html, is_odd=is_odd):
                opened.take(tag)
                if opened.work > _MOST_WORK or opened.reopened > _MOST_REOPENED:
                    break
        except UnclearError:
            work, reopened = opened.work, opened.reopened
            continue
        return max(opened.work / _MOST_WORK, opened.reopened / _MOST_REOPENED)
    return math.inf


def depth(html: str) -> int:
    """How deeply elements are nested in HTML as the sanitiser writes it: each that is not empty is closed."""
    deepest = now = 0
    for end, name in _WRITTEN.findall(html):
        if name not in VOID_ELEMENTS:
            now += -1 if end else 1
            deepest = max(deepest, now)
    return deepest


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

    def take(self, tag: Tag) -> None:
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

    def _move(self, tag: Tag) -> None:
        """The text before a tag, and what the tag opens, is put in front of the table: after all that is there."""
        moved = int(tag.name not in _ROWS)
        if tag.before.strip(SPACES):
            moved += 1 + 2 * (tag.before.count("&") + tag.before.count("\r"))  # which part it
        self.work += moved * self._tags // _TAGS_FOR_ONE

    def _follow_table(self, tag: Tag) -> None:
        """A table that is closed was in a cell, or in none. In odd elements, what looks like a cell may be none."""
        if self._is_odd:
            self._is_between_cells = self._is_between_cells or tag.name == "table"
        elif tag.name == "table":
            self._tables = max(self._tables + (-1 if tag.is_end else 1), 0)
            self._is_between_cells = not tag.is_end
        else:
            self._is_between_cells = self._tables > 0 and (tag.is_end or tag.name not in _HOLDS_ANYTHING)

    def _start(self, tag: Tag) -> None:
        if tag.name == "html":  # its attributes become those of the first one
            self._of_html += attributes_of(tag)
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
            element.attributes = attributes_of(tag)
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
