"""HTML made safe HTML or plain text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.bodies import sanitizer
from feeds.bodies.sanitizer import plain_text, safe_html
from feeds.text.characters import remove_controls
from feeds.text.urls import absolute_url
from tests.support.strategies import examples
from tests.support.vectors import VECTORS, Markup, markup

ORIGIN = "https://www.example.com"
BASE = f"{ORIGIN}/news/"


def with_base(url: str) -> str | None:
    return absolute_url(url, BASE)


def without_base(url: str) -> str | None:
    return absolute_url(url)


def safe(html: str) -> str:
    return safe_html(html, with_base)


@pytest.mark.parametrize("vector", VECTORS)
def test_active_content_is_removed(vector: str) -> None:
    assert Markup(vector).dangers
    cleaned = Markup(safe(vector))
    assert cleaned.dangers == []
    assert cleaned.unbalanced == []


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("<p>text</p>", "<p>text</p>", id="paragraph"),
        pytest.param("  <p>text</p>\n", "<p>text</p>", id="spaces around"),
        pytest.param("a < b & c", "a &lt; b &amp; c", id="text"),
        pytest.param("<P CLASS=x ID=y>a</P>", '<p id="y">a</p>', id="classes and ids"),
        pytest.param("<code class='language-c++'>a</code>", '<code class="language-c++">a</code>', id="language"),
        pytest.param("<code class='language-c x'>a</code>", "<code>a</code>", id="language and another class"),
        pytest.param("<p>a<p>b", "<p>a</p><p>b</p>", id="unclosed paragraphs"),
        pytest.param("<b><i>a</b>b</i>", "<b><i>a</i></b><i>b</i>", id="crossed tags"),
        pytest.param("<b>a", "<b>a</b>", id="unclosed tag"),
        pytest.param("a</b></div>", "a", id="unopened tags"),
        pytest.param("<table><tr><td>a", "<table><tbody><tr><td>a</td></tr></tbody></table>", id="unclosed table"),
        pytest.param("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>", id="unclosed list"),
        pytest.param("<p>a<button><div>b</div></button></p>", "<p>a</p><div>b</div><p></p>", id="block in a button"),
        pytest.param("<p>a<!-- note --></p>", "<p>a</p>", id="comment"),
        pytest.param(
            "<!--><img src=/a.png onerror=x>-->", f'<img src="{ORIGIN}/a.png">--&gt;', id="comment that is empty"
        ),
        pytest.param("<![CDATA[><img src=/a.png onerror=x>]]>", f'<img src="{ORIGIN}/a.png">]]&gt;', id="CDATA"),
        pytest.param("<p>a<script>x</script>b</p>", "<p>ab</p>", id="script"),
        pytest.param("<p>a<style>p{}</style>b</p>", "<p>ab</p>", id="style"),
        pytest.param(
            "<iframe src='https://e.example/'><p>No frames.</p></iframe>", "", id="iframe and what replaces it"
        ),
        pytest.param("<noscript><img src='/a.png'></noscript>b", "b", id="noscript"),
        pytest.param("<font color=red>a</font> <center>b</center>", "a b", id="unknown elements leave their text"),
        pytest.param(
            '<p lang="de" dir="ltr" title="t">a</p>', '<p lang="de" dir="ltr" title="t">a</p>', id="attributes"
        ),
        pytest.param("<td rowspan=2>", "", id="cell without a table"),
        pytest.param("<p>a<xmp>\n<b>&amp;</xmp>", "<p>a</p><pre>\n\n&lt;b&gt;&amp;amp;</pre>", id="text with tags"),
        pytest.param(
            "<p>a<plaintext><b>c</plaintext>", "<p>a</p><pre>&lt;b&gt;c&lt;/plaintext&gt;</pre>", id="plain text"
        ),
        pytest.param("<pre>\n\na\n b</pre>", "<pre>\n\na\n b</pre>", id="blank line at the start of pre"),
        pytest.param("<p>&nbsp;&copy;&#8211;&#x2014;</p>", "<p>&nbsp;©–—</p>", id="entities"),
        pytest.param("<p>&amp;lt;b&amp;gt;</p>", "<p>&amp;lt;b&amp;gt;</p>", id="entities shown as text"),
    ],
)
def test_html_is_well_formed_and_safe(html: str, expected: str) -> None:
    assert safe(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("<a href='https://e.example/a'>x</a>", '<a href="https://e.example/a">x</a>', id="absolute"),
        pytest.param("<a href='a b'>x</a>", '<a href="https://www.example.com/news/a%20b">x</a>', id="relative"),
        pytest.param("<a href='/a'>x</a>", '<a href="https://www.example.com/a">x</a>', id="path"),
        pytest.param("<a href='//e.example/a'>x</a>", '<a href="https://e.example/a">x</a>', id="protocol-relative"),
        pytest.param("<a href='www.e.example/a'>x</a>", '<a href="https://www.e.example/a">x</a>', id="no scheme"),
        pytest.param(
            "<a href='/?a=1&copy=2&amp;b=3'>x</a>",
            '<a href="https://www.example.com/?a=1&amp;copy=2&amp;b=3">x</a>',
            id="ampersands",
        ),
        pytest.param("<a href='#note'>x</a>", "<a>x</a>", id="fragment"),
        pytest.param("<a href=' #note'>x</a>", "<a>x</a>", id="fragment after a space"),
        pytest.param("<a href='&#35;note'>x</a>", "<a>x</a>", id="fragment in an entity"),
        pytest.param("<a href=''>x</a>", "<a>x</a>", id="empty"),
        pytest.param("<a href>x</a>", "<a>x</a>", id="no value"),
        pytest.param("<a href='mailto:ada@example.com'>x</a>", '<a href="mailto:ada@example.com">x</a>', id="mailto"),
        pytest.param("<a href='MAILTO:ada@example.com'>x</a>", '<a href="MAILTO:ada@example.com">x</a>', id="MAILTO"),
        pytest.param("<a href='mailto:two words@example.com'>x</a>", "<a>x</a>", id="mailto with a space"),
        pytest.param("<a href='tel:+123'>x</a>", '<a href="tel:+123">x</a>', id="tel"),
        pytest.param("<a href='tel:x'>x</a>", "<a>x</a>", id="tel without a number"),
        pytest.param(
            "<a target=_blank rel=nofollow href='/a'>x</a>", '<a href="https://www.example.com/a">x</a>', id="rel"
        ),
        pytest.param("<q cite='/q'>x</q>", '<q cite="https://www.example.com/q">x</q>', id="cite"),
    ],
)
def test_links_have_an_absolute_url_or_none(html: str, expected: str) -> None:
    assert safe(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param(
            "<img src='/a.png' alt='A &amp; B' width=10 height=20>",
            '<img src="https://www.example.com/a.png" alt="A &amp; B" width="10" height="20">',
            id="sizes",
        ),
        pytest.param(
            "<img src='/a.png' width='50%' height=-1>", '<img src="https://www.example.com/a.png">', id="no sizes"
        ),
        pytest.param("<img srcset='/a.png 2x' src='/a.png'>", '<img src="https://www.example.com/a.png">', id="srcset"),
        pytest.param("a<img alt='x > y' title='t'>b", "ab", id="no src"),
        pytest.param("a<img src=''>b", "ab", id="empty src"),
        pytest.param("a<img data-src='/a.png' src='data:image/gif;base64,AA=='>b", "ab", id="data"),
        pytest.param("a<img src='mailto:ada@example.com'>b", "ab", id="mailto"),
        pytest.param("a<img src='#x'>b", "ab", id="fragment"),
        pytest.param(
            "<video src='/v.mp4' poster='/p.png' autoplay></video>",
            '<video src="https://www.example.com/v.mp4" poster="https://www.example.com/p.png" controls="" '
            'preload="none"></video>',
            id="video",
        ),
    ],
)
def test_images_have_an_absolute_url_or_are_removed(html: str, expected: str) -> None:
    assert safe(html) == expected


def test_relative_urls_without_a_base_are_removed() -> None:
    html = "<p><a href='/a'>x</a><img src='b.png' alt='y'>z</p>"
    assert safe_html(html, without_base) == "<p><a>x</a>z</p>"


@pytest.mark.parametrize("reference", ["&#1;", "&#x1;", "&#11;", "&#x1F;", "&#xFFFE;", "&#xFFFF;", "&#x7F;"])
def test_references_to_control_characters_are_removed(reference: str) -> None:
    assert safe(f'<p title="a{reference}b">a{reference}b</p>') == '<p title="ab">ab</p>'


@given(markup)
@settings(deadline=None, max_examples=examples(300))
def test_safe_html_of_any_text_is_well_formed_and_safe(text: str) -> None:
    cleaned = Markup(safe(text))
    assert cleaned.dangers == []
    assert cleaned.unbalanced == []


@given(markup)
@example("<pre>\n\n\na</pre>")
@example("<p>&#1;</p>")
@example("<p><button><ul>")
@example("<li><form><li>")
@settings(deadline=None, max_examples=examples(300))
def test_safe_html_is_idempotent(text: str) -> None:
    cleaned = safe(text)
    assert safe(cleaned) == cleaned


@given(markup)
@example("<p>&#1;&#xFFFE;</p>")
@settings(deadline=None)
def test_safe_html_has_only_characters_that_xml_allows(text: str) -> None:
    cleaned = safe(text)
    assert remove_controls(cleaned) == cleaned


@pytest.mark.parametrize("element", ["<div>", "<ul><li>", "<div><!--</div>-->", '<div title="</div>">'])
def test_safe_html_is_nested_no_deeper_than_browsers_allow(element: str) -> None:
    notes: list[str] = []
    shallow = safe_html(f"{element * 200}a", with_base, notes.append)
    assert shallow.count("<") == 400 * len(re.findall("<(?:div|ul|li)", element))
    assert notes == []
    name = "li" if "li" in element else "div"
    assert safe_html(f"{element * 600}a", with_base, notes.append) == "a"
    message = f"nests elements such as <{name}> too deeply; expected 500 levels; their tags are left out"
    assert notes == [message]


def test_elements_that_would_be_repeated_too_often_lose_their_tags() -> None:
    notes: list[str] = []
    html = "".join(f"<p><b title={number}>w" for number in range(2_000))
    assert safe_html(html, with_base, notes.append) == "<p>w</p>" * 2_000
    assert notes == ["repeats elements that are not closed, such as <b>, too often; their tags are left out"]


@pytest.mark.parametrize("unit", ["&amp;", "&", "\u00a9", "a & b, ", "&lt;", "&#38;", "&eacute;", "\u00a0x", "a>b"])
@pytest.mark.parametrize("before", ["", "<pre>", "a < b ", "<p title='>'>", "<table>", "<xmp>", "<select>", "<!-->"])
def test_a_long_text_cleaned_in_pieces_equals_the_whole(before: str, unit: str) -> None:
    html = before + unit * 3_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sanitizer, "MAX_PIECE", 1_000_000)
        whole = safe_html(html, with_base), plain_text(html)
    assert (safe_html(html, with_base), plain_text(html)) == whole


def test_the_length_of_an_attribute_is_limited() -> None:
    assert safe_html(f"<b title='{'&' * 20_000}'>a</b>", with_base) == f'<b title="{"&amp;" * 20_000}">a</b>'
    assert safe_html(f"<b title='{'&' * 20_001}'>a</b>", with_base) == "<b>a</b>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a title", "a title", id="plain"),
        pytest.param("  a \n\t b\u00a0c\u2028d ", "a b c d", id="white space"),
        pytest.param("AT&amp;T &#8211; x", "AT&T – x", id="entities"),
        pytest.param("&lt;b&gt;", "<b>", id="encoded tag is text"),
        pytest.param("&amp;lt;b&amp;gt;", "&lt;b&gt;", id="entities are decoded once"),
        pytest.param("3 < 4 > 2 & 1", "3 < 4 > 2 & 1", id="comparison"),
        pytest.param("<b>a</b>b <i>c</i>", "ab c", id="inline tags"),
        pytest.param("<p>One.</p><p>Two.</p>", "One. Two.", id="block tags separate words"),
        pytest.param("One<br>two<br/>three", "One two three", id="line breaks"),
        pytest.param("<ul><li>a</li><li>b</li></ul>", "a b", id="list"),
        pytest.param("<p>AT&amp;T</p>", "AT&T", id="entities in HTML"),
        pytest.param("<p>&lt;b&gt;</p>", "<b>", id="encoded tag in HTML"),
        pytest.param("<p>&amp;lt;b&amp;gt;</p>", "&lt;b&gt;", id="entities in HTML are decoded once"),
        pytest.param("a<script>steal()</script>b", "ab", id="script"),
        pytest.param("a<style>p{}</style>b", "ab", id="style"),
        pytest.param("a<iframe src='x'>no frames</iframe>b", "ab", id="iframe"),
        pytest.param("<!-- note -->a", "a", id="comment"),
        pytest.param("<center>a</center>", "a", id="obsolete element"),
        pytest.param("<p title='a > b'>c</p>", "c", id="angle bracket in an attribute"),
        pytest.param("<x<p>a<p b<p>c</p>", "a c", id="angle brackets in names"),
        pytest.param("a<!-- b -- <p> > c -->d<?e <p>f", "adf", id="angle brackets in comments"),
        pytest.param("Write to <s@example.com>", "Write to <s@example.com>", id="address in angle brackets"),
        pytest.param("a <p", "a <p", id="incomplete tag"),
        pytest.param("a\x00bc&#1;d\ufffee", "abcde", id="control characters"),
        pytest.param("a\x85b", "a b", id="NEL"),
        pytest.param("<p>a\x00b&#1;c</p>", "abc", id="control characters in HTML"),
        pytest.param("<p> </p>", "", id="nothing"),
    ],
)
def test_plain_text_is_what_a_person_reads(text: str, expected: str) -> None:
    assert plain_text(text) == expected


@given(st.one_of(markup, st.text(st.characters(exclude_categories=()))))
@example("&#x7f;&#x85;&#xFFFE;")
@settings(deadline=None, max_examples=examples(300))
def test_plain_text_is_a_line_without_control_characters(text: str) -> None:
    plain = plain_text(text)
    assert remove_controls(plain) == plain
    assert " ".join(plain.split()) == plain


@pytest.mark.parametrize("name", ["title", "template", "style", "textarea", "svg", "iframe"])
def test_an_excerpt_may_mention_an_element(name: str) -> None:
    assert plain_text(f"How the <{name}> element works") == f"How the <{name}> element works"
