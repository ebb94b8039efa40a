"""Media types of published files (RFC 6838), and their Content-Type headers (RFC 9110, 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.models import FORMATS, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feeds.models import Format


#: The media types of feeds, by format.
MEDIA_TYPES: dict[Format, str] = {name: format_.media_type for name, format_ in FORMATS.items()}

HTML = "text/html"

OPML = "text/x-opml"

#: The media type of JSON that is not a feed, such as the manifest.
JSON = "application/json"

#: The media type of files with an unknown extension.
OCTET_STREAM = "application/octet-stream"

CHARSET = "utf-8"

#: Text types other than `text/*`. Text is sent with a charset and compressed.
_TEXT_TYPES = frozenset({*MEDIA_TYPES.values(), JSON, "application/xml", "application/manifest+json", "image/svg+xml"})


def is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type in _TEXT_TYPES


def content_type(media_type: str) -> str:
    """Return the value of the Content-Type header: the media type, for text with its charset."""
    return f"{media_type}; charset={CHARSET}" if is_text(media_type) else media_type


#: Media types by file extension, without the charset parameter.
TYPES: Mapping[str, str] = {
    **{str(name): media_type for name, media_type in MEDIA_TYPES.items()},
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

#: Media types that scripts of other origins may read (CORS), as feed readers in a browser do.
CORS_TYPES = frozenset({*MEDIA_TYPES.values(), OPML})


def media_type(path: str) -> str:
    """Return the media type of a file by its extension. JSON counts as a feed, except for the manifest."""
    if path == MANIFEST:
        return JSON
    return TYPES.get(path.rpartition("/")[2].rpartition(".")[2].lower(), OCTET_STREAM)
