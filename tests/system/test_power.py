"""A power failure: of the last writes of a run, some are on the disk, some are not, and some files are empty.

A file system with a journal writes metadata in the order in which it changed; bytes of a file that were not flushed may
be missing. So a published document is the old or the new one, a new document may be empty, and the manifest and the
journal are complete. The cache may be on another disk, and so of any time.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXAMPLES = int(os.environ.get("EXAMPLES", "24"))
CONFIG = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
archives: month
compress: [gzip]
formats: [rss, json]
feeds: {all: {limit: 2}, topics: {limit: 2}, providers: off, custom: [{path: gone, limit: 1}]}
"""
STORY = "title: {1}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-0{2}-10\ntopics: [Topic {3}]"


def write(site: Site, number: int, title: str) -> None:
    file = site.article(f"{number}.md", STORY.format(number, title, 1 + number % 4, number % 3))
    os.utime(file, (0, 1_700_000_000 + len(title)))


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with its state before a run in the folder `old`, and the state after it in `new`."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.configure(CONFIG)
    for number in range(8):
        write(site, number, "Old")
    site.regenerate()
    keep(site, "old")
    site.configure(CONFIG.replace("path: gone", "path: new"))
    for number in (1, 4):
        write(site, number, "Oll")  # as long as before
    write(site, 8, "New")
    site.article("9.md", "title: Late\nwebUrl: https://a.example/9\npublishedDateTime: 2025-11-10\ntopics: [Topic 9]")
    site.regenerate()
    keep(site, "new")
    return site


def keep(site: Site, name: str) -> None:
    for folder in ("output", ".feeds"):
        shutil.copytree(site.folder / folder, site.folder / name / folder)


def files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def lose_power(site: Site, chance: random.Random) -> str:
    """Leave a possible state after a power failure; return its description for messages."""
    old, new = files(site.folder / "old" / "output"), files(site.folder / "new" / "output")
    for folder in ("output", ".feeds"):
        shutil.rmtree(site.folder / folder, ignore_errors=True)
    is_listed = chance.random() < 0.5
    has_journal = not is_listed or chance.random() < 0.5
    share = chance.choice([0, 0.5, 1])
    for path in sorted(old.keys() | new.keys() - {"feeds.json"}):
        put(site.output / path, path, old, new, chance, share=share, is_listed=is_listed)
    put(site.output / "feeds.json", "feeds.json", old, new, chance, share=is_listed, is_listed=is_listed)
    if has_journal:
        (site.output / ".feeds-journal").write_text(json.dumps(sorted(new.keys() - old.keys())))
    catalog = chance.choice(["old", "new", ""])
    if catalog:
        shutil.copytree(site.folder / catalog / ".feeds", site.folder / ".feeds")
    return f"listed: {is_listed}, journal: {has_journal}, catalog: {catalog}, of the new documents: {share}"


def put(
    place: Path,
    path: str,
    old: Mapping[str, Path],
    new: Mapping[str, Path],
    chance: random.Random,
    *,
    share: float,
    is_listed: bool,
) -> None:
    """Put the old or the new file at a path, or none."""
    source = new.get(path) if chance.random() < share else old.get(path)
    if source is None or (is_listed and path not in new):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, place)
    if path not in old and chance.random() < 0.5:
        facts = place.stat()
        place.write_bytes(b"")
        os.utime(place, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_the_change_has_documents_of_every_kind(changed: Site) -> None:
    old, new = files(changed.folder / "old" / "output"), files(changed.folder / "new" / "output")
    assert {"gone.rss", "gone/index.html"} <= old.keys() - new.keys()
    assert {"new.rss", "all/archive/2025-11.rss", "topics/topic-9.json"} <= new.keys() - old.keys()
    same_length = [path for path in old.keys() & new.keys() if old[path].stat().st_size == new[path].stat().st_size]
    assert [path for path in same_length if old[path].read_bytes() != new[path].read_bytes()]


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_the_next_run_repairs_the_output_after_a_power_failure(changed: Site, seed: int) -> None:
    expected = {path: file.read_bytes() for path, file in files(changed.folder / "new" / "output").items()}
    state = lose_power(changed, random.Random(seed))  # noqa: S311  # no secret
    changed.regenerate()
    assert changed.documents() == expected, state
    assert changed.regenerate().written == 0
