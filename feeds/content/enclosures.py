"""Image metadata made enclosures (RFC 4287, 4.2.7.2; RSS 2.0, `<enclosure>`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.errors import Diagnostic, Keys, quoted
from feeds.http.image_types import image_type, is_media_type
from feeds.models import Enclosure
from feeds.text.urls import absolute_url, is_relative

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.models import Image


def derive_enclosures(
    images: Sequence[Image], base_url: str | None, keys: Keys = ("images",)
) -> tuple[tuple[Enclosure, ...], list[Diagnostic]]:
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
            findings.append(Diagnostic((*keys, index, "url"), _no_address(image, base_url), "image-without-address"))
        elif href not in found:
            found[href] = _enclosure(href, image)
    return tuple(found.values()), findings


def _enclosure(href: str, image: Image) -> Enclosure:
    given = (image.type or "").lower()
    return Enclosure(
        href=href,
        type=given if is_media_type(given) else image_type(href),
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
    there = f"image url is {quoted(image.url)}"
    if base_url is None and is_relative(image.url):
        return f"{there}, a relative address; expected source.base_url to be set; it is left out"
    return f"{there}; expected an http or https address; it is left out"
