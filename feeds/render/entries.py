"""What the formats share: entries as a feed shows them, names of the generator, times, Media RSS elements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from feeds._version import __version__
from feeds.http.media_types import MEDIA_TYPES
from feeds.render.content import render_content, shown_enclosures
from feeds.render.xml import attribute, html, looks_like_html, plain, text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from feeds.models import Enclosure, Entry, Feed, Format, Kind, Outline


GENERATOR = "feeds"

GENERATOR_VERSION = __version__

MEDIA = "http://search.yahoo.com/mrss/"

_MEDIA = frozenset({"image", "audio", "video"})

HISTORY = "http://purl.org/syndication/history/1.0"

#: What pages may load and do (https://www.w3.org/TR/CSP3/); those that only lead to others need nothing.
MOVED_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'"

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src http: https:; base-uri 'none'; form-action 'none'"
)

LABELS: dict[Format, str] = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}

#: The kinds of feeds in the order in which they are listed, and what they are called there.
_KINDS: dict[Kind, str] = {"all": "Everything", "custom": "Selections", "topic": "Topics", "provider": "Providers"}


@dataclass(frozen=True)
class ShownEntry:
    """An entry as a feed shows it: with the enclosures that its settings let through, and `content` in safe HTML.

    `published` and `updated` are in UTC, as ISO 8601 writes them but for the offset, which formats write in two ways.
    """

    entry: Entry
    enclosures: tuple[Enclosure, ...]
    content: str
    published: str
    updated: str

    @cached_property
    def content_text(self) -> str:
        """The content as the text of an element."""
        return text(self.content)

    @cached_property
    def media_lines(self) -> tuple[str, ...]:
        """Media RSS 1.5: a `media:content` for each enclosure, and one `media:thumbnail`, of the first picture."""
        return tuple(_media_lines(self.enclosures))


def show_entries(feed: Feed) -> list[ShownEntry]:
    """The entries of a feed as it shows them, in every format."""
    return [_show(entry, feed) for entry in feed.entries]


def _show(entry: Entry, feed: Feed) -> ShownEntry:
    published = _iso8601(entry.published)
    updated = published if entry.updated == entry.published else _iso8601(entry.updated)
    return ShownEntry(entry, shown_enclosures(entry, feed), render_content(entry, feed), published, updated)


def _iso8601(time: dt.datetime) -> str:
    return time.isoformat()[:19]


def shows_media(shown: Iterable[ShownEntry]) -> bool:
    """Whether any entry shows an enclosure, so that a document needs the namespace for it."""
    return any(item.enclosures for item in shown)


def feed_links(feed: Feed, own: Format) -> Iterator[dict[str, str]]:
    """What a document links to beside itself and its page: its other formats, the hub, the feed's history.

    WebSub, 4; RFC 5005, 4, where `current` is what people subscribe to.
    """
    for other in feed.formats:
        if other != own:
            yield {"href": feed.address(other), "rel": "alternate", "type": MEDIA_TYPES[other]}
    if feed.segment.month:
        yield {"href": feed.address_of("", own), "rel": "current", "type": MEDIA_TYPES[own]}
    elif feed.hub:
        yield {"href": feed.hub, "rel": "hub"}
    for rel, month in (("prev-archive", feed.segment.previous), ("next-archive", feed.segment.next)):
        if month:
            yield {"href": feed.address_of(month, own), "rel": rel, "type": MEDIA_TYPES[own]}


def history_mark(feed: Feed) -> str | None:
    """The element of RFC 5005 that tells what part of the feed's entries a document has; most have none."""
    if feed.segment.month:
        return "archive"
    return "complete" if feed.segment.is_complete else None


def group_outlines(outlines: Iterable[Outline]) -> list[tuple[str, list[Outline]]]:
    """The feeds of each kind that there is, with what it is called, by name as people look for it."""
    by_name = sorted(outlines, key=lambda outline: (outline.name.casefold(), outline.path))
    groups = ((label, [outline for outline in by_name if outline.kind == kind]) for kind, label in _KINDS.items())
    return [(label, found) for label, found in groups if found]


def first_image(enclosures: Sequence[Enclosure]) -> Enclosure | None:
    return next((enclosure for enclosure in enclosures if enclosure.type.startswith("image/")), None)


def _media_lines(enclosures: Sequence[Enclosure]) -> Iterator[str]:
    for enclosure in enclosures:
        medium = enclosure.type.partition("/")[0]
        known_medium = f' medium="{medium}"' if medium in _MEDIA else ""
        length = f' fileSize="{enclosure.length}"' if enclosure.length else ""
        content = (
            f'<media:content url="{attribute(enclosure.href)}" type="{attribute(enclosure.type)}"'
            f"{known_medium}{length}{_size(enclosure)}"
        )
        if enclosure.title:
            yield f"{content}>"
            type_, title = ("html", html) if looks_like_html(enclosure.title) else ("plain", plain)
            yield f'  <media:title type="{type_}">{title(enclosure.title)}</media:title>'
            yield "</media:content>"
        else:
            yield f"{content}/>"
    image = first_image(enclosures)
    if image:
        yield f'<media:thumbnail url="{attribute(image.href)}"{_size(image)}/>'


def _size(enclosure: Enclosure) -> str:
    width = f' width="{enclosure.width}"' if enclosure.width else ""
    return f'{width} height="{enclosure.height}"' if enclosure.height else width
