"""The formats as the rules see them: the same entries, whichever format they were published in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from feeds.checks.documents import DocumentContext, ParsedDocument, ParsedEntry
from feeds.checks.folder import VALIDATORS
from feeds.checks.formats import jsonfeed, schema
from tests.support.site import NOW
from tests.support.sound_site import BASE, publish_sound

if TYPE_CHECKING:
    from tests.support.site import Site

TIME = dt.datetime(2026, 5, 1, 8, 30, tzinfo=dt.UTC)
STORY = ParsedEntry(
    location=0,
    id="https://a.example/story",
    title="Cod & <b> chips",
    link="https://a.example/story",
    published=TIME,
    updated=TIME + dt.timedelta(days=1),
    enclosures=("https://img.example/one.jpg?w=1&h=2", "https://img.example/two.png"),
)
RELATED_TIME = dt.datetime(2026, 4, 2, 12, tzinfo=dt.UTC)
RELATED = ParsedEntry(
    location=0,
    id="https://c.example/else",
    title="Elsewhere",
    link="https://c.example/else",
    published=RELATED_TIME,
    updated=RELATED_TIME,
)


@pytest.mark.parametrize("format_", ["rss", "atom", "json"])
def test_entries_are_the_same_in_all_formats(site: Site, monkeypatch: pytest.MonkeyPatch, format_: str) -> None:
    parsed: list[ParsedDocument] = []

    def keep(document: ParsedDocument) -> tuple[()]:
        parsed.append(document)
        return ()

    for module in (schema, jsonfeed):
        monkeypatch.setattr(module, "check_document", keep)
    publish_sound(site)
    body = (site.output / f"all.{format_}").read_bytes()
    context = DocumentContext(f"all.{format_}", f"{BASE}all.{format_}", BASE, NOW)
    VALIDATORS[format_](body, context)
    (document,) = parsed
    assert (document.context, document.format) == (context, format_)
    assert [replace(entry, location=0) for entry in document.entries] == [STORY, RELATED]
    assert f"{BASE}all/" in {url for _, url in document.links}
