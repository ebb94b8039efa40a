"""HTML and Markdown made safe HTML, and both made plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.text import markdown, sanitizer
from feeds.text.characters import clean_line, decode_entities, remove_controls, shorten
from feeds.text.html_cost import depth
from feeds.text.markdown import render_body
from feeds.text.sanitizer import plain_text, safe_html
from feeds.text.urls import absolute_url
from tests.support.clocks import within

if TYPE_CHECKING:
    from collections.abc import Callable

ORIGIN = "https://www.example.com"
BASE = f"{ORIGIN}/news/"

#: What XML 1.0 forbids or discourages (section 2.2), and lone surrogates, which no encoding takes.
CONTROLS = "\x00\x01\x08\x0b\x0c\x0e\x1f\x7f\x80\x9f\ud800\udfff\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff"
VOID = frozenset("area br col embed hr img input link meta source track wbr".split())
ADDRESSES = frozenset("href src cite poster action formaction data srcset background ping".split())
FORBIDDEN = frozenset(
    "script style iframe frame frameset object embed applet form input button select textarea svg math base link meta "
    "title template noscript marquee isindex".split()
)


class Markup(HTMLParser):
    """The elements of a text: what is dangerous in them, and what is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.dangers: list[str] = []
        self.unbalanced: list[str] = []
        self.addresses: list[str | None] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.dangers.append(tag)
        for name, value in attrs:
            if name in ADDRESSES:
                self.addresses.append(value)
            if name.startswith("on") or name == "style" or (name in ADDRESSES and not _is_web(value)):
                self.dangers.append(f"{name}={value}")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"/{tag}")


def body_of(text: str) -> str:
    return render_body(text, absolute_url)


def _is_web(value: str | None) -> bool:
    return bool(value and re.match(r"(?:https?://|mailto:)[^\s<>\"]+$", value))


def with_base(url: str) -> str | None:
    return absolute_url(url, BASE)


def without_base(url: str) -> str | None:
    return absolute_url(url)


def safe(html: str) -> str:
    return safe_html(html, with_base)


FRAGMENTS = (
    "<p> </p> <div> </div> <b> </b> <i> </i> <a> </a> <table> </table> <tr> <td> </td> <ul> <li> </ul> <pre> </pre> "
    "<br> <hr> <img> <h1> </h1> <script> </script> <style> </style> <iframe> </iframe> <!-- --> <svg> </svg> <math> "
    "<mtext> <select> <option> <textarea> </textarea> <title> <noscript> </noscript> <template> <form> <button> "
    "<details> <summary> <dl> <dt> <dd> <ruby> <rt> <caption> <font> <object> <body> <picture> <xmp> <![CDATA[ ]]> <? "
    "<! < > & &amp; &lt; &#1; &#11; &#xFFFE; &#x85; &nbsp; &copy text \" ' ="
).split()
ATTRIBUTES = (
    "<a href='/x'>",
    "<a href='#x'>",
    "<a href='mailto:a@example.com'>",
    "<a href='javascript:x'>",
    "<a href='https://example.com/?a=&amp;amp;b'>",
    "<img src=a.png alt='x > y'>",
    "<img src='data:,x'>",
    "<p title='\"<p>&#1;'>",
    "<p onclick=x style=y>",
    "<pre lang=en>",
    "\n",
    " ",
    *CONTROLS,
)
markup = st.one_of(st.lists(st.sampled_from([*FRAGMENTS, *ATTRIBUTES]), max_size=8).map("".join), st.text())


VECTORS = [
    pytest.param("<script>steal()</script>", id="script"),
    pytest.param("<SCRIPT SRC=//evil.example/x.js></SCRIPT>", id="script in upper case"),
    pytest.param("<script\n>steal()</script\n>", id="script with line breaks"),
    pytest.param("<p><script>steal()", id="script without an end"),
    pytest.param("<svg><script>steal()</script></svg>", id="script in svg"),
    pytest.param("<svg onload=steal()>", id="svg that loads"),
    pytest.param("<svg><a xlink:href='javascript:steal()' href='javascript:steal()'>x</a></svg>", id="link in svg"),
    pytest.param("<svg><animate onbegin=steal() attributeName=x></svg>", id="svg animation"),
    pytest.param("<math><mtext><table><mglyph><style><img src=x onerror=steal()>", id="math, table and style"),
    pytest.param("<math href='javascript:steal()'>x</math>", id="link of math"),
    pytest.param("<img src=x onerror=steal()>", id="onerror"),
    pytest.param("<img src='https://example.com/a.png'onerror=steal()>", id="onerror without a space"),
    pytest.param("<img/src='x'/onerror=steal()>", id="slashes for spaces"),
    pytest.param("<img src='x' OnErRoR='steal()'>", id="onerror in mixed case"),
    pytest.param("<video><source onerror=steal() src=x></video>", id="onerror of a source"),
    pytest.param("<audio src=x onloadstart=steal()>", id="onloadstart"),
    pytest.param("<details open ontoggle=steal()>", id="ontoggle"),
    pytest.param("<body onload=steal()>", id="onload of the body"),
    pytest.param("<a onmouseover=steal()>x</a>", id="onmouseover"),
    pytest.param("<a href='javascript:steal()'>x</a>", id="javascript link"),
    pytest.param("<a href='JaVaScRiPt:steal()'>x</a>", id="javascript link in mixed case"),
    pytest.param("<a href=' \x01javascript:steal()'>x</a>", id="javascript link after a control character"),
    pytest.param("<a href='java\tscript:steal()'>x</a>", id="javascript link with a tab"),
    pytest.param("<a href='java&#10;script:steal()'>x</a>", id="javascript link with an encoded line break"),
    pytest.param("<a href='&#106;&#x61;vascript&colon;steal()'>x</a>", id="javascript link in entities"),
    pytest.param("<a href='&amp;#106;avascript:steal()'>x</a>", id="javascript link encoded twice"),
    pytest.param("<a href='vbscript:steal()'>x</a>", id="vbscript link"),
    pytest.param("<a href='data:text/html,<script>steal()</script>'>x</a>", id="data link"),
    pytest.param("<a href='file:///etc/passwd'>x</a>", id="file link"),
    pytest.param("<img src='javascript:steal()'>", id="javascript image"),
    pytest.param("<img src='data:image/svg+xml,<svg onload=steal()>'>", id="data image"),
    pytest.param("<video poster='javascript:steal()' src='data:,x'></video>", id="poster"),
    pytest.param("<blockquote cite='javascript:steal()'>x</blockquote>", id="cite"),
    pytest.param("<form action='javascript:steal()'><button formaction='javascript:steal()'>x", id="form"),
    pytest.param("<input autofocus onfocus=steal()>", id="input"),
    pytest.param("<iframe src='https://evil.example/'></iframe>", id="iframe"),
    pytest.param("<iframe srcdoc='<script>steal()</script>'></iframe>", id="iframe with srcdoc"),
    pytest.param("<frameset><frame src='https://evil.example/'></frameset>", id="frames"),
    pytest.param("<object data='https://evil.example/x.swf'></object>", id="object"),
    pytest.param("<embed src='https://evil.example/x.swf'>", id="embed"),
    pytest.param("<base href='https://evil.example/'>", id="base"),
    pytest.param("<meta http-equiv=refresh content='0;url=https://evil.example/'>", id="refresh"),
    pytest.param("<link rel=stylesheet href='https://evil.example/x.css'>", id="style sheet"),
    pytest.param("<style>body{background:url(https://evil.example/)}</style>", id="style element"),
    pytest.param("<p style='background:url(https://evil.example/)'>x</p>", id="style attribute"),
    pytest.param("<td background='javascript:steal()'>x</td>", id="background"),
    pytest.param("<table><tr><td><img src=x onerror=steal()>", id="unclosed table"),
    pytest.param("<noscript><p title='</noscript><img src=x onerror=steal()>'>", id="noscript"),
    pytest.param("<textarea><p title='</textarea><img src=x onerror=steal()>'>", id="textarea"),
    pytest.param("<title><p title='</title><img src=x onerror=steal()>'>", id="title"),
    pytest.param("<template><img src=x onerror=steal()></template>", id="template"),
    pytest.param("<?xml ?><img src=x onerror=steal()>", id="processing instruction"),
    pytest.param("<<img src=x onerror=steal()>", id="two angle brackets"),
    pytest.param("<x onclick=steal()>x</x>", id="unknown element"),
    pytest.param("<a ping='ftp://evil.example/' href='https://example.com/'>x</a>", id="ping"),
    pytest.param("<img srcset='x 2x' src='https://example.com/a.png'>", id="srcset"),
]


@pytest.mark.parametrize("vector", VECTORS)
def test_what_runs_or_frames_does_not_survive(vector: str) -> None:
    assert Markup(vector).dangers
    cleaned = Markup(safe(vector))
    assert cleaned.dangers == []
    assert cleaned.unbalanced == []


@pytest.mark.parametrize("vector", VECTORS)
def test_what_runs_or_frames_does_not_survive_in_a_body(vector: str) -> None:
    for body in (vector, f"Some *text*.\n\n{vector}\n", f"- item {vector}\n"):
        assert Markup(render_body(body, with_base)).dangers == []


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("<p>text</p>", "<p>text</p>", id="paragraph"),
        pytest.param("  <p>text</p>\n", "<p>text</p>", id="spaces around"),
        pytest.param("a < b & c", "a &lt; b &amp; c", id="text"),
        pytest.param("<P CLASS=x ID=y>a</P>", "<p>a</p>", id="classes and ids"),
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
        pytest.param("<pre>\n\na\n b</pre>", "<pre>\n\na\n b</pre>", id="blank line at the start of pre"),
        pytest.param("<p>&nbsp;&copy;&#8211;&#x2014;</p>", "<p>&nbsp;©–—</p>", id="entities"),
        pytest.param("<p>&amp;lt;b&amp;gt;</p>", "<p>&amp;lt;b&amp;gt;</p>", id="entities shown as text"),
    ],
)
def test_html_is_balanced_and_reduced_to_what_is_safe(html: str, expected: str) -> None:
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
        pytest.param("<a href='tel:+123'>x</a>", "<a>x</a>", id="tel"),
        pytest.param(
            "<a target=_blank rel=nofollow href='/a'>x</a>", '<a href="https://www.example.com/a">x</a>', id="rel"
        ),
        pytest.param("<q cite='/q'>x</q>", '<q cite="https://www.example.com/q">x</q>', id="cite"),
    ],
)
def test_links_are_absolute_or_no_links(html: str, expected: str) -> None:
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
            '<video src="https://www.example.com/v.mp4" poster="https://www.example.com/p.png"></video>',
            id="video",
        ),
    ],
)
def test_images_have_an_absolute_address_or_go(html: str, expected: str) -> None:
    assert safe(html) == expected


def test_without_a_base_relative_addresses_go() -> None:
    html = "<p><a href='/a'>x</a><img src='b.png' alt='y'>z</p>"
    assert safe_html(html, without_base) == "<p><a>x</a>z</p>"


@pytest.mark.parametrize("reference", ["&#1;", "&#x1;", "&#11;", "&#x1F;", "&#xFFFE;", "&#xFFFF;", "&#x7F;"])
def test_references_to_control_characters_go(reference: str) -> None:
    assert safe(f'<p title="a{reference}b">a{reference}b</p>') == '<p title="ab">ab</p>'


@given(markup)
@settings(deadline=None, max_examples=300)
def test_safe_html_of_any_text_is_balanced_and_harmless(text: str) -> None:
    cleaned = Markup(safe(text))
    assert cleaned.dangers == []
    assert cleaned.unbalanced == []


@given(markup)
@example("<pre>\n\n\na</pre>")
@example("<p>&#1;</p>")
@example("<p><button><ul>")
@example("<li><form><li>")
@settings(deadline=None, max_examples=300)
def test_safe_html_stays_what_it_became(text: str) -> None:
    cleaned = safe(text)
    assert safe(cleaned) == cleaned


@given(markup)
@example("<p>&#1;&#xFFFE;</p>")
@settings(deadline=None)
def test_safe_html_holds_what_xml_allows(text: str) -> None:
    cleaned = safe(text)
    assert remove_controls(cleaned) == cleaned


@given(st.one_of(markup, st.text(alphabet="#*_`>-[]()!<a\n .&1|:~")))
@settings(deadline=None, max_examples=300)
def test_any_body_is_balanced_and_harmless(text: str) -> None:
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
        pytest.param("```html\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>", id="fenced code"),
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
            "<p>a</p>\n<p>One <em>two</em></p>\n        <p>b</p>",
            id="HTML and Markdown with deep indentation",
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
    ("text", "expected"),
    [
        pytest.param("a title", "a title", id="plain"),
        pytest.param("  a \n\t b\u00a0c\u2028d ", "a b c d", id="white space"),
        pytest.param("AT&amp;T &#8211; x", "AT&T – x", id="entities"),
        pytest.param("&lt;b&gt;", "<b>", id="encoded tag is text"),
        pytest.param("&amp;lt;b&amp;gt;", "&lt;b&gt;", id="entities are decoded once"),
        pytest.param("3 < 4 > 2 & 1", "3 < 4 > 2 & 1", id="comparison"),
        pytest.param("<b>a</b>b <i>c</i>", "ab c", id="inline tags"),
        pytest.param("<p>One.</p><p>Two.</p>", "One. Two.", id="block tags part words"),
        pytest.param("One<br>two<br/>three", "One two three", id="line breaks"),
        pytest.param("<ul><li>a</li><li>b</li></ul>", "a b", id="list"),
        pytest.param("<p>AT&amp;T</p>", "AT&T", id="entities in HTML"),
        pytest.param("<p>&lt;b&gt;</p>", "<b>", id="encoded tag in HTML"),
        pytest.param("<p>&amp;lt;b&amp;gt;</p>", "&lt;b&gt;", id="entities in HTML are decoded once"),
        pytest.param("a<script>steal()</script>b", "ab", id="script"),
        pytest.param("a<style>p{}</style>b", "ab", id="style"),
        pytest.param("a<iframe src='x'>no frames</iframe>b", "ab", id="iframe"),
        pytest.param("<!-- note -->a", "a", id="comment"),
        pytest.param("<center>a</center>", "a", id="old element"),
        pytest.param("<p title='a > b'>c</p>", "c", id="angle bracket in an attribute"),
        pytest.param("Write to <s@example.com>", "Write to <s@example.com>", id="address in angle brackets"),
        pytest.param("a <p", "a <p", id="tag without an end"),
        pytest.param("a\x00bc&#1;d\ufffee", "abcde", id="control characters"),
        pytest.param("a\x85b", "a b", id="next line"),
        pytest.param("<p>a\x00b&#1;c</p>", "abc", id="control characters in HTML"),
        pytest.param("<p> </p>", "", id="nothing"),
    ],
)
def test_plain_text_is_what_a_person_reads(text: str, expected: str) -> None:
    assert plain_text(text) == expected


@given(st.one_of(markup, st.text(st.characters(exclude_categories=()))))
@example("&#x7f;&#x85;&#xFFFE;")
@settings(deadline=None, max_examples=300)
def test_plain_text_is_a_line_without_control_characters(text: str) -> None:
    plain = plain_text(text)
    assert remove_controls(plain) == plain
    assert " ".join(plain.split()) == plain


@pytest.mark.parametrize(
    "opening",
    [
        *("<p ", "<p", '<p title="', "<", "&", "&a", "<!--", "</", "<p <", "&amp;", " ", "\n", "<a/", "<b ", "<svg "),
        *("<svg>", "<title>", "</title ", "\u00a9", "<i \u00a0", '<div title="</div>">', "<div><!--</div>-->"),
    ],
)
@pytest.mark.parametrize("before", ["", "<p>"])
def test_plain_text_takes_long_texts_in_their_stride(before: str, opening: str) -> None:
    text = before + (opening * 300_000)[:300_000]
    with within(seconds=20):
        assert len(plain_text(text)) <= len(text)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("We like <title> here.\n\nMore.", "<p>We like &lt;title&gt; here.</p>\n<p>More.</p>", id="title"),
        pytest.param("The <script> element", "<p>The &lt;script&gt; element</p>", id="script"),
        pytest.param("<p>a <STYLE> b</p>", "<p>a &lt;STYLE&gt; b</p>", id="HTML, capitals"),
        pytest.param("a <script>b</script> c", "<p>a  c</p>", id="closed"),
        pytest.param("a <script>b</script> c <script> d", "<p>a  c &lt;script&gt; d</p>", id="one of two closed"),
        pytest.param("<p>a <title> b</titles> c", "<p>a &lt;title&gt; b c</p>", id="closed by another one"),
        pytest.param("<p>a <title> b</title", "<p>a &lt;title&gt; b</p>", id="closed by what is no tag"),
        pytest.param(
            f"<p>{'İ' * 60} </title> and then the <title> element",
            f"<p>{'İ' * 60}  and then the &lt;title&gt; element</p>",
            id="closed before, behind what is longer in lower case",
        ),
        pytest.param(
            "<p>a <\u017fvg> b", "<p>a &lt;\u017fvg&gt; b</p>", id="a letter that is another one in lower case"
        ),
    ],
)
def test_an_element_that_is_written_of_and_not_closed_is_text(body: str, expected: str) -> None:
    assert body_of(body) == expected


@pytest.mark.parametrize("body", ["a\0b", "<b>a</b>\0b", "*a*\0b", "<p>a\0b</p>"])
def test_a_nul_in_a_body_is_nothing(body: str) -> None:
    html = body_of(body)
    assert "\0" not in html
    assert "\ufffd" not in html


@pytest.mark.parametrize("name", ["title", "template", "style", "textarea", "svg", "iframe"])
def test_an_excerpt_may_name_an_element(name: str) -> None:
    assert plain_text(f"How the <{name}> element works") == f"How the <{name}> element works"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("<!-- hero -->\nSome *text*", "<p>Some <em>text</em></p>", id="comment"),
        pytest.param(
            '<img src="https://e.com/a.png"> *text*',
            '<p><img src="https://e.com/a.png"> <em>text</em></p>',
            id="picture",
        ),
        pytest.param("<div>*text*</div>", "<div>*text*</div>", id="block, as CommonMark has it"),
    ],
)
def test_markdown_behind_html_is_rendered(body: str, expected: str) -> None:
    assert body_of(body) == expected


@pytest.mark.parametrize(
    "opening",
    [
        *("<div>", "<b>", "<b><p>", "<ul><li>", "<b></i>", "<DIV>", "<x-y>", "<div></b></div>", "<table>", "<li><dd>"),
        *("<div><!--</div>-->", '<div title="</div>">', "<b><object></b></object>", "<div <p>>"),
    ],
)
@pytest.mark.parametrize("read", [plain_text, body_of], ids=["plain text", "body"])
def test_elements_nested_too_deeply_lose_their_tags(opening: str, read: Callable[[str], str]) -> None:
    """40,000 of them would take the sanitiser a minute."""
    with within(seconds=20):
        assert "end" in read(opening * 40_000 + "end")


def test_formatting_that_is_opened_anew_in_each_paragraph_loses_its_tags() -> None:
    """That would be 7 million elements, and 2 GB."""
    html = f"<p>{''.join(f'<b title={number}>' for number in range(700))}</p>{'<p>x' * 10_000}"
    with within(seconds=10):
        assert len(body_of(html)) < 100_000
        assert plain_text(html).count("x") == 10_000


@pytest.mark.parametrize("element", ["<div>", "<ul><li>", "<div><!--</div>-->", '<div title="</div>">'])
def test_what_is_published_is_nested_no_deeper_than_browsers_do(element: str) -> None:
    notes: list[str] = []
    assert "<div>" not in safe_html(element * 600 + "a", with_base, notes.append)
    assert notes == ["is nested too deeply or takes too long; expected 512 levels at most; its tags are left out"]
    shallow = safe_html(element * 200 + "a", with_base, notes.append)
    assert depth(shallow) == 200 * len(re.findall("<(?:div|ul|li)", element))
    assert len(notes) == 1


@pytest.mark.parametrize("element", ["<p>a", "<li>a", "<p><b>a</b>", "<hr>"])
def test_many_elements_side_by_side_keep_their_tags(element: str) -> None:
    assert body_of(element * 2_000).count(element) == 2_000


@pytest.mark.parametrize("unit", ["&amp;", "&", "\u00a9", "a & b, ", "&lt;", "&#38;", "&eacute;", "\u00a0x", "a>b"])
@pytest.mark.parametrize("before", ["", "<pre>", "a < b ", "<p title='>'>", "<table>", "<xmp>", "<select>", "<!-->"])
def test_a_long_text_is_cleaned_in_pieces(before: str, unit: str) -> None:
    html = before + unit * 3_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sanitizer, "_LONGEST_TEXT", 1_000_000)
        whole = safe_html(html, with_base), plain_text(html)
    assert (safe_html(html, with_base), plain_text(html)) == whole


@pytest.mark.parametrize("before", ["", "a < b ", "a <é ", "a > b ", "<p title='>'>", "<table>", "<xmp>", "<select>"])
@pytest.mark.parametrize("unit", ["&amp;", "\u00a9"])
def test_a_long_text_takes_no_longer_than_its_pieces(before: str, unit: str) -> None:
    """A megabyte of them would take 20 s."""
    with within(seconds=5):
        safe_html(before + unit * (1_000_000 // len(unit)), with_base)


def test_an_attribute_may_be_long_but_not_without_end() -> None:
    assert safe_html(f"<b title='{'&' * 20_000}'>a</b>", with_base) == f'<b title="{"&amp;" * 20_000}">a</b>'
    assert safe_html(f"<b title='{'&' * 20_001}'>a</b>", with_base) == "<b>a</b>"


@pytest.mark.parametrize("mark", ["[", "![", "*[", "#\n", "a|b\n-|-\n", "- a\n\n", "`[", "[<", "a& ", "\\[", "\n> - "])
def test_very_much_markdown_is_taken_for_html(mark: str) -> None:
    """Markdown would take half a minute for it."""
    notes: list[str] = []
    with within(seconds=20):
        html = render_body(f"*a*\n\n<b>c</b> {mark * (800_000 // len(mark))}", with_base, notes.append)
    if mark == "a& ":
        assert html.startswith("<p><em>a</em></p>")
        assert not notes
    else:
        assert html.startswith("<p>*a*</p>\n<p><b>c</b>")
        assert re.fullmatch(
            r"has [\d,]+ lines, cells and marks of Markdown, as they are counted; expected .+", notes[0]
        )


def test_what_is_taken_for_html_has_no_paragraphs_of_nothing() -> None:
    between = "\n \n\t\n\n" * 200
    html = render_body(f"\n\n*a*{between}b{between}{'[' * 800_000}\n\n \n", with_base)
    assert re.findall("<p>.?.?.?", html) == ["<p>*a*", "<p>b</", "<p>[[["]


@pytest.mark.parametrize(("before", "next_to"), [("", ""), ("> ", "> "), ("> - ", ">   "), ("1. ", "   ")])
def test_a_table_that_is_mostly_filled_up_is_taken_for_html(before: str, next_to: str) -> None:
    """Each of the rows is given 220 cells: 1 MB would take 20 minutes, and 370 MB."""
    rows = [f"|{'a|' * 220}", f"|{'-|' * 220}", *["|b"] * 297]
    table = before + f"\n{next_to}".join(rows) + "\n\n"
    notes: list[str] = []
    with within(seconds=2):
        assert len(render_body(table * 5, with_base, notes.append)) < 20_000
    assert len(notes) == 1


@pytest.mark.parametrize(("columns", "rows", "tables"), [(10, 2_000, 1), (200, 200, 1), (4, 20, 200), (1, 9_000, 1)])
def test_a_large_table_is_a_table(columns: int, rows: int, tables: int) -> None:
    notes: list[str] = []
    body = f"|{' a |' * columns}\n|{'---|' * columns}\n" + f"|{' b |' * columns}\n" * rows
    html = render_body(f"{body}\n" * tables, with_base, notes.append)
    assert html.count("<td>") == columns * rows * tables
    assert not notes


@pytest.mark.parametrize("reference", [f"http://x/{'y' * 8_000}", f"<http://x/{'é' * 2_000}>", f"x '{'y' * 8_000}'"])
@pytest.mark.parametrize("use", ["[a] ", "![b][a] ", "[![b][a]][a] ", "- [a]\n"])
def test_what_is_said_once_and_referred_to_very_often_is_taken_for_html(reference: str, use: str) -> None:
    """16 kB of it would be 16 MB."""
    notes: list[str] = []
    html = render_body(f"[a]: {reference}\n\n{use * 2_000}", with_base, notes.append)
    assert len(html) < 40_000
    assert re.fullmatch(
        r"refers to addresses and titles of [\d,]+ characters; expected 100,000 at most; it is taken for paragraphs of "
        "HTML",
        notes[0],
    )


def test_what_is_said_once_may_be_referred_to_often() -> None:
    notes: list[str] = []
    html = render_body(f"[a]: http://x.example/{'y' * 200}\n\n" + "[a] " * 400, with_base, notes.append)
    assert html.count("<a ") == 400
    assert not notes


def test_much_markdown_is_markdown() -> None:
    """700 kB of it, with a link in every line, lists and tables."""
    notes: list[str] = []
    unit = "- Some *words* of which [one](https://a.example/) is a link.\n\n| a | b |\n|---|---|\n| c | d |\n\n"
    html = render_body(
        f"{unit * 50}{'Words and **words**, and a [link](https://a.example/). ' * 5}\n" * 60, with_base, notes.append
    )
    assert not notes
    assert html.count("<a ") == 60 * 55


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&amp;", "&"),
        ("&#038;", "&"),
        ("&#x26;", "&"),
        ("&#X26;", "&"),
        ("&eacute;", "é"),
        ("&NotEqualTilde;", "≂̸"),
        ("&amp;amp;", "&amp;"),
        ("&copy", "&copy"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("&not;in", "¬in"),
        ("&bogus;", "&bogus;"),
        ("&;", "&;"),
        ("&#;", "&#;"),
        ("&#99999999;", "&#99999999;"),
        ("&#128;", "€"),
        ("a & b; c", "a & b; c"),
        ("no entity", "no entity"),
    ],
)
def test_entities_are_decoded_once(text: str, expected: str) -> None:
    assert decode_entities(text) == expected


@pytest.mark.parametrize("character", [pytest.param(each, id=f"U+{ord(each):04X}") for each in CONTROLS])
def test_what_xml_forbids_or_discourages_goes(character: str) -> None:
    assert remove_controls(f"a{character}b") == "ab"


@pytest.mark.parametrize(
    "text",
    ["", "a", "a\tb\nc\rd", "é日😀", "\u00a0\u200b\u2028\ufeff", "\ue000\ufffd", "\U0001f600", "a\n\U00020000"],
)
def test_what_xml_allows_stays(text: str) -> None:
    assert remove_controls(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(" a\n\n b\t", "a b", id="white space"),
        pytest.param("A &amp; B", "A & B", id="entities"),
        pytest.param("<b>A</b>", "<b>A</b>", id="markup is text"),
        pytest.param("a&#1;b\x00", "ab", id="control characters"),
        pytest.param("a&NewLine;b", "a b", id="encoded line break"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_line_is_clean(text: str, expected: str) -> None:
    assert clean_line(text) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        pytest.param("one two", 7, "one two", id="fits"),
        pytest.param("one two three", 12, "one two…", id="cut after a word"),
        pytest.param("one two three", 8, "one two…", id="as many words as fit"),
        pytest.param("one two three", 7, "one…", id="the ellipsis counts"),
        pytest.param("one, two; three", 10, "one, two…", id="no punctuation before the ellipsis"),
        pytest.param("abcdefghij", 5, "abcd…", id="one long word"),
        pytest.param("a bcdefghijkl", 9, "a bcdefg…", id="a long word after a short one"),
        pytest.param("", 5, "", id="empty"),
        pytest.param("ab", 1, "…", id="no room"),
    ],
)
def test_a_text_is_shortened_after_a_word(text: str, width: int, expected: str) -> None:
    assert shorten(text, width) == expected


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_shortened_text_is_no_longer_than_asked(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width
    assert short == text or text.startswith(short.removesuffix("…"))


@settings(deadline=None)
@given(st.lists(st.text("aBé9 .,;:?'\"()%/$’“—-", min_size=1, max_size=12), max_size=4), st.integers(1, 3))
@example(["a  b", "c"], 1)
@example(["a: b", "- c"], 1)
@example(["é'\"(x)"], 2)
def test_plain_paragraphs_are_what_markdown_makes_of_them(lines: list[str], breaks: int) -> None:
    body = ("\n" * breaks).join(lines)
    parser = markdown._markdown(indented_code=not markdown._BLOCK_START.match(body))
    assert render_body(body, absolute_url) == safe_html(parser.render(body), absolute_url)


def test_plain_paragraphs_are_not_given_to_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(markdown, "_markdown")
    assert render_body("It's “one” (1).\nTwo\n\nThree", absolute_url) == "<p>It's “one” (1).\nTwo</p>\n<p>Three</p>"
    with pytest.raises(NameError):
        render_body("a *b*", absolute_url)
