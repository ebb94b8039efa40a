"""The archive of the benchmark: changed as people do, and left as it was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.changes import borrowed
from benchmarks.measure import BenchmarkError
from feeds.content.articles import parse_article
from tests.support.site import NOW

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = 120


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (folder / "articles").rglob("*.md")}


def test_the_newest_article_gets_a_sentence(tmp_path: Path) -> None:
    with borrowed(tmp_path, ARTICLES) as archive:
        before = texts(tmp_path)
        archive.change()
        changed = {name: text for name, text in texts(tmp_path).items() if before[name] != text}
        assert changed == {"0000119.md": before["0000119.md"] + "\nA sentence that was not there before.\n"}
        published = {name: _published(text) for name, text in before.items()}
        assert max(published, key=lambda name: published[name]) == "0000119.md"


def test_one_is_removed_and_added(tmp_path: Path) -> None:
    with borrowed(tmp_path, ARTICLES) as archive:
        before = texts(tmp_path)
        archive.remove()
        assert before.keys() - texts(tmp_path).keys() == {"0000118.md"}
        archive.add()
        assert texts(tmp_path) == before


def test_every_change_is_taken_back(tmp_path: Path) -> None:
    with borrowed(tmp_path, ARTICLES) as archive:
        before = texts(tmp_path)
        archive.change()
        archive.remove()
    assert texts(tmp_path) == before


def test_an_archive_is_made_once(tmp_path: Path) -> None:
    with borrowed(tmp_path, ARTICLES):
        kept = tmp_path / "articles" / "00000" / "0000000.md"
        kept.write_text("mine", encoding="utf-8")
    with borrowed(tmp_path, ARTICLES):
        assert kept.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("mark", ["in use\n", "80 articles\n"])
def test_what_was_left_in_the_middle_is_made_anew(tmp_path: Path, mark: str) -> None:
    with borrowed(tmp_path, ARTICLES):
        before = texts(tmp_path)
    (tmp_path / "articles" / "00001" / "0000119.md").unlink()
    (tmp_path / "benchmark.txt").write_text(mark, encoding="utf-8")
    with borrowed(tmp_path, ARTICLES):
        assert texts(tmp_path) == before


def test_articles_that_are_not_the_benchmarks_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_text("mine", encoding="utf-8")
    with pytest.raises(BenchmarkError, match="was not made by this benchmark"), borrowed(tmp_path, ARTICLES):
        pass
    assert texts(tmp_path) == {"a.md": "mine"}


def test_the_shape_counts_articles_bytes_and_terms(tmp_path: Path) -> None:
    with borrowed(tmp_path, ARTICLES) as archive:
        shape = archive.shape()
    assert shape.articles == ARTICLES
    assert shape.size == sum(path.stat().st_size for path in (tmp_path / "articles").rglob("*.md"))
    assert shape.terms["publishers"].total() == ARTICLES
    assert len(shape.terms["publishers"]) <= ARTICLES / 30
    assert ARTICLES < shape.terms["topics"].total() < 3 * ARTICLES


def _published(text: str) -> str:
    article = parse_article(text.encode(), path="a.md", modified=NOW).article
    assert article is not None
    return str(article.published)
