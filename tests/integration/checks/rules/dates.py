"""Dates and times."""

from __future__ import annotations

from tests.support.rule_examples import Broken, swap
from tests.support.sound_site import ATOM, JSON, PUBLISHED, RSS, UPDATED

EXAMPLES = (
    Broken("bad-date", RSS, swap("Fri, 01 May", "Mon, 01 May"), what="weekday"),
    Broken("bad-date", RSS, swap(PUBLISHED, "<pubDate>2026-05-01</pubDate>")),
    Broken("bad-date", RSS, swap("01 May 2026 08:30:00 +0000", "01 May 2026 25:30:00 +0000"), what="hour"),
    Broken("bad-date", ATOM, swap(UPDATED, UPDATED.replace("T", " "))),
    Broken("bad-date", ATOM, swap(UPDATED, UPDATED.replace("05-02", "02-30")), what="day"),
    Broken("bad-date", RSS, swap("<atom:updated>2026", "<atom:updated>26"), what="atom"),
    Broken("bad-date", JSON, swap('"date_published": "2026-05-01T08:30:00Z"', '"date_published": "yesterday"')),
    Broken("bad-date", RSS, swap("Fri, 01 May 2026", "Fri, 01 May 26"), what="year"),
    Broken("bad-date", RSS, swap("01 May 2026 08:30:00 +0000", "01 May 2026 24:00:00 +0000"), what="midnight"),
    Broken("bad-date", RSS, swap("Fri, 01 May 2026 08:30:00 +0000", "05/01/2026"), what="slashes"),
    Broken("bad-date", RSS, swap("Fri, 01 May 2026", "Freitag, 01 Mai 2026"), what="language"),
    Broken("future-date", RSS, swap("Fri, 01 May 2026", "Sat, 01 May 2060")),
    Broken("future-date", ATOM, swap(UPDATED, UPDATED.replace("2026", "2060"))),
    Broken("future-date", JSON, swap('"date_published": "2026', '"date_published": "2060')),
    Broken("old-date", RSS, swap("Fri, 01 May 2026", "Thu, 01 May 1980")),
)  # fmt: skip
