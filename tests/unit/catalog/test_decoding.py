"""Damaged rows and values of a catalog."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feeds.catalog.decoding import checked_count, checked_entry, checked_name, decoding_errors, typed_rows
from feeds.catalog.merging import decode_entry
from feeds.catalog.records import encode_entry
from feeds.catalog.schema import DamagedCatalogError
from feeds.catalog.times import time_of
from tests.support.samples import ENTRY

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


@pytest.mark.parametrize("count", [0, 1, (1 << 48) - 1])
def test_a_count_is_in_range(count: int) -> None:
    assert checked_count(count) == count


@pytest.mark.parametrize("count", [-1, 1 << 48, 1 << 62])
def test_a_count_out_of_range_is_an_error(count: int) -> None:
    with pytest.raises(ValueError, match="is out of range"):
        checked_count(count)


@pytest.mark.parametrize("name", ["", "Energy", "R&D", "エネルギー", "\U0001f600", "a.example"])
def test_a_name_without_control_characters_is_valid(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["\0", "En\x01rgy", "Energy\x7f", "\x85", "\ufffe"])
def test_a_name_with_control_characters_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="has control characters"):
        checked_name(name)


def test_an_entry_is_decoded_if_it_has_its_checksum() -> None:
    value = encode_entry(ENTRY).value
    assert checked_entry(value, 5, zlib.crc32(value)) == decode_entry(value, 5)
    for position in range(len(value)):
        damaged = value[:position] + bytes([value[position] ^ 1]) + value[position + 1 :]
        with pytest.raises(ValueError, match="an entry is not what it was"):
            checked_entry(damaged, 5, zlib.crc32(value))
