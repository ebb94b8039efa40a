"""Paths of feeds that every system can hold, and names of files as messages show them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feeds.models import ALL_FORMATS
from feeds.storage.names import (
    MAX_LENGTH,
    display_path,
    is_archive,
    is_device,
    is_utf8,
    not_utf8,
    readable,
    wrong_path,
)


@pytest.mark.parametrize("name", ["con", "CON", "nul.txt", "aux.", "prn.a.b", "com0", "LPT9.x", "com²", "conin$"])
def test_the_name_of_a_device_on_windows_is_found(name: str) -> None:
    assert is_device(name)


@pytest.mark.parametrize("name", ["", "cons", "a.con", "com", "com10", "lpt", "nul_", "null"])
def test_another_name_is_no_device(name: str) -> None:
    assert not is_device(name)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("all/archive/2026-05", True),
        ("topics/ai/ARCHIVE/2026-05", True),
        ("archive/2026-05", False),
        ("all/archive/2026-5", False),
        ("all/archive/2026-05/more", False),
        ("all/archive", False),
    ],
)
def test_a_path_of_an_archive_is_found(path: str, expected: bool) -> None:
    assert is_archive(path) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("topics/energy", None),
        ("a.b/c", None),
        ("all.rss", "; expected a path without extension"),
        ("deep.JSON/all", "; expected a path without extension"),
        ("deep/con", "; expected a path without names that Windows has for devices, such as con and nul"),
        ("a" * MAX_LENGTH, None),
        ("é" * (MAX_LENGTH // 2), None),
        ("é" * (MAX_LENGTH // 2) + "a", f" is {MAX_LENGTH + 1} bytes long; expected at most {MAX_LENGTH}"),
        ("a" * (MAX_LENGTH + 1), None),  # its characters are counted elsewhere
    ],
    ids=lambda value: value[:20] if value else None,
)
def test_a_wrong_path_of_a_feed_is_described(path: str, expected: str | None) -> None:
    assert wrong_path(path) == expected


def test_bytes_that_are_not_utf8_are_shown_as_escapes() -> None:
    path = Path(os.fsdecode(b"/deep/\xff\xc3\xa9.md"))
    assert (is_utf8(str(path)), is_utf8("/deep/é.md")) == (False, True)
    assert readable(str(path)) == r"/deep/\xffé.md"
    assert not_utf8(path) == r"/deep/\xffé.md, which is not UTF-8; expected a path that is"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.md", "a.md"),
        ("./deep/../a.md", "a.md"),
        ("deep//a.md/", "deep/a.md"),
        ("{cwd}/deep/a.md", "deep/a.md"),
        ("{cwd}/../{name}/a.md", "a.md"),
        ("../a.md", "{parent}/a.md"),
        ("{parent}/a.md", "{parent}/a.md"),
        ("{cwd}-too/a.md", "{cwd}-too/a.md"),
        (".", "."),
        ("{cwd}", "."),
        ("{parent}", "{parent}"),
        ("/", "/"),
        ("s3://bucket/a.md", "s3://bucket/a.md"),
        ("deep/\udcff.md", "deep/\udcff.md"),
    ],
)
def test_a_path_is_relative_to_the_working_directory_or_absolute(path: str, expected: str) -> None:
    cwd = Path.cwd()
    names = {"cwd": cwd, "parent": cwd.parent, "name": cwd.name}
    assert display_path(path.format(**names)) == expected.format(**names)


def test_every_path_is_below_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert [display_path(path) for path in ("/etc/hosts", "hosts", "/")] == ["etc/hosts", "hosts", "."]


def test_without_a_working_directory_a_path_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(FileNotFoundError):
        os.getcwd()  # noqa: PTH109
    assert display_path("a.md") == "a.md"
    assert display_path("/etc/hosts") == "/etc/hosts"


@pytest.mark.parametrize("extension", ALL_FORMATS)
def test_the_path_of_a_feed_has_no_extension_of_a_format(extension: str) -> None:
    assert wrong_path(f"topics/ai.{extension}") == "; expected a path without extension"
