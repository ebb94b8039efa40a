"""The HTML of entries: nothing is wrong with the output of the sanitizer, whatever its input."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.bodies.markdown import render_body
from feeds.bodies.sanitizer import safe_html
from feeds.checks.rules.html import validate_html
from feeds.text.characters import clean_line
from tests.support import paths
from tests.support.clocks import within
from tests.support.strategies import any_examples, texts

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = paths.CORPUS / "html"


def resolve(url: str) -> str | None:
    return url if url.startswith("https://") else None


@any_examples
@given(body=texts())
@example(body="<pre><img>\n\nx</pre>")
@example(body='<a href="https://x.example/">1<table><tr><td><a href="https://y.example/">2</a></table>')
@example(body="<p title='a&quot;b\n'>\xa0 &nbsp; &quot; ' \"</p>")
def test_nothing_is_wrong_with_what_is_published(body: str) -> None:
    assert validate_html(f"<p>{escape(clean_line(body))}</p>\n{render_body(body, resolve)}").wrong == ()


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name[:12])
def test_nothing_is_wrong_with_what_the_fuzzer_found(path: Path) -> None:
    assert validate_html(safe_html(path.read_bytes().decode(errors="replace"), resolve)).wrong == ()


@given(
    html=st.lists(st.sampled_from(["<b>", "</b>", "<p>", "</p>", "<li>", "<!--", "-->", "<![x[", '<a b="', ">", "&"]))
)
def test_any_html_is_validated(html: list[str]) -> None:
    validate_html("".join(html))


@pytest.mark.parametrize("piece", ["<a ", "<!-- ", '<a b="', "<li></i>", "&", "<b>"])
def test_endless_html_is_validated_in_time(piece: str) -> None:
    with within(seconds=20):
        validate_html(piece * 20_000)


def test_html_that_a_browser_reads_slowly_is_validated_as_it_is_written() -> None:
    html = "".join(f"<b title={number}><p>" for number in range(20_000)) + '<img src="https://x.example/a">'
    with within(seconds=10):
        result = validate_html(html)
    message = "repeats elements that are not closed, such as <b>, too often; it is not read as a browser does"
    assert (0, "irregular-html", message) in result.wrong
    assert result.images == {"https://x.example/a"}


def test_a_difference_is_shown_as_it_is_read_and_as_it_is_written() -> None:
    (found,) = validate_html("<p>x</p>\n<p>AT&T; <b>y</b></p>").wrong
    read, written = "'<p>AT&amp;T; <b>y</b></p>'", "'<p>AT&T; <b>y</b></p>'"
    message = f"a browser reads {read} where {written} is written; expected what is read as written"
    assert found == (1, "irregular-html", message)
