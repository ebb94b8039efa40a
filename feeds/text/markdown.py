"""Markdown rendered to safe HTML (CommonMark with tables and strikethrough)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from feeds.text.sanitizer import BLOCKS, DROPPED, Note, ResolveUrl, safe_html, tag_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from markdown_it import MarkdownIt
    from markdown_it.token import Token


_BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n)++")

#: Lines that begin with a letter and hold nothing that Markdown or HTML could mean something with: mere paragraphs.
_PLAIN_LINE = r"[^\W\d_](?:[A-Za-z0-9 .,;:?'\"()%/$-]++|[^\W_]|[€’‘“”–—…])*+(?<! )"

_PLAIN_BODY = re.compile(rf"{_PLAIN_LINE}(?:\n+{_PLAIN_LINE})*")

_PARAGRAPH_BREAK = re.compile(r"\n{2,}")

_MEDIA = frozenset("audio img picture video".split())

_BLOCK_START = re.compile(rf"\s*(?:<!--|{tag_pattern(BLOCKS | DROPPED | _MEDIA | {'center', 'form'})})", re.IGNORECASE)

#: Where CommonMark begins a block of HTML that lasts to the next empty line (section 4.6, condition 6).
_HTML_BLOCK_START = re.compile(rf"\s*{tag_pattern(BLOCKS - {'br'} | {'center', 'form'})}", re.IGNORECASE)

#: What Markdown takes 5 µs for, counted as often as that, and lines by the memory that they take.
_MARKS = {"\n": 16, "[": 8, "*": 4, "_": 4} | dict.fromkeys("!#&<\\`|~", 2)

_MOST_MARKS = 1_000_000

#: As often as that, a cell of a table. Each row is given all that the first one has, also where it has not so many.
_OF_A_CELL = 8

#: What may be the row of a table that says how many columns it has, in lists and quotations, too.
_COLUMNS = re.compile(r"^[ \t>*+\d.)|:-]++$", re.MULTILINE)

#: Characters of addresses and titles that a body may say once and refer to again and again, if it is no longer itself.
_MOST_REFERRED = 100_000


def render_body(body: str, resolve: ResolveUrl, note: Note = lambda _: None) -> str:
    """Safe HTML of an article's body, which is Markdown, HTML or both.

    What is beyond what is rendered in bounded time is shown in a simpler way, and `note` is told.
    """
    if not body.strip():
        return ""
    if _PLAIN_BODY.fullmatch(body):
        return "\n".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPH_BREAK.split(body))
    if _is_html(body):
        return safe_html(body, resolve, note)
    try:
        html = _rendered(body.replace("\0", ""))  # which Markdown shows as a lost character
    except _TooMuchError as error:
        note(f"{error}; it is taken for paragraphs of HTML")
        html = "\n".join(f"<p>{text}</p>" for text in _BLANK_LINES.split(body) if text.strip())
    return safe_html(html, resolve, note)


class _TooMuchError(Exception):
    """Markdown takes too long for a body, or makes too much of it: why."""


def _rendered(body: str) -> str:
    """What Markdown makes of a body, not safe yet; raises _TooMuchError."""
    marks = _marks(body)
    if marks > _MOST_MARKS:
        raise _TooMuchError(
            f"has {marks:,} lines, cells and marks of Markdown, as they are counted; expected {_MOST_MARKS:,} at most"
        )
    parser = _markdown(indented_code=not _BLOCK_START.match(body))
    seen: dict[str, Any] = {}
    tokens = parser.parse(body, seen)
    most = max(len(body), _MOST_REFERRED)
    if seen.get("references") and (referred := _referred(tokens)) > most:
        raise _TooMuchError(f"refers to addresses and titles of {referred:,} characters; expected {most:,} at most")
    rendered: str = parser.renderer.render(tokens, parser.options, seen)
    return rendered


def _referred(tokens: Iterable[Token]) -> int:
    """How many characters the attributes of links and images have."""
    inline = (one for token in tokens for one in token.children or ())
    return sum(len(str(value)) for one in inline for value in one.attrs.values())


def _is_html(body: str) -> bool:
    """Whether every chunk between empty lines is a block of HTML, so that there is no Markdown to render."""
    return all(_HTML_BLOCK_START.match(text) for text in _BLANK_LINES.split(body) if text.strip())


def _marks(body: str) -> int:
    """How much there is in a body that Markdown takes long for; of a little, nothing."""
    marks = 0
    if len(body) * max(_MARKS.values()) > _MOST_MARKS:
        marks = sum(weight * body.count(mark) for mark, weight in _MARKS.items())
    if (body.count("|") + 1) * (body.count("\n") + 1) * _OF_A_CELL > _MOST_MARKS:
        marks += _OF_A_CELL * sum(map(_cells, _BLANK_LINES.split(body)))
    return marks


def _cells(chunk: str) -> int:
    """How many cells the tables between two empty lines have at most."""
    columns = max((row.count("|") for row in _COLUMNS.findall(chunk)), default=0)
    return (columns + 1) * (chunk.count("\n") + 1) if columns else 0


@cache
def _markdown(*, indented_code: bool) -> MarkdownIt:
    """CommonMark with tables. HTML from content systems is indented at will, so there indents are not code."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  # takes long, and many runs read no article

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return parser if indented_code else parser.disable("code")
