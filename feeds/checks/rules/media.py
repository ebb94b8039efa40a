"""Types of texts (RFC 4287, 3.1.1) and of media (Media RSS 1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.documents import line_of
from feeds.checks.rules.addresses import address
from feeds.checks.rules.elements import one_of
from feeds.checks.rules.html import note_html
from feeds.checks.rules.rule import Rule
from feeds.checks.rules.values import media_type, positive
from feeds.render.namespaces import MEDIA

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.documents import ValidationResult


RULES = (
    Rule(
        "bad-text-type",
        "error",
        "A text has another type than is read.",
        "Readers show tags as text, or take text for tags.",
        "RFC 4287, 3.1.1, 4.1.3; Media RSS 1.5",
    ),
    Rule(
        "bad-medium",
        "error",
        "The medium of a media:content is none, or another than its type says.",
        "Readers show a picture as a video that does not play.",
        "Media RSS 1.5, media:content",
    ),
)
#: The attribute of a text construct, and of the content of an entry, which is always HTML.
TEXT_TYPE = {"type": one_of("bad-text-type", "text", "html")}
CONTENT_TYPE = {"type!": one_of("bad-text-type", "html")}

MEDIA_CONTENT = f"{{{MEDIA}}}content"
MEDIA_THUMBNAIL = f"{{{MEDIA}}}thumbnail"
MEDIA_TITLE = f"{{{MEDIA}}}title"
#: The media that are also the first part of a media type.
_MEDIA = ("image", "audio", "video")
_SIZE = {"width": positive, "height": positive}
CONTENT_ATTRIBUTES = {
    "url!": address,
    "type!": media_type,
    "medium": one_of("bad-medium", *_MEDIA, "document", "executable"),
    "fileSize": positive,
    **_SIZE,
}
THUMBNAIL_ATTRIBUTES = {"url!": address, **_SIZE}
TITLE_ATTRIBUTES = {"type": one_of("bad-text-type", "plain", "html")}


def validate_media(item: etree._Element, result: ValidationResult) -> None:
    """Note each medium of an entry that is not that of its type, and what is wrong with titles in HTML."""
    for content in item.iterchildren(MEDIA_CONTENT):
        medium, type_ = content.get("medium"), content.get("type", "").partition("/")[0]
        if medium in _MEDIA and type_ in _MEDIA and medium != type_:
            message = f"medium is {medium} and type is {content.get('type')}; expected the same"
            result.note(line_of(content), "bad-medium", message)
        for title in content.iterchildren(MEDIA_TITLE):
            if title.get("type") == "html":
                note_html(title.text or "", line_of(title), result)
