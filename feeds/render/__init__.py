"""Feeds made documents: one module a format, and what they share.

A renderer is a pure function of a feed: no clock, no disk, the same bytes for the same feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.model import Document, Feed, Format, document_path
from feeds.render import atom, jsonfeed, rss
from feeds.render.shared import MEDIA_TYPES, ShownEntry, show_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["MEDIA_TYPES", "RENDERERS", "render_documents"]

RENDERERS: Mapping[Format, Callable[[Feed, Sequence[ShownEntry]], bytes]] = {
    "rss": rss.render,
    "atom": atom.render,
    "json": jsonfeed.render,
}


def render_documents(feed: Feed) -> Iterator[Document]:
    """The documents of `feed`, one for each of its formats."""
    shown = show_entries(feed)
    for format_ in feed.formats:
        yield Document(
            path=document_path(feed.path, format_),
            media_type=MEDIA_TYPES[format_],
            body=RENDERERS[format_](feed, shown),
            kind=feed.kind,
            title=feed.title,
            entries=len(feed.entries),
            updated=feed.updated,
        )
