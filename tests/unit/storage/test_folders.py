"""Folders of this machine and of object stores: what is put there, and found there, whatever it is."""

from __future__ import annotations

import pickle
from itertools import count
from typing import TYPE_CHECKING

import pytest

from feeds.errors import PublishError
from feeds.storage.addresses import is_address, wrong_address
from feeds.storage.folder import open_folder
from feeds.storage.local import DiskFolder
from feeds.storage.objects import ObjectFolder, StorageError
from tests.support.object_store import empty_memory, forget_connections, s3_server, use_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feeds.storage.folder import Folder

HEADERS = {"Content-Type": "application/rss+xml; charset=utf-8", "Cache-Control": "max-age=3600"}
_number = count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(params=["disk", "memory", "s3"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty folder of each kind."""
    if request.param == "disk":
        return open_folder(tmp_path / "output")
    if request.param == "memory":
        empty_memory()
        return open_folder("memory://bucket/feeds")
    use_server(request.getfixturevalue("server"), monkeypatch)
    return open_folder(new_bucket())


#: What a folder of this machine has no need of: its files are read one by one.
OF_STORES = pytest.mark.parametrize("folder", ["memory", "s3"], indirect=True)


def new_bucket() -> str:
    import s3fs  # noqa: PLC0415  # it takes a while

    name = f"bucket-{next(_number)}"
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}/feeds"


def test_what_is_put_is_there(folder: Folder) -> None:
    assert (folder.read("topics/ai.rss"), folder.facts("topics/ai.rss")) == (None, None)
    stamp = folder.write("topics/ai.rss", b"<rss/>", headers=HEADERS)
    assert folder.read("topics/ai.rss") == b"<rss/>"
    assert folder.facts("topics/ai.rss") == (6, stamp)
    listing = folder.listing()
    assert listing in (None, {"topics/ai.rss": (6, stamp)})
    assert folder.facts("topics") is None or isinstance(folder, DiskFolder)


def test_what_is_the_same_is_known_and_what_is_another_too(folder: Folder) -> None:
    stamp = folder.write("a.rss", b"one", headers=HEADERS)
    assert folder.stamp_if_it_holds("a.rss", b"one") == stamp
    assert folder.stamp_if_it_holds("a.rss", b"two") is None
    assert folder.stamp_if_it_holds("a.rss", b"three") is None
    assert folder.stamp_if_it_holds("b.rss", b"one") is None
    assert folder.stamp_if_it_holds("a.rss", b"one", is_new=True) == (stamp if isinstance(folder, DiskFolder) else None)
    assert folder.write("a.rss", b"two", headers=HEADERS) != stamp
    assert folder.stamp_if_it_holds("a.rss", b"one") is None


def test_what_is_removed_is_gone(folder: Folder) -> None:
    folder.write("topics/ai.rss", b"<rss/>", headers=HEADERS)
    assert folder.remove("topics/ai.rss", dry_run=True)
    assert folder.read("topics/ai.rss") == b"<rss/>"
    assert folder.remove("topics/ai.rss")
    assert folder.read("topics/ai.rss") is None
    assert not folder.remove("topics/ai.rss")


def test_nothing_is_outside(folder: Folder) -> None:
    folder.check_inside(["a.rss", "topics/ai.rss"])
    for path in ("../a.rss", "/etc/a.rss", "topics/../../a.rss"):
        with pytest.raises(PublishError, match="expected a folder inside it"):
            folder.check_inside([path])


def test_folders_go_to_other_processes(folder: Folder) -> None:
    folder.write("a.rss", b"one", headers=HEADERS)
    same = pickle.loads(pickle.dumps(folder))  # noqa: S301
    assert (same, same.key, str(same), same.read("a.rss")) == (folder, folder.key, str(folder), b"one")
    assert folder.place("a.rss") == f"{folder}/a.rss"


def test_odd_names_are_names(folder: Folder) -> None:
    for path in ("topics/größe.rss", "topics/日本.rss", "a b.rss", "a+b%20c.rss"):
        folder.write(path, path.encode(), headers=HEADERS)
        assert folder.read(path) == path.encode()
        assert folder.facts(path) is not None
        assert path in (folder.listing() or {path})


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("s3://bucket", None),
        ("s3://bucket/feeds", None),
        ("gs://bucket/a/b/", None),
        ("abfs://container@account.dfs.core.windows.net/feeds", None),
        ("memory://feeds", None),
        ("s3://", "is no address of an object store"),
        ("s3:///feeds", "is no address of an object store"),
        ("s3://bucket/feeds?x=1", "is no address of an object store"),
        ("ftp://host/feeds", "has the scheme ftp; expected one of abfs"),
        ("file:///etc", "is no address of an object store"),
        ("https://host/feeds", "has the scheme https"),
        ("s3://key:secret@bucket/feeds", "has credentials in it"),
        ("s3://bucket/a/../b", "has empty parts or dots for parts"),
        ("s3://bucket//a", "has empty parts or dots for parts"),
    ],
)
def test_an_address_is_one_of_a_store(address: str, wrong: str | None) -> None:
    assert is_address(address)
    found = wrong_address(address)
    assert (found is None) if wrong is None else (found or "").startswith(wrong)
    if wrong:
        with pytest.raises(PublishError, match=r"^[a-z0-9]+://"):
            open_folder(address)


@pytest.mark.parametrize("path", ["output", "/srv/feeds", "C:\\feeds", "a:b"])
def test_a_path_is_none(path: str) -> None:
    assert not is_address(path)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_connections()
    monkeypatch.setitem(__import__("sys").modules, "gcsfs", None)
    with pytest.raises(PublishError) as caught:
        open_folder("gs://bucket/feeds").read("feeds.json")
    assert str(caught.value) == (
        "gs://bucket/feeds/feeds.json: cannot be read: a package is missing; `pip install 'feeds[gs]'` has it"
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("s3://b", {"ContentType": "text/css", "ContentEncoding": "gzip", "CacheControl": "max-age=60"}),
        (
            "gs://b",
            {
                "content_type": "text/css",
                "fixed_key_metadata": {"content_encoding": "gzip", "cache_control": "max-age=60"},
            },
        ),
        (
            "abfs://b",
            {
                "content_settings": {
                    "content_type": "text/css",
                    "content_encoding": "gzip",
                    "cache_control": "max-age=60",
                }
            },
        ),
    ],
)
def test_each_store_is_told_the_headers_in_its_way(
    address: str, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, object]] = []

    class Store:
        def pipe_file(self, path: str, body: bytes, **options: object) -> dict[str, str]:
            assert (path, body) == ("b/a.css.gz", b"x")
            said.append(options)
            return {"etag": "1"}

    monkeypatch.setattr("feeds.storage.objects._opened", lambda *_: (Store(), "b"))
    headers = {"Content-Type": "text/css", "Content-Encoding": "gzip", "Cache-Control": "max-age=60"}
    open_folder(address).write("a.css.gz", b"x", headers=headers)
    assert said == [expected]


@OF_STORES
def test_objects_are_found_and_fetched_many_at_a_time(folder: ObjectFolder) -> None:
    assert list(folder.find()) == []
    stamps = {path: folder.write(path, path.encode(), headers=HEADERS) for path in ("a.md", "b/c.md", "b/d.txt")}
    found = {path: (size, stamp) for path, size, _, stamp in folder.find()}
    assert found == {path: (len(path), stamp) for path, stamp in stamps.items()}
    assert all(time > 0 for _, _, time, _ in folder.find())
    contents = folder.fetch(["a.md", "b/c.md", "none.md"], 1000)
    assert isinstance(contents.pop("none.md"), FileNotFoundError)
    assert contents == {"a.md": b"a.md", "b/c.md": b"b/c.md"}
    assert folder.fetch(["a.md"], 4) == {"a.md": b"a.md"}
    assert folder.is_there("a.md")
    assert not folder.is_there("none.md")


@OF_STORES
def test_of_an_object_that_is_too_large_no_more_is_fetched_than_tells_that(folder: ObjectFolder) -> None:
    folder.write("a.md", b"x" * 100_000, headers=HEADERS)
    folder.write("empty.md", b"", headers=HEADERS)
    assert folder.fetch(["a.md", "empty.md"], 9) == {"a.md": b"x" * 10, "empty.md": b""}


class _StatusError(Exception):
    def __init__(self, **status: object) -> None:
        super().__init__("of the store")
        vars(self).update(status)


@pytest.mark.parametrize("name", ["code", "status_code"])
@pytest.mark.parametrize(("status", "is_empty"), [(416, True), ("416", True), (403, False), (None, False)])
def test_an_object_that_has_none_of_the_bytes_asked_for_is_empty(
    monkeypatch: pytest.MonkeyPatch, name: str, status: object, *, is_empty: bool
) -> None:
    """As the packages for gs:// and abfs:// say it, which are not installed here."""

    class Store:
        def cat_ranges(self, paths: list[str], **_: object) -> list[Exception]:
            return [_StatusError(**{name: status}) for _ in paths]

    monkeypatch.setattr("feeds.storage.objects._opened", lambda *_: (Store(), "b"))
    (content,) = ObjectFolder("gs://b").fetch(["a.md"], 9).values()
    assert content == b"" if is_empty else isinstance(content, StorageError)


@pytest.mark.parametrize("etag", ["0" * 32, "0" * 32 + "-2", ""])
def test_what_an_object_holds_is_looked_at_where_its_version_does_not_tell(
    monkeypatch: pytest.MonkeyPatch, etag: str
) -> None:
    """An ETag is no MD5 where the store encrypts by keys of others, though it looks like one."""

    class Store:
        def info(self, _: str) -> dict[str, object]:
            return {"type": "file", "size": 3, "ETag": f'"{etag}"', "LastModified": "2026-05-01T00:00:00Z"}

        def cat_file(self, _: str, **__: object) -> bytes:
            return b"one"

    monkeypatch.setattr("feeds.storage.objects._opened", lambda *_: (Store(), "b"))
    assert ObjectFolder("s3://b").stamp_if_it_holds("a.rss", b"one") is not None
    assert ObjectFolder("s3://b").stamp_if_it_holds("a.rss", b"two") is None


def test_what_packages_raise_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        def find(self, *_: object, **__: object) -> None:
            raise RuntimeError("no\nroute\tto the store")

    monkeypatch.setattr("feeds.storage.objects._opened", lambda *_: (Store(), "b"))
    with pytest.raises(StorageError, match="no route to the store") as caught:
        list(ObjectFolder("s3://b").find())
    assert caught.value.strerror == "no route to the store"
    with pytest.raises(PublishError, match=r"^s3://b/: cannot be read: no route to the store$"):
        ObjectFolder("s3://b").listing()
