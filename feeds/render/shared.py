"""What the formats share: which enclosures a feed shows, times, names of the generator, Media RSS elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from feeds._version import __version__

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from feeds.model import Enclosure, Entry, Feed, Format

GENERATOR = "feeds"
GENERATOR_VERSION = __version__

MEDIA = "http://search.yahoo.com/mrss/"

MEDIA_TYPES: dict[Format, str] = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


def shown_enclosures(entry: Entry, feed: Feed) -> tuple[Enclosure, ...]:
    """The enclosures of an entry that the feed's `images` setting lets through."""
    if feed.images == "off":
        return ()
    return entry.enclosures[:1] if feed.images == "first" else entry.enclosures


def shows_media(feed: Feed) -> bool:
    """Whether any entry shows an enclosure, so that a document needs the namespace for it."""
    return any(shown_enclosures(entry, feed) for entry in feed.entries)


def rfc3339(time: dt.datetime) -> str:
    """A time in UTC as RFC 3339 writes it, with `Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def alternate_formats(feed: Feed, own: Format) -> Iterator[tuple[str, str]]:
    """The address and media type of the feed in each of its other formats."""
    for other in feed.formats:
        if other != own:
            yield feed.address(other), MEDIA_TYPES[other]


def add_media(parent: etree._Element, enclosures: tuple[Enclosure, ...]) -> None:
    """Media RSS 1.5: a `media:content` for each enclosure, and one `media:thumbnail`, of the first picture."""
    for enclosure in enclosures:
        medium = enclosure.type.partition("/")[0]
        attributes = {"url": enclosure.href, "type": enclosure.type}
        if medium in {"image", "audio", "video"}:
            attributes["medium"] = medium
        if enclosure.length:
            attributes["fileSize"] = str(enclosure.length)
        content = etree.SubElement(parent, f"{{{MEDIA}}}content", attributes | _size(enclosure))
        if enclosure.title:
            etree.SubElement(content, f"{{{MEDIA}}}title", type="plain").text = enclosure.title
    picture = next((enclosure for enclosure in enclosures if enclosure.type.startswith("image/")), None)
    if picture:
        etree.SubElement(parent, f"{{{MEDIA}}}thumbnail", {"url": picture.href} | _size(picture))


def _size(enclosure: Enclosure) -> dict[str, str]:
    sizes = {"width": enclosure.width, "height": enclosure.height}
    return {name: str(size) for name, size in sizes.items() if size}
