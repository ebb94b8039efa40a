"""HTML as a tree: its size and depth are bounded, and no text is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.bodies.elements import FORMATTING, VOID_ELEMENTS
from feeds.bodies.tree import parse_html
from tests.support.clocks import within
from tests.support.paths import ROOT
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Elements with each behaviour in a parser: they close others, are repeated, hold markers, end foreign content …
NAMES = (
    "a b i font nobr span ruby rt p div li ul dd dt h1 pre object button form table tr td tbody caption select option "
    "svg math mi g foreignObject desc x-y marquee body html col input br img details applet"
).split()
TAGS = st.sampled_from([*(f"<{name}>" for name in NAMES), *(f"</{name}>" for name in NAMES), "<b x=%d>", "<i x=%d>"])


def numbered(units: Iterable[str]) -> str:
    return "".join(unit.replace("%d", str(number)) for number, unit in enumerate(units))


def parsed(html: str) -> tuple[str, list[str]]:
    """Return the HTML of a tree, and the messages about it."""
    notes: list[str] = []
    return parse_html(html, notes.append).inner_html, notes


def depth(html: str) -> int:
    """Return the nesting depth of the HTML of a tree."""
    deepest = current = 0
    for end, name in re.findall(r"<(/?)([a-z][^\s/>]*)", re.sub("<!--.*?-->", "", html)):
        if name not in VOID_ELEMENTS:
            current += -1 if end else 1
            deepest = max(deepest, current)
    return deepest


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("<p>a<p>b", "<p>a</p><p>b</p>", id="paragraphs"),
        pytest.param("<b><i>a</b>b</i>", "<b><i>a</i></b><i>b</i>", id="crossed tags"),
        pytest.param("<a x=1>a<p><a x=2>b", '<a x="1">a</a><p><a x="1"></a><a x="2">b</a></p>', id="links"),
        pytest.param("<noscript><p></noscript>a", "<noscript><p>a</p></noscript>", id="as where no scripts run"),
        pytest.param("<svg><style><![CDATA[a>b]]></style></svg>c", "<svg><style>a&gt;b</style></svg>c", id="CDATA"),
        pytest.param("<html lang=de><body>a</body></html>", "a", id="page"),
        pytest.param("<html x>a<html y><p title='<html>'>b", 'a<!----><p title="&lt;html&gt;">b</p>', id="pages"),
    ],
)  # fmt: skip
def test_html_is_parsed_as_browsers_do(html: str, expected: str) -> None:
    assert parsed(html)[0].removeprefix("<!---->") == expected


@pytest.mark.parametrize(
    ("html", "element"),
    [
        pytest.param(numbered(["<p><b title=%d>w;</p>"] * 2_000), "<b>", id="in each paragraph"),
        pytest.param(numbered(["<p>", *["<u title=%d>"] * 300, *["</p><p>w;"] * 6_000]), "<b>", id="after a paragraph"),
        pytest.param(f"<p><font title='{'x' * 20_000}'>{'<p>w;' * 2_000}", "<b>", id="a long one"),
        pytest.param(f"<p><font title='{'>' * 20_000}'>{'<p>w;' * 2_000}", "<b>", id="a long one with angle brackets"),
        pytest.param(f"<p><a title='{'x' * 20_000}'>{'<p>w;' * 2_000}", "<a>", id="a long link"),
        pytest.param(
            numbered(["<p>", *["<<b y=%d>b x=%d>"] * 300, *["<p>w;"] * 6_000]), "<b>", id="tags that become one"
        ),
        pytest.param(
            numbered(["<p>", *["<i x=%d>"] * 300, *["<table><td><p>w;</table><p>w;"] * 3_000]), "<b>", id="tables"
        ),
        pytest.param("a " * 5_000 + numbered(["<p><b title=%d>w;</p>"] * 3_000), "<b>", id="after the beginning"),
    ],
)
def test_elements_that_would_be_repeated_too_often_lose_their_tags(html: str, element: str) -> None:
    with within(seconds=5):
        tree, notes = parsed(html)
    assert f"repeats elements that are not closed, such as {element}, too often" in notes
    assert len(tree) < 4 * len(html)
    assert tree.count("w;") == html.count("w;")
    assert element not in tree


@pytest.mark.parametrize("name", sorted({*FORMATTING, "a"}))
@pytest.mark.parametrize(
    "unit",
    [
        *("<p><{} class=a>Some words of it.", "<{} id=q%d>Question %d</h2><p>Some words.", "<p>Some <{}>words</p>"),
        *("<td><{} size=2>Some words</td>", "<li><{} href=%d>Some words</li>", "<div><{} x=1>Some words</div></{}>"),
        "<table><tr><td><{} x=%d>a<td>b</table>",
    ],
)  # fmt: skip
def test_elements_that_people_leave_open_keep_their_tags(name: str, unit: str) -> None:
    html = numbered([unit.replace("{}", name)] * 120)
    assert parsed(f"<div><section><article>{html}")[1] == []


def test_articles_are_not_simplified() -> None:
    bodies = [path.read_text(encoding="utf-8") for path in (ROOT / "articles").rglob("*.md")]
    assert bodies
    for html in ["\n".join(bodies), *bodies]:
        assert parsed(html)[1] == []


@pytest.mark.parametrize(
    "unit",
    [
        *("<div>", "<b>", "<b><p>", "<ul><li>", "<b></i>", "<x-y>", "<table>", "<table><tr><td>", "<li><dd>", "<svg>"),
        *("<svg><g>", "<svg><foreignObject><div>", "<math><mi>", "<select>", "<select><option>", "<b x=%d>", "<i>"),
        *("<b><object></b></object>", "<object><p><b>", "<div></b></div>", "<a><div>", "<font color=%d><div>"),
        *("<ruby><rt>", "<button>", "<form>", "<div><!--</div>-->", '<div title="</div>">', "<pre>"),
    ],
)
def test_elements_are_nested_500_deep_at_most(unit: str) -> None:
    html = f"{numbered([unit] * 100_000)}end"
    with within(seconds=10):
        tree = parse_html(html).inner_html
        assert depth(tree) <= 500
        assert parse_html(tree).inner_html == tree
    assert tree.count("end") == 1


@pytest.mark.parametrize(
    ("html", "expected", "shown"),
    [
        pytest.param("<div><p>a" * 600, "<p>a</p>" * 600, "<div>", id="one element"),
        pytest.param("<ul><li>a" * 600, "a" * 600, "<li>", id="two elements"),
        pytest.param("<div>" * 600 + "<i>a</i><br>b" + "</div>" * 600, "<i>a</i><br>b", "<div>", id="closed ones"),
        pytest.param("<font>a<br>" * 600 + "<table><tr>b", f"{'a<br>' * 600}b<table>", "<font>", id="before a table"),
        pytest.param(numbered(["<x-%d>a"] * 3_000), "a" * 3_000, "<x-499>", id="different elements"),
    ],
)
def test_elements_that_are_nested_too_deeply_lose_their_tags(html: str, expected: str, shown: str) -> None:
    notes: list[str] = []
    tree = parse_html(html, notes.append).inner_html.replace("<!---->", "")
    assert tree.startswith(expected)
    assert notes[0] == f"nests elements such as {shown} too deeply; expected 500 levels"


@pytest.mark.parametrize("levels", [1, 10, 200, 490])
def test_elements_that_are_less_deep_stay(levels: int) -> None:
    html = f"{'<div>' * levels}<table><tbody><tr><td>a</td></tr></tbody></table>b{'</div>' * levels}"
    assert parse_html(html).inner_html == html


@pytest.mark.parametrize(
    "tag", ["<b {}>", "<html {}>", "<html {}><html x {}>", "<body {}>", "</b {}>", "<b {}", "<img {}/>"]
)
def test_a_tag_with_very_many_attributes_takes_little_time(tag: str) -> None:
    attributes = " ".join(f"a{number:x}" for number in range(60_000))
    with within(seconds=3):
        parse_html(tag.replace("{}", attributes))


def test_the_attributes_of_many_pages_take_little_time() -> None:
    with within(seconds=3):
        parse_html(numbered(["<html a%d></html>"] * 50_000))


@settings(deadline=None, max_examples=examples(200))
@given(st.lists(TAGS, max_size=4), st.lists(TAGS, min_size=1, max_size=6), st.sampled_from([1, 60, 2_000]))
@example(["<b x=0>"] * 4, ["<p>", "<i x=%d>"], 2_000)
@example([], ["<object>", "<p>", "<b x=%d>"], 2_000)
def test_the_tree_of_any_tags_is_bounded_and_loses_no_text(before: list[str], unit: list[str], count: int) -> None:
    pieces = [f"{tag}w{number};" for number, tag in enumerate([*before, *unit * count])]
    html = numbered(pieces)
    root = parse_html(html)
    assert len(root.inner_html) <= max(500_000 + 50 * len(html), 8 * len(html))
    assert depth(root.inner_html) <= 500
    assert set(re.findall(r"w\d+;", root.inner_html)) == {f"w{number};" for number in range(len(pieces))}


@pytest.mark.parametrize(("tags", "is_too_deep"), [(1_000, False), (10_000, False), (60_000, True)])
def test_long_html_may_be_nested_less_deeply(tags: int, *, is_too_deep: bool) -> None:
    """The sanitizer looks through all open elements at each tag."""
    notes: list[str] = []
    parse_html("<div>" * 400 + "<b>a</b>" * tags, notes.append)
    assert (notes != []) is is_too_deep
