"""Times as catalogs keep them: whole seconds since 1970, in UTC."""

from __future__ import annotations

import datetime as dt

#: More seconds, and more stories, than there are.
FOREVER = 1 << 62
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)


def seconds(time: dt.datetime) -> int:
    """Whole seconds since 1970, rounded down; times of entries have no fraction."""
    return (time - _EPOCH) // _SECOND


def time_of(seconds: int) -> dt.datetime:
    """The time that `seconds` gives."""
    return _EPOCH + seconds * _SECOND


def month_of(time: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of a time's month, and of the month after it."""
    first = dt.datetime(time.year, time.month, 1, tzinfo=dt.UTC)
    after = (first + dt.timedelta(days=31)).replace(day=1)
    return first, after
