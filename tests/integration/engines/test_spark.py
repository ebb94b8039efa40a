"""The engine of a cluster gives the bytes of one machine: on whole sites, in whatever number of parts, after whatever
change, and whatever is done twice. Spark itself is in tests/test_cluster.py."""

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

import feeds
from feeds import build
from feeds.catalog.schema import DamagedCatalogError
from feeds.cli.commands import main
from feeds.content.discovery import find_below
from feeds.content.files import is_reached, read_file
from feeds.engines.spark import consistency, engine, ingest, merging, partitions, stages, windows
from feeds.engines.spark.partitions import ROOT, EntryRow, read_root, read_rows, write_root, write_rows
from feeds.errors import CatalogError, EmptiedError, ProcessError, PublishError, StrictError
from feeds.pipeline.plan import Site as PublishedSite
from feeds.storage.folder import open_folder
from feeds.storage.local import DiskFolder
from tests.integration.test_cases import NAMES, check_case
from tests.support.fake_cluster import FakeContext
from tests.support.image_server import Reply, serving
from tests.support.object_store import empty_memory
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

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
    """What takes the place of Spark."""
    made = FakeContext()
    monkeypatch.setattr(engine, "_connected", lambda _: nullcontext(made))
    return made


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
    """What one machine publishes of the same."""
    report = site.regenerate(output=folder / "local", cache=folder / "cache", ping=False, **options)
    files = (path for path in (folder / "local").rglob("*") if path.is_file())
    return report, {path.relative_to(folder / "local").as_posix(): path.read_bytes() for path in files}


def check_same(site: Site, folder: Path, **options: Any) -> None:
    """Another run on the cluster, and one on this machine: the same bytes, and the same report of the archive."""
    report = on_cluster(site, **options)
    expected, documents = locally(site, folder, **options)
    assert site.documents() == documents
    for name in ("articles", "entries", "feeds", "left_out", "mistakes", "waiting", "next_due"):
        assert getattr(report, name) == getattr(expected, name), name


@pytest.mark.parametrize("case", NAMES)
def test_whole_sites_have_the_bytes_that_they_have_elsewhere(case: str, tmp_path: Path) -> None:
    check_case(case, tmp_path, engine="spark", ping=False)


@pytest.mark.parametrize("buckets", [1, 3, 50])
def test_the_number_of_parts_changes_no_byte(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buckets: int
) -> None:
    monkeypatch.setattr(stages, "buckets_for", lambda _: buckets)
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
    check_same(wide, tmp_path, now=NOW + dt.timedelta(days=40))  # what was to come is due, and what was recent is not
    check_same(wide, tmp_path, now=NOW)
    wide.configure(CONFIG.replace("topics: {limit: 2}", "topics: off").replace("min_quality: 1", "min_quality: 9"))
    check_same(wide, tmp_path)


def test_what_grows_with_the_archive_is_not_brought_to_each_machine(wide: Site, context: FakeContext) -> None:
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
    # of an article and its link; and stories of what waits for its time
    assert 1 <= kinds["entries"] <= 2
    assert 1 <= kinds["stories"] <= 4


def test_what_a_catalog_held_before_goes_with_the_next_run(wide: Site) -> None:
    on_cluster(wide)
    kinds = Counter(path.partition("/")[0] for path in kept_files(wide))
    for number in range(4):
        write(wide, 3, f"Changed {number}")
        on_cluster(wide)
    assert Counter(path.partition("/")[0] for path in kept_files(wide)) == kinds


@pytest.mark.parametrize("name", [ROOT, "entries", "stories", "files"])
def test_a_damaged_catalog_is_said_and_made_anew(wide: Site, tmp_path: Path, name: str) -> None:
    on_cluster(wide)
    folder = wide.folder / ".feeds" / "feeds.catalog"
    for place in [folder / ROOT] if name == ROOT else (folder / name).iterdir():
        place.write_bytes(place.read_bytes()[:-3] + b"xyz")
    wide.configure(CONFIG.replace("limit: 3", "limit: 4"))
    write(wide, 3, "Changed")
    report = on_cluster(wide, full=False)
    assert "the cache cannot be used" in report.damage
    assert wide.documents() == locally(wide, tmp_path)[1]


def test_articles_that_are_gone_stop_the_run(wide: Site) -> None:
    on_cluster(wide)
    before = wide.documents()
    shutil.rmtree(wide.folder / "articles")
    (wide.folder / "articles").mkdir()
    with pytest.raises(EmptiedError, match="held articles and holds none now"):
        on_cluster(wide)
    assert wide.documents() == before


def test_mistakes_are_reported_as_on_one_machine(wide: Site, tmp_path: Path) -> None:
    wide.article("wrong.md", "title: Wrong\npublishedDateTime: soon")
    wide.article("same.md", STORY.format(5, "Same", "2026-05-01", "Wind"))
    check_same(wide, tmp_path)
    with pytest.raises(StrictError):
        on_cluster(wide, strict=True)


def test_a_document_that_cannot_be_written_is_an_error_in_a_line(wide: Site) -> None:
    on_cluster(wide)
    (wide.output / "topics" / "energy.rss").unlink()
    (wide.output / "topics" / "energy.rss").mkdir()
    with pytest.raises(PublishError, match=r"energy\.rss: cannot be written: "):
        on_cluster(wide)


def test_images_are_asked_for_and_known_as_on_one_machine(wide: Site, tmp_path: Path) -> None:
    with serving({"*": Reply(type="image/webp")}) as server:
        wide.configure(CONFIG + "enclosures: {probe: on, allow_private: [127.0.0.1]}\n")
        for number in (1, 2, 3):
            image = f"\nimages: ['{server.base}/{number}.jpg']"
            wide.article(f"{number}.md", STORY.format(number + 100, "With a picture", "2026-05-21", "Energy") + image)
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
        folder.write(path.relative_to(wide.folder / "articles").as_posix(), path.read_bytes(), headers={})
    expected = locally(wide, tmp_path)[1]
    wide.configure(CONFIG.replace("../articles", "memory://wire/articles"))
    on_cluster(wide, output="memory://wire/feeds", cache="memory://wire/cache")
    output = open_folder("memory://wire/feeds")
    assert {path: output.read(path) for path in output.paths()} == expected
    assert open_folder("memory://wire/cache/feeds.catalog").read(ROOT)
    assert on_cluster(wide, output="memory://wire/feeds", cache="memory://wire/cache").written == 0
    with pytest.raises(CatalogError, match="expected a folder of this machine, or the engine spark"):
        wide.regenerate(cache="memory://wire/cache")


def test_a_relative_output_is_that_of_the_first_machine(
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


# Machines that are lost, slow, or not like the others


def in_many_folders(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let others than the first machine list what is in the folders."""
    assert len(list((site.folder / "articles").iterdir())) > 4
    monkeypatch.setattr(stages, "_MANY_FOLDERS", 3)


def test_other_machines_list_what_is_below_many_folders(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_many_folders(wide, monkeypatch)
    listed: list[str] = []
    list_below = ingest.list_below

    def noted(roots: Any, root: Any, path: str) -> Any:
        listed.append(path)
        return list_below(roots, root, path)

    monkeypatch.setattr(ingest, "list_below", noted)
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
def test_what_another_machine_does_not_have_is_not_gone(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    in_many_folders(wide, monkeypatch)
    on_cluster(wide)
    before = wide.documents()
    place = wide.folder / "articles" / ("2" if gone == "folder" else "")

    def find_elsewhere(root: Any, path: str, roots: Any) -> Any:
        """The first machine has seen the folder."""
        place.rename(tmp_path / "away")
        try:
            return find_below(root, path, roots)
        finally:
            (tmp_path / "away").rename(place)

    monkeypatch.setattr(ingest, "find_below", find_elsewhere)
    report = on_cluster(wide)
    assert any("the folder cannot be read" in str(mistake) for mistake in report.mistakes)
    assert wide.documents() == before


def test_a_file_that_only_the_first_machine_has_is_a_mistake_and_stays_what_it_was(
    wide: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cluster(wide)
    before = wide.documents()
    write(wide, 3, "Changed")
    read = read_file

    def read_elsewhere(file: Any, most: int) -> Any:
        return read(msgspec.structs.replace(file, path=f"{file.path}.elsewhere"), most)

    monkeypatch.setattr("feeds.pipeline.ingest.read_file", read_elsewhere)
    monkeypatch.setattr("feeds.pipeline.ingest.is_gone", lambda _: True)
    report = on_cluster(wide)
    assert {mistake.rule for mistake in report.mistakes} == {"article-unreadable"}
    assert wide.documents() == before
    with pytest.raises(EmptiedError, match="every article is left out for its mistakes, and feeds with up to 20 "):
        on_cluster(wide, full=True)
    assert wide.documents() == before


def test_a_machine_that_does_not_reach_the_articles_stops_the_run(wide: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "is_reached", lambda root: is_reached(root / "not-mounted"))
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
            done = task(*arguments)
            return done if named == "render" else iter(list(done))

    monkeypatch.setattr(module, named, with_other_code)
    with pytest.raises(ProcessError, match="has not the Python, feeds or packages that the first one has"):
        on_cluster(wide)
    assert before.items() <= wide.documents().items()


def test_documents_that_another_machine_put_elsewhere_stop_the_run(wide: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    render = windows.render

    def render_elsewhere(*arguments: Any) -> Any:
        done = render(*arguments)
        shutil.rmtree(wide.output)
        return done

    monkeypatch.setattr(windows, "render", render_elsewhere)
    monkeypatch.setattr(stages, "_PATIENCE", 1)
    with pytest.raises(PublishError, match="is not the same on every machine of the cluster"):
        on_cluster(wide)


@pytest.mark.parametrize("lost", range(1, 14))
def test_an_article_that_is_edited_while_a_machine_is_lost_is_told_once(
    wide: Site, tmp_path: Path, context: FakeContext, lost: int
) -> None:
    """Of what one reading found, and nothing of another."""
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


def test_articles_that_never_stand_still_while_machines_are_lost_stop_the_run(
    wide: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cluster(wide)
    before = wide.documents()
    monkeypatch.setattr(stages, "_is_of_one_reading", lambda *_: False)
    write(wide, 3, "Changed")
    with pytest.raises(ProcessError, match="machines were lost while articles were edited, again and again"):
        on_cluster(wide)
    assert wide.documents() == before


@pytest.mark.parametrize("stage", ["_count", "_select", "rendering"])
def test_a_run_that_is_stopped_leaves_what_the_next_one_goes_on_from(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    on_cluster(wide)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stages.SparkWork, stage, stop)
        write(wide, 3, "Second")
        with pytest.raises(KeyboardInterrupt):
            on_cluster(wide)
        write(wide, 3, "Third")
        with pytest.raises(KeyboardInterrupt):
            on_cluster(wide, full=True)
    check_same(wide, tmp_path)


def test_a_damaged_catalog_whose_making_anew_is_stopped_is_made_anew_by_the_next_run(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cluster(wide)
    folder = wide.folder / ".feeds" / "feeds.catalog"
    for place in (folder / "stories").iterdir():
        place.write_bytes(b"damaged")
    write(wide, 3, "Changed")

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stages.SparkWork, "_count", stop)
        with pytest.raises((KeyboardInterrupt, DamagedCatalogError)):
            on_cluster(wide)
    check_same(wide, tmp_path)


def test_entries_that_are_not_those_that_stories_were_told_of_are_damage(wide: Site, tmp_path: Path) -> None:
    on_cluster(wide)
    folder = open_folder(wide.folder / ".feeds" / "feeds.catalog")
    root = read_root(folder)
    assert root is not None
    stories = list(root.stories)
    for number, facts in enumerate(stories):
        rows = read_rows(folder, facts.entries, EntryRow)
        root.stories[number] = msgspec.structs.replace(facts, entries=write_rows(folder, "entries/other", rows[1:]))
    write_root(folder, root)
    wide.configure(CONFIG.replace("limit: 3", "limit: 4"))
    assert "the cache cannot be used" in on_cluster(wide).damage
    assert wide.documents() == locally(wide, tmp_path)[1]


def test_an_archive_that_outgrows_its_buckets_is_spread_anew(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cluster(wide)
    monkeypatch.setattr(partitions, "_FILES_TO_A_BUCKET", 1)
    monkeypatch.setattr(partitions, "_OUTGROWN", 2)
    check_same(wide, tmp_path)
    root = read_root(open_folder(wide.folder / ".feeds" / "feeds.catalog"))
    assert root is not None
    assert (root.buckets, root.run) == (24, 2)
    assert on_cluster(wide).changed == 0


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (0, 8),
        (16_001, 9),
        (100_000, 50),
        (1_000_000, 500),
        (2_000_000, 1_000),
        (20_000_000, 1_000),
        (100_000_000, 5_000),
    ],
)
def test_buckets_are_many_and_then_large(files: int, expected: int) -> None:
    assert partitions.buckets_for(files) == expected


def test_another_run_that_publishes_meanwhile_is_found_and_reported_once(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide.article("wrong.md", "title: Wrong\npublishedDateTime: soon")
    prepare, times = build._prepare, iter([True])

    def prepare_late(*arguments: Any, **options: Any) -> Any:
        done = prepare(*arguments, **options)
        if next(times, False):
            wide.regenerate(cache=tmp_path / "of another")
        return done

    monkeypatch.setattr(build, "_prepare", prepare_late)
    report = on_cluster(wide)
    monkeypatch.undo()
    expected, documents = locally(wide, tmp_path)
    assert (report.mistakes, report.left_out) == (expected.mistakes, expected.left_out)
    assert wide.documents() == documents


def test_an_archive_that_is_meant_to_be_empty_stays_so(wide: Site) -> None:
    on_cluster(wide)
    shutil.rmtree(wide.folder / "articles")
    (wide.folder / "articles").mkdir()
    on_cluster(wide, allow_empty=True)
    assert on_cluster(wide).articles == 0


def test_what_a_machine_that_was_lost_had_begun_to_write_is_removed(wide: Site) -> None:
    (wide.output / "topics").mkdir(parents=True)
    (wide.output / "topics" / ".energy.rss.01234567.feeds-new").write_bytes(b"<r")
    on_cluster(wide)
    assert not [path for path in wide.output.rglob(".*") if path.is_file()]


def test_two_runs_with_one_catalog_take_turns(wide: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    on_cluster(wide)
    folder = open_folder(wide.folder / ".feeds" / "feeds.catalog")
    with monkeypatch.context() as patch, folder.locked(0):
        patch.setattr(engine, "_PATIENCE", 0)
        with pytest.raises(CatalogError, match=r"feeds\.catalog: the cache cannot be used: another run uses it"):
            on_cluster(wide)
    locked = DiskFolder.locked

    def locked_late(self: DiskFolder, patience: float) -> Any:
        """Another run was there before."""
        monkeypatch.setattr(DiskFolder, "locked", locked)
        write(wide, 3, "Changed")
        assert on_cluster(wide).changed == 1
        return self.locked(patience)

    monkeypatch.setattr(DiskFolder, "locked", locked_late)
    report = on_cluster(wide)
    assert (report.changed, report.damage) == (0, "")


def test_a_folder_that_cannot_be_read_and_whose_name_is_no_text_is_a_mistake(
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
    ("said", "expected"),
    [
        ("Traceback\n  File x\nfeeds.errors.ProcessError: a machine is odd\n\tat org.apache", "a machine is odd"),
        (
            "Traceback\nfeeds.catalog.database.DamagedCatalogError: x: the cache cannot be used",
            "x: the cache cannot be used",
        ),
        ("Job aborted\nValueError: no\n\tat org", "the cluster could not do it: ValueError: no"),
        ("All masters are unresponsive! Giving up.", "the cluster could not do it: All masters are unresponsive!"),
        ("", "the cluster could not do it: no reason is given"),
    ],
)
def test_what_a_cluster_says_is_an_error_in_a_line(said: str, expected: str) -> None:
    error = engine._error_of(said)
    assert str(error).startswith(expected)
    assert isinstance(error, DamagedCatalogError) == ("Damaged" in said)


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
def test_options_that_mean_nothing_together_are_a_mistake(site: Site, options: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["regenerate", "--config", str(site.config_path), *options])
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_command_publishes_on_a_cluster(wide: Site) -> None:
    result = CliRunner().invoke(main, ["regenerate", "--engine", "spark", "--config", str(wide.config_path)])
    assert result.exit_code == 0, result.output
    assert "24 articles read" in result.stdout
