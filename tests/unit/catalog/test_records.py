"""Files and entries as a catalog keeps them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from feeds.catalog.records import encode_entry, folder_of
from feeds.catalog.times import seconds
from feeds.models import Entry, Link
from tests.support.samples import ENTRY

DAY = dt.timedelta(days=1)


LINK = Link(href="https://b.example/", title="B", provider="B", published=ENTRY.updated + DAY)


@pytest.mark.parametrize(("path", "expected"), [("a.md", ""), ("one/a.md", "one"), ("one/two/a.md", "one/two")])
def test_a_file_is_in_a_folder_of_its_source(path: str, expected: str) -> None:
    assert folder_of("/archive", path) == ("/archive", expected)


@pytest.mark.parametrize(
    ("changes", "latest"),
    [
        ({}, ENTRY.updated),
        ({"updated": ENTRY.published}, ENTRY.published),
        ({"related": (LINK,)}, LINK.published),
    ],
    ids=["its update", "itself", "a related link"],
)
def test_an_entry_changes_for_the_last_time_when_all_of_it_is_due(changes: dict[str, Any], latest: dt.datetime) -> None:
    entry = msgspec.structs.replace(ENTRY, **changes)
    encoded = encode_entry(entry)
    assert (encoded.id, encoded.is_article) == (ENTRY.id, True)
    assert (encoded.published, encoded.latest) == (seconds(ENTRY.published), seconds(latest))
    assert msgspec.msgpack.decode(encoded.value, type=Entry) == entry
