"""Published content: which parts of a body survive, and one URL for an image in every place where readers look."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import lxml.html
import pytest
from lxml import etree

if TYPE_CHECKING:
    from tests.support.site import Site

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
MEDIA = "{http://search.yahoo.com/mrss/}"


def parsed(content: str) -> etree._Element:
    return lxml.html.fragment_fromstring(content, create_parent="div")


def images_of(content: str) -> list[etree._Element]:
    return list(parsed(content).iter("img"))


def image_urls(content: str) -> list[str | None]:
    return [image.get("src") for image in images_of(content)]


class Unbalanced(HTMLParser):
    """The tags that are not closed, or closed without being open."""

    VOID = frozenset({"br", "col", "hr", "img", "source", "wbr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1:] == [tag]:
            self.open.pop()
        else:
            self.wrong.append(tag)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://i.example/a.jpg", id="plain"),
        pytest.param("https://i.example/a.jpg?w=1&h=2", id="ampersand"),
        pytest.param("https://i.example/it's.jpg", id="apostrophe"),
        pytest.param("https://i.example/(a)[1];b=c,d!*.jpg", id="punctuation"),
        pytest.param("https://i.example/a b ü.jpg", id="encoded"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param('<p><img src="{}"></p>', id="HTML"),
        pytest.param('<p><img alt="x > y" title="z" src="{}" width="3"></p>', id="among other attributes"),
        pytest.param("Text and ![a picture](<{}>)", id="Markdown"),
    ],
)
def test_an_image_that_the_body_shows_is_not_shown_twice(site: Site, address: str, body: str) -> None:
    front_matter = {"title": "A", "webUrl": "https://story.example/a", "publishedDateTime": "2020-06-10"}
    site.article("a.md", json.dumps(front_matter | {"images": [{"url": address}]}), body.format(address))
    site.regenerate()
    item = json.loads(site.documents()["all.json"])["items"][0]
    assert image_urls(item["content_html"]) == [item["image"]]


BODIES = [
    pytest.param('<iframe src="https://x.example/"></iframe>', "<iframe", id="iframe"),
    pytest.param("<script>alert(1)</script>", "alert", id="script"),
    pytest.param("<style>p {color: red}</style>", "color", id="style element"),
    pytest.param('<b style="color: red">b</b>', "style", id="style attribute"),
    pytest.param('<b onclick="alert(1)">b</b>', "onclick", id="event handler"),
    pytest.param('<a href="javascript:alert(1)">a</a>', "javascript", id="javascript link"),
    pytest.param('<a href=" &#106;avascript:alert(1)">a</a>', "alert", id="hidden javascript link"),
    pytest.param("[a](javascript:alert(1))", 'href="javascript', id="javascript link in Markdown"),
    pytest.param('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', "data:", id="data address"),
    pytest.param("<object data='https://x.example/'></object>", "<object", id="object"),
    pytest.param('<form action="https://x.example/"><input name="q"></form>', "<input", id="form"),
    pytest.param('<img src="https://x.example/a.png" srcset="/b.png 2x">', "srcset", id="srcset"),
]


def json_content(site: Site, body: str) -> str:
    site.article("a.md", "{title: A, webUrl: 'https://story.example/a', publishedDateTime: 2020-06-10}", body)
    site.regenerate()
    (item,) = json.loads(site.documents()["all.json"])["items"]
    return str(item["content_html"])


@pytest.mark.parametrize(("body", "gone"), BODIES)
def test_scripts_and_frames_are_removed(site: Site, body: str, gone: str) -> None:
    content = json_content(site, f"<p>before</p>\n\n{body}\n\n<p>after</p>")
    assert gone not in content
    assert "<p>before</p>" in content
    assert "<p>after</p>" in content


@pytest.mark.parametrize(
    ("body", "address"),
    [
        pytest.param('<a href="../up.html">a</a>', "https://story.example/up.html", id="link"),
        pytest.param('<img src="a b.png">', "https://story.example/a%20b.png", id="image"),
        pytest.param("[a](/down.html)", "https://story.example/down.html", id="Markdown"),
        pytest.param('<a href="#part">a</a>', "https://story.example/a#part", id="fragment"),
        pytest.param("[a](#part)", "https://story.example/a#part", id="fragment in Markdown"),
        pytest.param('<a href="//other.example/a">a</a>', "https://other.example/a", id="no scheme"),
        pytest.param('<a href="mailto:a@example.com">a</a>', "mailto:a@example.com", id="mail"),
    ],
)
def test_a_relative_url_in_a_body_follows_the_url_of_the_entry(site: Site, body: str, address: str) -> None:
    """The base URL of the site is for the front matter."""
    site.configure(
        """\
        site: {title: Test Wire, url: https://feeds.example.com/}
        source: {articles: [../articles], base_url: https://www.example.com/news/}
        """
    )
    assert f'"{address}"' in json_content(site, body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<p>a<b>b<i>c</b>d</i>", id="crossed"),
        pytest.param("</div></p>a</section>", id="closed without being opened"),
        pytest.param("<ul><li>a<li>b<table><tr><td>c", id="never closed"),
        pytest.param("**a** <div> *b*\n\nc</span>", id="Markdown and HTML"),
        pytest.param("<!-- a", id="comment"),
        pytest.param('<a href="x', id="cut off"),
    ],
)
def test_tags_are_balanced(site: Site, body: str) -> None:
    found = Unbalanced(json_content(site, body))
    assert (found.open, found.wrong) == ([], [])


@pytest.mark.parametrize(
    ("written", "address"),
    [
        pytest.param("https://i.example/a.jpg", "https://i.example/a.jpg", id="plain"),
        pytest.param("https://i.example/a.jpg?w=1&h=2", "https://i.example/a.jpg?w=1&h=2", id="ampersand"),
        pytest.param("https://i.example/a.jpg?w=1&#038;h=2", "https://i.example/a.jpg?w=1&h=2", id="numeric entity"),
        pytest.param("https://i.example/a.jpg?w=1&amp;h=2", "https://i.example/a.jpg?w=1&h=2", id="named entity"),
        pytest.param("https://i.example/a b.jpg", "https://i.example/a%20b.jpg", id="space"),
        pytest.param("https://i.example/ü.jpg", "https://i.example/%C3%BC.jpg", id="letter beyond ASCII"),
        pytest.param("https://bücher.example/a.jpg", "https://xn--bcher-kva.example/a.jpg", id="domain beyond ASCII"),
        pytest.param("//i.example/a.jpg", "https://i.example/a.jpg", id="no scheme"),
        pytest.param("/a.jpg", "https://www.example.com/a.jpg", id="relative"),
        pytest.param("https://i.example/it's[1].jpg", "https://i.example/it's%5B1%5D.jpg", id="punctuation"),
        pytest.param("https://i.example/%7Ea/%zz.jpg", "https://i.example/%7Ea/%25zz.jpg", id="broken escape"),
    ],
)
def test_an_image_has_the_same_url_everywhere(site: Site, written: str, address: str) -> None:
    site.configure(
        """\
        site: {title: Test Wire, url: https://feeds.example.com/}
        source: {articles: [../articles], base_url: https://www.example.com/}
        """
    )
    front_matter = {"title": "A", "webUrl": "https://story.example/a", "publishedDateTime": "2020-06-10"}
    site.article("a.md", json.dumps(front_matter | {"images": [{"url": written}]}))
    site.regenerate()
    assert image_urls_of(site.documents()) == {place: [address] for place in PLACES}


PLACES = (
    "RSS enclosure",
    "RSS media:content",
    "RSS media:thumbnail",
    "RSS img",
    "Atom link",
    "Atom media:content",
    "Atom media:thumbnail",
    "Atom img",
    "JSON image",
    "JSON attachment",
    "JSON img",
)


def image_urls_of(documents: dict[str, bytes]) -> dict[str, list[str | None]]:
    rss, atom = etree.fromstring(documents["all.rss"]), etree.fromstring(documents["all.atom"])
    (item,) = json.loads(documents["all.json"])["items"]
    found = (
        [enclosure.get("url") for enclosure in rss.iter("enclosure")],
        [content.get("url") for content in rss.iter(f"{MEDIA}content")],
        [thumbnail.get("url") for thumbnail in rss.iter(f"{MEDIA}thumbnail")],
        image_urls("".join(content.text or "" for content in rss.iter(f"{CONTENT}encoded"))),
        [link.get("href") for link in atom.iter(f"{ATOM}link") if link.get("rel") == "enclosure"],
        [content.get("url") for content in atom.iter(f"{MEDIA}content")],
        [thumbnail.get("url") for thumbnail in atom.iter(f"{MEDIA}thumbnail")],
        image_urls("".join(content.text or "" for content in atom.iter(f"{ATOM}content"))),
        [item["image"]],
        [attachment["url"] for attachment in item["attachments"]],
        image_urls(item["content_html"]),
    )
    return dict(zip(PLACES, found, strict=True))
