"""HTML pages: one for each feed, and an index of all feeds. From other sites they load only the images of entries."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feeds.models import FORMATS, page_path
from feeds.render.content import shown_date
from feeds.render.entries import GENERATOR, MOVED_POLICY, POLICY, first_image, group_outlines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.models import Feed, SubscriptionList
    from feeds.render.entries import ShownEntry


_ASSET_TYPES = {"css": "text/css", "js": "text/javascript"}

_LOADER = PackageLoader("feeds.render")

#: Entries on the page of a feed; the feed may have more.
_MAX_ENTRIES = 30

#: Pages of web readers that subscribe to a feed; `{}` is its percent-encoded URL.
_READERS = {
    "Feedly": "https://feedly.com/i/subscription/feed%2F{}",
    "Inoreader": "https://www.inoreader.com/?add_feed={}",
    "NewsBlur": "https://www.newsblur.com/?url={}",
    "The Old Reader": "https://theoldreader.com/feeds/subscribe?url={}",
    "Feedbin": "https://feedbin.com/?subscribe={}",
}


def render_page(feed: Feed, shown: Sequence[ShownEntry]) -> bytes:
    """Return the page of a feed: its newest entries, and ways to subscribe."""
    url = quote(feed.address(feed.formats[0]), safe="")
    page = _environment().get_template("feed.html")
    return page.render(
        feed=feed,
        root=_root(page_path(feed.path)),
        shown=shown[:_MAX_ENTRIES],
        readers=[(name, pattern.format(url)) for name, pattern in _READERS.items()],
    ).encode()


def render_index(subscriptions: SubscriptionList) -> bytes:
    """Return the index page, which lists all feeds by kind."""
    page = _environment().get_template("index.html")
    return page.render(subscriptions=subscriptions, root="", groups=group_outlines(subscriptions.outlines)).encode()


def render_moved(feed: Feed, path: str) -> bytes:
    """Return the page at a former path of a feed, which redirects to its current page."""
    target = f"{_root(page_path(path))}{quote(feed.path)}/"
    return _environment().get_template("moved.html").render(feed=feed, target=target).encode()


def render_asset(path: str) -> tuple[str, bytes]:
    """Return the media type and the bytes of one of the `ASSETS`, which are files of this package."""
    source, _, _ = _LOADER.get_source(_environment(), path)
    return _ASSET_TYPES[path.rpartition(".")[2]], source.encode()


def _root(path: str) -> str:
    """Return the relative URL of the output folder from a document in it."""
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
    environment.filters |= {"date": shown_date, "first_image": first_image}
    environment.globals |= {"generator": GENERATOR, "formats": FORMATS}
    environment.globals |= {"policy": Markup(POLICY), "moved_policy": Markup(MOVED_POLICY)}  # noqa: S704  # constants
    return environment
