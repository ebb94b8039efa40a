"""RSS 2.0, with Atom, Content, Dublin Core and Media RSS elements where RSS has none of its own.

https://www.rssboard.org/rss-specification and https://www.rssboard.org/rss-profile. feedgen keeps the document and its
metadata; our extension adds the items, of whose elements feedgen lacks several, and takes three times as long.
"""

from __future__ import annotations

import re
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml.etree import Entity, SubElement, cleanup_namespaces

from feeds.enclosures import media_type
from feeds.render.content import attribution
from feeds.render.shared import (
    GENERATOR,
    GENERATOR_VERSION,
    MEDIA,
    MEDIA_TYPES,
    add_media,
    alternate_formats,
    rfc3339,
    shows_media,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from feeds.model import Feed
    from feeds.render.shared import ShownEntry

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"

_ATOM_LINK, _UPDATED, _CREATOR = f"{{{ATOM}}}link", f"{{{ATOM}}}updated", f"{{{DC}}}creator"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"

#: The texts of a channel in which readers might see HTML.
_PLAIN_TEXTS = ("title", "description", "copyright", "managingEditor", "image/title")
_SPECIAL = re.compile("([&<])")
_REFERENCES = {"&": "#x26", "<": "#x3C"}
_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif"})


def render(feed: Feed, shown: Sequence[ShownEntry]) -> bytes:
    """The feed as an RSS 2.0 document in UTF-8."""
    channel = FeedGenerator()
    channel.register_extension("publisher", _Items, atom=False, rss=True)
    channel.publisher.feed = feed
    channel.publisher.shown = shown
    _add_metadata(channel, feed)
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


class _Items(BaseExtension):
    """What RSS takes from Atom for a channel, the links to its other formats, and the items."""

    feed: Feed
    shown: Sequence[ShownEntry]

    def extend_ns(self) -> dict[str, str]:
        """The prefixes that this document uses, beyond those that feedgen always declares."""
        namespaces = {"dc": DC} if self.shown else {}
        return namespaces | ({"media": MEDIA} if shows_media(self.shown) else {})

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        channel = rss[0]
        for href, type_ in alternate_formats(self.feed, "rss"):
            SubElement(channel, _ATOM_LINK, href=href, rel="alternate", type=type_)
        for path in _PLAIN_TEXTS:
            for element in channel.findall(path):
                _write_plain(element, element.text or "")
        for item in self.shown:
            _add_item(channel, item, self.feed)
        if not self.shown:
            cleanup_namespaces(rss)
        return rss


def _add_item(channel: etree._Element, shown: ShownEntry, feed: Feed) -> None:
    entry = shown.entry
    item = SubElement(channel, "item")
    _write_plain(SubElement(item, "title"), entry.title)
    SubElement(item, "link").text = entry.link
    SubElement(item, "description").text = escape(entry.summary or attribution(entry, feed), quote=False)
    SubElement(item, _CONTENT).text = shown.content
    SubElement(item, "guid", isPermaLink="false").text = entry.id
    for category in entry.categories:
        _write_plain(SubElement(item, "category", domain=category.scheme), category.label)
    for enclosure in shown.enclosures[:1]:
        length = str(enclosure.length or 0)
        SubElement(item, "enclosure", url=enclosure.href, length=length, type=enclosure.type)
    SubElement(item, "pubDate").text = format_datetime(entry.published)
    if entry.source:
        _write_plain(SubElement(item, "source", url=entry.source.href), entry.source.title)
    _add_extensions(item, shown)


def _add_extensions(item: etree._Element, shown: ShownEntry) -> None:
    """What RSS takes from Dublin Core, Atom and Media RSS for an item."""
    entry = shown.entry
    for author in entry.authors:
        _write_plain(SubElement(item, _CREATOR), author.name)
    SubElement(item, _UPDATED).text = rfc3339(entry.updated)
    if entry.via:
        SubElement(item, _ATOM_LINK, href=entry.via, rel="via")
    add_media(item, shown.enclosures)


def _write_plain(element: etree._Element, text: str) -> None:
    """Write plain text in which readers might see HTML: the RSS profile has `&` and `<` as hexadecimal references."""
    if "&" not in text and "<" not in text:
        element.text = text
        return
    first, *rest = _SPECIAL.split(text)
    element.text = first
    for special, after in zip(rest[::2], rest[1::2], strict=True):
        reference = Entity(_REFERENCES[special])
        reference.tail = after
        element.append(reference)
