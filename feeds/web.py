"""What any web server is to say of the output folder: for `feeds serve`, and for the set-ups of other servers.

Paths are those of requests, below the address of the site and decoded: `topics/ai.rss`, and `topics/ai/` for a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from feeds.mediatypes import HTML, JSON, MEDIA_TYPES, OPML, UNKNOWN, content_type
from feeds.model import INDEX, page_path
from feeds.publish import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from feeds.model import Coding, Format
    from feeds.publish import Manifest
    from feeds.settings import Config

#: Media types by the extension of a file, without the parameter for the charset.
TYPES: Mapping[str, str] = {
    "rss": MEDIA_TYPES["rss"],
    "atom": MEDIA_TYPES["atom"],
    "json": MEDIA_TYPES["json"],
    "opml": OPML,
    "html": HTML,
    "css": "text/css",
    "js": "text/javascript",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "xml": "application/xml",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "ico": "image/vnd.microsoft.icon",
    "woff2": "font/woff2",
    "pdf": "application/pdf",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
#: The types that scripts on other sites may read, as readers in a browser do.
SHARED = frozenset({*MEDIA_TYPES.values(), OPML})


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


def media_type(path: str) -> str:
    """The media type of a file, by its path. What is JSON counts as a feed, but for the manifest."""
    if path == MANIFEST:
        return JSON
    return TYPES.get(path.rpartition("/")[2].rpartition(".")[2].lower(), UNKNOWN)


def cache_control(config: Config) -> str:
    """The header Cache-Control (RFC 9111, 5.2): what `site.ttl` says, in seconds."""
    return f"max-age={config.site.ttl * 60}"


def headers_of(media_type: str, coding: Coding | None, config: Config) -> dict[str, str]:
    """What is to be said with a document by a store that keeps it; a compressed copy is of the type of its document."""
    said = {"Content-Type": content_type(media_type), "Cache-Control": cache_control(config)}
    return {**said, "Content-Encoding": coding} if coding else said


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
