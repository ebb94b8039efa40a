"""Tasks that keep entries by id, and merge the stories whose entries changed.

No file of the catalog is overwritten, because a task may run twice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog.merging import decode_entry, due_by_key, merge_story, story_digest
from feeds.catalog.times import seconds
from feeds.engines.spark.ingest import BucketChanges
from feeds.engines.spark.partitions import BucketSummary, EntryRow, StoryRow, read_rows, write_rows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feeds.catalog.merging import DueEntry
    from feeds.catalog.records import EncodedEntry
    from feeds.engines.spark.consistency import Consistency
    from feeds.selection.membership import MembershipRules
    from feeds.storage.folder import Folder

_changes_decoder = msgspec.msgpack.Decoder(BucketChanges)


@dataclass(frozen=True)
class MergeContext:
    """The context of tasks that merge stories as of `now`. `last_run` is None if there was none.

    `rebuild`: the rules differ from those of the last run.
    """

    catalog: Folder
    summaries: Sequence[BucketSummary]
    rules: MembershipRules
    now: dt.datetime
    last_run: dt.datetime | None
    rebuild: bool
    consistency: Consistency


def merge(context: MergeContext, bucket: int, packed: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    """Merge a bucket; yield its summary and the readings of files that it saw.

    The number after the last bucket passes on reports about files.
    """
    if bucket == len(context.summaries):
        yield bucket, list(packed)
        return
    context.consistency.check(context.catalog)
    changes = [_changes_decoder.decode(one) for one in packed]
    seen = {(one.origin, one.version) for one in changes}
    yield bucket, (merge_bucket(context, bucket, changes), seen)


def merge_bucket(context: MergeContext, bucket: int, changes: Sequence[BucketChanges]) -> BucketSummary:
    """Merge the stories of a bucket that changed, by an edit or by themselves."""
    before = context.summaries[bucket]
    since = None if context.last_run is None else seconds(min(context.now, context.last_run))
    changes_by_itself = since is not None and before.latest > since
    if not (changes or changes_by_itself or context.rebuild):
        return before
    rows = read_rows(context.catalog, before.entries, EntryRow)
    removed = {file for one in changes for file in one.removed}
    touched = {row.entry.id for row in rows if (row.source, row.path) in removed}
    if removed:
        rows = [row for row in rows if (row.source, row.path) not in removed]
    added = [row for one in changes for row in one.entries]
    touched |= {row.entry.id for row in added}
    if added:
        rows = sorted([*rows, *added], key=lambda row: (row.entry.id, row.source, row.path, row.entry.value))
    if changes_by_itself:
        touched |= {row.entry.id for row in rows if row.entry.latest > (since or 0)}
    old = {story.id: story for story in read_rows(context.catalog, before.stories, StoryRow)}
    stories = _merge_touched(rows, old, None if context.rebuild else touched, context)
    name = write_rows(context.catalog, f"entries/{bucket}", rows) if changes else before.entries
    return _summary(context, bucket, name, rows, stories)


def due_entries(entries: Iterable[EncodedEntry], now: dt.datetime) -> Sequence[DueEntry]:
    """The due entries of one id, ordered by their encoded form."""
    due = (entry for entry in entries if entry.published <= seconds(now))
    return due_by_key(((0, decode_entry(entry.value, entry.latest)) for entry in due), now).get(0, [])


def _merge_touched(
    rows: Sequence[EntryRow], old: Mapping[str, StoryRow], touched: set[str] | None, context: MergeContext
) -> list[StoryRow]:
    """The stories of a bucket by id; those that were not touched are kept."""
    now = seconds(context.now)
    rows_of: dict[str, list[EntryRow]] = defaultdict(list)
    for row in rows:
        if (touched is None or row.entry.id in touched) and row.entry.published <= now:
            rows_of[row.entry.id].append(row)
    merged = {id_: _story(same, context) for id_, same in rows_of.items()}
    kept = {} if touched is None else {id_: story for id_, story in old.items() if id_ not in touched}
    stories = kept | merged
    return [stories[id_] for id_ in sorted(stories)]


def _story(rows: Sequence[EntryRow], context: MergeContext) -> StoryRow:
    due = due_entries([row.entry for row in rows], context.now)
    story = merge_story(due, story_digest(due), context.rules)
    articles = sorted((row.source, row.path) for row in rows if row.entry.is_article)
    return StoryRow(
        story.id,
        story.digest,
        story.published,
        story.domain,
        story.provider,
        tuple(story.images),
        story.topics,
        tuple((feed.kind, feed.name, rank) for feed, rank in story.members),
        tuple(articles) if len(articles) > 1 else (),
    )


def _summary(
    context: MergeContext, bucket: int, name: str, rows: Sequence[EntryRow], stories: Sequence[StoryRow]
) -> BucketSummary:
    now = seconds(context.now)
    ids = {story.id for story in stories}
    scheduled = [row.entry.published for row in rows if row.entry.published > now]
    return BucketSummary(
        entries=name,
        stories=write_rows(context.catalog, f"stories/{bucket}", stories),
        latest=max((row.entry.latest for row in rows), default=0),
        due=len(stories),
        scheduled=len({row.entry.id for row in rows if row.entry.latest > now} - ids),
        next_due=min(scheduled, default=None),
    )
