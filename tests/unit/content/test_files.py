"""Article files: found at any depth, and read; what is none is left alone."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from feeds.content.discovery import find_articles, find_below, find_first
from feeds.content.files import ArticleFile, ArticleFolder, TooLargeError, is_gone, read_file
from feeds.errors import LocatedDiagnostic
from feeds.storage.objects import ObjectFolder
from tests.support.object_store import empty_memory, s3_server, use_server

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from feeds.content.files import Root

_number = count()


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"---\ntitle: {path}\n---\n", encoding="utf-8")


def found_paths(*folders: Path) -> list[str]:
    return [folder.file(file).path for folder in find_articles(folders)[0] for file in folder.files]


def test_markdown_files_are_found_at_any_depth(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.markdown", "c.txt", "d.md.bak", "_news/2020/e.md", "md")
    assert found_paths(tmp_path) == ["a.md", "b.markdown", "_news/2020/e.md"]


def test_what_a_dot_hides_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, ".hidden.md", ".git/a.md", "news/.drafts/deep/b.md", "news/c.md", "news/d.e.md")
    assert found_paths(tmp_path) == ["news/c.md", "news/d.e.md"]


def test_a_hidden_folder_may_hold_the_archive(tmp_path: Path) -> None:
    write(tmp_path, ".archive/a.md")
    assert found_paths(tmp_path / ".archive") == ["a.md"]


def test_files_are_ordered_by_folder_and_name(tmp_path: Path) -> None:
    write(tmp_path, "two/b.md", "two/a/z.md", "two/a.md", "two/a-b/y.md", "one/c.md")
    assert found_paths(tmp_path / "two", tmp_path / "one") == ["a.md", "b.md", "a/z.md", "a-b/y.md", "c.md"]


def test_the_order_is_not_that_of_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.md", "b/c.md", "b/a.md", "d.md", "c/e.md")
    scandir = os.scandir

    @contextmanager
    def backwards(path: str) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(path) as entries:
            yield sorted(entries, key=lambda entry: entry.name, reverse=True)

    expected = found_paths(tmp_path)
    monkeypatch.setattr(os, "scandir", backwards)
    assert found_paths(tmp_path) == expected == ["a.md", "d.md", "b/a.md", "b/c.md", "c/e.md"]


def test_a_folder_without_articles_has_none(tmp_path: Path) -> None:
    assert found_paths(tmp_path) == []


@pytest.mark.parametrize("name", ["open", "scandir"])
def test_a_folder_that_cannot_be_read_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write(tmp_path, "a.md", "closed/b.md", "open/c.md")
    look = getattr(os, name)

    def guarded(path: Path | str, *flags: int, **within: int) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path, *flags, **within)

    monkeypatch.setattr(os, name, guarded)
    folders, mistakes = find_articles([tmp_path])
    assert [(folder.path, len(folder.files), folder.is_unreadable) for folder in folders] == [
        ("", 1, False),
        ("closed", 0, True),
        ("open", 1, False),
    ]
    message = "the folder cannot be read: Permission denied"
    assert mistakes == [LocatedDiagnostic(f"{tmp_path.name}/closed", 0, message)]


@pytest.mark.parametrize("name", ["open", "scandir"])
def test_a_folder_that_is_removed_meanwhile_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write(tmp_path, "a.md", "gone/b.md")
    look = getattr(os, name)

    def removing(path: str, *flags: int, **within: int) -> object:
        if path.endswith("gone"):
            (tmp_path / "gone").rename(tmp_path / ".gone")
        return look(path, *flags, **within)

    monkeypatch.setattr(os, name, removing)
    folders, mistakes = find_articles([tmp_path])
    assert ([folder.path for folder in folders], mistakes) == ([""], [])


def test_an_archive_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    root = tmp_path / "gone"
    folders, mistakes = find_articles([root])
    assert folders == [ArticleFolder(root, "", is_unreadable=True)]
    assert mistakes == [LocatedDiagnostic("gone/", 0, "the folder cannot be read: No such file or directory")]


@pytest.mark.parametrize("name", [b"\xff.md", b"\xff/a.md"])
def test_a_file_whose_name_is_not_utf8_is_a_mistake(tmp_path: Path, name: bytes) -> None:
    write(tmp_path, "é.md")
    path = Path(os.fsdecode(bytes(tmp_path) + b"/" + name))
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text("---\ntitle: T\n---\n", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes no such names")
    folders, mistakes = find_articles([tmp_path])
    assert [name for folder in folders for name, *_ in folder.files] == ["é.md"]
    message = "the file's name is not UTF-8; expected one that is; it is left out"
    assert mistakes == [LocatedDiagnostic(f"{tmp_path.name}/{name.decode(errors='backslashreplace')}", 0, message)]


def test_a_file_is_found_and_read_with_its_facts(tmp_path: Path) -> None:
    write(tmp_path, "news/a.md")
    facts = (tmp_path / "news/a.md").stat()
    found = ("a.md", facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    folder = ArticleFolder(tmp_path, "news", [found])
    assert find_articles([tmp_path]) == ([folder], [])
    content = (tmp_path / "news/a.md").read_bytes()
    assert read_file(ArticleFile(tmp_path, "news/a.md"), 1000) == (content, folder.file(found))


def test_a_link_to_nowhere_is_found_and_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "dangling.md").symlink_to("nowhere")
    assert found_paths(tmp_path) == ["dangling.md"]
    file = ArticleFile(tmp_path, "dangling.md")
    with pytest.raises(FileNotFoundError):
        read_file(file, 1000)
    assert not is_gone(file)


def test_links_to_each_other_are_found_and_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("b.md")
    (tmp_path / "b.md").symlink_to("a.md")
    assert found_paths(tmp_path) == ["a.md", "b.md"]
    with pytest.raises(OSError, match="symbolic links"):
        read_file(ArticleFile(tmp_path, "a.md"), 1000)


def test_a_link_is_followed_within_the_archive_only(tmp_path: Path) -> None:
    write(tmp_path, "one/a.md", "one/deep/d.md", "two/b.md", "elsewhere/c.md")
    (tmp_path / "one" / "deep" / "a3.md").symlink_to("../a.md")
    (tmp_path / "one" / "deep" / "c3.md").symlink_to("../../elsewhere/c.md")
    for name, target in (("a2", "a.md"), ("b2", "../two/b.md"), ("c2", "../elsewhere/c.md"), ("d2", "/etc/passwd")):
        (tmp_path / "one" / f"{name}.md").symlink_to(target)
    folders, mistakes = find_articles([tmp_path / "one", tmp_path / "two"])
    assert [name for folder in folders for name, *_ in folder.files] == [
        *("a.md", "a2.md", "b2.md"),
        *("a3.md", "d.md"),
        "b.md",
    ]
    message = "is a link that leads out of the archive; it is not followed"
    assert sorted(mistakes) == [LocatedDiagnostic(f"one/{name}.md", 0, message) for name in ("c2", "d2", "deep/c3")]


def test_an_archive_may_lie_behind_a_link(tmp_path: Path) -> None:
    write(tmp_path, "there/a.md")
    (tmp_path / "there" / "b.md").symlink_to("a.md")
    (tmp_path / "here").symlink_to("there")
    assert found_paths(tmp_path / "here") == ["a.md", "b.md"]


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nobody writes to is waited for without end."""
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "device.md").symlink_to("/dev/zero")
    (tmp_path / "folder.md").symlink_to(".")
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.md")
        folders, mistakes = find_articles([tmp_path])
    assert folders == []
    assert {str(mistake).partition(": ")[2] for mistake in mistakes} == {
        "is not a regular file; expected one; it is left out"
    }
    assert len(mistakes) == 4


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")
    content, _ = read_file(ArticleFile(tmp_path, "a.md"), 1000)
    assert content == b""


@pytest.mark.parametrize("name", ["news", "today"])
def test_a_folder_that_is_swapped_for_a_link_is_not_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(tmp_path, "articles/news/today/a.md", "articles/b.md", "secrets/c.md", "secrets/today/c.md")
    place = next((tmp_path / "articles").rglob(name))
    look = os.open

    def swapping(path: str, *flags: int, **within: int) -> int:
        if path == name and not place.is_symlink():
            place.rename(tmp_path / "away")
            place.symlink_to(tmp_path / "secrets")
        return look(path, *flags, **within)

    monkeypatch.setattr(os, "open", swapping)
    folders, mistakes = find_articles([tmp_path / "articles"])
    swapped = str(place.relative_to(tmp_path / "articles"))
    assert [(folder.path, folder.is_unreadable) for folder in folders] == [("", False), (swapped, True)]
    assert [str(mistake).partition(": ")[0] for mistake in mistakes] == [f"articles/{swapped}"]


@pytest.mark.parametrize("swapped", ["news", "news/today"])
def test_what_is_below_a_folder_that_was_swapped_for_a_link_is_not_found(tmp_path: Path, swapped: str) -> None:
    """Others may look into what was found, and some time later."""
    root, place = tmp_path / "articles", tmp_path / "articles" / swapped
    write(tmp_path, "articles/news/today/a.md", "secrets/a.md", "secrets/today/a.md")
    assert find_below(root, "news/today", [root]).folders[0].files
    place.rename(tmp_path / "away")
    place.symlink_to(tmp_path / "secrets")
    found = find_below(root, "news/today", [root])
    assert [(folder.files, folder.is_unreadable) for folder in found.folders] == [((), True)]
    assert len(found.mistakes) == 1


@pytest.mark.parametrize("swapped", ["news/a.md", "news"])
def test_what_was_swapped_for_a_link_is_not_read(tmp_path: Path, swapped: str) -> None:
    write(tmp_path, "articles/news/a.md", "secrets/a.md")
    folders, _ = find_articles([tmp_path / "articles"])
    file = folders[0].file(folders[0].files[0])
    (tmp_path / "articles" / swapped).rename(tmp_path / "away")
    (tmp_path / "articles" / swapped).symlink_to(tmp_path / ("secrets" if swapped == "news" else "secrets/a.md"))
    with pytest.raises(OSError, match="a link was put in its place"):
        read_file(file, 1000)


def test_what_changed_since_it_was_found_is_read_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, "news/a.md")
    (tmp_path / "news" / "b.md").symlink_to("a.md")
    folders, _ = find_articles([tmp_path])
    one, link = map(folders[0].file, folders[0].files)
    assert read_file(link, 1000) == (*read_file(one, 1000)[:1], link)
    (tmp_path / "news" / "a.md").write_text("changed", encoding="utf-8")
    assert read_file(one, 1000)[0] == b"changed"
    with pytest.raises(OSError, match="a link was put in its place"):  # where it leads to now, nobody looked
        read_file(link, 1000)


def test_a_folder_that_is_a_link_is_not_entered(tmp_path: Path) -> None:
    write(tmp_path, "articles/a.md", "elsewhere/b.md")
    (tmp_path / "articles" / "loop").symlink_to("..")
    assert found_paths(tmp_path / "articles") == ["a.md"]


@pytest.mark.parametrize(("most", "is_read"), [(100, True), (99, False)])
def test_a_file_is_read_up_to_a_limit(tmp_path: Path, most: int, is_read: bool) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * 100)
    if is_read:
        assert len(read_file(ArticleFile(tmp_path, "a.md"), most)[0]) == 100
    else:
        with pytest.raises(TooLargeError):
            read_file(ArticleFile(tmp_path, "a.md"), most)


def test_of_a_file_of_a_gigabyte_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "a.md").open("wb") as file:
        file.truncate(1 << 30)

    def refused(*_: object) -> bytes:
        pytest.fail("it was read")

    monkeypatch.setattr(os, "read", refused)
    with pytest.raises(TooLargeError) as caught:
        read_file(ArticleFile(tmp_path, "a.md"), 2_000_000)
    assert caught.value.args == (1 << 30,)


def test_a_file_that_grows_while_it_is_read_is_read_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * 10)
    monkeypatch.setattr(os, "read", lambda _, length: b"x" * length)
    with pytest.raises(TooLargeError):
        read_file(ArticleFile(tmp_path, "a.md"), 1_000_000)


@pytest.mark.parametrize("seconds", [-(2**35), 2**34])
def test_times_that_nobody_can_keep_are_the_first_and_the_last_that_can_be(seconds: int) -> None:
    memory = Path("/dev/shm")  # noqa: S108  # a file system that keeps such times, where there is one
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        write(folder, "a.md")
        os.utime(folder / "a.md", (0, seconds))
        if (folder / "a.md").stat().st_mtime != seconds:
            pytest.skip("the file system here does not keep such times either")
        ((_, _, mtime, _),) = find_articles([folder])[0][0].files
        assert abs(mtime) == 2**63 - 1
        assert read_file(ArticleFile(folder, "a.md"), 1000)[1].mtime == mtime


def test_what_cannot_be_looked_at_is_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ArticleFile(tmp_path, "a.md")
    assert is_gone(file)

    def refuse(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("pathlib.Path.lstat", refuse)
    assert not is_gone(file)


# From the top down, as a cluster's first machine looks, and all at once


@pytest.fixture(scope="module")
def store() -> Iterator[None]:
    with s3_server() as address, pytest.MonkeyPatch.context() as monkeypatch:
        use_server(address, monkeypatch)
        yield


def on_disk(paths: Collection[str]) -> Path:
    folder = Path(tempfile.mkdtemp()) / "archive"
    folder.mkdir()
    write(folder, *paths)
    return folder


def in_memory(paths: Collection[str]) -> ObjectFolder:
    empty_memory()
    return in_store("memory://archive", paths)


def in_bucket(paths: Collection[str]) -> ObjectFolder:
    bucket = f"s3://bucket-{next(_number)}"
    fsspec.filesystem("s3").mkdir(bucket)
    return in_store(f"{bucket}/archive", paths)


def in_store(address: str, paths: Collection[str]) -> ObjectFolder:
    for path in paths:
        fsspec.filesystem(address.partition(":")[0]).pipe_file(f"{address}/{path}", path.encode())
    return ObjectFolder(address)


PATHS = st.builds(
    lambda folders, name: "/".join([*folders, name]),
    st.lists(st.sampled_from(["", "", "news", "a b", "größe", ".hidden"]), max_size=4),
    st.sampled_from(["a.md", "b.markdown", "c.txt", ".d.md"]),
)
ODD = {"a.md", "/a.md", "//a.md", "/news/a.md", "news//a.md", "news/a.md", "news/.hidden//a.md", "a b/größe///b.md"}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("make", [on_disk, in_memory, in_bucket])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=st.sets(PATHS, max_size=8))
@example(paths=ODD)
def test_whoever_looks_finds_the_same(make: Callable[[Collection[str]], Root], paths: set[str]) -> None:
    paths = {path for path in paths if make is not on_disk or not f"/{path}".count("//")}
    root = make(paths)
    folders, mistakes = find_articles([root])
    nameless = {path for path in paths if path.startswith("/") and path.count("/") == 1}
    shown = {path for path in paths if not f"/{path}".count("/.") and path.endswith(("md", "markdown"))}
    assert sorted(folder.file(file).path for folder in folders for file in folder.files) == sorted(shown - nameless)
    assert [mistake.path for mistake in mistakes] == [f"archive/{path}" for path in sorted(shown & nameless)]
    if isinstance(root, ObjectFolder):
        assert root.fetch(sorted(shown), 1000) == {path: path.encode() for path in sorted(shown)}
    for most in (1, 3, 100):
        first = find_first([root], most)
        below = [find_below(of, path, [root]) for of, path in first.left]
        assert sorted(
            [*first.folders, *(folder for found in below for folder in found.folders)], key=lambda folder: folder.path
        ) == sorted(folders, key=lambda folder: folder.path)
        assert sorted([*first.mistakes, *(mistake for found in below for mistake in found.mistakes)]) == mistakes
    if isinstance(root, Path):
        shutil.rmtree(root.parent)


@pytest.mark.parametrize("root", [Path("/nowhere"), ObjectFolder("memory://nowhere")], ids=["disk", "store"])
def test_a_folder_that_others_saw_is_not_gone_where_it_cannot_be_found(root: Root) -> None:
    found = find_below(root, "2026/05", [root])
    assert found.folders == [ArticleFolder(root, "2026/05", is_unreadable=True)]
    assert [mistake.rule for mistake in found.mistakes] == ["article-unreadable"]
