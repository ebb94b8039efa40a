"""The HTML of an entry: its picture, its body or excerpt, who published it, and the related coverage.

Every address and text that is put in is escaped; the body is safe HTML already.
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

_RELATED = "<p><strong>%s</strong></p>"

_RELATED_LINK = '<li><a href="%s">%s</a> (%s)</li>'

#: The address of a picture in a body, in which the sanitiser left `<` for tags only, and `"` for what is around values.
_SOURCE = re.compile(r'<img (?:[^>]* )?src="([^"]*)"')

_MONTHS = "January February March April May June July August September October November December".split()


def shown_enclosures(entry: Entry, feed: Feed) -> tuple[Enclosure, ...]:
    """The enclosures of an entry that the feed's `images` setting lets through."""
    if feed.images == "off":
        return ()
    return entry.enclosures[:1] if feed.images == "first" else entry.enclosures


def render_content(entry: Entry, feed: Feed) -> str:
    """The content of an entry as `feed` shows it: safe, balanced HTML with absolute addresses only."""
    body = _body(entry, feed)
    images = [_image(enclosure, entry) for enclosure in _missing_images(entry, feed, body)]
    related = _related(entry, feed) if feed.shows_related and entry.related else ()
    parts = (*images[:1], body, *images[1:], _attribution(entry, feed), *related)
    return "\n".join(filter(None, parts))


def attribution(entry: Entry, feed: Feed) -> str:
    """Who published the story and when, as plain text: `TechCrunch, 11 June 2020`."""
    return f"{entry.provider.name}, {shown_date(entry.published, feed.language)}"


def escape(value: str) -> str:
    """`value` as text or within quotes; most have nothing to escape, and to see that takes a quarter of the time."""
    if "&" in value or "<" in value or ">" in value or '"' in value or "'" in value:
        return escape_html(value)
    return value


def _fill(template: str, *values: str) -> str:
    """The template with the values in it, escaped."""
    return template % tuple(map(escape, values))


def _body(entry: Entry, feed: Feed) -> str:
    if feed.content == "full" and entry.body:
        return entry.body
    return _fill(_PARAGRAPH, entry.summary) if entry.summary else ""


def _missing_images(entry: Entry, feed: Feed, body: str) -> Sequence[Enclosure]:
    """The pictures that the body does not show itself."""
    images = [enclosure for enclosure in shown_enclosures(entry, feed) if enclosure.type.startswith("image/")]
    if not images or "<img " not in body:
        return images
    there = set(_SOURCE.findall(body))
    return [image for image in images if image.href.replace("&", "&amp;") not in there]


def _image(enclosure: Enclosure, entry: Entry) -> str:
    width = f' width="{enclosure.width}"' if enclosure.width else ""
    height = f' height="{enclosure.height}"' if enclosure.height else ""
    return _IMAGE % (escape(enclosure.href), escape(enclosure.title or entry.title), width + height)


def _attribution(entry: Entry, feed: Feed) -> str:
    day, words = entry.published.date().isoformat(), shown_date(entry.published, feed.language)
    link = f'<a href="{escape(entry.link)}">{escape(entry.provider.name)}</a>'
    return f'<p>{link}, <time datetime="{day}">{words}</time></p>'


def shown_date(time: dt.datetime, language: str) -> str:
    """A date in words where the language is English, else as ISO 8601 has it, which everybody reads."""
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
