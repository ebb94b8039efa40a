"""Folders of object stores: in memory, and of clients that are not installed here."""

from __future__ import annotations

import sys

import pytest

from feeds.errors import PublishError
from feeds.storage.folder import open_folder
from feeds.storage.objects import ObjectFolder, StorageError, connect
from tests.support.folder_contract import StoreContract, headers_of
from tests.support.object_store import empty_memory


class TestMemoryFolder(StoreContract):
    @pytest.fixture
    def folder(self) -> ObjectFolder:
        empty_memory()
        return ObjectFolder("memory://bucket/feeds", headers_of)


def use_store(monkeypatch: pytest.MonkeyPatch, store: object) -> None:
    """Use an object for the fsspec file system of every URL."""
    monkeypatch.setattr("feeds.storage.objects.connect", lambda *_: (store, "b"))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    connect.cache_clear()
    monkeypatch.setitem(sys.modules, "gcsfs", None)
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
        ("memory://b", {}),
    ],
)
def test_each_store_gets_headers_in_its_own_way(
    address: str, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, object]] = []

    class Store:
        def pipe_file(self, path: str, body: bytes, **options: object) -> dict[str, str]:
            assert (path, body) == ("b/a.css.gz", b"x")
            given.append(options)
            return {"etag": "1"}

    def headers(media_type: str, coding: str | None) -> dict[str, str]:
        return {"Content-Type": media_type, "Content-Encoding": str(coding), "Cache-Control": "max-age=60"}

    use_store(monkeypatch, Store())
    open_folder(address, headers).write("a.css.gz", b"x", media_type="text/css", coding="gzip")
    assert given == [expected]


class StatusError(Exception):
    """An error of a store's package, with the status as an attribute."""

    def __init__(self, **status: object) -> None:
        super().__init__("of the store")
        vars(self).update(status)


@pytest.mark.parametrize("name", ["code", "status_code"])
@pytest.mark.parametrize(("status", "is_empty"), [(416, True), ("416", True), (403, False), (None, False)])
def test_an_object_without_any_byte_of_the_range_is_empty(
    monkeypatch: pytest.MonkeyPatch, name: str, status: object, *, is_empty: bool
) -> None:
    """As the packages of gs:// and abfs:// report it, which are not installed here."""

    class Store:
        def cat_ranges(self, paths: list[str], **_: object) -> list[Exception]:
            return [StatusError(**{name: status}) for _ in paths]

    use_store(monkeypatch, Store())
    (content,) = ObjectFolder("gs://b").fetch(["a.md"], 9).values()
    assert content == b"" if is_empty else isinstance(content, StorageError)


@pytest.mark.parametrize("etag", ["0" * 32, "0" * 32 + "-2", ""])
def test_an_object_is_read_if_its_version_does_not_tell_its_bytes(monkeypatch: pytest.MonkeyPatch, etag: str) -> None:
    """With SSE-KMS and SSE-C, an ETag is no MD5, although it looks like one."""

    class Store:
        def info(self, _: str) -> dict[str, object]:
            return {"type": "file", "size": 3, "ETag": f'"{etag}"', "LastModified": "2026-05-01T00:00:00Z"}

        def cat_file(self, _: str, **__: object) -> bytes:
            return b"one"

    use_store(monkeypatch, Store())
    assert ObjectFolder("s3://b").unchanged_version("a.rss", b"one") is not None
    assert ObjectFolder("s3://b").unchanged_version("a.rss", b"two") is None


def test_an_error_of_a_package_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        def find(self, *_: object, **__: object) -> None:
            raise RuntimeError("no\nroute\tto the store")

    use_store(monkeypatch, Store())
    with pytest.raises(StorageError, match="no route to the store") as caught:
        list(ObjectFolder("s3://b").find())
    assert caught.value.strerror == "no route to the store"
    with pytest.raises(PublishError, match=r"^s3://b/: cannot be read: no route to the store$"):
        ObjectFolder("s3://b").listing()
