"""The links of feeds in XML, which RSS takes from Atom (RFC 4287, 4.2.7), and the history of a feed (RFC 5005)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from feeds.checks.documents import line_of
from feeds.checks.rules.addresses import address
from feeds.checks.rules.elements import one_of, some_text
from feeds.checks.rules.rule import Rule
from feeds.checks.rules.values import count, media_type
from feeds.errors import quoted
from feeds.http.media_types import MEDIA_TYPES
from feeds.render.namespaces import ATOM, HISTORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from feeds.checks.documents import DocumentContext, Location, ValidationResult
    from feeds.models import Format


RULES = (
    Rule(
        "self-link",
        "error",
        "A document does not name its own address, or names another one.",
        "Readers that follow it subscribe to something else, and a hub tells nobody of changes.",
        "RFC 4287, 4.1.1; RSS profile, atom:link; JSON Feed 1.1, feed_url; WebSub, 4",
    ),
    Rule(
        "self-type",
        "error",
        "The link to the document itself has another type than the document.",
        "Readers that choose by type pass over it.",
        "RFC 4287, 4.2.7.3",
    ),
    Rule(
        "duplicate-link",
        "error",
        "There are two links alternate of the same type, or two links self.",
        "It is not clear which one a reader opens.",
        "RFC 4287, 4.1.1",
    ),
    Rule(
        "unknown-relation",
        "warning",
        "A link has a relation that is not registered, or not one of ours.",
        "Readers pass over it.",
        "RFC 4287, 4.2.7.2",
    ),
    Rule(
        "bad-history",
        "error",
        "The links between a feed and its archives are not as they have to be.",
        "Readers that load the whole history miss a part of it, or load it without end.",
        "RFC 5005, 2 and 4",
    ),
)
LINK = f"{{{ATOM}}}link"

_ADJACENT = ("prev-archive", "next-archive")
_HISTORY = ("current", *_ADJACENT)
#: The relations that we write and readers know (https://www.iana.org/assignments/link-relations).
_RELATIONS = ("self", "alternate", "hub", *_HISTORY, "via", "enclosure", "related")
LINK_ATTRIBUTES = {
    "href!": address,
    "rel!": one_of("unknown-relation", *_RELATIONS),
    "type": media_type,
    "length": count,
    "title": some_text,
}


def validate_feed_links(
    feed: etree._Element, format_: Format, context: DocumentContext, result: ValidationResult
) -> list[tuple[Location, str]]:
    """Note what is wrong with the links of a whole feed, and return the lines and URLs of all but the hub."""
    links = list(feed.iterchildren(LINK))
    _validate_self([link for link in links if link.get("rel") == "self"], feed, format_, context, result)
    _validate_alternates(links, result)
    _validate_history(links, feed, context, result)
    return [(line_of(link), link.get("href", "")) for link in links if link.get("rel") != "hub"]


def validate_entry_links(entry: etree._Element, result: ValidationResult) -> None:
    """Note what is wrong with the links of an entry."""
    links = list(entry.iterchildren(LINK))
    _validate_alternates(links, result)
    for link in links:
        if link.get("rel") in _HISTORY:
            message = f"an entry has a link {link.get('rel')}; expected it in the feed only"
            result.note(line_of(link), "bad-history", message)


def _validate_self(
    links: Sequence[etree._Element],
    feed: etree._Element,
    format_: Format,
    context: DocumentContext,
    result: ValidationResult,
) -> None:
    if not links:
        result.note(line_of(feed), "self-link", f"there is no link self; expected one to {context.url}")
    for link in links:
        if link.get("href") != context.url:
            message = f"the link self is {quoted(link.get('href'))}; expected {context.url}"
            result.note(line_of(link), "self-link", message)
        if link.get("type") != MEDIA_TYPES[format_]:
            message = f"the type of the link self is {quoted(link.get('type'))}; expected {MEDIA_TYPES[format_]}"
            result.note(line_of(link), "self-type", message)
    for link in links[1:]:
        result.note(line_of(link), "duplicate-link", "there is more than one link self; expected one")


def _validate_alternates(links: Sequence[etree._Element], result: ValidationResult) -> None:
    """Note a second alternate of the same type (RFC 4287, 4.1.1). Our links have no `hreflang`."""
    types = Counter(link.get("type") for link in links if link.get("rel") == "alternate")
    for link in links:
        if link.get("rel") == "alternate" and types[link.get("type")] > 1:
            types[link.get("type")] = 0
            message = f"there is more than one link alternate of the type {link.get('type')}; expected one"
            result.note(line_of(link), "duplicate-link", message)


def _validate_history(
    links: Sequence[etree._Element], feed: etree._Element, context: DocumentContext, result: ValidationResult
) -> None:
    """RFC 5005: a complete feed has no archives (2); an archive is marked, and links to its feed and neighbours (4)."""
    is_complete = feed.find(f"{{{HISTORY}}}complete") is not None
    is_archive = feed.find(f"{{{HISTORY}}}archive") is not None
    if is_complete and any(link.get("rel") in _HISTORY for link in links):
        result.note(line_of(feed), "bad-history", "a complete feed has links to archives; expected none")
    if is_archive != bool(context.month):
        expected = "fh:archive in an archive" if context.month else "no fh:archive in a feed of the newest entries"
        result.note(line_of(feed), "bad-history", f"the document is at {context.path}; expected {expected}")
    if is_archive and not any(link.get("rel") in _ADJACENT for link in links):
        result.note(line_of(feed), "bad-history", "an archive has no link to another one; expected one at least")
    for rel in _HISTORY:
        _validate_relation(rel, [link for link in links if link.get("rel") == rel], feed, context, result)


def _validate_relation(
    rel: str,
    links: Sequence[etree._Element],
    feed: etree._Element,
    context: DocumentContext,
    result: ValidationResult,
) -> None:
    """Note each link of the history that is missing, leads elsewhere or occurs twice."""
    expected = context.history.get(rel)
    if expected and not links:
        result.note(line_of(feed), "bad-history", f"there is no link {rel}; expected one to {expected}")
    for number, link in enumerate(links):
        if number or link.get("href") != expected:
            wanted = f"{expected}, once" if expected else "none"
            message = f"the link {rel} is {quoted(link.get('href'))}; expected {wanted}"
            result.note(line_of(link), "bad-history", message)
