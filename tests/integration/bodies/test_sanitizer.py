"""Long and deeply nested HTML is sanitized in bounded time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feeds.bodies.markdown import render_body
from feeds.bodies.sanitizer import plain_text, safe_html
from feeds.text.urls import absolute_url
from tests.support.clocks import within

if TYPE_CHECKING:
    from collections.abc import Callable


def body_of(text: str) -> str:
    return render_body(text, absolute_url)


@pytest.mark.parametrize(
    "opening",
    [
        *("<p ", "<p", '<p title="', "<", "&", "&a", "<!--", "</", "<p <", "&amp;", " ", "\n", "<a/", "<b ", "<svg "),
        *("<svg>", "<title>", "</title ", "\u00a9", "<i \u00a0", '<div title="</div>">', "<div><!--</div>-->"),
    ],
)
@pytest.mark.parametrize("before", ["", "<p>"])
def test_plain_text_of_a_long_text_takes_little_time(before: str, opening: str) -> None:
    text = before + (opening * 300_000)[:300_000]
    with within(seconds=20):
        assert len(plain_text(text)) <= len(text)


@pytest.mark.parametrize(
    "opening",
    [
        *("<div>", "<b>", "<b><p>", "<ul><li>", "<b></i>", "<DIV>", "<x-y>", "<div></b></div>", "<table>", "<li><dd>"),
        *("<div><!--</div>-->", '<div title="</div>">', "<b><object></b></object>", "<div <p>>"),
    ],
)
@pytest.mark.parametrize("read", [plain_text, body_of], ids=["plain text", "body"])
def test_deeply_nested_elements_take_little_time(opening: str, read: Callable[[str], str]) -> None:
    """40,000 levels would take the sanitizer a minute."""
    with within(seconds=20):
        assert "end" in read(opening * 40_000 + "end")


def test_formatting_repeated_in_each_paragraph_loses_its_tags() -> None:
    """They would be 7 million elements in 2 GB."""
    html = f"<p>{''.join(f'<b title={number}>' for number in range(700))}</p>{'<p>x' * 10_000}"
    with within(seconds=10):
        assert len(body_of(html)) < 100_000
        assert plain_text(html).count("x") == 10_000


@pytest.mark.parametrize("before", ["", "a < b ", "a <é ", "a > b ", "<p title='>'>", "<table>", "<xmp>", "<select>"])
@pytest.mark.parametrize("unit", ["&amp;", "\u00a9"])
def test_a_long_text_takes_no_longer_than_its_pieces(before: str, unit: str) -> None:
    """1 MB in one piece would take 20 s."""
    with within(seconds=5):
        safe_html(before + unit * (1_000_000 // len(unit)), absolute_url)
