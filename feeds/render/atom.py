"""Atom 1.0 (RFC 4287), with Media RSS.

feedgen keeps the document; our extensions add the links, of whose attributes feedgen loses all but the address (its
issue 135), the source, and Media RSS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from feeds.render.content import render_content
from feeds.render.shared import (
    GENERATOR,
    GENERATOR_VERSION,
    MEDIA,
    MEDIA_TYPES,
    add_media,
    alternate_formats,
    rfc3339,
    shown_enclosures,
    shows_media,
)

if TYPE_CHECKING:
    from feedgen.entry import FeedEntry

    from feeds.model import Enclosure, Entry, Feed, Person


def render(feed: Feed) -> bytes:
    """The feed as an Atom 1.0 document in UTF-8."""
    document = FeedGenerator()
    document.register_extension("publisher", _Feed, _Entry, atom=True, rss=False)
    document.publisher.feed = feed
    _add_metadata(document, feed)
    for entry in feed.entries:
        _add_entry(document.add_entry(order="append"), entry, feed)
    return document.atom_str(pretty=True)


def _add_metadata(document: FeedGenerator, feed: Feed) -> None:
    document.id(feed.id)
    document.title(feed.title)
    document.subtitle(feed.description)
    document.updated(feed.updated)
    document.language(feed.language)
    document.link({"href": feed.address("atom"), "rel": "self", "type": MEDIA_TYPES["atom"]})
    document.link({"href": feed.link, "rel": "alternate", "type": "text/html"})
    for href, type_ in alternate_formats(feed, "atom"):
        document.link({"href": href, "rel": "alternate", "type": type_})
    document.generator(GENERATOR, version=GENERATOR_VERSION)
    if feed.author:
        document.author(_person(feed.author))
    if feed.rights:
        document.rights(feed.rights)
    if feed.logo:
        document.logo(feed.logo)
    if feed.icon:
        document.icon(feed.icon)


def _add_entry(element: FeedEntry, entry: Entry, feed: Feed) -> None:
    element.publisher.entry = entry
    element.publisher.feed = feed
    element.id(entry.id)
    element.title(entry.title)
    element.published(entry.published)
    element.updated(entry.updated)
    for author in entry.authors:
        element.author(_person(author))
    element.content(render_content(entry, feed), type="html")
    if entry.summary:
        element.summary(entry.summary)
    for category in entry.categories:
        element.category({"term": category.term, "scheme": category.scheme, "label": category.label})


def _person(person: Person) -> dict[str, str]:
    """Section 3.2."""
    fields = {"name": person.name, "uri": person.uri, "email": person.email}
    return {name: value for name, value in fields.items() if value}


class _Feed(BaseExtension):
    """Declares Media RSS where an entry uses it."""

    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        return {"media": MEDIA} if shows_media(self.feed) else {}


class _Entry(BaseEntryExtension):
    """The links of an entry (section 4.2.7), its source (4.2.11) and its media."""

    feed: Feed
    entry: Entry

    def extend_atom(self, element: etree._Element) -> etree._Element:
        entry = self.entry
        enclosures = shown_enclosures(entry, self.feed)
        etree.SubElement(element, "link", rel="alternate", type="text/html", href=entry.link)
        if entry.via:
            etree.SubElement(element, "link", rel="via", href=entry.via)
        for enclosure in enclosures:
            etree.SubElement(element, "link", _enclosure(enclosure))
        if self.feed.shows_related:
            for link in entry.related:
                etree.SubElement(element, "link", rel="related", href=link.href, title=link.title)
        if entry.source:
            _add_source(element, entry)
        add_media(element, enclosures)
        return element


def _enclosure(enclosure: Enclosure) -> dict[str, str]:
    attributes = {"rel": "enclosure", "type": enclosure.type, "href": enclosure.href}
    if enclosure.length:
        attributes["length"] = str(enclosure.length)
    if enclosure.title:
        attributes["title"] = enclosure.title
    return attributes


def _add_source(element: etree._Element, entry: Entry) -> None:
    """The provider's feed. It was updated when the entry was, if not since."""
    if entry.source:
        source = etree.SubElement(element, "source")
        etree.SubElement(source, "id").text = entry.source.href
        etree.SubElement(source, "title").text = entry.source.title
        etree.SubElement(source, "updated").text = rfc3339(entry.updated)
        etree.SubElement(source, "link", rel="self", href=entry.source.href)
