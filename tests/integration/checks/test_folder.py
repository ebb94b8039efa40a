"""Documents judged: each rule finds what is broken on purpose, and nothing in what is sound."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tracemalloc
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace

from feeds.checks import compare, folder
from feeds.checks.folder import validate_folder
from feeds.checks.formats.atom import validate_atom
from feeds.checks.formats.values import one_of
from feeds.checks.rules.documents import OF_DOCUMENTS
from feeds.http.codings import compress, compress_brotli, compress_gzip
from feeds.output.manifest import DocumentRecord, read_manifest
from feeds.progress import untracked
from feeds.storage.local import DiskFolder
from tests.support.broken_documents import BROKEN, publish_sound
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from feeds.checks.formats.result import DocumentContext, ValidationResult
    from feeds.errors import LocatedDiagnostic
    from feeds.models import Coding
    from tests.support.broken_documents import Broken

BASE = "https://feeds.example.com/"
RECORD = DocumentRecord(
    path="a", feed="", kind="site", name="", title="", type="text/plain", entries=0, updated=NOW, bytes=0, digest=""
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in which nothing is wrong."""
    site = Site(tmp_path_factory.mktemp("sound"))
    publish_sound(site)
    return site


def judge(output: Path) -> tuple[LocatedDiagnostic, ...]:
    return validate_folder(output, BASE, NOW, jobs=1, track=untracked).mistakes


def rewrite(output: Path, path: str, body: bytes) -> None:
    """Write a document, and a manifest that lists it as it is then, without the copies of it."""
    (output / path).write_bytes(body)
    manifest = read_manifest(DiskFolder(output))
    records = [
        replace(record, bytes=len(body), digest=f"sha256:{hashlib.sha256(body).hexdigest()}")
        if record.path == path
        else record
        for record in manifest.documents
        if not (record.coding and record.path.startswith(f"{path}."))
    ]
    manifest = replace(manifest, documents=tuple(records))
    (output / "feeds.json").write_bytes(msgspec.json.encode(manifest))


def test_a_sound_site_has_nothing_wrong(sound: Site) -> None:
    result = validate_folder(sound.output, BASE, NOW, jobs=1, track=untracked)
    assert result.mistakes == ()
    assert result.documents == len(read_manifest(DiskFolder(sound.output)).documents)


@pytest.mark.parametrize("row", BROKEN, ids=[row.id for row in BROKEN])
def test_what_is_broken_is_found(sound: Site, row: Broken) -> None:
    place, manifest = sound.output / row.path, sound.output / "feeds.json"
    before, listed = place.read_bytes(), manifest.read_bytes()
    try:
        body = row.change(before.decode()).encode(errors="surrogateescape")
        assert body != before
        rewrite(sound.output, row.path, body)
        mistakes = judge(sound.output)
    finally:
        place.write_bytes(before)
        manifest.write_bytes(listed)
    assert {mistake.rule for mistake in mistakes} == {row.rule, *row.also}, [*map(str, mistakes)]


@pytest.mark.parametrize(
    "url", ["icon.png#x", "icon.PNG", "icon", "icon.png?x=1&amp;y=2", "a.b/icon", "icon?x.gif", "i.php?x"]
)
def test_an_image_of_a_channel_may_have_more_in_its_address(sound: Site, tmp_path: Path, url: str) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    text = (output / "all.rss").read_text(encoding="utf-8")
    rewrite(output, "all.rss", text.replace("icon.png</url>", f"{url}</url>").encode())
    assert judge(output) == ()


@pytest.mark.parametrize("path", ["all.rss", "all.atom", "all.json"])
def test_letters_of_all_planes_are_sound(sound: Site, tmp_path: Path, path: str) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    text = (output / path).read_text(encoding="utf-8")
    rewrite(output, path, text.replace("What is said", "What 😀 is 𠀀 said &#x1F600;").encode())
    assert judge(output) == ()


@pytest.mark.parametrize(
    ("values", "expected"), [(("a",), "a"), (("a", "b"), "a or b"), (("a", "b", "c"), "a, b or c")], ids=len
)
def test_what_is_expected_is_said_in_words(values: tuple[str, ...], expected: str) -> None:
    assert one_of("bad-medium", *values)("x", NOW) == ("bad-medium", expected)


def _unlist_everything(output: Path) -> None:
    (output / "feeds.json").unlink()


def _garble_the_manifest(output: Path) -> None:
    (output / "feeds.json").write_bytes(b"[")


def _list_a_wrong_type(output: Path) -> None:
    text = (output / "feeds.json").read_text(encoding="utf-8")
    (output / "feeds.json").write_text(text.replace('"application/rss+xml"', '"text/xml"', 1), encoding="utf-8")


def _unlist_an_original(output: Path) -> None:
    manifest = read_manifest(DiskFolder(output))
    kept = tuple(record for record in manifest.documents if record.path != "assets/page.js")
    (output / "feeds.json").write_bytes(msgspec.json.encode(replace(manifest, documents=kept)))


def _stop_in_the_middle(output: Path) -> None:
    (output / ".feeds-journal").write_bytes(b"[]")


def _lose_a_document(output: Path) -> None:
    (output / "topics" / "energy.atom").unlink()


def _put_a_pipe(output: Path) -> None:
    (output / "topics" / "energy.atom").unlink()
    os.mkfifo(output / "topics" / "energy.atom")


def _put_a_folder(output: Path) -> None:
    (output / "topics" / "energy.atom").unlink()
    (output / "topics" / "energy.atom").mkdir()


def _put_a_link_to_itself(output: Path) -> None:
    (output / "topics" / "energy.atom").unlink()
    (output / "topics" / "energy.atom").symlink_to("energy.atom")


def _put_a_link_out(output: Path) -> None:
    place = output / "topics" / "energy.atom"
    place.rename(output.parent / "energy.atom")
    place.symlink_to(output.parent / "energy.atom")


def _list(path: str) -> Callable[[Path], None]:
    """List a document at another path in place of the page that lists all."""

    def change(output: Path) -> None:
        text = (output / "feeds.json").read_text(encoding="utf-8")
        assert '"path": "index.html"' in text
        (output / "feeds.json").write_text(
            text.replace('"path": "index.html"', f'"path": {json.dumps(path)}'), encoding="utf-8"
        )

    return change


def _lose_a_copy(output: Path) -> None:
    (output / "topics" / "energy.atom.gz").unlink()


def _edit_a_document(output: Path) -> None:
    place = output / "assets" / "page.css"
    place.write_bytes(place.read_bytes() + b"\n")


def _edit_a_copy(output: Path) -> None:
    place = output / "all.rss.gz"
    place.write_bytes(place.read_bytes()[:-1])


def _copy(path: str, change: Callable[[Path, bytes], bytes]) -> Callable[[Path], None]:
    """Put another compressed copy at a path, and list it."""

    def change_copy(output: Path) -> None:
        copy = change(output, (output / path).read_bytes())
        (output / path).write_bytes(copy)
        manifest = read_manifest(DiskFolder(output))
        digest = f"sha256:{hashlib.sha256(copy).hexdigest()}"
        records = tuple(
            replace(record, bytes=len(copy), digest=digest) if record.path == path else record
            for record in manifest.documents
        )
        (output / "feeds.json").write_bytes(msgspec.json.encode(replace(manifest, documents=records)))

    return change_copy


#: What is done to an output folder: the rule that it is against then, and which others necessarily.
BROKEN_FOLDERS = [
    ("bad-manifest", _unlist_everything, set()),
    ("bad-manifest", _garble_the_manifest, set()),
    ("bad-manifest", _list_a_wrong_type, set()),
    ("bad-manifest", _unlist_an_original, {"dead-link"}),
    ("unfinished-run", _stop_in_the_middle, set()),
    ("missing-document", _lose_a_document, {"copy-differs"}),
    ("missing-document", _lose_a_copy, set()),
    ("missing-document", _put_a_pipe, {"copy-differs"}),
    ("missing-document", _put_a_folder, {"copy-differs"}),
    ("missing-document", _put_a_link_to_itself, {"copy-differs"}),
    ("bad-manifest", _list("a\0b"), set()),
    ("bad-manifest", _list("../config/feeds.yaml"), set()),
    ("bad-manifest", _list("/etc/hostname"), set()),
    ("bad-manifest", _put_a_link_out, {"copy-differs"}),
    ("document-changed", _edit_a_document, {"copy-differs"}),
    ("document-changed", _edit_a_copy, set()),
    *(
        ("copy-differs", _copy(f"all.rss.{coding}", change), set[str]())
        for coding in ("gz", "br")
        for change in (
            lambda output, _, coding=coding: (output / f"all.atom.{coding}").read_bytes(),
            lambda _, copy: copy[:-4],
            lambda _, copy: copy + b"garbage",
            lambda _, copy: copy + copy,
            lambda _, __: b"",
        )
    ),
    ("copy-differs", _copy("all.rss.gz", lambda _, copy: copy + compress_gzip(b"more")), set()),
    ("copy-differs", _copy("all.rss.gz", lambda _, __: compress_gzip(bytes(10_000_000))), set()),
    ("copy-differs", _copy("all.rss.br", lambda _, __: compress_brotli(bytes(10_000_000))), set()),
]


@pytest.mark.parametrize(
    ("rule", "change", "also"), BROKEN_FOLDERS, ids=[f"{rule}-{n}" for n, (rule, *_) in enumerate(BROKEN_FOLDERS)]
)
def test_what_is_broken_in_the_folder_is_found(
    sound: Site, tmp_path: Path, rule: str, change: Callable[[Path], None], also: set[str]
) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    change(output)
    assert {mistake.rule for mistake in judge(output)} == {rule, *also}


def test_a_document_that_cannot_be_judged_loses_no_other_one(
    sound: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge_feed(body: bytes, about: DocumentContext) -> ValidationResult:
        if about.path == "all.atom":
            raise AssertionError(about.path)
        return validate_atom(body, about)

    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    (output / "all.rss").write_bytes(b"")
    monkeypatch.setattr(compare, "_VALIDATORS", {**compare._VALIDATORS, "atom": judge_feed})
    found = {(mistake.path, mistake.rule): mistake.message for mistake in judge(output)}
    assert found["all.atom", "not-judged"] == "could not be judged: AssertionError: 'all.atom'; this is a fault of ours"
    assert ("all.rss", "document-changed") in found


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_copy_is_unpacked_no_further_than_is_expected(coding: Coding) -> None:
    record = replace(RECORD, coding=coding)
    bomb = compress(bytes(100_000_000), coding)
    tracemalloc.start()
    assert compare._unpacked(bomb, record, 1000) != bytes(1000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000
    assert compare._unpacked(compress(b"abc", coding), record, 3) == b"abc"


def test_every_rule_of_documents_is_tried() -> None:
    tried = {row.rule for row in BROKEN} | {rule for rule, *_ in BROKEN_FOLDERS} | {"not-judged"}
    assert tried == {rule.id for rule in OF_DOCUMENTS}


def test_processes_find_the_same(sound: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    for path in ("all.rss", "all.json", "topics/energy.atom"):
        place = output / path
        place.write_bytes(place.read_bytes().replace(b"2026", b"2060"))
    expected = judge(output)
    assert len(expected) > 3
    monkeypatch.setattr(folder, "_WORTH_PROCESSES", 1)
    assert validate_folder(output, BASE, NOW, jobs=2, track=untracked).mistakes == expected


@pytest.mark.parametrize(
    ("path", "change", "message"),
    [
        ("all.rss", "<pubDate>Fri, 01 May", "<pubDate> is "),
        ("all.json", '"date_published": "2026-05-01', "items.0.date_published: "),
    ],
    ids=["rss", "json"],
)
def test_a_mistake_has_its_line(sound: Site, tmp_path: Path, path: str, change: str, message: str) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    text = (output / path).read_text(encoding="utf-8")
    assert change in text
    line = text.count("\n", 0, text.index(change)) + 1
    rewrite(output, path, text.replace(change, f"{change}x").encode())
    (mistake,) = judge(output)
    assert (mistake.path, mistake.line) == (path, line)
    assert mistake.message.startswith(message)


def test_the_moved_the_empty_and_the_undated_are_sound(site: Site) -> None:
    site.configure(
        """\
        site: {title: Test Wire, url: https://feeds.example.com/sub/}
        source: {articles: [../articles]}
        moved: {topics/old: topics/energy}
        feeds: {custom: [{path: nothing/here, min_quality: 99}]}
        """
    )
    site.article("a.md", "title: A\nwebUrl: https://a.example/a\npublishedDateTime: 2026-05-01\ntopics: [Energy, R&D]")
    site.regenerate()
    site.article("a.md", "title: A\nwebUrl: https://a.example/a\npublishedDateTime: 2026-05-01\ntopics: [Energy]")
    site.regenerate()
    result = validate_folder(site.output, f"{BASE}sub/", NOW, jobs=1, track=untracked)
    assert result.mistakes == ()
    assert {"topics/old.rss", "topics/old/index.html", "nothing/here.rss", "topics/r-and-d.rss"} <= set(
        site.documents()
    )


def test_the_history_of_a_feed_that_moved_is_sound(site: Site) -> None:
    site.configure(
        """\
        site: {title: Test Wire, url: https://feeds.example.com/}
        source: {articles: [../articles]}
        archives: month
        moved: {topics/old: topics/energy}
        feeds: {all: {limit: 1}, topics: {limit: 1}}
        """
    )
    for month in (1, 2, 4, 5, 6):
        date = f"publishedDateTime: 2026-{month:02}-01\ntopics: [Energy]"
        site.article(f"{month}.md", f"title: A\nwebUrl: https://a.example/{month}\n{date}")
    site.regenerate()
    assert judge(site.output) == ()
    assert "topics/old/archive/2026-04.atom" in site.documents()
