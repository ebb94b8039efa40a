"""Image metadata made enclosures (RFC 4287, 4.2.7.2; RSS 2.0, `<enclosure>`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from feeds.errors import Finding, Keys, shown
from feeds.model import Enclosure
from feeds.urls import absolute_url, is_relative

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.model import Image

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
_MEDIA_TYPE = re.compile(r"[a-z]{1,127}/[a-z0-9][a-z0-9.+-]{0,126}")
#: The parameters in which image services name the format that they send.
_FORMAT_PARAMETERS = frozenset({"format", "fm"})


def derive_enclosures(
    images: Sequence[Image], base_url: str | None, keys: Keys = ("images",)
) -> tuple[tuple[Enclosure, ...], list[Finding]]:
    """The enclosures of `images`, one for each address, and a finding for each image without a usable address.

    A relative address is resolved against `base_url`. Sizes that are zero or less are unknown.
    """
    if not images:
        return (), []
    found: dict[str, Enclosure] = {}
    findings = []
    for index, image in enumerate(images):
        href = absolute_url(image.url, base_url)
        if href is None:
            findings.append(Finding((*keys, index, "url"), _no_address(image, base_url), "image-without-address"))
        elif href not in found:
            found[href] = _enclosure(href, image)
    return tuple(found.values()), findings


def is_media_type(text: str) -> bool:
    """Whether a text is the name of a media type, in lower case and without parameters."""
    return bool(_MEDIA_TYPE.fullmatch(text))


def media_type(href: str) -> str:
    """The media type that an image's address tells: by its extension, else by a parameter, else JPEG."""
    path, _, query = href.partition("#")[0].partition("?")
    stem, _, extension = path.rpartition("/")[2].rpartition(".")
    if stem and extension.lower() in _TYPES:
        return _TYPES[extension.lower()]
    for name, value in parse_qsl(query):
        if name.lower() in _FORMAT_PARAMETERS and value.lower() in _TYPES:
            return _TYPES[value.lower()]
    return _DEFAULT_TYPE


def _enclosure(href: str, image: Image) -> Enclosure:
    given = (image.type or "").lower()
    return Enclosure(
        href=href,
        type=given if is_media_type(given) else media_type(href),
        title=image.title,
        length=_known(image.length),
        width=_known(image.width),
        height=_known(image.height),
    )


def _known(number: int | None) -> int | None:
    return number if number and number > 0 else None


def _no_address(image: Image, base_url: str | None) -> str:
    if not image.url.strip():
        return "an image has no url; it is left out"
    there = f"image url is {shown(image.url)}"
    if base_url is None and is_relative(image.url):
        return f"{there}, a relative address; expected source.base_url to be set; it is left out"
    return f"{there}; expected an http or https address; it is left out"
