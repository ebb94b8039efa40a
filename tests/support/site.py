"""A site in a temporary folder, and the feeds of entries."""

from __future__ import annotations

import datetime as dt
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import feeds
from feeds.catalog.records import FileRecord, encode_entry
from feeds.catalog.sqlite import SqliteCatalog
from feeds.selection.membership import MembershipRules
from feeds.selection.plans import entry_limits, make_feed, plan_feeds
from feeds.selection.taxonomy import build_taxonomy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from feeds.config.schema import Config
    from feeds.models import Entry, Feed

#: The time of all tests, after every date that they write.
NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def select(
    stories: Iterable[Entry], config: Config, now: dt.datetime = NOW, published: Collection[str] = ()
) -> dict[str, Feed]:
    """The feeds of these entries, by path, of which those at the paths `published` had begun before."""
    catalog = SqliteCatalog(None)
    encoded = tuple(map(encode_entry, stories))
    builder = catalog.builder(MembershipRules(config), now)
    builder.add_file(FileRecord(source="", path="a.md", size=0, mtime=0, ctime=0, digest=b"", entries=encoded))
    builder.finish()
    taxonomy = build_taxonomy(config, catalog.topic_names(), catalog.provider_names())
    feeds = {}
    for plan in plan_feeds(config, taxonomy):
        limits = entry_limits(plan.own, plan.of_kind, now)
        window = catalog.window(plan.key, limits.selected, limits.since)
        if len(window.stories) >= plan.min_entries or plan.path in published:
            entries = catalog.entries(window.stories[: limits.shown], now)
            feeds[plan.path] = make_feed(plan, entries, config, taxonomy)
    catalog.close()
    return feeds


@dataclass(frozen=True)
class Site:
    """A site in `folder`, as `feeds init` lays it out."""

    folder: Path

    @property
    def config_path(self) -> Path:
        return self.folder / "config" / "feeds.yaml"

    @property
    def output(self) -> Path:
        return self.folder / "output"

    def configure(self, text: str) -> Path:
        """Write the configuration; the path of its file."""
        self.config_path.parent.mkdir(parents=True, exist_ok=True)
        self.config_path.write_text(textwrap.dedent(text), encoding="utf-8")
        return self.config_path

    def article(self, path: str, front_matter: str, body: str = "") -> Path:
        """Write an article below articles/; the path of its file."""
        file = self.folder / "articles" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"---\n{textwrap.dedent(front_matter).strip()}\n---\n{body}", encoding="utf-8")
        return file

    def regenerate(self, *, now: dt.datetime = NOW, **options: Any) -> feeds.Report:
        """Publish into output/ as of `now`; the options are those of `feeds.regenerate`."""
        return feeds.regenerate(feeds.load_config(self.config_path), now=now, **options)

    def documents(self) -> dict[str, bytes]:
        """The bytes of every file in output/, by path."""
        files = (path for path in self.output.rglob("*") if path.is_file())
        return {path.relative_to(self.output).as_posix(): path.read_bytes() for path in sorted(files)}
