"""Writing documents: whole, only what changed, and nothing that is not ours."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import json
import os
import stat
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import TYPE_CHECKING

import msgspec
import pytest

from feeds.errors import PublishError
from feeds.models import MANIFEST, Document
from feeds.output.manifest import read_manifest
from feeds.output.publisher import Published, WrittenDocument, publish, write_document
from feeds.storage.files import replace_file
from feeds.storage.local import DiskFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def document(path: str, body: bytes = b"<rss/>") -> Document:
    return Document(
        path=path,
        media_type="application/rss+xml",
        body=body,
        kind="topic",
        feed=path.partition(".")[0],
        name="Energy",
        title="Energy – Wire",
        entries=3,
        updated=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
    )


def put(output: Path, *documents: Document, dry_run: bool = False, known: Mapping[str, int] | None = None) -> Published:
    puts = (write_document(DiskFolder(output), document, dry_run=dry_run) for document in documents)
    return publish(DiskFolder(output), [document.path for document in documents], puts, known=known, dry_run=dry_run)


def files(output: Path) -> dict[str, bytes]:
    found = (path for path in output.rglob("*") if path.is_file())
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in found}


def times(output: Path) -> dict[str, tuple[int, int]]:
    facts = {name: (output / name).stat() for name in files(output)}
    return {name: (fact.st_mtime_ns, fact.st_ino) for name, fact in facts.items()}


def test_a_document_is_written_with_its_folders(tmp_path: Path) -> None:
    outcome = put(tmp_path / "output", document("topics/energy.rss"))
    assert (outcome.written, outcome.unchanged, outcome.removed) == (("topics/energy.rss",), (), ())
    assert (tmp_path / "output/topics/energy.rss").read_bytes() == b"<rss/>"


def test_the_manifest_lists_what_is_ours(tmp_path: Path) -> None:
    put(tmp_path, document("b.rss"), document("a.rss", b"<rss></rss>"))
    manifest = json.loads((tmp_path / MANIFEST).read_bytes())
    assert [record["path"] for record in manifest["documents"]] == ["a.rss", "b.rss"]
    assert manifest["documents"][1] == {
        "path": "b.rss",
        "feed": "b",
        "kind": "topic",
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
    outcome = put(tmp_path, document("a.rss"), document("topics/b.rss"))
    assert (outcome.written, outcome.unchanged, outcome.removed) == ((), ("a.rss", "topics/b.rss"), ())
    assert times(tmp_path) == before


def test_only_the_changed_document_is_written(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("b.rss"))
    before = times(tmp_path)
    outcome = put(tmp_path, document("a.rss", b"<rss>new</rss>"), document("b.rss"))
    assert outcome.written == ("a.rss",)
    assert times(tmp_path)["b.rss"] == before["b.rss"]


@pytest.mark.parametrize("damage", [b"", b"<rsx/>"], ids=["emptied", "same size"])
def test_a_damaged_document_is_written_again(tmp_path: Path, damage: bytes) -> None:
    put(tmp_path, document("a.rss"))
    (tmp_path / "a.rss").write_bytes(damage)
    assert put(tmp_path, document("a.rss")).written == ("a.rss",)
    assert (tmp_path / "a.rss").read_bytes() == b"<rss/>"


def test_a_document_that_is_no_longer_wanted_is_removed_with_its_empty_folder(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("custom/deep/b.rss"))
    assert put(tmp_path, document("a.rss")).removed == ("custom/deep/b.rss",)
    assert files(tmp_path).keys() == {"a.rss", MANIFEST}
    assert not (tmp_path / "custom").exists()


def test_a_document_of_another_case_is_another_one(tmp_path: Path) -> None:
    put(tmp_path, document("topics/Energy.rss"))
    assert put(tmp_path, document("topics/energy.rss")).removed == ("topics/Energy.rss",)
    assert files(tmp_path).keys() == {"topics/energy.rss", MANIFEST}


def test_a_document_of_another_case_is_the_same_one_where_the_file_system_says_so(tmp_path: Path) -> None:
    """A second name of the same file is what there is of that on a file system that does not say so."""
    put(tmp_path, document("topics/Energy.rss"))
    (tmp_path / "topics/energy.rss").hardlink_to(tmp_path / "topics/Energy.rss")
    assert put(tmp_path, document("topics/energy.rss")).removed == ()
    assert files(tmp_path)["topics/energy.rss"] == b"<rss/>"
    assert [record.path for record in read_manifest(DiskFolder(tmp_path)).documents] == ["topics/energy.rss"]


def test_a_foreign_file_of_another_case_is_not_touched(tmp_path: Path) -> None:
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


def test_a_foreign_file_is_never_touched_and_nothing_else_written(tmp_path: Path) -> None:
    (tmp_path / "b.rss").write_text("mine")
    with pytest.raises(PublishError) as raised:
        put(tmp_path, document("a.rss"), document("b.rss"))
    assert str(raised.value) == (
        f"{tmp_path / 'b.rss'}: is there already and feeds.json does not list it, so it is not ours; "
        "move it away or use --output"
    )
    assert files(tmp_path) == {"b.rss": b"mine"}


def test_foreign_files_beside_ours_stay(tmp_path: Path) -> None:
    (tmp_path / "CNAME").write_text("feeds.example.com")
    put(tmp_path, document("a.rss"))
    put(tmp_path)
    assert files(tmp_path)["CNAME"] == b"feeds.example.com"


def test_a_manifest_that_is_not_ours_stops_the_run(tmp_path: Path) -> None:
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
    with pytest.raises(PublishError, match="expected a folder inside it"):
        put(output)
    assert (tmp_path / "outside.rss").read_text() == "mine"


def test_a_linked_folder_that_leads_out_is_refused(tmp_path: Path) -> None:
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


def test_an_output_folder_behind_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "output").symlink_to(tmp_path / "disk")
    put(tmp_path / "output", document("topics/a.rss"))
    assert files(tmp_path / "disk").keys() == {"topics/a.rss", MANIFEST}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("b.rss"), document("c.rss"))
    before = times(tmp_path)
    outcome = put(tmp_path, document("a.rss"), document("b.rss", b"new"), document("d.rss"), dry_run=True)
    assert (outcome.written, outcome.unchanged, outcome.removed) == (("b.rss", "d.rss"), ("a.rss",), ("c.rss",))
    assert times(tmp_path) == before


def test_a_dry_run_does_not_make_the_output_folder(tmp_path: Path) -> None:
    put(tmp_path / "output", document("a.rss"), dry_run=True)
    assert not (tmp_path / "output").exists()


def test_files_are_readable_by_a_web_server(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"))
    assert stat.S_IMODE((tmp_path / "a.rss").stat().st_mode) == 0o666 & ~current_umask()


def current_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_a_run_that_stops_in_the_middle_leaves_every_file_whole_and_the_next_one_heals(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss", b"old"))

    with pytest.raises(KeyboardInterrupt):
        publish(
            DiskFolder(tmp_path),
            ["a.rss", "b.rss", "c.rss"],
            stopping_after(tmp_path, document("a.rss", b"new"), document("b.rss", b"new")),
        )
    assert files(tmp_path)["a.rss"] == b"new"
    put(tmp_path, document("a.rss", b"new"), document("c.rss", b"new"))
    assert files(tmp_path).keys() == {"a.rss", "c.rss", MANIFEST}


def test_what_several_stopped_runs_wrote_is_known(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with pytest.raises(KeyboardInterrupt):
            publish(
                DiskFolder(tmp_path), [f"{name}.rss", "rest.rss"], stopping_after(tmp_path, document(f"{name}.rss"))
            )
    put(tmp_path, document("third.rss"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feeds.json", "third.rss"]


def test_what_a_killed_run_had_begun_to_write_is_removed(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"), document("topics/b.rss"))
    with pytest.raises(KeyboardInterrupt):
        publish(DiskFolder(tmp_path), ["a.rss", "topics/b.rss", "topics/c.rss"], stopping_after(tmp_path))
    for name in ("a.rss", "feeds.json", ".feeds-journal", "topics/b.rss", "topics/c.rss"):
        place = tmp_path / name
        for token in ("", ".01234567", ".89abcdef"):  # there was none in the versions before
            place.with_name(f".{place.name}{token}.feeds-new").write_bytes(b"<r")
    mine = [
        ".mine",
        ".other.rss.01234567.feeds-new",
        ".a.rss.0123456.feeds-new",
        ".a.rss.01234567.new",
        "a.rss.feeds-new",
    ]
    for name in mine:
        (tmp_path / name).touch()
    put(tmp_path, document("a.rss"), document("topics/b.rss"))
    assert sorted(files(tmp_path)) == sorted([*mine, "a.rss", "feeds.json", "topics/b.rss"])


def test_two_that_write_a_document_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a cluster does a task twice: what is in the place is whole, whoever comes first."""
    folder = DiskFolder(tmp_path)
    has_begun, may_end = Event(), Event()
    other = Thread(target=lambda: folder.write("a.rss", b"of the other", headers={}, is_vital=True))
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
    folder.write("a.rss", b"of the first", headers={}, is_vital=True)
    assert files(tmp_path)["a.rss"] == b"of the first"
    may_end.set()
    other.join()
    assert files(tmp_path) == {"a.rss": b"of the other"}


def stopping_after(output: Path, *documents: Document) -> Iterator[WrittenDocument]:
    yield from (write_document(DiskFolder(output), document) for document in documents)
    raise KeyboardInterrupt


def test_an_unwritable_place_is_a_clear_error_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"))
    (tmp_path / "topics.rss").mkdir()
    (tmp_path / MANIFEST).write_text((tmp_path / MANIFEST).read_text().replace("a.rss", "topics.rss"))
    with pytest.raises(PublishError) as raised:
        put(tmp_path, document("topics.rss"))
    assert str(raised.value) == f"{tmp_path / 'topics.rss'}: cannot be written: Is a directory"
    assert not list(tmp_path.rglob("*.feeds-new"))


def test_a_file_where_a_folder_should_be_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "topics").write_text("mine")
    with pytest.raises(PublishError) as raised:
        put(tmp_path, document("topics/a.rss"))
    assert str(raised.value) == f"{tmp_path / 'topics'}: is not a folder; expected one to publish in"


def test_no_manifest_is_an_empty_one(tmp_path: Path) -> None:
    assert read_manifest(DiskFolder(tmp_path)).documents == ()


def test_a_file_is_known_by_its_size_and_time(tmp_path: Path) -> None:
    put_ = write_document(DiskFolder(tmp_path), document("a.rss", b"one"))
    assert DiskFolder(tmp_path).facts("a.rss") == (3, put_.stamp)
    os.utime(tmp_path / "a.rss", ns=(0, put_.stamp + 1))
    assert DiskFolder(tmp_path).facts("a.rss") == (3, put_.stamp + 1)
    (tmp_path / "a.rss").unlink()
    assert DiskFolder(tmp_path).facts("a.rss") is None


def test_what_this_cache_put_there_is_ours_also_without_a_manifest(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"))
    mtime = (tmp_path / "a.rss").stat().st_mtime_ns
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(PublishError, match="is there already"):
        put(tmp_path, document("a.rss", b"new"), known={"a.rss": mtime + 1})
    assert put(tmp_path, document("a.rss", b"new"), known={"a.rss": mtime}).written == ("a.rss",)


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
def test_a_manifest_that_is_none_or_of_another_version_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(PublishError, match=message):
        read_manifest(DiskFolder(tmp_path))


def test_a_name_that_no_file_has_is_in_no_manifest_of_ours(tmp_path: Path) -> None:
    put(tmp_path, document("a.rss"))
    manifest = (tmp_path / MANIFEST).read_text(encoding="utf-8")
    (tmp_path / MANIFEST).write_text(manifest.replace('"a.rss"', '"a\\u0000.rss"'), encoding="utf-8")
    with pytest.raises(PublishError, match="is not a manifest of ours"):
        put(tmp_path, document("a.rss"))


@pytest.mark.parametrize("name", [MANIFEST, ".feeds-journal", "a.rss"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(PublishError, match=r"Is not a regular file|is there already"):
        put(tmp_path, document("a.rss"))


@pytest.mark.parametrize("name", [".a.rss.feeds-new", "..feeds-journal.feeds-new"])
def test_what_has_the_place_of_what_is_being_written_is_not_written_to(tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    put(tmp_path / "output", document("a.rss"))
    for make in (lambda place: place.symlink_to(precious), os.mkfifo):
        make(tmp_path / "output" / name)
        put(tmp_path / "output", document("a.rss", str(make).encode()))
        assert precious.read_bytes() == b"precious"
        assert (tmp_path / "output" / "a.rss").is_file()
        assert not (tmp_path / "output" / "a.rss").is_symlink()
        (tmp_path / "output" / name).unlink(missing_ok=True)


def test_what_somebody_put_where_a_file_is_to_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.urandom", lambda _: bytes.fromhex("01234567"))
    precious, link = tmp_path / "precious", tmp_path / "output" / ".a.rss.01234567.feeds-new"
    precious.write_bytes(b"precious")
    link.parent.mkdir()
    link.symlink_to(precious)
    with pytest.raises(PublishError, match="cannot be written: File exists"):
        write_document(DiskFolder(tmp_path / "output"), document("a.rss"))
    assert precious.read_bytes() == b"precious"
    assert link.is_symlink()


def test_a_folder_that_is_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "topics").symlink_to("topics")
    with pytest.raises(PublishError, match=r"topics: (is not a folder|leads out|cannot be written)"):
        put(tmp_path, document("topics/a.rss"))


def test_a_removal_that_is_refused_is_no_removal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a folder that may not be entered."""
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
    assert {record.path for record in read_manifest(DiskFolder(tmp_path)).documents} == {"a.rss", "topics/b.rss"}
    assert put(tmp_path, document("a.rss")).removed == ("topics/b.rss",)


def test_what_goes_goes_before_what_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists, feeds and their pages, archives from the newest on, style; copies before what they are copies of."""
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
def test_a_journal_that_cannot_be_understood_is_passed_over(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, document("a.rss"))
    (tmp_path / ".feeds-journal").write_bytes(content)
    assert put(tmp_path, document("a.rss")).unchanged == ("a.rss",)
    assert not (tmp_path / ".feeds-journal").exists()


def test_a_journal_that_is_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".feeds-journal").mkdir()
    with pytest.raises(PublishError, match="feeds-journal: cannot be read: Is a directory"):
        put(tmp_path, document("a.rss"))


@pytest.mark.parametrize("name", ["..feeds-journal.feeds-new", ".feeds.json.feeds-new"])
def test_what_a_killed_run_had_begun_of_its_own_files_is_removed(tmp_path: Path, name: str) -> None:
    put(tmp_path, document("a.rss"))
    (tmp_path / name).write_bytes(b"half")
    put(tmp_path, document("a.rss"))
    assert not (tmp_path / name).exists()


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was flushed to the disk and what was moved to its place, by name, in the order in which it was."""
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


def test_what_takes_the_place_of_a_published_document_is_on_the_disk_first(tmp_path: Path, steps: list[str]) -> None:
    """The manifest and the journal too: a run could not go on where these are empty after a loss of power."""
    put(tmp_path, document("a.rss", b"old"))
    journal = ["flush .feeds-journal", "move .feeds-journal"]
    manifest = ["flush feeds.json", "move feeds.json"]
    assert steps == [*journal, "move a.rss", *manifest]
    steps.clear()
    put(tmp_path, document("a.rss", b"new"), document("b.rss"))
    assert steps == [*journal, "flush a.rss", "move a.rss", "move b.rss", *manifest]


def test_a_file_that_others_may_write_too_is_on_the_disk_before_it_is_moved(tmp_path: Path, steps: list[str]) -> None:
    replace_file(tmp_path / "a.lock", b"new")
    assert [step.partition(" ")[0] for step in steps] == ["flush", "move"]


@pytest.mark.parametrize("name", ["a.lock", "[ab]*.lock"])
def test_what_killed_runs_left_of_a_file_that_others_may_write_goes_in_the_end(tmp_path: Path, name: str) -> None:
    old, new = (tmp_path / f".{name}.{token}.feeds-new" for token in ("0123abcd", "4567abcd"))
    others = [tmp_path / f".{name}.{end}" for end in ("20240101", "0123abcd", "mine", "saved-it.feeds-new")]
    others += [tmp_path / f".b.lock.{end}" for end in ("0123abcd", "0123abcd.feeds-new")]
    for left in (old, new, *others):
        left.touch()
    for left in (old, *others):
        os.utime(left, (0, 0))
    replace_file(tmp_path / name, b"new")
    assert {path.name for path in tmp_path.iterdir()} == {name, new.name, *(path.name for path in others)}


@pytest.mark.parametrize(("code", "is_written"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_disk_that_cannot_be_waited_for_is_none_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, *, is_written: bool
) -> None:
    def refused(_: int) -> None:
        raise OSError(code, os.strerror(code))

    put(tmp_path, document("a.rss", b"old"))
    monkeypatch.setattr(os, "fsync", refused)
    with contextlib.nullcontext() if is_written else pytest.raises(PublishError, match="Input/output error"):
        put(tmp_path, document("a.rss", b"new"))
    assert files(tmp_path)["a.rss"] == (b"new" if is_written else b"old")
