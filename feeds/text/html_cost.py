"""Estimate of what it costs to parse HTML, made before anything parses it; and the nesting depth of sanitized HTML.

At each tag, an HTML parser looks through the open elements, compares formatting elements attribute by attribute,
reconstructs them in each block, and looks for the place of table content that is in no cell. 1 MB may take hours, and
more memory than there is. The estimate is hardly too high for what people write, who leave many elements open. It is
too low only for breaches of the rules that are too long to add up to much.

Section numbers refer to the HTML standard (https://html.spec.whatwg.org/).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from operator import attrgetter

from feeds.text.html_tokens import VOID_ELEMENTS, WHITE_SPACE, Tag, UnclearError, count_attributes, tags_of

#: The nesting depth at which browsers stop.
MAX_DEPTH = 512
#: The message about HTML that is nested more deeply or may take too long.
TOO_DEEP = f"is nested too deeply or takes too long; expected {MAX_DEPTH} levels at most"

#: HTML with so few characters, and with so small a product of tags and characters, is always parsed quickly.
_QUICK_LENGTH = 50_000
_QUICK_PRODUCT = 10_000_000
#: Open elements, added up over all tags: the parser takes 10 to 30 ns for each. Other work is converted to this unit:
#: an attribute of a formatting element that is compared, an attribute that is compared with those of `html`, and the
#: number of earlier tags among which a place in front of a table is searched in the same time.
_MAX_WORK = 25_000_000
_ATTRIBUTE_WORK = 8
_HTML_ATTRIBUTE_WORK = 5
_TAGS_PER_WORK = 6
#: Characters of reconstructed tags. Each element takes memory for some more.
_MAX_RECONSTRUCTED = 2_000_000
_ELEMENT_OVERHEAD = 40
#: The number of equal formatting elements that a parser keeps and compares (the Noah's Ark clause, 13.2.4.3).
_MAX_EQUAL = 3
#: The number of blocks that the end tag of a formatting element crosses (the adoption agency algorithm, 13.2.6.4.7).
_MAX_ADOPTED = 7

#: In sanitized HTML, every angle bracket belongs to a tag.
_SANITIZED_TAG = re.compile(r"<(/?)([a-z0-9]+)")

_P = frozenset({"p"})
_CELL = frozenset({"td", "th"})
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_PHRASING = _FORMATTING | frozenset(
    "abbr acronym bdi bdo cite data del dfn ins kbd label mark q samp span sub sup time var".split()
)
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_BLOCKS = frozenset(
    "address article aside blockquote center dd dir div dl dt fieldset figcaption figure footer header li main menu "
    "nav ol p pre section ul".split()
)
_TABLE = frozenset("caption tbody td tfoot th thead tr".split())
#: Formatting elements that a parser keeps although they differ. An `a` closes the one before it.
_COMPARED = _FORMATTING - {"a"}
#: The parts of a table, in front of which all other content goes (foster parenting, 13.2.6.1); and those of them that
#: hold any content.
_TABLE_PARTS = _TABLE | frozenset({"table", "colgroup", "col"})
_CONTENT_PARTS = _CELL | frozenset({"caption"})
#: The elements that an end tag closes together with its own element; any other end tag closes only phrasing elements
#: (13.2.6.4.7).
_CLOSED_BY_END = (
    dict.fromkeys(_FORMATTING, _PHRASING | _BLOCKS | _HEADINGS)
    | dict.fromkeys(_BLOCKS, _PHRASING | _BLOCKS)
    | dict.fromkeys([*_TABLE, "table"], _PHRASING | _BLOCKS | _TABLE)
    | {"li": (_PHRASING | _BLOCKS) - {"ol", "ul"}}
)
#: The elements that a start tag closes: the last open element if it is in the first set, then the last one if it is in
#: the second.
_CLOSED_BY_START: dict[str, tuple[frozenset[str], ...]] = dict.fromkeys([*_BLOCKS, *_HEADINGS], (_P,)) | {
    "li": (_P, frozenset({"li"})),
    "dd": (_P, frozenset({"dd", "dt"})),
    "dt": (_P, frozenset({"dd", "dt"})),
    "td": (_CELL,),
    "th": (_CELL,),
    "tr": (_CELL, frozenset({"tr"})),
}
#: The elements that a start tag may close together with their content, by default `p`. Formatting elements in them are
#: reconstructed afterwards. Phrasing elements close nothing.
_MAY_BE_CLOSED_BY_START = {
    "li": frozenset({"p", "li"}),
    "dd": frozenset({"p", "dd", "dt"}),
    "dt": frozenset({"p", "dd", "dt"}),
    "option": frozenset({"option"}),
    "button": frozenset({"p", "button"}),
} | dict.fromkeys(_TABLE_PARTS, frozenset({"p", "table", *_TABLE}))


def is_too_deep(html: str) -> bool:
    """Whether parsing `html`, which has no control characters, may take too long or too much memory."""
    is_quick = len(html) <= _QUICK_LENGTH and html.count("<") * len(html) <= _QUICK_PRODUCT
    return not is_quick and cost_of(html) > 1


def cost_of(html: str) -> float:
    """Return the estimated cost of parsing `html`, as a share of the permitted cost.

    The estimate stops above 1, so higher values are lower bounds. Infinity means that there is no estimate.
    """
    work = reconstructed = 0  # the cost found in the first pass counts in the second
    for is_foreign in (False, True):
        elements = OpenElements(is_foreign=is_foreign, work=work, reconstructed=reconstructed)
        try:
            for tag in tags_of(html, is_foreign=is_foreign):
                elements.read(tag)
                if elements.work > _MAX_WORK or elements.reconstructed > _MAX_RECONSTRUCTED:
                    break
        except UnclearError:
            work, reconstructed = elements.work, elements.reconstructed
            continue
        return max(elements.work / _MAX_WORK, elements.reconstructed / _MAX_RECONSTRUCTED)
    return math.inf


def depth(html: str) -> int:
    """Return the nesting depth of sanitized HTML, in which every element that is not void has an end tag."""
    deepest = current = 0
    for end, name in _SANITIZED_TAG.findall(html):
        if name not in VOID_ELEMENTS:
            current += -1 if end else 1
            deepest = max(deepest, current)
    return deepest


@dataclass(slots=True, eq=False)
class _Element:
    """An element that may be open. `number` counts the tags up to its start tag.

    `is_reconstructed`: a formatting element that may be closed, so that later blocks reconstruct it.
    """

    name: str
    written: str
    number: int
    attributes: int = 0
    is_reconstructed: bool = False


class OpenElements:
    """The elements that may be open at a tag, and the cost of all tags so far.

    `work` counts the elements that the parser looks through, `reconstructed` the characters of reconstructed tags.
    """

    def __init__(self, *, is_foreign: bool, work: int = 0, reconstructed: int = 0) -> None:
        self.work = work
        self.reconstructed = reconstructed
        self.elements: list[_Element] = []
        self._is_foreign = is_foreign
        self._tags = 0
        self._names: Counter[str] = Counter()
        self._open_formatting: list[_Element] = []  # without those that are reconstructed
        self._reconstruction = 0  # characters of those that are
        self._reconstructed_equal: Counter[str] = Counter()
        self._compared = 0  # formatting elements, and their attributes
        self._compared_attributes = 0
        self._compared_equal: Counter[str] = Counter()
        self._html_attributes = 0
        self._tables = 0
        self._may_be_fostered = False  # whether the next content may go in front of the table

    def read(self, tag: Tag) -> None:
        """Add the cost of the next tag, and the elements that it opens or closes."""
        self._tags += 1
        if self._may_be_fostered:
            self._add_fostering(tag)
        if tag.name in _TABLE_PARTS:
            self._track_table(tag)
        if tag.is_empty:
            self.work += len(self.elements) if tag.name else 0
            return
        self.work += len(self.elements)
        if tag.is_end:
            self._close(tag.name)
        else:
            self._open(tag)
        self.reconstructed += self._reconstruction

    def _add_fostering(self, tag: Tag) -> None:
        """Add the cost of moving the text before a tag, and its element, in front of the table (after all else)."""
        moved = int(tag.name not in _TABLE_PARTS)
        if tag.before.strip(WHITE_SPACE):
            moved += 1 + 2 * (tag.before.count("&") + tag.before.count("\r"))  # these split the text
        self.work += moved * self._tags // _TAGS_PER_WORK

    def _track_table(self, tag: Tag) -> None:
        """Note whether content may be in a table but in no cell.

        A closed table may have been in a cell or not. In foreign elements, a cell may be an ordinary element.
        """
        if self._is_foreign:
            self._may_be_fostered = self._may_be_fostered or tag.name == "table"
        elif tag.name == "table":
            self._tables = max(self._tables + (-1 if tag.is_end else 1), 0)
            self._may_be_fostered = not tag.is_end
        else:
            self._may_be_fostered = self._tables > 0 and (tag.is_end or tag.name not in _CONTENT_PARTS)

    def _open(self, tag: Tag) -> None:
        if tag.name == "html":  # the first `html` receives the attributes
            self._html_attributes += count_attributes(tag)
            self.work += _HTML_ATTRIBUTE_WORK * self._html_attributes
        for names in () if self._is_foreign and tag.name in _TABLE else _CLOSED_BY_START.get(tag.name, ()):
            if self.elements and self.elements[-1].name in names:
                self._remove(len(self.elements) - 1)
        if self._open_formatting and tag.name not in _PHRASING:
            self._reconstruct_from(self._last_index(_MAY_BE_CLOSED_BY_START.get(tag.name, _P)))
        element = _Element(tag.name, tag.written, self._tags)
        self.elements.append(element)
        self._names[tag.name] += 1
        if tag.name in _FORMATTING:
            self._open_formatting.append(element)
        if tag.name in _COMPARED:
            element.attributes = count_attributes(tag)
            self.work += _ATTRIBUTE_WORK * (self._compared_attributes + element.attributes * self._compared)
            self._count_compared(element, 1)

    def _close(self, name: str) -> None:
        index, blocks = self._find_closed(name)
        if index is None:
            self._reconstruct_from(0)
            return
        self._reconstruct_from(index)
        if blocks and name in _FORMATTING:
            self.reconstructed += _MAX_ADOPTED * self._reconstruction
        self._remove(index)
        if name == "table" and not self._is_foreign:  # its rows and cells close with it
            for inner in range(len(self.elements) - 1, index - 1, -1):
                if self.elements[inner].name in _TABLE:
                    self._remove(inner)

    def _find_closed(self, name: str) -> tuple[int | None, int]:
        """Return the index of the element that an end tag closes, or None, and the number of blocks in it.

        The elements in it stay: something else may have closed it before.
        """
        if name == "form" or name not in self._names:  # the end tag of a form may belong to another one, or to none
            return None, 0
        closed = _CLOSED_BY_END.get(name, _PHRASING)
        blocks = 0
        for back, element in enumerate(reversed(self.elements), 1):
            inner = element.name
            if inner == name:
                return len(self.elements) - back, blocks
            if inner in _PHRASING:
                continue
            blocks += 1
            if inner not in closed or (blocks > _MAX_ADOPTED and name in _FORMATTING):
                break
        return None, blocks

    def _last_index(self, names: frozenset[str]) -> int:
        """Return the index of the last element with one of the names; without any, the index after all elements."""
        if names.isdisjoint(self._names):
            return len(self.elements)
        indexes = range(len(self.elements) - 1, -1, -1)
        return next((index for index in indexes if self.elements[index].name in names), len(self.elements))

    def _reconstruct_from(self, index: int) -> None:
        """Expect the elements from an index on to be closed, so that the formatting elements are reconstructed."""
        formatting = self._open_formatting
        while formatting and index < len(self.elements) and formatting[-1].number >= self.elements[index].number:
            element = formatting.pop()
            element.is_reconstructed = True
            self._count_reconstructed(element, 1)

    def _remove(self, index: int) -> None:
        element = self.elements.pop(index)
        self._names[element.name] -= 1
        if not self._names[element.name]:
            del self._names[element.name]
        if element.is_reconstructed:
            self._count_reconstructed(element, -1)
        elif element.name in _FORMATTING:
            del self._open_formatting[bisect_left(self._open_formatting, element.number, key=attrgetter("number"))]
        if element.name in _COMPARED:
            self._count_compared(element, -1)

    def _count_reconstructed(self, element: _Element, change: int) -> None:
        if _is_kept(self._reconstructed_equal, element, change):
            self._reconstruction += change * (len(element.written) + _ELEMENT_OVERHEAD)

    def _count_compared(self, element: _Element, change: int) -> None:
        if _is_kept(self._compared_equal, element, change):
            self._compared += change
            self._compared_attributes += change * element.attributes


def _is_kept(equal: Counter[str], element: _Element, change: int) -> bool:
    """Count one more or one less of the equal elements. Return whether it is among those that a parser keeps."""
    before = equal[element.written]
    equal[element.written] += change
    return max(before, before + change) <= _MAX_EQUAL
