"""The history of a feed, a document a month (RFC 5005, 4).

An archive document is to stay as it is, because readers that have seen one do not ask for it again. So there is none of
the month in which the newest entry was published: what people subscribe to has all entries of that one, more than its
limit if need be, and when the first entry of another month comes, it is over. What a month has changes only with late
entries, and its links with the months beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.models import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feeds.models import Month


def least_shown(months: Sequence[Month]) -> int:
    """How many entries the document has to show that people subscribe to: those of the newest month.

    Of two months it shows both, since a single archive would have no other to be linked with, and validators ask for
    such a link.
    """
    shown = months[:1] if len(months) > 2 else months
    return sum(month.stories for month in shown)


def split_history(months: Sequence[Month], limit: int) -> tuple[Segment, list[tuple[Segment, Month]]]:
    """The scope of what people subscribe to, and that of each archive document.

    The months are all in which the feed has entries, the newest first, of which the document that people subscribe to
    shows the first `limit`. Where these are all, it is complete, and there is no archive.
    """
    if sum(month.stories for month in months) <= limit:
        return Segment(is_complete=bool(months)), []
    archives = list(_archives(months[1:]))
    return Segment(previous=archives[0][0].month), archives


def _archives(months: Sequence[Month]) -> Iterator[tuple[Segment, Month]]:
    names = ["", *(month.first.isoformat()[:7] for month in months), ""]
    for month, next_, name, previous in zip(months, names, names[1:], names[2:], strict=False):
        yield Segment(month=name, previous=previous, next=next_), month
