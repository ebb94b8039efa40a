"""Files of our own that other processes may replace at the same time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feeds.storage.files import replace_file


def test_a_file_is_flushed_before_it_is_moved_to_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flushing(descriptor: int) -> None:
        steps.append("flush")
        fsync(descriptor)

    def moving(self: Path, target: Path) -> Path:
        steps.append("move")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(Path, "replace", moving)
    replace_file(tmp_path / "a.lock", b"new")
    assert steps == ["flush", "move"]


@pytest.mark.parametrize("name", ["a.lock", "[ab]*.lock"])
def test_old_temporary_files_of_the_same_file_are_removed(tmp_path: Path, name: str) -> None:
    old, new = (tmp_path / f".{name}.{token}.feeds-new" for token in ("0123abcd", "4567abcd"))
    others = [tmp_path / f".{name}.{end}" for end in ("20240101", "0123abcd", "mine", "saved-it.feeds-new")]
    others += [tmp_path / f".b.lock.{end}" for end in ("0123abcd", "0123abcd.feeds-new")]
    for left in (old, new, *others):
        left.touch()
    for left in (old, *others):
        os.utime(left, (0, 0))
    replace_file(tmp_path / name, b"new")
    assert {path.name for path in tmp_path.iterdir()} == {name, new.name, *(path.name for path in others)}
