"""The media types of what is published (RFC 6838), and how they are said (RFC 9110, 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.models import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feeds.models import Format


#: Those of the formats.
MEDIA_TYPES: dict[Format, str] = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}

HTML = "text/html"

OPML = "text/x-opml"

#: The type of JSON that is no feed, such as the manifest.
JSON = "application/json"

#: The type of what nothing is known of.
UNKNOWN = "application/octet-stream"

CHARSET = "utf-8"

#: The types that are text, beside all `text/…`: they are sent with a charset and compressed.
TEXTS = frozenset({*MEDIA_TYPES.values(), JSON, "application/xml", "application/manifest+json", "image/svg+xml"})


def is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type in TEXTS


def content_type(media_type: str) -> str:
    """The header Content-Type."""
    return f"{media_type}; charset={CHARSET}" if is_text(media_type) else media_type


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


def media_type(path: str) -> str:
    """The media type of a file, by its path. What is JSON counts as a feed, but for the manifest."""
    if path == MANIFEST:
        return JSON
    return TYPES.get(path.rpartition("/")[2].rpartition(".")[2].lower(), UNKNOWN)
