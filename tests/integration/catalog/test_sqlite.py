"""The file of the catalog: gone, damaged, in use, somebody else's."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feeds
from feeds.catalog.fingerprint import _own, fingerprint
from feeds.catalog.schema import identity
from feeds.catalog.sqlite import SqliteCatalog
from feeds.overview import survey
from feeds.pipeline.ingest import READING_PACKAGES
from feeds.pipeline.plan import RENDERING_PACKAGES
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01\ntopics: [Energy]"
_PAGE = 8192
MINIMAL = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
pages: off
"""


def write(site: Site, *names: str) -> None:
    for name in names:
        site.article(f"{name}.md", STORY.format(name))


def catalog_file(site: Site) -> Path:
    (file,) = (site.folder / ".feeds").glob("*.sqlite")
    return file


def garbage_behind_the_first_page(content: bytes) -> bytes:
    return content[:_PAGE] + b"\xa5" * (len(content) - _PAGE)


def denied(file: Path, **_: object) -> None:
    raise PermissionError(13, "Permission denied", str(file))


def values_cut(content: bytes) -> bytes:
    return content.replace(b"https://a.example/a", b"\xc1\xc1\xc1\xc1\xc1://a.example/a")


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"no database",
        lambda content: content[:200],
        lambda content: content[: 3 * _PAGE],
        garbage_behind_the_first_page,
        values_cut,
    ],
)
def test_a_damaged_catalog_is_made_anew(site: Site, damage: Callable[[bytes], bytes]) -> None:
    write(site, "a", "b")
    site.regenerate()
    file = catalog_file(site)
    content = file.read_bytes()
    file.write_bytes(damage(content))
    assert file.read_bytes() != content
    write(site, "b", "c")
    assert feeds.regenerate(feeds.load_config(site.config_path), now=NOW, dry_run=True).entries == 3
    assert file.read_bytes() == damage(content)  # a dry run has no business with it
    report = site.regenerate()
    assert report.entries == 3
    assert (str(file) in report.damage) is bool(damage(content))
    documents = site.documents()
    shutil.rmtree(site.folder / ".feeds")
    assert site.regenerate().written == 0
    assert site.documents() == documents


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_entry_that_is_not_what_it_was_is_not_published(
    site: Site, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    """A byte that turns over in the middle of a text is nothing that the database would notice."""
    monkeypatch.setattr("feeds.engines.local._MANY_FEEDS", 1)
    write(site, "a", "b")
    site.regenerate()
    file = catalog_file(site)
    content = file.read_bytes()
    assert content.count(b"Story a") == 1
    file.write_bytes(content.replace(b"Story a", b"Story c"))
    site.configure(site.config_path.read_text(encoding="utf-8").replace("Test Wire", "Other Wire"))
    report = site.regenerate(jobs=jobs)
    assert report.damage == f"{file}: the cache cannot be used: an entry is not what it was"
    documents = site.documents()
    assert b"Story c" not in b"".join(documents.values())
    shutil.rmtree(site.folder / ".feeds")
    assert site.regenerate().written == 0
    assert site.regenerate().damage == ""


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", "30")))
@given(st.floats(0, 1, exclude_max=True), st.sampled_from([None, 0x00, 0xA5]), st.integers(1, 9), st.booleans())
def test_wherever_it_is_cut_or_overwritten_the_next_run_publishes_the_same(
    tmp_path_factory: pytest.TempPathFactory, place: float, byte: int | None, pages: int, is_changed: bool
) -> None:
    """The file ends too early, or pages of it are not what was written: the database notices when it reads them."""
    site = Site(tmp_path_factory.mktemp("site"))
    (site.folder / "articles").mkdir()
    site.configure(MINIMAL)
    write(site, *(f"story-{number}" for number in range(30)))
    site.regenerate()
    file = catalog_file(site)
    content = bytearray(file.read_bytes())
    start = int(place * len(content))
    if byte is None:
        del content[start:]
    else:
        start -= start % _PAGE
        content[start : start + pages * _PAGE] = bytes([byte]) * len(content[start : start + pages * _PAGE])
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


def test_processes_render_feeds_without_entries_from_a_new_catalog(site: Site) -> None:
    custom = ", ".join(f"{{path: custom-{number}}}" for number in range(30))
    site.configure(f"{site.config_path.read_text(encoding='utf-8')}feeds: {{custom: [{custom}]}}\n")
    config = feeds.load_config(site.config_path)
    assert feeds.regenerate(config, now=NOW, jobs=2).feeds == 31


def test_two_runs_at_a_time_in_one_process_do_not_mix(site: Site, tmp_path: Path) -> None:
    write(site, "a", "b")
    config = feeds.load_config(site.config_path)

    def publish(name: str) -> dict[str, bytes]:
        for _ in range(5):
            feeds.regenerate(config, output=tmp_path / name, cache=tmp_path / name, now=NOW, full=True, jobs=1)
        return {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.rss")}

    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(publish, ["one", "two"])
    assert one == two != {}


def test_a_catalog_that_is_damaged_and_cannot_be_removed_is_an_error(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(site, "a")
    site.regenerate()
    file = catalog_file(site)
    file.write_bytes(b"no database")
    monkeypatch.setattr("pathlib.Path.unlink", denied)
    with pytest.raises(feeds.CatalogError, match=r"the cache cannot be used: .*denied"):
        site.regenerate()


def test_a_disk_that_refuses_is_an_error_and_no_damage(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise error

    write(site, "a")
    site.regenerate()
    content = catalog_file(site).read_bytes()
    write(site, "b")
    monkeypatch.setattr(SqliteCatalog, "files", refused)
    with pytest.raises(feeds.CatalogError, match="the cache cannot be used: disk I/O error"):
        site.regenerate()
    assert catalog_file(site).read_bytes() == content


def test_the_database_of_another_program_is_left_alone(site: Site) -> None:
    file = site.folder / ".feeds" / "feeds.sqlite"
    file.parent.mkdir()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE state (key, value)")
    database.close()
    content = file.read_bytes()
    with pytest.raises(feeds.CatalogError, match=r"feeds\.sqlite: is a database of something else"):
        site.regenerate()
    assert survey(feeds.load_config(site.config_path)).articles == 0
    assert file.read_bytes() == content


def test_a_run_that_comes_in_between_is_seen(tmp_path: Path) -> None:
    """While a run shares the catalog, another may take it over for a moment."""
    path = tmp_path / "feeds.sqlite"

    def meanwhile(statement: str) -> None:
        if statement == "BEGIN IMMEDIATE":
            with sqlite3.connect(path) as other:
                other.execute("INSERT INTO state VALUES ('other', x'')")
            other.close()

    with SqliteCatalog(path) as catalog:
        catalog.share()
        catalog._database.set_trace_callback(meanwhile)
        with pytest.raises(
            feeds.CatalogError, match=r"feeds\.sqlite: the cache cannot be used: another run came in between"
        ):
            catalog.share()


def test_without_its_catalog_a_run_changes_no_byte(site: Site) -> None:
    write(site, "a", "b")
    site.regenerate()
    documents = site.documents()
    shutil.rmtree(site.folder / ".feeds")
    assert site.regenerate().written == 0
    assert site.documents() == documents


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


def test_two_runs_at_once_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, "a")
    monkeypatch.setattr("feeds.catalog.schema._PATIENCE", 0)
    config = feeds.load_config(site.config_path)

    refused: list[str] = []

    def meanwhile(items: Iterable[T], length: int, label: str) -> Iterable[T]:  # noqa: ARG001  # a Track
        with pytest.raises(feeds.CatalogError) as raised:
            feeds.regenerate(config, now=NOW)
        refused.append(str(raised.value).partition(": ")[2])
        return items

    feeds.regenerate(config, now=NOW, track=meanwhile)
    assert refused == ["the cache cannot be used: database is locked"] * 2


def test_the_fingerprint_tells_of_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, packages = tmp_path / "feeds", tmp_path / "site-packages"
    for folder in (home, packages / "lxml-6.0.dist-info", packages / "PyYAML-6.0.1.egg-info"):
        folder.mkdir(parents=True)
    (home / "a.py").write_text("a = 1", encoding="utf-8")
    (home / "b.py").write_text("b = 1", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "none"), str(packages)])

    def now() -> str:
        _own.cache_clear()  # as in another process
        return fingerprint(("lxml", "pyyaml"), home)

    seen = [now()]
    os.utime(home / "b.py", (2**31, 2**31))  # installed anew
    seen.append(now())
    (home / "a.py").write_text("a = 2", encoding="utf-8")
    seen.append(now())
    (home / "a.py").rename(home / "c.py")
    seen.append(now())
    for name in ("lxml-6.1.dist-info", "PyYAML-6.0.2-py3.11.egg-info", "nh3-1.dist-info"):
        for old in packages.glob(f"{name.partition('-')[0]}-*"):
            old.rmdir()
        (packages / name).mkdir()
        seen.append(now())
    assert [seen.index(one) for one in seen] == [0, 0, 2, 3, 4, 5, 5]


def test_the_packages_that_the_fingerprint_asks_for_are_installed() -> None:
    noted = {path.name.partition("-")[0].lower() for folder in sys.path for path in Path(folder).glob("*-info")}
    assert {*READING_PACKAGES, *RENDERING_PACKAGES} <= noted


def test_a_cache_of_another_version_is_said_and_made_anew(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, "a")
    assert site.regenerate().damage == ""
    monkeypatch.setattr("feeds.run.fingerprint", lambda _: "newer")
    assert site.regenerate().damage == f"{catalog_file(site)}: the cache is of another version"
    assert site.regenerate().damage == ""
    monkeypatch.setattr("feeds.run.fingerprint", lambda _: "older")
    assert site.regenerate(full=True).damage == ""  # it is not wanted
    configuration = site.config_path.read_text(encoding="utf-8")
    site.configure(configuration.replace("[../articles]", "[../articles], link: amp"))
    assert site.regenerate().damage == ""


def test_a_damaged_cache_in_whose_place_is_another_one_is_left_alone(tmp_path: Path) -> None:
    """Another run found it damaged, too, and was faster."""
    file = tmp_path / "feeds.sqlite"
    file.write_bytes(b"damaged")
    before = identity(file)
    (tmp_path / "new").write_bytes(b"made anew")
    (tmp_path / "new").replace(file)
    SqliteCatalog.discard(file, before)
    assert file.read_bytes() == b"made anew"
    SqliteCatalog.discard(file, identity(file))
    assert not file.exists()
    SqliteCatalog.discard(file, None)


def flipped(content: bytes, place: int, bits: int) -> bytes:
    return content[:place] + bytes([content[place] ^ bits]) + content[place + 1 :]


@pytest.mark.parametrize("place", [0, 15, 16, 18, 19, 20, 21, 24, 28, 31, 40, 44, 47, 56, 59, 60, 68, 71, 92, 96])
def test_a_damaged_header_stops_no_run(site: Site, place: int) -> None:
    """Also where it is that of another program then, or of a format that SQLite may only read."""
    write(site, "a")
    site.regenerate()
    file = catalog_file(site)
    file.write_bytes(flipped(file.read_bytes(), place, 0xFF))
    write(site, "b")
    assert site.regenerate().entries == 2
    documents = site.documents()
    shutil.rmtree(site.folder / ".feeds")
    assert site.regenerate().written == 0
    assert site.documents() == documents


@pytest.mark.parametrize("statement", ["DELETE FROM entry", "UPDATE entry SET id = id || 'x'"])
def test_values_that_do_not_fit_each_other_are_made_anew(site: Site, statement: str) -> None:
    write(site, "a", "b")
    site.regenerate()
    file = catalog_file(site)
    with sqlite3.connect(file) as database:
        database.execute(statement)
    database.close()
    site.configure(site.config_path.read_text(encoding="utf-8").replace("Test Wire", "Other Wire"))
    write(site, "c")
    report = site.regenerate()
    assert "the cache cannot be used: its values do not fit each other" in report.damage
    documents = site.documents()
    shutil.rmtree(site.folder / ".feeds")
    assert site.regenerate().written == 0
    assert site.documents() == documents


def test_a_mistake_in_our_own_code_is_no_damage(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would come again with a catalog that is new."""

    def failing(*_: object) -> None:
        raise KeyError("own")

    write(site, "a")
    site.regenerate()
    monkeypatch.setattr(SqliteCatalog, "files", failing)
    write(site, "b")
    monkeypatch.setattr(SqliteCatalog, "left_out", failing)
    with pytest.raises(KeyError, match="own"):
        site.regenerate()
