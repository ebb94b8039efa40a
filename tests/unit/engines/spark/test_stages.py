"""Results of tasks, put together by the driver."""

from __future__ import annotations

import pytest

from feeds.engines.spark.ingest import FilesSummary
from feeds.engines.spark.partitions import BucketSummary
from feeds.engines.spark.stages import is_one_reading

FIRST, AGAIN = b"first", b"again"


def summary(bucket: int, version: bytes, *touched: int) -> FilesSummary:
    return FilesSummary(bucket, "", version, list(touched), articles=1, changed=1, skipped={}, diagnostics=[])


@pytest.mark.parametrize(
    ("seen", "summaries", "expected"),
    [
        ([set(), set()], [summary(0, FIRST), summary(1, FIRST)], True),
        ([{(0, FIRST)}, {(0, FIRST)}], [summary(0, FIRST, 0, 1)], True),
        ([{(0, FIRST)}, {(1, AGAIN)}], [summary(0, FIRST, 0), summary(1, AGAIN, 1)], True),
        ([{(0, FIRST)}, {(0, AGAIN)}], [summary(0, FIRST, 0, 1)], False),
        ([{(0, FIRST)}, {(0, AGAIN)}], [summary(0, AGAIN, 0, 1)], False),
        ([{(0, FIRST)}, set()], [summary(0, FIRST, 0, 1)], False),
        ([{(0, FIRST)}, set()], [summary(0, FIRST)], False),
        ([{(0, FIRST), (0, AGAIN)}, set()], [summary(0, AGAIN, 0)], False),
        ([{(0, AGAIN)}, set()], [summary(0, FIRST, 0)], False),
    ],
    ids=[
        "nothing changed",
        "one change",
        "two changes",
        "a bucket saw a second reading",
        "a bucket saw the first reading",
        "a bucket lacks the change",
        "a bucket has a change that is none",
        "a bucket saw two readings",
        "only a former reading",
    ],
)
def test_all_buckets_must_have_seen_the_same_reading(
    seen: list[set[tuple[int, bytes]]], summaries: list[FilesSummary], expected: bool
) -> None:
    assert is_one_reading([(BucketSummary(), one) for one in seen], summaries) is expected
