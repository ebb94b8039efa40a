"""The generator of archives for benchmarks: the same seed gives the same files, in the shape that it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.corpus import Corpus
from feeds.content.articles import parse_article
from tests.support.site import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from feeds.models import Article

ARTICLES = 600


@pytest.fixture(scope="module")
def texts() -> list[str]:
    corpus = Corpus(ARTICLES, seed=7)
    return [corpus.article(number) for number in range(ARTICLES)]


@pytest.fixture(scope="module")
def articles(texts: list[str]) -> list[Article]:
    parsed = [parse_article(text.encode(), path="a.md", modified=NOW) for text in texts]
    assert not [mistake for found in parsed for mistake in found.diagnostics]
    return [found.article for found in parsed if found.article]


def test_the_same_seed_gives_the_same_files(tmp_path: Path, texts: list[str]) -> None:
    Corpus(ARTICLES, seed=7).write(tmp_path)
    assert [path.read_text(encoding="utf-8") for path in sorted(tmp_path.rglob("*.md"))] == texts
    assert Corpus(1, seed=8).article(0) != texts[0]


def test_an_article_has_its_promised_size_and_secret(texts: list[str]) -> None:
    assert 2_800 < sum(map(len, texts)) / ARTICLES < 4_200
    assert all('\nsecured: "' in text for text in texts)


def test_related_links_pictures_and_providers_are_as_common_as_in_news(articles: list[Article]) -> None:
    related = [link for article in articles for link in article.related]
    without = sum(not article.related for article in articles)
    assert 0.38 < without / ARTICLES < 0.52
    assert max(len(article.related) for article in articles) <= 13
    repeated = 1 - len({link.web_url for link in related}) / len(related)
    assert 0.04 < repeated < 0.13
    assert 0.87 < sum(bool(story.images) for story in (*articles, *related)) / (ARTICLES + len(related)) < 0.97
    domains = {story.provider.domain for story in (*articles, *related) if story.provider}
    assert len(domains) <= ARTICLES / 30
