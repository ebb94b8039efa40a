"""The plan of a site: the feed of a job, and wrong moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from feeds.catalog.schema import DamagedCatalogError
from feeds.catalog.sqlite import SqliteCatalog
from feeds.catalog.stories import Touched
from feeds.config.schema import Config, CustomFeed, FeedKinds, SiteSettings, SourceSettings
from feeds.models import NEWEST
from feeds.pipeline.ingest import IngestResult
from feeds.pipeline.plan import RenderJob, Site, feed_of, take_snapshot, wrong_moves
from feeds.pipeline.published import PublishedState
from feeds.selection.plans import plan_feeds
from feeds.selection.taxonomy import build_taxonomy
from feeds.storage.local import LocalFolder
from tests.support.samples import ENTRY
from tests.support.site import NOW

INGESTED = IngestResult(articles=1, changed=1, diagnostics=(), touched=Touched(), before=0, epoch=1)


def site(folder: Path = Path("/site/output"), topics: tuple[str, ...] = (), **settings: Any) -> Site:
    config = Config(
        site=SiteSettings(title="Test Wire", url="https://feeds.example.com/"),
        source=SourceSettings(articles=("articles",)),
        path=Path("/site/config/feeds.yaml"),
        articles=(),
        **settings,
    )
    taxonomy = build_taxonomy(config, [(topic, NOW) for topic in topics], [])
    return Site(config, taxonomy, NOW, LocalFolder(folder))


def test_a_job_makes_its_feed_with_the_entries_of_its_stories() -> None:
    wire = site(topics=("Energy",))
    plan = next(iter(plan_feeds(wire.config, wire.taxonomy)))
    job = RenderJob(plan, NEWEST, (1,), b"", (), ())
    entry = msgspec.structs.replace(ENTRY, topics=("Energy",))
    feed = feed_of(job, [entry], wire)
    assert (feed.path, feed.kind) == (plan.path, "all")
    assert [category.term for category in feed.entries[0].categories] == ["energy"]


def test_an_entry_with_a_topic_that_the_catalog_lacks_is_damage() -> None:
    wire = site(topics=("Energy",))
    plan = next(iter(plan_feeds(wire.config, wire.taxonomy)))
    job = RenderJob(plan, NEWEST, (1,), b"", (), ())
    entry = msgspec.structs.replace(ENTRY, topics=("Energy", "Water"))
    with pytest.raises(DamagedCatalogError, match="the cache cannot be used: it lacks the topic water"):
        feed_of(job, [entry], wire)


TOPICS = ("Energy", "Water")


@pytest.mark.parametrize(
    ("moved", "messages"),
    [
        ({}, []),
        ({"old": "topics/energy"}, []),
        ({"custom": "topics/energy"}, ["moved.custom: is the path of a feed; expected one that no feed has any more"]),
        ({"Custom": "topics/energy"}, ["moved.Custom: is the path of a feed; expected one that no feed has any more"]),
        ({"old": "topics/none"}, ["moved.old: topics/none is no feed; expected the path that the feed has now"]),
        (
            {"old": "topics/none", "all": "topics/water"},
            [
                "moved.all: is the path of a feed; expected one that no feed has any more",
                "moved.old: topics/none is no feed; expected the path that the feed has now",
            ],
        ),
    ],
    ids=["none", "right", "a feed", "a feed in another case", "to no feed", "two"],
)
def test_wrong_moves_are_reported(tmp_path: Path, moved: dict[str, str], messages: list[str]) -> None:
    feeds = FeedKinds(custom=(CustomFeed(path="custom"),))
    wire = site(tmp_path, TOPICS, moved=moved, feeds=feeds)
    catalog = SqliteCatalog(None)
    snapshot = take_snapshot(catalog, INGESTED, PublishedState(wire.output, catalog), wire, prune=False)
    assert list(wrong_moves(snapshot)) == messages
