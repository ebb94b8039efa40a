"""Folders of this machine: files replaced atomically, and a lock that keeps other runs out."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread, current_thread
from typing import TYPE_CHECKING

import pytest

from feeds.errors import PublishError
from feeds.storage.local import LocalFolder
from tests.support.folder_contract import FolderContract

if TYPE_CHECKING:
    from collections.abc import Callable

BUSY = "another run is publishing into it; expected it to end"


class TestLocalFolder(FolderContract):
    @pytest.fixture
    def folder(self, tmp_path: Path) -> LocalFolder:
        return LocalFolder(tmp_path / "output")


def test_two_writers_of_a_file_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster may run a task twice: the file is complete, whichever finishes first."""
    folder = LocalFolder(tmp_path)
    has_begun, may_end = Event(), Event()
    other = Thread(target=lambda: folder.write("a.rss", b"of the other", is_vital=True))
    replace = Path.replace

    def waiting(self: Path, target: Path) -> Path:
        if current_thread() is other:
            has_begun.set()
            may_end.wait(60)
        else:
            other.start()
            has_begun.wait(60)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", waiting)
    folder.write("a.rss", b"of the first", is_vital=True)
    assert folder.read("a.rss") == b"of the first"
    may_end.set()
    other.join()
    assert (folder.paths(), folder.read("a.rss")) == (["a.rss"], b"of the other")


def test_a_locked_folder_keeps_other_runs_out(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    with folder.locked(0), pytest.raises(PublishError) as caught, folder.locked(0.01):
        pytest.fail("two runs have the lock")
    assert str(caught.value) == f"{tmp_path}: {BUSY}"
    with folder.locked(0):
        pass


def test_a_folder_that_the_lock_created_goes_if_it_is_empty(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path / "deep" / "output")
    with folder.locked(0):
        assert folder.path.is_dir()
    assert not folder.path.exists()
    with folder.locked(0):
        folder.write("a.rss", b"one")
    assert folder.paths() == ["a.rss"]


def test_an_empty_folder_that_existed_stays(tmp_path: Path) -> None:
    with LocalFolder(tmp_path).locked(0):
        pass
    assert tmp_path.is_dir()


def test_a_run_that_waits_gets_the_lock_when_the_folder_is_removed(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path / "output")
    written: list[int] = []

    def write() -> None:
        with folder.locked(60):
            written.append(folder.write("a.rss", b"one"))

    other = Thread(target=write)
    with folder.locked(0):
        other.start()
        other.join(0.2)
        assert other.is_alive()
    other.join(60)
    assert folder.stat("a.rss") == (3, *written)


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")], ids=["file", "broken link"])
def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "output")
    folder = LocalFolder(tmp_path / "output")
    with pytest.raises(PublishError, match="output: is not a folder; expected one to publish in"), folder.locked(0):
        pytest.fail("it was locked")
