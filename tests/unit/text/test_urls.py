"""URLs made absolute and valid, and reduced to the canonical form that identifies a story."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.text.urls import absolute_url, canonical_url, domain_of, valid_domain
from tests.support.strategies import examples

BASE = "https://www.example.com/news/2020/"

#: An http or https URL (RFC 3986, appendix A) without userinfo.
_PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
VALID = re.compile(
    r"https?://"
    r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]+)?"
    rf"(?:/{_PCHAR}*)*(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
)

#: Parts of URLs, and text that breaks them.
PARTS = (
    "http: https: HTTPS: javascript: data: // / \\ :// http:// https:// www. example.com Example.COM münchen.de xn-- "
    "xn--a localhost 127.0.0.1 [::1] : :80 :443 :8443 user@ user:pw@ @ . .. ./ ../ a b% %2 %zz %41 %2f %C3%A9 ü 日 😀 "
    "? & = + ; , | [ ] { } ^ ` ' \" < > ( ) ! * $ ~ # #top &amp; &amp;amp; &#038; &#x26; &copy &copy; &#0; &nbsp; "
    "utm_source=x %75tm_source=x fbclid gclid=1 a=1 b=2 index.html photo.png"
).split()
urls = st.lists(st.sampled_from([*PARTS, " ", "\t", "\n", "\x00", "\x7f", "\u200b", "\ufeff"]), max_size=8).map("".join)
#: Any text, including lone surrogates.
any_text = st.text(st.characters(exclude_categories=()))
anything = st.one_of(urls, urls.map("https://example.com/".__add__), urls.map("https://".__add__), any_text)
bases = st.sampled_from([None, "", "no address", BASE, "http://example.com", "https://example.com/a?b#c"])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("https://example.com/a", "https://example.com/a", id="plain"),
        pytest.param("http://example.com/a", "http://example.com/a", id="http stays http"),
        pytest.param("HTTPS://EXAMPLE.Com/A", "https://example.com/A", id="upper case"),
        pytest.param("https://example.com", "https://example.com/", id="no path"),
        pytest.param("  https://example.com/a\n", "https://example.com/a", id="spaces around"),
        pytest.param("https://example.com/a\n b", "https://example.com/a%20b", id="line break in it"),
        pytest.param("https://example.com/?a=1&amp;b=2", "https://example.com/?a=1&b=2", id="&amp;"),
        pytest.param("https://example.com/?a=1&#038;b=2", "https://example.com/?a=1&b=2", id="&#038;"),
        pytest.param("https://example.com/?a=1&#x26;b=2", "https://example.com/?a=1&b=2", id="&#x26;"),
        pytest.param("https://example.com/?a=1&amp;amp;b=2", "https://example.com/?a=1&b=2", id="&amp;amp;"),
        pytest.param("https&#58;//example.com/a", "https://example.com/a", id="entity in the scheme"),
        pytest.param("https://example.com/?a=1&copy=2", "https://example.com/?a=1&copy=2", id="&copy= is no entity"),
        pytest.param("https://example.com/?a&reg&lt", "https://example.com/?a&reg&lt", id="&reg is no entity"),
        pytest.param("https://example.com/?a=&bogus;", "https://example.com/?a=&bogus;", id="unknown entity"),
        pytest.param("https://example.com/a b.png", "https://example.com/a%20b.png", id="space"),
        pytest.param("https://example.com/a%20b.png", "https://example.com/a%20b.png", id="encoded space"),
        pytest.param("https://example.com/é/日.png", "https://example.com/%C3%A9/%E6%97%A5.png", id="unicode path"),
        pytest.param("https://example.com/?q=é#é", "https://example.com/?q=%C3%A9#%C3%A9", id="unicode query"),
        pytest.param("https://example.com/😀", "https://example.com/%F0%9F%98%80", id="emoji"),
        pytest.param("https://münchen.example/a", "https://xn--mnchen-3ya.example/a", id="IDN host"),
        pytest.param("https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah/", id="IDN top-level domain"),
        pytest.param("https://example。com/", "https://example.com/", id="ideographic full stop"),
        pytest.param("//cdn.example.com/a.png", "https://cdn.example.com/a.png", id="protocol-relative"),
        pytest.param("www.example.com/a", "https://www.example.com/a", id="www. without scheme"),
        pytest.param("example.com/a", "https://example.com/a", id="domain without scheme"),
        pytest.param("news.example.org", "https://news.example.org/", id="domain only"),
        pytest.param("example.com:8080/a", "https://example.com:8080/a", id="domain and port without scheme"),
        pytest.param("https://example.com/a[1]|2", "https://example.com/a%5B1%5D%7C2", id="brackets and pipes"),
        pytest.param("https://example.com/?q=[a]|{b}", "https://example.com/?q=%5Ba%5D%7C%7Bb%7D", id="in the query"),
        pytest.param("https://example.com/a\\b", "https://example.com/a/b", id="backslash in the path"),
        pytest.param("https://example.com/?a\\b", "https://example.com/?a%5Cb", id="backslash in the query"),
        pytest.param("https:\\\\example.com\\a", "https://example.com/a", id="backslashes for slashes"),
        pytest.param("https://example.com/100%", "https://example.com/100%25", id="bare %"),
        pytest.param("https://example.com/%zz%4", "https://example.com/%25zz%254", id="% without digits"),
        pytest.param("https://example.com/%e9%E9", "https://example.com/%e9%E9", id="escapes as written"),
        pytest.param("https://example.com/?a='\"<>`", "https://example.com/?a=%27%22%3C%3E%60", id="quotes"),
        pytest.param("https://example.com/^`{}", "https://example.com/%5E%60%7B%7D", id="caret, backtick and braces"),
        pytest.param("https://example.com/#a#b", "https://example.com/#a%23b", id="two fragments"),
        pytest.param("https://example.com/a/../b/./c", "https://example.com/b/c", id="dot segments"),
        pytest.param("https://example.com/a//b/", "https://example.com/a//b/", id="double slash"),
        pytest.param("https://ada:secret@example.com/a", "https://example.com/a", id="userinfo"),
        pytest.param(
            "https://example.com\\@evil.example/", "https://example.com/@evil.example/", id="apparent userinfo"
        ),
        pytest.param("https://example.com:443/a", "https://example.com/a", id="default port"),
        pytest.param("http://example.com:80/a", "http://example.com/a", id="default port of http"),
        pytest.param("https://example.com:8443/a", "https://example.com:8443/a", id="other port"),
        pytest.param("https://example.com./a", "https://example.com./a", id="trailing dot"),
        pytest.param("https://example.com/a?", "https://example.com/a", id="empty query"),
        pytest.param("https://my_host.example.com/", "https://my_host.example.com/", id="underscore"),
        pytest.param("https://localhost/a", "https://localhost/a", id="localhost"),
        pytest.param("https://127.0.0.1:8000/a", "https://127.0.0.1:8000/a", id="IPv4"),
        pytest.param("https://[::1]:8000/a", "https://[::1]:8000/a", id="IPv6"),
        pytest.param("https://ex%61mple.com/", "https://example.com/", id="escape in the host"),
        pytest.param("https://xn--mnchen-3ya.example/a", "https://xn--mnchen-3ya.example/a", id="punycode"),
    ],
)
def test_a_url_becomes_valid(written: str, expected: str) -> None:
    assert absolute_url(written) == expected
    assert VALID.fullmatch(expected)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n", id="blank"),
        pytest.param("&nbsp;", id="blank once decoded"),
        pytest.param("a.png", id="file"),
        pytest.param("/a.png", id="path"),
        pytest.param("../a.png", id="path upwards"),
        pytest.param("?a=1", id="query"),
        pytest.param("#top", id="fragment"),
        pytest.param("a story", id="words"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("java\nscript:alert(1)", id="javascript with a line break"),
        pytest.param("&#106;avascript:alert(1)", id="javascript with an entity"),
        pytest.param("data:image/png;base64,AA==", id="data"),
        pytest.param("file:///etc/passwd", id="file scheme"),
        pytest.param("mailto:ada@example.com", id="mailto"),
        pytest.param("tel:+123", id="tel"),
        pytest.param("ftp://example.com/a", id="ftp"),
        pytest.param("about:blank", id="about"),
        pytest.param("localhost:8000/a", id="a host that looks like a scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://?a", id="no host but a query"),
        pytest.param("https://a b.example/", id="space in the host"),
        pytest.param("https://a%20b.example/", id="encoded space in the host"),
        pytest.param("https://a..b.example/", id="empty label"),
        pytest.param("https://exa!mple.com/", id="exclamation mark in the host"),
        pytest.param("https://exa<mple.com/", id="angle bracket in the host"),
        pytest.param("https://example.com:99999/", id="port out of range"),
        pytest.param("https://example.com:port/", id="port in words"),
        pytest.param("https://[::g]/", id="bad IPv6"),
        pytest.param("https://256.256.256.256/", id="bad IPv4"),
        pytest.param("https://xn--a.com/", id="bad punycode"),
        pytest.param("https://example.com/\ud800", id="lone surrogate"),
        pytest.param("https://example.com/?a&\tap;b", id="entity with a tab in it"),
        pytest.param("https://example.com/?a&a&Tab;mp;lt;", id="entity with an encoded tab in it"),
        pytest.param("https://example.com/?a&#3&#56;;b", id="entity with an entity in it"),
        pytest.param("https://example.com/a&?#38;", id="entity around an empty query"),
    ],
)
def test_a_text_that_is_no_web_url_gives_none(written: str) -> None:
    assert absolute_url(written) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("a.png", "https://www.example.com/news/2020/a.png", id="file"),
        pytest.param("./a b.png", "https://www.example.com/news/2020/a%20b.png", id="file here"),
        pytest.param("../a.png", "https://www.example.com/news/a.png", id="upwards"),
        pytest.param("../../../../a.png", "https://www.example.com/a.png", id="above the root"),
        pytest.param("/a.png?x=1&amp;y=2", "https://www.example.com/a.png?x=1&y=2", id="path"),
        pytest.param("?page=2", "https://www.example.com/news/2020/?page=2", id="query"),
        pytest.param("//cdn.example.com/a", "https://cdn.example.com/a", id="protocol-relative"),
        pytest.param("http://other.example.com/a", "http://other.example.com/a", id="absolute"),
        pytest.param("example.com/a", "https://example.com/a", id="domain without scheme"),
        pytest.param("12:30.png", "https://www.example.com/news/2020/12:30.png", id="colon"),
        pytest.param("javascript:alert(1)", None, id="javascript"),
        pytest.param("data:,a", None, id="data"),
        pytest.param("mailto:a@example.com", None, id="mailto"),
        pytest.param("", None, id="empty is the document itself"),
        pytest.param(" ", None, id="blank is the document itself"),
        pytest.param("#top", None, id="fragment of the document itself"),
        pytest.param("a\ud800", None, id="lone surrogate"),
    ],
)
def test_a_relative_url_is_resolved_against_the_base(written: str, expected: str | None) -> None:
    assert absolute_url(written, BASE) == expected


@pytest.mark.parametrize("base", ["", "no address", "mailto:a@example.com"])
def test_an_invalid_base_resolves_nothing(base: str) -> None:
    assert absolute_url("/a.png", base) is None


@given(anything, bases)
@example("https://example.com/?a=&amp;amp;amp;lt;", None)
@example("https://example.com/#a#b", None)
@example("\ud800", BASE)
@settings(deadline=None, max_examples=examples(500))
def test_any_text_gives_a_valid_url_or_none(text: str, base: str | None) -> None:
    url = absolute_url(text, base)
    assert url is None or (url.isascii() and VALID.fullmatch(url))


@given(anything, bases)
@example("https://example.com/?a=&amp;amp;lt;", None)
@example("a&map;b&\tap;", BASE)
@settings(deadline=None, max_examples=examples(500))
def test_absolute_url_is_idempotent(text: str, base: str | None) -> None:
    url = absolute_url(text, base)
    assert url is None or absolute_url(url) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://example.com/a", "https://example.com/a", id="canonical already"),
        pytest.param("http://example.com/a", "https://example.com/a", id="http"),
        pytest.param("https://www.example.com/a", "https://example.com/a", id="www."),
        pytest.param("https://www.www.example.com/a", "https://example.com/a", id="www. twice"),
        pytest.param("https://www2.example.com/a", "https://www2.example.com/a", id="www2. stays"),
        pytest.param("https://www.com/a", "https://www.com/a", id="www. is the domain"),
        pytest.param("https://www.com./a", "https://www.com/a", id="www. is the domain, with a trailing dot"),
        pytest.param("https://Example.COM/A", "https://example.com/A", id="case of the host"),
        pytest.param("https://example.com./a", "https://example.com/a", id="trailing dot"),
        pytest.param("https://example.com:443/a", "https://example.com/a", id="port 443"),
        pytest.param("http://example.com:80/a", "https://example.com/a", id="port 80"),
        pytest.param("http://example.com:443/a", "https://example.com/a", id="port 443 of http"),
        pytest.param("https://example.com:80/a", "https://example.com/a", id="port 80 of https"),
        pytest.param("https://example.com:8443/a", "https://example.com:8443/a", id="other port stays"),
        pytest.param("https://example.com/a#top", "https://example.com/a", id="fragment"),
        pytest.param("https://example.com/a?x=1#top", "https://example.com/a?x=1", id="fragment after a query"),
        pytest.param("https://example.com/a/", "https://example.com/a", id="trailing slash"),
        pytest.param("https://example.com/a//", "https://example.com/a", id="trailing slashes"),
        pytest.param("https://example.com/a/?x=1", "https://example.com/a?x=1", id="slash before a query"),
        pytest.param("https://example.com/", "https://example.com/", id="root"),
        pytest.param("https://www.example.com", "https://example.com/", id="root without a slash"),
        pytest.param("https://example.com/?x=1", "https://example.com/?x=1", id="query of the root"),
        pytest.param("https://example.com/a?", "https://example.com/a", id="empty query"),
        pytest.param("https://example.com/a?&x=1&&y=2&", "https://example.com/a?x=1&y=2", id="empty parameters"),
        pytest.param("https://example.com/a?b=2&a=1&b=1", "https://example.com/a?b=2&a=1&b=1", id="order of the query"),
        pytest.param("https://example.com/a?x", "https://example.com/a?x", id="parameter without a value"),
        pytest.param("https://example.com/a?x=", "https://example.com/a?x=", id="parameter with an empty value"),
        pytest.param("https://example.com/%7Eada/%61", "https://example.com/~ada/a", id="needless escapes"),
        pytest.param("https://example.com/%c3%a9%2f", "https://example.com/%C3%A9%2F", id="case of escapes"),
        pytest.param("https://example.com/A/b", "https://example.com/A/b", id="case of the path stays"),
    ],
)
def test_the_canonical_url(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    "parameter",
    [
        "utm_source=x",
        "utm_medium=x",
        "utm_campaign=x",
        "utm_anything=x",
        "UTM_Source=x",
        "utm_source",
        "%75tm_source=x",
        "fbclid=x",
        "gclid=x",
        "gclsrc=x",
        "gbraid=x",
        "wbraid=x",
        "dclid=x",
        "msclkid=x",
        "yclid=x",
        "twclid=x",
        "ttclid=x",
        "li_fat_id=x",
        "igshid=x",
        "igsh=x",
        "mc_cid=x",
        "mc_eid=x",
        "_hsenc=x",
        "_hsmi=x",
        "mkt_tok=x",
        "vero_id=x",
        "oly_anon_id=x",
        "oly_enc_id=x",
        "wickedid=x",
        "rb_clickid=x",
        "s_cid=x",
    ],
)
def test_tracking_parameters_are_removed(parameter: str) -> None:
    assert canonical_url(f"https://example.com/a?x=1&{parameter}&y=2") == "https://example.com/a?x=1&y=2"
    assert canonical_url(f"https://example.com/a?{parameter}") == "https://example.com/a"


@pytest.mark.parametrize(
    "parameter", ["utm=1", "xutm_source=1", "gclid2=1", "x=utm_source", "fbclid_id=1", "id=1", "s=1"]
)
def test_other_parameters_stay(parameter: str) -> None:
    assert canonical_url(f"https://example.com/a?{parameter}") == f"https://example.com/a?{parameter}"


@given(anything)
@example("https://www.www.example.com/")
@example("https://example.com/?%75tm_source=x&%2575tm_source=x")
@example("https://example.com/%%341")
@settings(deadline=None, max_examples=examples(500))
def test_a_canonical_url_is_valid_and_canonical(text: str) -> None:
    url = absolute_url(text)
    if url is not None:
        canonical = canonical_url(url)
        assert VALID.fullmatch(canonical)
        assert absolute_url(canonical) == canonical
        assert canonical_url(canonical) == canonical


@given(anything)
@settings(deadline=None)
def test_a_url_and_its_canonical_form_have_the_same_domain(text: str) -> None:
    url = absolute_url(text)
    if url is not None:
        assert domain_of(canonical_url(url)) == domain_of(url)


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        pytest.param("https://example.com/a", "example.com", id="host"),
        pytest.param("https://www.example.com/a", "example.com", id="www."),
        pytest.param("https://news.Example.com:8080/a", "news.example.com", id="subdomain, port"),
        pytest.param("https://www.com/", "www.com", id="www. is the domain"),
        pytest.param("https://www.com./", "www.com", id="www. is the domain, with a trailing dot"),
        pytest.param("https://example.com./", "example.com", id="trailing dot"),
        pytest.param("https://münchen.example/", "xn--mnchen-3ya.example", id="IDN"),
    ],
)
def test_the_domain_of_a_url(url: str, domain: str) -> None:
    assert domain_of(url) == domain


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        pytest.param("example.com", "example.com", id="domain"),
        pytest.param("WWW.Example.COM", "example.com", id="www. in upper case"),
        pytest.param("https://www.example.com/news", "example.com", id="URL"),
        pytest.param("//example.com", "example.com", id="protocol-relative"),
        pytest.param("example.com/news", "example.com", id="domain and path"),
        pytest.param("example.com:8080", "example.com", id="domain and port"),
        pytest.param("münchen.example", "xn--mnchen-3ya.example", id="IDN"),
        pytest.param("localhost", "localhost", id="one label"),
        pytest.param("", None, id="empty"),
        pytest.param("Example News", None, id="name"),
        pytest.param("example..com", None, id="empty label"),
        pytest.param("192.168.0.1", "192.168.0.1", id="IPv4"),
        pytest.param("12", None, id="number"),
        pytest.param("0x7f.1", None, id="number in another form"),
        pytest.param("-", None, id="hyphen"),
        pytest.param("a.-.com", None, id="label without a letter"),
        pytest.param("_a-b.-c-.__1", "_a-b.-c-.__1", id="labels with hyphens and underscores"),
        pytest.param(".com", None, id="leading dot"),
        pytest.param("ex%61mple.com", None, id="escape"),
        pytest.param("javascript://example.com", None, id="other scheme"),
        pytest.param("/news", None, id="path"),
        pytest.param("xn--a.com", None, id="bad punycode"),
        pytest.param("?", None, id="query"),
        pytest.param("\ud800", None, id="lone surrogate"),
    ],
)
def test_a_domain_is_a_host_or_a_url(text: str, domain: str | None) -> None:
    assert valid_domain(text) == domain


@given(anything)
@settings(deadline=None)
def test_valid_domain_is_idempotent(text: str) -> None:
    domain = valid_domain(text)
    assert domain is None or valid_domain(domain) == domain
