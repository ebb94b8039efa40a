"""Enclosures from the image metadata of articles (RFC 4287, 4.2.7.2; RSS 2.0, `<enclosure>`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.errors import Diagnostic, Keys, quoted
from feeds.http.enclosure_types import enclosure_type, is_media_type
from feeds.models import Enclosure
from feeds.text.urls import absolute_url, is_relative

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.models import Image


def derive_enclosures(
    images: Sequence[Image], base_url: str | None, keys: Keys = ("images",)
) -> tuple[tuple[Enclosure, ...], list[Diagnostic]]:
    """Return an enclosure for each URL, and a diagnostic for each image without a valid URL. `keys` lead to the images.

    Relative URLs are resolved against `base_url`. Sizes of zero or less are unknown.
    """
    if not images:
        return (), []
    enclosures: dict[str, Enclosure] = {}
    diagnostics = []
    for index, image in enumerate(images):
        href = absolute_url(image.url, base_url)
        if href is None:
            diagnostics.append(Diagnostic((*keys, index, "url"), _no_url(image, base_url), "image-without-address"))
        elif href not in enclosures:
            enclosures[href] = _enclosure(href, image)
    return tuple(enclosures.values()), diagnostics


def _enclosure(href: str, image: Image) -> Enclosure:
    type_ = (image.type or "").lower()
    return Enclosure(
        href=href,
        type=type_ if is_media_type(type_) else enclosure_type(href),
        title=image.title,
        length=_positive(image.length),
        width=_positive(image.width),
        height=_positive(image.height),
    )


def _positive(number: int | None) -> int | None:
    return number if number and number > 0 else None


def _no_url(image: Image, base_url: str | None) -> str:
    if not image.url.strip():
        return "an image has no url; it is left out"
    found = f"image url is {quoted(image.url)}"
    if base_url is None and is_relative(image.url):
        return f"{found}, a relative address; expected source.base_url to be set; it is left out"
    return f"{found}; expected an http or https address; it is left out"
