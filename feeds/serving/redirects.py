"""Redirects of moved feeds (301) and removed documents (410), for `feeds serve` and for other web servers.

Paths are request paths below the URL of the site, percent-decoded and without the leading slash: `topics/ai.rss`, or
`topics/ai/` for a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from feeds.models import INDEX, page_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.config.schema import Config
    from feeds.models import Format
    from feeds.output.manifest import Manifest


#: The part of an archive document's path that follows the path of its feed.
_ARCHIVE = re.compile(r"/archive/\d{4}-\d{2}\.[a-z]+")


@dataclass(frozen=True)
class MovedFeed:
    """A feed whose path changed, with the formats and the page that it has at its new path."""

    old_path: str
    new_path: str
    formats: tuple[Format, ...]
    has_page: bool = True

    def location(self, path: str) -> str | None:
        """Return the new path of the document at `path`, or None if `path` is not a former document of the feed."""
        if not path.startswith(self.old_path):
            return None
        suffix = path.removeprefix(self.old_path)
        documents = {f".{name}" for name in self.formats} | ({"", "/"} if self.has_page else set())
        if suffix in documents or _ARCHIVE.fullmatch(suffix):
            return self.new_path + (suffix or "/")
        return None


def moved_feeds(config: Config, manifest: Manifest) -> tuple[MovedFeed, ...]:
    """Return the feeds that `moved` lists and that are published only at their new path, ordered by old path."""
    feed_paths = {record.feed for record in manifest.documents}
    document_paths = {record.path for record in manifest.documents}
    moved = []
    for old_path, new_path in sorted(config.moved.items()):
        if new_path in feed_paths and old_path not in feed_paths:
            records = (record for record in manifest.documents if record.feed == new_path)
            formats = tuple(record.subscribed for record in records if record.subscribed)
            moved.append(MovedFeed(old_path, new_path, formats, has_page=page_path(new_path) in document_paths))
    return tuple(moved)


def gone_paths(manifest: Manifest, moved: tuple[MovedFeed, ...]) -> Iterator[str]:
    """Yield the paths of former documents that have no redirect."""
    for document in manifest.gone_paths:
        path = document.removesuffix(INDEX) if document.endswith(f"/{INDEX}") else document
        if not any(feed.location(path) for feed in moved):
            yield path
