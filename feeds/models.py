"""The values that travel from a file to its feeds. All are frozen and none of them does I/O.

Times are aware and in UTC, addresses are absolute, texts hold no character that XML 1.0 forbids.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal
from urllib.parse import quote

import msgspec

Format = Literal["rss", "atom", "json"]

Kind = Literal["all", "topic", "provider", "custom"]

ContentChoice = Literal["full", "summary"]

ImagesChoice = Literal["all", "first", "off"]

RelatedChoice = Literal["entries", "links", "both", "off"]

ArchivesChoice = Literal["month", "off"]

#: A content coding (RFC 9110, 8.4.1).
Coding = Literal["gzip", "br"]

#: `updated` of a feed without entries. Nothing in a document comes from the clock, and validators doubt older dates.
EMPTY_UPDATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


class Value(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The base of all values: immutable, hashable, compared by content; encoded as arrays, which are short."""


class Image(Value, frozen=True, kw_only=True):
    """Image metadata as an article gives it. Sizes are pixels, length is bytes; 0 and None both mean unknown."""

    url: str
    title: str | None = None
    type: str | None = None
    length: int | None = None
    width: int | None = None
    height: int | None = None


class Enclosure(Value, frozen=True, kw_only=True):
    """A file that belongs to an entry (RFC 4287, 4.2.7.2). Sizes are pixels, length is bytes; None is unknown."""

    href: str
    type: str
    title: str | None = None
    length: int | None = None
    width: int | None = None
    height: int | None = None


class Person(Value, frozen=True, kw_only=True):
    """A person construct (RFC 4287, 3.2)."""

    name: str
    uri: str | None = None
    email: str | None = None


class Publisher(Value, frozen=True, kw_only=True):
    """The `provider` of a story as an article gives it: any part may be missing or malformed."""

    name: str | None = None
    domain: str | None = None
    authors: tuple[Person, ...] = ()
    images: tuple[Image, ...] = ()


class Provider(Value, frozen=True, kw_only=True):
    """Who published a story. The domain is what identifies it: lower case, without `www.`."""

    domain: str
    name: str
    icon: Enclosure | None = None


class Category(Value, frozen=True, kw_only=True):
    """A category (RFC 4287, 4.2.2): the term is the topic's slug, the label its title."""

    term: str
    scheme: str
    label: str


class Link(Value, frozen=True, kw_only=True):
    """A link to another story, as the list of related coverage shows it once it is `published`."""

    href: str
    title: str
    provider: str
    published: dt.datetime = EMPTY_UPDATED


class StoryFields(Value, frozen=True, kw_only=True):
    """What an article and a related link have in common, before it is checked: addresses are as written."""

    id: str | None = None
    title: str | None = None
    web_url: str | None = None
    original_url: str | None = None
    amp_url: str | None = None
    cdn_amp_url: str | None = None
    published: dt.datetime | None = None
    updated: dt.datetime | None = None
    excerpt: str | None = None
    type: str | None = None
    quality: int | None = None
    heat: int | None = None
    is_published: bool = True
    provider: Publisher | None = None
    topics: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()


class RelatedLink(StoryFields, frozen=True, kw_only=True):
    """An item of an article's `related:` list. Without topics of its own it has the article's."""


class Article(StoryFields, frozen=True, kw_only=True):
    """A source file: `path` relative to its archive folder with forward slashes, `modified` its mtime."""

    path: str
    modified: dt.datetime
    body: str = ""
    related: tuple[RelatedLink, ...] = ()


class Entry(Value, frozen=True, kw_only=True):
    """What is published.

    `id` is an IRI and the same in every feed and format; `body` is safe HTML with absolute addresses, or empty.
    `topics` are the names as articles write them; `categories` is what the selection made of them. `authors` are the
    people who wrote it, and, once the selection is done, its provider. `path` is the article that the entry comes from,
    and `is_article` says whether it is that article or one of its related links.
    """

    id: str
    link: str
    title: str
    published: dt.datetime
    updated: dt.datetime
    provider: Provider
    path: str
    is_article: bool
    via: str | None = None
    summary: str | None = None
    body: str = ""
    authors: tuple[Person, ...] = ()
    topics: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    related: tuple[Link, ...] = ()
    type: str | None = None
    quality: int | None = None
    heat: int | None = None
    source: Link | None = None


class Segment(Value, frozen=True, kw_only=True):
    """What part of a feed's entries a document shows (RFC 5005).

    The newest of them, which is what people subscribe to, or a `month` of its history, such as `2026-06`. `previous`
    and `next` are the months with documents of their own before and after. `is_complete`: there is no other entry.
    """

    month: str = ""
    previous: str = ""
    next: str = ""
    is_complete: bool = False


#: What people subscribe to, where nothing is said of a history.
NEWEST = Segment()


class Feed(Value, frozen=True, kw_only=True):
    """An ordered selection of entries, and all that a renderer needs to know to write it.

    `path` is the address below `base_url`, without extension; it is not percent-encoded. `name` is what lists call it.
    `moved_from` are the paths that it had before, at which it is found still.
    """

    path: str
    kind: Kind
    name: str
    title: str
    description: str
    base_url: str
    language: str
    site_title: str
    has_page: bool = False
    entries: tuple[Entry, ...] = ()
    formats: tuple[Format, ...] = ("rss", "atom", "json")
    content: ContentChoice = "full"
    images: ImagesChoice = "all"
    shows_related: bool = True
    related_title: str = "Related coverage"
    author: Person | None = None
    icon: str | None = None
    logo: str | None = None
    rights: str | None = None
    ttl: int = 60
    hub: str | None = None
    segment: Segment = NEWEST
    moved_from: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The feed's permanent identifier, the same in every format."""
        return page_address(self.base_url, self.path)

    @property
    def link(self) -> str:
        """The HTML page that the feed belongs to."""
        return self.id if self.has_page else self.base_url

    @property
    def stylesheet(self) -> str | None:
        """What makes its XML readable where a browser shows it, and points at its page."""
        return f"{self.base_url}{STYLESHEET}" if self.has_page else None

    @property
    def updated(self) -> dt.datetime:
        return max((entry.updated for entry in self.entries), default=EMPTY_UPDATED)

    def address(self, format_: Format) -> str:
        """Where the document in this format is served."""
        return self.address_of(self.segment.month, format_)

    def address_of(self, month: str, format_: Format) -> str:
        """Where a month of its history is served or, without one, what people subscribe to."""
        return document_address(self.base_url, scoped_path(self.path, month), format_)


class Outline(Value, frozen=True, kw_only=True):
    """A feed as lists of feeds show it (OPML 2.0); `path` is that of the feed."""

    path: str
    kind: Kind
    name: str
    title: str
    formats: tuple[Format, ...]
    entries: int
    updated: dt.datetime


class SubscriptionList(Value, frozen=True, kw_only=True):
    """All feeds of a site, ordered by path, and what the site is."""

    title: str
    description: str
    base_url: str
    language: str
    outlines: tuple[Outline, ...]
    has_pages: bool = False
    icon: str | None = None
    rights: str | None = None

    @property
    def updated(self) -> dt.datetime:
        return max((outline.updated for outline in self.outlines), default=EMPTY_UPDATED)


class Document(Value, frozen=True, kw_only=True):
    """The bytes of one file that is published; `path` is relative to the output folder, with forward slashes.

    It shows the feed at the path `feed`, or a `month` of its history, with so many `entries`; without a feed, it is of
    the whole site. When the newest of them was is `updated`. With a `coding`, it is a compressed copy of another one.
    """

    path: str
    media_type: str
    body: bytes
    title: str
    kind: Kind | Literal["site"] = "site"
    feed: str = ""
    month: str = ""
    name: str = ""
    entries: int = 0
    updated: dt.datetime = EMPTY_UPDATED
    coding: Coding | None = None


#: Where the list of all feeds is, below the output folder, as OPML and as a page, and what pages and feeds lead to.
OPML = "feeds.opml"

INDEX = "index.html"

STYLESHEET = "assets/feed.css"

ASSETS = ("assets/page.css", "assets/page.js", STYLESHEET)


def document_path(feed_path: str, format_: Format) -> str:
    """Where the document of a feed in this format is, below the output folder. A format's name is its extension."""
    return f"{feed_path}.{format_}"


def page_path(feed_path: str) -> str:
    """Where the page of a feed is, below the output folder."""
    return f"{feed_path}/index.html"


def scoped_path(feed_path: str, month: str) -> str:
    """The path of a month of a feed's history, as if that were a feed; without a month, that of the feed."""
    return f"{feed_path}/archive/{month}" if month else feed_path


def document_address(base_url: str, feed_path: str, format_: Format) -> str:
    """Where that document is served."""
    return f"{base_url}{quote(document_path(feed_path, format_))}"


def page_address(base_url: str, feed_path: str) -> str:
    """Where that page is served."""
    return f"{base_url}{quote(feed_path)}/"


class Month(msgspec.Struct, frozen=True, array_like=True):
    """A month in which a feed has stories, in UTC: when it began and was over, how many these are, a digest of them."""

    first: dt.datetime
    after: dt.datetime
    stories: int
    digest: bytes


MANIFEST = "feeds.json"

ALL_FORMATS: tuple[Format, ...] = ("rss", "atom", "json")
