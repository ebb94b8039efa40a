"""HTML as a tree, by a parser of the HTML standard (turbohtml), without the tags that would make it too large or deep.

A parser repeats formatting elements that are not closed in each block that follows, and compares the attributes of
each `html` tag with all those before. So 1 MB of HTML may stand for gigabytes, or take hours. Everything else takes the
parser a time in proportion to the length. Section numbers refer to the HTML standard (https://html.spec.whatwg.org/).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from turbohtml import Element, TokenType, parse_fragment, tokenize

from feeds.bodies.elements import FORMATTING, VOID_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from turbohtml import Node

#: Receives a message about HTML that is simplified. Its grammatical subject is the body.
Note = Callable[[str], object]

#: Levels of elements. The parser nests them 512 deep, as browsers do, and closes one for each further one. It loses the
#: content of tables there, and of HTML that deep, the HTML of its tree has another tree.
_MAX_DEPTH = 500
#: The sanitizer looks through the elements around each tag. This is how many it may look through, at the deepest place;
#: but HTML may always be nested so deep.
_MAX_LOOKED_THROUGH = 10_000_000
_ANY_DEPTH = 40
_HTML_TAG = re.compile(r"<html[\s/>]", re.IGNORECASE)
_REPEATABLE = FORMATTING | {"a"}
#: In these, a parser repeats no element from outside of them (13.2.4.3).
_MARKERS = frozenset("applet caption marquee object td template th".split())
#: Ends those elements, and has an element in a new block, in which the parser repeats what it would in any block.
_PROBE_NAME = "x-probe"
_PROBE = "</select></template></button></object></applet></marquee></table>" * 12 + f"<p><{_PROBE_NAME}>"
#: How often tags of some elements are left out. After that, all tags are.
_MAX_ATTEMPTS = 4
#: Characters of the beginning that is measured first. In these, the parser can repeat 500 elements 2,000 times.
_FIRST_LENGTH = 8_000
#: Characters that may be repeated in a part that is parsed without measuring its own parts.
_MAX_REPEATED = 4_000_000
#: Characters that the tree of any HTML may have.
_ANY_LENGTH = 500_000
#: Stands for a tag that is left out, since what is before it and what is after it may look like a tag together.
_NOTHING = "<!---->"


class _ExcessError(Exception):
    """A tree is too large or too deep. The message says why, and `names` are the elements that make it so."""

    def __init__(self, message: str, names: Container[str | None]) -> None:
        super().__init__(message)
        self.names = names


def parse_html(html: str, note: Note = lambda _: None) -> Element:
    """Return HTML parsed as the content of a `div`, in which no element has more than 500 others around it.

    Tags that would make the tree deeper, or much larger than its source, are left out, and `note` receives the reason.
    """
    if len(_HTML_TAG.findall(html)) > 1:  # in a body, these tags have no effect
        html = _without_tags(html, {"html"})
    for _ in range(_MAX_ATTEMPTS):
        try:
            return _parse_measured(html)
        except _ExcessError as error:
            note(str(error))
            html = _without_tags(html, error.names)
    return _parse(_without_tags(html, None))


def _parse_measured(html: str) -> Element:
    """Return the tree of HTML. Raise _ExcessError.

    Longer and longer beginnings are parsed, so that no tree is ever more than some times as large as it may be.
    """
    position = repeated = 0
    step = _FIRST_LENGTH
    while True:
        while step > _FIRST_LENGTH and _may_be_too_large(html[position : position + step], repeated):
            step //= 2
        position += step
        step *= 2
        if position >= len(html):
            root = _parse(html)
            _measure(root, html)
            return root
        root = _parse(html[:position] + _PROBE)
        _measure(root, html[:position])
        repeated = _repeated_length(root, position)


def _measure(root: Element, html: str) -> None:
    """Raise _ExcessError if the tree of HTML is too large or too deep."""
    tree = root.inner_html
    if len(tree) > _max_length(len(html)):
        names = FORMATTING if next(root.iter_elements(FORMATTING), None) else _REPEATABLE  # links matter most
        shown = "b" if names == FORMATTING else "a"
        raise _ExcessError(f"repeats elements that are not closed, such as <{shown}>, too often", names)
    max_depth = max(_ANY_DEPTH, min(_MAX_DEPTH, _MAX_LOOKED_THROUGH // max(html.count("<"), 1)))
    if tree.count("</") > max_depth and (deep := root.select_one(" > ".join(["*"] * (max_depth + 2)))):
        nested = _most_nested(deep)
        raise _ExcessError(f"nests elements such as <{nested[0]}> too deeply; expected {max_depth} levels", nested)


def _most_nested(element: Element) -> list[str]:
    """Return the names of most elements around an element, the most frequent one first."""
    counts = Counter(outer.tag.lower() for outer in element.ancestors if isinstance(outer, Element))
    most = counts.most_common()
    return [name for name, count in most if 2 * count >= most[0][1]]


def _may_be_too_large(part: str, repeated: int) -> bool:
    """Whether a part of HTML may have a large tree, where each of its tags may repeat so many characters before it."""
    if repeated * part.count("<") > _MAX_REPEATED:
        return True
    if len(part) <= _FIRST_LENGTH:
        return False
    try:
        _parse_measured(part)
    except _ExcessError:
        return True
    return False


def _repeated_length(root: Element, length: int) -> int:
    """Return how many characters are repeated after HTML of some length, to which the probe was appended."""
    probes = list(root.iter_elements(_PROBE_NAME))
    outer = [element for element in probes[-1].ancestors if isinstance(element, Element)] if probes else []
    if not outer or any(element.tag in _MARKERS for element in outer):  # what is repeated after them is not known
        return length
    return sum(len(str(element.attrs.items())) + len(element.tag) for element in outer if element.tag in _REPEATABLE)


def _parse(html: str) -> Element:
    return parse_fragment(html, scripting=False)  # no reader runs scripts: `noscript` holds elements


def _max_length(length: int) -> int:
    """Return the characters that the tree of HTML of some length may have.

    Few attributes and end tags that are left out make HTML some times as long. What is published for a short article
    must not be too long (docs/reliability.md), and what is made of a long one must not take too long.
    """
    return max(8 * length, min(_ANY_LENGTH + 50 * length, 4_000_000))


def _without_tags(html: str, names: Container[str | None] | None) -> str:
    """Return HTML without the tags of these elements, or of all that may contain anything."""
    return "".join(_sources(html, names))


def _sources(html: str, names: Container[str | None] | None) -> Iterator[str]:
    source = ""
    for token in tokenize(html, resolve_references=False, capture_source=True):
        is_tag = token.type in {TokenType.START_TAG, TokenType.END_TAG}
        if not (is_tag and (token.tag not in VOID_ELEMENTS if names is None else token.tag in names)):
            source = token.source if token.source is not None else token.data or ""
            yield source
        elif not source.endswith(">"):
            source = _NOTHING
            yield source


def attribute(element: Element, name: str) -> str:
    """Return the value of an attribute, without white space around it; empty if there is none."""
    return (element.attr(name) or "").strip()


def line_of(element: Element) -> int:
    """Return the line of an element in its source, from 1: counted from the nearest `data-line` before it, if any."""
    line = element.source_line or 1
    node: Node | None = element
    while node is not None:
        for one in (node, *node.previous_siblings):
            if isinstance(one, Element) and (marked := attribute(one, "data-line")):
                return int(marked) + line - (one.source_line or line)
        node = node.parent
    return line
