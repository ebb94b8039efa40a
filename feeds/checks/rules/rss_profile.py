"""Requirements of the RSS profile for channels and items, beyond the specification."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeds.checks.documents import line_of
from feeds.checks.rules.rule import Rule
from feeds.errors import quoted
from feeds.http.enclosure_types import enclosure_type
from feeds.render.namespaces import CONTENT

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.documents import ValidationResult


RULES = (
    Rule(
        "content-before-description",
        "warning",
        "content:encoded comes before description.",
        "Some readers take whichever comes last, and show the excerpt only.",
        "RSS profile, content:encoded",
    ),
    Rule(
        "several-enclosures",
        "warning",
        "An item has more than one enclosure.",
        "Some readers take the first, some the last, some none.",
        "RSS profile, <enclosure>",
    ),
    Rule(
        "channel-image-differs",
        "warning",
        "The title or the link of the channel's image is not that of the channel.",
        "Readers that show the image in place of the title show something else.",
        "RSS profile, <image>",
    ),
    Rule(
        "channel-image-type",
        "warning",
        "The channel's image is not PNG, JPEG or GIF.",
        "Readers that know RSS only by its specification do not show it.",
        "RSS 2.0 specification, <image>",
    ),
)
CONTENT_ENCODED = f"{{{CONTENT}}}encoded"

_IMAGE_EXTENSIONS = frozenset({"png", "jpg", "jpeg", "gif"})
_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif"})
#: A file extension to programs that do not know queries.
_ENDING = re.compile(r"\.(\w+)$")


def validate_channel_image(channel: etree._Element, result: ValidationResult) -> None:
    """Note an image whose title or link is not that of the channel, or whose type is not in the specification."""
    for image in channel.iterchildren("image"):
        for name in ("title", "link"):
            if image.findtext(name, "") != channel.findtext(name, ""):
                message = f"<{name}> of <image> is not that of <channel>; expected the same"
                result.note(line_of(image), "channel-image-differs", message)
        url = image.findtext("url", "")
        ending = _ENDING.search(url)
        if enclosure_type(url) not in _IMAGE_TYPES or (ending and ending[1].lower() not in _IMAGE_EXTENSIONS):
            result.note(line_of(image), "channel-image-type", f"<url> is {quoted(url)}; expected a PNG, JPEG or GIF")


def validate_description_order(item: etree._Element, result: ValidationResult) -> None:
    """Note a description that follows the content."""
    names = [child.tag for child in item.iterchildren()]
    if (
        "description" in names
        and CONTENT_ENCODED in names
        and names.index("description") > names.index(CONTENT_ENCODED)
    ):
        message = "<description> comes behind <content:encoded>; expected it before"
        result.note(line_of(item), "content-before-description", message)
