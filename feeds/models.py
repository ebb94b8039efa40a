"""The values on the way from a file to its feeds. All are frozen, and none does I/O.

Times are aware and in UTC, URLs are absolute, and texts have no character that XML 1.0 forbids.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, NamedTuple, get_args
from urllib.parse import quote

import msgspec

Format = Literal["rss", "atom", "json"]
ALL_FORMATS: tuple[Format, ...] = get_args(Format)
Kind = Literal["all", "topic", "provider", "custom"]
ContentChoice = Literal["full", "summary"]
ImagesChoice = Literal["all", "first", "off"]
RelatedChoice = Literal["entries", "links", "both", "off"]
ArchivesChoice = Literal["month", "off"]

#: A content coding (RFC 9110, 8.4.1).
Coding = Literal["gzip", "br"]

#: `updated` of a feed without entries. No document depends on the clock, and validators doubt older dates.
EMPTY_UPDATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


class FeedFormat(NamedTuple):
    """A format of feeds: its name on pages, its media type, and the module of `feeds.render` that renders it."""

    label: str
    media_type: str
    module: str


#: All formats of feeds, by name, which is also the extension of their documents.
FORMATS: dict[Format, FeedFormat] = {
    "rss": FeedFormat("RSS", "application/rss+xml", "rss"),
    "atom": FeedFormat("Atom", "application/atom+xml", "atom"),
    "json": FeedFormat("JSON Feed", "application/feed+json", "jsonfeed"),
}


class FeedKey(NamedTuple):
    """The identity of a feed, which its title does not change: kind, and topic key, domain or custom path."""

    kind: Kind
    name: str = ""


class Value(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The base of all values: immutable, hashable, compared by content, and encoded as arrays, which are short."""


class Image(Value, frozen=True, kw_only=True):
    """Image metadata in front matter. Width and height are in pixels, length in bytes; 0 and None mean unknown."""

    url: str
    title: str | None = None
    type: str | None = None
    length: int | None = None
    width: int | None = None
    height: int | None = None


class Enclosure(Value, frozen=True, kw_only=True):
    """A file that belongs to an entry (RFC 4287, 4.2.7.2). Width and height in pixels, length in bytes, or None."""

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
    """The `provider` of a story in front matter. Any part may be missing or invalid."""

    name: str | None = None
    domain: str | None = None
    authors: tuple[Person, ...] = ()
    images: tuple[Image, ...] = ()


class Provider(Value, frozen=True, kw_only=True):
    """The publisher of a story, identified by its domain in lower case, without `www.`."""

    domain: str
    name: str
    icon: Enclosure | None = None


class Category(Value, frozen=True, kw_only=True):
    """A category (RFC 4287, 4.2.2): the term is the topic's slug, the label its title."""

    term: str
    scheme: str
    label: str


class Link(Value, frozen=True, kw_only=True):
    """A related story in the content of an entry, shown once it is `published`."""

    href: str
    title: str
    provider: str
    published: dt.datetime = EMPTY_UPDATED


class StoryFields(Value, frozen=True, kw_only=True):
    """The fields that articles and related links have in common, before they are checked. URLs are as written."""

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
    """An item of an article's `related:` list. Without topics, it has those of the article."""


class Article(StoryFields, frozen=True, kw_only=True):
    """A source file: its `path` relative to its source, with forward slashes, and its mtime `modified`."""

    path: str
    modified: dt.datetime
    body: str = ""
    related: tuple[RelatedLink, ...] = ()


class Entry(Value, frozen=True, kw_only=True):
    """A published story (RFC 4287, 4.1.2).

    `id` is an IRI, the same in every feed and format. `body` is safe HTML with absolute URLs, or empty. `topics` are
    the names in articles, `categories` what the selection makes of them. `authors` are people and, after the selection,
    the provider. `path` is the article that the entry comes from; `is_article` is false for related links.
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
    """The part of a feed's entries that a document shows (RFC 5005).

    That is the newest entries, in the subscription document, or a `month` such as `2026-06`, in an archive document.
    `previous` and `next` are the archived months before and after it. `is_complete`: there are no other entries.
    """

    month: str = ""
    previous: str = ""
    next: str = ""
    is_complete: bool = False


#: The subscription document of a feed without archives.
NEWEST = Segment()


class Feed(Value, frozen=True, kw_only=True):
    """An ordered selection of entries, with everything that a renderer needs.

    `path` is the path below `base_url`, without extension and not percent-encoded. `name` is the name in lists.
    `key` is the name in its FeedKey if neither name nor path gives it. `moved_from` are its former paths, at which it
    is published too.
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
    formats: tuple[Format, ...] = ALL_FORMATS
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
    key: str = ""

    @property
    def id(self) -> str:
        """The permanent id of the feed, the same in every format (RFC 4287, 4.2.6)."""
        return page_address(self.base_url, self.path)

    @property
    def link(self) -> str:
        """The URL of the page that the feed belongs to."""
        return self.id if self.has_page else self.base_url

    @property
    def stylesheet(self) -> str | None:
        """The URL of the style sheet with which a browser shows its XML."""
        return f"{self.base_url}{STYLESHEET}" if self.has_page else None

    @property
    def updated(self) -> dt.datetime:
        return max((entry.updated for entry in self.entries), default=EMPTY_UPDATED)

    def address(self, format_: Format) -> str:
        """The URL of the document in this format."""
        return self.address_of(self.segment.month, format_)

    def address_of(self, month: str, format_: Format) -> str:
        """The URL of the archive document of a month or, without one, of the subscription document."""
        return document_address(self.base_url, scoped_path(self.path, month), format_)


class Outline(Value, frozen=True, kw_only=True):
    """A feed in a list of feeds (OPML 2.0)."""

    path: str
    kind: Kind
    name: str
    title: str
    formats: tuple[Format, ...]
    entries: int
    updated: dt.datetime
    has_page: bool = False
    key: str = ""


class SubscriptionList(Value, frozen=True, kw_only=True):
    """All feeds of a site, ordered by path, and the texts of the site."""

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
    """The bytes of a published file; `path` is relative to the output folder, with forward slashes.

    It shows the feed at the path `feed`, or a `month` of it, with `entries` entries, the newest of which was `updated`.
    Without a feed, it belongs to the site. With a `coding`, it is the precompressed file of another document.
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
    key: str = ""


#: Paths in the output folder: the lists of all feeds, as OPML and as a page, and the assets of pages and feeds.
OPML = "feeds.opml"

INDEX = "index.html"

STYLESHEET = "assets/feed.css"

ASSETS = ("assets/page.css", "assets/page.js", STYLESHEET)


def document_path(feed_path: str, format_: Format) -> str:
    """The path of a feed's document in the output folder. The name of a format is its extension."""
    return f"{feed_path}.{format_}"


def page_path(feed_path: str) -> str:
    """The path of a feed's page in the output folder."""
    return f"{feed_path}/index.html"


def scoped_path(feed_path: str, month: str) -> str:
    """The path of a month of a feed, like that of a feed; without a month, the path of the feed."""
    return f"{feed_path}/archive/{month}" if month else feed_path


def document_address(base_url: str, feed_path: str, format_: Format) -> str:
    """The URL of a feed's document."""
    return f"{base_url}{quote(document_path(feed_path, format_))}"


def page_address(base_url: str, feed_path: str) -> str:
    """The URL of a feed's page."""
    return f"{base_url}{quote(feed_path)}/"


class Month(msgspec.Struct, frozen=True, array_like=True):
    """A month in UTC in which a feed has stories: its begin and end, the number of stories, and a digest of them."""

    first: dt.datetime
    after: dt.datetime
    stories: int
    digest: bytes


MANIFEST = "feeds.json"
