"""JSON Feed 1.1: the members of a feed and of an item, and their validity by a schema of the specification."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from feeds.models import Enclosure, Entry, Feed, Link, Person
from feeds.render import jsonfeed
from feeds.render.entries import show_entries
from tests.support import samples
from tests.support.paths import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA = json.loads((SCHEMAS / "jsonfeed.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

IMAGE = Enclosure(href="https://i.example/a.jpg?w=1&h=2", type="image/jpeg", title="A picture", length=1234)
CHART = Enclosure(href="https://i.example/b.png", type="image/png", width=640, height=480)
FILM = Enclosure(href="https://i.example/c.mp4", type="video/mp4")
ENTRY = replace(
    samples.ENTRY,
    enclosures=(IMAGE, CHART),
    related=(Link(href="https://other.example/1", title="First", provider="Other"),),
)
FEED = replace(
    samples.FEED,
    entries=(ENTRY,),
    author=Person(name="Editor", uri="https://editor.example/"),
    icon="https://i.example/icon.png",
    logo="https://i.example/logo.png",
)
EMPTY = replace(FEED, entries=())
BARE = replace(ENTRY, summary=None, body="", authors=(), categories=(), enclosures=(), related=())

MARKUP = f"{samples.MARKUP} \N{PARROT}"


def render(feed: Feed) -> bytes:
    return jsonfeed.render(feed, show_entries(feed))


def feed_of(feed: Feed) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(feed))
    return document


def item_of(entry: Entry, **of_feed: Any) -> dict[str, Any]:
    (item,) = feed_of(replace(FEED, entries=(entry,), **of_feed))["items"]
    found: dict[str, Any] = item
    return found


def values(value: Any) -> Iterator[Any]:
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from values(child)


@pytest.mark.parametrize(
    "feed",
    [
        pytest.param(FEED, id="everything"),
        pytest.param(EMPTY, id="empty"),
        pytest.param(replace(EMPTY, author=None, icon=None, logo=None), id="empty and bare"),
        pytest.param(replace(FEED, author=Person(name="Editor", email="e@example.com")), id="author with address"),
        pytest.param(replace(FEED, author=Person(name="Editor")), id="author with a name only"),
        pytest.param(replace(FEED, entries=(BARE,)), id="a bare entry"),
        pytest.param(replace(FEED, entries=(replace(ENTRY, via="https://origin.example/a"),)), id="via"),
        pytest.param(replace(FEED, entries=(replace(ENTRY, title=MARKUP, summary=MARKUP),)), id="markup in texts"),
        pytest.param(replace(FEED, images="off"), id="images off"),
        pytest.param(replace(FEED, path="topics/künstlich", language="de"), id="letters beyond ASCII"),
    ],
)
def test_a_document_is_valid_by_the_schema(feed: Feed) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(feed_of(feed))] == []


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda feed: feed.pop("title"), id="no title"),
        pytest.param(lambda feed: feed.update(version="https://jsonfeed.org/version/1"), id="version"),
        pytest.param(lambda feed: feed.update(homepage="https://x.example/"), id="unknown member"),
        pytest.param(lambda feed: feed.update(description=None), id="null"),
        pytest.param(lambda feed: feed["items"][0].pop("id"), id="no id"),
        pytest.param(lambda feed: feed["items"][0].pop("content_html"), id="no content"),
        pytest.param(lambda feed: feed["items"][0].update(date_published="10 June 2020"), id="date"),
        pytest.param(lambda feed: feed["items"][0].update(url="/a"), id="relative address"),
        pytest.param(lambda feed: feed["items"][0].update(tags=[]), id="empty list"),
        pytest.param(lambda feed: feed["items"][0]["attachments"][0].pop("mime_type"), id="no media type"),
        pytest.param(lambda feed: feed["items"][0]["attachments"][0].update(size_in_bytes="12"), id="size as text"),
    ],
)
def test_the_schema_sees_what_is_wrong(spoil: Callable[[dict[str, Any]], object]) -> None:
    feed = feed_of(FEED)
    spoil(feed)
    assert not VALIDATOR.is_valid(feed)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_feed_has_its_metadata() -> None:
    feed = feed_of(FEED)
    del feed["items"]
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "A feed",
        "description": "A description",
        "home_page_url": "https://feeds.example.com/",
        "feed_url": "https://feeds.example.com/topics/ai.json",
        "icon": "https://i.example/logo.png",
        "favicon": "https://i.example/icon.png",
        "authors": [{"name": "Editor", "url": "https://editor.example/"}],
        "language": "en-GB",
    }


def test_without_a_logo_the_icon_is_both() -> None:
    feed = feed_of(replace(FEED, logo=None))
    assert feed["icon"] == feed["favicon"] == "https://i.example/icon.png"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        pytest.param(Person(name="E", uri="https://e.example/"), {"name": "E", "url": "https://e.example/"}, id="uri"),
        pytest.param(Person(name="E", email="e@example.com"), {"name": "E", "url": "mailto:e@example.com"}, id="email"),
        pytest.param(Person(name="E"), {"name": "E"}, id="name only"),
    ],
)
def test_the_author_of_a_feed_has_a_url_if_one_is_known(author: Person, expected: dict[str, str]) -> None:
    assert feed_of(replace(FEED, author=author))["authors"] == [expected]


def test_an_empty_feed_has_an_empty_list() -> None:
    assert feed_of(EMPTY)["items"] == []


def test_items_keep_the_order_of_the_entries() -> None:
    ids = ["https://story.example/z", "https://story.example/a", "https://story.example/m"]
    feed = feed_of(replace(FEED, entries=tuple(replace(ENTRY, id=id_) for id_ in ids)))
    assert [item["id"] for item in feed["items"]] == ids


@pytest.mark.parametrize(
    ("member", "value"),
    [
        pytest.param("id", "https://story.example/a", id="id"),
        pytest.param("url", "https://www.story.example/a?x=1&y=2", id="url"),
        pytest.param("title", "A title", id="title"),
        pytest.param("summary", "A summary", id="summary"),
        pytest.param("date_published", "2020-06-10T23:09:00Z", id="date_published"),
        pytest.param("date_modified", "2020-06-11T01:02:03Z", id="date_modified"),
        pytest.param("tags", ["AI", "C++"], id="tags"),
        pytest.param("image", "https://i.example/a.jpg?w=1&h=2", id="image"),
        pytest.param(
            "authors", [{"name": "Ada"}, {"name": "The Story", "url": "https://story.example/"}], id="authors"
        ),
    ],
)
def test_an_item_has_its_fields(member: str, value: Any) -> None:
    assert item_of(ENTRY)[member] == value


@pytest.mark.parametrize("member", ["title", "summary"])
def test_a_text_is_plain_text_and_reads_back_as_it_was(member: str) -> None:
    assert item_of(replace(ENTRY, title=MARKUP, summary=MARKUP))[member] == MARKUP


def test_the_content_is_html() -> None:
    content = item_of(ENTRY)["content_html"]
    assert "<p>A body</p>" in content
    assert '<a href="https://other.example/1">First</a> (Other)' in content


def test_every_enclosure_is_an_attachment_with_its_known_fields() -> None:
    assert item_of(replace(ENTRY, enclosures=(IMAGE, CHART, FILM)))["attachments"] == [
        {
            "url": "https://i.example/a.jpg?w=1&h=2",
            "mime_type": "image/jpeg",
            "title": "A picture",
            "size_in_bytes": 1234,
        },
        {"url": "https://i.example/b.png", "mime_type": "image/png"},
        {"url": "https://i.example/c.mp4", "mime_type": "video/mp4"},
    ]


def test_a_length_of_zero_is_omitted() -> None:
    (attachment,) = item_of(replace(ENTRY, enclosures=(replace(IMAGE, length=0),)))["attachments"]
    assert "size_in_bytes" not in attachment


@pytest.mark.parametrize(
    ("enclosures", "image"),
    [
        pytest.param((CHART, IMAGE), CHART.href, id="the first of several"),
        pytest.param((FILM, IMAGE), IMAGE.href, id="the first picture"),
        pytest.param((FILM,), None, id="no picture"),
        pytest.param((), None, id="nothing"),
    ],
)
def test_the_image_is_the_first_image(enclosures: tuple[Enclosure, ...], image: str | None) -> None:
    assert item_of(replace(ENTRY, enclosures=enclosures)).get("image") == image


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param("all", [IMAGE.href, CHART.href], id="all"),
        pytest.param("first", [IMAGE.href], id="first"),
        pytest.param("off", [], id="off"),
    ],
)
def test_images_decides_which_enclosures_show(images: str, expected: list[str]) -> None:
    item = item_of(ENTRY, images=images)
    assert [attachment["url"] for attachment in item.get("attachments", [])] == expected
    assert ("image" in item) is bool(expected)


def test_the_original_url_is_the_external_url() -> None:
    assert item_of(replace(ENTRY, via="https://origin.example/a"))["external_url"] == "https://origin.example/a"


def test_missing_fields_of_an_entry_are_omitted() -> None:
    assert set(item_of(BARE)) == {"id", "url", "title", "content_html", "date_published", "date_modified"}


@pytest.mark.parametrize("feed", [pytest.param(FEED, id="everything"), pytest.param(EMPTY, id="empty")])
def test_nothing_is_null(feed: Feed) -> None:
    assert None not in list(values(feed_of(replace(feed, author=None, icon=None, logo=None))))


def test_a_document_is_utf8_and_ends_with_a_line_break() -> None:
    document = render(replace(FEED, title="Künstliche Intelligenz 日本"))
    assert '"title": "Künstliche Intelligenz 日本"'.encode() in document
    assert document.endswith(b"}\n")


def test_the_same_feed_gives_the_same_bytes() -> None:
    assert render(FEED) == render(replace(FEED))
