"""Article bodies, which are Markdown, HTML or both, rendered to safe HTML (CommonMark, tables, strikethrough)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from feeds.bodies.elements import BLOCKS, tag_pattern
from feeds.bodies.sanitizer import safe_html

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    from feeds.bodies.sanitizer import ResolveUrl, Transform
    from feeds.bodies.tree import Note

_BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n)++")
_PARAGRAPH_BREAK = re.compile(r"\n{2,}")
#: A line that starts with a letter and has no character with a meaning in Markdown or HTML.
_PLAIN_LINE = r"[^\W\d_](?:[A-Za-z0-9 .,;:?'\"()%/$-]++|[^\W_]|[€’‘“”–—…])*+(?<! )"
_PLAIN_BODY = re.compile(rf"{_PLAIN_LINE}(?:\n+{_PLAIN_LINE})*")
#: The start of an HTML block that ends at the next blank line (CommonMark, 4.6, condition 6).
_HTML_BLOCK_START = re.compile(rf"\s*{tag_pattern(BLOCKS - {'br'} | {'center', 'form'})}", re.IGNORECASE)

#: Bounds on Markdown. A mark takes the parser up to 5 µs times its weight; the weight of a line is its memory.
_MARK_WEIGHTS = {"\n": 16, "[": 8, "*": 4, "_": 4} | dict.fromkeys("!#&<\\`|~", 2)
_MAX_MARKS = 1_000_000
#: The weight of a table cell. The parser fills each row up to the number of columns.
_CELL_WEIGHT = 8
#: The delimiter row of a table, which sets the number of columns, also in a list or a quotation.
_DELIMITER_ROW = re.compile(r"^[ \t>*+\d.)|:-]++$", re.MULTILINE)
#: Characters of the URLs and titles that all references expand to, unless the body itself is longer.
_MAX_REFERENCED = 100_000


def render_body(
    body: str,
    resolve: ResolveUrl,
    note: Note = lambda _: None,
    transform: Transform = lambda _: None,
    *,
    with_lines: bool = False,
) -> str:
    """Return the body of an article as safe HTML, whose tree `transform` may change before anything is removed from it.

    A body too costly to render in bounded time is rendered in a simpler way, and `note` receives the reason. In the
    tree of Markdown `with_lines`, attributes `data-line` have the lines of the body.
    """
    if not body.strip():
        return ""
    if _PLAIN_BODY.fullmatch(body):
        return "\n".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPH_BREAK.split(body))
    if _is_html(body):
        return safe_html(body, resolve, note, transform)
    try:
        html = _render_markdown(body.replace("\0", ""), with_lines=with_lines)  # Markdown would show U+FFFD
    except _TooCostlyError as error:
        note(f"{error}; it is taken for paragraphs of HTML")
        html = "\n".join(f"<p>{chunk}</p>" for chunk in _BLANK_LINES.split(body) if chunk.strip())
    return safe_html(html, resolve, note, transform)


class _TooCostlyError(Exception):
    """Markdown takes too long, or its HTML is too long. The message says why."""


def _is_html(body: str) -> bool:
    """Whether every chunk between blank lines is an HTML block, so that there is no Markdown to render."""
    return all(_HTML_BLOCK_START.match(chunk) for chunk in _BLANK_LINES.split(body) if chunk.strip())


def _render_markdown(body: str, *, with_lines: bool) -> str:
    """Return the HTML of a body, not yet safe. Raise _TooCostlyError."""
    marks = _count_marks(body)
    if marks > _MAX_MARKS:
        raise _TooCostlyError(
            f"has {marks:,} lines, cells and marks of Markdown, as they are counted; expected {_MAX_MARKS:,} at most"
        )
    parser = _parser()
    env: dict[str, Any] = {}
    tokens = parser.parse(body, env)
    limit = max(len(body), _MAX_REFERENCED)
    if env.get("references") and (length := _count_referenced(tokens)) > limit:
        raise _TooCostlyError(f"refers to addresses and titles of {length:,} characters; expected {limit:,} at most")
    if with_lines:
        _mark_lines(tokens)
    html: str = parser.renderer.render(tokens, parser.options, env)
    return html


def _mark_lines(tokens: Iterable[Token]) -> None:
    """Give each block its line in the body; HTML blocks begin with an element that has it."""
    for token in tokens:
        if token.map and token.type == "html_block":
            token.content = f'<wbr data-line="{token.map[0] + 1}">{token.content}'
        elif token.map and token.nesting >= 0:
            token.attrSet("data-line", str(token.map[0] + 1))


def _count_marks(body: str) -> int:
    """Return the weight of the marks and cells that take the parser long, or 0 if there are certainly not too many."""
    marks = 0
    if len(body) * max(_MARK_WEIGHTS.values()) > _MAX_MARKS:
        marks = sum(weight * body.count(mark) for mark, weight in _MARK_WEIGHTS.items())
    if (body.count("|") + 1) * (body.count("\n") + 1) * _CELL_WEIGHT > _MAX_MARKS:
        marks += _CELL_WEIGHT * sum(map(_count_cells, _BLANK_LINES.split(body)))
    return marks


def _count_cells(chunk: str) -> int:
    """Return the largest possible number of table cells in a chunk without blank lines."""
    columns = max((row.count("|") for row in _DELIMITER_ROW.findall(chunk)), default=0)
    return (columns + 1) * (chunk.count("\n") + 1) if columns else 0


def _count_referenced(tokens: Iterable[Token]) -> int:
    """Return the number of characters in the attributes of links and images."""
    inline = (child for token in tokens for child in token.children or ())
    return sum(len(str(value)) for child in inline for value in child.attrs.values())


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415  # the import is slow, and many runs read no article

    from feeds.bodies.html_blocks import html_blocks_plugin  # noqa: PLC0415  # as above

    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(html_blocks_plugin)
