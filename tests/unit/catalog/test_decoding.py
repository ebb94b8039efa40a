"""Damaged rows and values of a catalog."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feeds.catalog.decoding import decoding_errors, typed_rows
from feeds.catalog.schema import DamagedCatalogError
from feeds.catalog.times import time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NULL: Any = None


@pytest.mark.parametrize(
    ("decode", "message"),
    [
        (lambda: msgspec.msgpack.decode(b""), r"the cache cannot be used: Input data was truncated"),
        (lambda: msgspec.msgpack.decode(b"\x01", type=str), r"the cache cannot be used: Expected `str`, got `int`"),
        (lambda: msgspec.msgpack.decode(NULL), r"its values do not fit each other \(TypeError"),
        (lambda: {1: "feed"}[2], r"its values do not fit each other \(KeyError"),
        (lambda: time_of(1 << 62), r"its values do not fit each other \(OverflowError"),
    ],
    ids=["cut", "another type", "no value", "missing row", "out of range"],
)
def test_errors_of_decoding_are_damage(decode: Callable[[], object], message: str) -> None:
    with pytest.raises(DamagedCatalogError, match=f"^the cache: .*{message}"), decoding_errors(None):
        decode()
    path = Path("nowhere/feeds.sqlite")
    with pytest.raises(DamagedCatalogError, match=r"^nowhere/feeds\.sqlite: "), decoding_errors(path):
        decode()


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), OSError(5, "I/O"), KeyboardInterrupt()])
def test_other_errors_are_not(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, decoding_errors(None):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    "rows", [[], [(1, "a", b"x")], [(1, "a", b"x"), (-(1 << 62), "", b"")]], ids=["none", "one", "two"]
)
def test_rows_with_the_types_of_their_columns_are_returned(rows: Sequence[tuple[Any, ...]]) -> None:
    assert typed_rows(None, iter(rows), (int, str, bytes)) == rows


@pytest.mark.parametrize("row", [(None, "a"), (1.0, "a"), ("1", "a"), (1, b"a"), (1, None), (1, 2)], ids=repr)
def test_a_value_of_another_type_is_damage(row: tuple[Any, ...]) -> None:
    for rows in ([row], [(1, "a"), row], [row, (1, "a")]):
        with pytest.raises(DamagedCatalogError, match="its values do not fit each other"):
            typed_rows(None, rows, (int, str))
