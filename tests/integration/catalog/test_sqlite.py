"""The catalog's file: missing, damaged, in use, or of another program."""

from __future__ import annotations

import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import cycle, product
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feeds
from feeds.catalog.schema import identity
from feeds.catalog.sqlite import SqliteCatalog
from tests.support.site import NOW, Site
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

T = TypeVar("T")

STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01\ntopics: [Energy]"
PAGE = 8192
LABEL = ".feeds/feeds.sqlite"
MINIMAL = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
pages: off
"""


def write(site: Site, *names: str) -> None:
    for name in names:
        site.article(f"{name}.md", STORY.format(name))


def rename(site: Site) -> None:
    """Change the site's title, so that every document is rendered."""
    site.configure(site.config_path.read_text(encoding="utf-8").replace("Test Wire", "Other Wire"))


def catalog_file(site: Site) -> Path:
    (file,) = (site.folder / ".feeds").glob("*.sqlite")
    return file


def check_like_without_cache(site: Site) -> None:
    """Assert that the published documents are those of a run without a cache."""
    documents = site.documents()
    shutil.rmtree(site.folder / ".feeds")
    assert site.regenerate().written == 0
    assert site.documents() == documents


# Damage


def overwrite_after_first_page(content: bytes) -> bytes:
    return content[:PAGE] + b"\xa5" * (len(content) - PAGE)


def spoil_schema(content: bytes) -> bytes:
    """The message of SQLite about this is not UTF-8."""
    spoilt = content.replace(b"tablestorystory", b"tablest\xba\xbaystory")
    spoilt = spoilt.replace(b"CREATE TABLE story (", b"CREATE TABLX story (")
    assert spoilt.count(b"\xba\xba") == spoilt.count(b"TABLX") == 1
    return spoilt


def spoil_column(content: bytes) -> bytes:
    """The name of a column is not UTF-8."""
    return content.replace(b"name TEXT UNIQUE", b"n\xbame TEXT UNIQUE")


def spoil_encoded_text(content: bytes) -> bytes:
    return content.replace(b"https://a.example/a", b"\xc1\xc1\xc1\xc1\xc1://a.example/a")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"no database", id="other content"),
        pytest.param(lambda content: content[:200], id="only a header"),
        pytest.param(lambda content: content[: 3 * PAGE], id="only three pages"),
        overwrite_after_first_page,
        spoil_schema,
        spoil_column,
        spoil_encoded_text,
    ],
)
def test_a_damaged_catalog_is_replaced_and_reported(site: Site, damage: Callable[[bytes], bytes]) -> None:
    write(site, "a", "b")
    site.regenerate()
    file = catalog_file(site)
    content = file.read_bytes()
    file.write_bytes(damage(content))
    assert file.read_bytes() != content
    write(site, "b", "c")
    assert feeds.regenerate(feeds.load_config(site.config_path), now=NOW, dry_run=True).entries == 3
    assert file.read_bytes() == damage(content)  # a dry run changes nothing
    report = site.regenerate()
    assert report.entries == 3
    assert (LABEL in report.damage) is bool(damage(content))
    check_like_without_cache(site)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_entry_with_a_changed_byte_is_not_published(site: Site, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    """SQLite does not notice a changed byte in the middle of a text."""
    monkeypatch.setattr("feeds.engines.local.MIN_PARALLEL_TASKS", 1)
    write(site, "a", "b")
    site.regenerate()
    file = catalog_file(site)
    content = file.read_bytes()
    assert content.count(b"Story a") == 1
    file.write_bytes(content.replace(b"Story a", b"Story c"))
    rename(site)
    report = site.regenerate(jobs=jobs)
    assert report.damage == f"{LABEL}: the cache cannot be used: an entry is not what it was"
    documents = site.documents()
    assert b"Story c" not in b"".join(documents.values())
    shutil.rmtree(site.folder / ".feeds")
    assert site.regenerate().written == 0
    assert site.regenerate().damage == ""


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", examples(30))))
@given(st.floats(0, 1, exclude_max=True), st.sampled_from([None, 0x00, 0xA5]), st.integers(1, 9), st.booleans())
def test_a_truncated_or_overwritten_catalog_gives_the_same_documents(
    tmp_path_factory: pytest.TempPathFactory, position: float, byte: int | None, pages: int, is_changed: bool
) -> None:
    """The file ends early, or some of its pages are overwritten; SQLite notices when it reads them."""
    site = Site(tmp_path_factory.mktemp("site"))
    (site.folder / "articles").mkdir()
    site.configure(MINIMAL)
    write(site, *(f"story-{number}" for number in range(30)))
    site.regenerate()
    file = catalog_file(site)
    content = bytearray(file.read_bytes())
    start = int(position * len(content))
    if byte is None:
        del content[start:]
    else:
        start -= start % PAGE
        content[start : start + pages * PAGE] = bytes([byte]) * len(content[start : start + pages * PAGE])
    file.write_bytes(content)
    if is_changed:
        site.configure(MINIMAL.replace("Test Wire", "Other Wire"))
    site.regenerate()
    documents = site.documents()
    fresh = tmp_path_factory.mktemp("fresh")
    feeds.regenerate(feeds.load_config(site.config_path), output=fresh, cache=fresh / ".cache", now=NOW)
    assert documents == {
        path.relative_to(fresh).as_posix(): path.read_bytes()
        for path in fresh.rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }
    shutil.rmtree(site.folder)
    shutil.rmtree(fresh)


def flip(content: bytes, position: int, bits: int) -> bytes:
    return content[:position] + bytes([content[position] ^ bits]) + content[position + 1 :]


@pytest.mark.parametrize("position", [0, 15, 16, 18, 19, 20, 21, 24, 28, 31, 40, 44, 47, 56, 59, 60, 68, 71, 92, 96])
def test_a_damaged_header_stops_no_run(site: Site, position: int) -> None:
    """Even if it is that of another program then, or of a format that SQLite may only read."""
    write(site, "a")
    site.regenerate()
    file = catalog_file(site)
    file.write_bytes(flip(file.read_bytes(), position, 0xFF))
    write(site, "b")
    assert site.regenerate().entries == 2
    check_like_without_cache(site)


@pytest.mark.parametrize("statement", ["DELETE FROM entry", "UPDATE entry SET id = id || 'x'"])
def test_a_catalog_whose_rows_contradict_each_other_is_replaced(site: Site, statement: str) -> None:
    write(site, "a", "b")
    site.regenerate()
    execute(site, statement)
    rename(site)
    write(site, "c")
    report = site.regenerate()
    assert "the cache cannot be used: " in report.damage
    check_like_without_cache(site)


def execute(site: Site, statement: str) -> None:
    with closing(sqlite3.connect(catalog_file(site))) as database, database:
        database.execute(statement)


def test_a_damaged_catalog_that_cannot_be_removed_is_an_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(file: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    write(site, "a")
    site.regenerate()
    catalog_file(site).write_bytes(b"no database")
    monkeypatch.setattr("pathlib.Path.unlink", deny)
    with pytest.raises(feeds.CatalogError, match=r"the cache cannot be used: .*denied"):
        site.regenerate()


def test_a_disk_error_is_not_damage(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise error

    write(site, "a")
    site.regenerate()
    content = catalog_file(site).read_bytes()
    write(site, "b")
    monkeypatch.setattr(SqliteCatalog, "files", refuse)
    with pytest.raises(feeds.CatalogError, match="the cache cannot be used: disk I/O error"):
        site.regenerate()
    assert catalog_file(site).read_bytes() == content


ERRORS = [AttributeError, KeyError, TypeError, ValueError]
#: Functions that a run calls while its catalog is open, as their callers name them.
OWN_FUNCTIONS = [
    "feeds.catalog.merging.memberships",
    "feeds.engines.local.change_of",
    "feeds.engines.local.read_records",
    "feeds.pipeline.plan.paths_of",
    "feeds.pipeline.publish.feed_of",
    "feeds.run.build_taxonomy",
]


@pytest.mark.parametrize(
    ("function", "error"),
    [
        *product(["feeds.catalog.merging.merge_entries", "feeds.pipeline.plan.plan_feeds"], ERRORS),
        *zip(OWN_FUNCTIONS, cycle(ERRORS), strict=False),
    ],
)
def test_an_error_of_our_own_code_is_not_damage(
    site: Site, monkeypatch: pytest.MonkeyPatch, function: str, error: type[Exception]
) -> None:
    """It is raised as it is: the catalog is kept, and the run is not repeated."""
    write(site, "a", "b")
    site.regenerate()
    file = identity(catalog_file(site))
    documents = site.documents()
    write(site, "b", "c")
    site.article("b.md", STORY.format("changed"))
    calls: list[object] = []

    def fail(*arguments: object, **_: object) -> None:
        calls.append(arguments)
        raise error("own")

    with monkeypatch.context() as patch:
        patch.setattr(function, fail)
        with pytest.raises(error, match="own"):
            site.regenerate(jobs=1)
    assert len(calls) == 1
    assert identity(catalog_file(site)) == file
    assert site.documents().items() >= documents.items()
    report = site.regenerate()
    assert (report.damage, report.entries) == ("", 3)
    assert report.changed < 3  # `a` was not read again
    check_like_without_cache(site)


# Runs and catalogs


def test_processes_render_feeds_without_entries_from_a_new_catalog(site: Site) -> None:
    custom = ", ".join(f"{{path: custom-{number}}}" for number in range(30))
    site.configure(f"{site.config_path.read_text(encoding='utf-8')}feeds: {{custom: [{custom}]}}\n")
    config = feeds.load_config(site.config_path)
    assert feeds.regenerate(config, now=NOW, jobs=2).feeds == 31


def test_two_runs_at_the_same_time_in_one_process_do_not_mix(site: Site, tmp_path: Path) -> None:
    write(site, "a", "b")
    config = feeds.load_config(site.config_path)

    def publish(name: str) -> dict[str, bytes]:
        for _ in range(5):
            feeds.regenerate(config, output=tmp_path / name, cache=tmp_path / name, now=NOW, full=True, jobs=1)
        return {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.rss")}

    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(publish, ["one", "two"])
    assert one == two != {}


def test_the_database_of_another_program_is_not_touched(site: Site) -> None:
    file = site.folder / ".feeds" / "feeds.sqlite"
    file.parent.mkdir()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE state (key, value)")
    database.close()
    content = file.read_bytes()
    for dry_run in (False, True):
        with pytest.raises(feeds.CatalogError, match=r"feeds\.sqlite: is a database of something else"):
            site.regenerate(dry_run=dry_run)
    assert file.read_bytes() == content


def test_a_dry_run_reports_a_damaged_catalog_and_leaves_it(site: Site) -> None:
    write(site, "a")
    site.regenerate()
    file = site.folder / ".feeds" / "feeds.sqlite"
    file.write_bytes(b"no database" * 1000)
    content = file.read_bytes()
    report = site.regenerate(dry_run=True)
    assert "file is not a database" in report.damage
    assert report.entries == 1
    assert file.read_bytes() == content


def test_without_its_catalog_a_run_changes_no_byte(site: Site) -> None:
    write(site, "a", "b")
    site.regenerate()
    check_like_without_cache(site)


def test_several_output_folders_are_all_kept_up_to_date(site: Site) -> None:
    config = feeds.load_config(site.config_path)
    first, second = site.folder / "first", site.folder / "second"
    write(site, "a")
    for output in (first, second):
        feeds.regenerate(config, output=output, now=NOW)
    write(site, "b")
    for output in (first, second):
        assert feeds.regenerate(config, output=output, now=NOW).written > 0
    assert (first / "all.rss").read_bytes() == (second / "all.rss").read_bytes()


def test_a_second_run_with_the_same_catalog_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, "a")
    monkeypatch.setattr("feeds.catalog.schema.LOCK_TIMEOUT", 0)
    config = feeds.load_config(site.config_path)

    refusals: list[str] = []

    def run_again(items: Iterable[T], length: int, label: str) -> Iterable[T]:  # noqa: ARG001  # a Track
        with pytest.raises(feeds.CatalogError) as raised:
            feeds.regenerate(config, now=NOW)
        refusals.append(str(raised.value).partition(": ")[2])
        return items

    feeds.regenerate(config, now=NOW, track=run_again)
    assert refusals == ["the cache cannot be used: database is locked"] * 2


def test_the_catalog_of_another_version_is_replaced_without_a_report(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(site, "a")
    assert changed(site.regenerate()) == 1
    monkeypatch.setattr("feeds.run.fingerprint", lambda _: "newer")
    assert changed(site.regenerate()) == 1
    assert changed(site.regenerate()) == 0
    monkeypatch.setattr("feeds.run.fingerprint", lambda _: "older")
    assert changed(site.regenerate(full=True)) == 1
    assert changed(site.regenerate()) == 0
    configuration = site.config_path.read_text(encoding="utf-8")
    site.configure(configuration.replace("[../articles]", "[../articles], link: amp"))
    assert changed(site.regenerate()) == 1


def changed(report: feeds.Report) -> int:
    """The number of changed articles of a run that found no damage."""
    assert report.damage == ""
    return report.changed
