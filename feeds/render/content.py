"""HTML content of an entry: its image, its body or summary, the attribution, and related coverage.

URLs and texts are escaped; the body is safe HTML already.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape as escape_html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from feeds.models import Enclosure, Entry, Feed


_PARAGRAPH = "<p>%s</p>"

_IMAGE = '<figure><img src="%s" alt="%s"%s></figure>'

_ATTRIBUTION = '<p><a href="%s">%s</a>, <time datetime="%s">%s</time></p>'

_RELATED = "<p><strong>%s</strong></p>"

_RELATED_LINK = '<li><a href="%s">%s</a> (%s)</li>'

#: The URL of an image in a body. The sanitizer leaves `<` only in tags, and `"` only around attribute values.
_IMAGE_SOURCE = re.compile(r'<img (?:[^>]* )?src="([^"]*)"')

_MONTHS = "January February March April May June July August September October November December".split()


def shown_enclosures(entry: Entry, feed: Feed) -> tuple[Enclosure, ...]:
    """Return the enclosures of an entry that the feed's `images` setting selects."""
    if feed.images == "off":
        return ()
    return entry.enclosures[:1] if feed.images == "first" else entry.enclosures


def render_content(entry: Entry, feed: Feed) -> str:
    """Return the content of an entry as a feed shows it: safe, balanced HTML with absolute URLs only."""
    body = _body(entry, feed)
    missing = _missing_images(entry, feed, body)
    images = [_image(image, "" if index else entry.title) for index, image in enumerate(missing)]
    related = _related(entry, feed) if feed.shows_related and entry.related else ()
    parts = (*images[:1], body, *images[1:], _attribution(entry, feed), *related)
    return "\n".join(filter(None, parts))


def attribution(entry: Entry, feed: Feed) -> str:
    """Return the provider and the date of a story as plain text: `TechCrunch, 11 June 2020`."""
    return f"{entry.provider.name}, {shown_date(entry.published, feed.language)}"


def escape(value: str) -> str:
    """Escape a value for HTML text and quoted attributes. Most have nothing to escape: looking first is faster."""
    if "&" in value or "<" in value or ">" in value or '"' in value or "'" in value:
        return escape_html(value)
    return value


def _fill(template: str, *values: str) -> str:
    """Return the template with the escaped values."""
    return template % tuple(map(escape, values))


def _body(entry: Entry, feed: Feed) -> str:
    if feed.content == "full" and entry.body:
        return entry.body
    return _fill(_PARAGRAPH, entry.summary) if entry.summary else ""


def _missing_images(entry: Entry, feed: Feed, body: str) -> Sequence[Enclosure]:
    """Return the images that the body does not show itself."""
    images = [enclosure for enclosure in shown_enclosures(entry, feed) if enclosure.type.startswith("image/")]
    if not images or "<img " not in body:
        return images
    in_body = set(_IMAGE_SOURCE.findall(body))
    return [image for image in images if image.href.replace("&", "&amp;") not in in_body]


def _image(enclosure: Enclosure, title: str) -> str:
    """Return an image. Its own title, or else `title`, is its text."""
    width = f' width="{enclosure.width}"' if enclosure.width else ""
    height = f' height="{enclosure.height}"' if enclosure.height else ""
    return _IMAGE % (escape(enclosure.href), escape(enclosure.title or title), width + height)


def _attribution(entry: Entry, feed: Feed) -> str:
    date = entry.published.date().isoformat()
    words = shown_date(entry.published, feed.language)
    return _ATTRIBUTION % (escape(entry.link), escape(entry.provider.name), date, words)


def shown_date(time: dt.datetime, language: str) -> str:
    """Return a date for people: in words if the language is English, else in ISO 8601, which everybody can read."""
    if _is_english(language):
        return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"
    return time.date().isoformat()


@lru_cache
def _is_english(language: str) -> bool:
    return language.partition("-")[0].lower() == "en"


def _related(entry: Entry, feed: Feed) -> Iterator[str]:
    yield _fill(_RELATED, feed.related_title)
    yield "<ul>"
    for link in entry.related:
        yield _fill(_RELATED_LINK, link.href, link.title, link.provider)
    yield "</ul>"
