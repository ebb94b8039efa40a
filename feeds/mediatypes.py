"""The media types of what is published (RFC 6838), and how they are said (RFC 9110, 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feeds.model import Format

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
