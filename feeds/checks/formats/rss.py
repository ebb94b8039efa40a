"""RSS 2.0 documents: https://www.rssboard.org/rss-specification and https://www.rssboard.org/rss-profile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeds.checks.formats.links import ATTRIBUTES, validate_entry_links, validate_feed_links
from feeds.checks.formats.media import (
    CONTENT_ATTRIBUTES,
    THUMBNAIL_ATTRIBUTES,
    TITLE_ATTRIBUTES,
    TITLE_TEXT,
    note_html,
    validate_images,
)
from feeds.checks.formats.plain_text import validate_plain_texts
from feeds.checks.formats.result import ValidationResult
from feeds.checks.formats.schema import ElementRule, line_of, parse_root, validate_element
from feeds.checks.formats.values import (
    address,
    any_text,
    contact,
    count,
    enclosure_address,
    identity,
    language,
    media_type,
    one_of,
    person_name,
    positive,
    rfc822,
    rfc3339,
    some_text,
)
from feeds.errors import quoted
from feeds.http.image_types import image_type as type_of
from feeds.render.entries import MEDIA
from feeds.render.rss import DC

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.formats.lines import Lines
    from feeds.checks.formats.result import DocumentContext


_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"

_ELEMENTS = {
    "rss": ElementRule({"channel": "1"}, {"version!": one_of("wrong-version", "2.0")}),
    "channel": ElementRule(
        dict.fromkeys(("title", "link", "description", "lastBuildDate"), "1")
        | dict.fromkeys(("copyright", "docs", "generator", "image", "language", "managingEditor", "ttl"), "?")
        | {"fh:archive": "?", "fh:complete": "?", "atom:link": "*", "item": "*"}
    ),
    "title": ElementRule(text=some_text),
    "link": ElementRule(text=address),
    "channel/description": ElementRule(text=some_text),
    "lastBuildDate": ElementRule(text=rfc822),
    "copyright": ElementRule(text=any_text),
    "docs": ElementRule(text=address),
    "generator": ElementRule(text=any_text),
    "language": ElementRule(text=language),
    "managingEditor": ElementRule(text=contact),
    "ttl": ElementRule(text=positive),
    "image": ElementRule({"url": "1", "title": "1", "link": "1"}),
    "url": ElementRule(text=address),
    "fh:archive": ElementRule(),
    "fh:complete": ElementRule(),
    "atom:link": ElementRule(attributes=ATTRIBUTES),
    "item": ElementRule(
        dict.fromkeys(("title", "link", "description", "content:encoded", "guid", "pubDate", "atom:updated"), "1")
        | {"enclosure": "?", "source": "?", "media:thumbnail": "?"}
        | dict.fromkeys(("category", "dc:creator", "atom:link", "media:content"), "*")
    ),
    "item/description": ElementRule(text=some_text),
    "content:encoded": ElementRule(text=some_text),
    "guid": ElementRule(attributes={"isPermaLink!": one_of("guid-is-no-address", "false")}, text=identity),
    "category": ElementRule(attributes={"domain": address}, text=some_text),
    "enclosure": ElementRule(attributes={"url!": enclosure_address, "length!": count, "type!": media_type}),
    "pubDate": ElementRule(text=rfc822),
    "source": ElementRule(attributes={"url!": address}, text=some_text),
    "dc:creator": ElementRule(text=person_name),
    "atom:updated": ElementRule(text=rfc3339),
    "media:content": ElementRule({"media:title": "?"}, CONTENT_ATTRIBUTES),
    "media:title": ElementRule(attributes=TITLE_ATTRIBUTES, text=TITLE_TEXT),
    "media:thumbnail": ElementRule(attributes=THUMBNAIL_ATTRIBUTES),
}

#: RSS profile, character data: what readers may take for HTML in these is written in a way that is none.
_PLAIN = re.compile(
    r"<(title|category|dc:creator|source|copyright|managingEditor|generator|media:title(?! type=.html.))\b[^>]*>"
    r"([^<]*&(?:lt|amp);|<!\[CDATA\[)"
)

_PLAIN_DESCRIPTION = re.compile(r"<(description)\b[^>]*>([^<]*&(?:lt|amp);|<!\[CDATA\[)")

#: What there is no HTML in. The description of a channel is another thing than that of an item.
_PLAIN_TEXTS = (
    *("title", "category", "source", "copyright", "managingEditor", "generator"),
    *(f"{{{DC}}}creator", f"{{{MEDIA}}}title"),
)

_IMAGES = frozenset({"png", "jpg", "jpeg", "gif"})

_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif"})

#: What looks like the extension of a file, also of an address as a whole, to who does not know what a query is.
_ENDING = re.compile(r"\.(\w+)$")


def validate_rss(body: bytes, context: DocumentContext) -> ValidationResult:
    """What is wrong with an RSS document."""
    result = ValidationResult(context.path)
    parsed = parse_root(body, "rss", result)
    if parsed is None:
        return result
    root, lines = parsed
    validate_element(root, _ELEMENTS, "", context, lines, result)
    _validate_character_data(lines, result)
    validate_plain_texts(root.iter(*_PLAIN_TEXTS), lines, result)
    for channel in root.iterchildren("channel"):
        validate_plain_texts(channel.iterchildren("description"), lines, result)
        validate_feed_links(channel, "rss", context, result)
        _validate_image(channel, result)
        _validate_order(channel, result)
        result.links += [(line_of(link), link.text or "") for link in channel.iterchildren("link")]
        for item in channel.iterchildren("item"):
            _validate_item(item, result)
    return result


def _validate_character_data(lines: Lines, result: ValidationResult) -> None:
    head = lines.text.partition("<item>")[0]
    for found in (*_PLAIN.finditer(lines.text), *_PLAIN_DESCRIPTION.finditer(head)):
        message = f"<{found[1]}> has &lt;, &amp; or CDATA; expected &#x3C; and &#x26;, which no reader takes for HTML"
        result.note(lines.number(found.start()), "markup-in-plain-text", message)


def _validate_image(channel: etree._Element, result: ValidationResult) -> None:
    """RSS profile, <image>: the title and the link of the image are those of the channel."""
    for image in channel.iterchildren("image"):
        for name in ("title", "link"):
            if image.findtext(name, "") != channel.findtext(name, ""):
                message = f"<{name}> of <image> is not that of <channel>; expected the same"
                result.note(line_of(image), "channel-image-differs", message)
        url = image.findtext("url", "")
        ending = _ENDING.search(url)
        if type_of(url) not in _IMAGE_TYPES or (ending and ending[1].lower() not in _IMAGES):
            result.note(line_of(image), "channel-image-type", f"<url> is {quoted(url)}; expected a PNG, JPEG or GIF")


def _validate_order(channel: etree._Element, result: ValidationResult) -> None:
    """RSS profile, <channel>: what is said of the channel comes before its items."""
    items = False
    for child in channel.iterchildren("*"):
        if child.tag == "item":
            items = True
        elif items:
            message = f"<{child.tag!s}> comes behind an <item>; expected it before all items"
            result.note(line_of(child), "misplaced-element", message)


def _validate_item(item: etree._Element, result: ValidationResult) -> None:
    validate_entry_links(item, result)
    names = [child.tag for child in item.iterchildren()]
    if "description" in names and _CONTENT in names and names.index("description") > names.index(_CONTENT):
        message = "<description> comes behind <content:encoded>; expected it before"
        result.note(line_of(item), "content-before-description", message)
    content = item.find(_CONTENT)
    html = (content.text or "") if content is not None else ""
    line = line_of(content) if content is not None else line_of(item)
    note_html(html, line, result)
    description = item.find("description")
    if description is not None:
        note_html(description.text or "", line_of(description), result)
    enclosures = [(each.get("url", ""), each.get("type", "")) for each in item.iterchildren("enclosure")]
    images = validate_images(item, enclosures, html, line, result)
    if images and not enclosures:
        message = "the item has pictures and no <enclosure>; expected one, which newsletter tools look for"
        result.note(line_of(item), "picture-differs", message)
    result.note_entry(line_of(item), item.findtext("guid", ""), images)
