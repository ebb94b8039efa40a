"""Documents of a feed and of the whole site.

Renderers are pure and have no clock: the same feed gives the same bytes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from feeds.http.media_types import HTML, MEDIA_TYPES
from feeds.http.media_types import OPML as OPML_TYPE
from feeds.models import ASSETS, FORMATS, INDEX, OPML, Document, document_path, page_path, scoped_path
from feeds.render.entries import show_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from feeds.models import Feed, Format, SubscriptionList
    from feeds.render.entries import ShownEntry


def renderer(format_: Format) -> Callable[[Feed, Sequence[ShownEntry]], bytes]:
    """Return the function `render(feed, shown)` of a format, which returns the document in UTF-8.

    Its module is imported when the format is first rendered.
    """
    module = import_module(f"feeds.render.{FORMATS[format_].module}")
    render: Callable[[Feed, Sequence[ShownEntry]], bytes] = module.render
    return render


def render_documents(feed: Feed) -> Iterator[Document]:
    """Yield the documents of a feed: its page, if it has one, and a document in each of its formats.

    Each document is repeated at the feed's former paths. There, a page is a redirect to the current one.
    """
    shown = show_entries(feed)
    month = feed.segment.month
    if feed.has_page and not month:
        yield from _pages(feed, shown)
    for format_ in feed.formats:
        body = renderer(format_)(feed, shown)
        for path in (feed.path, *feed.moved_from):
            yield _document(feed, document_path(scoped_path(path, month), format_), MEDIA_TYPES[format_], body)


def _pages(feed: Feed, shown: Sequence[ShownEntry]) -> Iterator[Document]:
    from feeds.render import pages  # noqa: PLC0415  # slow to import, and not every site has pages

    yield _document(feed, page_path(feed.path), HTML, pages.render_page(feed, shown))
    for path in feed.moved_from:
        yield _document(feed, page_path(path), HTML, pages.render_moved(feed, path))


def render_site(subscriptions: SubscriptionList) -> Iterator[Document]:
    """Yield the documents of the whole site: the subscription list as OPML and as a page, and the assets of pages."""
    from feeds.render import opml, pages  # noqa: PLC0415  # as above

    yield _site_document(subscriptions, OPML, OPML_TYPE, opml.render(subscriptions))
    if subscriptions.has_pages:
        yield _site_document(subscriptions, INDEX, HTML, pages.render_index(subscriptions))
        yield from render_assets(subscriptions)


def render_assets(subscriptions: SubscriptionList) -> Iterator[Document]:
    """Yield the style sheets and scripts that pages and feeds refer to. They are the same for all sites."""
    from feeds.render import pages  # noqa: PLC0415  # as above

    for path in ASSETS:
        yield _site_document(subscriptions, path, *pages.render_asset(path))


def _site_document(subscriptions: SubscriptionList, path: str, media_type: str, body: bytes) -> Document:
    return Document(
        path=path, media_type=media_type, body=body, title=subscriptions.title, updated=subscriptions.updated
    )


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
        key=feed.key,
        entries=len(feed.entries),
        updated=feed.updated,
    )
