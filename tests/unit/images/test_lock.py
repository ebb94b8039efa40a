"""What is known of images: kept in a file that can be committed, and shown in place of what articles say."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest

from feeds.config.schema import Enclosures
from feeds.errors import ConfigError, PublishError
from feeds.images.lock import ImageInfo, digest_of_images, is_stale, read_lock, with_image_info, write_lock
from feeds.models import Enclosure
from tests.support.samples import ENTRY
from tests.support.site import NOW

if TYPE_CHECKING:
    from pathlib import Path

A = "https://a.example/a.jpg"
B = "https://a.example/b.jpg"
KNOWN = ImageInfo(address=A, type="image/webp", length=12345, width=1200, height=630, asked=NOW)
FAILED = ImageInfo(address=B, asked=NOW, failed="404 Not Found", dead=True)
LINES = (
    b'{"address":"https://a.example/a.jpg","type":"image/webp","length":12345,"width":1200,"height":630,'
    b'"asked":"2026-06-01T12:00:00Z"}\n'
    b'{"address":"https://a.example/b.jpg","asked":"2026-06-01T12:00:00Z","failed":"404 Not Found","dead":true}\n'
)
#: What nobody measures.
WRONG = ('"length": -5', '"length": 0', '"width": 65536', '"height": -1', '"type": "no type at all"')


def test_the_file_has_a_line_an_image_ordered_by_address(tmp_path: Path) -> None:
    write_lock(tmp_path / "lock", [FAILED, KNOWN])
    assert (tmp_path / "lock").read_bytes() == LINES
    assert read_lock(tmp_path / "lock") == {A: KNOWN, B: FAILED}
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "lock") == {}


def test_empty_lines_and_other_fields_are_passed_over_and_times_without_an_offset_are_in_utc(tmp_path: Path) -> None:
    line = '{"address": "https://a.example/a.jpg", "asked": "2026-06-01T12:00:00", "etag": "x"}'
    (tmp_path / "lock").write_text(f"\n{line}\r\n\n", encoding="utf-8")
    assert read_lock(tmp_path / "lock") == {A: ImageInfo(address=A, asked=NOW)}


@pytest.mark.parametrize(
    "line",
    ["<<<<<<< HEAD", "[]", '{"address": 5}', '{"address": "https://a.example/a.jpg"}', "\udcff", "{"]
    + [f'{{"address": "https://a.example/", "asked": "2026-06-01T12:00:00Z", {wrong}}}' for wrong in WRONG],
)
def test_a_line_of_something_else_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "lock").write_bytes(LINES + line.encode(errors="surrogateescape") + b"\n")
    with pytest.raises(ConfigError) as caught:
        read_lock(tmp_path / "lock")
    (mistake,) = caught.value.mistakes
    assert (mistake.path, mistake.line) == (str(tmp_path / "lock"), 3)
    assert "is no line that `feeds probe` writes" in mistake.message


def test_a_file_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_lock(tmp_path / "lock")
    with pytest.raises(PublishError, match="cannot be written"):
        write_lock(tmp_path / "lock", [KNOWN])
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("facts", "days", "expected"),
    [
        (KNOWN, 89, False),
        (KNOWN, 90, True),
        (msgspec.structs.replace(KNOWN, failed="timed out"), 0.9, False),
        (msgspec.structs.replace(KNOWN, failed="timed out"), 1, True),
        (FAILED, 1, False),
        (FAILED, 90, True),
        (msgspec.structs.replace(FAILED, failed="500 Internal Server Error"), 1, True),
        (msgspec.structs.replace(FAILED, failed="is a page (text/html), no image"), 1, True),
        (KNOWN, -1, False),
        (KNOWN, -1.1, True),
    ],
    ids=[
        "known",
        "known long ago",
        "failed",
        "failed a while ago",
        "gone",
        "gone long ago",
        "gone, then no answer",
        "a page in its place",
        "a clock that was ahead",
        "a clock that was wrong",
    ],
)
def test_an_answer_is_believed_for_a_time(facts: ImageInfo, days: float, expected: bool) -> None:
    assert is_stale(facts, NOW + dt.timedelta(days=days), Enclosures()) is expected


def enclosure(**said: object) -> Enclosure:
    return Enclosure(**{"href": A, "type": "image/jpeg", **said})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "facts", "expected"),
    [
        (enclosure(), KNOWN, enclosure(type="image/webp", length=12345, width=1200, height=630)),
        (enclosure(length=5), KNOWN, enclosure(type="image/webp", length=12345, width=1200, height=630)),
        (enclosure(width=5, height=4), KNOWN, enclosure(type="image/webp", length=12345, width=5, height=4)),
        (enclosure(width=5), KNOWN, enclosure(type="image/webp", length=12345, width=1200, height=630)),
        (enclosure(width=5, length=5), ImageInfo(address=A, asked=NOW), enclosure(width=5, length=5)),
        (enclosure(length=5), ImageInfo(address=A, asked=NOW, failed="timed out"), enclosure(length=5)),
        (enclosure(length=5), ImageInfo(address=A, asked=NOW, failed="gone", dead=True), enclosure(length=5)),
    ],
)
def test_what_was_measured_beats_what_is_said(given: Enclosure, facts: ImageInfo, expected: Enclosure) -> None:
    entry = msgspec.structs.replace(ENTRY, enclosures=(given,))
    assert with_image_info(entry, {A: facts}, Enclosures()).enclosures == (expected,)


def test_of_what_nothing_is_known_nothing_changes() -> None:
    entry = msgspec.structs.replace(ENTRY, enclosures=(enclosure(),))
    assert with_image_info(entry, {B: KNOWN}, Enclosures(dead="drop")) is entry


def test_dead_images_can_be_left_out() -> None:
    entry = msgspec.structs.replace(ENTRY, enclosures=(enclosure(href=B), enclosure()))
    facts = {B: FAILED}
    assert with_image_info(entry, facts, Enclosures(dead="keep")).enclosures == entry.enclosures
    assert with_image_info(entry, facts, Enclosures(dead="drop")).enclosures == (enclosure(),)
    failed = {B: msgspec.structs.replace(FAILED, dead=False)}
    assert with_image_info(entry, failed, Enclosures(dead="drop")).enclosures == entry.enclosures


def test_the_digest_is_of_what_is_shown() -> None:
    later = msgspec.structs.replace(KNOWN, asked=NOW + dt.timedelta(days=1), failed="timed out")
    assert digest_of_images([A, B], {A: KNOWN}) == digest_of_images([A, B], {A: later})
    others = [
        {},
        {A: msgspec.structs.replace(KNOWN, length=5)},
        {A: msgspec.structs.replace(KNOWN, dead=True)},
        {B: msgspec.structs.replace(KNOWN, address=B)},
    ]
    assert len({digest_of_images([A, B], known) for known in [{A: KNOWN}, *others]}) == 5
