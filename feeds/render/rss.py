"""RSS 2.0, with elements of Atom, Content, Dublin Core and Media RSS where RSS has none of its own.

https://www.rssboard.org/rss-specification and https://www.rssboard.org/rss-profile. feedgen writes the metadata of the
channel, and the items are inserted: feedgen lacks several of their elements, and takes many times as long.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml.etree import SubElement, cleanup_namespaces

from feeds.http.enclosure_types import enclosure_type
from feeds.http.media_types import MEDIA_TYPES
from feeds.render.content import attribution
from feeds.render.entries import GENERATOR, GENERATOR_VERSION, feed_links, history_element, shows_media
from feeds.render.namespaces import ATOM, DC, HISTORY, MEDIA
from feeds.render.xml import attribute, block, insert, looks_like_markup, plain, text, write_plain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from feeds.models import Feed
    from feeds.render.entries import ShownEntry


#: Plain texts of a channel that readers may take for HTML.
_PLAIN_TEXTS = ("title", "description", "copyright", "managingEditor", "image/title")

_PARENTHESES = re.compile(r"\([^()]*\)")

_UNQUOTED = re.compile(r"[()\\]")

#: English names, as in email.utils, which takes four times as long to format a date.
_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_OTHER_EXTENSION = re.compile(r"\.(?!(?:gif|jpe?g|png)$)\w+$", re.IGNORECASE)

_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif"})


def render(feed: Feed, shown: Sequence[ShownEntry]) -> bytes:
    """Return the feed as an RSS 2.0 document in UTF-8."""
    channel = FeedGenerator()
    channel.register_extension("publisher", _Extension, atom=False, rss=True)
    channel.publisher.feed = feed
    channel.publisher.shown = shown
    _add_metadata(channel, feed)
    items = (block("item", _item(entry, feed), depth=2) for entry in shown)
    return insert(channel.rss_str(pretty=True), "</channel>", items, feed.stylesheet)


def _add_metadata(channel: FeedGenerator, feed: Feed) -> None:
    channel.title(feed.title)
    channel.description(_description(feed.description))
    channel.link({"href": feed.address("rss"), "rel": "self", "type": MEDIA_TYPES["rss"]})
    channel.link({"href": feed.link, "rel": "alternate"})  # feedgen takes the last link for the channel's own
    channel.language(feed.language)
    channel.lastBuildDate(feed.updated)
    channel.generator(f"{GENERATOR} {GENERATOR_VERSION}")
    channel.docs("https://www.rssboard.org/rss-specification")
    channel.ttl(feed.ttl)
    if feed.rights:
        channel.copyright(feed.rights)
    if feed.author and feed.author.email:
        channel.managingEditor(f"{feed.author.email} ({_comment(feed.author.name)})")
    image = _channel_image(feed)
    if image:
        channel.image(image, title=feed.title, link=feed.link)


def _description(plain_text: str) -> str:
    """Return the description of a channel: HTML if programs might take the plain text for HTML, as that of an item."""
    return escape(plain_text, quote=False) if looks_like_markup(plain_text) else plain_text


def _comment(name: str) -> str:
    r"""Return a name as a comment (RFC 5322, 3.2.2), with a `\` before each parenthesis if they do not match."""
    without, before = name, ""
    while without != before:
        without, before = _PARENTHESES.sub("", without), without
    return _UNQUOTED.sub(r"\\\g<0>", name) if "(" in without or ")" in without else name


def _channel_image(feed: Feed) -> str | None:
    """Return the URL of a GIF, JPEG or PNG. It must not end in another extension, because readers go by that."""
    images = (url for url in (feed.logo, feed.icon) if url and enclosure_type(url) in _IMAGE_TYPES)
    return next((url for url in images if not _OTHER_EXTENSION.search(url)), None)


class _Extension(BaseExtension):
    """Parts that feedgen lacks: all links, the element of RFC 5005, and the namespaces that items use."""

    feed: Feed
    shown: Sequence[ShownEntry]

    def extend_ns(self) -> dict[str, str]:
        """Return the namespaces that this document uses, besides those that feedgen always declares."""
        namespaces = {"dc": DC} if self.shown else {}
        namespaces |= {"fh": HISTORY} if history_element(self.feed) else {}
        return namespaces | ({"media": MEDIA} if shows_media(self.shown) else {})

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        channel = rss[0]
        for link in feed_links(self.feed, "rss"):
            SubElement(channel, f"{{{ATOM}}}link", link)
        history = history_element(self.feed)
        if history:
            SubElement(channel, f"{{{HISTORY}}}{history}")
        for path in _PLAIN_TEXTS:
            for element in channel.findall(path):
                write_plain(element)
        if not self.shown:
            cleanup_namespaces(rss)
        return rss


def _item(shown: ShownEntry, feed: Feed) -> Iterator[str]:
    entry = shown.entry
    description = escape(entry.summary or attribution(entry, feed), quote=False)
    yield f"<title>{plain(entry.title)}</title>"
    yield f"<link>{text(entry.link)}</link>"
    yield f"<description>{text(description)}</description>"
    yield f"<content:encoded>{shown.content_text}</content:encoded>"
    yield f'<guid isPermaLink="false">{text(entry.id)}</guid>'
    for category in entry.categories:
        yield f'<category domain="{attribute(category.scheme)}">{plain(category.label)}</category>'
    for enclosure in shown.enclosures[:1]:
        length = enclosure.length or 0
        yield f'<enclosure url="{attribute(enclosure.href)}" length="{length}" type="{attribute(enclosure.type)}"/>'
    yield f"<pubDate>{_rfc822(entry.published, shown.published)}</pubDate>"
    if entry.source:
        yield f'<source url="{attribute(entry.source.href)}">{plain(entry.source.title)}</source>'
    for author in entry.authors:
        yield f"<dc:creator>{plain(author.name)}</dc:creator>"
    yield f"<atom:updated>{shown.updated}Z</atom:updated>"
    if entry.via:
        yield f'<atom:link href="{attribute(entry.via)}" rel="via"/>'
    yield from shown.media_lines


def _rfc822(time: dt.datetime, iso8601: str) -> str:
    """Format a time in UTC by RFC 822, with a year of four digits. Most of it is sliced from its ISO 8601 form."""
    year, month, day = iso8601[:4], _MONTHS[time.month - 1], iso8601[8:10]
    return f"{_DAYS[time.weekday()]}, {day} {month} {year} {iso8601[11:]} +0000"
