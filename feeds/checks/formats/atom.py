"""Atom 1.0 documents (RFC 4287)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.formats.links import ATTRIBUTES, LINK, judge_entry_links, judge_feed_links
from feeds.checks.formats.media import (
    CONTENT_ATTRIBUTES,
    THUMBNAIL_ATTRIBUTES,
    TITLE_ATTRIBUTES,
    TITLE_TEXT,
    judge_pictures,
    note_html,
)
from feeds.checks.formats.plain_text import judge_plain_attribute, judge_plain_texts
from feeds.checks.formats.result import Judged
from feeds.checks.formats.schema import Shape, judge_shape, line_of, parse_root
from feeds.checks.formats.values import address, email, identity, language, one_of, person_name, rfc3339, some_text, uri
from feeds.render.entries import MEDIA
from feeds.render.rss import ATOM

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.formats.result import About


_TEXT_TYPE = {"type": one_of("bad-text-type", "text", "html")}

_SHAPES = {
    "feed": Shape(
        dict.fromkeys(("id", "title", "updated"), "1")
        | dict.fromkeys(("subtitle", "generator", "icon", "logo", "rights", "fh:archive", "fh:complete"), "?")
        | {"link": "+", "author": "*", "entry": "*"},
        {"xml:lang": language},
    ),
    "id": Shape(text=identity),
    "title": Shape(attributes=_TEXT_TYPE, text=some_text),
    "updated": Shape(text=rfc3339),
    "published": Shape(text=rfc3339),
    "subtitle": Shape(attributes=_TEXT_TYPE, text=some_text),
    "rights": Shape(attributes=_TEXT_TYPE, text=some_text),
    "summary": Shape(attributes=_TEXT_TYPE, text=some_text),
    "generator": Shape(attributes={"version": some_text}, text=some_text),
    "icon": Shape(text=address),
    "logo": Shape(text=address),
    "fh:archive": Shape(),
    "fh:complete": Shape(),
    "link": Shape(attributes=ATTRIBUTES),
    "author": Shape({"name": "1", "uri": "?", "email": "?"}),
    "name": Shape(text=person_name),
    "uri": Shape(text=uri),
    "email": Shape(text=email),
    "entry": Shape(
        dict.fromkeys(("id", "title", "updated", "content", "published"), "1")
        | {"summary": "?", "source": "?", "media:thumbnail": "?", "link": "+"}
        | dict.fromkeys(("author", "category", "media:content"), "*")
    ),
    "content": Shape(attributes={"type!": one_of("bad-text-type", "html")}, text=some_text),
    "category": Shape(attributes={"term!": some_text, "scheme": address, "label": some_text}),
    "source": Shape({"id": "1", "title": "1", "updated": "1", "link": "+"}),
    "media:content": Shape({"media:title": "?"}, CONTENT_ATTRIBUTES),
    "media:title": Shape(attributes=TITLE_ATTRIBUTES, text=TITLE_TEXT),
    "media:thumbnail": Shape(attributes=THUMBNAIL_ATTRIBUTES),
}

#: Text constructs (RFC 4287, 3.1), but for the content of entries, which is always HTML.
_TEXTS = [f"{{{ATOM}}}{name}" for name in ("title", "subtitle", "summary", "rights")]

#: What else is a plain text, if it has not the type html.
_NAMES = [f"{{{ATOM}}}name", f"{{{ATOM}}}generator", f"{{{MEDIA}}}title"]


def judge_atom(body: bytes, about: About) -> Judged:
    """What is wrong with an Atom document."""
    judged = Judged(about.path)
    parsed = parse_root(body, f"{{{ATOM}}}feed", judged)
    if parsed is None:
        return judged
    root, lines = parsed
    judge_shape(root, _SHAPES, ATOM, about, lines, judged)
    judge_feed_links(root, "atom", about, judged)
    _judge_order(root, judged)
    judge_plain_texts(root.iter(*_TEXTS, *_NAMES), lines, judged)
    judge_plain_attribute(root, _atom("category"), "label", lines, judged)
    judge_plain_attribute(root, _atom("link"), "title", lines, judged)
    for text in root.iter(*_TEXTS):
        if text.get("type") == "html":
            note_html(text.text or "", line_of(text), judged)
    has_author = root.find(_atom("author")) is not None
    for entry in root.iterchildren(_atom("entry")):
        _judge_entry(entry, judged)
        if not has_author and entry.find(_atom("author")) is None:
            message = "neither the entry nor the feed has an <author>; expected one (RFC 4287, 4.1.2)"
            judged.note(line_of(entry), "missing-element", message)
    return judged


def _atom(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _judge_order(root: etree._Element, judged: Judged) -> None:
    """Readers that read as it comes know the feed before its entries."""
    entries = False
    for child in root.iterchildren("*"):
        if child.tag == _atom("entry"):
            entries = True
        elif entries:
            message = f"<{str(child.tag).partition('}')[2]}> comes behind an <entry>; expected it before all entries"
            judged.note(line_of(child), "misplaced-element", message)


def _judge_entry(entry: etree._Element, judged: Judged) -> None:
    judge_entry_links(entry, judged)
    content = entry.find(_atom("content"))
    html = (content.text or "") if content is not None else ""
    line = line_of(content) if content is not None else line_of(entry)
    note_html(html, line, judged)
    links = list(entry.iterchildren(LINK))
    if not any(link.get("rel") == "alternate" for link in links):
        message = "the entry has no link alternate; expected the address of the story"
        judged.note(line_of(entry), "missing-element", message)
    enclosures = [(link.get("href", ""), link.get("type", "")) for link in links if link.get("rel") == "enclosure"]
    _judge_enclosures(links, judged)
    pictures = judge_pictures(entry, enclosures, html, line, judged)
    for url in pictures:
        if url not in {href for href, _ in enclosures}:
            message = f"media:content {url!r} is no enclosure; expected the same address in both"
            judged.note(line, "picture-differs", message)
    judged.note_entry(line_of(entry), entry.findtext(_atom("id"), ""), pictures)


def _judge_enclosures(links: list[etree._Element], judged: Judged) -> None:
    """RFC 4287 asks for no type, and without one readers do not know what to do with an enclosure."""
    for link in links:
        if link.get("rel") == "enclosure" and not link.get("type"):
            judged.note(line_of(link), "missing-attribute", "the link enclosure has no type; expected one")
