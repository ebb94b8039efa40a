"""The HTML of an entry: its picture, its body or excerpt, who published it, and the related coverage.

Addresses and texts are put in by MarkupSafe, which escapes them; the body is safe HTML already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from feeds.render.shared import shown_enclosures

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from feeds.model import Enclosure, Entry, Feed

_PARAGRAPH = Markup("<p>%s</p>")
_PICTURE = Markup('<figure><img src="%(src)s" alt="%(alt)s"%(size)s></figure>')
_ATTRIBUTION = Markup('<p><a href="%(link)s">%(provider)s</a>, <time datetime="%(day)s">%(date)s</time></p>')
_RELATED = Markup("<p><strong>%(title)s</strong></p>\n<ul>\n%(items)s\n</ul>")
_RELATED_LINK = Markup('<li><a href="%(href)s">%(title)s</a> (%(provider)s)</li>')
_MONTHS = "January February March April May June July August September October November December".split()


def render_content(entry: Entry, feed: Feed) -> str:
    """The content of an entry as `feed` shows it: safe, balanced HTML with absolute addresses only."""
    body = _body(entry, feed)
    pictures = [_picture(enclosure, entry) for enclosure in _missing_pictures(entry, feed, body)]
    parts = [*pictures[:1], body, *pictures[1:], _attribution(entry, feed), _related(entry, feed)]
    return "\n".join(part for part in parts if part)


def _body(entry: Entry, feed: Feed) -> str:
    if feed.content == "full" and entry.body:
        return entry.body
    return _PARAGRAPH % entry.summary if entry.summary else ""


def _missing_pictures(entry: Entry, feed: Feed, body: str) -> Iterator[Enclosure]:
    """The pictures that the body does not show itself."""
    for enclosure in shown_enclosures(entry, feed):
        if enclosure.type.startswith("image/") and not _shows(body, enclosure.href):
            yield enclosure


def _shows(body: str, href: str) -> bool:
    """Whether the body, in which the sanitiser left `<` for tags only, has a picture with this address."""
    source = f'src="{href.replace("&", "&amp;")}"'
    return source in body and bool(re.search(rf"<img [^>]*{re.escape(source)}", body))


def _picture(enclosure: Enclosure, entry: Entry) -> str:
    sizes = (("width", enclosure.width), ("height", enclosure.height))
    size = Markup("").join(Markup(' %s="%d"') % (name, size) for name, size in sizes if size)
    return _PICTURE % {"src": enclosure.href, "alt": enclosure.title or entry.title, "size": size}


def attribution(entry: Entry, feed: Feed) -> str:
    """Who published the story and when, as plain text: `TechCrunch, 11 June 2020`."""
    return f"{entry.provider.name}, {_date(entry.published, feed.language)}"


def _attribution(entry: Entry, feed: Feed) -> str:
    return _ATTRIBUTION % {
        "link": entry.link,
        "provider": entry.provider.name,
        "day": entry.published.date().isoformat(),
        "date": _date(entry.published, feed.language),
    }


def _date(time: dt.datetime, language: str) -> str:
    """A date in words where the language is English, else as ISO 8601 has it, which everybody reads."""
    if language.partition("-")[0].lower() == "en":
        return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"
    return time.date().isoformat()


def _related(entry: Entry, feed: Feed) -> str:
    if not entry.related or not feed.shows_related:
        return ""
    items = Markup("\n").join(
        _RELATED_LINK % {"href": link.href, "title": link.title, "provider": link.provider} for link in entry.related
    )
    return _RELATED % {"title": feed.related_title, "items": items}
