"""Pictures of an entry: readers look for them in five places, and show one twice that has two addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.formats.html import validate_html
from feeds.checks.formats.schema import line_of
from feeds.checks.formats.values import address, any_text, media_type, one_of, positive
from feeds.errors import quoted
from feeds.render.entries import MEDIA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from feeds.checks.formats.result import ValidationResult


_MEDIA = ("image", "audio", "video")

_SIZE = {"width": positive, "height": positive}

#: Media RSS 1.5, `media:content`, `media:thumbnail` and `media:title`.
CONTENT_ATTRIBUTES = {
    "url!": address,
    "type!": media_type,
    "medium": one_of("bad-medium", *_MEDIA, "document", "executable"),
    "fileSize": positive,
    **_SIZE,
}

THUMBNAIL_ATTRIBUTES = {"url!": address, **_SIZE}

TITLE_ATTRIBUTES = {"type": one_of("bad-text-type", "plain", "html")}

TITLE_TEXT = any_text


def validate_images(
    item: etree._Element, enclosures: Sequence[tuple[str, str]], html: str, line: int, result: ValidationResult
) -> tuple[str, ...]:
    """Note where the pictures of an entry differ; their addresses, as Media RSS has them.

    `enclosures` are the addresses and types of what the format has beside Media RSS.
    """
    media = [(content.get("url", ""), content.get("type", "")) for content in item.iterchildren(f"{{{MEDIA}}}content")]
    found = tuple(url for url, _ in media)
    for url, _ in enclosures:
        if url not in found:
            message = f"the enclosure {quoted(url)} is in no media:content; expected the same address in both"
            result.note(line, "picture-differs", message)
    images = tuple(url for url, type_ in media if type_.startswith("image/"))
    for thumbnail in item.iterchildren(f"{{{MEDIA}}}thumbnail"):
        if thumbnail.get("url") not in images[:1]:
            message = f"the thumbnail is {quoted(thumbnail.get('url'))}; expected the address of the first picture"
            result.note(line_of(thumbnail), "picture-differs", message)
    validate_shown_images(images, html, line, result)
    _validate_media(item, result)
    return found


def validate_shown_images(images: Sequence[str], html: str, line: int, result: ValidationResult) -> None:
    """Note the pictures that the content does not show under the same address."""
    shown = validate_html(html).images
    for url in images:
        if url not in shown:
            message = f"the picture {quoted(url)} is not in the content; expected an img with the same address"
            result.note(line, "picture-differs", message)


def _validate_media(item: etree._Element, result: ValidationResult) -> None:
    for content in item.iterchildren(f"{{{MEDIA}}}content"):
        medium, type_ = content.get("medium"), content.get("type", "").partition("/")[0]
        if medium in _MEDIA and type_ in _MEDIA and medium != type_:
            message = f"medium is {medium} and type is {content.get('type')}; expected the same"
            result.note(line_of(content), "bad-medium", message)
        for title in content.iterchildren(f"{{{MEDIA}}}title"):
            if title.get("type") == "html":
                note_html(title.text or "", line_of(title), result)


def note_html(html: str, line: int, result: ValidationResult) -> None:
    """Note what is wrong with the content of an entry that begins at this line."""
    for offset, rule, message in validate_html(html).wrong:
        result.note(line + offset, rule, message)
