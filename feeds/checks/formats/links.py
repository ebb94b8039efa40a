"""The links of feeds in XML, which RSS takes from Atom (RFC 4287, 4.2.7), and the history that they tell (RFC 5005)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from feeds.checks.formats.schema import line_of
from feeds.checks.formats.values import address, count, media_type, one_of, some_text
from feeds.errors import quoted
from feeds.http.media_types import MEDIA_TYPES
from feeds.render.entries import HISTORY
from feeds.render.rss import ATOM

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.formats.result import DocumentContext, ValidationResult
    from feeds.models import Format


LINK = f"{{{ATOM}}}link"

#: The relations that we write and readers know (https://www.iana.org/assignments/link-relations).
_RELATIONS = ("self", "alternate", "hub", "current", "prev-archive", "next-archive", "via", "enclosure", "related")

_BESIDE = ("prev-archive", "next-archive")

_OF_HISTORY = ("current", *_BESIDE)

ATTRIBUTES = {
    "href!": address,
    "rel!": one_of("unknown-relation", *_RELATIONS),
    "type": media_type,
    "length": count,
    "title": some_text,
}


def validate_feed_links(
    parent: etree._Element, format_: Format, context: DocumentContext, result: ValidationResult
) -> None:
    """Note what is wrong with the links of a whole feed: its own address, other formats, its history."""
    links = list(parent.iterchildren(LINK))
    _validate_self([link for link in links if link.get("rel") == "self"], parent, format_, context, result)
    _validate_alternates(links, result)
    _validate_history(links, parent, context, result)
    for link in links:
        if link.get("rel") != "hub":
            result.links.append((line_of(link), link.get("href", "")))


def validate_entry_links(entry: etree._Element, result: ValidationResult) -> None:
    """Note what is wrong with the links of an entry."""
    links = list(entry.iterchildren(LINK))
    _validate_alternates(links, result)
    for link in links:
        if link.get("rel") in _OF_HISTORY:
            message = f"an entry has a link {link.get('rel')}; expected it in the feed only"
            result.note(line_of(link), "bad-history", message)


def _validate_self(
    links: list[etree._Element],
    parent: etree._Element,
    format_: Format,
    context: DocumentContext,
    result: ValidationResult,
) -> None:
    if not links:
        result.note(line_of(parent), "self-link", f"there is no link self; expected one to {context.address}")
    for link in links:
        if link.get("href") != context.address:
            message = f"the link self is {quoted(link.get('href'))}; expected {context.address}"
            result.note(line_of(link), "self-link", message)
        if link.get("type") != MEDIA_TYPES[format_]:
            message = f"the type of the link self is {quoted(link.get('type'))}; expected {MEDIA_TYPES[format_]}"
            result.note(line_of(link), "self-type", message)
    for link in links[1:]:
        result.note(line_of(link), "duplicate-link", "there is more than one link self; expected one")


def _validate_alternates(links: list[etree._Element], result: ValidationResult) -> None:
    """RFC 4287, 4.1.1: one alternate of a type, and of a language, which ours do not say."""
    types = Counter(link.get("type") for link in links if link.get("rel") == "alternate")
    for link in links:
        if link.get("rel") == "alternate" and types[link.get("type")] > 1:
            types[link.get("type")] = 0
            message = f"there is more than one link alternate of the type {link.get('type')}; expected one"
            result.note(line_of(link), "duplicate-link", message)


def _validate_history(
    links: list[etree._Element], parent: etree._Element, context: DocumentContext, result: ValidationResult
) -> None:
    """RFC 5005, 2 and 4: a complete feed has no archives; an archive says so, and leads to the feed and its others."""
    is_complete = parent.find(f"{{{HISTORY}}}complete") is not None
    is_archive = parent.find(f"{{{HISTORY}}}archive") is not None
    if is_complete and any(link.get("rel") in _OF_HISTORY for link in links):
        result.note(line_of(parent), "bad-history", "a complete feed has links to archives; expected none")
    if is_archive != bool(context.month):
        expected = "fh:archive in an archive" if context.month else "no fh:archive in a feed of the newest entries"
        result.note(line_of(parent), "bad-history", f"the document is at {context.path}; expected {expected}")
    if is_archive and not any(link.get("rel") in _BESIDE for link in links):
        result.note(line_of(parent), "bad-history", "an archive has no link to another one; expected one at least")
    for rel in _OF_HISTORY:
        _validate_history_link(rel, [link for link in links if link.get("rel") == rel], parent, context, result)


def _validate_history_link(
    rel: str, links: list[etree._Element], parent: etree._Element, context: DocumentContext, result: ValidationResult
) -> None:
    """Each link of a history leads to the month beside, or to what people subscribe to, and is there once."""
    expected = context.history.get(rel)
    if expected and not links:
        result.note(line_of(parent), "bad-history", f"there is no link {rel}; expected one to {expected}")
    for number, link in enumerate(links):
        if number or link.get("href") != expected:
            wanted = f"{expected}, once" if expected else "none"
            message = f"the link {rel} is {quoted(link.get('href'))}; expected {wanted}"
            result.note(line_of(link), "bad-history", message)
