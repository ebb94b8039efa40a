"""The output folder: nothing is wrong in what is sound, and faults, copies, processes and lines."""

from __future__ import annotations

import shutil
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from feeds.checks.folder import VALIDATORS, validate_folder
from feeds.checks.formats.atom import validate_atom
from feeds.checks.rules.files import unpack
from feeds.http.codings import compress
from feeds.output.manifest import read_manifest
from feeds.progress import untracked
from feeds.storage.local import LocalFolder
from tests.support.site import NOW, Site
from tests.support.sound_site import BASE, diagnose, publish_sound, rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from feeds.checks.documents import DocumentContext, ValidationResult
    from feeds.models import Coding


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in which nothing is wrong."""
    site = Site(tmp_path_factory.mktemp("sound"))
    publish_sound(site)
    return site


def test_a_sound_site_has_nothing_wrong(sound: Site) -> None:
    result = validate_folder(sound.output, BASE, NOW, jobs=1, track=untracked)
    assert result.diagnostics == ()
    assert result.documents == len(read_manifest(LocalFolder(sound.output)).documents)


@pytest.mark.parametrize(
    "url", ["icon.png#x", "icon.PNG", "icon", "icon.png?x=1&amp;y=2", "a.b/icon", "icon?x.gif", "i.php?x"]
)
def test_an_image_of_a_channel_may_have_more_in_its_address(sound: Site, tmp_path: Path, url: str) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    text = (output / "all.rss").read_text(encoding="utf-8")
    rewrite(output, "all.rss", text.replace("icon.png</url>", f"{url}</url>").encode())
    assert diagnose(output) == ()


@pytest.mark.parametrize("path", ["all.rss", "all.atom", "all.json"])
def test_letters_of_all_planes_are_sound(sound: Site, tmp_path: Path, path: str) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    text = (output / path).read_text(encoding="utf-8")
    rewrite(output, path, text.replace("What is said", "What 😀 is 𠀀 said &#x1F600;").encode())
    assert diagnose(output) == ()


def test_a_fault_in_a_validator_does_not_stop_the_others(sound: Site, tmp_path: Path) -> None:
    def validate(body: bytes, context: DocumentContext) -> ValidationResult:
        if context.path == "all.atom":
            raise AssertionError(context.path)
        return validate_atom(body, context)

    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    (output / "all.rss").write_bytes(b"")
    validators = {**VALIDATORS, "atom": validate}
    mistakes = validate_folder(output, BASE, NOW, jobs=1, track=untracked, validators=validators).diagnostics
    found = {(mistake.path, mistake.rule): mistake.message for mistake in mistakes}
    assert found["all.atom", "not-judged"] == "could not be judged: AssertionError: 'all.atom'; this is a fault of ours"
    assert ("all.rss", "document-changed") in found


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_copy_is_unpacked_no_further_than_is_expected(coding: Coding) -> None:
    bomb = compress(bytes(100_000_000), coding)
    tracemalloc.start()
    assert unpack(bomb, coding, 1000) != bytes(1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    assert unpack(compress(b"abc", coding), coding, 3) == b"abc"


def test_processes_find_the_same(sound: Site, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    for path in ("all.rss", "all.json", "topics/energy.atom"):
        file = output / path
        file.write_bytes(file.read_bytes().replace(b"2026", b"2060"))
    expected = diagnose(output)
    assert len(expected) > 3
    result = validate_folder(output, BASE, NOW, jobs=2, track=untracked, min_documents_for_processes=1)
    assert result.diagnostics == expected


@pytest.mark.parametrize(
    ("path", "change", "message"),
    [
        ("all.rss", "<pubDate>Fri, 01 May", "<pubDate> is "),
        ("all.json", '"date_published": "2026-05-01', "items.0.date_published: "),
    ],
    ids=["rss", "json"],
)
def test_a_diagnostic_has_its_line(sound: Site, tmp_path: Path, path: str, change: str, message: str) -> None:
    output = tmp_path / "output"
    shutil.copytree(sound.output, output)
    text = (output / path).read_text(encoding="utf-8")
    assert change in text
    line = text.count("\n", 0, text.index(change)) + 1
    rewrite(output, path, text.replace(change, f"{change}x").encode())
    (mistake,) = diagnose(output)
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
    assert result.diagnostics == ()
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
    assert diagnose(site.output) == ()
    assert "topics/old/archive/2026-04.atom" in site.documents()
