"""The configuration's types: each key with its type, default and meaning.

`config.py` reads and checks YAML against these types, and the JSON Schema for editors is generated from them.
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
from feeds.storage.names import LONGEST
from feeds.storage.objects import ObjectFolder
from feeds.text.urls import absolute_url

T = TypeVar("T")

#: What no part of a path may hold; inside a character class.
_NOT_IN_PATH = (
    r"""\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\s\x00-\x1f\x7f-\x9f/\\?#%&+:;,'<>|*`$!@=^~()\[\]{}""" + '"'
)

_PART = rf"[^.{_NOT_IN_PATH}]([^{_NOT_IN_PATH}]*[^.{_NOT_IN_PATH}])?"

_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"

#: An e-mail address that all programs take (RFC 5322, 3.4.1), of a host with a public name.
EMAIL_PATTERN = rf"^{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+{_LABEL}$"

#: What keeps addresses out; whether the rest is a domain, the URL parser knows.
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
        pattern=rf"^{_PART}(/{_PART})*$",
        max_length=LONGEST,
        description="a path such as ai or news/ai: letters, digits, dots, hyphens; no leading slash, no extension",
    ),
]

Slug = Annotated[
    str,
    Meta(
        pattern=rf"^[^.{_NOT_IN_PATH}]+$",
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
    """The base of all sections: a key that is not a field is a mistake."""


class Author(Settings, frozen=True, kw_only=True):
    """Who is responsible for the feeds (RFC 4287, 3.2)."""

    name: Text
    email: Email | None = None
    uri: Url | None = None


class SiteSettings(Settings, frozen=True, kw_only=True):
    """What all feeds say of their publisher."""

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
    icon: Annotated[Url | None, Meta(description="a small square picture")] = None
    logo: Annotated[
        Url | None, Meta(description="a picture of at most 144 by 400 pixels; in RSS only if PNG, JPEG or GIF")
    ] = None
    rights: Annotated[str | None, Meta(description="a copyright line")] = None
    ttl: Annotated[int, Meta(ge=1, le=525_600, description="minutes for which a feed may be cached")] = 60
    hub: Annotated[Url | None, Meta(description="a WebSub hub, which is told of feeds that changed")] = None


class SourceLimits(Settings, frozen=True, kw_only=True):
    """What an article may hold at most: it may be anybody's."""

    bytes: Annotated[int, Meta(ge=1, description="bytes of a file; one with more is left out")] = 1_000_000
    depth: Annotated[int, Meta(ge=4, le=100, description="levels of its front matter; one with more is left out")] = 100
    related: Annotated[int, Meta(ge=0, description="related links; more of them are passed over")] = 500
    topics: Annotated[int, Meta(ge=0, description="topics of a story; more of them are passed over")] = 100
    images: Annotated[int, Meta(ge=0, description="images of a story or a provider; likewise")] = 100


class Source(Settings, frozen=True, kw_only=True):
    """Where the articles are and how they are read."""

    articles: Annotated[
        tuple[Text, ...],
        Meta(min_length=1, description="folders of articles, relative to this file, or addresses such as s3://bucket"),
    ]
    unpublished: Annotated[
        Literal["skip", "include"], Meta(description="what to do with articles that say `published: false`")
    ] = "skip"
    undated: Annotated[
        Literal["skip", "file"], Meta(description="leave entries without a date out, or date them by their file")
    ] = "skip"
    link: Annotated[
        Literal["web", "original", "amp", "cdn-amp"], Meta(description="which address of a story entries link to")
    ] = "web"
    base_url: Annotated[Url | None, Meta(description="what relative addresses in articles are relative to")] = None
    limits: SourceLimits = SourceLimits()


class EntrySettings(Settings, frozen=True, kw_only=True):
    """What becomes an entry, and what an entry shows."""

    related: Annotated[
        RelatedChoice,
        Meta(description="whether related links become entries, are listed with their article, both, or neither"),
    ] = "both"
    content: Annotated[ContentChoice, Meta(description="the whole body, or the excerpt in its place")] = "full"
    images: Annotated[ImagesChoice, Meta(description="which of an entry's images are published")] = "all"
    related_title: Annotated[Text, Meta(description="the heading of the list of related links")] = "Related coverage"


class Enclosures(Settings, frozen=True, kw_only=True):
    """What is published of images, beyond what articles say of them."""

    probe: Annotated[
        Literal["on", "off"], Meta(description="whether the servers of images are asked for their types and lengths")
    ] = "off"
    dead: Annotated[
        Literal["keep", "drop"],
        Meta(description="whether images are published that their servers do not have"),
    ] = "keep"
    ttl: Annotated[Period, Meta(description="how long an answer is believed")] = "90 days"
    retry: Annotated[Period, Meta(description="how long after no answer it is asked again")] = "1 day"
    allow_private: Annotated[
        tuple[Network, ...], Meta(description="networks that are not public and may be asked nevertheless")
    ] = ()


class FeedSettings(Settings, frozen=True, kw_only=True):
    """What a feed may say of itself. Unset values come from the feed's kind, then from the global settings."""

    language: Language | None = None
    limit: Annotated[Count | None, Meta(description="how many entries the feed shows")] = None
    min_entries: Annotated[Amount | None, Meta(description="with fewer entries there is no feed")] = None
    content: ContentChoice | None = None
    images: ImagesChoice | None = None
    related: RelatedChoice | None = None
    formats: Annotated[tuple[Format, ...], Meta(min_length=1)] | None = None
    archives: ArchivesChoice | None = None


class AllFeed(FeedSettings, frozen=True, kw_only=True):
    """The feed of everything."""

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
    """Which topics an entry must have: any of these, all of these, none of these."""

    any: tuple[Text, ...] = ()
    all: tuple[Text, ...] = ()
    none: tuple[Text, ...] = ()


class ProviderRule(Settings, frozen=True, kw_only=True):
    """Which providers an entry may be from: any of these, none of these."""

    any: tuple[Domain, ...] = ()
    none: tuple[Domain, ...] = ()


class CustomFeed(FeedSettings, frozen=True, kw_only=True):
    """A feed of your own: an entry is in it if it passes every rule."""

    path: FeedPath
    title: Annotated[Text | None, Meta(description="without it, the path's last part")] = None
    description: Text | None = None
    limit: Count = 50
    min_entries: Amount = 0
    icon: Url | None = None
    topics: TopicRule = TopicRule()
    providers: ProviderRule = ProviderRule()
    types: Annotated[tuple[Text, ...], Meta(description="article, video, course …")] = ()
    min_quality: int | None = None
    min_heat: int | None = None
    match: Regex | None = None
    newer_than: Period | None = None
    sort: Literal["date", "quality", "heat"] = "date"


class FeedKinds(Settings, frozen=True, kw_only=True):
    """Which feeds there are. `off` instead of settings switches a kind off."""

    all: AllFeed | Off = AllFeed()
    topics: TopicFeeds | Off = TopicFeeds()
    providers: ProviderFeeds | Off = ProviderFeeds()
    custom: tuple[CustomFeed, ...] = ()


class Topic(FeedSettings, frozen=True, kw_only=True):
    """What is known of a topic beyond the name that articles use."""

    slug: Slug | None = None
    title: Text | None = None
    description: Text | None = None
    parent: Annotated[Text | None, Meta(description="the topic whose feed holds this one's entries too")] = None
    aliases: Annotated[tuple[Text, ...], Meta(description="other names of the same topic")] = ()
    icon: Url | None = None


class ProviderSettings(FeedSettings, frozen=True, kw_only=True):
    """What is known of a provider beyond what articles say."""

    title: Text | None = None
    description: Text | None = None
    feed: Annotated[Url | None, Meta(description="the provider's own feed, named as the source of its entries")] = None
    icon: Url | None = None


class ConfigFile(Settings, frozen=True, kw_only=True):
    """The file config/feeds.yaml."""

    site: SiteSettings
    source: Source
    entries: EntrySettings = EntrySettings()
    enclosures: Enclosures = Enclosures()
    feeds: FeedKinds = FeedKinds()
    formats: Annotated[tuple[Format, ...], Meta(min_length=1)] = ALL_FORMATS
    pages: Annotated[
        Literal["on", "off"], Meta(description="whether there is an HTML page for each feed, and one that lists all")
    ] = "on"
    archives: Annotated[
        ArchivesChoice, Meta(description="whether the whole history of a feed is published, a document a month")
    ] = "off"
    compress: Annotated[
        tuple[Coding, ...], Meta(description="the compressed copies that lie beside each document, for web servers")
    ] = ()
    moved: Annotated[
        dict[FeedPath, FeedPath], Meta(description="paths that feeds had before, each with the one that it has now")
    ] = {}
    topics: dict[Text, Topic] = {}
    providers: dict[Domain, ProviderSettings] = {}


class Config(ConfigFile, frozen=True, kw_only=True):
    """A configuration that was found right. `path` is its file, `articles` the archive's folders, all absolute."""

    path: Path
    articles: tuple[Path | ObjectFolder, ...]

    @property
    def local_articles(self) -> tuple[Path, ...]:
        """The archive's folders that are on this machine."""
        return tuple(root for root in self.articles if isinstance(root, Path))

    @property
    def has_pages(self) -> bool:
        return self.pages == "on"

    @property
    def codings(self) -> tuple[Coding, ...]:
        """The codings of the compressed copies, each once."""
        return tuple(dict.fromkeys(self.compress))

    @property
    def default_output(self) -> Path:
        """`output/` beside the folder of the configuration."""
        return self.path.parent.parent / "output"

    @property
    def default_cache(self) -> Path:
        """`.feeds/` beside the folder of the configuration."""
        return self.path.parent.parent / ".feeds"

    @property
    def hub(self) -> str | None:
        """`site.hub` as a valid address."""
        return absolute_url(self.site.hub) if self.site.hub else None

    @property
    def base_url(self) -> str:
        """`site.url` as a valid address, with one slash at its end."""
        return (absolute_url(self.site.url) or self.site.url).rstrip("/") + "/"


@cache
def period(text: str) -> dt.timedelta:
    """The time that a `Period` such as `90 days` stands for."""
    number, unit = text.split()
    return dt.timedelta(**{unit.removesuffix("s") + "s": int(number)})


def compile_match(pattern: str) -> re.Pattern[str]:
    """The regular expression of `match`; raises re.error. What Python may change one day is no news to users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(pattern, re.IGNORECASE)


def first_set(*values: T | None) -> T:
    """The first value that is not None: a feed's own, else its kind's, else the global one."""
    return next(value for value in values if value is not None)
