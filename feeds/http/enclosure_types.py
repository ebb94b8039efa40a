"""Media types of enclosures, as an article gives them or by the URL (RFC 6838)."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

_TYPES = {
    "apng": "image/apng",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "heic": "image/heic",
    "ico": "image/vnd.microsoft.icon",
    "jfif": "image/jpeg",
    "jpe": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "jxl": "image/jxl",
    "m4a": "audio/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "ogv": "video/ogg",
    "pjpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "webm": "video/webm",
    "webp": "image/webp",
}

_DEFAULT_TYPE = "image/jpeg"

#: RFC 6838, 4.2, without characters that no registered type contains.
MEDIA_TYPE_PATTERN = r"[a-z]{1,127}/[a-z0-9][a-z0-9.+-]{0,126}"
_MEDIA_TYPE = re.compile(MEDIA_TYPE_PATTERN)

#: Query parameters with which image services select the format.
_FORMAT_PARAMETERS = frozenset({"format", "fm"})


def is_media_type(text: str) -> bool:
    """Whether a text is a media type in lower case, without parameters."""
    return bool(_MEDIA_TYPE.fullmatch(text))


def enclosure_type(href: str) -> str:
    """Return the media type of an enclosure by its URL: the extension, else a query parameter, else JPEG."""
    path, _, query = href.partition("#")[0].partition("?")
    stem, _, extension = path.rpartition("/")[2].rpartition(".")
    if stem and extension.lower() in _TYPES:
        return _TYPES[extension.lower()]
    for name, value in parse_qsl(query):
        if name.lower() in _FORMAT_PARAMETERS and value.lower() in _TYPES:
            return _TYPES[value.lower()]
    return _DEFAULT_TYPE
