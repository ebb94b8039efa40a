"""Atom 1.0 (RFC 4287), with Media RSS.

feedgen writes the metadata of the feed, and the entries are inserted: feedgen has no Media RSS elements, drops all
attributes of an entry's links except `href` (its issue 135), and takes many times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml.etree import SubElement

from feeds.http.media_types import MEDIA_TYPES
from feeds.render.entries import GENERATOR, GENERATOR_VERSION, feed_links, history_element, shows_media
from feeds.render.namespaces import HISTORY, MEDIA
from feeds.render.xml import (
    attribute,
    block,
    insert,
    label,
    label_attribute,
    text,
    text_construct,
    write_label,
    write_text_construct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from feeds.models import Feed, Link, Person
    from feeds.render.entries import ShownEntry


def render(feed: Feed, shown: Sequence[ShownEntry]) -> bytes:
    """Return the feed as an Atom 1.0 document in UTF-8."""
    document = FeedGenerator()
    document.register_extension("publisher", _Extension, atom=True, rss=False)
    document.publisher.shows_media = shows_media(shown)
    document.publisher.history_element = history_element(feed)
    _add_metadata(document, feed)
    entries = (block("entry", _entry(entry, feed), depth=1) for entry in shown)
    return insert(document.atom_str(pretty=True), "</feed>", entries, feed.stylesheet)


def _add_metadata(document: FeedGenerator, feed: Feed) -> None:
    """Section 4.1.1."""
    document.id(feed.id)
    document.title(feed.title)
    document.subtitle(feed.description)
    document.updated(feed.updated)
    document.language(feed.language)
    document.link({"href": feed.address("atom"), "rel": "self", "type": MEDIA_TYPES["atom"]})
    document.link({"href": feed.link, "rel": "alternate", "type": "text/html"})
    for link in feed_links(feed, "atom"):
        document.link(link)
    document.generator(GENERATOR, version=GENERATOR_VERSION)
    if feed.author:
        document.author(_person(feed.author))
    if feed.rights:
        document.rights(feed.rights)
    if feed.logo:
        document.logo(feed.logo)
    if feed.icon:
        document.icon(feed.icon)


def _person(person: Person) -> dict[str, str]:
    """Section 3.2."""
    fields = {"name": person.name, "uri": person.uri, "email": person.email}
    return {name: value for name, value in fields.items() if value}


class _Extension(BaseExtension):
    """Parts that feedgen lacks: the Media RSS namespace, the RFC 5005 element, and text constructs of type html."""

    shows_media: bool
    history_element: str | None

    def extend_ns(self) -> dict[str, str]:
        media = {"media": MEDIA} if self.shows_media else {}
        return media | ({"fh": HISTORY} if self.history_element else {})

    def extend_atom(self, atom: etree._Element) -> etree._Element:
        if self.history_element:
            SubElement(atom, f"{{{HISTORY}}}{self.history_element}")
        for element in atom.iterchildren("title", "subtitle", "rights"):
            write_text_construct(element)
        for name in atom.iterfind("author/name"):
            write_label(name)
        return atom


def _entry(shown: ShownEntry, feed: Feed) -> Iterator[str]:
    """Section 4.1.2."""
    entry = shown.entry
    yield f"<id>{text(entry.id)}</id>"
    yield text_construct("title", entry.title)
    yield f"<updated>{shown.updated}+00:00</updated>"
    for author in entry.authors:
        yield from _author(author)
    yield f'<content type="html">{shown.content_text}</content>'
    if entry.summary:
        yield text_construct("summary", entry.summary)
    for category in entry.categories:
        yield (
            f'<category term="{attribute(category.term)}" scheme="{attribute(category.scheme)}" '
            f'label="{label_attribute(category.label)}"/>'
        )
    yield f"<published>{shown.published}+00:00</published>"
    yield from _links(shown, feed)
    if entry.source:
        yield from _source(entry.source, shown.updated)
    yield from shown.media_lines


def _author(person: Person) -> Iterator[str]:
    """Section 4.2.1."""
    yield "<author>"
    yield f"  <name>{label(person.name)}</name>"
    for name, value in (("uri", person.uri), ("email", person.email)):
        if value:
            yield f"  <{name}>{text(value)}</{name}>"
    yield "</author>"


def _links(shown: ShownEntry, feed: Feed) -> Iterator[str]:
    """Section 4.2.7."""
    entry = shown.entry
    yield f'<link rel="alternate" type="text/html" href="{attribute(entry.link)}"/>'
    if entry.via:
        yield f'<link rel="via" href="{attribute(entry.via)}"/>'
    for enclosure in shown.enclosures:
        length = f' length="{enclosure.length}"' if enclosure.length else ""
        title = f' title="{label_attribute(enclosure.title)}"' if enclosure.title else ""
        type_and_href = f'type="{attribute(enclosure.type)}" href="{attribute(enclosure.href)}"'
        yield f'<link rel="enclosure" {type_and_href}{length}{title}/>'
    if feed.shows_related:
        for link in entry.related:
            yield f'<link rel="related" href="{attribute(link.href)}" title="{label_attribute(link.title)}"/>'


def _source(source: Link, updated: str) -> Iterator[str]:
    """Section 4.2.11: the provider's feed. Its own update is unknown, but it is at least as new as the entry's."""
    yield "<source>"
    yield f"  <id>{text(source.href)}</id>"
    yield f"  {text_construct('title', source.title)}"
    yield f"  <updated>{updated}+00:00</updated>"
    yield f'  <link rel="self" href="{attribute(source.href)}"/>'
    yield "</source>"
