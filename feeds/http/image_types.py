"""Media types of enclosures, from what an article says or from the URL (RFC 6838)."""

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

#: RFC 6838, 4.2, of which some characters that no type has are left out.
MEDIA_TYPE_PATTERN = r"[a-z]{1,127}/[a-z0-9][a-z0-9.+-]{0,126}"
_MEDIA_TYPE = re.compile(MEDIA_TYPE_PATTERN)

#: The parameters in which image services name the format that they send.
_FORMAT_PARAMETERS = frozenset({"format", "fm"})


def is_media_type(text: str) -> bool:
    """Whether a text is the name of a media type, in lower case and without parameters."""
    return bool(_MEDIA_TYPE.fullmatch(text))


def image_type(href: str) -> str:
    """The media type that an image's address tells: by its extension, else by a parameter, else JPEG."""
    path, _, query = href.partition("#")[0].partition("?")
    stem, _, extension = path.rpartition("/")[2].rpartition(".")
    if stem and extension.lower() in _TYPES:
        return _TYPES[extension.lower()]
    for name, value in parse_qsl(query):
        if name.lower() in _FORMAT_PARAMETERS and value.lower() in _TYPES:
            return _TYPES[value.lower()]
    return _DEFAULT_TYPE
