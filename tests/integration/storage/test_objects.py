"""A folder of a real S3 server."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
import s3fs

from feeds.storage.objects import ObjectFolder
from tests.support.folder_contract import StoreContract, headers_of
from tests.support.object_store import s3_server, use_server

if TYPE_CHECKING:
    from collections.abc import Iterator

_number = count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def folder(server: str, monkeypatch: pytest.MonkeyPatch) -> ObjectFolder:
    use_server(server, monkeypatch)
    bucket = f"bucket-{next(_number)}"
    s3fs.S3FileSystem().mkdir(bucket)
    return ObjectFolder(f"s3://{bucket}/feeds", headers_of)


class TestS3Folder(StoreContract):
    def test_an_object_has_its_headers(self, folder: ObjectFolder) -> None:
        folder.write("a.css.gz", b"x", media_type="text/css", coding="gzip")
        bucket, _, key = folder.label("a.css.gz").removeprefix("s3://").partition("/")
        found = s3fs.S3FileSystem().call_s3("head_object", Bucket=bucket, Key=key)
        assert [found[name] for name in ("ContentType", "ContentEncoding", "CacheControl")] == [
            "text/css; charset=utf-8",
            "gzip",
            "max-age=3600",
        ]
