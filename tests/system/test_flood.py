"""What one article costs: its size bounds the files and bytes that are published, the time and the memory."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest

import feeds
from tests.support.strategies import examples

if TYPE_CHECKING:
    from tests.support.site import Site

CONFIGURATION = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
feeds: {topics: {min_entries: 1}, providers: {min_entries: 1}}
archives: month
"""
#: The bounds of one article (docs/reliability.md).
BASE_BYTES, BYTES_PER_BYTE, BASE_FILES, FILES_PER_BYTE = 10_000_000, 1000, 4000, 1
#: The number of generated articles, and the largest of them in bytes; `make soak` tries more and larger ones.
FLOODS = int(os.environ.get("FLOODS", str(examples(16))))
LARGEST = int(os.environ.get("LARGEST", "40000"))
HEAD = "title: T\nwebUrl: https://a.example/x\npublishedDateTime: 2026-05-01\n"


def names(first: int, count: int) -> str:
    return "[" + ",".join(f"t{number}" for number in range(first, first + count)) + "]"


def related(number: int, topics: str = "", url: str = "", **fields: str) -> str:
    other = "".join(f", {name}: {value}" for name, value in fields.items())
    date = fields.pop("date", f"{2026 - number // 12 % 20}-{number % 5 + 1:02}-01")
    listed = f", topics: {topics}" if topics else ""
    address = url or f"https://a.example/{number}"
    return f"- {{title: L{number}, webUrl: '{address}', publishedDateTime: {date}{listed}{other}}}\n"


def publish(site: Site, front_matter: str, body: str = "") -> tuple[int, int, int]:
    """Publish one article; the bytes of its file, and the bytes and the number of the published files."""
    site.configure(CONFIGURATION)
    file = site.article("a.md", front_matter, body)
    site.regenerate()
    sizes = [path.stat().st_size for path in site.output.rglob("*") if path.is_file()]
    return file.stat().st_size, sum(sizes), len(sizes)


def check_bounds(size: int, published: int, files: int) -> None:
    assert published <= BASE_BYTES + BYTES_PER_BYTE * size
    assert files <= BASE_FILES + FILES_PER_BYTE * size


ALIASED = "".join([related(0, f"&t {names(0, 100)}"), *(related(number, "*t") for number in range(1, 100))])
WORST = {
    "links with the article's own address and other topics": HEAD
    + "related:\n"
    + "".join(related(number, names(60 * number, 60), "https://a.example/x") for number in range(100)),
    "links with topics of their own": HEAD
    + "related:\n"
    + "".join(related(number, names(100 * number, 100)) for number in range(100)),
    "one list of topics for all links": f"{HEAD}related:\n{ALIASED}",
    "inherited topics": f"{HEAD}topics: {names(0, 100)}\nrelated:\n" + "".join(map(related, range(100))),
    "inherited names": f"{HEAD}provider: {{name: {'N' * 500}}}\nrelated:\n{ALIASED}",
    "a provider for each link": f"{HEAD}related:\n"
    + "".join(related(number, provider=f"{{domain: d{number}.example}}") for number in range(300)),
}


@pytest.mark.parametrize("front_matter", WORST.values(), ids=WORST)
def test_an_article_cannot_flood_a_site(site: Site, front_matter: str) -> None:
    check_bounds(*publish(site, front_matter))


@pytest.mark.parametrize("body", ["&", "<", "&#38;", "word ", "<b>a</b>", "&copy;"])
def test_a_body_is_not_multiplied_beyond_the_bound(site: Site, body: str) -> None:
    check_bounds(*publish(site, f"{HEAD}topics: {names(0, 100)}\n", body * (100_000 // len(body))))


def test_any_front_matter_is_within_the_bounds(site: Site) -> None:
    source = random.Random(11)  # noqa: S311
    for number in range(FLOODS):
        size = source.randint(1000, LARGEST)
        own, shared = names(0, source.choice((0, 1, 10, 100, 300))), names(500, source.choice((1, 30, 100)))
        text = f"{HEAD}topics: {own}\nshared: &t {shared}\n"
        kinds = source.choices(
            ("own", "alias", "inherit", "fresh", "provider", "long", "image"), k=source.randint(1, 3)
        )
        text += "related:\n"
        count = 0
        while len(text) < size:
            kind = source.choice(kinds)
            text += {
                "own": related(count, names(count * 7, 50), "https://a.example/x"),
                "alias": related(count, "*t"),
                "inherit": related(count),
                "fresh": related(count, names(1000 + count * 20, 20)),
                "provider": related(count, "*t", provider=f"{{domain: d{count}.example}}"),
                "long": related(count, "*t", excerpt="'" + "&" * 300 + "'"),
                "image": related(count, "*t", images="[https://a.example/i.png]"),
            }[kind]
            count += 1
        started = time.perf_counter()
        check_bounds(*publish(site, text))
        assert time.perf_counter() - started < 60, number


def test_ignored_topics_are_reported_and_the_others_published(site: Site) -> None:
    site.configure(CONFIGURATION)
    site.article("a.md", WORST["one list of topics for all links"])
    (mistake,) = site.regenerate().mistakes
    assert "cannot have that many topics of entries" in mistake.message
    site.article("a.md", WORST["links with topics of their own"])
    assert "more than 200 different topics" in site.regenerate().mistakes[0].message
    assert b"https://a.example/99" in site.documents()["all.json"]


def test_a_story_of_many_articles_has_a_bounded_number_of_topics(site: Site) -> None:
    site.configure(CONFIGURATION)
    for number in range(30):
        site.article(f"{number}.md", f"{HEAD}topics: {names(20 * number, 20)}\n")
    site.regenerate()
    assert len([path for path in site.documents() if path.startswith("topics/") and path.endswith(".rss")]) == 100
    assert site.regenerate(full=True).written == 0


def test_a_run_adds_a_bounded_number_of_feeds(site: Site) -> None:
    """The next runs add the others; the result is that of a run without the bound."""
    bounded = CONFIGURATION.replace("articles]", "articles], limits: {new_feeds: 10}")
    site.configure(bounded)
    for number in range(3):
        story = HEAD.replace("/x", f"/{number}")
        site.article(f"{number}.md", f"{story}topics: {names(6 * number, 8)}\n")
    message = "{} feeds are new, and {} of them wait for the next run; expected 10 at most (source.limits.new_feeds)"
    report = site.regenerate()
    assert report.mistakes[0].message.startswith(message.format(22, 12))
    assert report.feeds == 10
    assert "all.rss" in site.documents()
    (finding,) = feeds.check(feeds.load_config(site.config_path)).findings
    assert finding.message.startswith(message.format(12, 2))
    assert len(site.regenerate().mistakes) == 1
    assert site.regenerate().mistakes == ()
    documents = site.documents()
    site.configure(CONFIGURATION)
    site.regenerate(full=True)
    assert site.documents() == documents
