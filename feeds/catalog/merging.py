"""Stories merged from entries.

A *story* is everything with one id: the entries of one or several files that are due, of which `merge_entries` makes
one. Every engine merges stories with these functions.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from feeds.catalog.times import seconds
from feeds.content.entries import as_of, merge_entries
from feeds.digests import digest_of
from feeds.models import Entry, FeedKey
from feeds.selection.membership import memberships

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from feeds.selection.membership import MembershipRules

_encoder = msgspec.msgpack.Encoder()
_entry_decoder = msgspec.msgpack.Decoder(Entry)


class DueEntry(NamedTuple):
    """An entry that is due, as of now, and its encoded form."""

    value: bytes
    entry: Entry


class StoredEntry(NamedTuple):
    """An entry as a catalog keeps it. `latest` is when it last changes by itself, in seconds since 1970."""

    value: bytes
    latest: int
    entry: Entry


class MergedStory(NamedTuple):
    """A story: its digest, the time in seconds since 1970, and the feeds that hold it with its rank in each.

    `images` are the URLs of its images, and whether the size in pixels of each is known. `articles` counts the
    articles, as opposed to related links, that have its id.
    """

    id: str
    digest: bytes
    published: int
    domain: str
    provider: str
    images: list[tuple[str, bool]]
    topics: tuple[str, ...]
    members: list[tuple[FeedKey, int]]
    articles: int


def decode_entry(value: bytes, latest: int) -> StoredEntry:
    """Decode an entry; raises msgspec.DecodeError."""
    return StoredEntry(value, latest, _entry_decoder.decode(value))


def due_by_key(stored: Iterable[tuple[Any, StoredEntry]], now: dt.datetime) -> dict[Any, list[DueEntry]]:
    """The entries of each key as of now, ordered by their encoded form. All of them are due."""
    settled = seconds(now)
    found: dict[Any, list[DueEntry]] = defaultdict(list)
    for key, (value, latest, entry) in stored:
        if latest <= settled:
            found[key].append(DueEntry(value, entry))
        else:
            changed = as_of(entry, now)
            found[key].append(DueEntry(_encoder.encode(changed), changed))
    for due in found.values():
        if len(due) > 1:
            due.sort(key=lambda one: one.value)
    return found


def story_digest(due: Sequence[DueEntry]) -> bytes:
    """A digest of everything that a story is made of."""
    return digest_of([value for value, _ in due])


def merge_due(due: Sequence[DueEntry]) -> Entry:
    """The entry of a story."""
    return merge_entries([entry for _, entry in due])


def merge_story(due: Sequence[DueEntry], digest: bytes, rules: MembershipRules) -> MergedStory:
    """Merge the entries of one id, whose digest is `story_digest`."""
    entry = merge_due(due)
    return MergedStory(
        entry.id,
        digest,
        seconds(entry.published),
        entry.provider.domain,
        entry.provider.name,
        [(enclosure.href, bool(enclosure.width and enclosure.height)) for enclosure in entry.enclosures],
        entry.topics,
        memberships(entry, rules),
        sum([one.is_article for _, one in due]),
    )
