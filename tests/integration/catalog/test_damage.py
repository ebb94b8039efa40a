"""Wrong values in the catalog, which SQLite does not notice: a new catalog is built, and the documents are right."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.catalog.schema import clear
from tests.support.site import NOW, Site
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    import feeds

CONFIG = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
enclosures: {probe: on}
archives: month
pages: off
feeds:
  all: {limit: 2}
  topics: {limit: 2}
  custom: [{path: recent, newer_than: 60 days}, {path: best, sort: quality, min_quality: 1, limit: 2}]
"""
STORY = """\
title: Story {0}
webUrl: https://a{1}.example/{0}
publishedDateTime: {2}
topics: [{3}]
quality: {0}
images: [https://i.example/{0}.jpg]
related: [{{title: Other {1}, webUrl: "https://b.example/{1}", publishedDateTime: 2026-04-01}}]
"""
DATES = ("2026-05-20", "2026-05-10", "2026-04-20", "2026-03-20", "2026-02-10", "2026-07-01")
#: What changes since the catalog was written: the configuration, and the time.
CHANGES = {
    "nothing": (CONFIG, NOW),
    "title": (CONFIG.replace("Test Wire", "Other Wire"), NOW),
    "rules": (CONFIG.replace("min_quality: 1", "min_quality: 4"), NOW),
    "time": (CONFIG, NOW + dt.timedelta(days=40)),
    "back": (CONFIG, NOW - dt.timedelta(days=20)),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with rows in every table of its catalog. `kept` has its catalog and its documents."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.configure(CONFIG)
    for number in range(12):
        topic = ("Energy", "Water", "Light")[number % 3]
        site.article(f"{number % 4}/{number}.md", STORY.format(number, number % 3, DATES[number % 6], topic))
    site.article("copy.md", STORY.format(7, 1, "2026-05-01", "Wind"))
    site.article("wrong.md", STORY.format(20, 1, "soon", "Wind"))
    publish(site)
    for folder in (".feeds", "output"):
        shutil.copytree(site.folder / folder, site.folder / "kept" / folder)
    yield site
    shutil.rmtree(site.folder)


@pytest.fixture(scope="module")
def expected(site: Site) -> dict[str, dict[str, bytes]]:
    """The documents of a run without a catalog, by change."""
    found = {}
    for change in CHANGES:
        restore(site)
        shutil.rmtree(site.folder / ".feeds")
        publish(site, change)
        found[change] = site.documents()
    return found


def restore(site: Site) -> None:
    for folder in (".feeds", "output"):
        shutil.rmtree(site.folder / folder)
        shutil.copytree(site.folder / "kept" / folder, site.folder / folder)


def publish(site: Site, change: str = "nothing") -> feeds.Report:
    config, now = CHANGES[change]
    site.configure(config)
    return site.regenerate(now=now, jobs=1, probe=False)


def execute(site: Site, statement: str) -> None:
    with closing(sqlite3.connect(site.folder / ".feeds" / "feeds.sqlite")) as database, database:
        database.execute(statement)


def test_every_table_has_rows(site: Site) -> None:
    restore(site)
    with closing(sqlite3.connect(site.folder / ".feeds" / "feeds.sqlite")) as database:
        for table in {column.partition(".")[0] for column in COLUMNS}:
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone()[0], table  # noqa: S608  # of the schema


TEXT, INTEGER, BLOB = ("NULL", "x'c1ff'"), ("NULL", "1.5", "'x'"), ("NULL", "7", "'x'")
#: Values of other types than that of a column, and a change after which a run reads the column.
WRONG_TYPES = [
    ("document.signature", "nothing", BLOB),
    ("document.version", "nothing", INTEGER),
    ("entry.checksum", "rules", INTEGER),
    ("entry.hash", "title", INTEGER),
    ("entry.id", "rules", TEXT),
    ("entry.latest", "title", INTEGER),
    ("entry.published", "title", ("NULL", "'x'")),
    ("entry.value", "title", BLOB),
    ("feed.kind", "nothing", TEXT),
    ("feed.name", "nothing", ("NULL",)),
    ("file.diagnostics", "nothing", ("7", "'x'", "x'c1ff'")),
    ("file.path", "nothing", TEXT),
    ("file.root", "nothing", TEXT),
    ("file.skip_reason", "nothing", ("x'c1ff'",)),
    ("folder.listing", "nothing", BLOB),
    ("folder.path", "nothing", ("NULL",)),
    ("folder.root", "nothing", TEXT),
    ("month.after", "title", INTEGER),
    ("month.digest", "title", BLOB),
    ("month.stories", "title", INTEGER),
    ("provider.domain", "nothing", ("x'c1ff'",)),
    ("provider.name", "nothing", ("x'c1ff'",)),
    ("provider.stories", "nothing", INTEGER),
    ("state.value", "nothing", BLOB),
    ("story.articles", "rules", INTEGER),
    ("story.digest", "title", BLOB),
    ("story.domain", "rules", TEXT),
    ("story.hash", "title", INTEGER),
    ("story.id", "title", TEXT),
    ("story.images", "nothing", BLOB),
    ("story.members", "rules", BLOB),
    ("story.name", "rules", TEXT),
    ("story.published", "rules", INTEGER),
    ("story.topics", "rules", BLOB),
    ("story_topic.published", "nothing", ("1.5", "'x'")),
    ("topic.name", "nothing", ("NULL",)),
]


@pytest.mark.parametrize(
    ("column", "change", "value"),
    [(column, change, value) for column, change, values in WRONG_TYPES for value in values],
)
def test_a_value_of_another_type_is_damage(
    site: Site, expected: dict[str, dict[str, bytes]], column: str, change: str, value: str
) -> None:
    restore(site)
    table, _, name = column.partition(".")
    execute(site, f"UPDATE {table} SET {name} = {value}")  # noqa: S608  # of this module
    report = publish(site, change)
    assert "feeds.sqlite: the cache cannot be used: " in report.damage
    assert site.documents() == expected[change]
    assert publish(site, change).damage == ""


@pytest.mark.parametrize(
    ("statement", "change"),
    [
        ("DELETE FROM entry", "title"),
        ("UPDATE entry SET id = id || 'x'", "title"),
        (
            "UPDATE entry SET value = CAST(replace(CAST(value AS TEXT), 'Story', 'St' || char(1) || 'ry') AS BLOB)",
            "rules",
        ),
        ("UPDATE provider SET name = 'a' || char(0)", "nothing"),
        ("UPDATE provider SET domain = domain || char(1)", "nothing"),
        ("UPDATE topic SET name = name || char(31)", "nothing"),
        ("UPDATE topic SET name = name || 'x'", "title"),
        ("UPDATE topic SET key = key + 100", "title"),
        ("UPDATE story_topic SET topic = topic + 100", "title"),
        ("UPDATE story SET members = x'9192cd03e700'", "rules"),
        ("UPDATE story SET key = (1 << 62) + key", "title"),
        ("UPDATE month SET stories = 1 << 62", "title"),
        ("UPDATE state SET value = x'01' WHERE key != 'reading'", "nothing"),
        ("UPDATE state SET value = x'a178' WHERE key != 'reading'", "nothing"),
        ("UPDATE state SET value = x'90' WHERE key != 'reading'", "nothing"),
    ],
)
def test_missing_rows_and_impossible_values_are_damage(
    site: Site, expected: dict[str, dict[str, bytes]], statement: str, change: str
) -> None:
    restore(site)
    execute(site, statement)
    report = publish(site, change)
    assert "the cache cannot be used: " in report.damage
    assert site.documents() == expected[change]
    assert publish(site, change).damage == ""


def columns() -> list[str]:
    """The columns of all tables."""
    with closing(sqlite3.connect(":memory:")) as database:
        clear(database)
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return [f"{table}.{row[1]}" for table in tables for row in database.execute(f"PRAGMA table_info({table})")]


COLUMNS = columns()
VALUES = ("NULL", "0", "7", "-5", "9223372036854775807", "1.5", "'x'", "x''", "x'c1ff'")


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", examples(40))))
@given(st.sampled_from(COLUMNS), st.sampled_from(VALUES), st.integers(1, 3), st.sampled_from(sorted(CHANGES)))
def test_no_value_stops_a_run(site: Site, column: str, value: str, every: int, change: str) -> None:
    """Some values of the right type are not noticed; a run with them does what they say."""
    restore(site)
    table, _, name = column.partition(".")
    try:
        execute(site, f"UPDATE {table} SET {name} = {value} WHERE abs(random()) % {every} = 0")  # noqa: S608  # as above
    except sqlite3.IntegrityError:  # a key must be unique, or an integer
        return
    publish(site, change)
    assert publish(site, change).damage == ""
