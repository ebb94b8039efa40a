"""Formulas: MathML, KaTeX and MathJax, replaced by their TeX or by a line of text, since few readers show MathML."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element, Text

from feeds.bodies.tree import attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from turbohtml import Node

    from feeds.bodies.context import BodyContext

#: Operators between the parts of an element of MathML Core.
_BETWEEN = {"mfrac": "/", "msup": "^", "msub": "_", "mover": "^", "munder": "_"}
_BEFORE = {"msqrt": "√", "mroot": "√"}
#: Elements around a formula in which KaTeX and MathJax put it.
_LEVELS = 5
#: Classes of formulas on lines of their own.
_DISPLAY = frozenset({"katex-display", "MathJax_Display", "math-display"})


def write_formulas(root: Element, context: BodyContext) -> None:
    """Replace each formula by its TeX between `\\(` and `\\)`, or by its parts on one line if it has none."""
    for script in list(root.iter_elements("script")):
        kind = attribute(script, "type")
        if kind.partition(";")[0].strip() == "math/tex":
            _replace(script, script.text.strip(), context, is_display="mode=display" in kind)
    for math in list(root.iter_elements("math")):
        if math.parent is None:
            continue
        is_display = attribute(math, "display") == "block" or _is_in_display(math)
        tex = _tex_of(math)
        target = _wrapper(math)
        if tex:
            _replace(target, tex, context, is_display=is_display)
        else:
            context.note("formula-replaced", "a formula is replaced by its text", math)
            target.replace_with(Text(_line(math)))


def _tex_of(math: Element) -> str:
    """Return the TeX of a formula, from its annotation or its alternative text; empty if there is none."""
    for annotation in math.iter_elements("annotation"):
        if attribute(annotation, "encoding").lower() in {"application/x-tex", "tex", "latex"}:
            return annotation.text.strip()
    return attribute(math, "alttext")


def _wrapper(math: Element) -> Element:
    """Return the element that KaTeX or MathJax made for a formula, which may hold it twice, or the formula."""
    found = math
    for ancestor in _near(math):
        if ancestor.has_class("katex") or ancestor.tag == "mjx-container" or ancestor.has_class("MathJax"):
            found = ancestor
    return found


def _is_in_display(math: Element) -> bool:
    return any(
        any(map(ancestor.has_class, _DISPLAY)) or attribute(ancestor, "display") == "true" for ancestor in _near(math)
    )


def _near(math: Element) -> Iterator[Element]:
    return (ancestor for ancestor in islice(math.ancestors, _LEVELS) if isinstance(ancestor, Element))


def _replace(element: Element, tex: str, context: BodyContext, *, is_display: bool) -> None:
    context.note("formula-replaced", "a formula is replaced by its TeX", element)
    element.replace_with(Text(f"\\[{tex}\\]" if is_display else f"\\({tex}\\)"))


def _line(node: Node) -> str:
    """Return a formula as one line: `(a+b)/c`."""
    if isinstance(node, Text):
        return " ".join(node.data.split())
    if not isinstance(node, Element) or node.tag in {"annotation", "annotation-xml"}:
        return ""
    parts = [part for part in map(_line, node.children) if part]
    if node.tag in _BETWEEN and len(parts) > 1:
        return _BETWEEN[node.tag].join(map(_grouped, parts))
    if node.tag == "msubsup" and len(parts) == 3:
        base, lower, upper = map(_grouped, parts)
        return f"{base}_{lower}^{upper}"
    if node.tag in _BEFORE:
        return _BEFORE[node.tag] + _grouped("".join(parts))
    return "".join(parts)


def _grouped(part: str) -> str:
    return part if len(part) == 1 or part.isalnum() else f"({part})"
