"""Feeds made documents: one module a format, and what they share.

A renderer is a pure function of a feed: no clock, no disk, the same bytes for the same feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.model import Document, Feed, Format
from feeds.render import atom, jsonfeed, rss
from feeds.render.shared import MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MEDIA_TYPES", "RENDERERS", "document_path", "render_document"]

RENDERERS: Mapping[Format, Callable[[Feed], bytes]] = {
    "rss": rss.render,
    "atom": atom.render,
    "json": jsonfeed.render,
}


def document_path(feed_path: str, format_: Format) -> str:
    """Where the document of a feed in this format is, below the output folder. A format's name is its extension."""
    return f"{feed_path}.{format_}"


def render_document(feed: Feed, format_: Format) -> Document:
    """The document of `feed` in this format."""
    return Document(
        path=document_path(feed.path, format_),
        media_type=MEDIA_TYPES[format_],
        body=RENDERERS[format_](feed),
        kind=feed.kind,
        title=feed.title,
        entries=len(feed.entries),
        updated=feed.updated,
    )
