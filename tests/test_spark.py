"""A cluster gives the bytes of one machine: on whole sites, in whatever number of parts, after whatever change."""

from __future__ import annotations

import datetime as dt
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import feeds
from feeds import spark
from feeds.cli import main
from feeds.errors import EmptiedError, PublishError, StrictError
from feeds.spark.buckets import ROOT
from feeds.storage import open_folder
from tests.conftest import NOW, Site
from tests.image_server import Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark import SparkContext

pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed, so no cluster was tried"),
    pytest.mark.cluster,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CASES = Path(__file__).parent / "cases"
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


@pytest.fixture(scope="module")
def context() -> Iterator[SparkContext]:
    """A cluster of two processes on this machine, begun once."""
    made = spark._context("local[2]")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def _one_context(context: SparkContext, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def kept(_: str | None) -> Iterator[SparkContext]:
        yield context

    monkeypatch.setattr(spark, "_connected", kept)


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


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_whole_sites_have_the_bytes_that_they_have_elsewhere(case: str, tmp_path: Path) -> None:
    config = feeds.load_config(CASES / case / "config.yaml")
    feeds.regenerate(config, now=NOW, output=tmp_path / "output", cache=tmp_path / "cache", engine="spark", ping=False)
    expected = {
        path.relative_to(CASES / case / "expected"): path.read_bytes()
        for path in (CASES / case / "expected").rglob("*")
        if path.is_file()
    }
    assert expected
    assert {path: (tmp_path / "output" / path).read_bytes() for path in expected} == expected


@pytest.mark.parametrize("buckets", [1, 3, 50])
def test_the_number_of_parts_changes_no_byte(
    wide: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buckets: int
) -> None:
    monkeypatch.setattr(spark, "buckets_for", lambda _: buckets)
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


def test_only_what_changed_is_read_and_written(wide: Site) -> None:
    on_cluster(wide)
    catalog = wide.folder / ".feeds" / "feeds.catalog"
    times = {path: path.stat().st_mtime_ns for path in catalog.rglob("*-1-*")}
    assert len(times) > 10
    write(wide, 3, "Changed")
    report = on_cluster(wide)
    assert report.changed == 1
    assert 0 < report.written < report.unchanged
    # a bucket of files, two of the entries that changed, and that of one that waits for its time
    assert len(list(catalog.rglob("*-2-*"))) <= 1 + 3 * 2
    assert {path: path.stat().st_mtime_ns for path in times if path.exists()}.items() <= times.items()


def test_what_a_catalog_held_before_goes_with_the_next_run(wide: Site) -> None:
    for number in range(4):
        write(wide, 3, f"Changed {number}")
        on_cluster(wide)
    folder = wide.folder / ".feeds" / "feeds.catalog"
    named = len({path.name.partition("-")[0] for path in (folder / "files").iterdir()})
    assert len(list((folder / "files").iterdir())) == named


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
    """In one whose memory all parts of this cluster share, as none of it is elsewhere: a folder, reached as a store."""
    output = open_folder(tmp_path / "output")
    feeds.regenerate(
        feeds.load_config(wide.config_path),
        now=NOW,
        output=str(output),
        cache=tmp_path / "elsewhere",
        engine="spark",
        ping=False,
    )
    assert (tmp_path / "elsewhere" / "feeds.catalog" / ROOT).is_file()


# The command line


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--master", "spark://host:7077"], "--master names a cluster; expected --engine spark with it"),
        (["--engine", "spark", "--jobs", "2"], "--jobs are processes of this machine"),
        (["--engine", "spark", "--watch"], "are done by this machine; expected --engine local"),
        (["--engine", "spark", "--dry-run"], "are done by this machine; expected --engine local"),
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
