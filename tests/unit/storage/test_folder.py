"""Folders that documents are written to: they are opened by place, and a dry run changes nothing in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from feeds.storage.folder import DryRunFolder, Folder, open_folder
from feeds.storage.local import LocalFolder
from feeds.storage.objects import ObjectFolder
from tests.support.folder_contract import headers_of
from tests.support.object_store import empty_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def lock(folder: Folder) -> None:
    with folder.locked(0):
        pass


#: A call of each method and property of the protocol, by name.
CALLS: dict[str, Callable[[Folder], Any]] = {
    "key": lambda folder: folder.key,
    "label": lambda folder: folder.label("a.rss"),
    "read": lambda folder: folder.read("a.rss"),
    "stat": lambda folder: folder.stat("a.rss"),
    "listing": lambda folder: folder.listing(),
    "paths": lambda folder: sorted(folder.paths()),
    "unchanged_version": lambda folder: folder.unchanged_version("a.rss", b"one"),
    "obstacles": lambda folder: folder.obstacles(["a.rss", "new/c.rss"]),
    "same_files": lambda folder: folder.same_files(["a.rss"], ["A.rss"]),
    "write": lambda folder: [folder.write(path, b"new", is_vital=True) for path in ("a.rss", "new/c.rss")],
    "remove": lambda folder: [folder.remove(path) for path in ("topics/b.rss", "new/c.rss")],
    "remove_temporary": lambda folder: folder.remove_temporary(["a.rss"]),
    "locked": lock,
    "assume_absent": lambda folder: folder.assume_absent(["new/c.rss"]).write("new/c.rss", b"new"),
}
#: What a dry run gives of the calls that would change something.
DRY_RESULTS = {"write": [-1, -1], "remove": [True, False], "remove_temporary": None, "assume_absent": -1}


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    """A folder with two documents and, on this machine, a temporary file of a killed run."""
    empty_memory()
    folder = open_folder(tmp_path / "output" if request.param == "local" else "memory://bucket/feeds", headers_of)
    folder.write("a.rss", b"one")
    folder.write("topics/b.rss", b"two")
    if isinstance(folder, LocalFolder):
        (folder.path / ".a.rss.01234567.feeds-new").touch()
    return folder


def snapshot(folder: Folder) -> list[tuple[object, ...]]:
    """Everything in a folder, with the times and numbers of files."""
    found: list[tuple[object, ...]] = sorted((path, folder.read(path), folder.stat(path)) for path in folder.paths())
    if isinstance(folder, LocalFolder):
        for path in sorted([folder.path, *folder.path.rglob("*")]):
            stat = path.stat()
            found.append((path, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns))
    return found


def test_every_method_of_the_protocol_is_called() -> None:
    assert CALLS.keys() == {name for name in vars(Folder) if not name.startswith("_")}


@pytest.mark.parametrize("name", CALLS)
def test_a_dry_run_changes_nothing(folder: Folder, name: str) -> None:
    before = snapshot(folder)
    result = CALLS[name](DryRunFolder(folder))
    assert snapshot(folder) == before
    assert result == (DRY_RESULTS[name] if name in DRY_RESULTS else CALLS[name](folder))


@pytest.mark.parametrize("name", CALLS)
def test_a_dry_run_creates_no_folder(tmp_path: Path, name: str) -> None:
    CALLS[name](DryRunFolder(LocalFolder(tmp_path / "output")))
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_has_the_name_of_the_folder(folder: Folder) -> None:
    assert str(DryRunFolder(folder)) == str(folder)


def test_a_dry_run_does_not_wait_for_another_run(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    with folder.locked(0), DryRunFolder(folder).locked(0):
        pass


@pytest.mark.parametrize(
    ("place", "expected"),
    [("output", LocalFolder), ("a:b", LocalFolder), ("memory://bucket/feeds/", ObjectFolder)],
)
def test_a_folder_is_opened_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, expected: type[Folder]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = open_folder(place)
    assert isinstance(folder, expected)
    assert str(folder) == place.rstrip("/")
