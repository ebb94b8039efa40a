"""The comparison of the output folders of two checkouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from tests.tools.compare_commits import compare_folders

if TYPE_CHECKING:
    from pathlib import Path


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def test_every_difference_of_two_folders_is_found(tmp_path: Path) -> None:
    same = {"all.rss": b"<rss/>", "topics/ai.rss": b"<rss/>", "feeds.json": b"{}"}
    base = folder_of(tmp_path / "base", {**same, "gone/a.rss.gz": b"\0", "changed.rss": b"a\n"})
    head = folder_of(tmp_path / "head", {**same, "changed.rss": b"a\r\n", "topics/new.rss": b""})
    assert compare_folders(base, head) == [
        "changed.rss: other bytes",
        "gone/a.rss.gz: only in the base",
        "topics/new.rss: not in the base",
    ]


def test_equal_folders_have_no_difference(tmp_path: Path) -> None:
    files = {"all.rss": b"<rss/>", "assets/page.css": b"p {}"}
    assert compare_folders(folder_of(tmp_path / "base", files), folder_of(tmp_path / "head", files)) == []


def test_folders_without_files_are_not_equal(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="holds no file"):
        compare_folders(tmp_path, tmp_path)
