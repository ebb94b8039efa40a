"""Large bodies of Markdown: rendered up to a limit, and then in a simpler way."""

from __future__ import annotations

import re

import pytest

from feeds.bodies.markdown import render_body
from feeds.text.urls import absolute_url
from tests.support.clocks import within

BASE = "https://www.example.com/news/"


def with_base(url: str) -> str | None:
    return absolute_url(url, BASE)


@pytest.mark.parametrize("mark", ["[", "![", "*[", "#\n", "a|b\n-|-\n", "- a\n\n", "`[", "[<", "a& ", "\\[", "\n> - "])
def test_too_much_markdown_is_rendered_as_html(mark: str) -> None:
    """Markdown would take half a minute."""
    notes: list[str] = []
    with within(seconds=20):
        html = render_body(f"*a*\n\n<b>c</b> {mark * (800_000 // len(mark))}", with_base, notes.append)
    if mark == "a& ":
        assert html.startswith("<p><em>a</em></p>")
        assert not notes
    else:
        assert html.startswith("<p>*a*</p>\n<p><b>c</b>")
        assert re.fullmatch(
            r"has [\d,]+ lines, cells and marks of Markdown, as they are counted; expected .+", notes[0]
        )


def test_much_markdown_is_rendered() -> None:
    """700 kB, with lists, tables and a link in every line."""
    notes: list[str] = []
    unit = "- Some *words* of which [one](https://a.example/) is a link.\n\n| a | b |\n|---|---|\n| c | d |\n\n"
    html = render_body(
        f"{unit * 50}{'Words and **words**, and a [link](https://a.example/). ' * 5}\n" * 60, with_base, notes.append
    )
    assert not notes
    assert html.count("<a ") == 60 * 55


@pytest.mark.parametrize(("columns", "rows", "tables"), [(10, 2_000, 1), (200, 200, 1), (4, 20, 200), (1, 9_000, 1)])
def test_a_large_table_is_rendered(columns: int, rows: int, tables: int) -> None:
    notes: list[str] = []
    body = f"|{' a |' * columns}\n|{'---|' * columns}\n" + f"|{' b |' * columns}\n" * rows
    html = render_body(f"{body}\n" * tables, with_base, notes.append)
    assert html.count("<td>") == columns * rows * tables
    assert not notes


@pytest.mark.parametrize("reference", [f"http://x/{'y' * 8_000}", f"<http://x/{'é' * 2_000}>", f"x '{'y' * 8_000}'"])
@pytest.mark.parametrize("use", ["[a] ", "![b][a] ", "[![b][a]][a] ", "- [a]\n"])
def test_markdown_with_a_reference_used_too_often_is_rendered_as_html(reference: str, use: str) -> None:
    """16 kB of Markdown would become 16 MB of HTML."""
    notes: list[str] = []
    html = render_body(f"[a]: {reference}\n\n{use * 2_000}", with_base, notes.append)
    assert len(html) < 40_000
    assert re.fullmatch(
        r"refers to addresses and titles of [\d,]+ characters; expected 100,000 at most; it is taken for paragraphs of "
        "HTML",
        notes[0],
    )
