"""Image metadata: the lock file, its age, and how it is merged into enclosures."""

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
KNOWN = ImageInfo(url=A, type="image/webp", length=12345, width=1200, height=630, probed_at=NOW)
FAILED = ImageInfo(url=B, probed_at=NOW, failed="404 Not Found", dead=True)
LINES = (
    b'{"address":"https://a.example/a.jpg","type":"image/webp","length":12345,"width":1200,"height":630,'
    b'"asked":"2026-06-01T12:00:00Z"}\n'
    b'{"address":"https://a.example/b.jpg","asked":"2026-06-01T12:00:00Z","failed":"404 Not Found","dead":true}\n'
)
#: Impossible values.
INVALID = ('"length": -5', '"length": 0', '"width": 65536', '"height": -1', '"type": "no type at all"')


def test_the_file_has_one_line_per_image_in_order_of_urls(tmp_path: Path) -> None:
    write_lock(tmp_path / "lock", [FAILED, KNOWN])
    assert (tmp_path / "lock").read_bytes() == LINES
    assert read_lock(tmp_path / "lock") == {A: KNOWN, B: FAILED}
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]


def test_no_file_means_no_known_images(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "lock") == {}


def test_empty_lines_and_unknown_fields_are_ignored_and_times_default_to_utc(tmp_path: Path) -> None:
    line = '{"address": "https://a.example/a.jpg", "asked": "2026-06-01T12:00:00", "etag": "x"}'
    (tmp_path / "lock").write_text(f"\n{line}\r\n\n", encoding="utf-8")
    assert read_lock(tmp_path / "lock") == {A: ImageInfo(url=A, probed_at=NOW)}


@pytest.mark.parametrize(
    "line",
    ["<<<<<<< HEAD", "[]", '{"address": 5}', '{"address": "https://a.example/a.jpg"}', "\udcff", "{"]
    + [f'{{"address": "https://a.example/", "asked": "2026-06-01T12:00:00Z", {invalid}}}' for invalid in INVALID],
)
def test_an_invalid_line_is_reported(tmp_path: Path, line: str) -> None:
    (tmp_path / "lock").write_bytes(LINES + line.encode(errors="surrogateescape") + b"\n")
    with pytest.raises(ConfigError) as caught:
        read_lock(tmp_path / "lock")
    (diagnostic,) = caught.value.mistakes
    assert (diagnostic.path, diagnostic.line) == (str(tmp_path / "lock"), 3)
    assert "is no line that `feeds probe` writes" in diagnostic.message


def test_an_unusable_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_lock(tmp_path / "lock")
    with pytest.raises(PublishError, match="cannot be written"):
        write_lock(tmp_path / "lock", [KNOWN])
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("image", "days", "expected"),
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
def test_a_result_is_stale_after_a_time(image: ImageInfo, days: float, expected: bool) -> None:
    assert is_stale(image, NOW + dt.timedelta(days=days), Enclosures()) is expected


def enclosure(**fields: object) -> Enclosure:
    return Enclosure(**{"href": A, "type": "image/jpeg", **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "image", "expected"),
    [
        (enclosure(), KNOWN, enclosure(type="image/webp", length=12345, width=1200, height=630)),
        (enclosure(length=5), KNOWN, enclosure(type="image/webp", length=12345, width=1200, height=630)),
        (enclosure(width=5, height=4), KNOWN, enclosure(type="image/webp", length=12345, width=5, height=4)),
        (enclosure(width=5), KNOWN, enclosure(type="image/webp", length=12345, width=1200, height=630)),
        (enclosure(width=5, length=5), ImageInfo(url=A, probed_at=NOW), enclosure(width=5, length=5)),
        (enclosure(length=5), ImageInfo(url=A, probed_at=NOW, failed="timed out"), enclosure(length=5)),
        (enclosure(length=5), ImageInfo(url=A, probed_at=NOW, failed="gone", dead=True), enclosure(length=5)),
    ],
)
def test_measured_values_win_except_for_a_size_in_the_article(
    given: Enclosure, image: ImageInfo, expected: Enclosure
) -> None:
    entry = msgspec.structs.replace(ENTRY, enclosures=(given,))
    assert with_image_info(entry, {A: image}, Enclosures()).enclosures == (expected,)


def test_an_entry_without_known_images_is_unchanged() -> None:
    entry = msgspec.structs.replace(ENTRY, enclosures=(enclosure(),))
    assert with_image_info(entry, {B: KNOWN}, Enclosures(dead="drop")) is entry


def test_dead_images_can_be_dropped() -> None:
    entry = msgspec.structs.replace(ENTRY, enclosures=(enclosure(href=B), enclosure()))
    known = {B: FAILED}
    assert with_image_info(entry, known, Enclosures(dead="keep")).enclosures == entry.enclosures
    assert with_image_info(entry, known, Enclosures(dead="drop")).enclosures == (enclosure(),)
    failed = {B: msgspec.structs.replace(FAILED, dead=False)}
    assert with_image_info(entry, failed, Enclosures(dead="drop")).enclosures == entry.enclosures


def test_the_digest_covers_what_is_shown() -> None:
    later = msgspec.structs.replace(KNOWN, probed_at=NOW + dt.timedelta(days=1), failed="timed out")
    assert digest_of_images([A, B], {A: KNOWN}) == digest_of_images([A, B], {A: later})
    others = [
        {},
        {A: msgspec.structs.replace(KNOWN, length=5)},
        {A: msgspec.structs.replace(KNOWN, dead=True)},
        {B: msgspec.structs.replace(KNOWN, url=B)},
    ]
    assert len({digest_of_images([A, B], known) for known in [{A: KNOWN}, *others]}) == 5
