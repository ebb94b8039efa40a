"""RSS 2.0: the elements of a channel and of an item, their order, and the escaping of their texts."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import feedparser
import lxml.html
import pytest
from lxml import etree
from msgspec.structs import replace

from feeds.checks.rules.people import contact
from feeds.models import Category, Enclosure, Entry, Feed, Link, Person, Provider
from feeds.render import rss
from feeds.render.entries import show_entries
from tests.support import samples
from tests.support.samples import MARKUP
from tests.support.site import NOW

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"

IMAGE = Enclosure(href="https://i.example/a.jpg?w=1&h=2", type="image/jpeg", length=1234, width=640, height=480)
CHART = Enclosure(href="https://i.example/b.png", type="image/png", title="A <b> & c")
FILM = Enclosure(href="https://i.example/c.mp4", type="video/mp4", length=99)
ENTRY = replace(
    samples.ENTRY,
    authors=(Person(name="Ada", uri="https://ada.example/"), Person(name="The Story", uri="https://story.example/")),
    enclosures=(IMAGE, CHART),
)
FEED = replace(
    samples.FEED,
    entries=(ENTRY,),
    author=Person(name="Editor", email="editor@example.com"),
    rights="© Somebody",
    ttl=30,
)
EMPTY = replace(FEED, entries=())

MARKUP_IN_BYTES = b'A &#x3C;b&gt;bold&#x3C;/b&gt; &#x26; "quoted" &#x26;amp; title'


def render(feed: Feed) -> bytes:
    return rss.render(feed, show_entries(feed))


def channel_of(feed: Feed) -> etree._Element:
    channel = etree.fromstring(render(feed)).find("channel")
    assert channel is not None
    return channel


def item_of(entry: Entry, **of_feed: Any) -> etree._Element:
    item = channel_of(replace(FEED, entries=(entry,), **of_feed)).find("item")
    assert item is not None
    return item


def tags(element: etree._Element) -> list[str]:
    return [str(child.tag) for child in element]


def attributes(parent: etree._Element, path: str) -> list[dict[str, str]]:
    return [{str(name): str(value) for name, value in found.attrib.items()} for found in parent.findall(path)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("title", "A feed", id="title"),
        pytest.param("link", "https://feeds.example.com/", id="link"),
        pytest.param("description", "A description", id="description"),
        pytest.param("language", "en-GB", id="language"),
        pytest.param("copyright", "© Somebody", id="copyright"),
        pytest.param("managingEditor", "editor@example.com (Editor)", id="managingEditor"),
        pytest.param("ttl", "30", id="ttl"),
        pytest.param("docs", "https://www.rssboard.org/rss-specification", id="docs"),
        pytest.param("lastBuildDate", "Thu, 11 Jun 2020 01:02:03 +0000", id="lastBuildDate"),
    ],
)
def test_a_channel_has_its_metadata_once(path: str, text: str) -> None:
    assert [element.text for element in channel_of(FEED).findall(path)] == [text]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ed (of Wire)", "Ed (of Wire)"),
        ("Ed) Itor", "Ed\\) Itor"),
        ("Ed :-( Itor", "Ed :-\\( Itor"),
        (")(", "\\)\\("),
        ("a\\b", "a\\b"),
        ("a\\b)", "a\\\\b\\)"),
    ],
)
def test_parentheses_in_the_name_of_the_editor_match(name: str, expected: str) -> None:
    author = Person(name=name, email="editor@example.com")
    assert channel_of(replace(FEED, author=author)).findtext("managingEditor") == f"editor@example.com ({expected})"
    assert contact(f"editor@example.com ({expected})", NOW) is None


def test_the_generator_is_named_with_its_version() -> None:
    assert re.fullmatch(r"feeds \d+\.\d+\.\d+\S*", channel_of(FEED).findtext("generator") or "")


@pytest.mark.parametrize(
    "author", [pytest.param(None, id="no author"), pytest.param(Person(name="Editor"), id="a bare name")]
)
def test_without_an_email_address_there_is_no_managing_editor(author: Person | None) -> None:
    assert channel_of(replace(FEED, author=author)).find("managingEditor") is None


def test_items_come_after_all_channel_metadata() -> None:
    found = tags(channel_of(replace(FEED, entries=(ENTRY, replace(ENTRY, id="https://story.example/b")), icon="x.png")))
    assert found[-2:] == ["item", "item"]
    assert "item" not in found[:-2]


def test_items_keep_the_order_of_the_entries() -> None:
    ids = ["https://story.example/z", "https://story.example/a", "https://story.example/m"]
    channel = channel_of(replace(FEED, entries=tuple(replace(ENTRY, id=id_) for id_ in ids)))
    assert [guid.text for guid in channel.iterfind("item/guid")] == ids


def test_a_channel_links_to_itself() -> None:
    expected = {"rel": "self", "type": "application/rss+xml", "href": "https://feeds.example.com/topics/ai.rss"}
    assert [link for link in attributes(channel_of(FEED), f"{ATOM}link") if link["rel"] == "self"] == [expected]


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        pytest.param(
            ("rss", "atom", "json"),
            [
                ("application/atom+xml", "https://feeds.example.com/topics/ai.atom"),
                ("application/feed+json", "https://feeds.example.com/topics/ai.json"),
            ],
            id="all",
        ),
        pytest.param(
            ("rss", "json"), [("application/feed+json", "https://feeds.example.com/topics/ai.json")], id="two"
        ),
        pytest.param(("rss",), [], id="only its own"),
    ],
)
def test_a_channel_links_to_its_other_formats(formats: Any, expected: list[tuple[str, str]]) -> None:
    links = attributes(channel_of(replace(FEED, formats=formats)), f"{ATOM}link")
    assert [(link["type"], link["href"]) for link in links if link["rel"] == "alternate"] == expected


def test_feed_urls_are_percent_encoded() -> None:
    links = attributes(channel_of(replace(FEED, path="topics/künstlich")), f"{ATOM}link")
    assert [link["href"] for link in links] == [
        f"https://feeds.example.com/topics/k%C3%BCnstlich.{extension}" for extension in ("rss", "atom", "json")
    ]


@pytest.mark.parametrize(
    ("logo", "icon", "url"),
    [
        pytest.param("https://i.example/l.png", "https://i.example/i.png", "https://i.example/l.png", id="logo first"),
        pytest.param(None, "https://i.example/i.jpeg", "https://i.example/i.jpeg", id="else the icon"),
        pytest.param("https://i.example/l.svg", "https://i.example/i.gif", "https://i.example/i.gif", id="no SVG"),
        pytest.param("https://i.example/l.webp", None, None, id="no WebP"),
        pytest.param("https://i.example/l?of=x.svg", None, None, id="nor what looks like another at its end"),
        pytest.param("https://i.example/l.png?x=y", None, "https://i.example/l.png?x=y", id="query"),
        pytest.param(None, None, None, id="none"),
    ],
)
def test_the_channel_image_is_a_png_jpeg_or_gif(logo: str | None, icon: str | None, url: str | None) -> None:
    assert channel_of(replace(FEED, logo=logo, icon=icon)).findtext("image/url") == url


def test_the_channel_image_has_the_title_and_link_of_the_channel() -> None:
    channel = channel_of(replace(FEED, icon="https://i.example/i.png"))
    assert channel.findtext("image/title") == channel.findtext("title")
    assert channel.findtext("image/link") == channel.findtext("link")


def test_last_build_date_is_the_newest_update_of_an_entry() -> None:
    older = replace(ENTRY, id="https://story.example/b", updated=dt.datetime(2019, 1, 1, tzinfo=dt.UTC))
    assert channel_of(replace(FEED, entries=(older, ENTRY))).findtext("lastBuildDate") == (
        "Thu, 11 Jun 2020 01:02:03 +0000"
    )


def test_the_same_feed_gives_the_same_bytes() -> None:
    assert render(FEED) == render(replace(FEED))


def test_a_document_is_utf8_with_its_declaration() -> None:
    document = render(replace(FEED, title="Künstliche Intelligenz 日本"))
    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<rss ")
    assert "<title>Künstliche Intelligenz 日本</title>".encode() in document


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("title", "A title", id="title"),
        pytest.param("link", "https://www.story.example/a?x=1&y=2", id="link"),
        pytest.param("description", "A summary", id="description"),
        pytest.param("guid", "https://story.example/a", id="guid"),
        pytest.param("pubDate", "Wed, 10 Jun 2020 23:09:00 +0000", id="pubDate in UTC"),
        pytest.param(f"{ATOM}updated", "2020-06-11T01:02:03Z", id="updated"),
    ],
)
def test_an_item_has_its_fields_once(path: str, text: str) -> None:
    assert [element.text for element in item_of(ENTRY).findall(path)] == [text]


def test_the_guid_is_no_permalink() -> None:
    assert attributes(item_of(ENTRY), "guid") == [{"isPermaLink": "false"}]


def test_the_description_comes_before_the_content() -> None:
    found = tags(item_of(ENTRY))
    assert found.count("description") == found.count(f"{CONTENT}encoded") == 1
    assert found.index("description") < found.index(f"{CONTENT}encoded")


def test_without_a_summary_the_description_names_the_provider() -> None:
    item = item_of(replace(ENTRY, summary=None, body="", provider=Provider(domain="s.example", name="Story & Co")))
    assert item.findtext("description") == "Story &amp; Co, 10 June 2020"


def test_the_description_is_html_so_its_text_is_escaped() -> None:
    assert item_of(replace(ENTRY, summary="a < b & c")).findtext("description") == "a &lt; b &amp; c"


def test_the_content_is_html() -> None:
    assert "<p>A body</p>" in (item_of(ENTRY).findtext(f"{CONTENT}encoded") or "")


def test_every_author_is_a_creator() -> None:
    assert [element.text for element in item_of(ENTRY).findall(f"{DC}creator")] == ["Ada", "The Story"]


def test_no_author_is_a_bare_name() -> None:
    assert item_of(ENTRY).find("author") is None


def test_a_category_names_its_scheme_as_domain() -> None:
    found = [(element.text, element.get("domain")) for element in item_of(ENTRY).findall("category")]
    assert found == [("AI", "https://feeds.example.com/topics/"), ("C++", "https://feeds.example.com/topics/")]


def test_the_source_is_the_feed_of_the_provider() -> None:
    entry = replace(ENTRY, source=Link(href="https://story.example/feed?a=1&b=2", title="The Story", provider="x"))
    found = [(element.text, element.get("url")) for element in item_of(entry).findall("source")]
    assert found == [("The Story", "https://story.example/feed?a=1&b=2")]


def test_without_a_feed_of_the_provider_there_is_no_source() -> None:
    assert item_of(ENTRY).find("source") is None


def test_the_original_url_is_a_via_link() -> None:
    item = item_of(replace(ENTRY, via="https://origin.example/a"))
    assert attributes(item, f"{ATOM}link") == [{"rel": "via", "href": "https://origin.example/a"}]


def test_of_several_enclosures_one_is_the_enclosure() -> None:
    assert attributes(item_of(ENTRY), "enclosure") == [{"url": IMAGE.href, "type": "image/jpeg", "length": "1234"}]


def test_an_unknown_length_is_written_as_zero() -> None:
    item = item_of(replace(ENTRY, enclosures=(CHART,)))
    assert attributes(item, "enclosure") == [{"url": CHART.href, "type": "image/png", "length": "0"}]


def test_every_enclosure_is_media_content() -> None:
    assert attributes(item_of(replace(ENTRY, enclosures=(IMAGE, CHART, FILM))), f"{MEDIA}content") == [
        {
            "url": IMAGE.href,
            "type": "image/jpeg",
            "medium": "image",
            "fileSize": "1234",
            "width": "640",
            "height": "480",
        },
        {"url": CHART.href, "type": "image/png", "medium": "image"},
        {"url": FILM.href, "type": "video/mp4", "medium": "video", "fileSize": "99"},
    ]


@pytest.mark.parametrize("unknown", [pytest.param(0, id="zero"), pytest.param(None, id="missing")])
def test_an_unknown_size_is_omitted(unknown: int | None) -> None:
    item = item_of(replace(ENTRY, enclosures=(replace(IMAGE, width=unknown, height=unknown, length=unknown),)))
    assert attributes(item, f"{MEDIA}content") == [{"url": IMAGE.href, "type": "image/jpeg", "medium": "image"}]
    assert attributes(item, f"{MEDIA}thumbnail") == [{"url": IMAGE.href}]


def test_media_content_is_in_no_group() -> None:
    assert len(item_of(ENTRY).findall(f"{MEDIA}content")) == 2
    assert item_of(ENTRY).find(f".//{MEDIA}group") is None


def test_the_title_of_an_enclosure_is_plain_text() -> None:
    title = item_of(replace(ENTRY, enclosures=(CHART,))).find(f"{MEDIA}content/{MEDIA}title")
    assert title is not None
    assert (title.text, title.get("type")) == ("A <b> & c", "plain")


@pytest.mark.parametrize(
    ("enclosures", "expected"),
    [
        pytest.param((IMAGE, CHART), [{"url": IMAGE.href, "width": "640", "height": "480"}], id="the first of several"),
        pytest.param((FILM, CHART), [{"url": CHART.href}], id="the first picture"),
        pytest.param((FILM,), [], id="no picture"),
    ],
)
def test_there_is_one_thumbnail_at_most(enclosures: tuple[Enclosure, ...], expected: list[dict[str, str]]) -> None:
    assert attributes(item_of(replace(ENTRY, enclosures=enclosures)), f"{MEDIA}thumbnail") == expected


@pytest.mark.parametrize(
    ("images", "enclosures", "contents"),
    [pytest.param("all", 1, 2, id="all"), pytest.param("first", 1, 1, id="first"), pytest.param("off", 0, 0, id="off")],
)
def test_images_decides_which_enclosures_show(images: str, enclosures: int, contents: int) -> None:
    item = item_of(ENTRY, images=images)
    assert len(item.findall("enclosure")) == enclosures
    assert len(item.findall(f"{MEDIA}content")) == contents
    assert len(item.findall(f"{MEDIA}thumbnail")) == enclosures


@pytest.mark.parametrize(
    "description",
    [
        *("</b>", "&lt;i&gt;x", "<script>x</script>", "a <b> c", "<img src='https://a.example/i.png'>", "a <!-- b"),
        *("<", "&", "a < b", "R&D", "a & b", "a > b", "plain", "'\"", "&unknown; &copy &#x26;", "<?x", "<!d>"),
    ],
)
def test_descriptions_read_the_same_as_text_and_as_html(description: str) -> None:
    """That of a channel is HTML only if it must be, because validators warn of HTML there."""
    feed = replace(FEED, description=description, entries=(replace(ENTRY, summary=description),))
    document = render(feed)
    (channel,) = etree.fromstring(document)
    written = channel.findtext("description") or ""
    assert written in {description, html.escape(description, quote=False)}
    assert plain_of(written) == description
    assert channel.findtext("item/description") == html.escape(description, quote=False)
    parsed = feedparser.parse(document)
    assert html.unescape(parsed.feed.description) == description
    assert html.unescape(parsed.entries[0].summary) == description


def plain_of(text: str) -> str:
    """What a browser shows of a text that it takes for HTML."""
    return str(lxml.html.fragment_fromstring(text, create_parent="p").text_content())


@pytest.mark.parametrize(
    ("feed", "written"),
    [
        pytest.param(replace(EMPTY, title=MARKUP), b"    <title>%s</title>", id="channel title"),
        pytest.param(replace(EMPTY, rights=MARKUP), b"<copyright>%s</copyright>", id="copyright"),
        pytest.param(
            replace(EMPTY, author=Person(name=MARKUP, email="e@example.com")),
            b"<managingEditor>e@example.com (%s)</managingEditor>",
            id="managing editor",
        ),
        pytest.param(
            replace(EMPTY, title=MARKUP, icon="https://i.example/i.png"),
            b"      <title>%s</title>",
            id="channel image title",
        ),
        pytest.param(
            replace(FEED, entries=(replace(ENTRY, title=MARKUP),)), b"      <title>%s</title>", id="item title"
        ),
        pytest.param(
            replace(
                FEED, entries=(replace(ENTRY, categories=(Category(term="t", scheme="https://s/", label=MARKUP),)),)
            ),
            b'<category domain="https://s/">%s</category>',
            id="category",
        ),
        pytest.param(
            replace(FEED, entries=(replace(ENTRY, authors=(Person(name=MARKUP),)),)),
            b"<dc:creator>%s</dc:creator>",
            id="creator",
        ),
        pytest.param(
            replace(
                FEED,
                entries=(replace(ENTRY, source=Link(href="https://s.example/feed", title=MARKUP, provider=MARKUP)),),
            ),
            b'<source url="https://s.example/feed">%s</source>',
            id="source",
        ),
    ],
)
def test_plain_text_that_looks_like_markup_is_written_with_references_once(feed: Feed, written: bytes) -> None:
    assert render(feed).count(written % MARKUP_IN_BYTES) == 1


def test_plain_text_that_looks_like_markup_reads_back_as_it_was() -> None:
    assert item_of(replace(ENTRY, title=MARKUP)).findtext("title") == MARKUP


@pytest.mark.parametrize(
    ("feed", "prefixes"),
    [
        pytest.param(FEED, {"atom", "content", "dc", "media"}, id="entries with pictures"),
        pytest.param(replace(FEED, images="off"), {"atom", "content", "dc"}, id="images off"),
        pytest.param(
            replace(FEED, entries=(replace(ENTRY, enclosures=()),)), {"atom", "content", "dc"}, id="no pictures"
        ),
        pytest.param(EMPTY, {"atom"}, id="empty"),
    ],
)
def test_a_document_declares_the_namespaces_that_it_uses(feed: Feed, prefixes: set[str]) -> None:
    root = etree.fromstring(render(feed))
    used = {element.prefix for element in root.iter(etree.Element) if element.prefix}
    assert set(root.nsmap) == used == prefixes


def test_an_empty_channel_has_its_required_elements() -> None:
    channel = channel_of(EMPTY)
    assert {"title", "link", "description"} <= set(tags(channel))
    assert channel.find("item") is None


def test_the_build_date_of_an_empty_channel_is_not_the_clock() -> None:
    assert channel_of(EMPTY).findtext("lastBuildDate") == "Sat, 01 Jan 2000 00:00:00 +0000"
