"""Enclosures from image metadata: URLs, types, sizes, and diagnostics for images without a valid URL."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.content.enclosures import derive_enclosures
from feeds.errors import Diagnostic
from feeds.http.enclosure_types import enclosure_type as media_type
from feeds.models import Enclosure, Image
from feeds.text.urls import absolute_url

BASE = "https://www.example.com/news/"


def derive(*images: Image, base: str | None = None) -> tuple[Enclosure, ...]:
    """The enclosures of valid images."""
    enclosures, diagnostics = derive_enclosures(images, base)
    assert diagnostics == []
    return enclosures


def hrefs(*urls: str, base: str | None = None) -> list[str]:
    return [enclosure.href for enclosure in derive(*(Image(url=url) for url in urls), base=base)]


def messages(url: str, base: str | None = None) -> list[str]:
    """The messages about an invalid image."""
    enclosures, diagnostics = derive_enclosures([Image(url=url)], base)
    assert enclosures == ()
    return [diagnostic.message for diagnostic in diagnostics]


def test_all_metadata_is_kept() -> None:
    image = Image(url="https://example.com/a.png", title="A", type="image/png", length=1234, width=800, height=600)
    assert derive(image) == (
        Enclosure(href="https://example.com/a.png", type="image/png", title="A", length=1234, width=800, height=600),
    )


def test_a_url_is_enough() -> None:
    assert derive(Image(url="https://example.com/a.png")) == (
        Enclosure(href="https://example.com/a.png", type="image/png"),
    )


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ("apng", "image/apng"),
        ("avif", "image/avif"),
        ("bmp", "image/bmp"),
        ("gif", "image/gif"),
        ("heic", "image/heic"),
        ("ico", "image/vnd.microsoft.icon"),
        ("jfif", "image/jpeg"),
        ("jpe", "image/jpeg"),
        ("jpeg", "image/jpeg"),
        ("jpg", "image/jpeg"),
        ("jxl", "image/jxl"),
        ("pjpg", "image/jpeg"),
        ("png", "image/png"),
        ("svg", "image/svg+xml"),
        ("tif", "image/tiff"),
        ("tiff", "image/tiff"),
        ("webp", "image/webp"),
    ],
)
def test_the_type_follows_from_the_extension(extension: str, expected: str) -> None:
    assert media_type(f"https://example.com/a.{extension}") == expected
    assert media_type(f"https://example.com/a.b.{extension.upper()}?w=1#x") == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        pytest.param("https://example.com/a?format=png", "image/png", id="format"),
        pytest.param("https://example.com/a?fm=webp&w=800", "image/webp", id="fm"),
        pytest.param("https://example.com/a?w=800&FORMAT=PNG", "image/png", id="upper case"),
        pytest.param("https://example.com/a.png?format=webp", "image/png", id="the extension comes first"),
        pytest.param("https://example.com/a.php?format=gif", "image/gif", id="unknown extension"),
        pytest.param("https://example.com/a?format=auto&fm=png", "image/png", id="unknown format, then a known one"),
        pytest.param("https://example.com/a?format=auto", "image/jpeg", id="unknown format"),
        pytest.param("https://example.com/a?format=", "image/jpeg", id="empty format"),
        pytest.param("https://example.com/a?type=png", "image/jpeg", id="another parameter"),
        pytest.param("https://example.com/a?file=b.png", "image/jpeg", id="extension in the query"),
        pytest.param("https://example.com/a#b.png", "image/jpeg", id="extension in the fragment"),
        pytest.param("https://example.com/a?w=1#?format=png", "image/jpeg", id="format in the fragment"),
        pytest.param("https://example.com/a.png/large", "image/jpeg", id="extension of a folder"),
        pytest.param("https://example.png/", "image/jpeg", id="extension of the host"),
        pytest.param("https://example.com/png", "image/jpeg", id="no dot"),
        pytest.param("https://example.com/a.", "image/jpeg", id="dot at the end"),
        pytest.param("https://example.com", "image/jpeg", id="no path"),
        pytest.param("https://[::1]/a.gif", "image/gif", id="IPv6"),
    ],
)
def test_without_an_extension_the_type_follows_from_a_parameter_or_is_jpeg(href: str, expected: str) -> None:
    assert media_type(href) == expected


@pytest.mark.parametrize(
    ("given_type", "expected"),
    [
        pytest.param("image/webp", "image/webp", id="given beats the extension"),
        pytest.param("IMAGE/WebP", "image/webp", id="upper case"),
        pytest.param("image/svg+xml", "image/svg+xml", id="plus"),
        pytest.param("image/vnd.microsoft.icon", "image/vnd.microsoft.icon", id="dots"),
        pytest.param("video/mp4", "video/mp4", id="not an image"),
        pytest.param("webp", "image/png", id="no slash"),
        pytest.param("image/", "image/png", id="no subtype"),
        pytest.param("image/png; q=1", "image/png", id="parameters"),
        pytest.param("a picture", "image/png", id="words"),
        pytest.param("", "image/png", id="empty"),
        pytest.param(None, "image/png", id="none"),
    ],
)
def test_a_given_type_is_used_if_it_is_valid(given_type: str | None, expected: str) -> None:
    (enclosure,) = derive(Image(url="https://example.com/a.png", type=given_type))
    assert enclosure.type == expected


@pytest.mark.parametrize(("number", "expected"), [(800, 800), (1, 1), (0, None), (-1, None), (None, None)])
def test_sizes_of_zero_or_less_are_unknown(number: int | None, expected: int | None) -> None:
    (enclosure,) = derive(Image(url="https://example.com/a.png", length=number, width=number, height=number))
    assert (enclosure.length, enclosure.width, enclosure.height) == (expected, expected, expected)


@pytest.mark.parametrize(
    ("url", "href"),
    [
        pytest.param("https://e.example/?a=1&#038;b=2", "https://e.example/?a=1&b=2", id="entities"),
        pytest.param("https://e.example/a b.png", "https://e.example/a%20b.png", id="space"),
        pytest.param("https://e.example/é.png", "https://e.example/%C3%A9.png", id="unicode"),
        pytest.param("//e.example/a.png", "https://e.example/a.png", id="protocol-relative"),
        pytest.param("www.e.example/a.png", "https://www.e.example/a.png", id="no scheme"),
        pytest.param("http://e.example/a.png", "http://e.example/a.png", id="http stays"),
    ],
)
def test_a_url_becomes_valid(url: str, href: str) -> None:
    assert hrefs(url) == [href]


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("a.png", "https://www.example.com/news/a.png"),
        ("/a.png", "https://www.example.com/a.png"),
        ("../a b.png", "https://www.example.com/a%20b.png"),
        ("https://e.example/a.png", "https://e.example/a.png"),
    ],
)
def test_a_relative_url_is_resolved_against_the_base_url(url: str, href: str) -> None:
    assert hrefs(url, base=BASE) == [href]


def test_there_is_one_enclosure_per_url_in_the_order_of_the_images() -> None:
    urls = ["https://e.example/b.png", "https://e.example/a.png", "//e.example/b.png", "https://e.example/a.png?w=1"]
    assert hrefs(*urls) == ["https://e.example/b.png", "https://e.example/a.png", "https://e.example/a.png?w=1"]


def test_the_first_of_several_images_with_the_same_url_is_used() -> None:
    first = Image(url="https://e.example/?a=1&amp;b=2", title="first", width=1)
    second = Image(url="https://e.example/?a=1&b=2", title="second", height=2)
    (enclosure,) = derive(first, second)
    assert (enclosure.title, enclosure.width, enclosure.height) == ("first", 1, None)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("", "an image has no url; it is left out", id="empty"),
        pytest.param(" ", "an image has no url; it is left out", id="blank"),
        pytest.param(
            "/a.png",
            "image url is '/a.png', a relative address; expected source.base_url to be set; it is left out",
            id="path",
        ),
        pytest.param(
            "a b.png",
            "image url is 'a b.png', a relative address; expected source.base_url to be set; it is left out",
            id="file",
        ),
        pytest.param(
            "javascript:steal()",
            "image url is 'javascript:steal()'; expected an http or https address; it is left out",
            id="javascript",
        ),
        pytest.param(
            "data:image/gif;base64,AA==",
            "image url is 'data:image/gif;base64,AA=='; expected an http or https address; it is left out",
            id="data",
        ),
        pytest.param(
            "file:///a.png",
            "image url is 'file:///a.png'; expected an http or https address; it is left out",
            id="file:",
        ),
        pytest.param(
            "ftp://e.example/a.png",
            "image url is 'ftp://e.example/a.png'; expected an http or https address; it is left out",
            id="ftp",
        ),
        pytest.param(
            "https://", "image url is 'https://'; expected an http or https address; it is left out", id="no host"
        ),
        pytest.param(
            "https://a b/c.png",
            "image url is 'https://a b/c.png'; expected an http or https address; it is left out",
            id="space in the host",
        ),
        pytest.param("#", "image url is '#'; expected an http or https address; it is left out", id="fragment"),
    ],
)
def test_an_image_without_a_valid_url_is_reported(url: str, message: str) -> None:
    assert messages(url) == [message]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("", "an image has no url; it is left out", id="empty"),
        pytest.param(" ", "an image has no url; it is left out", id="blank"),
        pytest.param("#", "image url is '#'; expected an http or https address; it is left out", id="fragment"),
        pytest.param("data:,a", "image url is 'data:,a'; expected an http or https address; it is left out", id="data"),
    ],
)
def test_a_base_url_does_not_make_an_invalid_url_valid(url: str, message: str) -> None:
    assert messages(url, BASE) == [message]


@pytest.mark.parametrize("url", ["data:image/png;base64," + "A" * 10_000, "/" + "a" * 10_000], ids=["data", "relative"])
def test_a_long_url_is_shortened_in_the_message(url: str) -> None:
    (message,) = messages(url)
    assert message.startswith(f"image url is '{url[:20]}")
    assert len(message) < 200


def test_a_diagnostic_has_the_keys_of_the_image() -> None:
    images = [Image(url="https://e.example/a.png"), Image(url=""), Image(url="https://e.example/b.png"), Image(url="")]
    enclosures, diagnostics = derive_enclosures(images, None, ("related", 2, "images"))
    assert [enclosure.href for enclosure in enclosures] == ["https://e.example/a.png", "https://e.example/b.png"]
    assert diagnostics == [
        Diagnostic(("related", 2, "images", 1, "url"), "an image has no url; it is left out"),
        Diagnostic(("related", 2, "images", 3, "url"), "an image has no url; it is left out"),
    ]


def test_no_images_make_no_enclosures() -> None:
    assert derive_enclosures([], BASE) == ((), [])


@given(st.text(), st.sampled_from([None, BASE]))
@settings(deadline=None)
def test_every_image_is_an_enclosure_or_is_reported(url: str, base: str | None) -> None:
    enclosures, diagnostics = derive_enclosures([Image(url=url)], base)
    assert [enclosure.href for enclosure in enclosures] == [href for href in [absolute_url(url, base)] if href]
    assert len(enclosures) + len(diagnostics) == 1


@given(st.text())
@settings(deadline=None)
def test_any_url_has_an_image_type(text: str) -> None:
    href = absolute_url(f"https://example.com/{text}")
    assert href is None or media_type(href).startswith("image/")
