"""A run publishes the bytes of a run without a cache, whatever happened before."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import feeds
from feeds.catalog import stories
from feeds.output.publisher import WrittenDocument, write_document
from tests.support.site import NOW, Site
from tests.support.strategies import examples

if TYPE_CHECKING:
    from feeds.models import Document
    from feeds.storage.folder import Folder

HOUR = dt.timedelta(hours=1)
SITE = "site: {title: Test Wire, url: https://feeds.example.com/}\n"
SOURCE = "source: {articles: [../articles]}\n"
CONFIGURATIONS = (
    SOURCE,
    SOURCE + "pages: off\nformats: [json]\nfeeds: {topics: {limit: 2}, providers: off}\n",
    SOURCE + "topics: {AI: {aliases: [KI], title: Machines}, ML: {parent: AI}}\nentries: {related: links}\n",
    SOURCE
    + "feeds:\n  custom:\n    - {path: new, newer_than: 3 hours}\n    - {path: best, min_quality: 5, sort: quality}\n",
    SOURCE
    + "archives: month\ncompress: [gzip]\nmoved: {topics/old: topics/ai, best: new}\n"
    + "feeds: {all: {limit: 1}, topics: {limit: 2}, custom: [{path: new, limit: 1}]}\n",
    SOURCE + "providers: {a.example: {title: Alpha, feed: https://a.example/feed}}\n",
    "source: {articles: [../articles], unpublished: include, undated: file}\n",
)
TOPICS = ["AI", "ai", "KI", "ML", "R&D", "R and D"]
NAMES = st.sampled_from(["a.md", "b.md", "deep/c.md", "deep/er/d.md"])
#: Around now, and in the two months before.
TIMES = (st.integers(-4, 4) | st.sampled_from([-20, -500, -1000])).map(lambda hours: NOW + hours * HOUR)
STORIES = st.fixed_dictionaries(
    {
        "webUrl": st.sampled_from(["https://a.example/1", "https://www.a.example/2", "https://b.example/1"]),
        "title": st.sampled_from(["One", "Two"]),
        "publishedDateTime": TIMES | TIMES | TIMES | st.none(),
    },
    optional={
        "updatedDateTime": TIMES,
        "topics": st.lists(st.sampled_from(TOPICS), max_size=3),
        "quality": st.integers(0, 9),
        "published": st.booleans(),
        "provider": st.sampled_from([{"name": "Alpha"}, {"name": "Beta", "domain": "b.example"}]),
    },
)
ARTICLES = st.builds(lambda story, related: {**story, "related": related}, STORIES, st.lists(STORIES, max_size=3))


class Archive(RuleBasedStateMachine):
    """An archive that changes, with a site that is published after each change and one that is published once."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.site = Site(self.folder)
        self.now = NOW
        self.writes = 0
        (self.folder / "articles").mkdir()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize()
    def start(self) -> None:
        """Begin with stories of all topics and providers that stay, so that no feed appears or disappears."""
        self.site.configure(SITE + SOURCE)
        for number, host in enumerate(("a.example", "b.example", "c.example")):
            story = {"webUrl": f"https://{host}/kept", "title": "Kept", "topics": TOPICS}
            published = NOW - (500 * number + 10) * HOUR
            self.site.article(f"kept-{number}.md", yaml.safe_dump({**story, "publishedDateTime": published}))

    @rule(name=NAMES, article=ARTICLES)
    def write(self, name: str, article: dict[str, Any]) -> None:
        file = self.site.article(name, yaml.safe_dump(article))
        self.writes += 1
        os.utime(file, (0, 1_700_000_000 + 100 * self.writes))

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        (self.folder / "articles" / name).unlink(missing_ok=True)

    @rule(name=NAMES, other=NAMES)
    def rename(self, name: str, other: str) -> None:
        file, target = self.folder / "articles" / name, self.folder / "articles" / other
        if file.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)

    @rule(name=NAMES, seconds=st.integers(1, 9))
    def touch(self, name: str, seconds: int) -> None:
        file = self.folder / "articles" / name
        if file.exists():
            os.utime(file, (0, 1_700_000_000 + seconds))

    @rule(text=st.sampled_from(CONFIGURATIONS))
    def configure(self, text: str) -> None:
        self.site.configure(SITE + text)

    @rule(hours=st.sampled_from([1, 2, 4, -3]))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule()
    def delete_the_cache(self) -> None:
        shutil.rmtree(self.folder / ".feeds", ignore_errors=True)

    @rule(documents=st.integers(0, 6))
    def kill_a_run(self, documents: int) -> None:
        remaining = iter(range(documents))

        def write_or_stop(output: Folder, document: Document) -> WrittenDocument:
            if next(remaining, None) is None:
                raise KeyboardInterrupt
            return write_document(output, document)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("feeds.pipeline.publish.write_document", write_or_stop)
            with suppress(KeyboardInterrupt):
                self.publish(self.folder / "output", self.folder / ".feeds")

    @rule()
    def damage(self) -> None:
        for file in sorted((self.folder / "output").glob("*.json"))[:1]:
            if file.name != "feeds.json":
                file.write_text("{}", encoding="utf-8")

    @rule()
    def publish_elsewhere(self) -> None:
        self.publish(self.folder / "elsewhere", self.folder / ".feeds")

    @invariant()
    def the_documents_are_those_of_a_run_without_a_cache(self) -> None:
        if not self.site.config_path.exists():
            return
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stories, "BATCH", 2)  # so that stories are built in several batches
            self.publish(self.folder / "output", self.folder / ".feeds")
        fresh = self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        # The manifest is kept: feeds that lost their last entry stay.
        shutil.copytree(self.folder / "output", fresh)
        for file in fresh.rglob("*"):
            if file.is_file() and file.name != "feeds.json":
                file.unlink()
        self.publish(fresh, self.folder / "fresh-cache")
        shutil.rmtree(self.folder / "fresh-cache")
        assert files(self.folder / "output") == files(fresh)

    def publish(self, output: Path, cache: Path) -> None:
        config = feeds.load_config(self.site.config_path)
        feeds.regenerate(config, output=output, cache=cache, now=self.now)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


TestArchive = Archive.TestCase
TestArchive.settings = settings(
    deadline=None, max_examples=int(os.environ.get("EXAMPLES", examples(12))), stateful_step_count=12
)
