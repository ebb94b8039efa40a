"""HTML blocks of Markdown, which keep code, scripts and drawings whole, and indented HTML, which is no code.

CommonMark ends a block of HTML at a blank line (4.6), which may stand in `pre`. What is indented by four spaces is code
(4.4), as HTML within other HTML would be. Section numbers refer to CommonMark 0.31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it.rules_block.code import code as commonmark_code
from markdown_it.rules_block.html_block import html_block as commonmark_html_block
from turbohtml import Tokenizer, TokenType

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock

#: Elements in which a blank line ends nothing.
_WHOLE = frozenset("math pre script style svg textarea".split())
#: Elements that hold other blocks, and whose end tags are written.
_CONTAINERS = frozenset(
    "article aside blockquote body center details div dl fieldset figure footer form head header html main nav ol "
    "section table tbody tfoot thead ul".split()
)
#: Variables of a parse: the containers that are open, and elements without an end, so that none is looked for twice.
_OPEN = "open_containers"
_ENDLESS = "endless_elements"


def html_blocks_plugin(parser: MarkdownIt) -> None:
    """Make a parser read HTML blocks, and code in and after them, as this module describes."""
    parser.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler.at("code", _code)


def _code(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return not state.env.get(_OPEN) and commonmark_code(state, start, end, silent)


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    open_containers: list[str] = state.env.setdefault(_OPEN, [])
    indentation = state.sCount[start]
    if open_containers:
        state.sCount[start] = min(indentation, state.blkIndent)
    try:
        is_found = commonmark_html_block(state, start, end, silent)
    finally:
        state.sCount[start] = indentation
    if is_found and not silent:
        _extend(state, end, open_containers)
    return is_found


def _extend(state: StateBlock, end: int, open_containers: list[str]) -> None:
    """Let the last block end no earlier than the elements in it that are whole, and note what stays open."""
    token = state.tokens[-1]
    start, stop = token.map or [state.line, state.line]
    tokenizer = Tokenizer(resolve_references=False, capture_attributes=False)
    read = start
    while (
        name := _read(tokenizer, state.getLines(read, stop, state.blkIndent, keepLastLF=True), open_containers)
    ) and (closing := _line_after(state, name, stop, end)):
        read, stop = stop, closing
        while stop < end and not state.isEmpty(stop):
            stop += 1
    if stop != state.line:
        state.line = stop
        token.map = [start, stop]
        token.content = state.getLines(start, stop, state.blkIndent, keepLastLF=True)


def _read(tokenizer: Tokenizer, html: str, open_containers: list[str]) -> str | None:
    """Read further HTML; return the name of a whole element that is open at its end."""
    open_whole = None
    for token in tokenizer.feed(html):
        name = token.tag
        if token.type is TokenType.START_TAG and not token.self_closing:
            if name in _WHOLE:
                open_whole = name
            elif name in _CONTAINERS and not open_whole:
                open_containers.append(name)
        elif token.type is TokenType.END_TAG and name == open_whole:
            open_whole = None
        elif token.type is TokenType.END_TAG and name in open_containers and not open_whole:
            while open_containers.pop() != name:
                pass
    return open_whole


def _line_after(state: StateBlock, name: str, start: int, end: int) -> int | None:
    """Return the line after the first end tag with a name; None if there is none."""
    endless: set[tuple[str, int]] = state.env.setdefault(_ENDLESS, set())
    if (name, end) not in endless:
        for line in range(start, end):
            if f"</{name}" in state.src[state.bMarks[line] : state.eMarks[line]].lower():
                return line + 1
        endless.add((name, end))
    return None
