"""Folders that articles are read from: what is listed, and what is read and what is refused."""

from __future__ import annotations

import os
import tempfile
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
import pytest

from feeds.storage.object_source import ObjectSource
from feeds.storage.objects import ObjectFolder, StorageError
from feeds.storage.sources import (
    FolderListing,
    FoundFile,
    LocalSource,
    TooLargeError,
    open_source,
    open_sources,
)
from tests.support.object_store import empty_memory

if TYPE_CHECKING:
    from feeds.storage.sources import Source


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"---\ntitle: {path}\n---\n", encoding="utf-8")


def is_markdown(name: str) -> bool:
    return name.endswith(".md")


def list_one(source: Source, path: str) -> FolderListing:
    (listing,) = source.list_folder(path, is_markdown)
    return listing


def read(
    source: Source, path: str, found: FoundFile | None = None, max_bytes: int = 1000
) -> tuple[bytes, FoundFile] | OSError | TooLargeError:
    """Read one file. Without its listing, it is read as one that changed since it was listed."""
    name = path.rpartition("/")[2]
    (result,) = source.read([(path, found or FoundFile(name, -1, -1, -1))], max_bytes)
    return result


def content_of(source: Source, path: str, found: FoundFile | None = None, max_bytes: int = 1000) -> bytes:
    """The bytes of a file; raises the error of reading it."""
    result = read(source, path, found, max_bytes)
    if isinstance(result, Exception):
        raise result
    return result[0]


# Local folders


def test_a_local_file_is_listed_and_read_with_its_state(tmp_path: Path) -> None:
    write(tmp_path, "news/a.md")
    stat = (tmp_path / "news/a.md").stat()
    found = FoundFile("a.md", stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    source = LocalSource(tmp_path)
    assert list_one(source, "") == FolderListing("", ["news"], [], [])
    assert list_one(source, "news") == FolderListing("news", [], [found], [])
    content = (tmp_path / "news/a.md").read_bytes()
    assert read(source, "news/a.md") == read(source, "news/a.md", found) == (content, found)


def test_a_local_folder_is_listed_by_itself(tmp_path: Path) -> None:
    write(tmp_path, "a.md", ".hidden.md", ".hidden/a.md", "news/deep/b.md", "c.txt")
    source: Source = LocalSource(tmp_path)
    listing = list_one(source, "")
    assert (listing.folders, [file.name for file in listing.files]) == (["news"], ["a.md"])
    assert source.list_tree("", is_markdown) is None


def test_a_broken_link_exists_and_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "dangling.md").symlink_to("nowhere")
    source = LocalSource(tmp_path)
    with pytest.raises(FileNotFoundError):
        content_of(source, "dangling.md")
    assert source.exists("dangling.md")


def test_links_to_each_other_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("b.md")
    (tmp_path / "b.md").symlink_to("a.md")
    with pytest.raises(OSError, match="symbolic links"):
        content_of(LocalSource(tmp_path), "a.md")


def test_reading_a_pipe_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")
    assert content_of(LocalSource(tmp_path), "a.md") == b""


@pytest.mark.parametrize("swapped", ["news/a.md", "news"])
def test_a_link_in_place_of_a_listed_file_is_not_followed(tmp_path: Path, swapped: str) -> None:
    write(tmp_path, "articles/news/a.md", "secrets/a.md")
    source = LocalSource(tmp_path / "articles")
    (found,) = list_one(source, "news").files
    (tmp_path / "articles" / swapped).rename(tmp_path / "away")
    (tmp_path / "articles" / swapped).symlink_to(tmp_path / ("secrets" if swapped == "news" else "secrets/a.md"))
    with pytest.raises(OSError, match="a link was put in its place"):
        content_of(source, "news/a.md", found)


def test_a_file_that_changed_since_it_was_listed_is_read_unless_it_is_a_link(tmp_path: Path) -> None:
    write(tmp_path, "news/a.md")
    (tmp_path / "news" / "b.md").symlink_to("a.md")
    source = LocalSource(tmp_path)
    file, link = list_one(source, "news").files
    assert read(source, "news/b.md", link) == (content_of(source, "news/a.md", file), link)
    (tmp_path / "news" / "a.md").write_text("changed", encoding="utf-8")
    assert content_of(source, "news/a.md", file) == b"changed"
    with pytest.raises(OSError, match="a link was put in its place"):  # nobody checked where it leads now
        content_of(source, "news/b.md", link)


@pytest.mark.parametrize(("max_bytes", "is_read"), [(100, True), (99, False)])
def test_a_file_is_read_up_to_a_limit(tmp_path: Path, max_bytes: int, is_read: bool) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * 100)
    if is_read:
        assert len(content_of(LocalSource(tmp_path), "a.md", max_bytes=max_bytes)) == 100
    else:
        with pytest.raises(TooLargeError):
            content_of(LocalSource(tmp_path), "a.md", max_bytes=max_bytes)


def test_nothing_is_read_of_a_file_of_a_gigabyte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "a.md").open("wb") as file:
        file.truncate(1 << 30)

    def refused(*_: object) -> bytes:
        pytest.fail("it was read")

    monkeypatch.setattr(os, "read", refused)
    with pytest.raises(TooLargeError) as caught:
        content_of(LocalSource(tmp_path), "a.md", max_bytes=2_000_000)
    assert caught.value.args == (1 << 30,)


def test_a_file_that_grows_while_it_is_read_is_read_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * 10)
    monkeypatch.setattr(os, "read", lambda _, length: b"x" * length)
    with pytest.raises(TooLargeError):
        content_of(LocalSource(tmp_path), "a.md", max_bytes=1_000_000)


def test_an_unreadable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "c.md")
    (tmp_path / "b.md").write_bytes(b"x" * 2000)
    unlisted = [(name, FoundFile(name, -1, -1, -1)) for name in ("gone.md", "a.md", "b.md", "c.md")]
    gone, first, large, last = LocalSource(tmp_path).read(unlisted, 1000)
    assert isinstance(gone, FileNotFoundError)
    assert isinstance(large, TooLargeError)
    assert (first, last) == (read(LocalSource(tmp_path), "a.md"), read(LocalSource(tmp_path), "c.md"))


@pytest.mark.parametrize("seconds", [-(2**35), 2**34])
def test_times_outside_of_64_bits_are_clamped(seconds: int) -> None:
    memory = Path("/dev/shm")  # noqa: S108  # a file system that keeps such times, if there is one
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        write(folder, "a.md")
        os.utime(folder / "a.md", (0, seconds))
        if (folder / "a.md").stat().st_mtime != seconds:
            pytest.skip("the file system here does not keep such times either")
        (found,) = list_one(LocalSource(folder), "").files
        assert abs(found.mtime) == 2**63 - 1
        result = read(LocalSource(folder), "a.md")
        assert isinstance(result, tuple)
        assert result[1].mtime == found.mtime


def test_a_file_that_cannot_be_examined_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = LocalSource(tmp_path)
    assert not source.exists("a.md")

    def refuse(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("pathlib.Path.lstat", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        source.exists("a.md")


@pytest.mark.parametrize(
    ("changed", "read_at", "expected"),
    [
        (1_000_000_001, 1_010_000_001, True),
        (1_000_000_001, 1_030_000_001, False),
        (1_000_000_000, 2_500_000_000, True),
        (1_000_000_000, 3_500_000_000, False),
    ],
    ids=["same tick", "later tick", "whole seconds, soon", "whole seconds, later"],
)
def test_a_file_read_right_after_a_change_may_change_unseen(changed: int, read_at: int, expected: bool) -> None:
    for times in ((changed, 0), (0, changed)):
        assert LocalSource(Path("a")).may_change_unseen(FoundFile("a.md", 1, *times), read_at) is expected


# Object stores


@pytest.fixture
def store() -> ObjectSource:
    empty_memory()
    memory = fsspec.filesystem("memory")
    for path in ("a.md", "news/b.md", "news/deep/c.md", "news/d.txt", ".hidden/e.md", "//f.md"):
        memory.pipe_file(f"memory://archive/{path}", path.encode())
    return ObjectSource(ObjectFolder("memory://archive"))


def test_objects_are_listed_by_folder_and_all_at_once(store: ObjectSource) -> None:
    listing = list_one(store, "news")
    assert (listing.path, [file.name for file in listing.files]) == ("news", ["b.md"])
    below = sorted(store.list_tree("news", is_markdown), key=attrgetter("path"))
    assert [(one.path, [file.name for file in one.files]) for one in below] == [
        ("news", ["b.md"]),
        ("news/deep", ["c.md"]),
    ]
    assert below[0].files == listing.files
    assert all(file.ctime < 0 for file in listing.files)  # a version


def test_a_missing_folder_of_a_store_is_an_error(store: ObjectSource) -> None:
    with pytest.raises(StorageError, match="No such folder"):
        list(store.list_tree("nowhere", is_markdown))


def test_objects_are_read_as_they_were_listed(store: ObjectSource) -> None:
    (found,) = list_one(store, "news").files
    assert read(store, "news/b.md", found) == (b"news/b.md", found)
    assert isinstance(read(store, "gone.md", FoundFile("gone.md", 9, 0, -1)), FileNotFoundError)
    assert isinstance(read(store, "news/b.md", found._replace(size=1001)), TooLargeError)
    assert isinstance(read(store, "news/b.md", found, max_bytes=8), TooLargeError)
    assert read(store, "gone.md", FoundFile("gone.md", 0, 0, -1)) == (b"", FoundFile("gone.md", 0, 0, -1))
    assert not store.may_change_unseen(found, found.mtime)
    assert store.exists("news/b.md")
    assert not store.exists("news/gone.md")


def test_a_store_that_fails_is_the_error_of_every_object(store: ObjectSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StorageError(0, "no route")

    monkeypatch.setattr(ObjectFolder, "fetch", fail)
    results = list(store.read([(name, FoundFile(name, 1, 0, -1)) for name in ("a.md", "b.md")], 1000))
    assert [str(result) for result in results] == ["[Errno 0] no route"] * 2


# Sources of a configuration


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../articles", LocalSource(Path("/site/articles"))),
        ("/srv/articles", LocalSource(Path("/srv/articles"))),
        ("s3://bucket/articles/", ObjectSource(ObjectFolder("s3://bucket/articles"))),
    ],
)
def test_a_source_is_opened_by_its_name(name: str, expected: Source) -> None:
    source = open_source(Path("/site/config"), name)
    assert source == expected
    assert (source.name, source.local_path) == ("articles", getattr(expected, "path", None))


def test_links_may_lead_from_one_source_into_another(tmp_path: Path) -> None:
    write(tmp_path, "one/a.md", "two/b.md", "three/c.md")
    for name in ("b.md", "c.md"):
        (tmp_path / "one" / name).symlink_to(f"../{'two' if name == 'b.md' else 'three'}/{name}")
    one, _ = open_sources(tmp_path, ["one", "two"])
    listing = list_one(one, "")
    assert [file.name for file in listing.files] == ["a.md", "b.md"]
    assert listing.problems == [("c.md", "is a link that leads out of the archive; it is not followed")]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/a/b", "/a/b", True),
        ("/a/b", "/a/b/c", True),
        ("/a/b", "/a", True),
        ("/a/b", "/a/bc", False),
        ("s3://a/b", "s3://a/b/c", True),
        ("s3://a/b", "s3://a/bc", False),
        ("s3://a/b", "/a/b", False),
    ],
)
def test_sources_overlap_if_one_contains_the_other(one: str, other: str, expected: bool) -> None:
    sources = [open_source(Path("/"), name) for name in (one, other)]
    assert sources[0].overlaps(sources[1]) is sources[1].overlaps(sources[0]) is expected


def test_only_a_local_folder_is_unreachable_without_being_read(tmp_path: Path) -> None:
    assert LocalSource(tmp_path).is_reachable()
    assert not LocalSource(tmp_path / "nowhere").is_reachable()
    assert ObjectSource(ObjectFolder("s3://nowhere")).is_reachable()
