"""Atom 1.0: the elements of a feed and of an entry, and their validity by the schema of RFC 4287."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from msgspec.structs import replace

from feeds.models import Category, Enclosure, Entry, Feed, Link, Person
from feeds.render import atom
from feeds.render.entries import show_entries
from tests.support import samples
from tests.support.paths import SCHEMAS
from tests.support.samples import MARKUP

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = etree.RelaxNG(etree.parse(SCHEMAS / "atom.rng"))

ATOM = "{http://www.w3.org/2005/Atom}"
MEDIA = "{http://search.yahoo.com/mrss/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

IMAGE = Enclosure(
    href="https://i.example/a.jpg?w=1&h=2", type="image/jpeg", title='A "picture"', length=1234, width=640, height=480
)
CHART = Enclosure(href="https://i.example/b.png", type="image/png")
FILM = Enclosure(href="https://i.example/c.mp4", type="video/mp4")
ENTRY = replace(
    samples.ENTRY,
    authors=(Person(name="Ada"), Person(name="The Story", uri="https://story.example/?a=1&b=2")),
    enclosures=(IMAGE, CHART),
    related=(
        Link(href="https://other.example/1?a=1&b=2", title="First & <b>", provider="Other"),
        Link(href="https://other.example/2", title="Second", provider="Other"),
    ),
)
FEED = replace(
    samples.FEED,
    entries=(ENTRY,),
    author=Person(name="Editor", email="editor@example.com", uri="https://editor.example/"),
    icon="https://i.example/icon.png",
    logo="https://i.example/logo.png",
    rights="© Somebody",
)
EMPTY = replace(FEED, entries=())


def render(feed: Feed) -> bytes:
    return atom.render(feed, show_entries(feed))


def feed_of(feed: Feed) -> etree._Element:
    return etree.fromstring(render(feed))


def entry_of(entry: Entry, **of_feed: Any) -> etree._Element:
    element = feed_of(replace(FEED, entries=(entry,), **of_feed)).find(f"{ATOM}entry")
    assert element is not None
    return element


def attributes(parent: etree._Element, path: str) -> list[dict[str, str]]:
    return [{str(name): str(value) for name, value in found.attrib.items()} for found in parent.findall(path)]


def links(parent: etree._Element, rel: str) -> list[dict[str, str]]:
    return [link for link in attributes(parent, f"{ATOM}link") if link["rel"] == rel]


def person(element: etree._Element) -> dict[str, str | None]:
    return {etree.QName(child).localname: child.text for child in element}


@pytest.mark.parametrize(
    "feed",
    [
        pytest.param(FEED, id="everything"),
        pytest.param(EMPTY, id="empty"),
        pytest.param(replace(EMPTY, author=None, icon=None, logo=None, rights=None), id="empty and bare"),
        pytest.param(
            replace(FEED, entries=(replace(ENTRY, summary=None, body="", enclosures=(), related=(), categories=()),)),
            id="a bare entry",
        ),
        pytest.param(
            replace(FEED, entries=(replace(ENTRY, source=Link(href="https://s.example/", title="S", provider="S")),)),
            id="source",
        ),
        pytest.param(replace(FEED, entries=(replace(ENTRY, via="https://origin.example/a"),)), id="via"),
        pytest.param(replace(FEED, entries=(replace(ENTRY, title=MARKUP, summary=MARKUP),)), id="markup in texts"),
        pytest.param(replace(FEED, images="off"), id="images off"),
        pytest.param(replace(FEED, path="topics/künstlich", language="de"), id="letters beyond ASCII"),
    ],
)
def test_a_document_is_valid_by_the_schema(feed: Feed) -> None:
    assert SCHEMA.validate(feed_of(feed)), SCHEMA.error_log


@pytest.mark.parametrize("required", ["id", "title", "updated"])
def test_the_schema_sees_what_is_missing(required: str) -> None:
    feed = feed_of(FEED)
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    entry.remove(entry.findall(f"{ATOM}{required}")[0])
    assert not SCHEMA.validate(feed)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("id", "https://feeds.example.com/topics/ai/", id="id"),
        pytest.param("title", "A feed", id="title"),
        pytest.param("subtitle", "A description", id="subtitle"),
        pytest.param("updated", "2020-06-11T01:02:03+00:00", id="updated"),
        pytest.param("rights", "© Somebody", id="rights"),
        pytest.param("icon", "https://i.example/icon.png", id="icon"),
        pytest.param("logo", "https://i.example/logo.png", id="logo"),
        pytest.param("generator", "feeds", id="generator"),
    ],
)
def test_a_feed_has_its_metadata_once(path: str, text: str) -> None:
    assert [element.text for element in feed_of(FEED).findall(f"{ATOM}{path}")] == [text]


def test_a_feed_names_its_language() -> None:
    assert feed_of(FEED).get(LANG) == "en-GB"


def test_a_feed_has_an_author() -> None:
    assert [person(author) for author in feed_of(FEED).findall(f"{ATOM}author")] == [
        {"name": "Editor", "email": "editor@example.com", "uri": "https://editor.example/"}
    ]


def test_a_feed_links_to_itself() -> None:
    assert links(feed_of(FEED), "self") == [
        {"rel": "self", "type": "application/atom+xml", "href": "https://feeds.example.com/topics/ai.atom"}
    ]


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        pytest.param(
            ("rss", "atom", "json"),
            [
                ("application/rss+xml", "https://feeds.example.com/topics/ai.rss"),
                ("application/feed+json", "https://feeds.example.com/topics/ai.json"),
            ],
            id="all",
        ),
        pytest.param(("atom",), [], id="only its own"),
    ],
)
def test_a_feed_links_to_its_page_and_its_other_formats(formats: Any, expected: list[tuple[str, str]]) -> None:
    found = [(link["type"], link["href"]) for link in links(feed_of(replace(FEED, formats=formats)), "alternate")]
    assert found == [("text/html", "https://feeds.example.com/"), *expected]


def test_the_update_of_a_feed_is_the_update_of_its_newest_entry() -> None:
    older = replace(ENTRY, id="https://story.example/b", updated=dt.datetime(2019, 1, 1, tzinfo=dt.UTC))
    feed = feed_of(replace(FEED, entries=(older, ENTRY)))
    assert feed.findtext(f"{ATOM}updated") == "2020-06-11T01:02:03+00:00"


def test_the_update_of_an_empty_feed_is_not_the_clock() -> None:
    assert feed_of(EMPTY).findtext(f"{ATOM}updated") == "2000-01-01T00:00:00+00:00"


def test_entries_keep_their_order() -> None:
    ids = ["https://story.example/z", "https://story.example/a", "https://story.example/m"]
    feed = feed_of(replace(FEED, entries=tuple(replace(ENTRY, id=id_) for id_ in ids)))
    assert [id_.text for id_ in feed.iterfind(f"{ATOM}entry/{ATOM}id")] == ids


def test_the_same_feed_gives_the_same_bytes() -> None:
    assert render(FEED) == render(replace(FEED))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("id", "https://story.example/a", id="id"),
        pytest.param("title", "A title", id="title"),
        pytest.param("published", "2020-06-10T23:09:00+00:00", id="published"),
        pytest.param("updated", "2020-06-11T01:02:03+00:00", id="updated"),
        pytest.param("summary", "A summary", id="summary"),
    ],
)
def test_an_entry_has_its_fields_once(path: str, text: str) -> None:
    assert [element.text for element in entry_of(ENTRY).findall(f"{ATOM}{path}")] == [text]


def rendered(text: str) -> str:
    """A document in which every plain text is this one."""
    entry = replace(
        ENTRY,
        title=text,
        summary=text,
        authors=(Person(name=text),),
        categories=(Category(term="t", scheme="https://feeds.example.com/topics/", label=text),),
        enclosures=(replace(IMAGE, title=text),),
        related=(Link(href="https://other.example/1", title=text, provider="Other"),),
        source=Link(href="https://s.example/", title=text, provider="S"),
    )
    person = Person(name=text, email="editor@example.com")
    return render(replace(FEED, entries=(entry,), title=text, description=text, rights=text, author=person)).decode()


TEXTS = ("title", "subtitle", "rights", "entry/title", "entry/summary", "entry/source/title")
NAMES = ("author/name", "entry/author/name")


def constructs(document: str, paths: Iterable[str]) -> set[tuple[str | None, str | None]]:
    """The types and texts of the text constructs at these paths."""
    root = etree.fromstring(document.encode())
    found = [root.find("/".join(f"{ATOM}{name}" for name in path.split("/"))) for path in paths]
    return {(element.get("type"), element.text) for element in found if element is not None}


@pytest.mark.parametrize("text", ["AT&T <b> chips", "R&D", "a < b & c", "5 > 4"])
def test_a_text_is_text(text: str) -> None:
    document = rendered(text)
    assert constructs(document, (*TEXTS, *NAMES)) == {(None, text)}
    assert "&#x26;" not in re.sub("<media:title.*?</media:title>", "", document)  # which RSS has, too


@pytest.mark.parametrize("text", ["&nbsp;x", "&copy 2020", "x&#8217;y", "&x1", "Q&A &amp; more"])
def test_text_that_looks_like_a_character_reference_is_written_with_hexadecimal_references(text: str) -> None:
    document = rendered(text)
    assert constructs(document, (*TEXTS, *NAMES)) == {(None, text)}
    rest = re.sub('<content .*?</content>|<uri>.*?</uri>|(?:href|url)="[^"]*"', "", document, flags=re.DOTALL)
    assert "&amp;" not in rest


def test_text_that_looks_like_html_is_written_as_html() -> None:
    document = rendered(MARKUP)
    assert constructs(document, TEXTS) == {("html", html.escape(MARKUP, quote=False))}
    assert constructs(document, NAMES) == {(None, MARKUP)}
    (title,) = etree.fromstring(document.encode()).iter(f"{MEDIA}title")
    assert (title.get("type"), title.text) == ("html", html.escape(MARKUP, quote=False))
    assert SCHEMA.validate(etree.fromstring(document.encode())), SCHEMA.error_log


def test_without_a_summary_there_is_no_element() -> None:
    assert entry_of(replace(ENTRY, summary=None)).find(f"{ATOM}summary") is None


def test_the_content_is_html() -> None:
    content = entry_of(ENTRY).findall(f"{ATOM}content")
    assert [element.get("type") for element in content] == ["html"]
    assert "<p>A body</p>" in (content[0].text or "")


def test_every_author_has_name_and_uri() -> None:
    assert [person(author) for author in entry_of(ENTRY).findall(f"{ATOM}author")] == [
        {"name": "Ada"},
        {"name": "The Story", "uri": "https://story.example/?a=1&b=2"},
    ]


def test_every_category_has_term_scheme_and_label() -> None:
    assert attributes(entry_of(ENTRY), f"{ATOM}category") == [
        {"term": "ai", "scheme": "https://feeds.example.com/topics/", "label": "AI"},
        {"term": "c-plus-plus", "scheme": "https://feeds.example.com/topics/", "label": "C++"},
    ]


def test_an_entry_links_to_its_story() -> None:
    assert links(entry_of(ENTRY), "alternate") == [
        {"rel": "alternate", "type": "text/html", "href": "https://www.story.example/a?x=1&y=2"}
    ]


def test_every_enclosure_is_a_link_with_its_known_attributes() -> None:
    assert links(entry_of(ENTRY), "enclosure") == [
        {
            "rel": "enclosure",
            "type": "image/jpeg",
            "href": "https://i.example/a.jpg?w=1&h=2",
            "length": "1234",
            "title": 'A "picture"',
        },
        {"rel": "enclosure", "type": "image/png", "href": "https://i.example/b.png"},
    ]


@pytest.mark.parametrize("unknown", [pytest.param(0, id="zero"), pytest.param(None, id="missing")])
def test_an_unknown_size_is_omitted(unknown: int | None) -> None:
    entry = entry_of(replace(ENTRY, enclosures=(replace(CHART, width=unknown, height=unknown, length=unknown),)))
    assert links(entry, "enclosure") == [{"rel": "enclosure", "type": "image/png", "href": CHART.href}]
    assert attributes(entry, f"{MEDIA}content") == [{"url": CHART.href, "type": "image/png", "medium": "image"}]
    assert attributes(entry, f"{MEDIA}thumbnail") == [{"url": CHART.href}]


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param("all", [IMAGE.href, CHART.href], id="all"),
        pytest.param("first", [IMAGE.href], id="first"),
        pytest.param("off", [], id="off"),
    ],
)
def test_images_decides_which_enclosures_show(images: str, expected: list[str]) -> None:
    entry = entry_of(ENTRY, images=images)
    assert [link["href"] for link in links(entry, "enclosure")] == expected
    assert [content["url"] for content in attributes(entry, f"{MEDIA}content")] == expected
    assert [thumbnail["url"] for thumbnail in attributes(entry, f"{MEDIA}thumbnail")] == expected[:1]


def test_media_content_is_in_no_group() -> None:
    assert len(entry_of(ENTRY).findall(f"{MEDIA}content")) == 2
    assert entry_of(ENTRY).find(f".//{MEDIA}group") is None


def test_the_thumbnail_is_the_first_image() -> None:
    entry = entry_of(replace(ENTRY, enclosures=(FILM, IMAGE)))
    assert attributes(entry, f"{MEDIA}thumbnail") == [{"url": IMAGE.href, "width": "640", "height": "480"}]


@pytest.mark.parametrize(
    ("shows_related", "expected"),
    [
        pytest.param(
            True,
            [
                {"rel": "related", "href": "https://other.example/1?a=1&b=2", "title": "First & <b>"},
                {"rel": "related", "href": "https://other.example/2", "title": "Second"},
            ],
            id="shown",
        ),
        pytest.param(False, [], id="not shown"),
    ],
)
def test_related_coverage_is_linked_where_the_feed_shows_it(
    shows_related: bool,
    expected: list[dict[str, str]],
) -> None:
    assert links(entry_of(ENTRY, shows_related=shows_related), "related") == expected


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        pytest.param("https://o.example/a?b=1&c=2", [{"rel": "via", "href": "https://o.example/a?b=1&c=2"}], id="via"),
        pytest.param(None, [], id="none"),
    ],
)
def test_the_original_url_is_a_via_link(via: str | None, expected: list[dict[str, str]]) -> None:
    assert links(entry_of(replace(ENTRY, via=via)), "via") == expected


def test_the_source_is_the_feed_of_the_provider() -> None:
    entry = entry_of(replace(ENTRY, source=Link(href="https://s.example/feed?a=1&b=2", title="The S", provider="S")))
    source = entry.find(f"{ATOM}source")
    assert source is not None
    assert source.findtext(f"{ATOM}id") == "https://s.example/feed?a=1&b=2"
    assert source.findtext(f"{ATOM}title") == "The S"
    assert links(source, "self") == [{"rel": "self", "href": "https://s.example/feed?a=1&b=2"}]


def test_without_a_feed_of_the_provider_there_is_no_source() -> None:
    assert entry_of(ENTRY).find(f"{ATOM}source") is None


@pytest.mark.parametrize(
    ("feed", "prefixes"),
    [
        pytest.param(FEED, {None, "media"}, id="entries with pictures"),
        pytest.param(replace(FEED, images="off"), {None}, id="images off"),
        pytest.param(replace(FEED, entries=(replace(ENTRY, enclosures=()),)), {None}, id="no pictures"),
        pytest.param(EMPTY, {None}, id="empty"),
    ],
)
def test_a_document_declares_the_namespaces_that_it_uses(feed: Feed, prefixes: set[str | None]) -> None:
    root = feed_of(feed)
    assert {element.prefix for element in root.iter(etree.Element)} == set(root.nsmap) == prefixes
