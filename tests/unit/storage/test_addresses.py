"""URLs of object stores, and stores that are added as a module."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from feeds.errors import PublishError
from feeds.storage import stores as stores_package
from feeds.storage.addresses import is_address, stores, wrong_address
from feeds.storage.folder import open_folder
from tests.support.folder_contract import headers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
def test_the_url_of_a_folder_is_checked(address: str, wrong: str | None) -> None:
    assert is_address(address)
    found = wrong_address(address)
    assert (found is None) if wrong is None else (found or "").startswith(wrong)
    if wrong:
        with pytest.raises(PublishError, match=r"^[a-z0-9]+://"):
            open_folder(address)


@pytest.mark.parametrize("path", ["output", "/srv/feeds", "C:\\feeds", "a:b"])
def test_a_path_is_no_url(path: str) -> None:
    assert not is_address(path)


NEW_STORE = '''\
"""A store that the package does not have."""

SCHEMES = ("fake", "fakes")
EXTRA = "fake-extra"


def write_options(headers):
    return {"fields": dict(headers)}
'''


@pytest.fixture
def new_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module in a folder that belongs to the package of the stores during the test."""
    (tmp_path / "fake.py").write_text(NEW_STORE, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(stores_package, "__path__", [*stores_package.__path__, str(tmp_path)])
        stores.cache_clear()
        yield
    stores.cache_clear()
    sys.modules.pop(f"{stores_package.__name__}.fake", None)
    vars(stores_package).pop("fake", None)


@pytest.mark.usefixtures("new_store")
def test_a_store_is_added_as_one_module(monkeypatch: pytest.MonkeyPatch) -> None:
    options: list[dict[str, Any]] = []

    class Store:
        def pipe_file(self, path: str, body: bytes, **given: Any) -> dict[str, str]:
            assert (path, body) == ("bucket/feeds/a.rss", b"x")
            options.append(given)
            return {"etag": "1"}

    assert {"fake", "fakes", "s3", "gs", "abfs", "memory"} <= stores().keys()
    assert stores()["fake"] is stores()["fakes"]
    assert wrong_address("fake://bucket/feeds") is wrong_address("FAKES://bucket") is None
    assert "expected one of abfs, abfss, az, fake, fakes, gcs" in (wrong_address("ftp://host") or "")
    monkeypatch.setattr("feeds.storage.objects.connect", lambda *_: (Store(), "bucket/feeds"))
    open_folder("fake://bucket/feeds", headers_of).write("a.rss", b"x", media_type="text/css")
    assert options == [{"fields": {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=3600"}}]


def test_the_new_store_was_part_of_its_test_only() -> None:
    assert "fake" not in stores()
