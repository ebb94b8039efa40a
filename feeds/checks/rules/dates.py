"""Dates and times: RFC 5322, 3.3, in RSS, and RFC 3339 in Atom and JSON Feed."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from feeds.checks.rules.rule import Rule

if TYPE_CHECKING:
    from feeds.text.iris import Violation


RULES = (
    Rule(
        "bad-date",
        "error",
        "A date is not of the form that its format asks for, or has the wrong day of the week.",
        "Readers sort the entry anywhere, or show it as of today.",
        "RFC 5322, 3.3; RFC 3339, 5.6",
    ),
    Rule(
        "future-date",
        "error",
        "A date is in the future.",
        "Readers keep the entry on top until then, or hide it.",
        "docs/formats.md; RFC 4287, 3.3",
    ),
    Rule(
        "old-date",
        "warning",
        "A date is before 1990.",
        "There were no feeds then; validators take it for a mistake, and some readers for no date.",
        "The feed validator's ImplausibleDate",
    ),
)
#: The times of an entry occur in each of its feeds.
_CACHE_SIZE = 10_000
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: RFC 5322, 3.3, with seconds and an offset: the form that most readers understand.
_RFC5322 = re.compile(
    rf"({'|'.join(_WEEKDAYS)}), \d\d? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{{4}} "
    r"\d\d:\d\d:\d\d (?:[+-]\d{4}|GMT)"
)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
#: There were no feeds before this year; validators take an older date for a mistake.
_FIRST_YEAR = 1990
#: How far the clock of the publisher may be ahead.
_TOLERANCE = dt.timedelta(minutes=10)


@lru_cache(_CACHE_SIZE)
def parse_rfc5322(value: str) -> dt.datetime | None:
    """Return the time, or None if the form or the day of the week is wrong."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # slow to import, and only documents need it

    match = _RFC5322.fullmatch(value)
    try:
        time = parsedate_to_datetime(value) if match else None
    except ValueError:
        return None
    is_right = match and time and time.tzinfo is not None and _WEEKDAYS[time.weekday()] == match[1]
    return time if is_right else None


@lru_cache(_CACHE_SIZE)
def parse_rfc3339(value: str) -> dt.datetime | None:
    """Return the time, or None if the form is wrong or there is no such time."""
    if not _RFC3339.fullmatch(value):
        return None
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        return None


def rfc5322(value: str, now: dt.datetime) -> Violation | None:
    """A date and time of RSS."""
    form = "a date such as Wed, 10 Jun 2020 23:09:00 +0000, with the right day of the week"
    return _check_time(parse_rfc5322(value), form, now)


def rfc3339(value: str, now: dt.datetime) -> Violation | None:
    """A date and time of Atom or JSON Feed."""
    return _check_time(parse_rfc3339(value), "a date and time such as 2020-06-10T23:09:00Z (RFC 3339)", now)


def _check_time(time: dt.datetime | None, form: str, now: dt.datetime) -> Violation | None:
    if time is None:
        return "bad-date", form
    if time.year < _FIRST_YEAR:
        return "old-date", f"a date since {_FIRST_YEAR}"
    return ("future-date", "no date in the future") if time > now + _TOLERANCE else None
