"""Code: without line numbers and buttons of highlighters, and with the language as a class of `code` (HTML, 4.5.15)."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element

from feeds.bodies.tree import attribute

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from feeds.bodies.context import BodyContext

#: Classes of line numbers by Pygments, Rouge, Chroma, highlight.js, Prism, Crayon and others.
_NUMBERS = frozenset(
    "gutter lineno linenos linenodiv lineNumbers line-number line-numbers line-numbers-rows linenumber ln lnt "
    "rouge-gutter hljs-ln-numbers hljs-ln-line-number crayon-nums code-line-numbers".split()
)
#: Classes of buttons and of names of languages around code.
_TOOLS = frozenset("copy-btn btn-copy copy-button copy-code-button code-toolbar-button toolbar lang-label".split())
_LANGUAGE = re.compile(r"(?:lang(?:uage)?|highlight-source|brush:?|sourceCode)[-: ]+([\w+#.-]+)", re.IGNORECASE)
#: How far from its code a class may name the language.
_LEVELS = 3


def clean_code(root: Element, _: BodyContext) -> None:
    """Remove line numbers and buttons beside code, unwrap the tables that they stood in, and mark the language."""
    if next(root.iter_elements("pre"), None) is None:
        return
    around = {ancestor for block in root.iter_elements("pre") for ancestor in _near(block)}
    for element in list(root.iter_elements()):
        if element.parent is not None and _is_beside_code(element, around):
            element.decompose()
    for table in list(root.iter_elements("table")):
        blocks = list(table.iter_elements("pre"))
        if table.parent is not None and len(blocks) == 1 and table.text.strip() == blocks[0].text.strip():
            table.replace_with(blocks[0])
    for block in root.iter_elements("pre"):
        _mark_language(block)


def _is_beside_code(element: Element, around: Collection[Element]) -> bool:
    """Whether an element holds line numbers, or a button or label in one of the elements `around` code."""
    classes = frozenset(attribute(element, "class").split())
    if classes & _NUMBERS:
        return element.tag != "pre" or element.text.replace("\n", "").replace(" ", "").isdigit()
    if classes & _TOOLS or element.tag == "button":
        return any(ancestor in around for ancestor in _near(element))
    return False


def _near(element: Element) -> Iterator[Element]:
    """Yield the elements around an element, up to some levels and without the whole body."""
    for ancestor in islice(element.ancestors, _LEVELS):
        if isinstance(ancestor, Element) and ancestor.parent is not None:
            yield ancestor


def _mark_language(block: Element) -> None:
    code = next(block.iter_elements("code"), None)
    for holder in filter(None, (code, block, *_near(block))):
        match = _LANGUAGE.search(attribute(holder, "class"))
        language = match[1] if match else attribute(holder, "data-lang") or attribute(holder, "data-language")
        if language:
            (code if code is not None else block).attrs["class"] = f"language-{language.lower()}"
            return
