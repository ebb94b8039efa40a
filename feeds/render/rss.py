"""RSS 2.0, with Atom, Content, Dublin Core and Media RSS elements where RSS has none of its own.

https://www.rssboard.org/rss-specification and https://www.rssboard.org/rss-profile. feedgen keeps the document; what
it has no elements for, or gets wrong, our extensions add.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree
from markupsafe import escape

from feeds.enclosures import media_type
from feeds.render.content import attribution, render_content
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

    from feeds.model import Entry, Feed

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"

#: Plain text in which readers might see HTML. The RSS profile has `&` and `<` written as hexadecimal references there.
_PLAIN_TEXTS = (
    "title",
    "description",
    "category",
    "source",
    "copyright",
    "managingEditor",
    "image/title",
    f"{{{DC}}}creator",
)
_SPECIAL = re.compile("([&<])")
_REFERENCES = {"&": "#x26", "<": "#x3C"}
_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif"})


def render(feed: Feed) -> bytes:
    """The feed as an RSS 2.0 document in UTF-8."""
    channel = FeedGenerator()
    channel.register_extension("publisher", _Channel, _Item, atom=False, rss=True)
    channel.publisher.feed = feed
    _add_metadata(channel, feed)
    for entry in feed.entries:
        _add_item(channel.add_entry(order="append"), entry, feed)
    return channel.rss_str(pretty=True)


def _add_metadata(channel: FeedGenerator, feed: Feed) -> None:
    channel.title(feed.title)
    channel.description(feed.description)
    channel.link({"href": feed.address("rss"), "rel": "self", "type": MEDIA_TYPES["rss"]})
    channel.link({"href": feed.link, "rel": "alternate"})  # the last link is the channel's
    channel.language(feed.language)
    channel.lastBuildDate(feed.updated)
    channel.generator(f"{GENERATOR} {GENERATOR_VERSION}")
    channel.docs("https://www.rssboard.org/rss-specification")
    channel.ttl(feed.ttl)
    if feed.rights:
        channel.copyright(feed.rights)
    if feed.author and feed.author.email:
        channel.managingEditor(f"{feed.author.email} ({feed.author.name})")
    image = _channel_image(feed)
    if image:
        channel.image(image, title=feed.title, link=feed.link)


def _channel_image(feed: Feed) -> str | None:
    """RSS 2.0: the image is a GIF, JPEG or PNG."""
    return next((url for url in (feed.logo, feed.icon) if url and media_type(url) in _IMAGE_TYPES), None)


def _add_item(item: FeedEntry, entry: Entry, feed: Feed) -> None:
    item.publisher.entry = entry
    item.publisher.feed = feed
    item.title(entry.title)
    item.link({"href": entry.link, "rel": "alternate"})
    item.description(str(escape(entry.summary or attribution(entry, feed))))
    item.content(render_content(entry, feed))
    item.id(entry.id)
    for category in entry.categories:
        item.category({"term": category.term, "label": category.label, "scheme": category.scheme})
    for enclosure in shown_enclosures(entry, feed)[:1]:
        item.enclosure(enclosure.href, str(enclosure.length or 0), enclosure.type)
    item.published(entry.published)
    if entry.source:
        item.source(entry.source.href, entry.source.title)


class _Channel(BaseExtension):
    """What RSS takes from Atom for a channel: the links to its other formats."""

    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        """The prefixes that this document uses, beyond those that feedgen always declares."""
        namespaces = {"dc": DC} if self.feed.entries else {}
        return namespaces | ({"media": MEDIA} if shows_media(self.feed) else {})

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        channel = rss[0]
        for href, type_ in alternate_formats(self.feed, "rss"):
            etree.SubElement(channel, f"{{{ATOM}}}link", href=href, rel="alternate", type=type_)
        _mark_plain_texts(channel)
        if not self.feed.entries:
            etree.cleanup_namespaces(rss)
        return rss


class _Item(BaseEntryExtension):
    """What RSS takes from Dublin Core, Atom and Media RSS for an item."""

    feed: Feed
    entry: Entry

    def extend_rss(self, item: etree._Element) -> etree._Element:
        for author in self.entry.authors:
            etree.SubElement(item, f"{{{DC}}}creator").text = author.name
        etree.SubElement(item, f"{{{ATOM}}}updated").text = rfc3339(self.entry.updated)
        if self.entry.via:
            etree.SubElement(item, f"{{{ATOM}}}link", href=self.entry.via, rel="via")
        add_media(item, shown_enclosures(self.entry, self.feed))
        _mark_plain_texts(item)
        return item


def _mark_plain_texts(parent: etree._Element) -> None:
    for path in _PLAIN_TEXTS:
        if path == "description" and parent.tag == "item":
            continue  # an item's description is HTML
        for element in parent.findall(path):
            _write_references(element)


def _write_references(element: etree._Element) -> None:
    first, *rest = _SPECIAL.split(element.text or "")
    element.text = first
    for special, text in zip(rest[::2], rest[1::2], strict=True):
        reference = etree.Entity(_REFERENCES[special])
        reference.tail = text
        element.append(reference)
