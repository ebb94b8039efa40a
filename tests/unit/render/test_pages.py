"""Pages of a feed and of all feeds, as trees, without markup from articles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import lxml.html
import pytest
from msgspec.structs import replace

from feeds.models import ASSETS, EMPTY_UPDATED, Enclosure, Feed, Kind, Outline, SubscriptionList
from feeds.render import pages
from feeds.render.entries import show_entries
from tests.support import samples
from tests.support.samples import ENTRY, MARKUP

if TYPE_CHECKING:
    from collections.abc import Sequence

IMAGE = Enclosure(href="https://i.example/a.jpg?w=1&h=2", type="image/jpeg", title="A picture", width=640, height=480)
FILM = Enclosure(href="https://i.example/c.mp4", type="video/mp4")
FEED = replace(
    samples.FEED,
    entries=(replace(ENTRY, enclosures=(FILM, IMAGE)),),
    has_page=True,
    rights="© Somebody",
    icon="https://i.example/icon.png",
)
OUTLINE = Outline(
    path="topics/ai",
    kind="topic",
    name="AI",
    title="AI – A site",
    formats=("rss", "json"),
    entries=2,
    updated=ENTRY.updated,
    has_page=True,
)
SITE = SubscriptionList(
    title="A site",
    description="What it is about",
    base_url="https://feeds.example.com/",
    language="de",
    outlines=(OUTLINE,),
    has_pages=True,
)


def page_of(feed: Feed = FEED) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(pages.render_page(feed, show_entries(feed)).decode())


def index_of(site: SubscriptionList = SITE) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(pages.render_index(site).decode())


def texts(page: lxml.html.HtmlElement, path: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in page.xpath(path)]


def test_a_page_links_to_each_format_of_its_feed() -> None:
    found = {
        link.get("type"): (link.get("title"), urljoin("https://feeds.example.com/topics/ai/", link.get("href")))
        for link in page_of().xpath("//head/link[@rel='alternate']")
    }
    assert found == {
        "application/rss+xml": ("A feed (RSS)", "https://feeds.example.com/topics/ai.rss"),
        "application/atom+xml": ("A feed (Atom)", "https://feeds.example.com/topics/ai.atom"),
        "application/feed+json": ("A feed (JSON Feed)", "https://feeds.example.com/topics/ai.json"),
    }


def test_a_page_shows_every_feed_url_with_a_copy_button() -> None:
    page = page_of()
    copied = [page.get_element_by_id(button.get("data-copies")).get("value") for button in page.xpath("//button")]
    assert copied == [FEED.address(name) for name in FEED.formats]
    assert page.xpath("//button[not(@hidden)]") == []  # without a script they do nothing


def test_a_page_opens_the_feed_in_readers() -> None:
    hrefs = page_of().xpath("//ul[@class='readers']//@href")
    assert hrefs[0] == "feed:https://feeds.example.com/topics/ai.rss"
    assert "https://feedly.com/i/subscription/feed%2Fhttps%3A%2F%2Ffeeds.example.com%2Ftopics%2Fai.rss" in hrefs
    assert all("https%3A%2F%2Ffeeds.example.com%2Ftopics%2Fai.rss" in href for href in hrefs[1:])


def test_a_page_names_its_feed_and_site() -> None:
    page = page_of()
    assert page.findtext("head/title") == "A feed"
    assert texts(page, "//h1") == ["A name"]
    assert texts(page, "//p[@class='lead']") == ["A description"]
    assert page.xpath("//head/meta[@name='description']/@content") == ["A description"]
    assert page.xpath("//head/link[@rel='canonical']/@href") == ["https://feeds.example.com/topics/ai/"]
    assert page.xpath("//head/link[@rel='icon']/@href") == ["https://i.example/icon.png"]
    assert texts(page, "//nav//a") == ["A site"]
    assert "© Somebody" in texts(page, "//footer")[0]


def test_a_page_shows_an_entry_with_image_provider_date_and_excerpt() -> None:
    (entry,) = page_of().xpath("//article")
    assert texts(entry, ".//h3") == ["A title"]
    assert entry.xpath(".//h3/a/@href") == [ENTRY.link]
    assert texts(entry, ".//p") == ["The Story, 10 June 2020", "A summary"]
    assert entry.xpath(".//time/@datetime") == ["2020-06-10T23:09:00Z"]
    (image,) = entry.xpath("img")
    assert dict(image.attrib) == {
        "src": IMAGE.href,
        "alt": "",
        "width": "640",
        "height": "480",
        "loading": "lazy",
        "decoding": "async",
        "referrerpolicy": "no-referrer",
    }


def test_an_entry_without_image_and_excerpt_has_none_on_the_page() -> None:
    (entry,) = page_of(replace(FEED, entries=(replace(ENTRY, summary=None),))).xpath("//article")
    assert entry.xpath("img") == []
    assert texts(entry, ".//p") == ["The Story, 10 June 2020"]


def test_a_page_shows_no_images_where_the_feed_shows_none() -> None:
    assert page_of(replace(FEED, images="off")).xpath("//img") == []


def test_a_page_shows_the_newest_thirty() -> None:
    entries = tuple(
        replace(ENTRY, id=f"https://story.example/{number}", title=f"Title {number}") for number in range(40)
    )
    assert texts(page_of(replace(FEED, entries=entries)), "//h3/a") == [f"Title {number}" for number in range(30)]


def test_a_page_of_a_feed_without_entries_says_so() -> None:
    page = page_of(replace(FEED, entries=()))
    assert page.xpath("//article") == []
    assert texts(page, "//section[@class='entries']/p") == ["None yet. Subscribers see the first one when it comes."]


def test_a_feed_of_one_format_has_no_others() -> None:
    page = page_of(replace(FEED, formats=("atom",)))
    assert page.xpath("//details") == []
    assert page.xpath("//ul[@class='readers']/li[1]/a/@href") == ["feed:https://feeds.example.com/topics/ai.atom"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"title": MARKUP}, id="title"),
        pytest.param({"name": MARKUP}, id="name"),
        pytest.param({"description": MARKUP}, id="description"),
        pytest.param({"site_title": MARKUP}, id="site title"),
        pytest.param({"rights": MARKUP}, id="rights"),
        pytest.param({"entries": (replace(ENTRY, title=MARKUP, summary=MARKUP),)}, id="entry"),
        pytest.param(
            {"entries": (replace(ENTRY, provider=replace(ENTRY.provider, name=MARKUP)),)}, id="provider of an entry"
        ),
        pytest.param({"entries": (replace(ENTRY, link='https://a.example/?"><b>'),)}, id="link"),
        pytest.param({"path": 'a"><b>'}, id="path"),
    ],
)
def test_markup_stays_text(change: dict[str, Any]) -> None:
    page = page_of(replace(FEED, **change))
    assert page.xpath("//b") == []
    if MARKUP in change.values():
        assert MARKUP in page.text_content() + " ".join(page.xpath("//@content"))


@pytest.mark.parametrize("path", ["all", "topics/ai", "a/b/c", "topics/künstliche-intelligenz"])
def test_the_relative_links_of_a_page_resolve_from_its_path(path: str) -> None:
    page = page_of(replace(FEED, path=path))
    found = [
        urljoin(f"https://feeds.example.com/{path}/", href)
        for href in (
            *page.xpath("//link[@rel='stylesheet']/@href"),
            *page.xpath("//script/@src"),
            *page.xpath("//nav//@href"),
        )
    ]
    assert found == [f"https://feeds.example.com/{rest}" for rest in ("assets/page.css", "assets/page.js", "")]


def test_pages_load_only_the_images_of_entries_from_other_sites() -> None:
    feed = replace(FEED, icon=None)
    asked = [
        *page_of(feed).xpath(
            "//@src | //link[not(@rel='alternate' or @rel='canonical')]/@href | //*[@style] | //style"
        ),
        *index_of().xpath("//@src | //link[not(@rel='alternate' or @rel='canonical')]/@href | //*[@style] | //style"),
    ]
    assert [address for address in asked if "//" in address] == [IMAGE.href]


def test_a_page_is_in_english_and_its_entries_in_the_language_of_the_feed() -> None:
    page = page_of(replace(FEED, language="de"))
    assert page.get("lang") == "en"
    assert page.xpath("//article/@lang") == ["de"]
    assert texts(page, "//article//p")[0] == "The Story, 2020-06-10"


def test_the_index_lists_feeds_by_kind_and_name() -> None:
    def outline(kind: Kind, name: str) -> Outline:
        return replace(OUTLINE, kind=kind, name=name, path=f"{kind}/{name}")

    outlines = (outline("provider", "zoo"), outline("topic", "b"), outline("topic", "A"), outline("custom", "mine"))
    page = index_of(replace(SITE, outlines=(*outlines, replace(OUTLINE, kind="all", path="all", name="A site"))))
    assert texts(page, "//h2") == ["Everything 1", "Selections 1", "Topics 2", "Providers 1"]
    assert texts(page, "//li/a") == ["A site", "mine", "A", "b", "zoo"]
    assert page.xpath("//li/a/@href")[2] == "topic/A/"


def test_the_index_leads_to_a_feed_without_a_page() -> None:
    page = index_of(replace(SITE, outlines=(replace(OUTLINE, has_page=False),)))
    assert page.xpath("//li/a/@href") == ["topics/ai.rss"]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (2, ["2 entries", "newest 11 June 2020"]),
        (1, ["1 entry", "newest 11 June 2020"]),
        (0, ["no entries"]),
    ],
)
def test_the_index_counts_entries_and_dates_the_newest(entries: int, expected: Sequence[str]) -> None:
    updated = ENTRY.updated if entries else EMPTY_UPDATED
    page = index_of(replace(SITE, outlines=(replace(OUTLINE, entries=entries, updated=updated),)))
    assert texts(page, "//li/p") == expected


def test_the_index_links_to_the_feed_of_everything_and_to_opml() -> None:
    page = index_of(replace(SITE, outlines=(OUTLINE, replace(OUTLINE, kind="all", path="all"))))
    assert page.xpath("//head/link[@rel='alternate']/@href") == ["all.rss", "all.json"]
    assert page.xpath("//a[@download]/@href") == ["feeds.opml"]


def test_the_index_escapes_what_it_shows() -> None:
    page = index_of(
        replace(SITE, title=MARKUP, description=MARKUP, rights=MARKUP, outlines=(replace(OUTLINE, name=MARKUP),))
    )
    assert page.xpath("//b") == []
    assert texts(page, "//h1 | //p[@class='lead'] | //li/a") == [MARKUP] * 3


@pytest.mark.parametrize("path", ASSETS)
def test_the_assets_of_pages_exist(path: str) -> None:
    media_type, body = pages.render_asset(path)
    assert media_type in {"text/css", "text/javascript"}
    assert body
    assert b"://" not in body.replace(b"http://www.w3.org/2005/Atom", b"")
