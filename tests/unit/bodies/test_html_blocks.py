"""HTML blocks of Markdown."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from feeds.bodies.html_blocks import html_blocks_plugin
from tests.support.clocks import within

CODE = "import os\n\ndef shear(*sheep):\n    s.__class__.count *= 2\n\n# done\n"


def render(markdown: str) -> str:
    return str(MarkdownIt("commonmark").use(html_blocks_plugin).render(markdown))


@pytest.mark.parametrize(
    "html",
    [
        f"<pre>{CODE}</pre>\n",
        f'<div class="highlight"><pre><code>{CODE}</code></pre></div>\n<p>The end.</p>\n',
        f"<p>Run it:</p>\n<pre>{CODE}</pre>\n",
        f"<ol>\n<li>Step one:\n<pre>\n{CODE}</pre>\n</li>\n</ol>\n",
        f"<table><tr><td><pre>{CODE}</pre></td></tr></table>\n",
        f"<figure><img src=a></figure>\n<PRE>{CODE}</PRE>\n",
        "<div><script>\n\n*a*\n\n</script>\n</div>\n",
        "<div><svg>\n\n<path/>\n\n</svg></div>\n",
        f"<div><pre>{CODE}</pre>\n<pre>{CODE}</pre></div>\n",
    ],
)
def test_code_in_html_is_whole(html: str) -> None:
    assert render(html) == html
    assert render(f"{html}\n**after**\n") == f"{html}<p><strong>after</strong></p>\n"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("<pre>a</pre>\n# b\n", "<pre>a</pre>\n<h1>b</h1>\n"),
        ("<!-- a -->\n<pre>b\n\n*c*</pre>\nd\n", "<!-- a -->\n<pre>b\n\n*c*</pre>\n<p>d</p>\n"),
        ("<img src=a>\n\n    code\n", "<img src=a>\n<pre><code>code\n</code></pre>\n"),
        (
            "<figure><img src=a></figure>\n\n    code\n",
            "<figure><img src=a></figure>\n<pre><code>code\n</code></pre>\n",
        ),
        (
            "<div>\n\n    <p>a</p>\n\n</div>\n\n    code\n",
            "<div>\n    <p>a</p>\n</div>\n<pre><code>code\n</code></pre>\n",
        ),
        ("<div>\n\n    *a*\n\n</div>\n", "<div>\n<p><em>a</em></p>\n</div>\n"),
        ("<html>\n  <body>\n    <p>a</p>\n\n    <p>b</p>\n", "<html>\n  <body>\n    <p>a</p>\n    <p>b</p>\n"),
        ("<div><pre>a\n\nb\n", "<div><pre>a\n<p>b</p>\n"),
        ("- <div><pre>a\n\n  *b*</pre></div>\n", "<ul>\n<li>\n<div><pre>a\n\n*b*</pre></div>\n</li>\n</ul>\n"),
    ],
)
def test_what_stands_beside_html(markdown: str, expected: str) -> None:
    assert render(markdown) == expected


@pytest.mark.parametrize(
    "unit", ["<div><pre>a\n\n", "<div>\n\n", "</div>\n\n", "<pre>a</pre>\n", "<div><pre>a\n\n</pre></div>\n"]
)
def test_blocks_take_a_time_in_proportion_to_the_length(unit: str) -> None:
    with within(seconds=20):
        render(unit * (300_000 // len(unit)))
