"""What any web server is to say of the output folder: for `feeds serve`, and for the set-ups of other servers.

Paths are those of requests, below the address of the site and decoded: `topics/ai.rss`, and `topics/ai/` for a page.
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


#: What follows a feed's path in that of an archive.
_ARCHIVE = re.compile(r"/archive/\d{4}-\d{2}\.[a-z]+")


@dataclass(frozen=True)
class Move:
    """A feed that had the path `old` before, the formats that it has, and whether it has a page."""

    old: str
    new: str
    formats: tuple[Format, ...]
    has_page: bool = True

    def target(self, path: str) -> str | None:
        """Where a document of the feed is now that was at `path`; None where that was none of them."""
        if not path.startswith(self.old):
            return None
        rest = path.removeprefix(self.old)
        documents = {f".{name}" for name in self.formats} | ({"", "/"} if self.has_page else set())
        if rest in documents or _ARCHIVE.fullmatch(rest):
            return self.new + (rest or "/")
        return None


def moves(config: Config, manifest: Manifest) -> tuple[Move, ...]:
    """The feeds that have another path than before, as `moved` says, and that are published there and not here."""
    feeds = {record.feed for record in manifest.documents}
    paths = {record.path for record in manifest.documents}
    return tuple(
        Move(old, new, _formats(new, manifest), has_page=page_path(new) in paths)
        for old, new in sorted(config.moved.items())
        if new in feeds and old not in feeds
    )


def gone(manifest: Manifest, moved: tuple[Move, ...]) -> Iterator[str]:
    """The paths of what there was once and is not any more, but for what has moved."""
    for document in manifest.gone:
        path = document.removesuffix(INDEX) if document.endswith(f"/{INDEX}") else document
        if not any(move.target(path) for move in moved):
            yield path


def _formats(feed: str, manifest: Manifest) -> tuple[Format, ...]:
    """The formats in which a feed is published."""
    return tuple(record.subscribed for record in manifest.documents if record.feed == feed and record.subscribed)
