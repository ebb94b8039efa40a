"""Code of highlighters."""

from __future__ import annotations

import pytest

from feeds.bodies.transformations.code import clean_code
from tests.support.bodies import transform

ROWS = "<tr><td class='{} gl'><pre>1\n2\n</pre></td><td class=code><pre>a = 1\n\nb = 2\n</pre></td></tr>"


@pytest.mark.parametrize("name", ["gutter", "rouge-gutter", "linenos", "lntd lnt"])
def test_line_numbers_in_a_table_are_removed_with_the_table(name: str) -> None:
    html, _ = transform(f"<table>{ROWS.format(name)}</table>", clean_code)
    assert html == "<pre>a = 1\n\nb = 2\n</pre>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<pre><span class="ln">1</span>a\n<span class="ln">2</span>b</pre>', "<pre>a\nb</pre>"),
        ('<pre><code>a</code><span class="line-numbers-rows"><span></span></span></pre>', "<pre><code>a</code></pre>"),
        ("<div><button>Copy</button><pre>a</pre></div>", "<div><pre>a</pre></div>"),
        ('<pre class="line-numbers"><code>a 1</code></pre>', '<pre class="line-numbers"><code>a 1</code></pre>'),
        ("<table><tr><td><pre>a</pre></td><td>b</td></tr></table>", None),
        ("<p><button>Send</button></p>", None),
    ],
)
def test_what_stands_beside_code(html: str, expected: str | None) -> None:
    assert transform(html, clean_code)[0] == (expected or transform(html, lambda *_: None)[0])


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ('<pre><code class="language-python">a</code></pre>', "python"),
        ('<pre><code class="hljs lang-C++">a</code></pre>', "c++"),
        ('<pre class="language-js"><code>a</code></pre>', "js"),
        ('<div class="highlight language-ruby"><pre><code>a</code></pre></div>', "ruby"),
        ('<div class="highlight-source-rust"><pre><code>a</code></pre></div>', "rust"),
        ('<pre><code data-lang="go">a</code></pre>', "go"),
    ],
)
def test_the_language_is_a_class_of_the_code(html: str, language: str) -> None:
    assert f'<code class="language-{language}"' in transform(html, clean_code)[0].replace(
        f' data-lang="{language}"', ""
    )
