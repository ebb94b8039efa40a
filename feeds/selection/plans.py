"""Plans of feeds: their settings, paths and titles; and feeds, made of a plan and the entries that it shows.

A feed shows the first of its members (`membership.py`) by rank, then newest first, then by id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from feeds.config.schema import (
    AllFeed,
    Config,
    CustomFeed,
    FeedSettings,
    ProviderFeeds,
    ProviderSettings,
    Topic,
    TopicFeeds,
    first_set,
    period,
)
from feeds.http.codings import EXTENSIONS
from feeds.models import (
    ALL_FORMATS,
    ASSETS,
    INDEX,
    NEWEST,
    OPML,
    Feed,
    FeedKey,
    Link,
    Person,
    document_path,
    page_path,
    scoped_path,
)
from feeds.selection.archives import min_shown
from feeds.selection.paths import recorded_key
from feeds.text.urls import absolute_url
from feeds.values import PlainValue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from feeds.models import Entry, Format, ImagesChoice, Month, Outline, Segment
    from feeds.selection.taxonomy import Taxonomy


#: The largest channel image that RSS 2.0 allows, in pixels.
_MAX_IMAGE_WIDTH, _MAX_IMAGE_HEIGHT = 144, 400


class FeedPlan(PlainValue, frozen=True):
    """A feed without its entries: key, path and titles, its `own` settings and those `of_kind`, which are the defaults.

    `moved_from` are the paths that the feed had before. `recorded_key` is the key as the manifest records it.
    """

    key: FeedKey
    path: str
    name: str
    title: str
    description: str
    own: FeedSettings
    of_kind: AllFeed | TopicFeeds | ProviderFeeds | CustomFeed
    icon: str | None = None
    moved_from: tuple[str, ...] = ()
    recorded_key: str = ""

    @property
    def min_entries(self) -> int:
        """The number of entries that the feed needs before it is first published."""
        return first_set(self.own.min_entries, self.of_kind.min_entries)

    def oldest(self, now: dt.datetime) -> dt.datetime | None:
        """Return the time before which entries are too old for the feed, or None."""
        newer_than = self.own.newer_than if isinstance(self.own, CustomFeed) else None
        return now - period(newer_than) if newer_than else None


def plan_feeds(config: Config, taxonomy: Taxonomy) -> Iterator[FeedPlan]:
    """Yield a plan for each feed that may exist: everything, topics, providers, custom feeds."""
    kinds, site = config.feeds, config.site
    if isinstance(kinds.all, AllFeed):
        title = _fill(kinds.all.title, site.title, config)
        description = _fill(kinds.all.description or site.description.strip() or site.title, site.title, config)
        yield FeedPlan(FeedKey("all"), "all", site.title, title, description, kinds.all, kinds.all)
    if isinstance(kinds.topics, TopicFeeds):
        for topic in taxonomy.topics.values():
            key = FeedKey("topic", topic.key)
            yield _plan(key, topic.path, topic.title, topic.settings, kinds.topics, config)
    if isinstance(kinds.providers, ProviderFeeds):
        for provider in taxonomy.providers.values():
            key = FeedKey("provider", provider.domain)
            yield _plan(key, provider.path, provider.title, provider.settings, kinds.providers, config)
    for custom in kinds.custom:
        title = custom.title or custom.path.rpartition("/")[2].replace("-", " ").capitalize()
        key = FeedKey("custom", custom.path)
        yield FeedPlan(key, custom.path, title, title, custom.description or title, custom, custom, custom.icon)


def formats_of(plan: FeedPlan, config: Config) -> tuple[Format, ...]:
    """Return the formats that a feed is published in, in the order of ALL_FORMATS."""
    formats = first_set(plan.own.formats, plan.of_kind.formats, config.formats)
    return tuple(name for name in ALL_FORMATS if name in formats)


def images_of(plan: FeedPlan, config: Config) -> ImagesChoice:
    """Return which images of its entries a feed shows."""
    return first_set(plan.own.images, plan.of_kind.images, config.entries.images)


def has_archives(plan: FeedPlan, config: Config) -> bool:
    """Whether archives of a feed are published. A feed that drops entries, or is not sorted by date, has none."""
    is_archivable = not isinstance(plan.own, CustomFeed) or (plan.own.sort == "date" and not plan.own.newer_than)
    return is_archivable and first_set(plan.own.archives, plan.of_kind.archives, config.archives) == "month"


def publishes_archives(config: Config) -> bool:
    """Whether archives of any feed may be published."""
    kinds = (config.feeds.all, config.feeds.topics, config.feeds.providers, *config.feeds.custom)
    own = (*config.topics.values(), *config.providers.values())
    choices = {config.archives, *(settings.archives for settings in (*kinds, *own) if settings != "off")}
    return "month" in choices


class EntryLimits(NamedTuple):
    """The number of entries that a feed shows, the number that have to be selected, and the earliest publication time.

    Entries are selected in the feed's order. `since` is None if they may be of any age.
    """

    shown: int
    selected: int
    since: dt.datetime | None


def entry_limits(
    own: FeedSettings,
    of_kind: AllFeed | TopicFeeds | ProviderFeeds | CustomFeed,
    now: dt.datetime,
    months: Sequence[Month] = (),
) -> EntryLimits:
    """Return the limits of a feed at the time `now`, by its own settings and those of its kind.

    A feed without settings of its own has those of its kind: `entry_limits(of_kind, of_kind, now)`. If archives of the
    feed are published, `months` are the months with entries, newest first: it shows the whole newest month.
    `selected` includes `min_entries`, which tells whether the feed is published at all.
    """
    shown = max(first_set(own.limit, of_kind.limit), min_shown(months))
    min_entries = first_set(own.min_entries, of_kind.min_entries)
    newer_than = own.newer_than if isinstance(own, CustomFeed) else None
    return EntryLimits(shown, max(shown, min_entries), now - period(newer_than) if newer_than else None)


def paths_of(plan: FeedPlan, config: Config, month: str = "") -> list[str]:
    """Return the paths of a feed's documents: one in each format, its page, and their precompressed files.

    With a month, such as `2026-06`, these are the paths of its archive documents, which have no page.
    """
    formats = formats_of(plan, config)
    feed_paths = [scoped_path(path, month) for path in (plan.path, *plan.moved_from)]
    pages = [page_path(path) for path in feed_paths] if config.has_pages and not month else []
    return _with_precompressed([document_path(path, name) for path in feed_paths for name in formats] + pages, config)


def site_paths(config: Config) -> list[str]:
    """Return the paths of the whole site's documents: OPML, index page, assets, and their precompressed files."""
    return _with_precompressed([OPML, INDEX, *ASSETS] if config.has_pages else [OPML], config)


def _with_precompressed(paths: Sequence[str], config: Config) -> list[str]:
    extensions = ["", *(EXTENSIONS[coding] for coding in config.codings)]
    return [path + extension for path in paths for extension in extensions]


def make_feed(
    plan: FeedPlan, entries: Sequence[Entry], config: Config, taxonomy: Taxonomy, segment: Segment = NEWEST
) -> Feed:
    """Return the feed with the entries that it shows, in their order."""
    own, of_kind, site, general = plan.own, plan.of_kind, config.site, config.entries
    author = site.author
    icon = plan.icon or (_provider_icon(entries) if plan.key.kind == "provider" else None)
    return Feed(
        path=plan.path,
        kind=plan.key.kind,
        name=plan.name,
        title=plan.title,
        description=plan.description,
        base_url=config.base_url,
        language=first_set(own.language, of_kind.language, site.language),
        site_title=site.title,
        has_page=config.has_pages,
        entries=tuple(_with_taxonomy(entry, taxonomy) for entry in entries),
        formats=formats_of(plan, config),
        content=first_set(own.content, of_kind.content, general.content),
        images=images_of(plan, config),
        shows_related=first_set(own.related, of_kind.related, general.related) in {"links", "both"},
        related_title=general.related_title,
        author=Person(name=author.name, uri=_valid(author.uri), email=author.email) if author else None,
        icon=_valid(icon or site.icon),
        logo=_valid(icon or site.logo),
        rights=(site.rights or "").strip() or None,
        ttl=site.ttl,
        hub=config.hub,
        segment=segment,
        moved_from=plan.moved_from,
        key=plan.recorded_key,
    )


def plan_emptied_feed(outline: Outline, config: Config) -> FeedPlan | None:
    """Return the plan of a published feed that lost its last entry.

    None if its kind is switched off, or if it is the feed of everything or a custom feed, which exist by configuration.
    """
    of_kind = {"topic": config.feeds.topics, "provider": config.feeds.providers}.get(outline.kind)
    if not isinstance(of_kind, TopicFeeds | ProviderFeeds):
        return None
    own = FeedSettings(formats=outline.formats)
    return FeedPlan(
        FeedKey(outline.kind),
        outline.path,
        outline.name,
        outline.title,
        outline.title,
        own,
        of_kind,
        recorded_key=outline.key,
    )


def _plan(
    key: FeedKey,
    path: str,
    name: str,
    own: Topic | ProviderSettings,
    of_kind: TopicFeeds | ProviderFeeds,
    config: Config,
) -> FeedPlan:
    title = _fill(of_kind.title, name, config)
    description = own.description or _fill(of_kind.description, name, config)
    recorded = recorded_key(key, name, path)
    return FeedPlan(key, path, name, title, description, own, of_kind, own.icon, recorded_key=recorded)


def _fill(template: str, name: str, config: Config) -> str:
    """Return a title or description with its placeholders filled in."""
    return template.replace("{name}", name).replace("{site}", config.site.title)


def _with_taxonomy(entry: Entry, taxonomy: Taxonomy) -> Entry:
    """Return the entry with its categories, its source, configured provider names, and its provider as an author."""
    provider, name = entry.provider, taxonomy.provider_name(entry.provider.name)
    if name != provider.name:
        provider = msgspec.structs.replace(provider, name=name)
    publisher = Person(name=name, uri=f"https://{provider.domain}/")
    return msgspec.structs.replace(
        entry,
        provider=provider,
        authors=(*[person for person in entry.authors if person.name != name], publisher),
        categories=taxonomy.categories(entry.topics),
        related=tuple([_with_provider_name(link, taxonomy) for link in entry.related]),
        source=_source_of(provider.domain, taxonomy),
    )


def _source_of(domain: str, taxonomy: Taxonomy) -> Link | None:
    """Return the provider's own feed, if it is configured."""
    node = taxonomy.providers.get(domain)
    feed = node.settings.feed if node else None
    return Link(href=absolute_url(feed) or feed, title=node.title, provider=node.title) if node and feed else None


def _with_provider_name(link: Link, taxonomy: Taxonomy) -> Link:
    name = taxonomy.provider_name(link.provider)
    return link if name == link.provider else msgspec.structs.replace(link, provider=name)


def _valid(url: str | None) -> str | None:
    return absolute_url(url) if url else None


def _provider_icon(entries: Iterable[Entry]) -> str | None:
    """Return the first provider icon of the entries that is known to be small enough for a channel image."""
    for icon in (entry.provider.icon for entry in entries):
        if icon and 0 < (icon.width or 0) <= _MAX_IMAGE_WIDTH and 0 < (icon.height or 0) <= _MAX_IMAGE_HEIGHT:
            return icon.href
    return None
