"""The images of an entry. Readers look for them in five places, and show an image twice that has two URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.documents import line_of
from feeds.checks.rules.html import validate_html
from feeds.checks.rules.media import MEDIA_CONTENT, MEDIA_THUMBNAIL
from feeds.checks.rules.rule import Rule
from feeds.errors import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from feeds.checks.documents import ValidationResult


RULES = (
    Rule(
        "picture-differs",
        "error",
        "A picture has not the same address in the HTML, the enclosure, Media RSS and JSON, or is missing in one.",
        "Readers look in different places: some show it twice, others not at all.",
        "docs/formats.md, Pictures",
    ),
)


def validate_images(
    item: etree._Element, enclosures: Sequence[str], html: str, line: int, result: ValidationResult
) -> tuple[str, ...]:
    """Note where the images of an entry differ, and return the URLs of its media in Media RSS.

    `enclosures` are the URLs that the format has beside Media RSS; `html` is the content of the entry, at `line`.
    """
    media = [(content.get("url", ""), content.get("type", "")) for content in item.iterchildren(MEDIA_CONTENT)]
    urls = tuple(url for url, _ in media)
    for url in enclosures:
        if url not in urls:
            message = f"the enclosure {quoted(url)} is in no media:content; expected the same address in both"
            result.note(line, "picture-differs", message)
    images = [url for url, type_ in media if type_.startswith("image/")]
    for thumbnail in item.iterchildren(MEDIA_THUMBNAIL):
        if thumbnail.get("url") not in images[:1]:
            message = f"the thumbnail is {quoted(thumbnail.get('url'))}; expected the address of the first picture"
            result.note(line_of(thumbnail), "picture-differs", message)
    for message in hidden_images(images, html):
        result.note(line, "picture-differs", message)
    return urls


def hidden_images(images: Sequence[str], html: str) -> Iterator[str]:
    """Yield a message for each image that the content of an entry does not show under the same URL."""
    shown = validate_html(html).images
    for url in images:
        if url not in shown:
            yield f"the picture {quoted(url)} is not in the content; expected an img with the same address"
