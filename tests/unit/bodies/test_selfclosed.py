"""Elements that are written as empty."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from feeds.bodies.sanitizer import plain_text, safe_html
from feeds.bodies.selfclosed import close_selfclosed
from tests.support.clocks import within
from tests.support.strategies import examples
from tests.support.vectors import markup


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("a <b>c</b>", "a <b>c</b>", id="no slash"),
        pytest.param("<br/>a<br />b<img src='/a.png' />", "<br/>a<br />b<img src='/a.png' />", id="void elements"),
        pytest.param("<BR/>a<Img src=x />", "<BR/>a<Img src=x />", id="void elements in upper case"),
        pytest.param("<img alt='a>b' />c", "<img alt='a>b' />c", id="void element with an angle bracket"),
        pytest.param("<video src=a />b", "<video src=a /></video>b", id="video"),
        pytest.param("<audio/>b", "<audio/></audio>b", id="audio"),
        pytest.param("<iframe/>b", "<iframe/></iframe>b", id="frame"),
        pytest.param("<iframe src='x' />b<iframe />c", "<iframe src='x' /></iframe>b<iframe /></iframe>c", id="two"),
        pytest.param("<script/>b<i/>c", "<script/></script>b<i/></i>c", id="script"),
        pytest.param("<style/>b<title/>c<textarea/>d<i/>",
                     "<style/></style>b<title/></title>c<textarea/></textarea>d<i/></i>", id="text elements"),
        pytest.param("<plaintext/><i/>", "<plaintext/></plaintext><i/>", id="plaintext, which nothing ends"),
        pytest.param("<div/>b", "<div/></div>b", id="block"),
        pytest.param("<a name=x />b", "<a name=x /></a>b", id="anchor"),
        pytest.param("<a name=x/>b", "<a name=x/>b", id="slash in a value"),
        pytest.param("<a / >b", "<a / >b", id="slash before a space"),
        pytest.param("<Tabs.Item />b", "<Tabs.Item /></tabs.item>b", id="component"),
        pytest.param("<b title='/>'>c</b><i/>", "<b title='/>'>c</b><i/></i>", id="slash in a quoted value"),
        pytest.param("<b title='<br/>br ' />c", "<b title='<br/>br ' /></b>c", id="tags in a quoted value"),
        pytest.param("a /> b <i/>", "a /> b <i/></i>", id="slash in a text"),
        pytest.param("br/> <br/>", "br/> <br/>", id="name in a text"),
        pytest.param("<!-- <i/> --><i/>", "<!-- <i/> --><i/></i>", id="comment"),
        pytest.param("<script>a('<i/>')</script><i/>", "<script>a('<i/>')</script><i/></i>", id="in a script"),
        pytest.param("</b/>c<i/>", "</b/>c<i/></i>", id="end tag"),
        pytest.param("<svg><g/><a/></svg><i/>", "<svg><g/><a/></svg><i/></i>", id="SVG"),
        pytest.param("<svg><style/><script/></svg><i/>", "<svg><style/><script/></svg><i/></i>", id="text in SVG"),
        pytest.param("<math><mi/></math><i/>", "<math><mi/></math><i/></i>", id="MathML"),
        pytest.param("<svg/>a<i/>", "<svg/>a<i/></i>", id="empty SVG"),
        pytest.param("<svg><svg/></svg><i/>", "<svg><svg/></svg><i/></i>", id="SVG in SVG"),
        pytest.param("</svg><i/>", "</svg><i/></i>", id="end of no SVG"),
        pytest.param("<i/", "<i/", id="incomplete tag"),
    ],
)  # fmt: skip
def test_an_element_that_is_written_as_empty_has_an_end_tag(html: str, expected: str) -> None:
    assert close_selfclosed(html) == expected


@pytest.mark.parametrize("name", "video audio iframe script style title textarea div p a b table li x-y".split())
def test_what_follows_an_empty_element_stays(name: str) -> None:
    html = f"<p>a</p><{name} />b<p>c</p>"
    assert safe_html(html, str).endswith("b<p>c</p>")
    assert plain_text(html).split() in (["a", "b", "c"], ["ab", "c"], ["a", "b", "c"])


@given(markup)
@settings(deadline=None, max_examples=examples(200))
def test_closing_twice_changes_nothing_else(text: str) -> None:
    """Only end tags are added."""
    closed = close_selfclosed(text)
    assert len(closed) >= len(text)
    if "/>" not in text:
        assert closed == text


@pytest.mark.parametrize(
    "unit", ["<br/>", "<i/>", "<script/>", "/>", "<svg/>", "<a b='/>'/>", "<plaintext/>", "<br />x/>"]
)
def test_many_empty_elements_take_little_time(unit: str) -> None:
    with within(seconds=5):
        close_selfclosed(unit * (1_000_000 // len(unit)))
