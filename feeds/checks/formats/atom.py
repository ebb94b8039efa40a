"""Atom 1.0 documents (RFC 4287)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.documents import ParsedDocument, ParsedEntry, ValidationResult, line_of
from feeds.checks.formats.schema import ElementRule, conclude, parse_root, validate_element
from feeds.checks.rules.addresses import address
from feeds.checks.rules.dates import parse_rfc3339, rfc3339
from feeds.checks.rules.elements import any_text, elements_behind, some_text
from feeds.checks.rules.html import note_html
from feeds.checks.rules.ids import identity
from feeds.checks.rules.images import validate_images
from feeds.checks.rules.links import LINK, LINK_ATTRIBUTES, validate_entry_links, validate_feed_links
from feeds.checks.rules.media import (
    CONTENT_ATTRIBUTES,
    CONTENT_TYPE,
    MEDIA_TITLE,
    TEXT_TYPE,
    THUMBNAIL_ATTRIBUTES,
    TITLE_ATTRIBUTES,
    validate_media,
)
from feeds.checks.rules.people import email, person_name, uri
from feeds.checks.rules.plain_text import validate_plain_attribute, validate_plain_texts
from feeds.checks.rules.values import language
from feeds.render.namespaces import ATOM

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.documents import DocumentContext


_ELEMENTS = {
    "feed": ElementRule(
        dict.fromkeys(("id", "title", "updated"), "1")
        | dict.fromkeys(("subtitle", "generator", "icon", "logo", "rights", "fh:archive", "fh:complete"), "?")
        | {"link": "+", "author": "*", "entry": "*"},
        {"xml:lang": language},
    ),
    "id": ElementRule(text=identity),
    "title": ElementRule(attributes=TEXT_TYPE, text=some_text),
    "updated": ElementRule(text=rfc3339),
    "published": ElementRule(text=rfc3339),
    "subtitle": ElementRule(attributes=TEXT_TYPE, text=some_text),
    "rights": ElementRule(attributes=TEXT_TYPE, text=some_text),
    "summary": ElementRule(attributes=TEXT_TYPE, text=some_text),
    "generator": ElementRule(attributes={"version": some_text}, text=some_text),
    "icon": ElementRule(text=address),
    "logo": ElementRule(text=address),
    "fh:archive": ElementRule(),
    "fh:complete": ElementRule(),
    "link": ElementRule(attributes=LINK_ATTRIBUTES),
    "author": ElementRule({"name": "1", "uri": "?", "email": "?"}),
    "name": ElementRule(text=person_name),
    "uri": ElementRule(text=uri),
    "email": ElementRule(text=email),
    "entry": ElementRule(
        dict.fromkeys(("id", "title", "updated", "content", "published"), "1")
        | {"summary": "?", "source": "?", "media:thumbnail": "?", "link": "+"}
        | dict.fromkeys(("author", "category", "media:content"), "*")
    ),
    "content": ElementRule(attributes=CONTENT_TYPE, text=some_text),
    "category": ElementRule(attributes={"term!": some_text, "scheme": address, "label": some_text}),
    "source": ElementRule({"id": "1", "title": "1", "updated": "1", "link": "+"}),
    "media:content": ElementRule({"media:title": "?"}, CONTENT_ATTRIBUTES),
    "media:title": ElementRule(attributes=TITLE_ATTRIBUTES, text=any_text),
    "media:thumbnail": ElementRule(attributes=THUMBNAIL_ATTRIBUTES),
}


def _atom(name: str) -> str:
    return f"{{{ATOM}}}{name}"


_ENTRY, _AUTHOR = _atom("entry"), _atom("author")
_ID, _TITLE, _CONTENT, _PUBLISHED, _UPDATED = map(_atom, ("id", "title", "content", "published", "updated"))
#: Text constructs (RFC 4287, 3.1) except content, which is always HTML, and other plain texts.
_TEXTS = [_atom(name) for name in ("title", "subtitle", "summary", "rights")]
_NAMES = [_atom("name"), _atom("generator"), MEDIA_TITLE]


def validate_atom(body: bytes, context: DocumentContext) -> ValidationResult:
    result = ValidationResult(context.path)
    parsed = parse_root(body, _atom("feed"), result)
    if parsed is None:
        return result
    root, lines = parsed
    validate_element(root, _ELEMENTS, ATOM, context, lines, result)
    links = validate_feed_links(root, "atom", context, result)
    for element in elements_behind(root, _ENTRY):
        message = f"<{str(element.tag).partition('}')[2]}> comes behind an <entry>; expected it before all entries"
        result.note(line_of(element), "misplaced-element", message)
    validate_plain_texts(root.iter(*_TEXTS, *_NAMES), lines, result)
    validate_plain_attribute(root, _atom("category"), "label", lines, result)
    validate_plain_attribute(root, _atom("link"), "title", lines, result)
    for text in root.iter(*_TEXTS):
        if text.get("type") == "html":
            note_html(text.text or "", line_of(text), result)
    entries = list(root.iterchildren(_ENTRY))
    if root.find(_AUTHOR) is None:
        _validate_authors(entries, result)
    parsed_entries = tuple(_validate_entry(entry, result) for entry in entries)
    document = ParsedDocument(context=context, format="atom", entries=parsed_entries, links=tuple(links))
    return conclude(document, result)


def _validate_authors(entries: list[etree._Element], result: ValidationResult) -> None:
    for entry in entries:
        if entry.find(_AUTHOR) is None:
            message = "neither the entry nor the feed has an <author>; expected one (RFC 4287, 4.1.2)"
            result.note(line_of(entry), "missing-element", message)


def _validate_entry(entry: etree._Element, result: ValidationResult) -> ParsedEntry:
    validate_entry_links(entry, result)
    content = entry.find(_CONTENT)
    html = (content.text or "") if content is not None else ""
    line = line_of(content if content is not None else entry)
    note_html(html, line, result)
    links = list(entry.iterchildren(LINK))
    alternates = [link.get("href", "") for link in links if link.get("rel") == "alternate"]
    if not alternates:
        message = "the entry has no link alternate; expected the address of the story"
        result.note(line_of(entry), "missing-element", message)
    enclosures = [link for link in links if link.get("rel") == "enclosure"]
    for link in enclosures:
        # RFC 4287 does not require the type, but without it readers do not know what to do with an enclosure.
        if not link.get("type"):
            result.note(line_of(link), "missing-attribute", "the link enclosure has no type; expected one")
    urls = [link.get("href", "") for link in enclosures]
    media = validate_images(entry, urls, html, line, result)
    validate_media(entry, result)
    for url in media:
        if url not in urls:
            message = f"media:content {url!r} is no enclosure; expected the same address in both"
            result.note(line, "picture-differs", message)
    return ParsedEntry(
        location=line_of(entry),
        id=entry.findtext(_ID, ""),
        title=entry.findtext(_TITLE, ""),
        link=(alternates or [""])[0],
        published=parse_rfc3339(entry.findtext(_PUBLISHED, "")),
        updated=parse_rfc3339(entry.findtext(_UPDATED, "")),
        enclosures=media,
    )
