"""Documents written to the output folder: complete, only if they changed, and never over files of others."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from feeds.errors import PublishError
from feeds.models import MANIFEST, Document
from feeds.output.manifest import (
    JOURNAL,
    MAX_GONE,
    Manifest,
    group_paths,
    next_manifest,
    read_manifest,
    read_output,
    record_of,
)
from feeds.output.publisher import Published, WrittenDocument, find_obstacles, publish, write_document
from feeds.storage.folder import DryRunFolder
from feeds.storage.local import LocalFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from feeds.storage.folder import Folder


def document(path: str, body: bytes = b"<rss/>") -> Document:
    return Document(
        path=path,
        media_type="application/rss+xml",
        body=body,
        kind="topic" if path.startswith("topics/") else "custom",
        feed=path.partition(".")[0],
        name="Energy",
        title="Energy – Wire",
        entries=3,
        updated=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
    )


def put(
    output: Path, *documents: Document, dry_run: bool = False, known_versions: Mapping[str, int] | None = None
) -> Published:
    local = LocalFolder(output)
    folder: Folder = DryRunFolder(local) if dry_run else local
    written = (write_document(folder, document) for document in documents)
    paths = [document.path for document in documents]
    before = read_output(folder)
    for error in find_obstacles(folder, before, paths, paths, known_versions or {}).values():
        raise error
    return publish(folder, before, paths, written)


def put_and_stop(output: Path, paths: list[str], *documents: Document) -> None:
    """Publish documents at these paths, and stop when the given ones are written."""

    def write() -> Iterator[WrittenDocument]:
        yield from (write_document(folder, document) for document in documents)
        raise KeyboardInterrupt

    folder = LocalFolder(output)
    with pytest.raises(KeyboardInterrupt):
        publish(folder, read_output(folder), paths, write())


def files(output: Path) -> dict[str, bytes]:
    found = (path for path in output.rglob("*") if path.is_file())
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in found}


def times(output: Path) -> dict[str, tuple[int, int]]:
    found = {name: (output / name).stat() for name in files(output)}
    return {name: (stat.st_mtime_ns, stat.st_ino) for name, stat in found.items()}


def test_a_document_is_written_with_its_folders(tmp_path: Path) -> None:
    published = put(tmp_path / "output", document("topics/energy.rss"))
    assert (published.written, published.unchanged, published.removed) == (("topics/energy.rss",), (), ())
    assert (tmp_path / "output/topics/energy.rss").read_bytes() == b"<rss/>"


def test_the_manifest_lists_the_documents(tmp_path: Path) -> None:
    put(tmp_path, document("b.rss"), document("a.rss", b"<rss></rss>"))
    manifest = json.loads((tmp_path / MANIFEST).read_bytes())
    assert [record["path"] for record in manifest["documents"]] == ["a.rss", "b.rss"]
    assert manifest["documents"][1] == {
        "path": "b.rss",
        "feed": "b",
        "kind": "custom",
        "name": "Energy",
        "title": "Energy – Wire",
        "type": "application/rss+xml",
        "entries": 3,
        "updated": "2026-03-01T00:00:00Z",
        "bytes": 6,
        "digest": f"sha256:{hashlib.sha256(b'<rss/>').hexdigest()}",
    }


def test_the_second_run_touches_no_file(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("topics/b.rss"))
    before = times(tmp_path)
    published = put(tmp_path, document("a.rss"), document("topics/b.rss"))
    assert (published.written, published.unchanged, published.removed) == ((), ("a.rss", "topics/b.rss"), ())
    assert times(tmp_path) == before


def test_only_the_changed_document_is_written(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("b.rss"))
    before = times(tmp_path)
    published = put(tmp_path, document("a.rss", b"<rss>new</rss>"), document("b.rss"))
    assert published.written == ("a.rss",)
    assert times(tmp_path)["b.rss"] == before["b.rss"]


@pytest.mark.parametrize("damage", [b"", b"<rsx/>"], ids=["emptied", "same size"])
def test_a_damaged_document_is_written_again(tmp_path: Path, damage: bytes) -> None:
    put(tmp_path, document("a.rss"))
    (tmp_path / "a.rss").write_bytes(damage)
    assert put(tmp_path, document("a.rss")).written == ("a.rss",)
    assert (tmp_path / "a.rss").read_bytes() == b"<rss/>"


def test_an_earlier_document_is_removed_with_its_empty_folder(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("custom/deep/b.rss"))
    assert put(tmp_path, document("a.rss")).removed == ("custom/deep/b.rss",)
    assert files(tmp_path).keys() == {"a.rss", MANIFEST}
    assert not (tmp_path / "custom").exists()


def test_a_path_in_another_case_is_another_document(tmp_path: Path) -> None:
    put(tmp_path, document("topics/Energy.rss"))
    assert put(tmp_path, document("topics/energy.rss")).removed == ("topics/Energy.rss",)
    assert files(tmp_path).keys() == {"topics/energy.rss", MANIFEST}


def test_a_path_in_another_case_is_the_same_document_on_a_case_insensitive_file_system(tmp_path: Path) -> None:
    """A hard link stands for the second name, because the file system of the test is case-sensitive."""
    put(tmp_path, document("topics/Energy.rss"))
    (tmp_path / "topics/energy.rss").hardlink_to(tmp_path / "topics/Energy.rss")
    assert put(tmp_path, document("topics/energy.rss")).removed == ()
    assert files(tmp_path)["topics/energy.rss"] == b"<rss/>"
    assert [record.path for record in read_manifest(LocalFolder(tmp_path)).documents] == ["topics/energy.rss"]


def test_a_foreign_file_at_a_path_in_another_case_is_not_touched(tmp_path: Path) -> None:
    put(tmp_path, document("topics/Energy.rss"))
    (tmp_path / "topics/energy.rss").write_text("mine")
    with pytest.raises(PublishError):
        put(tmp_path, document("topics/energy.rss"))
    assert files(tmp_path)["topics/energy.rss"] == b"mine"


def test_a_folder_with_a_foreign_file_stays(tmp_path: Path) -> None:
    put(tmp_path, document("custom/b.rss"))
    (tmp_path / "custom" / "mine.txt").write_text("mine")
    put(tmp_path)
    assert files(tmp_path).keys() == {"custom/mine.txt", MANIFEST}


def test_a_foreign_file_stops_the_run_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "b.rss").write_text("mine")
    with pytest.raises(PublishError) as raised:
        put(tmp_path, document("a.rss"), document("b.rss"))
    assert str(raised.value) == (
        f"{tmp_path / 'b.rss'}: is there already and feeds.json does not list it, so it is not ours; "
        "move it away or use --output"
    )
    assert files(tmp_path) == {"b.rss": b"mine"}


def test_foreign_files_beside_documents_stay(tmp_path: Path) -> None:
    (tmp_path / "CNAME").write_text("feeds.example.com")
    put(tmp_path, document("a.rss"))
    put(tmp_path)
    assert files(tmp_path)["CNAME"] == b"feeds.example.com"


def test_a_foreign_manifest_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("[]")
    with pytest.raises(PublishError, match="is not a manifest of ours"):
        put(tmp_path, document("a.rss"))
    assert files(tmp_path).keys() == {MANIFEST}


@pytest.mark.parametrize("path", ["../outside.rss", "/outside.rss", "topics/../../outside.rss"])
def test_a_manifest_cannot_name_a_file_outside(tmp_path: Path, path: str) -> None:
    output = tmp_path / "output"
    put(output, document("a.rss"))
    manifest = (output / MANIFEST).read_text().replace("a.rss", path)
    (output / MANIFEST).write_text(manifest)
    (tmp_path / "outside.rss").write_text("mine")
    with pytest.raises(PublishError, match="is not one that a run writes"):
        put(output)
    assert (tmp_path / "outside.rss").read_text() == "mine"


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "topics").symlink_to(outside)
    with pytest.raises(PublishError, match="leads out of"):
        put(tmp_path / "output", document("topics/a.rss"))
    assert not list(outside.iterdir())


def test_a_linked_file_is_replaced_and_its_target_kept(tmp_path: Path) -> None:
    output = tmp_path / "output"
    put(output, document("a.rss"))
    target = tmp_path / "target"
    target.write_bytes(b"<rss/>")
    (output / "a.rss").unlink()
    (output / "a.rss").symlink_to(target)
    put(output, document("a.rss", b"<rss>new</rss>"))
    assert target.read_bytes() == b"<rss/>"
    assert not (output / "a.rss").is_symlink()


def test_the_output_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "output").symlink_to(tmp_path / "disk")
    put(tmp_path / "output", document("topics/a.rss"))
    assert files(tmp_path / "disk").keys() == {"topics/a.rss", MANIFEST}


def test_a_dry_run_reports_changes_and_makes_none(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("b.rss"), document("c.rss"))
    before = times(tmp_path)
    published = put(tmp_path, document("a.rss"), document("b.rss", b"new"), document("d.rss"), dry_run=True)
    assert (published.written, published.unchanged, published.removed) == (("b.rss", "d.rss"), ("a.rss",), ("c.rss",))
    assert times(tmp_path) == before


def test_a_dry_run_does_not_create_the_output_folder(tmp_path: Path) -> None:
    put(tmp_path / "output", document("a.rss"), dry_run=True)
    assert not (tmp_path / "output").exists()


def test_files_are_readable_by_a_web_server(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"))
    assert stat.S_IMODE((tmp_path / "a.rss").stat().st_mode) == 0o666 & ~current_umask()


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664])
def test_a_replaced_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    put(tmp_path, document("a.rss"))
    (tmp_path / "a.rss").chmod(mode)
    (tmp_path / MANIFEST).chmod(mode)
    put(tmp_path, document("a.rss", b"new"))
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.rss", MANIFEST)} == {mode}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_a_replaced_file_keeps_its_group_and_no_special_bits(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"))
    os.chown(tmp_path / "a.rss", -1, 12345)
    (tmp_path / "a.rss").chmod(0o6640)
    put(tmp_path, document("a.rss", b"new"))
    found = (tmp_path / "a.rss").stat()
    assert (found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 0o640)


def test_a_file_whose_group_cannot_be_kept_has_the_usual_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the mode alone, a web server in that group could not read it any more."""

    def fchown(*_: int) -> None:
        raise PermissionError

    put(tmp_path, document("a.rss"))
    (tmp_path / "a.rss").chmod(0o640)
    found = os.lstat(tmp_path / "a.rss")
    changed = os.stat_result((*found[:5], found.st_gid + 1, *found[6:]))
    monkeypatch.setattr("feeds.storage.files.os.lstat", lambda _: changed)
    monkeypatch.setattr("feeds.storage.files.os.fchown", fchown)
    write_document(LocalFolder(tmp_path), document("a.rss", b"new"))
    monkeypatch.undo()
    assert stat.S_IMODE((tmp_path / "a.rss").stat().st_mode) == 0o666 & ~current_umask()


def current_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_a_stopped_run_leaves_complete_files_and_the_next_one_finishes(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss", b"old"))
    paths = ["a.rss", "b.rss", "c.rss"]
    put_and_stop(tmp_path, paths, document("a.rss", b"new"), document("b.rss", b"new"))
    assert files(tmp_path)["a.rss"] == b"new"
    put(tmp_path, document("a.rss", b"new"), document("c.rss", b"new"))
    assert files(tmp_path).keys() == {"a.rss", "c.rss", MANIFEST}


def test_files_of_several_stopped_runs_are_removed(tmp_path: Path) -> None:
    for name in ("first", "second"):
        put_and_stop(tmp_path, [f"{name}.rss", "rest.rss"], document(f"{name}.rss"))
    put(tmp_path, document("third.rss"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feeds.json", "third.rss"]


def test_temporary_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("topics/b.rss"))
    put_and_stop(tmp_path, ["a.rss", "topics/b.rss", "topics/c.rss"])
    for name in ("a.rss", "feeds.json", ".feeds-journal", "topics/b.rss", "topics/c.rss"):
        path = tmp_path / name
        for token in ("", ".01234567", ".89abcdef"):  # earlier versions had no token
            path.with_name(f".{path.name}{token}.feeds-new").write_bytes(b"<r")
    foreign = [
        ".mine",
        ".other.rss.01234567.feeds-new",
        ".a.rss.0123456.feeds-new",
        ".a.rss.01234567.new",
        "a.rss.feeds-new",
    ]
    for name in foreign:
        (tmp_path / name).touch()
    put(tmp_path, document("a.rss"), document("topics/b.rss"))
    assert sorted(files(tmp_path)) == sorted([*foreign, "a.rss", "feeds.json", "topics/b.rss"])


def test_a_failed_write_is_an_error_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"))
    folder = LocalFolder(tmp_path)
    (tmp_path / "news.rss").mkdir()
    with pytest.raises(PublishError) as raised:
        write_document(folder, document("news.rss"))
    assert str(raised.value) == f"{tmp_path / 'news.rss'}: cannot be written: Is a directory"
    assert not list(tmp_path.rglob("*.feeds-new"))


def test_a_folder_at_the_path_of_a_document_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("news.rss"))
    (tmp_path / "news.rss").unlink()
    (tmp_path / "news.rss").mkdir()
    with pytest.raises(PublishError) as raised:
        put(tmp_path, document("a.rss", b"new"), document("news.rss"))
    assert str(raised.value) == f"{tmp_path / 'news.rss'}: is a folder; expected a file or nothing"
    assert files(tmp_path)["a.rss"] == b"<rss/>"


def test_a_file_at_the_path_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "topics").write_text("mine")
    with pytest.raises(PublishError) as raised:
        put(tmp_path, document("topics/a.rss"))
    assert str(raised.value) == f"{tmp_path / 'topics'}: is not a folder; expected one to publish in"


def test_the_number_of_gone_paths_is_bounded() -> None:
    record = record_of(document("a.rss"))
    first = Manifest(documents=tuple(msgspec.structs.replace(record, path=f"b{n}.rss") for n in range(MAX_GONE - 1)))
    second = msgspec.structs.replace(
        next_manifest([], first), documents=tuple(msgspec.structs.replace(record, path=f"a{n}.rss") for n in range(9))
    )
    assert len(second.gone_paths) == MAX_GONE - 1
    third = next_manifest([], second)
    assert {*third.gone_paths} == {*second.gone_paths, "a0.rss"}
    assert next_manifest([], third).gone == third.gone


GROUPS: dict[str, tuple[list[str], list[tuple[list[str], list[str]]]]] = {
    "none": ([], []),
    "a site's own": (["feeds.opml", "index.html"], [(["feeds.opml", "index.html"], [""])]),
    "feeds share endings": (
        ["b.rss", "a.atom", "b/index.html", "a.rss", "b.atom", "a/index.html"],
        [(["a", "b"], [".atom", ".rss", "/index.html"])],
    ),
    "feeds with other endings": (["a.rss", "b.atom"], [(["b"], [".atom"]), (["a"], [".rss"])]),
    "archives": (["a/archive/2024-05.rss"], [(["a"], ["/archive/2024-05.rss"])]),
    "an ending within": (["b.rss/index.html", "b.rss"], [(["b"], [".rss"]), (["b.rss"], ["/index.html"])]),
    "another ending": (["topics/a.xml"], [(["topics/a.xml"], [""])]),
}


@pytest.mark.parametrize(("paths", "groups"), GROUPS.values(), ids=GROUPS)
def test_gone_paths_are_grouped(paths: list[str], groups: list[tuple[list[str], list[str]]]) -> None:
    grouped = group_paths(paths)
    assert [(list(group.stems), list(group.endings)) for group in grouped] == groups
    assert Manifest(gone=grouped).gone_paths == tuple(sorted(paths))


def test_a_manifest_that_lists_each_gone_path_is_read(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"version": 1, "documents": [], "gone": ["a.rss", "a.atom"]}', encoding="utf-8")
    manifest = read_manifest(LocalFolder(tmp_path))
    assert manifest.gone_paths == ("a.atom", "a.rss")
    assert next_manifest([], manifest).gone == group_paths(["a.rss", "a.atom"])


def test_a_changed_group_of_gone_paths_is_bounded(tmp_path: Path) -> None:
    many = [str(n) for n in range(20_000)]
    endings = [f"/archive/{2000 + n // 12}-{n % 12 + 1:02}.rss" for n in range(20_000)]
    body = msgspec.json.encode({"version": 1, "gone": [{"stems": many, "endings": endings}]})
    (tmp_path / MANIFEST).write_bytes(body)
    assert len(read_manifest(LocalFolder(tmp_path)).gone_paths) == MAX_GONE


def test_a_missing_manifest_is_empty(tmp_path: Path) -> None:
    assert read_manifest(LocalFolder(tmp_path)).documents == ()


def test_a_written_document_has_the_version_of_its_file(tmp_path: Path) -> None:
    written = write_document(LocalFolder(tmp_path), document("a.rss", b"one"))
    assert LocalFolder(tmp_path).stat("a.rss") == (3, written.version)
    os.utime(tmp_path / "a.rss", ns=(0, written.version + 1))
    assert LocalFolder(tmp_path).stat("a.rss") == (3, written.version + 1)
    (tmp_path / "a.rss").unlink()
    assert LocalFolder(tmp_path).stat("a.rss") is None


def test_a_document_of_a_known_version_is_ours_without_a_manifest(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"))
    mtime = (tmp_path / "a.rss").stat().st_mtime_ns
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(PublishError, match="is there already"):
        put(tmp_path, document("a.rss", b"new"), known_versions={"a.rss": mtime + 1})
    assert put(tmp_path, document("a.rss", b"new"), known_versions={"a.rss": mtime}).written == ("a.rss",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"version": 2, "documents": "other", "kind": []}', "has version 2; expected 1"),
        (b'{"documents": []}', "is not a manifest of ours"),
        (b'{"version": 1, "documents": [{"path": "a"}]}', "is not a manifest of ours"),
        (b"[", "is not a manifest of ours"),
        (b"", "is not a manifest of ours"),
    ],
)
def test_an_invalid_manifest_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(PublishError, match=message):
        read_manifest(LocalFolder(tmp_path))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("path", path)
            for path in ("./a.rss", "a//b.rss", "a/./b.rss", "a/../b.rss", "/a.rss", "a\0.rss", "a\n.rss")
        ),
        *(("path", path) for path in ("", ".", ".feeds-journal", MANIFEST, "a*.rss", "a.rss.gz", f"{'a' * 300}.rss")),
        *(
            ("feed", path)
            for path in ("", "feeds", "index", "all", "../a", ".", "topics/a", "a/archive/2026-01", "a\0")
        ),
        *(("kind", kind) for kind in ("site", "topic", "provider", "all")),
        *(("month", month) for month in ("2026-01", "abc", "²", "2026-13", "2026-01-01", "٢٠٢٦-٠١")),
        *(
            ("updated", time)
            for time in ("0001-01-01T00:00:00+10:00", "9999-12-31T23:00:00-10:00", "2026-01-01T00:00:00")
        ),
        *(("title", title) for title in ("", "a\0", "\ud800", "\ufffe")),
        *(("name", name) for name in ("\x1b[31m", "a\0")),
        *(("path", path) for path in ("notes.txt", "a", "index.html", "feeds.opml.rss/a", "assets/own.css")),
        *((name, number) for name in ("entries", "bytes") for number in (-1, 2**53, 2**70, 1.5)),
        *(("entries", "three"), ("bytes", None), ("coding", "gzip"), ("coding", "zip"), ("digest", 7)),
    ],
)
def test_a_record_that_no_run_writes_makes_a_manifest_invalid(tmp_path: Path, field: str, value: object) -> None:
    put(tmp_path, document("a.rss"))
    manifest = json.loads((tmp_path / MANIFEST).read_bytes())
    manifest["documents"][0][field] = value
    (tmp_path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(PublishError, match="is not a manifest of ours"):
        put(tmp_path, document("a.rss"))
    assert (tmp_path / "a.rss").read_bytes() == b"<rss/>"


@pytest.mark.parametrize("path", ["*", "/*", "a\n410 *", "../a.rss", "a b.rss", "a\0.rss", ".", ""])
def test_a_gone_path_that_no_run_writes_is_ignored(tmp_path: Path, path: str) -> None:
    body = msgspec.json.encode({"version": 1, "gone": [path, "a.rss", {"stems": [path], "endings": [""]}]})
    (tmp_path / MANIFEST).write_bytes(body)
    assert read_manifest(LocalFolder(tmp_path)).gone_paths == ("a.rss",)


def test_a_journal_names_no_file_of_others(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "mine.rss").write_text("mine")
    journal = json.dumps(["../mine.rss", "./b.rss", "b.rss", "notes.txt"])
    (tmp_path / "output" / JOURNAL).write_text(journal, encoding="utf-8")
    assert read_output(LocalFolder(tmp_path / "output")).journal == frozenset({"b.rss"})


@pytest.mark.parametrize("name", [MANIFEST, ".feeds-journal", "a.rss"])
def test_a_pipe_at_the_path_of_a_file_is_an_error(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(PublishError, match=r"Is not a regular file|is there already"):
        put(tmp_path, document("a.rss"))


@pytest.mark.parametrize("name", [".a.rss.feeds-new", "..feeds-journal.feeds-new"])
def test_a_link_at_a_temporary_path_is_not_followed(tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    put(tmp_path / "output", document("a.rss"))
    for make in (lambda path: path.symlink_to(precious), os.mkfifo):
        make(tmp_path / "output" / name)
        put(tmp_path / "output", document("a.rss", str(make).encode()))
        assert precious.read_bytes() == b"precious"
        assert (tmp_path / "output" / "a.rss").is_file()
        assert not (tmp_path / "output" / "a.rss").is_symlink()
        (tmp_path / "output" / name).unlink(missing_ok=True)


def test_a_link_at_the_temporary_path_of_a_write_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.urandom", lambda _: bytes.fromhex("01234567"))
    precious, link = tmp_path / "precious", tmp_path / "output" / ".a.rss.01234567.feeds-new"
    precious.write_bytes(b"precious")
    link.parent.mkdir()
    link.symlink_to(precious)
    with pytest.raises(PublishError, match="cannot be written: File exists"):
        write_document(LocalFolder(tmp_path / "output"), document("a.rss"))
    assert precious.read_bytes() == b"precious"
    assert link.is_symlink()


def test_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "topics").symlink_to("topics")
    with pytest.raises(PublishError, match=r"topics: (is not a folder|leads out|cannot be written)"):
        put(tmp_path, document("topics/a.rss"))


def test_a_refused_removal_keeps_the_document_in_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a folder without the permission to search it."""
    put(tmp_path, document("a.rss"), document("topics/b.rss"))
    lstat = Path.lstat

    def refused(self: Path) -> os.stat_result:
        if self.name == "b.rss":
            raise PermissionError(13, "Permission denied")
        return lstat(self)

    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "lstat", refused)
        with pytest.raises(PublishError, match=r"topics/b\.rss: cannot be written: Permission denied"):
            put(tmp_path, document("a.rss"))
    assert {record.path for record in read_manifest(LocalFolder(tmp_path)).documents} == {"a.rss", "topics/b.rss"}
    assert put(tmp_path, document("a.rss")).removed == ("topics/b.rss",)


def test_documents_are_removed_before_the_documents_that_they_refer_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists, feeds and their pages, archives from the newest to the oldest, assets; before all, precompressed files."""
    month = msgspec.structs.replace(document("a/archive/2026-01.rss"), feed="a", month="2026-01")
    others = [
        msgspec.structs.replace(document("a/archive/2026-02.rss"), feed="a", month="2026-02"),
        msgspec.structs.replace(document("a/index.html"), feed="a"),
        document("a.rss"),
        *(msgspec.structs.replace(document(path), feed="", kind="site") for path in ("assets/feed.css", "index.html")),
        msgspec.structs.replace(document("b.rss.gz"), feed="b", coding="gzip"),
    ]
    put(tmp_path, month, *others, document("b.rss"))
    steps: list[str] = []
    unlink, replace = Path.unlink, Path.replace

    def removing(self: Path, *, missing_ok: bool = False) -> None:
        if not self.name.startswith("."):
            steps.append(f"remove {self.relative_to(tmp_path)}")
        unlink(self, missing_ok=missing_ok)

    def moving(self: Path, target: Path) -> Path:
        steps.append(f"put {target.name}")
        return replace(self, target)

    monkeypatch.setattr(Path, "unlink", removing)
    monkeypatch.setattr(Path, "replace", moving)
    put(tmp_path, document("b.rss", b"new"))
    assert steps == [
        "put .feeds-journal",
        "remove b.rss.gz",
        "put b.rss",
        "remove index.html",
        "remove a.rss",
        "remove a/index.html",
        "remove a/archive/2026-02.rss",
        "remove a/archive/2026-01.rss",
        "remove assets/feed.css",
        "put feeds.json",
    ]


@pytest.mark.parametrize("content", [b'["\xff"]', b"no JSON", b"", b'["a\\u0000b"]'])
def test_an_invalid_journal_is_ignored(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, document("a.rss"))
    (tmp_path / ".feeds-journal").write_bytes(content)
    assert put(tmp_path, document("a.rss")).unchanged == ("a.rss",)
    assert not (tmp_path / ".feeds-journal").exists()


def test_a_journal_that_is_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".feeds-journal").mkdir()
    with pytest.raises(PublishError, match="feeds-journal: cannot be read: Is a directory"):
        put(tmp_path, document("a.rss"))


@pytest.mark.parametrize("name", ["..feeds-journal.feeds-new", ".feeds.json.feeds-new"])
def test_temporary_files_of_the_manifest_and_the_journal_are_removed(tmp_path: Path, name: str) -> None:
    put(tmp_path, document("a.rss"))
    (tmp_path / name).write_bytes(b"half")
    put(tmp_path, document("a.rss"))
    assert not (tmp_path / name).exists()


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are flushed to the disk and moved to their paths, by name, in order."""
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flushing(descriptor: int) -> None:
        name = Path(f"/dev/fd/{descriptor}").resolve().name
        seen.append(f"flush {name.removeprefix('.').removesuffix('.feeds-new').rpartition('.')[0]}")
        fsync(descriptor)

    def moving(self: Path, target: Path) -> Path:
        seen.append(f"move {target.name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(Path, "replace", moving)
    return seen


def test_a_document_that_replaces_another_is_flushed_first(tmp_path: Path, steps: list[str]) -> None:
    """The manifest and the journal are too: no run could continue if they were empty after a power failure."""
    put(tmp_path, document("a.rss", b"old"))
    journal = ["flush .feeds-journal", "move .feeds-journal"]
    manifest = ["flush feeds.json", "move feeds.json"]
    assert steps == [*journal, "move a.rss", *manifest]
    steps.clear()
    put(tmp_path, document("a.rss", b"new"), document("b.rss"))
    assert steps == [*journal, "flush a.rss", "move a.rss", "move b.rss", *manifest]


@pytest.mark.parametrize(("code", "is_written"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_only_a_file_system_without_fsync_may_refuse_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, *, is_written: bool
) -> None:
    def refused(_: int) -> None:
        raise OSError(code, os.strerror(code))

    put(tmp_path, document("a.rss", b"old"))
    monkeypatch.setattr(os, "fsync", refused)
    with contextlib.nullcontext() if is_written else pytest.raises(PublishError, match="Input/output error"):
        put(tmp_path, document("a.rss", b"new"))
    assert files(tmp_path)["a.rss"] == (b"new" if is_written else b"old")
