"""What the machines of a cluster do with entries: keep them by their ids, and tell the stories that changed anew.

No file of the catalog is written over: a task may be done twice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog.schema import seconds
from feeds.catalog.stories import group_due
from feeds.content.entries import merge_entries
from feeds.digests import digest_of
from feeds.engines.spark.ingest import BucketChanges
from feeds.engines.spark.partitions import BucketSummary, EntryRow, StoryRow, read_rows, write_rows
from feeds.selection.membership import memberships

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feeds.catalog.records import EncodedEntry
    from feeds.engines.spark.consistency import Consistency
    from feeds.models import Entry
    from feeds.selection.membership import MembershipRules
    from feeds.storage.folder import Folder


_changes_decoder = msgspec.msgpack.Decoder(BucketChanges)


@dataclass(frozen=True)
class MergeContext:
    """What a task needs that tells stories, as of `now`. `then` is when they were told last, None if they never were.

    `anew`: by other rules than then.
    """

    catalog: Folder
    facts: Sequence[BucketSummary]
    rules: MembershipRules
    now: dt.datetime
    then: dt.datetime | None
    anew: bool
    consistency: Consistency


def merge(context: MergeContext, bucket: int, packed: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    """What comes of a bucket of entries; beyond the last of them, what there is to report of files."""
    if bucket == len(context.facts):
        yield bucket, list(packed)
        return
    context.consistency.check(context.catalog)
    changes = [_changes_decoder.decode(one) for one in packed]
    seen = {(one.source, one.version) for one in changes}
    yield bucket, (merge_bucket(context, bucket, changes), seen)


def merge_bucket(context: MergeContext, bucket: int, changes: Sequence[BucketChanges]) -> BucketSummary:
    """Tell the stories of a bucket that changed, or that change by themselves."""
    before = context.facts[bucket]
    since = None if context.then is None else seconds(min(context.now, context.then))
    changes_itself = since is not None and before.latest > since
    if not (changes or changes_itself or context.anew):
        return before
    rows = read_rows(context.catalog, before.entries, EntryRow)
    gone = {file for one in changes for file in one.gone}
    touched = {row.entry.id for row in rows if (row.root, row.path) in gone}
    if gone:
        rows = [row for row in rows if (row.root, row.path) not in gone]
    added = [row for one in changes for row in one.entries]
    touched |= {row.entry.id for row in added}
    rows = sorted([*rows, *added], key=_entry_order) if added else rows
    if changes_itself:
        touched |= {row.entry.id for row in rows if row.entry.latest > (since or 0)}
    old = {story.id: story for story in read_rows(context.catalog, before.stories, StoryRow)}
    stories = _merge(rows, old, None if context.anew else touched, context)
    name = before.entries
    if changes:
        name = write_rows(context.catalog, f"entries/{bucket}", rows)
    return _bucket_facts(context, bucket, name, rows, stories)


def _merge(
    rows: Sequence[EntryRow], old: Mapping[str, StoryRow], touched: set[str] | None, context: MergeContext
) -> list[StoryRow]:
    """The stories of a bucket, by id; those that were not touched are what they were."""
    now = seconds(context.now)
    of_id: dict[str, list[EntryRow]] = defaultdict(list)
    for row in rows:
        if (touched is None or row.entry.id in touched) and row.entry.published <= now:
            of_id[row.entry.id].append(row)
    told = {id_: _story(same, context) for id_, same in of_id.items()}
    kept = {} if touched is None else {id_: story for id_, story in old.items() if id_ not in touched}
    merged = kept | told
    return [merged[id_] for id_ in sorted(merged)]


def _story(rows: Sequence[EntryRow], context: MergeContext) -> StoryRow:
    due = due_of([row.entry for row in rows], context.now)
    entry = merge_entries([one for _, one in due])
    articles = sorted((row.root, row.path) for row in rows if row.entry.is_article)
    return StoryRow(
        entry.id,
        digest_of([value for value, _ in due]),
        seconds(entry.published),
        entry.provider.domain,
        entry.provider.name,
        tuple((one.href, bool(one.width and one.height)) for one in entry.enclosures),
        entry.topics,
        tuple((feed.kind, feed.name, rank) for feed, rank in memberships(entry, context.rules)),
        tuple(articles) if len(articles) > 1 else (),
    )


def due_of(entries: Iterable[EncodedEntry], now: dt.datetime) -> Sequence[tuple[bytes, Entry]]:
    """What is due of entries with one id, ordered by value."""
    rows = ((0, entry.value, entry.latest) for entry in entries if entry.published <= seconds(now))
    return group_due(rows, now).get(0, [])


def _bucket_facts(
    context: MergeContext, bucket: int, name: str, rows: Sequence[EntryRow], stories: Sequence[StoryRow]
) -> BucketSummary:
    now = seconds(context.now)
    ids = {story.id for story in stories}
    later = [row.entry.published for row in rows if row.entry.published > now]
    return BucketSummary(
        entries=name,
        stories=write_rows(context.catalog, f"stories/{bucket}", stories),
        latest=max((row.entry.latest for row in rows), default=0),
        due=len(stories),
        waiting=len({row.entry.id for row in rows if row.entry.latest > now} - ids),
        next_due=min(later, default=None),
    )


def _entry_order(row: EntryRow) -> tuple[str, str, str, bytes]:
    return row.entry.id, row.root, row.path, row.entry.value
