"""Pages: one for each feed, and one that lists all. They ask nothing of other sites but the pictures of entries."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feeds.http.media_types import MEDIA_TYPES
from feeds.models import page_path
from feeds.render.content import shown_date
from feeds.render.entries import GENERATOR, LABELS, MOVED_POLICY, POLICY, first_image, group_outlines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.models import Feed, SubscriptionList
    from feeds.render.entries import ShownEntry


_ASSET_TYPES = {"css": "text/css", "js": "text/javascript"}

_LOADER = PackageLoader("feeds.render")

#: Entries on the page of a feed; the feed may have more.
_MOST = 30

#: Where readers on the web take a feed's address, percent-encoded.
_READERS = {
    "Feedly": "https://feedly.com/i/subscription/feed%2F{}",
    "Inoreader": "https://www.inoreader.com/?add_feed={}",
    "NewsBlur": "https://www.newsblur.com/?url={}",
    "The Old Reader": "https://theoldreader.com/feeds/subscribe?url={}",
    "Feedbin": "https://feedbin.com/?subscribe={}",
}


def render_page(feed: Feed, shown: Sequence[ShownEntry]) -> bytes:
    """The page of a feed: its newest entries, and how to subscribe to it."""
    address = quote(feed.address(feed.formats[0]), safe="")
    page = _environment().get_template("feed.html")
    return page.render(
        feed=feed,
        root=_root(page_path(feed.path)),
        shown=shown[:_MOST],
        readers=[(name, pattern.format(address)) for name, pattern in _READERS.items()],
    ).encode()


def render_index(subscriptions: SubscriptionList) -> bytes:
    """The page that lists all feeds, by kind."""
    page = _environment().get_template("index.html")
    return page.render(subscriptions=subscriptions, root="", groups=group_outlines(subscriptions.outlines)).encode()


def render_moved(feed: Feed, path: str) -> bytes:
    """What leads to the page of a feed from where that was when the feed had this path."""
    target = f"{_root(page_path(path))}{quote(feed.path)}/"
    return _environment().get_template("moved.html").render(feed=feed, target=target).encode()


def render_asset(path: str) -> tuple[str, bytes]:
    """The media type and the bytes of one of the `ASSETS`, which are the package's own."""
    source, _, _ = _LOADER.get_source(_environment(), path)
    return _ASSET_TYPES[path.rpartition(".")[2]], source.encode()


def _root(path: str) -> str:
    """The output folder, seen from a document in it."""
    return "../" * path.count("/")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_LOADER,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"date": shown_date, "picture": first_image}
    environment.globals |= {"generator": GENERATOR, "labels": LABELS, "media_types": MEDIA_TYPES}
    environment.globals |= {"policy": Markup(POLICY), "moved_policy": Markup(MOVED_POLICY)}  # noqa: S704  # our own
    return environment
