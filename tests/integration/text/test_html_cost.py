"""The estimated cost of parsing HTML is never too low, and takes little time itself."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from feeds.bodies.sanitizer import safe_html
from feeds.text.html_cost import OpenElements, cost_of, is_too_deep
from feeds.text.html_tokens import UnclearError, tags_of
from tests.support.clocks import within
from tests.support.strategies import examples

#: Elements with each behaviour in a parser: they close others, are reconstructed, hold text, end foreign content …
NAMES = (
    "a b i font nobr span ruby rt rp p div li ul dd dt dl h1 pre object button form table tr td th tbody caption "
    "select option svg math mi g foreignObject desc title style script textarea noscript iframe xmp template x-y "
    "center marquee body html col colgroup input br img source image label details hr annotation-xml path mtext"
).split()
#: Text that may prevent a tag from being one.
ODD = [
    *("<!--", "-->", "<!", "<![CDATA[", "]]>", ">", "x", "<?", "</>", '"', "'", "<!-->", "--!>", "<br/>"),
    *("<div title='</div>'>", '<b title="', "<div/>", "<g/>", "<a href=x/>", "<source/>", "<source x=/>", "</div x='"),
    *("<b title=%d>", "<i title=%d>", "<script><!--<script>", "</script", "<div\f>", "</div\n>", "</ div>", "<Div>"),
    *("</dIv>", "<div<b>", "</b/>", "</br>", "<marK>", "</ma\u212a>", "<ma\u212a>", "<div =>", "<a<b title='>'>"),
]
TAGS = st.sampled_from([*(f"<{name}>" for name in NAMES), *(f"</{name}>" for name in NAMES), *ODD])


def nested(html: str) -> int:
    """Return the nesting depth of the elements that a parser of the HTML standard creates."""
    level = [LexborHTMLParser(html, is_fragment=True, scripting=True).root]
    depth = 0
    while level := [child for node in level if node for child in node.iter()]:
        depth += 1
    return depth


def estimated(html: str) -> int:
    """Return the estimated depth: the largest number of open elements; without an estimate, more than there are."""
    for is_foreign in (False, True):
        opened = OpenElements(is_foreign=is_foreign)
        depth = 0
        try:
            for tag in tags_of(html, is_foreign=is_foreign):
                opened.read(tag)
                depth = max(depth, len(opened.elements))
        except UnclearError:
            continue
        return depth
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
def test_unlimited_nesting_is_too_deep(unit: str) -> None:
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
            "<div><b title=%d><object></div></object>", 200, "</div><p>x", id="where another element closes them"
        ),
    ],
)
def test_formatting_reconstructed_many_times_is_too_deep(opened: str, count: int, again: str) -> None:
    """30 kB would become a hundred megabytes."""
    html = "".join(opened.replace("%d", str(number)) for number in range(count)) + again * 5_000
    assert is_too_deep(html)
    assert len(LexborHTMLParser(html, is_fragment=True).html or "") > 1_000_000


#: The many attributes of one tag, and many tags with one attribute.
MANY = " ".join(f"a{number}" for number in range(100))
FEW = "".join(f"<b x={number}>" for number in range(900))


@pytest.mark.parametrize(
    ("before", "unit", "count"),
    [
        pytest.param("", f"<b {MANY} x%d>", 400, id="attributes that are compared"),
        pytest.param(FEW, f"<b {MANY}></b>", 400, id="one with many attributes, many with few"),
        pytest.param(f"<u {MANY}>", "<u x=%d></u>", 40_000, id="many with few attributes, one with many"),
        pytest.param("<div>" * 6_000, "<hr>", 100_000, id="void elements in many elements"),
        pytest.param("", "<html a%d></html>", 4_000, id="attributes of html"),
        pytest.param("", "<html a%d>", 4_000, id="attributes of html, not closed"),
        pytest.param("<table>", "x<br>", 40_000, id="text and elements in no cell"),
        pytest.param("<table>", "<br>", 40_000, id="elements in no cell"),
        pytest.param("<table>", "x<b></b>", 20_000, id="formatting in no cell"),
        pytest.param("<table>", "x<a></a><hr>", 20_000, id="links in no cell"),
        pytest.param("<table><tr><td>x</td>", "x<br>", 40_000, id="after a cell"),
        pytest.param("<table><tr><td>x</tr>", "x<br>", 40_000, id="after a row"),
        pytest.param("<table><caption>x</caption>", "x<br>", 40_000, id="after a caption"),
        pytest.param("<table><svg><td></svg>", "x<br>", 40_000, id="after an apparent cell"),
        pytest.param("<table><template></table></template>", "x<br>", 40_000, id="after an apparent end tag"),
        pytest.param("<table><td><table></table></td>", "x<br>", 40_000, id="after a table in a table"),
        pytest.param("<table>", "<svg></svg>", 40_000, id="drawings in no cell"),
        pytest.param("x<br>" * 100_000, "<table>x</table>", 31_000, id="many tables after much"),
        pytest.param("x<br>" * 100_000 + "<table>", "x<tr>", 40_000, id="rows with text between them"),
        pytest.param("x<br>" * 100_000 + "<table>", "x<!---->", 40_000, id="comments between texts"),
        pytest.param("x<br>" * 100_000 + "<table>", "x&", 40_000, id="a text of many parts"),
    ],
)
def test_quadratic_time_is_too_much(before: str, unit: str, count: int) -> None:
    """Each of these takes the sanitizer more than a second, and 1 MB up to a minute."""
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
        pytest.param("<table><tr><td><table></table>", "<p>a<br>b</p>", 9_000, id="much after a table in a cell"),
        pytest.param("", "<table><caption>a</caption><tr><td>a</td></tr></table><p>b</p>", 3_000, id="many tables"),
        pytest.param("", "<html lang=en><body>a</body></html>", 1_500, id="whole pages"),
    ],
)
def test_much_well_formed_html_is_not_too_deep(before: str, unit: str, count: int) -> None:
    html = before + unit * count
    assert not is_too_deep(html)
    with within(seconds=20):
        safe_html(html, str)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<b></i>" * 5_000, id="end tags without an element"),
        pytest.param("<u><object>" + "<b></u>" * 5_000, id="end tags out of reach"),
        pytest.param("<table>" * 3_000 + "<div>" * 3_000 + "</table>" * 3_000, id="tables around much"),
        pytest.param("<b><p>" + "<div>" * 20_000, id="a paragraph around much"),
        pytest.param("<b></i>" * 3_500 + "<svg>", id="two passes"),
        pytest.param("<p><a href=x>" * 2_400, id="unclosed links"),
    ],
)
def test_the_estimate_takes_little_time(html: str) -> None:
    with within(seconds=10):
        cost_of(html)


@settings(deadline=None, max_examples=examples(300))
@given(st.lists(TAGS, max_size=4), st.lists(TAGS, min_size=1, max_size=8))
@example(["<svg>"], ["<tr>"])
@example([], ["<td>", "<table>", "</td>"])
def test_nesting_is_not_deeper_than_estimated(before: list[str], unit: list[str]) -> None:
    """A parser adds at most three elements to a table, and little else."""
    html = "".join(before) + "".join("".join(unit).replace("%d", str(number)) for number in range(60))
    if (deep := nested(html)) > 30:
        assert estimated(html) * 3 + 30 >= deep
