"""Entries as feeds show them, and the parts that several formats share: feed links, RFC 5005, Media RSS."""

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

#: The values of the attribute `medium` of `media:content` that are also top-level media types.
_MEDIUMS = frozenset({"image", "audio", "video"})

#: The content security policies (https://www.w3.org/TR/CSP3/) of redirects, which load nothing, and of other pages.
MOVED_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'"

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src http: https:; base-uri 'none'; form-action 'none'"
)

#: The kinds of feeds in the order of subscription lists, with their headings there.
_HEADINGS: dict[Kind, str] = {"all": "Everything", "custom": "Selections", "topic": "Topics", "provider": "Providers"}


@dataclass(frozen=True)
class ShownEntry:
    """An entry as a feed shows it: the enclosures that the feed's `images` setting selects, `content` in safe HTML.

    `published` and `updated` are times in UTC by ISO 8601, without the offset: formats write it as `Z` or `+00:00`.
    """

    entry: Entry
    enclosures: tuple[Enclosure, ...]
    content: str
    published: str
    updated: str

    @cached_property
    def content_text(self) -> str:
        """The content as the text of an XML element."""
        return text(self.content)

    @cached_property
    def media_lines(self) -> tuple[str, ...]:
        """Media RSS 1.5: a `media:content` for each enclosure, and one `media:thumbnail`, for the first image."""
        return tuple(_media_lines(self.enclosures))


def show_entries(feed: Feed) -> list[ShownEntry]:
    """Return the entries of a feed as it shows them. They are the same in every format."""
    return [_show(entry, feed) for entry in feed.entries]


def _show(entry: Entry, feed: Feed) -> ShownEntry:
    published = _iso8601(entry.published)
    updated = published if entry.updated == entry.published else _iso8601(entry.updated)
    return ShownEntry(entry, shown_enclosures(entry, feed), render_content(entry, feed), published, updated)


def _iso8601(time: dt.datetime) -> str:
    return time.isoformat()[:19]


def shows_media(shown: Iterable[ShownEntry]) -> bool:
    """Whether any entry shows an enclosure, so that the document declares the namespace of Media RSS."""
    return any(entry.enclosures for entry in shown)


def feed_links(feed: Feed, own: Format) -> Iterator[dict[str, str]]:
    """Yield the links of a document in the format `own`, except those to itself and to its page.

    They lead to the other formats, the hub (WebSub, 4) and the feed's archives (RFC 5005, 4). `current` is the document
    that people subscribe to.
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


def history_element(feed: Feed) -> str | None:
    """Return the name of the RFC 5005 element of a document: `archive`, `complete`, or None."""
    if feed.segment.month:
        return "archive"
    return "complete" if feed.segment.is_complete else None


def group_outlines(outlines: Iterable[Outline]) -> list[tuple[str, list[Outline]]]:
    """Return the headings of subscription lists, each with the feeds of that kind by name. No group is empty."""
    by_name = sorted(outlines, key=lambda outline: (outline.name.casefold(), outline.path))
    groups = (
        (heading, [outline for outline in by_name if outline.kind == kind]) for kind, heading in _HEADINGS.items()
    )
    return [(heading, group) for heading, group in groups if group]


def first_image(enclosures: Sequence[Enclosure]) -> Enclosure | None:
    """Return the first enclosure that is an image."""
    return next((enclosure for enclosure in enclosures if enclosure.type.startswith("image/")), None)


def _media_lines(enclosures: Sequence[Enclosure]) -> Iterator[str]:
    for enclosure in enclosures:
        medium = enclosure.type.partition("/")[0]
        known_medium = f' medium="{medium}"' if medium in _MEDIUMS else ""
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
