"""The types of the configuration: each key with its type, default and description.

`typecheck` validates YAML values against these types, and `json_schema` generates the JSON Schema for editors from
them. Docstrings and descriptions are published there; descriptions of texts also appear in messages, after "expected".
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from feeds.models import ALL_FORMATS, ArchivesChoice, Coding, ContentChoice, Format, ImagesChoice, RelatedChoice
from feeds.storage.names import MAX_LENGTH, NOT_IN_SEGMENT
from feeds.storage.sources import Source
from feeds.text.urls import absolute_url

T = TypeVar("T")

_SEGMENT = rf"[^.{NOT_IN_SEGMENT}]([^{NOT_IN_SEGMENT}]*[^.{NOT_IN_SEGMENT}])?"

#: RFC 5322, 3.2.3.
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"

#: RFC 1123, 2.1.
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"

#: An e-mail address that all programs accept: a dot-atom (RFC 5322, 3.4.1) at a host name with a dot.
EMAIL_PATTERN = rf"^{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+{_LABEL}$"

#: Rejects URLs. The URL parser decides whether the rest is a domain.
DOMAIN_PATTERN = r"^[^\s/:?#@%]+$"

Off = Literal["off"]

Count = Annotated[int, Meta(ge=1, le=100_000)]

Amount = Annotated[int, Meta(ge=0)]

Text = Annotated[str, Meta(min_length=1, pattern=r"\S")]

Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+\S*$", description="an http or https address")]

Email = Annotated[str, Meta(pattern=EMAIL_PATTERN, description="an e-mail address such as ada@example.com")]

Language = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="a language tag such as en or pt-BR"),
]

FeedPath = Annotated[
    str,
    Meta(
        pattern=rf"^{_SEGMENT}(/{_SEGMENT})*$",
        max_length=MAX_LENGTH,
        description="a path such as ai or news/ai: letters, digits, dots, hyphens; no leading slash, no extension",
    ),
]

Slug = Annotated[
    str,
    Meta(
        pattern=rf"^[^.{NOT_IN_SEGMENT}]+$",
        max_length=100,
        description="a part of an address such as c-plus-plus: letters, digits and hyphens",
    ),
]

Domain = Annotated[str, Meta(pattern=DOMAIN_PATTERN, description="a domain such as example.com")]

Period = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]{0,4} (minutes?|hours?|days?|weeks?)$",
        description="a number and a unit, such as 90 days or 12 hours",
    ),
]

Network = Annotated[
    str, Meta(pattern=r"^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$", description="an address or a network such as 10.1.0.0/16")
]

Regex = Annotated[
    str, Meta(min_length=1, description="a regular expression searched in title and summary, in any case")
]

Template = Annotated[
    str,
    Meta(
        min_length=1,
        pattern=r"\S",
        description="text in which {name} is the topic or provider and {site} the site's title",
    ),
]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of all sections. Unknown keys are errors."""


class Author(Settings, frozen=True, kw_only=True):
    """The person or organization that publishes the feeds (RFC 4287, 3.2)."""

    name: Text
    email: Email | None = None
    uri: Url | None = None


class SiteSettings(Settings, frozen=True, kw_only=True):
    """The site that publishes the feeds. All feeds contain these values."""

    title: Annotated[Text, Meta(description="the name of the site")]
    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s/?#]+(/[^\s/?#]+)*/?$",
            description="the http or https address where output/ is served; every address starts with it",
        ),
    ]
    description: Annotated[str, Meta(description="a sentence about the site")] = ""
    language: Language = "en"
    author: Author | None = None
    icon: Annotated[Url | None, Meta(description="the URL of a small square image")] = None
    logo: Annotated[
        Url | None, Meta(description="the URL of an image of at most 144 by 400 pixels; RSS needs PNG, JPEG or GIF")
    ] = None
    rights: Annotated[str | None, Meta(description="a copyright line")] = None
    ttl: Annotated[int, Meta(ge=1, le=525_600, description="minutes for which a feed may be cached")] = 60
    hub: Annotated[Url | None, Meta(description="the URL of a WebSub hub, which is notified of changed feeds")] = None


class SourceLimits(Settings, frozen=True, kw_only=True):
    """Limits of an article, since anybody may have written it."""

    bytes: Annotated[int, Meta(ge=1, description="maximum bytes of a file; a larger file is skipped")] = 1_000_000
    depth: Annotated[
        int, Meta(ge=4, le=100, description="maximum depth of the front matter; a deeper file is skipped")
    ] = 100
    related: Annotated[int, Meta(ge=0, description="maximum number of related links; further ones are ignored")] = 500
    topics: Annotated[int, Meta(ge=0, description="maximum number of topics per story; further ones are ignored")] = 100
    article_topics: Annotated[
        int, Meta(ge=0, description="maximum number of different topics of an article and its related links together")
    ] = 200
    new_feeds: Annotated[
        int, Meta(ge=1, description="maximum number of feeds that a run adds; further ones wait for the next run")
    ] = 50_000
    images: Annotated[
        int, Meta(ge=0, description="maximum number of images per story or provider; further ones are ignored")
    ] = 100


class SourceSettings(Settings, frozen=True, kw_only=True):
    """The folders of articles, and how articles are read."""

    articles: Annotated[
        tuple[Text, ...],
        Meta(
            min_length=1,
            description="folders of articles, relative to this file, or in object stores, such as s3://bucket",
        ),
    ]
    unpublished: Annotated[
        Literal["skip", "include"], Meta(description="skip or include articles with `published: false`")
    ] = "skip"
    undated: Annotated[
        Literal["skip", "file"],
        Meta(description="skip entries without a date, or use the modification time of their file"),
    ] = "skip"
    link: Annotated[
        Literal["web", "original", "amp", "cdn-amp"], Meta(description="the URL of a story that its entry links to")
    ] = "web"
    base_url: Annotated[Url | None, Meta(description="the base of relative URLs in articles")] = None
    limits: SourceLimits = SourceLimits()


class EntrySettings(Settings, frozen=True, kw_only=True):
    """Which stories become entries, and the content of entries."""

    related: Annotated[
        RelatedChoice,
        Meta(description="related links become entries, are listed in their article, both, or neither"),
    ] = "both"
    content: Annotated[ContentChoice, Meta(description="the full body, or only the excerpt")] = "full"
    images: Annotated[ImagesChoice, Meta(description="which images of an entry are published")] = "all"
    related_title: Annotated[Text, Meta(description="the heading of the list of related links")] = "Related coverage"


class Enclosures(Settings, frozen=True, kw_only=True):
    """Media types and lengths of images, found by requests to their servers."""

    probe: Annotated[
        Literal["on", "off"], Meta(description="request the media types and lengths of images from their servers")
    ] = "off"
    dead: Annotated[
        Literal["keep", "drop"],
        Meta(description="keep or drop images that their servers do not have"),
    ] = "keep"
    ttl: Annotated[Period, Meta(description="how long a result is valid, such as 90 days")] = "90 days"
    retry: Annotated[Period, Meta(description="how long to wait after a failed request, such as 1 day")] = "1 day"
    allow_private: Annotated[tuple[Network, ...], Meta(description="private networks that requests may go to")] = ()


class FeedSettings(Settings, frozen=True, kw_only=True):
    """Settings of a feed. Missing ones come from the feed's kind, then from the global settings."""

    language: Language | None = None
    limit: Annotated[Count | None, Meta(description="maximum number of entries")] = None
    min_entries: Annotated[
        Amount | None, Meta(description="minimum number of entries before the feed is first published")
    ] = None
    content: ContentChoice | None = None
    images: ImagesChoice | None = None
    related: RelatedChoice | None = None
    formats: Annotated[tuple[Format, ...], Meta(min_length=1)] | None = None
    archives: ArchivesChoice | None = None


class AllFeed(FeedSettings, frozen=True, kw_only=True):
    """The feed of all entries."""

    title: Template = "{site}"
    description: Template | None = None
    limit: Count = 100
    min_entries: Amount = 0


class TopicFeeds(FeedSettings, frozen=True, kw_only=True):
    """One feed per topic."""

    title: Template = "{name} – {site}"
    description: Template = "{name}: articles and related coverage"
    limit: Count = 50
    min_entries: Amount = 1


class ProviderFeeds(FeedSettings, frozen=True, kw_only=True):
    """One feed per provider."""

    title: Template = "{name} – {site}"
    description: Template = "Stories published by {name}"
    limit: Count = 50
    min_entries: Amount = 2


class TopicRule(Settings, frozen=True, kw_only=True):
    """The topics of an entry: at least one of `any`, each of `all`, and none of `none`."""

    any: tuple[Text, ...] = ()
    all: tuple[Text, ...] = ()
    none: tuple[Text, ...] = ()


class ProviderRule(Settings, frozen=True, kw_only=True):
    """The provider of an entry: one of `any`, and none of `none`."""

    any: tuple[Domain, ...] = ()
    none: tuple[Domain, ...] = ()


class CustomFeed(FeedSettings, frozen=True, kw_only=True):
    """A feed with its own rules. It contains the entries that match all of them."""

    path: FeedPath
    title: Annotated[Text | None, Meta(description="by default, the last segment of the path")] = None
    description: Text | None = None
    limit: Count = 50
    min_entries: Amount = 0
    icon: Url | None = None
    topics: TopicRule = TopicRule()
    providers: ProviderRule = ProviderRule()
    types: Annotated[tuple[Text, ...], Meta(description="types of entries, such as article or video")] = ()
    min_quality: int | None = None
    min_heat: int | None = None
    match: Regex | None = None
    newer_than: Period | None = None
    sort: Literal["date", "quality", "heat"] = "date"


class FeedKinds(Settings, frozen=True, kw_only=True):
    """The kinds of feeds. `off` instead of settings turns a kind off."""

    all: AllFeed | Off = AllFeed()
    topics: TopicFeeds | Off = TopicFeeds()
    providers: ProviderFeeds | Off = ProviderFeeds()
    custom: tuple[CustomFeed, ...] = ()


class Topic(FeedSettings, frozen=True, kw_only=True):
    """A topic; its key is the name that articles use."""

    slug: Slug | None = None
    title: Text | None = None
    description: Text | None = None
    parent: Annotated[Text | None, Meta(description="the topic whose feed includes the entries of this one")] = None
    aliases: Annotated[tuple[Text, ...], Meta(description="other names of the same topic")] = ()
    icon: Url | None = None


class ProviderSettings(FeedSettings, frozen=True, kw_only=True):
    """A provider; its key is its domain."""

    title: Text | None = None
    description: Text | None = None
    feed: Annotated[
        Url | None, Meta(description="the URL of the provider's own feed, which its entries name as their source")
    ] = None
    icon: Url | None = None


class ServeSettings(Settings, frozen=True, kw_only=True):
    """What `feeds serve` serves beside the published documents."""

    files: Annotated[
        tuple[Text, ...],
        Meta(description="patterns of other files in the output folder; * stands for any characters, such as images/*"),
    ] = ()


class ConfigFile(Settings, frozen=True, kw_only=True):
    """The configuration file, config/feeds.yaml."""

    site: SiteSettings
    source: SourceSettings
    entries: EntrySettings = EntrySettings()
    enclosures: Enclosures = Enclosures()
    feeds: FeedKinds = FeedKinds()
    formats: Annotated[tuple[Format, ...], Meta(min_length=1)] = ALL_FORMATS
    pages: Annotated[
        Literal["on", "off"], Meta(description="publish an HTML page for each feed, and one that lists all feeds")
    ] = "on"
    archives: Annotated[
        ArchivesChoice, Meta(description="publish the whole history of each feed, one document per month")
    ] = "off"
    compress: Annotated[
        tuple[Coding, ...],
        Meta(description="content codings of the precompressed files that are written beside each document"),
    ] = ()
    moved: Annotated[
        dict[FeedPath, FeedPath], Meta(description="former paths of feeds, each with the current path")
    ] = {}
    serve: ServeSettings = ServeSettings()
    topics: dict[Text, Topic] = {}
    providers: dict[Domain, ProviderSettings] = {}


class Config(ConfigFile, frozen=True, kw_only=True):
    """A valid configuration. `path` is its file and `articles` are the folders of the archive, all absolute."""

    path: Path
    articles: tuple[Source, ...]

    @property
    def has_pages(self) -> bool:
        return self.pages == "on"

    @property
    def codings(self) -> tuple[Coding, ...]:
        """The content codings of the precompressed files, without duplicates."""
        return tuple(dict.fromkeys(self.compress))

    @property
    def default_output(self) -> Path:
        """The folder `output/` beside the folder of the configuration."""
        return self.path.parent.parent / "output"

    @property
    def default_cache(self) -> Path:
        """The folder `.feeds/` beside the folder of the configuration."""
        return self.path.parent.parent / ".feeds"

    @property
    def hub(self) -> str | None:
        """`site.hub` as a valid URL (WHATWG URL)."""
        return absolute_url(self.site.hub) if self.site.hub else None

    @property
    def base_url(self) -> str:
        """`site.url` as a valid URL (WHATWG URL) with one trailing slash."""
        return (absolute_url(self.site.url) or self.site.url).rstrip("/") + "/"


@cache
def period(text: str) -> dt.timedelta:
    """Return the duration of a `Period` such as `90 days`."""
    number, unit = text.split()
    return dt.timedelta(**{unit.removesuffix("s") + "s": int(number)})


def compile_match(pattern: str) -> re.Pattern[str]:
    """Compile the regular expression of `match`, ignoring case; raise re.error.

    Warnings about syntax that a future Python may change are suppressed, since they would reach users.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(pattern, re.IGNORECASE)


def first_set(*values: T | None) -> T:
    """Return the first value that is not None, of the settings of a feed, of its kind, and the global ones."""
    return next(value for value in values if value is not None)
