"""Atom 1.0 documents (RFC 4287)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.formats.links import ATTRIBUTES, LINK, validate_entry_links, validate_feed_links
from feeds.checks.formats.media import (
    CONTENT_ATTRIBUTES,
    THUMBNAIL_ATTRIBUTES,
    TITLE_ATTRIBUTES,
    TITLE_TEXT,
    note_html,
    validate_images,
)
from feeds.checks.formats.plain_text import validate_plain_attribute, validate_plain_texts
from feeds.checks.formats.result import ValidationResult
from feeds.checks.formats.schema import ElementRule, line_of, parse_root, validate_element
from feeds.checks.formats.values import address, email, identity, language, one_of, person_name, rfc3339, some_text, uri
from feeds.render.entries import MEDIA
from feeds.render.rss import ATOM

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.formats.result import DocumentContext


_TEXT_TYPE = {"type": one_of("bad-text-type", "text", "html")}

_ELEMENTS = {
    "feed": ElementRule(
        dict.fromkeys(("id", "title", "updated"), "1")
        | dict.fromkeys(("subtitle", "generator", "icon", "logo", "rights", "fh:archive", "fh:complete"), "?")
        | {"link": "+", "author": "*", "entry": "*"},
        {"xml:lang": language},
    ),
    "id": ElementRule(text=identity),
    "title": ElementRule(attributes=_TEXT_TYPE, text=some_text),
    "updated": ElementRule(text=rfc3339),
    "published": ElementRule(text=rfc3339),
    "subtitle": ElementRule(attributes=_TEXT_TYPE, text=some_text),
    "rights": ElementRule(attributes=_TEXT_TYPE, text=some_text),
    "summary": ElementRule(attributes=_TEXT_TYPE, text=some_text),
    "generator": ElementRule(attributes={"version": some_text}, text=some_text),
    "icon": ElementRule(text=address),
    "logo": ElementRule(text=address),
    "fh:archive": ElementRule(),
    "fh:complete": ElementRule(),
    "link": ElementRule(attributes=ATTRIBUTES),
    "author": ElementRule({"name": "1", "uri": "?", "email": "?"}),
    "name": ElementRule(text=person_name),
    "uri": ElementRule(text=uri),
    "email": ElementRule(text=email),
    "entry": ElementRule(
        dict.fromkeys(("id", "title", "updated", "content", "published"), "1")
        | {"summary": "?", "source": "?", "media:thumbnail": "?", "link": "+"}
        | dict.fromkeys(("author", "category", "media:content"), "*")
    ),
    "content": ElementRule(attributes={"type!": one_of("bad-text-type", "html")}, text=some_text),
    "category": ElementRule(attributes={"term!": some_text, "scheme": address, "label": some_text}),
    "source": ElementRule({"id": "1", "title": "1", "updated": "1", "link": "+"}),
    "media:content": ElementRule({"media:title": "?"}, CONTENT_ATTRIBUTES),
    "media:title": ElementRule(attributes=TITLE_ATTRIBUTES, text=TITLE_TEXT),
    "media:thumbnail": ElementRule(attributes=THUMBNAIL_ATTRIBUTES),
}

#: Text constructs (RFC 4287, 3.1), but for the content of entries, which is always HTML.
_TEXTS = [f"{{{ATOM}}}{name}" for name in ("title", "subtitle", "summary", "rights")]

#: What else is a plain text, if it has not the type html.
_NAMES = [f"{{{ATOM}}}name", f"{{{ATOM}}}generator", f"{{{MEDIA}}}title"]


def validate_atom(body: bytes, context: DocumentContext) -> ValidationResult:
    """What is wrong with an Atom document."""
    result = ValidationResult(context.path)
    parsed = parse_root(body, f"{{{ATOM}}}feed", result)
    if parsed is None:
        return result
    root, lines = parsed
    validate_element(root, _ELEMENTS, ATOM, context, lines, result)
    validate_feed_links(root, "atom", context, result)
    _validate_order(root, result)
    validate_plain_texts(root.iter(*_TEXTS, *_NAMES), lines, result)
    validate_plain_attribute(root, _atom("category"), "label", lines, result)
    validate_plain_attribute(root, _atom("link"), "title", lines, result)
    for text in root.iter(*_TEXTS):
        if text.get("type") == "html":
            note_html(text.text or "", line_of(text), result)
    has_author = root.find(_atom("author")) is not None
    for entry in root.iterchildren(_atom("entry")):
        _validate_entry(entry, result)
        if not has_author and entry.find(_atom("author")) is None:
            message = "neither the entry nor the feed has an <author>; expected one (RFC 4287, 4.1.2)"
            result.note(line_of(entry), "missing-element", message)
    return result


def _atom(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _validate_order(root: etree._Element, result: ValidationResult) -> None:
    """Readers that read as it comes know the feed before its entries."""
    entries = False
    for child in root.iterchildren("*"):
        if child.tag == _atom("entry"):
            entries = True
        elif entries:
            message = f"<{str(child.tag).partition('}')[2]}> comes behind an <entry>; expected it before all entries"
            result.note(line_of(child), "misplaced-element", message)


def _validate_entry(entry: etree._Element, result: ValidationResult) -> None:
    validate_entry_links(entry, result)
    content = entry.find(_atom("content"))
    html = (content.text or "") if content is not None else ""
    line = line_of(content) if content is not None else line_of(entry)
    note_html(html, line, result)
    links = list(entry.iterchildren(LINK))
    if not any(link.get("rel") == "alternate" for link in links):
        message = "the entry has no link alternate; expected the address of the story"
        result.note(line_of(entry), "missing-element", message)
    enclosures = [(link.get("href", ""), link.get("type", "")) for link in links if link.get("rel") == "enclosure"]
    _validate_enclosures(links, result)
    images = validate_images(entry, enclosures, html, line, result)
    for url in images:
        if url not in {href for href, _ in enclosures}:
            message = f"media:content {url!r} is no enclosure; expected the same address in both"
            result.note(line, "picture-differs", message)
    result.note_entry(line_of(entry), entry.findtext(_atom("id"), ""), images)


def _validate_enclosures(links: list[etree._Element], result: ValidationResult) -> None:
    """RFC 4287 asks for no type, and without one readers do not know what to do with an enclosure."""
    for link in links:
        if link.get("rel") == "enclosure" and not link.get("type"):
            result.note(line_of(link), "missing-attribute", "the link enclosure has no type; expected one")
