"""Dates in RSS as a run publishes them: in UTC, valid, and not later than the run."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from tests.support.site import NOW

if TYPE_CHECKING:
    from tests.support.site import Site

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize(
    ("written", "published"),
    [
        pytest.param("2020-06-11T01:09:00+02:00", "Wed, 10 Jun 2020 23:09:00 +0000", id="an offset"),
        pytest.param("2020-06-10T23:09:00Z", "Wed, 10 Jun 2020 23:09:00 +0000", id="UTC"),
        pytest.param("2020-06-10 23:09:00", "Wed, 10 Jun 2020 23:09:00 +0000", id="no offset"),
        pytest.param("2020-06-10", "Wed, 10 Jun 2020 00:00:00 +0000", id="no time"),
    ],
)
def test_a_date_is_published_in_utc(site: Site, written: str, published: str) -> None:
    site.article("a.md", f"{{title: A, webUrl: 'https://story.example/a', publishedDateTime: {written}}}")
    site.regenerate()
    assert etree.fromstring(site.documents()["all.rss"]).findtext("channel/item/pubDate") == published


def test_the_zero_date_of_a_content_system_never_makes_an_invalid_date(site: Site) -> None:
    site.article("a.md", "{title: A, webUrl: 'https://story.example/a', publishedDateTime: '2020-06-10T23:09:00Z'}")
    site.article("b.md", "{title: B, webUrl: 'https://story.example/b', publishedDateTime: '0001-01-01T00:00:00Z'}")
    site.regenerate()
    dates = [date.text or "" for date in etree.fromstring(site.documents()["all.rss"]).iter("pubDate")]
    wrong = [date for date in dates if not re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", date)]
    assert (len(dates) > 0, wrong) == (True, [])


def test_no_date_is_later_than_the_run(site: Site) -> None:
    site.article("a.md", "{title: A, webUrl: 'https://story.example/a', publishedDateTime: 2020-06-10}")
    site.article(
        "b.md",
        "{title: B, webUrl: 'https://story.example/b', publishedDateTime: 2020-06-10, updatedDateTime: 2035-01-01}",
    )
    site.regenerate(now=NOW)
    channel = etree.fromstring(site.documents()["all.rss"]).findall("channel")[0]
    dates = [
        parsedate_to_datetime(date.text or "") for tag in ("lastBuildDate", "pubDate") for date in channel.iter(tag)
    ]
    dates += [dt.datetime.fromisoformat(date.text or "") for date in channel.iter(f"{ATOM}updated")]
    assert len(dates) >= 3
    assert [date for date in dates if date > NOW] == []
