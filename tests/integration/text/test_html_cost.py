"""What HTML costs a parser, estimated before it is parsed: never as less, and little more for what people write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from feeds.text import html_cost
from feeds.text.html_cost import depth, is_too_deep
from feeds.text.html_tokens import UnclearError, tags_of
from feeds.text.sanitizer import safe_html
from tests.support.clocks import within

#: What an element can be, by what parsers do with it: closes others, is opened anew, is text, ends another language …
NAMES = (
    "a b i font nobr span ruby rt rp p div li ul dd dt dl h1 pre object button form table tr td th tbody caption "
    "select option svg math mi g foreignObject desc title style script textarea noscript iframe xmp template x-y "
    "center marquee body html col colgroup input br img source image label details hr annotation-xml path mtext"
).split()
#: And what may keep a tag from being one.
ODD = [
    *("<!--", "-->", "<!", "<![CDATA[", "]]>", ">", "x", "<?", "</>", '"', "'", "<!-->", "--!>", "<br/>"),
    *("<div title='</div>'>", '<b title="', "<div/>", "<g/>", "<a href=x/>", "<source/>", "<source x=/>", "</div x='"),
    *("<b title=%d>", "<i title=%d>", "<script><!--<script>", "</script", "<div\f>", "</div\n>", "</ div>", "<Div>"),
    *("</dIv>", "<div<b>", "</b/>", "</br>", "<marK>", "</ma\u212a>", "<ma\u212a>", "<div =>", "<a<b title='>'>"),
]
TAGS = st.sampled_from([*(f"<{name}>" for name in NAMES), *(f"</{name}>" for name in NAMES), *ODD])


def nested(html: str) -> int:
    """How deeply the elements are nested that a parser of the HTML standard makes of it."""
    level = [LexborHTMLParser(html, is_fragment=True, scripting=True).root]
    deepest = 0
    while level := [child for node in level if node for child in node.iter()]:
        deepest += 1
    return deepest


def estimated(html: str) -> int:
    """The same as it is estimated: the most elements that are open at once, or more than there are."""
    for is_odd in (False, True):
        opened = html_cost._Opened(is_odd=is_odd)
        deepest = 0
        try:
            for tag in tags_of(html, is_odd=is_odd):
                opened.take(tag)
                deepest = max(deepest, len(opened._elements))
        except UnclearError:
            continue
        return deepest
    return len(html)


@pytest.mark.parametrize(
    "unit",
    [
        *("<div>", "<b>", "<b><p>", "<ul><li>", "<b></i>", "<DIV>", "<x-y>", "<div></b></div>", "<table>", "<li><dd>"),
        *("<div><!--</div>-->", '<div title="</div>">', "<div title='</div>'>", "<b><object></b></object>"),
        *("<div><!--></div>-->", "<div><!-- --!></div>", "<form><object></form></object></form>"),
        *("<div><style></style\u00a0></div></style>", "<ma\u212a></mark>", "<div><?</div>>", "<div></ </div>>"),
        *(
            "<div><script><!--<script></script></div>--></script>",
            "<div><title></div></title>",
            "<i><table></i></table>",
        ),
        *("<svg><source>", "<svg><col></col/>", "<svg><![CDATA[></svg>]]>", "<select><iframe></select><div></iframe>"),
        *("<svg><title><!--</title></svg><div>-->", "<svg><tr>", "<div =></div x='>'>", "<a href=/x/><a href=/y/>"),
        *("<div><textarea></div></textarea>", "<template><div></template></div>", "<a<b>", "<ruby><rt>", "<select><p>"),
    ],
)
def test_what_is_nested_without_end_is_too_deep(unit: str) -> None:
    html = unit * (1_000_000 // len(unit))
    deep = nested(unit * 100)
    with within(seconds=20):
        assert is_too_deep(html) or deep < 20


@pytest.mark.parametrize(
    ("opened", "count", "again"),
    [
        pytest.param("<p><b title=%d>", 200, "</p><p>x", id="in each paragraph"),
        pytest.param("<p><i title=%d>", 200, "<p>x", id="in each paragraph that ends by itself"),
        pytest.param("<li><u title=%d>", 200, "<li>x", id="in each item"),
        pytest.param("<table><s title=%d>", 200, "<table>x", id="in each table"),
        pytest.param(f"<p><font title='%d{'x' * 20_000}'>", 1, "<p>x", id="a long one"),
        pytest.param(
            "<div><b title=%d><object></div></object>", 200, "</div><p>x", id="where all is closed in odd ways"
        ),
    ],
)
def test_formatting_that_is_opened_anew_again_and_again_is_too_deep(opened: str, count: int, again: str) -> None:
    """A hundred megabytes of 30 kB."""
    html = "".join(opened.replace("%d", str(number)) for number in range(count)) + again * 5_000
    assert is_too_deep(html)
    assert len(LexborHTMLParser(html, is_fragment=True).html or "") > 1_000_000


#: The attributes of one tag, and tags with one each.
MANY = " ".join(f"a{number}" for number in range(100))
FEW = "".join(f"<b x={number}>" for number in range(900))


@pytest.mark.parametrize(
    ("before", "unit", "count"),
    [
        pytest.param("", f"<b {MANY} x%d>", 400, id="attributes that are compared"),
        pytest.param(FEW, f"<b {MANY}></b>", 400, id="one with attributes with many that have few"),
        pytest.param(f"<u {MANY}>", "<u x=%d></u>", 40_000, id="one that has few with one that has attributes"),
        pytest.param("<div>" * 6_000, "<hr>", 100_000, id="elements without content in many"),
        pytest.param("", "<html a%d></html>", 4_000, id="attributes of html"),
        pytest.param("", "<html a%d>", 4_000, id="attributes of html, not closed"),
        pytest.param("<table>", "x<br>", 40_000, id="text and elements in no cell"),
        pytest.param("<table>", "<br>", 40_000, id="elements in no cell"),
        pytest.param("<table>", "x<b></b>", 20_000, id="formatting in no cell"),
        pytest.param("<table>", "x<a></a><hr>", 20_000, id="links in no cell"),
        pytest.param("<table><tr><td>x</td>", "x<br>", 40_000, id="behind a cell"),
        pytest.param("<table><tr><td>x</tr>", "x<br>", 40_000, id="behind a row"),
        pytest.param("<table><caption>x</caption>", "x<br>", 40_000, id="behind a caption"),
        pytest.param("<table><svg><td></svg>", "x<br>", 40_000, id="behind what looks like a cell"),
        pytest.param("<table><template></table></template>", "x<br>", 40_000, id="behind what looks like the end"),
        pytest.param("<table><td><table></table></td>", "x<br>", 40_000, id="behind a table in a table"),
        pytest.param("<table>", "<svg></svg>", 40_000, id="drawings in no cell"),
        pytest.param("x<br>" * 100_000, "<table>x</table>", 31_000, id="many tables behind much"),
        pytest.param("x<br>" * 100_000 + "<table>", "x<tr>", 40_000, id="rows with text between them"),
        pytest.param("x<br>" * 100_000 + "<table>", "x<!---->", 40_000, id="comments between texts"),
        pytest.param("x<br>" * 100_000 + "<table>", "x&", 40_000, id="a text of many parts"),
    ],
)
def test_what_takes_the_square_of_its_length_is_too_much(before: str, unit: str, count: int) -> None:
    """Each of these takes the sanitiser more than a second, and with 1 MB up to a minute."""
    html = before + "".join(unit.replace("%d", str(number)) for number in range(count))
    with within(seconds=10):
        assert is_too_deep(html)


@pytest.mark.parametrize(
    ("before", "unit", "count"),
    [
        pytest.param("", f"<b {MANY}>x</b>", 2_000, id="formatting with attributes"),
        pytest.param("", f"<span {MANY}>x</span>", 2_000, id="elements with attributes"),
        pytest.param("<table>", "<tr><td>a<br>b</td><td><b>c</b></td></tr>\n", 9_000, id="a large table"),
        pytest.param("<table>", "<tr><td>a<br>b<td><b>c</b>\n", 9_000, id="a large table in which nothing is closed"),
        pytest.param("<table><tr><td>", "<p>a<br>b &amp; c</p>", 9_000, id="much in one cell"),
        pytest.param("<table><tr><td><table></table>", "<p>a<br>b</p>", 9_000, id="much behind a table in a cell"),
        pytest.param("", "<table><caption>a</caption><tr><td>a</td></tr></table><p>b</p>", 3_000, id="many tables"),
        pytest.param("", "<html lang=en><body>a</body></html>", 1_500, id="whole pages"),
    ],
)
def test_much_of_what_is_closed_and_in_its_place_is_not(before: str, unit: str, count: int) -> None:
    html = before + unit * count
    assert not is_too_deep(html)
    with within(seconds=20):
        safe_html(html, str)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<b></i>" * 5_000, id="ends of nothing"),
        pytest.param("<u><object>" + "<b></u>" * 5_000, id="ends that are out of reach"),
        pytest.param("<table>" * 3_000 + "<div>" * 3_000 + "</table>" * 3_000, id="tables around much"),
        pytest.param("<b><p>" + "<div>" * 20_000, id="a paragraph around much"),
        pytest.param("<b></i>" * 3_500 + "<svg>", id="two passes"),
        pytest.param("<p><a href=x>" * 2_400, id="links without end"),
    ],
)
def test_the_estimate_does_not_take_long_itself(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_cost, "_LITTLE", 0)
    monkeypatch.setattr(html_cost, "_SHORT", 0)
    with within(seconds=10):
        is_too_deep(html)


def test_what_a_pass_found_counts_in_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    html = "<div>" * 4_000 + "<br>" * 10_000
    monkeypatch.setattr(html_cost, "_MOST_WORK", 70_000_000)
    assert not is_too_deep(html)
    assert is_too_deep(f"{html}<select></select>")


@pytest.mark.parametrize("tag", ["<b {}>", "<img {}/>", "</b {}>", "<b {}", "<svg><path {}/></svg>"])
def test_attributes_without_end_are_too_many(tag: str) -> None:
    """For 150,000 of them the parser takes 20 s."""
    assert is_too_deep(tag.format(" ".join(f"a{number}" for number in range(30_000))))
    assert not is_too_deep(tag.format(" ".join(f"a{number}" for number in range(10_000))))
    assert not is_too_deep(tag.format(f"src='data:image/png;base64,{'A' * 500_000}'"))


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
def test_what_people_write_is_not(unit: str) -> None:
    """Whatever they forget to close: 2,000 times, behind what a page has around it."""
    assert not is_too_deep("<div class=a><div><section><article>" + unit * 2_000)


def test_articles_are_not_too_deep() -> None:
    bodies = [path.read_text(encoding="utf-8") for path in Path("articles").rglob("*.md")]
    assert bodies
    assert not any(map(is_too_deep, ["\n".join(bodies), *bodies]))


@settings(deadline=None, max_examples=300)
@given(st.lists(TAGS, max_size=4), st.lists(TAGS, min_size=1, max_size=8))
@example(["<svg>"], ["<tr>"])
@example([], ["<td>", "<table>", "</td>"])
def test_no_tags_are_nested_more_deeply_than_estimated(before: list[str], unit: list[str]) -> None:
    """A parser adds three elements to a table at most, and little else."""
    html = "".join(before) + "".join("".join(unit).replace("%d", str(number)) for number in range(60))
    if (deep := nested(html)) > 30:
        assert estimated(html) * 3 + 30 >= deep


@pytest.mark.parametrize(
    ("html", "expected"),
    [("", 0), ("a", 0), ("<p>a</p>", 1), ("<ul><li>a<br></li><li><b>c</b></li></ul>", 3), ("<hr><img src=a>", 0)],
)
def test_the_depth_of_html_that_is_written(html: str, expected: int) -> None:
    assert depth(html) == expected
