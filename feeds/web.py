"""What any web server is to say of the output folder: for `feeds serve`, and for the set-ups of other servers.

Paths are those of requests, below the address of the site and decoded: `topics/ai.rss`, and `topics/ai/` for a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from feeds.model import INDEX, page_path
from feeds.publish import MANIFEST
from feeds.render.html import MEDIA_TYPE as HTML
from feeds.render.opml import MEDIA_TYPE as OPML
from feeds.render.shared import MEDIA_TYPES as FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from feeds.model import Format
    from feeds.publish import Manifest
    from feeds.settings import Config

#: Media types by the extension of a file, without the parameter for the charset.
MEDIA_TYPES: Mapping[str, str] = {
    "rss": FORMATS["rss"],
    "atom": FORMATS["atom"],
    "json": FORMATS["json"],
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
#: The type of JSON that is no feed, such as the manifest.
JSON = "application/json"
#: The type of what nothing is known of.
UNKNOWN = "application/octet-stream"
CHARSET = "utf-8"
#: The types that are text, beside all `text/…`: they are sent with a charset and compressed.
TEXTS = frozenset({*FORMATS.values(), JSON, "application/xml", "application/manifest+json", "image/svg+xml"})
#: The types that scripts on other sites may read, as readers in a browser do.
SHARED = frozenset({*FORMATS.values(), OPML})


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
    return MEDIA_TYPES.get(path.rpartition("/")[2].rpartition(".")[2].lower(), UNKNOWN)


def is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type in TEXTS


def content_type(media_type: str) -> str:
    """The header Content-Type (RFC 9110, 8.3)."""
    return f"{media_type}; charset={CHARSET}" if is_text(media_type) else media_type


def cache_control(config: Config) -> str:
    """The header Cache-Control (RFC 9111, 5.2): what `site.ttl` says, in seconds."""
    return f"max-age={config.site.ttl * 60}"


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
