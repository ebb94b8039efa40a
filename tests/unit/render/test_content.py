"""The HTML of an entry, and the addresses of its pictures in every place where readers look for them."""

from __future__ import annotations

import datetime as dt
import json
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import lxml.html
import pytest
from lxml import etree
from msgspec.structs import replace

from feeds.models import Enclosure, Entry, Feed, Link, Provider
from feeds.render.content import render_content
from tests.support.clocks import within

if TYPE_CHECKING:
    from tests.support.site import Site

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
MEDIA = "{http://search.yahoo.com/mrss/}"

PICTURE = Enclosure(href="https://i.example/a.jpg?w=1&h=2", type="image/jpeg", title="A picture", width=640, height=480)
CHART = Enclosure(href="https://i.example/b.png", type="image/png")
FILM = Enclosure(href="https://i.example/c.mp4", type="video/mp4")
ENTRY = Entry(
    id="https://techcrunch.com/a",
    link="https://techcrunch.com/a?x=1&y=2",
    title="A title",
    published=dt.datetime(2020, 6, 11, 23, 9, tzinfo=dt.UTC),
    updated=dt.datetime(2020, 6, 12, tzinfo=dt.UTC),
    provider=Provider(domain="techcrunch.com", name="TechCrunch"),
    path="a.md",
    is_article=True,
)
RELATED = (
    Link(href="https://other.example/1?a=1&b=2", title="First", provider="Other"),
    Link(href="https://another.example/2", title="Second", provider="Another"),
)
FEED = Feed(
    path="all",
    kind="all",
    name="A feed",
    title="A feed",
    site_title="A site",
    description="A description",
    base_url="https://feeds.example.com/",
    language="en",
)

ATTRIBUTION = (
    '<p><a href="https://techcrunch.com/a?x=1&amp;y=2">TechCrunch</a>, '
    '<time datetime="2020-06-11">11 June 2020</time></p>'
)
HOSTILE = "\"'><script>alert(1)</script><b>&amp;"


def content_of(entry: Entry, **of_feed: Any) -> str:
    return render_content(entry, replace(FEED, **of_feed))


def parsed(content: str) -> etree._Element:
    return lxml.html.fragment_fromstring(content, create_parent="div")


def images_of(content: str) -> list[etree._Element]:
    return list(parsed(content).iter("img"))


def pictures(content: str) -> list[str | None]:
    return [image.get("src") for image in images_of(content)]


def text_of(element: etree._Element) -> str:
    return "".join(str(text) for text in element.itertext())


class Unbalanced(HTMLParser):
    """Collects the tags that are not closed, or closed without having been opened."""

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


def test_a_bare_entry_shows_who_published_it_and_when() -> None:
    assert content_of(ENTRY) == ATTRIBUTION


def test_the_attribution_reads_as_a_line_of_text() -> None:
    assert text_of(parsed(content_of(ENTRY))) == "TechCrunch, 11 June 2020"


@pytest.mark.parametrize(
    ("language", "date"),
    [
        pytest.param("en", "11 June 2020", id="en"),
        pytest.param("en-GB", "11 June 2020", id="en-GB"),
        pytest.param("EN-us", "11 June 2020", id="EN-us"),
        pytest.param("de", "2020-06-11", id="de"),
        pytest.param("pt-BR", "2020-06-11", id="pt-BR"),
        pytest.param("enm", "2020-06-11", id="enm, Middle English"),
    ],
)
def test_a_date_is_in_words_in_english_and_iso_elsewhere(language: str, date: str) -> None:
    assert text_of(parsed(content_of(ENTRY, language=language))) == f"TechCrunch, {date}"


def test_the_date_is_that_of_publication() -> None:
    assert "2020-06-12" not in content_of(ENTRY)


def test_a_picture_has_its_size_and_a_text_in_its_place() -> None:
    assert content_of(replace(ENTRY, enclosures=(PICTURE,))) == (
        '<figure><img src="https://i.example/a.jpg?w=1&amp;h=2" alt="A picture" width="640" height="480"></figure>\n'
        + ATTRIBUTION
    )


def test_the_text_in_place_of_a_picture_without_a_title_is_that_of_the_entry() -> None:
    assert [image.get("alt") for image in images_of(content_of(replace(ENTRY, enclosures=(CHART,))))] == ["A title"]


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        pytest.param(640, None, {"width": "640"}, id="width only"),
        pytest.param(None, 480, {"height": "480"}, id="height only"),
        pytest.param(0, 0, {}, id="zero"),
        pytest.param(None, None, {}, id="missing"),
    ],
)
def test_an_unknown_size_is_left_out(width: int | None, height: int | None, expected: dict[str, str]) -> None:
    (image,) = images_of(content_of(replace(ENTRY, enclosures=(replace(PICTURE, width=width, height=height),))))
    assert {name: image.get(name) for name in ("width", "height") if image.get(name)} == expected


def test_the_parts_come_in_order() -> None:
    entry = replace(ENTRY, body="<p>A body</p>", enclosures=(PICTURE, CHART), related=RELATED)
    content = content_of(entry)
    places = [content.index(part) for part in ("a.jpg", "A body", "b.png", "TechCrunch", "First")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param("all", [PICTURE.href, CHART.href], id="all"),
        pytest.param("first", [PICTURE.href], id="first"),
        pytest.param("off", [], id="off"),
    ],
)
def test_images_decides_which_pictures_show(images: str, expected: list[str]) -> None:
    assert pictures(content_of(replace(ENTRY, enclosures=(PICTURE, CHART)), images=images)) == expected


def test_what_is_no_picture_is_not_shown_as_one() -> None:
    assert pictures(content_of(replace(ENTRY, enclosures=(FILM, CHART)))) == [CHART.href]


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
def test_a_picture_that_the_body_shows_is_not_shown_twice(site: Site, address: str, body: str) -> None:
    front_matter = {"title": "A", "webUrl": "https://story.example/a", "publishedDateTime": "2020-06-10"}
    site.article("a.md", json.dumps(front_matter | {"images": [{"url": address}]}), body.format(address))
    site.regenerate()
    item = json.loads(site.documents()["all.json"])["items"][0]
    assert pictures(item["content_html"]) == [item["image"]]


def test_a_picture_whose_address_the_body_only_mentions_is_shown() -> None:
    entry = replace(ENTRY, body=f'<pre>&lt;img src="{CHART.href}"&gt;</pre>', enclosures=(CHART,))
    assert pictures(content_of(entry)) == [CHART.href]


def test_very_many_pictures_are_looked_for_once() -> None:
    """For each of them through all of the body would take minutes."""
    pictures_of_it = tuple(replace(CHART, href=f"https://i.example/{number}.png?a&b") for number in range(16_000))
    body = "".join(f'<img alt="" src="{escape(picture.href)}">' for picture in pictures_of_it[1:])
    with within(seconds=5):
        assert content_of(replace(ENTRY, body=body, enclosures=pictures_of_it)).count("<img ") == 16_000


def test_a_picture_of_a_body_that_is_not_shown_is_shown() -> None:
    entry = replace(ENTRY, body=f'<p><img src="{CHART.href}"></p>', enclosures=(CHART,))
    assert pictures(content_of(entry, content="summary")) == [CHART.href]


@pytest.mark.parametrize(
    ("content", "body", "summary", "expected"),
    [
        pytest.param("full", "<p>A body</p>", "A summary", "<p>A body</p>\n", id="the body"),
        pytest.param("full", "", "A summary", "<p>A summary</p>\n", id="no body"),
        pytest.param("summary", "<p>A body</p>", "A summary", "<p>A summary</p>\n", id="the summary"),
        pytest.param("summary", "<p>A body</p>", None, "", id="no summary"),
        pytest.param("full", "", None, "", id="neither"),
    ],
)
def test_content_is_the_body_or_the_summary(content: str, body: str, summary: str | None, expected: str) -> None:
    assert content_of(replace(ENTRY, body=body, summary=summary), content=content) == expected + ATTRIBUTION


def test_related_coverage_is_a_list_of_links_with_providers() -> None:
    assert content_of(replace(ENTRY, related=RELATED)) == (
        f"{ATTRIBUTION}\n"
        "<p><strong>Related coverage</strong></p>\n"
        "<ul>\n"
        '<li><a href="https://other.example/1?a=1&amp;b=2">First</a> (Other)</li>\n'
        '<li><a href="https://another.example/2">Second</a> (Another)</li>\n'
        "</ul>"
    )


def test_the_heading_of_related_coverage_is_the_one_configured() -> None:
    content = content_of(replace(ENTRY, related=RELATED), related_title="Mehr dazu")
    assert [heading.text for heading in parsed(content).iter("strong")] == ["Mehr dazu"]


def test_related_coverage_can_be_switched_off() -> None:
    assert content_of(replace(ENTRY, related=RELATED), shows_related=False) == ATTRIBUTION


@pytest.mark.parametrize(
    ("entry", "of_feed", "shown"),
    [
        pytest.param(replace(ENTRY, summary=HOSTILE), {}, HOSTILE, id="summary"),
        pytest.param(
            replace(ENTRY, provider=Provider(domain="p.example", name=HOSTILE)), {}, f"{HOSTILE}, 11", id="provider"
        ),
        pytest.param(
            replace(ENTRY, related=(replace(RELATED[0], title=HOSTILE),)), {}, f"{HOSTILE} (Other)", id="related title"
        ),
        pytest.param(
            replace(ENTRY, related=(replace(RELATED[0], provider=HOSTILE),)), {}, f"({HOSTILE})", id="related provider"
        ),
        pytest.param(replace(ENTRY, related=RELATED), {"related_title": HOSTILE}, HOSTILE, id="heading"),
    ],
)
def test_a_text_shows_as_it_is_written(entry: Entry, of_feed: dict[str, str], shown: str) -> None:
    content = parsed(content_of(entry, **of_feed))
    assert shown in text_of(content)
    assert content.find(".//script") is content.find(".//b") is None


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(replace(ENTRY, enclosures=(replace(CHART, title=HOSTILE),)), id="its title"),
        pytest.param(replace(ENTRY, title=HOSTILE, enclosures=(CHART,)), id="the title of the entry"),
    ],
)
def test_the_text_in_place_of_a_picture_is_as_it_is_written(entry: Entry) -> None:
    content = content_of(entry)
    assert [image.get("alt") for image in images_of(content)] == [HOSTILE]
    assert parsed(content).find(".//script") is None


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
    pytest.param('<a href="../up.html">a</a>', "up.html", id="relative link"),
    pytest.param('<img src="/pictures/a.png">', "a.png", id="relative picture"),
    pytest.param('<a href="#part">a</a>', "#part", id="fragment link"),
    pytest.param("[a](#part)", "#part", id="fragment link in Markdown"),
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
def test_nothing_that_runs_frames_or_points_nowhere_survives(site: Site, body: str, gone: str) -> None:
    content = json_content(site, f"<p>before</p>\n\n{body}\n\n<p>after</p>")
    assert gone not in content
    assert "<p>before</p>" in content
    assert "<p>after</p>" in content


@pytest.mark.parametrize(("body", "gone"), [case for case in BODIES if "fragment" in str(case.id)])
def test_a_base_address_brings_no_fragment_link_back(site: Site, body: str, gone: str) -> None:
    site.configure(
        """\
        site: {title: Test Wire, url: https://feeds.example.com/}
        source: {articles: [../articles], base_url: https://www.example.com/news/}
        """
    )
    assert gone not in json_content(site, body)


@pytest.mark.parametrize(
    ("body", "address"),
    [
        pytest.param('<a href="../up.html">a</a>', "https://www.example.com/up.html", id="link"),
        pytest.param('<img src="a b.png">', "https://www.example.com/news/a%20b.png", id="picture"),
        pytest.param("[a](/down.html)", "https://www.example.com/down.html", id="Markdown"),
        pytest.param('<a href="//other.example/a">a</a>', "https://other.example/a", id="no scheme"),
        pytest.param('<a href="mailto:a@example.com">a</a>', "mailto:a@example.com", id="mail"),
    ],
)
def test_a_relative_address_in_a_body_is_resolved(site: Site, body: str, address: str) -> None:
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
def test_a_picture_has_one_address_everywhere(site: Site, written: str, address: str) -> None:
    site.configure(
        """\
        site: {title: Test Wire, url: https://feeds.example.com/}
        source: {articles: [../articles], base_url: https://www.example.com/}
        """
    )
    front_matter = {"title": "A", "webUrl": "https://story.example/a", "publishedDateTime": "2020-06-10"}
    site.article("a.md", json.dumps(front_matter | {"images": [{"url": written}]}))
    site.regenerate()
    assert picture_addresses(site.documents()) == {place: [address] for place in PLACES}


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


def picture_addresses(documents: dict[str, bytes]) -> dict[str, list[str | None]]:
    rss, atom = etree.fromstring(documents["all.rss"]), etree.fromstring(documents["all.atom"])
    (item,) = json.loads(documents["all.json"])["items"]
    found = (
        [enclosure.get("url") for enclosure in rss.iter("enclosure")],
        [content.get("url") for content in rss.iter(f"{MEDIA}content")],
        [thumbnail.get("url") for thumbnail in rss.iter(f"{MEDIA}thumbnail")],
        pictures("".join(content.text or "" for content in rss.iter(f"{CONTENT}encoded"))),
        [link.get("href") for link in atom.iter(f"{ATOM}link") if link.get("rel") == "enclosure"],
        [content.get("url") for content in atom.iter(f"{MEDIA}content")],
        [thumbnail.get("url") for thumbnail in atom.iter(f"{MEDIA}thumbnail")],
        pictures("".join(content.text or "" for content in atom.iter(f"{ATOM}content"))),
        [item["image"]],
        [attachment["url"] for attachment in item["attachments"]],
        pictures(item["content_html"]),
    )
    return dict(zip(PLACES, found, strict=True))
