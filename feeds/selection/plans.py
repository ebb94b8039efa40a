"""Feeds: which there are, and what each is with the entries that it shows.

A feed shows the first of its members (`membership.py`), by rank, then newest first, then by id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    Link,
    Person,
    document_path,
    page_path,
    scoped_path,
)
from feeds.selection.membership import FeedKey
from feeds.text.urls import absolute_url

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from feeds.models import Enclosure, Entry, Format, ImagesChoice, Outline, Segment
    from feeds.selection.taxonomy import Taxonomy


#: The largest channel image that RSS 2.0 allows, in pixels.
_IMAGE_WIDTH, _IMAGE_HEIGHT = 144, 400


@dataclass(frozen=True)
class Plan:
    """A feed before it has entries: what it is, and the settings that apply to it, its own and its kind's."""

    key: FeedKey
    path: str
    name: str
    title: str
    description: str
    own: FeedSettings
    of_kind: AllFeed | TopicFeeds | ProviderFeeds | CustomFeed
    icon: str | None = None
    moved_from: tuple[str, ...] = ()

    @property
    def limit(self) -> int:
        """How many entries the feed shows."""
        return first_set(self.own.limit, self.of_kind.limit)

    @property
    def least(self) -> int:
        """With fewer entries the feed does not begin."""
        return first_set(self.own.min_entries, self.of_kind.min_entries)

    def oldest(self, now: dt.datetime) -> dt.datetime | None:
        """The time before which entries have left the feed."""
        newer_than = self.own.newer_than if isinstance(self.own, CustomFeed) else None
        return now - period(newer_than) if newer_than else None


def plan_feeds(config: Config, taxonomy: Taxonomy) -> Iterator[Plan]:
    """The feeds that there may be: everything, topics, providers, custom ones."""
    kinds, site = config.feeds, config.site
    if isinstance(kinds.all, AllFeed):
        title = _fill(kinds.all.title, site.title, config)
        description = _fill(kinds.all.description or site.description.strip() or site.title, site.title, config)
        yield Plan(FeedKey("all"), "all", site.title, title, description, kinds.all, kinds.all)
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
        yield Plan(key, custom.path, title, title, custom.description or title, custom, custom, custom.icon)


def formats_of(plan: Plan, config: Config) -> tuple[Format, ...]:
    """The formats that a feed is published in."""
    formats = first_set(plan.own.formats, plan.of_kind.formats, config.formats)
    return tuple(name for name in ALL_FORMATS if name in formats)


def images_of(plan: Plan, config: Config) -> ImagesChoice:
    """Which images of its entries a feed shows."""
    return first_set(plan.own.images, plan.of_kind.images, config.entries.images)


def has_archives(plan: Plan, config: Config) -> bool:
    """Whether the history of a feed is published: that of one in the order of time, which its entries do not leave."""
    is_lasting = not isinstance(plan.own, CustomFeed) or (plan.own.sort == "date" and not plan.own.newer_than)
    return is_lasting and first_set(plan.own.archives, plan.of_kind.archives, config.archives) == "month"


def paths_of(plan: Plan, config: Config, month: str = "") -> list[str]:
    """The documents of a feed in each of its formats, and its page; or those of a month of its history."""
    formats = formats_of(plan, config)
    own = [scoped_path(path, month) for path in (plan.path, *plan.moved_from)]
    pages = [page_path(path) for path in own] if config.has_pages and not month else []
    return _with_copies([document_path(path, name) for path in own for name in formats] + pages, config)


def site_paths(config: Config) -> list[str]:
    """The documents that a site has beside its feeds."""
    return _with_copies([OPML, INDEX, *ASSETS] if config.has_pages else [OPML], config)


def _with_copies(paths: Sequence[str], config: Config) -> list[str]:
    extensions = ["", *(EXTENSIONS[coding] for coding in config.codings)]
    return [path + extension for path in paths for extension in extensions]


def make_feed(
    plan: Plan, entries: Sequence[Entry], config: Config, taxonomy: Taxonomy, segment: Segment = NEWEST
) -> Feed:
    """The feed with the entries that it shows, in their order."""
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
        entries=tuple(_finish(entry, taxonomy) for entry in entries),
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
    )


def gone_feed(outline: Outline, config: Config) -> Plan | None:
    """A feed that was published and has lost its last entry; None where its kind is switched off or it was our own."""
    of_kind = {"topic": config.feeds.topics, "provider": config.feeds.providers}.get(outline.kind)
    if not isinstance(of_kind, TopicFeeds | ProviderFeeds):
        return None
    own = FeedSettings(formats=outline.formats)
    return Plan(FeedKey(outline.kind), outline.path, outline.name, outline.title, outline.title, own, of_kind)


def _plan(
    key: FeedKey,
    path: str,
    name: str,
    own: Topic | ProviderSettings,
    of_kind: TopicFeeds | ProviderFeeds,
    config: Config,
) -> Plan:
    title = _fill(of_kind.title, name, config)
    description = own.description or _fill(of_kind.description, name, config)
    return Plan(key, path, name, title, description, own, of_kind, own.icon)


def _fill(template: str, name: str, config: Config) -> str:
    """A title or description with its placeholders filled in."""
    return template.replace("{name}", name).replace("{site}", config.site.title)


def _finish(entry: Entry, taxonomy: Taxonomy) -> Entry:
    """The entry with what the taxonomy and the configuration know of its topics and providers."""
    provider, name = entry.provider, taxonomy.provider_name(entry.provider.name)
    if name != provider.name:
        provider = msgspec.structs.replace(provider, name=name)
    publisher = Person(name=name, uri=f"https://{provider.domain}/")
    return msgspec.structs.replace(
        entry,
        provider=provider,
        authors=(*[person for person in entry.authors if person.name != name], publisher),
        categories=taxonomy.categories(entry.topics),
        related=tuple([_finish_link(link, taxonomy) for link in entry.related]),
        source=_source_of(provider.domain, taxonomy),
    )


def _source_of(domain: str, taxonomy: Taxonomy) -> Link | None:
    """The provider's own feed, if it is configured."""
    node = taxonomy.providers.get(domain)
    feed = node.settings.feed if node else None
    return Link(href=absolute_url(feed) or feed, title=node.title, provider=node.title) if node and feed else None


def _finish_link(link: Link, taxonomy: Taxonomy) -> Link:
    name = taxonomy.provider_name(link.provider)
    return link if name == link.provider else msgspec.structs.replace(link, provider=name)


def _valid(url: str | None) -> str | None:
    return absolute_url(url) if url else None


def _provider_icon(entries: Iterable[Entry]) -> str | None:
    """The picture of the provider that its newest entry brings, if it is known to be small enough for a feed's."""
    icons = (entry.provider.icon for entry in entries if entry.provider.icon)
    return next((icon.href for icon in icons if _is_small(icon)), None)


def _is_small(icon: Enclosure) -> bool:
    return 0 < (icon.width or 0) <= _IMAGE_WIDTH and 0 < (icon.height or 0) <= _IMAGE_HEIGHT


def publishes_months(config: Config) -> bool:
    kinds = (config.feeds.all, config.feeds.topics, config.feeds.providers, *config.feeds.custom)
    own = (*config.topics.values(), *config.providers.values())
    chosen = {config.archives, *(one.archives for one in (*kinds, *own) if one != "off")}
    return "month" in chosen


def most_needed(own: FeedSettings, of_kind: TopicFeeds | ProviderFeeds | CustomFeed) -> int:
    return max(first_set(own.limit, of_kind.limit), first_set(own.min_entries, of_kind.min_entries))
