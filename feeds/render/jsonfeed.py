"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from feeds.render.content import render_content
from feeds.render.shared import rfc3339, shown_enclosures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feeds.model import Enclosure, Entry, Feed, Person


def render(feed: Feed) -> bytes:
    """The feed as a JSON Feed document in UTF-8, indented."""
    document = _present(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "home_page_url": feed.link,
            "feed_url": feed.address("json"),
            "description": feed.description,
            "icon": feed.logo or feed.icon,
            "favicon": feed.icon,
            "authors": [_author(feed.author)] if feed.author else None,
            "language": feed.language,
        }
    )
    document["items"] = [_item(entry, feed) for entry in feed.entries]
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _item(entry: Entry, feed: Feed) -> dict[str, Any]:
    enclosures = shown_enclosures(entry, feed)
    pictures = (enclosure.href for enclosure in enclosures if enclosure.type.startswith("image/"))
    return _present(
        {
            "id": entry.id,
            "url": entry.link,
            "external_url": entry.via,
            "title": entry.title,
            "content_html": render_content(entry, feed),
            "summary": entry.summary,
            "image": next(pictures, None),
            "date_published": rfc3339(entry.published),
            "date_modified": rfc3339(entry.updated),
            "authors": [_author(author) for author in entry.authors],
            "tags": [category.label for category in entry.categories],
            "attachments": [_attachment(enclosure) for enclosure in enclosures],
        }
    )


def _author(person: Person) -> dict[str, Any]:
    uri = person.uri or (f"mailto:{person.email}" if person.email else None)
    return _present({"name": person.name, "url": uri})


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _present(
        {
            "url": enclosure.href,
            "mime_type": enclosure.type,
            "title": enclosure.title,
            "size_in_bytes": enclosure.length,
        }
    )


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value: the format has no null."""
    return {name: value for name, value in fields.items() if value}
