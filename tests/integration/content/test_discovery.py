"""Articles found in an S3 server."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
import s3fs
from hypothesis import HealthCheck, example, given, settings

from tests.support.discovery_contract import PATHS, UNUSUAL_PATHS, check_discovery, write_objects
from tests.support.object_store import s3_server, use_server
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

_number = count()


@pytest.fixture(scope="module")
def _server() -> Iterator[None]:
    with s3_server() as url, pytest.MonkeyPatch.context() as monkeypatch:
        use_server(url, monkeypatch)
        yield


@pytest.mark.usefixtures("_server")
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=PATHS)
@example(paths=UNUSUAL_PATHS)
def test_every_way_of_discovery_finds_the_same(paths: set[str]) -> None:
    bucket = f"s3://bucket-{next(_number)}"
    s3fs.S3FileSystem().mkdir(bucket)
    check_discovery(write_objects(f"{bucket}/archive", paths), paths)
