"""The ids of feeds and entries (RFC 4287, 4.2.6; RSS 2.0, `<guid>`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.documents import ParsedDocument, ParsedEntry
from feeds.checks.rules.rule import EXAMPLE_CONTEXT, Example, Rule
from feeds.text.iris import check_iri

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from feeds.checks.documents import Problem
    from feeds.text.iris import Violation


RULES = (
    Rule(
        "bad-id",
        "error",
        "An id is not an IRI, or not one of its scheme.",
        "Validators refuse it; readers may take the entry for new with each change.",
        "RFC 4287, 4.2.6; RFC 3987",
    ),
    Rule(
        "id-not-normal",
        "warning",
        "An id is not in its normal form, or has letters beyond ASCII.",
        "Software that normalises addresses makes another id of it, and the entry is shown twice.",
        "RFC 4287, 4.2.6.1",
    ),
    Rule(
        "unusual-scheme",
        "warning",
        "An id has a scheme that is not registered, or not one for ids.",
        "It may be anybody's, and validators doubt it; `javascript:` and `feed:` are none for ids.",
        "RFC 7595, 3; the feed validator's SchemeNotIANARegistered",
    ),
    Rule(
        "duplicate-id",
        "error",
        "Two entries of a feed have the same id.",
        "Readers show only one of them.",
        "RFC 4287, 4.1.1; RSS 2.0 specification, <guid>",
    ),
    Rule(
        "guid-is-no-address",
        "error",
        "A guid does not say that it is no address.",
        "Readers open it in place of the link, and our ids need not lead anywhere.",
        "RSS 2.0 specification, <guid>",
    ),
)


def identity(value: str, _: dt.datetime) -> Violation | None:
    """The id of a feed or an entry."""
    return check_iri(value)


def check_document(document: ParsedDocument) -> Iterator[Problem]:
    """Yield the entries whose id an earlier entry has."""
    kind = "items" if document.format == "json" else "entries"
    seen: set[str] = set()
    for entry in document.entries:
        if entry.id is None:
            continue
        if entry.id in seen:
            yield entry.location, "duplicate-id", f"{entry.id!r} is the id of two {kind}; expected one of its own"
        seen.add(entry.id)


_ENTRIES = (ParsedEntry(location=10, id="urn:x-y:a"), ParsedEntry(location=20, id="urn:x-y:b"))
EXAMPLES = (
    Example(ParsedDocument(context=EXAMPLE_CONTEXT, format="rss", entries=_ENTRIES), ()),
    Example(
        ParsedDocument(
            context=EXAMPLE_CONTEXT, format="rss", entries=(*_ENTRIES, ParsedEntry(location=30, id="urn:x-y:a"))
        ),
        ((30, "duplicate-id", "'urn:x-y:a' is the id of two entries; expected one of its own"),),
    ),
)
