"""The engine for a cluster publishes the bytes of one machine: on whole sites, with any number of buckets, after any
change, and if tasks run twice. A fake takes the place of Spark, which tests/system/test_cluster.py tests."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections import Counter
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from click.testing import CliRunner
from py4j.protocol import Py4JError

from feeds.catalog.protocol import ReadingFingerprint
from feeds.catalog.schema import DamagedCatalogError
from feeds.cli.commands import main
from feeds.content.discovery import find_below
from feeds.engines.spark import consistency, engine, ingest, merging, partitions, stages, windows
from feeds.engines.spark.partitions import INDEX, EntryRow, read_index, read_rows, write_index, write_rows
from feeds.errors import CatalogError, EmptiedError, FeedsError, ProcessError, PublishError, StrictError
from feeds.pipeline.plan import Site as PublishedSite
from feeds.progress import untracked
from feeds.storage.folder import open_folder
from feeds.storage.local import LocalFolder
from feeds.storage.sources import LocalSource
from tests.support.cases import CASE_NAMES, check_case
from tests.support.fake_cluster import FakeContext
from tests.support.image_server import Reply, serving
from tests.support.object_store import empty_memory
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    import feeds

CONFIG = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
archives: month
compress: [gzip]
pages: off
feeds:
  all: {limit: 3}
  topics: {limit: 2}
  custom:
    - {path: best, sort: quality, min_quality: 1, limit: 2}
    - {path: recent, newer_than: 60 days}
"""
STORY = "title: {1}\nwebUrl: https://a.example/{0}\npublishedDateTime: {2}\ntopics: [{3}]\nquality: {0}"
DATES = ("2026-05-20", "2026-05-10", "2026-04-20", "2026-03-20", "2026-02-10", "2026-07-01")


@pytest.fixture(autouse=True)
def context(monkeypatch: pytest.MonkeyPatch) -> FakeContext:
    """The fake that takes the place of Spark."""
    fake = FakeContext()
    monkeypatch.setattr(engine, "connect", lambda _: nullcontext(fake))
    return fake


def write(site: Site, number: int, title: str = "Old", topic: str = "") -> None:
    story = STORY.format(number, title, DATES[number % 6], topic or ("Energy", "Water", "Light")[number % 3])
    related = f"\nrelated:\n- {{title: Other {number % 4}, webUrl: 'https://b.example/{number % 4}', "
    site.article(f"{number % 5}/{number}.md", f"{story}{related}publishedDateTime: {DATES[number % 5]}}}")


@pytest.fixture
def wide(site: Site) -> Site:
    site.configure(CONFIG)
    for number in range(24):
        write(site, number)
    return site


def on_cluster(site: Site, *, now: dt.datetime = NOW, **options: Any) -> feeds.Report:
    return site.regenerate(now=now, engine="spark", ping=False, **options)


def locally(site: Site, folder: Path, **options: Any) -> tuple[feeds.Report, dict[str, bytes]]:
    """Publish the same site on one machine."""
    report = site.regenerate(output=folder / "local", cache=folder / "cache", ping=False, **options)
    files = (path for path in (folder / "local").rglob("*") if path.is_file())
    return report, {path.relative_to(folder / "local").as_posix(): path.read_bytes() for path in files}


def check_same(site: Site, folder: Path, **options: Any) -> None:
    """Publish on the cluster and on one machine; assert the same bytes, and the same report about the archive."""
    report = on_cluster(site, **options)
    expected, documents = locally(site, folder, **options)
    assert site.documents() == documents
    for name in ("articles", "entries", "feeds", "left_out", "mistakes", "waiting", "next_due"):
        assert getattr(report, name) == getattr(expected, name), name


@pytest.mark.parametrize("case", CASE_NAMES)
def test_whole_sites_have_the_bytes_of_one_machine(case: str, tmp_path: Path) -> None:
    check_case(case, tmp_path, engine="spark", ping=False)


@pytest.mark.parametrize("buckets", [1, 3, 50])
def test_the_number_of_buckets_changes_no_byte(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buckets: int
) -> None:
    monkeypatch.setattr(stages, "bucket_count", lambda _: buckets)
    check_same(wide, tmp_path)


def test_after_each_change_the_bytes_are_those_of_one_machine(wide: Site, tmp_path: Path) -> None:
    check_same(wide, tmp_path)
    assert on_cluster(wide).written == 0
    write(wide, 3, "Changed")
    check_same(wide, tmp_path)
    (wide.folder / "articles" / "4" / "4.md").unlink()
    check_same(wide, tmp_path)
    write(wide, 30, "New", "Wind")
    wide.article("copy.md", STORY.format(7, "The same story", "2026-05-01", "Wind"))
    check_same(wide, tmp_path)
    check_same(wide, tmp_path, now=NOW + dt.timedelta(days=40))  # scheduled entries are due, recent ones are not recent
    check_same(wide, tmp_path, now=NOW)
    wide.configure(CONFIG.replace("topics: {limit: 2}", "topics: off").replace("min_quality: 1", "min_quality: 9"))
    check_same(wide, tmp_path)


def test_machines_do_not_receive_what_grows_with_the_archive(wide: Site, context: FakeContext) -> None:
    wide.configure(CONFIG + "providers: {b.example: {title: The Others}, none.example: {feed: 'https://c.example/'}}")
    on_cluster(wide)
    (shown,) = (value for value in context.broadcasts if isinstance(value, PublishedSite))
    assert list(shown.taxonomy.providers) == ["b.example", "none.example"]
    assert not context.kept


def kept_files(site: Site) -> set[str]:
    """The files of the catalog."""
    folder = site.folder / ".feeds" / "feeds.catalog"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files}


def test_only_what_changed_is_read_and_written(wide: Site) -> None:
    on_cluster(wide)
    before = kept_files(wide)
    assert len(before) > 10
    write(wide, 3, "Changed")
    report = on_cluster(wide)
    assert report.changed == 1
    assert 0 < report.written < report.unchanged
    kinds = Counter(path.partition("/")[0] for path in kept_files(wide) - before)
    # Entries of an article and its link; also stories with scheduled entries.
    assert 1 <= kinds["entries"] <= 2
    assert 1 <= kinds["stories"] <= 4


def test_former_files_of_the_catalog_are_removed_by_the_next_run(wide: Site) -> None:
    on_cluster(wide)
    kinds = Counter(path.partition("/")[0] for path in kept_files(wide))
    for number in range(4):
        write(wide, 3, f"Changed {number}")
        on_cluster(wide)
    assert Counter(path.partition("/")[0] for path in kept_files(wide)) == kinds


@pytest.mark.parametrize("name", [INDEX, "entries", "stories", "files"])
def test_a_damaged_catalog_is_replaced_and_reported(wide: Site, tmp_path: Path, name: str) -> None:
    on_cluster(wide)
    folder = wide.folder / ".feeds" / "feeds.catalog"
    for file in [folder / INDEX] if name == INDEX else (folder / name).iterdir():
        file.write_bytes(file.read_bytes()[:-3] + b"xyz")
    wide.configure(CONFIG.replace("limit: 3", "limit: 4"))
    write(wide, 3, "Changed")
    report = on_cluster(wide, full=False)
    assert "the cache cannot be used" in report.damage
    assert wide.documents() == locally(wide, tmp_path)[1]


def test_an_emptied_archive_stops_the_run(wide: Site) -> None:
    on_cluster(wide)
    before = wide.documents()
    shutil.rmtree(wide.folder / "articles")
    (wide.folder / "articles").mkdir()
    with pytest.raises(EmptiedError, match="held articles and holds none now"):
        on_cluster(wide)
    assert wide.documents() == before


def test_diagnostics_are_those_of_one_machine(wide: Site, tmp_path: Path) -> None:
    wide.article("wrong.md", "title: Wrong\npublishedDateTime: soon")
    wide.article("same.md", STORY.format(5, "Same", "2026-05-01", "Wind"))
    check_same(wide, tmp_path)
    with pytest.raises(StrictError):
        on_cluster(wide, strict=True)


def test_a_document_that_cannot_be_written_is_reported(wide: Site) -> None:
    on_cluster(wide)
    (wide.output / "topics" / "energy.rss").unlink()
    (wide.output / "topics" / "energy.rss").mkdir()
    (mistake,) = on_cluster(wide).mistakes
    assert mistake.message == "is a folder; expected a file or nothing; the feed topics/energy stays as it was"


def test_images_are_probed_as_on_one_machine(wide: Site, tmp_path: Path) -> None:
    with serving({"*": Reply(type="image/webp")}) as server:
        wide.configure(CONFIG + "enclosures: {probe: on, allow_private: [127.0.0.1]}\n")
        for number in (1, 2, 3):
            image = f"\nimages: ['{server.base}/{number}.jpg']"
            wide.article(f"{number}.md", STORY.format(number + 100, "With an image", "2026-05-21", "Energy") + image)
        report = on_cluster(wide)
        assert report.images is not None
        assert (report.images.asked, report.images.known) == (3, 3)
        assert wide.documents() == locally(wide, tmp_path)[1]
        assert b"image/webp" in wide.documents()["all.rss"]
        again = on_cluster(wide)
        assert (again.written, again.images and again.images.asked) == (0, 0)


def test_articles_catalog_and_feeds_may_be_in_a_store(wide: Site, tmp_path: Path) -> None:
    empty_memory()
    folder = open_folder("memory://wire/articles")
    for path in (wide.folder / "articles").rglob("*.md"):
        folder.write(path.relative_to(wide.folder / "articles").as_posix(), path.read_bytes())
    expected = locally(wide, tmp_path)[1]
    wide.configure(CONFIG.replace("../articles", "memory://wire/articles"))
    on_cluster(wide, output="memory://wire/feeds", cache="memory://wire/cache")
    output = open_folder("memory://wire/feeds")
    assert {path: output.read(path) for path in output.paths()} == expected
    assert open_folder("memory://wire/cache/feeds.catalog").read(INDEX)
    assert on_cluster(wide, output="memory://wire/feeds", cache="memory://wire/cache").written == 0
    with pytest.raises(CatalogError, match="expected a folder of this machine, or the engine spark"):
        wide.regenerate(cache="memory://wire/cache")


def test_a_relative_output_is_below_the_working_directory_of_the_driver(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "here").mkdir()
    render = windows.render

    def render_elsewhere(*arguments: Any) -> Any:
        monkeypatch.chdir(tmp_path / "elsewhere")
        try:
            return render(*arguments)
        finally:
            monkeypatch.chdir(tmp_path / "here")

    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(windows, "render", render_elsewhere)
    on_cluster(wide, output="output", cache="cache")
    assert (tmp_path / "here" / "output" / "all.rss").is_file()
    assert list((tmp_path / "elsewhere").iterdir()) == []


# Machines that are lost, or differ from the others


def in_many_folders(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tasks list the folders, instead of the driver."""
    assert len(list((site.folder / "articles").iterdir())) > 4
    monkeypatch.setattr(stages, "MIN_PENDING_FOLDERS", 3)


def test_tasks_list_what_is_below_many_folders(wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_many_folders(wide, monkeypatch)
    listed: list[str] = []
    list_below = ingest.list_below

    def note(sources: Any, source: Any, path: str) -> Any:
        listed.append(path)
        return list_below(sources, source, path)

    monkeypatch.setattr(ingest, "list_below", note)
    wide.article("0/pipes/also.md", STORY.format(50, "Also", "2026-05-01", "Wind"))
    os.mkfifo(wide.folder / "articles" / "1" / "pipe.md")
    (wide.folder / "articles" / "only-a-link").mkdir()
    (wide.folder / "articles" / "only-a-link" / "out.md").symlink_to("/etc/hostname")
    check_same(wide, tmp_path)
    assert {"0", "1", "2", "3", "4", "only-a-link"} <= set(listed)
    assert len(on_cluster(wide).mistakes) == 2
    with pytest.raises(StrictError):
        on_cluster(wide, strict=True)


@pytest.mark.parametrize("gone", ["folder", "archive"])
def test_a_folder_that_another_machine_lacks_is_unreadable_and_not_removed(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    in_many_folders(wide, monkeypatch)
    on_cluster(wide)
    before = wide.documents()
    folder = wide.folder / "articles" / ("2" if gone == "folder" else "")

    def find_elsewhere(source: Any, path: str) -> Any:
        """The driver has seen the folder."""
        folder.rename(tmp_path / "away")
        try:
            return find_below(source, path)
        finally:
            (tmp_path / "away").rename(folder)

    monkeypatch.setattr(ingest, "find_below", find_elsewhere)
    report = on_cluster(wide)
    assert any("the folder cannot be read" in str(mistake) for mistake in report.mistakes)
    assert wide.documents() == before


def test_a_file_that_only_the_driver_has_is_unreadable_and_not_removed(
    wide: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cluster(wide)
    before = wide.documents()
    write(wide, 3, "Changed")
    read = LocalSource.read

    def read_elsewhere(source: LocalSource, files: Any, max_bytes: int) -> Any:
        return read(source, [(f"{path}.elsewhere", found) for path, found in files], max_bytes)

    monkeypatch.setattr(LocalSource, "read", read_elsewhere)
    monkeypatch.setattr(LocalSource, "exists", lambda *_: False)
    report = on_cluster(wide)
    assert {mistake.rule for mistake in report.mistakes} == {"article-unreadable"}
    assert wide.documents() == before
    with pytest.raises(EmptiedError, match="every article is left out for its mistakes, and feeds with up to 20 "):
        on_cluster(wide, full=True)
    assert wide.documents() == before


def test_a_machine_that_does_not_reach_the_articles_stops_the_run(wide: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalSource, "is_reachable", lambda source: (source.path / "not-mounted").is_dir())
    with pytest.raises(ProcessError, match="articles: is not the same on every machine of the cluster"):
        on_cluster(wide)
    assert not wide.output.exists()


def test_a_machine_that_does_not_reach_the_catalog_stops_the_run(wide: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        consistency.Consistency,
        "check",
        lambda consistency, folder: check(consistency, open_folder(f"{folder}/elsewhere")),
    )
    with pytest.raises(ProcessError, match="elsewhere: has not what this run put there; expected a folder that every"):
        on_cluster(wide)


check = consistency.Consistency.check


@pytest.mark.parametrize(("module", "named"), [(ingest, "read_bucket"), (merging, "merge"), (windows, "render")])
def test_a_machine_with_other_code_stops_the_run(
    wide: Site, monkeypatch: pytest.MonkeyPatch, module: ModuleType, named: str
) -> None:
    on_cluster(wide)
    before = wide.documents()
    write(wide, 3, "Changed")
    task = getattr(module, named)

    def with_other_code(*arguments: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(consistency, "code_fingerprint", lambda: "another")
            result = task(*arguments)
            return result if named == "render" else iter(list(result))

    monkeypatch.setattr(module, named, with_other_code)
    with pytest.raises(ProcessError, match="has not the Python, feeds or packages that the first one has"):
        on_cluster(wide)
    assert before.items() <= wide.documents().items()


def test_documents_that_the_driver_does_not_see_stop_the_run(wide: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    render = windows.render

    def render_elsewhere(*arguments: Any) -> Any:
        result = render(*arguments)
        shutil.rmtree(wide.output)
        return result

    monkeypatch.setattr(windows, "render", render_elsewhere)
    monkeypatch.setattr(stages, "VISIBILITY_TIMEOUT", 1)
    with pytest.raises(PublishError, match="is not the same on every machine of the cluster"):
        on_cluster(wide)


@pytest.mark.parametrize("lost", range(1, 14))
def test_an_article_that_is_edited_while_a_machine_is_lost_is_published_once(
    wide: Site, tmp_path: Path, context: FakeContext, lost: int
) -> None:
    """All stories are merged from one reading of the files."""
    on_cluster(wide)

    def edit(text: str) -> None:
        for number in range(6):
            story = STORY.format(number, text, DATES[number], "Energy")
            wide.article(f"{number % 5}/{number}.md", story.replace("/a.example/", f"/a.example/{text}-"))

    edit("Second")
    context.lost, context.when_lost = lost, lambda: edit("Third")
    on_cluster(wide)
    assert context.lost == 0
    check_same(wide, tmp_path)
    assert not any(b"/Second-" in body for body in wide.documents().values())


def test_articles_that_change_at_each_reading_stop_the_run(wide: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    on_cluster(wide)
    before = wide.documents()
    monkeypatch.setattr(stages, "is_one_reading", lambda *_: False)
    write(wide, 3, "Changed")
    with pytest.raises(ProcessError, match="machines were lost while articles were edited, again and again"):
        on_cluster(wide)
    assert wide.documents() == before


@pytest.mark.parametrize("stage", ["count_bucket", "refs_of_bucket", "render"])
def test_a_run_after_a_stopped_one_publishes_the_bytes_of_one_machine(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    on_cluster(wide)

    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(windows, stage, stop)
        write(wide, 3, "Second")
        with pytest.raises(KeyboardInterrupt):
            on_cluster(wide)
        write(wide, 3, "Third")
        with pytest.raises(KeyboardInterrupt):
            on_cluster(wide, full=True)
    check_same(wide, tmp_path)


def test_a_damaged_catalog_is_replaced_by_the_next_run_if_a_run_is_stopped(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cluster(wide)
    folder = wide.folder / ".feeds" / "feeds.catalog"
    for file in (folder / "stories").iterdir():
        file.write_bytes(b"damaged")
    write(wide, 3, "Changed")

    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(windows, "count_bucket", stop)
        with pytest.raises((KeyboardInterrupt, DamagedCatalogError)):
            on_cluster(wide)
    check_same(wide, tmp_path)


def test_entries_other_than_those_of_their_stories_are_damage(wide: Site, tmp_path: Path) -> None:
    on_cluster(wide)
    folder = open_folder(wide.folder / ".feeds" / "feeds.catalog")
    index = read_index(folder)
    assert index is not None
    for number, summary in enumerate(index.stories):
        rows = read_rows(folder, summary.entries, EntryRow)
        index.stories[number] = msgspec.structs.replace(summary, entries=write_rows(folder, "entries/other", rows[1:]))
    write_index(folder, index)
    wide.configure(CONFIG.replace("limit: 3", "limit: 4"))
    assert "the cache cannot be used" in on_cluster(wide).damage
    assert wide.documents() == locally(wide, tmp_path)[1]


def test_an_archive_that_outgrows_its_buckets_gets_a_new_catalog(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cluster(wide)
    monkeypatch.setattr(partitions, "FILES_PER_BUCKET", 1)
    monkeypatch.setattr(partitions, "OUTGROWN_FACTOR", 2)
    check_same(wide, tmp_path)
    index = read_index(open_folder(wide.folder / ".feeds" / "feeds.catalog"))
    assert index is not None
    assert (index.buckets, index.run) == (24, 2)
    assert on_cluster(wide).changed == 0


def test_another_run_that_publishes_while_this_one_reads_is_found_and_reported_once(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide.article("wrong.md", "title: Wrong\npublishedDateTime: soon")
    read = ingest.read_bucket
    others: list[feeds.Report | None] = []

    def read_late(*arguments: Any) -> Any:
        if not others:
            others.append(None)
            others.append(wide.regenerate(cache=tmp_path / "of another"))
        return read(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "read_bucket", read_late)
        report = on_cluster(wide)
    assert len(others) == 2
    expected, documents = locally(wide, tmp_path)
    assert (report.mistakes, report.left_out) == (expected.mistakes, expected.left_out)
    assert wide.documents() == documents


def test_another_run_cannot_publish_while_this_one_writes(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one with another cache."""
    wide.article("wrong.md", "title: Wrong\npublishedDateTime: soon")
    task = windows.render
    refusals: list[str] = []

    def run_meanwhile(*arguments: Any) -> Any:
        if not refusals:
            with pytest.raises(PublishError) as caught:
                wide.regenerate(cache=tmp_path / "of another")
            refusals.append(str(caught.value))
        return task(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("feeds.build.LOCK_TIMEOUT", 0)
        patch.setattr(windows, "render", run_meanwhile)
        report = on_cluster(wide)
    assert refusals == ["output: another run is publishing into it; expected it to end"]
    expected, documents = locally(wide, tmp_path)
    assert (report.mistakes, report.left_out) == (expected.mistakes, expected.left_out)
    assert wide.documents() == documents
    assert wide.regenerate(cache=tmp_path / "of another").written == 0


def test_an_archive_may_be_empty_if_that_is_allowed(wide: Site) -> None:
    on_cluster(wide)
    shutil.rmtree(wide.folder / "articles")
    (wide.folder / "articles").mkdir()
    on_cluster(wide, allow_empty=True)
    assert on_cluster(wide).articles == 0


def test_temporary_files_of_lost_machines_are_removed(wide: Site) -> None:
    (wide.output / "topics").mkdir(parents=True)
    (wide.output / "topics" / ".energy.rss.01234567.feeds-new").write_bytes(b"<r")
    on_cluster(wide)
    assert not [path for path in wide.output.rglob(".*") if path.is_file()]


def test_two_runs_with_one_catalog_take_turns(wide: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    on_cluster(wide)
    folder = open_folder(wide.folder / ".feeds" / "feeds.catalog")
    with monkeypatch.context() as patch, folder.locked(0):
        patch.setattr(engine, "LOCK_TIMEOUT", 0)
        with pytest.raises(CatalogError, match=r"feeds\.catalog: the cache cannot be used: another run uses it"):
            on_cluster(wide)
    locked = LocalFolder.locked

    def locked_late(self: LocalFolder, timeout: float) -> Any:
        """Let another run come first."""
        monkeypatch.setattr(LocalFolder, "locked", locked)
        write(wide, 3, "Changed")
        assert on_cluster(wide).changed == 1
        return self.locked(timeout)

    monkeypatch.setattr(LocalFolder, "locked", locked_late)
    report = on_cluster(wide)
    assert (report.changed, report.damage) == (0, "")


def test_an_unreadable_folder_whose_name_is_not_utf_8_is_reported(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_many_folders(wide, monkeypatch)
    name = os.fsdecode(b"\xff")
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if os.fstat(path).st_ino == place.stat().st_ino if isinstance(path, int) else name in str(path):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    place = wide.folder / "articles" / name
    place.mkdir()
    monkeypatch.setattr(os, "scandir", refuse)
    check_same(wide, tmp_path)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Traceback\n  File x\nfeeds.errors.ProcessError: a machine is odd\n\tat org.apache", "a machine is odd"),
        (
            "Traceback\nfeeds.catalog.schema.DamagedCatalogError: x: the cache cannot be used",
            "x: the cache cannot be used",
        ),
        ("Job aborted\nValueError: no\n\tat org", "the cluster could not do it: ValueError: no"),
        ("All masters are unresponsive! Giving up.", "the cluster could not do it: All masters are unresponsive!"),
        ("", "the cluster could not do it: no reason is given"),
    ],
)
def test_an_error_of_the_cluster_becomes_one_of_ours(tmp_path: Path, message: str, expected: str) -> None:
    opener = engine.SparkOpener(LocalFolder(tmp_path), None, untracked)
    with (
        pytest.raises(FeedsError) as caught,
        opener.open(ReadingFingerprint(), fresh=False, read_only=False),
    ):
        raise Py4JError(message)
    assert str(caught.value).startswith(expected)
    assert type(caught.value) is (DamagedCatalogError if "Damaged" in message else ProcessError)


# The command line


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--master", "spark://host:7077"], "--master names a cluster; expected --engine spark with it"),
        (["--engine", "spark", "--jobs", "2"], "--jobs are processes of this machine"),
        (["--engine", "spark", "--watch"], "are done by this machine; expected --engine local"),
        (["--engine", "spark", "--dry-run"], "are done by this machine; expected --engine local"),
        (["--cache", "s3://bucket/cache"], "--cache is a folder of this machine; expected --engine spark"),
    ],
)
def test_options_that_contradict_each_other_are_an_error(site: Site, options: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["regenerate", "--config", str(site.config_path), *options])
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_command_publishes_on_a_cluster(wide: Site) -> None:
    result = CliRunner().invoke(main, ["regenerate", "--engine", "spark", "--config", str(wide.config_path)])
    assert result.exit_code == 0, result.output
    assert "24 articles read" in result.stdout
