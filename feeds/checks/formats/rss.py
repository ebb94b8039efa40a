"""RSS 2.0 documents: https://www.rssboard.org/rss-specification and https://www.rssboard.org/rss-profile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeds.checks.documents import ParsedDocument, ParsedEntry, ValidationResult, line_of
from feeds.checks.formats.schema import ElementRule, conclude, parse_root, validate_element
from feeds.checks.rules.addresses import address, enclosure_address
from feeds.checks.rules.dates import parse_rfc3339, parse_rfc5322, rfc3339, rfc5322
from feeds.checks.rules.elements import any_text, elements_behind, one_of, some_text
from feeds.checks.rules.html import note_html
from feeds.checks.rules.ids import identity
from feeds.checks.rules.images import validate_images
from feeds.checks.rules.links import LINK_ATTRIBUTES, validate_entry_links, validate_feed_links
from feeds.checks.rules.media import (
    CONTENT_ATTRIBUTES,
    MEDIA_TITLE,
    THUMBNAIL_ATTRIBUTES,
    TITLE_ATTRIBUTES,
    validate_media,
)
from feeds.checks.rules.people import contact, person_name
from feeds.checks.rules.plain_text import validate_plain_texts
from feeds.checks.rules.rss_profile import CONTENT_ENCODED, validate_channel_image, validate_description_order
from feeds.checks.rules.values import count, language, media_type, positive
from feeds.render.namespaces import ATOM, DC
from feeds.render.xml import looks_like_markup

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.documents import DocumentContext
    from feeds.checks.formats.schema import Lines


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
    "lastBuildDate": ElementRule(text=rfc5322),
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
    "atom:link": ElementRule(attributes=LINK_ATTRIBUTES),
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
    "pubDate": ElementRule(text=rfc5322),
    "source": ElementRule(attributes={"url!": address}, text=some_text),
    "dc:creator": ElementRule(text=person_name),
    "atom:updated": ElementRule(text=rfc3339),
    "media:content": ElementRule({"media:title": "?"}, CONTENT_ATTRIBUTES),
    "media:title": ElementRule(attributes=TITLE_ATTRIBUTES, text=any_text),
    "media:thumbnail": ElementRule(attributes=THUMBNAIL_ATTRIBUTES),
}
#: Character data that readers may take for HTML. The RSS profile writes `<` and `&` as hexadecimal references.
_ENCODED = re.compile(
    r"<(title|category|dc:creator|source|copyright|managingEditor|generator|media:title(?! type=.html.))\b[^>]*>"
    r"([^<]*&(?:lt|amp);|<!\[CDATA\[)"
)
#: Plain texts. The description of an item is HTML, and that of a channel if it looks like it.
_PLAIN_TEXTS = (
    *("title", "category", "source", "copyright", "managingEditor", "generator"),
    *(f"{{{DC}}}creator", MEDIA_TITLE),
)


def validate_rss(body: bytes, context: DocumentContext) -> ValidationResult:
    result = ValidationResult(context.path)
    parsed = parse_root(body, "rss", result)
    if parsed is None:
        return result
    root, lines = parsed
    validate_element(root, _ELEMENTS, "", context, lines, result)
    _validate_character_data(lines, result)
    validate_plain_texts(root.iter(*_PLAIN_TEXTS), lines, result)
    entries = []
    links = []
    for channel in root.iterchildren("channel"):
        if looks_like_markup(channel.findtext("description", "")):
            _validate_description(channel, result)
        validate_channel_image(channel, result)
        for element in elements_behind(channel, "item"):
            message = f"<{element.tag!s}> comes behind an <item>; expected it before all items"
            result.note(line_of(element), "misplaced-element", message)
        links += validate_feed_links(channel, "rss", context, result)
        links += [(line_of(link), link.text or "") for link in channel.iterchildren("link")]
        entries += [_validate_item(item, result) for item in channel.iterchildren("item")]
    document = ParsedDocument(context=context, format="rss", entries=tuple(entries), links=tuple(links))
    return conclude(document, result)


def _validate_character_data(lines: Lines, result: ValidationResult) -> None:
    for match in _ENCODED.finditer(lines.text):
        message = f"<{match[1]}> has &lt;, &amp; or CDATA; expected &#x3C; and &#x26;, which no reader takes for HTML"
        result.note(lines.number(match.start()), "markup-in-plain-text", message)


def _validate_description(parent: etree._Element, result: ValidationResult) -> None:
    description = parent.find("description")
    if description is not None:
        note_html(description.text or "", line_of(description), result)


def _validate_item(item: etree._Element, result: ValidationResult) -> ParsedEntry:
    validate_entry_links(item, result)
    validate_description_order(item, result)
    content = item.find(CONTENT_ENCODED)
    html = (content.text or "") if content is not None else ""
    line = line_of(content if content is not None else item)
    note_html(html, line, result)
    _validate_description(item, result)
    enclosures = [enclosure.get("url", "") for enclosure in item.iterchildren("enclosure")]
    media = validate_images(item, enclosures, html, line, result)
    validate_media(item, result)
    if media and not enclosures:
        message = "the item has pictures and no <enclosure>; expected one, which newsletter tools look for"
        result.note(line_of(item), "picture-differs", message)
    return ParsedEntry(
        location=line_of(item),
        id=item.findtext("guid", ""),
        title=item.findtext("title", ""),
        link=item.findtext("link", ""),
        published=parse_rfc5322(item.findtext("pubDate", "")),
        updated=parse_rfc3339(item.findtext(f"{{{ATOM}}}updated", "")),
        enclosures=media,
    )
