"""The estimated cost of parsing HTML: limits, and what people write."""

from __future__ import annotations

import pytest

from feeds.text.html_cost import cost_of, depth, is_too_deep
from tests.support.paths import ROOT


@pytest.mark.parametrize("tag", ["<b {}>", "<img {}/>", "</b {}>", "<b {}", "<svg><path {}/></svg>"])
def test_the_attributes_of_a_tag_are_limited(tag: str) -> None:
    """The parser takes 20 s for 150,000 attributes."""
    assert is_too_deep(tag.format(" ".join(f"a{number}" for number in range(30_000))))
    assert not is_too_deep(tag.format(" ".join(f"a{number}" for number in range(10_000))))
    assert not is_too_deep(tag.format(f"src='data:image/png;base64,{'A' * 500_000}'"))


def test_the_cost_of_the_first_pass_counts_in_the_second() -> None:
    html = "<div>" * 2_000 + "<br>" * 10_000
    assert 0.5 < cost_of(html) < 1
    assert not is_too_deep(html)
    assert is_too_deep(f"{html}<select></select>")


@pytest.mark.parametrize(
    "unit",
    [
        *("<p>a", "<li>a", "<p><b>a</b>", "<hr>", "<br>", "<p>a</p>", "<div><p>a</div>", "<td>a", "<tr><td>a<td>b"),
        *("<ul><li>a<li>b</ul>", "<ul><li><p>a</ul>", "<dl><dt>a<dd>b</dl>", "<b><i>a</b></i>", "<div><b>a</div></b>"),
        *("<table><tr><td>a<td>b<tr><td>c</table>", "<!-- <div> --><p title='<div>'>a</p>", "<p>a<p>b<div>c</div>"),
        *("<script>if (a<b) c('<div>')</script>", "<noscript><img src=a></noscript>", "<style>a>b{}</style><p>a"),
        *("<iframe src=a></iframe>", "<ruby>a<rt>b</rt></ruby>", "<h2>a</h2><p>b", "<a href=a><img src=b></a>"),
        *("<textarea><div></textarea>", "<span a='>'>b</span>", "<svg><path d='M0 0'/></svg>", "<p>a<br>b</p>"),
        *("<video controls><source src=a></video>", "<figure><img src=a><figcaption>b</figure>", "<blockquote><p>a"),
        *(
            "<td><font size=2>a</td>",
            "<p><b>a</p>",
            "<a href=x><p>a</p></a>",
            "<b><p>a</b></p>",
            "<p><a href=x>a",
            "<p><i>a",
        ),
        *("<b>a<b>", "<center><font color=red>a</center>", "<li><a href=x><div>a</div></a>", "<p><em>a<strong>b</em>"),
    ],
)
def test_what_people_write_is_not_too_deep(unit: str) -> None:
    """With whatever elements they leave open: 2,000 times, inside the elements of a page."""
    assert not is_too_deep("<div class=a><div><section><article>" + unit * 2_000)


def test_articles_are_not_too_deep() -> None:
    bodies = [path.read_text(encoding="utf-8") for path in (ROOT / "articles").rglob("*.md")]
    assert bodies
    assert not any(map(is_too_deep, ["\n".join(bodies), *bodies]))


@pytest.mark.parametrize(
    ("html", "expected"),
    [("", 0), ("a", 0), ("<p>a</p>", 1), ("<ul><li>a<br></li><li><b>c</b></li></ul>", 3), ("<hr><img src=a>", 0)],
)
def test_the_depth_of_sanitized_html(html: str, expected: int) -> None:
    assert depth(html) == expected
