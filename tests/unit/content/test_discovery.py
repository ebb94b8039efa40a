"""Article files found at any depth; other files are ignored or reported."""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings

from feeds.content.discovery import find_articles, find_below
from feeds.content.files import ArticleFile, ArticleFolder
from feeds.errors import LocatedDiagnostic
from feeds.storage.object_source import ObjectSource
from feeds.storage.objects import ObjectFolder
from feeds.storage.sources import FoundFile, LocalSource, open_sources
from tests.support.discovery_contract import PATHS, UNUSUAL_PATHS, check_discovery, write_objects
from tests.support.object_store import empty_memory
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.storage.sources import Source


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"---\ntitle: {path}\n---\n", encoding="utf-8")


def find(*folders: Path) -> tuple[list[ArticleFolder], list[LocatedDiagnostic]]:
    return find_articles([LocalSource(folder) for folder in folders])


def found_paths(*folders: Path) -> list[str]:
    return [folder.file(file).path for folder in find(*folders)[0] for file in folder.files]


def test_markdown_files_are_found_at_any_depth(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.markdown", "c.txt", "d.md.bak", "_news/2020/e.md", "md")
    assert found_paths(tmp_path) == ["a.md", "b.markdown", "_news/2020/e.md"]


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    write(tmp_path, ".hidden.md", ".git/a.md", "news/.drafts/deep/b.md", "news/c.md", "news/d.e.md")
    assert found_paths(tmp_path) == ["news/c.md", "news/d.e.md"]


def test_the_archive_itself_may_be_hidden(tmp_path: Path) -> None:
    write(tmp_path, ".archive/a.md")
    assert found_paths(tmp_path / ".archive") == ["a.md"]


def test_files_are_ordered_by_folder_and_name(tmp_path: Path) -> None:
    write(tmp_path, "two/b.md", "two/a/z.md", "two/a.md", "two/a-b/y.md", "one/c.md")
    assert found_paths(tmp_path / "two", tmp_path / "one") == ["a.md", "b.md", "a/z.md", "a-b/y.md", "c.md"]


def test_the_order_does_not_depend_on_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.md", "b/c.md", "b/a.md", "d.md", "c/e.md")
    scandir = os.scandir

    @contextmanager
    def backwards(path: str) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(path) as entries:
            yield sorted(entries, key=lambda entry: entry.name, reverse=True)

    expected = found_paths(tmp_path)
    monkeypatch.setattr(os, "scandir", backwards)
    assert found_paths(tmp_path) == expected == ["a.md", "d.md", "b/a.md", "b/c.md", "c/e.md"]


def test_an_empty_folder_has_no_articles(tmp_path: Path) -> None:
    assert found_paths(tmp_path) == []


@pytest.mark.parametrize("name", ["open", "scandir"])
def test_an_unreadable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write(tmp_path, "a.md", "closed/b.md", "open/c.md")
    original = getattr(os, name)

    def guarded(path: Path | str, *flags: int, **within: int) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, *flags, **within)

    monkeypatch.setattr(os, name, guarded)
    folders, diagnostics = find(tmp_path)
    assert [(folder.path, len(folder.files), folder.is_unreadable) for folder in folders] == [
        ("", 1, False),
        ("closed", 0, True),
        ("open", 1, False),
    ]
    message = "the folder cannot be read: Permission denied"
    assert diagnostics == [LocatedDiagnostic(f"{tmp_path}/closed", 0, message)]
    assert [diagnostic.rule for diagnostic in diagnostics] == ["article-unreadable"]


@pytest.mark.parametrize("name", ["open", "scandir"])
def test_a_folder_that_is_removed_in_the_meantime_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(tmp_path, "a.md", "gone/b.md")
    original = getattr(os, name)

    def removing(path: str, *flags: int, **within: int) -> object:
        if path.endswith("gone"):
            (tmp_path / "gone").rename(tmp_path / ".gone")
        return original(path, *flags, **within)

    monkeypatch.setattr(os, name, removing)
    folders, diagnostics = find(tmp_path)
    assert ([folder.path for folder in folders], diagnostics) == ([""], [])


def test_a_missing_archive_is_reported(tmp_path: Path) -> None:
    source = LocalSource(tmp_path / "gone")
    folders, diagnostics = find_articles([source])
    assert folders == [ArticleFolder(source, "", is_unreadable=True)]
    message = "the folder cannot be read: No such file or directory"
    assert diagnostics == [LocatedDiagnostic(f"{tmp_path}/gone", 0, message)]


@pytest.mark.parametrize("name", [b"\xff.md", b"\xff/a.md"])
def test_a_file_whose_name_is_not_utf8_is_reported(tmp_path: Path, name: bytes) -> None:
    write(tmp_path, "é.md")
    path = Path(os.fsdecode(bytes(tmp_path) + b"/" + name))
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text("---\ntitle: T\n---\n", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes no such names")
    folders, diagnostics = find(tmp_path)
    assert [file.name for folder in folders for file in folder.files] == ["é.md"]
    message = "the file's name is not UTF-8; expected one that is; it is left out"
    assert diagnostics == [LocatedDiagnostic(f"{tmp_path}/{name.decode(errors='backslashreplace')}", 0, message)]


def test_a_file_is_found_with_its_state(tmp_path: Path) -> None:
    write(tmp_path, "news/a.md")
    stat = (tmp_path / "news/a.md").stat()
    found = FoundFile("a.md", stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    folder = ArticleFolder(LocalSource(tmp_path), "news", [found])
    assert find(tmp_path) == ([folder], [])
    file = folder.file(found)
    assert file == ArticleFile(LocalSource(tmp_path), "news/a.md", *found[1:])
    assert (file.found, file.label) == (found, f"{tmp_path}/news/a.md")
    assert ArticleFile(LocalSource(tmp_path), "news/a.md").as_found(found) == file


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "dangling.md").symlink_to("nowhere")
    assert found_paths(tmp_path) == ["dangling.md"]


def test_links_to_each_other_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("b.md")
    (tmp_path / "b.md").symlink_to("a.md")
    assert found_paths(tmp_path) == ["a.md", "b.md"]


def test_links_are_followed_only_inside_the_archive(tmp_path: Path) -> None:
    write(tmp_path, "one/a.md", "one/deep/d.md", "two/b.md", "elsewhere/c.md")
    (tmp_path / "one" / "deep" / "a3.md").symlink_to("../a.md")
    (tmp_path / "one" / "deep" / "c3.md").symlink_to("../../elsewhere/c.md")
    for name, target in (("a2", "a.md"), ("b2", "../two/b.md"), ("c2", "../elsewhere/c.md"), ("d2", "/etc/passwd")):
        (tmp_path / "one" / f"{name}.md").symlink_to(target)
    folders, diagnostics = find_articles(open_sources(tmp_path, ["one", "two"]))
    assert [file.name for folder in folders for file in folder.files] == [
        *("a.md", "a2.md", "b2.md"),
        *("a3.md", "d.md"),
        "b.md",
    ]
    message = "is a link that leads out of the archive; it is not followed"
    assert sorted(diagnostics) == [
        LocatedDiagnostic(f"{tmp_path}/one/{name}.md", 0, message) for name in ("c2", "d2", "deep/c3")
    ]


def test_the_archive_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path, "there/a.md")
    (tmp_path / "there" / "b.md").symlink_to("a.md")
    (tmp_path / "here").symlink_to("there")
    assert found_paths(tmp_path / "here") == ["a.md", "b.md"]


def test_files_that_are_not_regular_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a pipe without a writer would wait forever."""
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "device.md").symlink_to("/dev/zero")
    (tmp_path / "folder.md").symlink_to(".")
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.md")
        folders, diagnostics = find(tmp_path)
    assert folders == []
    assert {str(diagnostic).partition(": ")[2] for diagnostic in diagnostics} == {
        "is not a regular file; expected one; it is left out"
    }
    assert len(diagnostics) == 4


@pytest.mark.parametrize("name", ["news", "today"])
def test_a_link_in_place_of_a_folder_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(tmp_path, "articles/news/today/a.md", "articles/b.md", "secrets/c.md", "secrets/today/c.md")
    replaced = next((tmp_path / "articles").rglob(name))
    original = os.open

    def swapping(path: str, *flags: int, **within: int) -> int:
        if path == name and not replaced.is_symlink():
            replaced.rename(tmp_path / "away")
            replaced.symlink_to(tmp_path / "secrets")
        return original(path, *flags, **within)

    monkeypatch.setattr(os, "open", swapping)
    folders, diagnostics = find(tmp_path / "articles")
    swapped = str(replaced.relative_to(tmp_path / "articles"))
    assert [(folder.path, folder.is_unreadable) for folder in folders] == [("", False), (swapped, True)]
    assert [str(diagnostic).partition(": ")[0] for diagnostic in diagnostics] == [f"{tmp_path}/articles/{swapped}"]


@pytest.mark.parametrize("swapped", ["news", "news/today"])
def test_nothing_is_found_below_a_link_in_place_of_a_folder(tmp_path: Path, swapped: str) -> None:
    """Another process may list a folder some time after it was found."""
    source, replaced = LocalSource(tmp_path / "articles"), tmp_path / "articles" / swapped
    write(tmp_path, "articles/news/today/a.md", "secrets/a.md", "secrets/today/a.md")
    assert find_below(source, "news/today").folders[0].files
    replaced.rename(tmp_path / "away")
    replaced.symlink_to(tmp_path / "secrets")
    found = find_below(source, "news/today")
    assert [(folder.files, folder.is_unreadable) for folder in found.folders] == [((), True)]
    assert len(found.diagnostics) == 1


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "articles/a.md", "elsewhere/b.md")
    (tmp_path / "articles" / "loop").symlink_to("..")
    assert found_paths(tmp_path / "articles") == ["a.md"]


# The same archive found from the top, as by the driver of a cluster, and all at once


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=PATHS)
@example(paths=UNUSUAL_PATHS)
def test_every_way_of_discovery_finds_the_same_on_disk(paths: set[str]) -> None:
    named = {path for path in paths if not f"/{path}".count("//")}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), *named)
        check_discovery(LocalSource(Path(folder)), named)


@settings(max_examples=examples(25), deadline=None)
@given(paths=PATHS)
@example(paths=UNUSUAL_PATHS)
def test_every_way_of_discovery_finds_the_same_in_a_store(paths: set[str]) -> None:
    empty_memory()
    check_discovery(write_objects("memory://archive", paths), paths)


@pytest.mark.parametrize(
    "source",
    [LocalSource(Path("/nowhere")), ObjectSource(ObjectFolder("memory://nowhere"))],
    ids=["disk", "store"],
)
def test_a_folder_that_another_process_found_is_unreadable_if_it_is_missing(source: Source) -> None:
    found = find_below(source, "2026/05")
    assert found.folders == [ArticleFolder(source, "2026/05", is_unreadable=True)]
    assert [diagnostic.rule for diagnostic in found.diagnostics] == ["article-unreadable"]
