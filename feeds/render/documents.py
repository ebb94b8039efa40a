"""Feeds made documents: one module a format, and what they share.

A renderer is a pure function of what it renders: no clock, the same bytes for the same feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.http.media_types import HTML, MEDIA_TYPES
from feeds.http.media_types import OPML as OPML_TYPE
from feeds.models import (
    ASSETS,
    INDEX,
    OPML,
    Document,
    Feed,
    Format,
    SubscriptionList,
    document_path,
    page_path,
    scoped_path,
)
from feeds.render import atom, jsonfeed, rss
from feeds.render.entries import ShownEntry, show_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


__all__ = ["RENDERERS", "render_assets", "render_documents", "render_site"]

RENDERERS: Mapping[Format, Callable[[Feed, Sequence[ShownEntry]], bytes]] = {
    "rss": rss.render,
    "atom": atom.render,
    "json": jsonfeed.render,
}


def render_documents(feed: Feed) -> Iterator[Document]:
    """The documents of `feed`: its page if it has one, and one for each of its formats; also where it was before.

    What was a document's place has the same bytes, and what was a page's leads to the page.
    """
    shown = show_entries(feed)
    month = feed.segment.month
    if feed.has_page and not month:
        yield from _pages(feed, shown)
    for format_ in feed.formats:
        body = RENDERERS[format_](feed, shown)
        for path in (feed.path, *feed.moved_from):
            yield _document(feed, document_path(scoped_path(path, month), format_), MEDIA_TYPES[format_], body)


def _pages(feed: Feed, shown: Sequence[ShownEntry]) -> Iterator[Document]:
    from feeds.render import pages  # noqa: PLC0415  # takes long, and not every site has pages

    yield _document(feed, page_path(feed.path), HTML, pages.render_page(feed, shown))
    for path in feed.moved_from:
        yield _document(feed, page_path(path), HTML, pages.render_moved(feed, path))


def render_site(subscriptions: SubscriptionList) -> Iterator[Document]:
    """What a site has beside its feeds: the list of them, as OPML and as a page, and what pages lead to."""
    from feeds.render import opml, pages  # noqa: PLC0415  # as above

    yield _site_document(subscriptions, OPML, OPML_TYPE, opml.render(subscriptions))
    if subscriptions.has_pages:
        yield _site_document(subscriptions, INDEX, HTML, pages.render_index(subscriptions))
        yield from render_assets(subscriptions)


def render_assets(subscriptions: SubscriptionList) -> Iterator[Document]:
    """What pages and feeds lead to. The bytes are the package's own, whatever the list is."""
    from feeds.render import pages  # noqa: PLC0415  # as above

    for path in ASSETS:
        yield _site_document(subscriptions, path, *pages.render_asset(path))


def _site_document(about: SubscriptionList, path: str, media_type: str, body: bytes) -> Document:
    return Document(path=path, media_type=media_type, body=body, title=about.title, updated=about.updated)


def _document(feed: Feed, path: str, media_type: str, body: bytes) -> Document:
    return Document(
        path=path,
        media_type=media_type,
        body=body,
        kind=feed.kind,
        feed=feed.path,
        month=feed.segment.month,
        name=feed.name,
        title=feed.title,
        entries=len(feed.entries),
        updated=feed.updated,
    )
