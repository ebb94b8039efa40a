"""Archives of a feed: a document for each month of its history (RFC 5005, 4).

Archive documents should not change, because readers do not request one again. So the month of the newest entry has no
archive document: the subscription document shows all of its entries, even if they exceed the feed's limit. The first
entry of a later month closes the month. After that, only late entries and new months next to it change its document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.models import Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.models import Month


def min_shown(months: Sequence[Month]) -> int:
    """Return the number of entries that the subscription document shows at least: those of the newest month.

    `months` are the months with entries, newest first. If there are only two, both are shown: a single archive document
    could not link to another one, and validators require such a link.
    """
    shown = months[:1] if len(months) > 2 else months
    return sum(month.stories for month in shown)


def split_history(months: Sequence[Month], limit: int) -> tuple[Segment, list[tuple[Segment, Month]]]:
    """Return the segment of the subscription document, and the segments of the archive documents with their months.

    `months` are the months with entries, newest first; the subscription document shows the first `limit` entries. If
    these are all entries, it is complete (RFC 5005, 2), and there are no archive documents.
    """
    if sum(month.stories for month in months) <= limit:
        return Segment(is_complete=bool(months)), []
    archived = months[1:]
    names = [month.first.isoformat()[:7] for month in archived]
    neighbours = zip(archived, names, [*names[1:], ""], ["", *names[:-1]], strict=True)
    archives = [
        (Segment(month=name, previous=previous, next=next_), month) for month, name, previous, next_ in neighbours
    ]
    return Segment(previous=names[0]), archives
