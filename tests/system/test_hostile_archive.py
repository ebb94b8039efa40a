"""A hostile archive is published in bounded time and memory, and its problems are reported."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.measure import measure
from feeds.config.schema import SourceLimits
from feeds.content.articles import parse_article
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from pathlib import Path

#: Files of 0 bytes in one folder, and the bytes of memory that all processes of a run may have.
FILES = int(os.environ.get("FILES", "20000"))
MEMORY = 250_000_000

GOOD = "title: Good news\nwebUrl: https://a.example/good\npublishedDateTime: 2026-05-01"
STORY = f"---\n{GOOD}\n"
BOMB = "a0: &a0 [b]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))
FIELDS = "id title webUrl publishedDateTime published quality topics images provider related".split()


def make_odd_files(folder: Path) -> None:
    """Make a file of a gigabyte, a pipe, and links to a device, in a circle, out of the archive and to nowhere."""
    with (folder / "huge.md").open("wb") as file:
        file.truncate(1 << 30)
    os.mkfifo(folder / "pipe.md")
    for name, target in (("zero", "/dev/zero"), ("out", "/etc/passwd"), ("loop", "loop.md"), ("nowhere", "not-there")):
        (folder / f"{name}.md").symlink_to(target)
    (folder / "up").symlink_to("..")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what processes share")
def test_many_files_and_odd_ones_are_skipped_in_little_memory(site: Site) -> None:
    site.article("good.md", GOOD)
    folder = site.folder / "articles" / "many"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number}.md").touch()
    make_odd_files(folder)
    command = [sys.executable, "-m", "feeds", "regenerate", "--config", str(site.config_path), "--jobs", "2"]
    cost = measure(command, with_memory=True)
    read = FILES + len(("good", "huge", "loop", "nowhere"))
    assert f"{read} articles read, left out: {read - 1} unreadable" in cost.output
    assert (cost.memory or 0) < MEMORY
    assert b"Good news" in site.documents()["all.rss"]
    again = measure([*command, "--quiet"], with_memory=True)
    assert (again.memory or 0) < MEMORY


@pytest.mark.parametrize("field", FIELDS)
def test_a_bomb_in_a_field_is_a_mistake(field: str) -> None:
    text = STORY.replace(f"\n{field}:", "\nx:") + f"{BOMB}{field}: *a19\n---\n"
    parsed = parse_article(text.encode(), path="a.md", modified=NOW)
    assert parsed.article is None
    assert text.splitlines()[10].startswith("a6: ")
    assert list(map(str, parsed.diagnostics)) == [
        "a.md:11: not valid YAML here: aliases (*) bring in more than 1000000 characters"
    ]


def test_very_many_mistakes_of_an_article_are_counted() -> None:
    topics = "\n".join(["- {}"] * 150)
    limits = SourceLimits(topics=150)
    text = f"{STORY}topics:\n{topics}\n---\n".encode()
    parsed = parse_article(text, path="a.md", modified=NOW, limits=limits)
    assert len(parsed.diagnostics) == 101
    assert str(parsed.diagnostics[99]) == "a.md:105: topics[99] is a mapping; expected text"
    assert str(parsed.diagnostics[100]) == "a.md:106: from here on 50 more mistakes; expected none"


def test_only_the_first_of_very_many_mistakes_are_kept() -> None:
    text = f"{STORY}provider: {{authors: [{'1, ' * 250_000}]}}\n---\n".encode()
    parsed = parse_article(text, path="a.md", modified=NOW)
    assert str(parsed.diagnostics[100]) == "a.md:5: from here on 249900 more mistakes; expected none"
    assert len(parsed.unlocated) == 101


def test_limits_bound_what_an_article_multiplies() -> None:
    """A related link without topics has those of the article: 20 kB could be in a million feeds."""
    topics = ", ".join(f"t{number}" for number in range(2_000))
    related = ", ".join(f"{{title: R, webUrl: https://b.example/{number}}}" for number in range(600))
    parsed = parse_article(
        f"{STORY}topics: [{topics}]\nrelated: [{related}]\n---\n".encode(), path="a.md", modified=NOW
    )
    assert parsed.article is not None
    assert (len(parsed.article.topics), len(parsed.article.related)) == (100, 500)
    assert sorted(map(str, parsed.diagnostics)) == [
        "a.md:5: topics has 2000 items; expected 100 at most (source.limits.topics); the others are passed over",
        "a.md:6: related has 600 items; expected 500 at most (source.limits.related); the others are passed over",
    ]
