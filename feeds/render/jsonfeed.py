"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). The types have its field names, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feeds.render.entries import first_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.models import Enclosure, Feed, Person
    from feeds.render.entries import ShownEntry


class _Object(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A JSON object. Fields without a value are omitted: the format has no null."""


class _Author(_Object, frozen=True, kw_only=True):
    name: str
    url: str | None = None


class _Attachment(_Object, frozen=True, kw_only=True):
    url: str
    mime_type: str
    title: str | None = None
    size_in_bytes: int | None = None


class _Item(_Object, frozen=True, kw_only=True):
    id: str
    url: str
    external_url: str | None = None
    title: str
    content_html: str
    summary: str | None = None
    image: str | None = None
    date_published: str
    date_modified: str
    authors: list[_Author] = []
    tags: list[str] = []
    attachments: list[_Attachment] = []


class _Hub(_Object, frozen=True, kw_only=True):
    type: str
    url: str


class _Document(_Object, frozen=True, kw_only=True):
    version: str
    title: str
    home_page_url: str
    feed_url: str
    description: str
    next_url: str | None = None
    icon: str | None = None
    favicon: str | None = None
    authors: list[_Author] = []
    language: str
    hubs: list[_Hub] = []
    items: list[_Item]


def render(feed: Feed, shown: Sequence[ShownEntry]) -> bytes:
    """Return the feed as a JSON Feed 1.1 document in UTF-8, indented."""
    document = _Document(
        version="https://jsonfeed.org/version/1.1",
        title=feed.title,
        home_page_url=feed.link,
        feed_url=feed.address("json"),
        description=feed.description,
        next_url=feed.address_of(feed.segment.previous, "json") if feed.segment.previous else None,
        icon=feed.logo or feed.icon or None,
        favicon=feed.icon or None,
        authors=[_author(feed.author)] if feed.author else [],
        language=feed.language,
        hubs=[_Hub(type="WebSub", url=feed.hub)] if feed.hub and not feed.segment.month else [],
        items=[_item(entry) for entry in shown],
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _item(shown: ShownEntry) -> _Item:
    entry, enclosures = shown.entry, shown.enclosures
    image = first_image(enclosures)
    return _Item(
        id=entry.id,
        url=entry.link,
        external_url=entry.via or None,
        title=entry.title,
        content_html=shown.content,
        summary=entry.summary or None,
        image=image.href if image else None,
        date_published=f"{shown.published}Z",
        date_modified=f"{shown.updated}Z",
        authors=[_author(author) for author in entry.authors],
        tags=[category.label for category in entry.categories],
        attachments=[_attachment(enclosure) for enclosure in enclosures],
    )


def _author(person: Person) -> _Author:
    uri = person.uri or (f"mailto:{person.email}" if person.email else None)
    return _Author(name=person.name, url=uri)


def _attachment(enclosure: Enclosure) -> _Attachment:
    return _Attachment(
        url=enclosure.href,
        mime_type=enclosure.type,
        title=enclosure.title or None,
        size_in_bytes=enclosure.length or None,
    )
