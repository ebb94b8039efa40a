"""Bodies of Markdown, HTML or both, rendered to safe HTML."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from feeds.bodies.markdown import render_body
from feeds.bodies.sanitizer import safe_html
from feeds.text.urls import absolute_url
from tests.support.clocks import within
from tests.support.strategies import examples
from tests.support.vectors import VECTORS, Markup, markup

BASE = "https://www.example.com/news/"


def with_base(url: str) -> str | None:
    return absolute_url(url, BASE)


def body_of(text: str) -> str:
    return render_body(text, absolute_url)


@pytest.mark.parametrize("vector", VECTORS)
def test_active_content_is_removed_from_a_body(vector: str) -> None:
    for body in (vector, f"Some *text*.\n\n{vector}\n", f"- item {vector}\n"):
        assert Markup(render_body(body, with_base)).dangers == []


@given(st.one_of(markup, st.text(alphabet="#*_`>-[]()!<a\n .&1|:~")))
@settings(deadline=None, max_examples=examples(300))
def test_any_body_is_well_formed_and_safe(text: str) -> None:
    rendered = Markup(render_body(text, with_base))
    assert rendered.dangers == []
    assert rendered.unbalanced == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param(" \n\t\n", "", id="blank"),
        pytest.param("One *two* **three**.", "<p>One <em>two</em> <strong>three</strong>.</p>", id="Markdown"),
        pytest.param("# A\n\n- b\n- c", "<h1>A</h1>\n<ul>\n<li>b</li>\n<li>c</li>\n</ul>", id="heading and list"),
        pytest.param("[a](/b)", '<p><a href="https://www.example.com/b">a</a></p>', id="relative link"),
        pytest.param("[a](#b)", "<p><a>a</a></p>", id="fragment link"),
        pytest.param(
            "<https://e.example/a>", '<p><a href="https://e.example/a">https://e.example/a</a></p>', id="autolink"
        ),
        pytest.param("~~a~~", "<p><s>a</s></p>", id="strikethrough"),
        pytest.param("a & b < c", "<p>a &amp; b &lt; c</p>", id="ampersand"),
        pytest.param("a\n\n    b", "<p>a</p>\n<pre><code>b\n</code></pre>", id="indented code in Markdown"),
        pytest.param(
            "```html\n<b>\n```", '<pre><code class="language-html">&lt;b&gt;\n</code></pre>', id="fenced code"
        ),
        pytest.param("<p>One *two*</p>", "<p>One *two*</p>", id="HTML is not Markdown"),
        pytest.param("<p>a</p>\n\n        <p>b</p>", "<p>a</p>\n\n        <p>b</p>", id="HTML with deep indentation"),
        pytest.param(
            "<div>\n\n            <p>a</p>\n\n\t\t<p><img src='/a.png'></p>\n\n</div>",
            '<div>\n\n            <p>a</p>\n\n\t\t<p><img src="https://www.example.com/a.png"></p>\n\n</div>',
            id="HTML with blank lines and deep indentation",
        ),
        pytest.param("<p>a</p>\n\nOne *two*", "<p>a</p>\n<p>One <em>two</em></p>", id="HTML, then Markdown"),
        pytest.param("One *two*\n\n<p>a</p>", "<p>One <em>two</em></p>\n<p>a</p>", id="Markdown, then HTML"),
        pytest.param(
            "<p>a</p>\n\nOne *two*\n\n        <p>b</p>",
            "<p>a</p>\n<p>One <em>two</em></p>\n<pre><code>    &lt;p&gt;b&lt;/p&gt;\n</code></pre>",
            id="HTML, Markdown and indented code",
        ),
        pytest.param("<!-- note -->\n\nOne *two*", "<p>One <em>two</em></p>", id="comment, then Markdown"),
        pytest.param(
            "<b>Note</b>: see [a](/b)",
            '<p><b>Note</b>: see <a href="https://www.example.com/b">a</a></p>',
            id="Markdown that begins with a tag",
        ),
        pytest.param(
            "<script>\n\nsteal()\n\n</script>\n\nOne *two*", "<p>One <em>two</em></p>", id="script with blank lines"
        ),
    ],
)
def test_a_body_is_markdown_or_html_or_both(body: str, expected: str) -> None:
    assert render_body(body, with_base) == expected


def test_tables_are_rendered() -> None:
    rendered = render_body("| a | b |\n|---|---|\n| 1 | 2 |", with_base)
    assert re.sub(r"\s", "", rendered) == (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("<!-- hero -->\nSome *text*", "<p>Some <em>text</em></p>", id="comment"),
        pytest.param(
            '<img src="https://e.com/a.png"> *text*',
            '<p><img src="https://e.com/a.png"> <em>text</em></p>',
            id="image",
        ),
        pytest.param("<div>*text*</div>", "<div>*text*</div>", id="HTML block of CommonMark"),
    ],
)
def test_markdown_after_html_is_rendered(body: str, expected: str) -> None:
    assert body_of(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("We like <title> here.\n\nMore.", "<p>We like &lt;title&gt; here.</p>\n<p>More.</p>", id="title"),
        pytest.param("The <script> element", "<p>The &lt;script&gt; element</p>", id="script"),
        pytest.param("<p>a <STYLE> b</p>", "<p>a &lt;STYLE&gt; b</p>", id="HTML, capitals"),
        pytest.param("a <script>b</script> c", "<p>a  c</p>", id="closed"),
        pytest.param("a <script>b</script> c <script> d", "<p>a  c &lt;script&gt; d</p>", id="one of two closed"),
        pytest.param("<p>a <title> b</titles> c", "<p>a &lt;title&gt; b c</p>", id="closed by another element"),
        pytest.param("<p>a <title> b</title", "<p>a &lt;title&gt; b</p>", id="closed by an incomplete tag"),
        pytest.param(
            f"<p>{'İ' * 60} </title> and then the <title> element",
            f"<p>{'İ' * 60}  and then the &lt;title&gt; element</p>",
            id="closed before, after text that is longer in lower case",
        ),
        pytest.param("<p>a <\u017fvg> b", "<p>a &lt;\u017fvg&gt; b</p>", id="a letter that is ASCII in lower case"),
    ],
)
def test_an_element_that_is_only_mentioned_is_text(body: str, expected: str) -> None:
    assert body_of(body) == expected


@pytest.mark.parametrize("body", ["a\0b", "<b>a</b>\0b", "*a*\0b", "<p>a\0b</p>"])
def test_a_nul_is_removed_from_a_body(body: str) -> None:
    html = body_of(body)
    assert "\0" not in html
    assert "\ufffd" not in html


@pytest.mark.parametrize("element", ["<p>a", "<li>a", "<p><b>a</b>", "<hr>"])
def test_many_elements_side_by_side_keep_their_tags(element: str) -> None:
    assert body_of(element * 2_000).count(element) == 2_000


def test_markdown_rendered_as_html_has_no_empty_paragraphs() -> None:
    between = "\n \n\t\n\n" * 200
    html = render_body(f"\n\n*a*{between}b{between}{'[' * 800_000}\n\n \n", with_base)
    assert re.findall("<p>.?.?.?", html) == ["<p>*a*", "<p>b</", "<p>[[["]


@pytest.mark.parametrize(("first", "others"), [("", ""), ("> ", "> "), ("> - ", ">   "), ("1. ", "   ")])
def test_a_table_of_mostly_missing_cells_is_rendered_as_html(first: str, others: str) -> None:
    """Markdown fills each row up to 220 cells: 1 MB would take 20 minutes and 370 MB of memory."""
    rows = [f"|{'a|' * 220}", f"|{'-|' * 220}", *["|b"] * 297]
    table = first + f"\n{others}".join(rows) + "\n\n"
    notes: list[str] = []
    with within(seconds=2):
        assert len(render_body(table * 5, with_base, notes.append)) < 20_000
    assert len(notes) == 1


def test_a_reference_may_be_used_often() -> None:
    notes: list[str] = []
    html = render_body(f"[a]: http://x.example/{'y' * 200}\n\n" + "[a] " * 400, with_base, notes.append)
    assert html.count("<a ") == 400
    assert not notes


@settings(deadline=None)
@given(st.lists(st.text("aBé9 .,;:?'\"()%/$’“—-", min_size=1, max_size=12), max_size=4), st.integers(1, 3))
@example(["a  b", "c"], 1)
@example(["a: b", "- c"], 1)
@example(["é'\"(x)"], 2)
def test_plain_paragraphs_equal_rendered_markdown(lines: list[str], breaks: int) -> None:
    body = ("\n" * breaks).join(lines)
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    assert body_of(body) == safe_html(parser.render(body), absolute_url)


def test_plain_paragraphs_skip_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(MarkdownIt, "parse")
    assert body_of("It's “one” (1).\nTwo\n\nThree") == "<p>It's “one” (1).\nTwo</p>\n<p>Three</p>"
    with pytest.raises(AttributeError, match="parse"):
        body_of("a *b*")
