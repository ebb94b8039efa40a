"""What one article costs: its size bounds the files and bytes that are published, the time and the memory."""

from __future__ import annotations

import os
import random
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
BASE_BYTES, BYTES_PER_BYTE, BASE_FILES, FILES_PER_BYTE = 20_000_000, 1000, 4000, 1
#: The number of generated articles, and the largest of them in bytes; `make soak` tries more and larger ones.
FLOODS = int(os.environ.get("FLOODS", str(examples(16))))
LARGEST = int(os.environ.get("LARGEST", "40000"))
HEAD = "title: T\nwebUrl: https://a.example/x\npublishedDateTime: 2026-05-01\n"


def names(first: int, count: int) -> str:
    return "[" + ",".join(f"t{number}" for number in range(first, first + count)) + "]"


def related(number: int, topics: str = "", url: str = "", title: str = "", **fields: str) -> str:
    date = f"{2026 - number // 12 % 20}-{number % 5 + 1:02}-01"
    other = "".join(f", {name}: {value}" for name, value in fields.items())
    listed = f", topics: {topics}" if topics else ""
    address = url or f"https://a.example/{number}"
    return f"- {{title: {title or f'L{number}'}, webUrl: '{address}', publishedDateTime: {date}{listed}{other}}}\n"


def publish(site: Site, front_matter: str, body: str = "") -> tuple[int, int, int]:
    """Publish one article; the bytes of its file, and the bytes and the number of the published files."""
    site.configure(CONFIGURATION)
    file = site.article("a.md", front_matter, body)
    report = site.regenerate(allow_empty=True)
    assert report.entries or "aliases (*)" in report.mistakes[0].message, "the limit of YAML leaves an article out"
    sizes = [path.stat().st_size for path in site.output.rglob("*") if path.is_file()]
    return file.stat().st_size, sum(sizes), len(sizes)


def check_bounds(size: int, published: int, files: int) -> None:
    assert published <= BASE_BYTES + BYTES_PER_BYTE * size
    assert files <= BASE_FILES + FILES_PER_BYTE * size


ALIASED = "".join([related(0, f"&t {names(0, 100)}"), *(related(number, "*t") for number in range(1, 100))])
QUOTES = '"' * 1990
TOPICS = f"topics: {names(0, 100)}\n"
TITLE = f"{TOPICS}excerpt: &a '{'&' * 1990}'\n"
WORST = {
    "links with the article's own address and other topics": "related:\n"
    + "".join(related(number, names(60 * number, 60), "https://a.example/x") for number in range(100)),
    "links with topics of their own": "related:\n"
    + "".join(related(number, names(100 * number, 100)) for number in range(100)),
    "one list of topics for all links": f"related:\n{ALIASED}",
    "inherited topics": f"{TOPICS}related:\n" + "".join(map(related, range(100))),
    "inherited long topics": "topics:\n"
    + "".join(f"- '{'&' * 490}{number}'\n" for number in range(100))
    + "related:\n"
    + "".join(map(related, range(30))),
    "inherited names": f"provider: {{name: {'N' * 500}}}\nrelated:\n{ALIASED}",
    "a provider for each link": "related:\n"
    + "".join(related(number, provider=f"{{domain: d{number}.example}}") for number in range(300)),
    "one long name for all providers": f"x: &a '{'&' * 490}'\nrelated:\n"
    + "".join(related(number, provider=f"{{name: *a, domain: d{number}.example}}") for number in range(300)),
    "one long title for all links": f"{TITLE}related:\n" + "".join(related(n, title="*a") for n in range(300)),
    "one long title for all images": f"{TITLE}images:\n"
    + "".join(f"- {{url: 'https://a.example/{number}.png', title: *a}}\n" for number in range(100)),
    "images without titles under one long title": f"{TOPICS}images:\n"
    + "".join(f"- https://a.example/{number}.png\n" for number in range(100))
    + f"related:\n- {{title: '{QUOTES}', webUrl: 'https://a.example/x', publishedDateTime: 2026-05-02}}\n",
    "links with one address, a long title and many images": f"x: &a '{QUOTES}'\ny: &i ["
    + ",".join(f"'https://a.example/{number}.png'" for number in range(100))
    + "]\nrelated:\n"
    + "".join(
        related(number, title="*a", quality="9") + related(number, images="*i", quality="1") for number in range(100)
    ),
    "one long excerpt for all links": f"excerpt: &a '{'&' * 1500}'\nrelated:\n"
    + "".join(related(number, excerpt="*a") for number in range(400)),
    "long addresses of links": f"{TOPICS}related:\n"
    + "".join(related(number, url=f"https://a.example/{'a&' * 400}{number}") for number in range(100)),
    "long addresses of images": f"{TOPICS}images:\n"
    + "".join(f"- 'https://a.example/{'a&' * 400}{number}.png'\n" for number in range(100)),
    "one long address for all authors": f"{TOPICS}x: &a 'https://a.example/{'a' * 9000}'\nprovider:\n  authors:\n"
    + "".join(f"  - {{name: N{number}, url: *a}}\n" for number in range(100)),
    "one list of authors for all links": f"x: &a [{','.join('a' * 500)}]\nrelated:\n"
    + "".join(related(number, provider="{authors: *a}") for number in range(300)),
}


#: Fields of related links of generated articles; `{}` is the number of the link.
KINDS = [
    {},
    {"topics": "*t"},
    {"topics": names(500, 50), "url": "https://a.example/x"},
    {"topics": "[n{0}, n{0}a, n{0}b, n{0}c, n{0}d]"},
    {"provider": "{{domain: d{}.example}}"},
    {"topics": "*t", "provider": "{{name: *l, domain: d{}.example}}"},
    {"topics": "*t", "title": "*l"},
    {"topics": "*t", "excerpt": "*l"},
    {"topics": "*t", "images": "[{{url: 'https://a.example/{}.png', title: *l}}, *l]"},
    {"topics": "*t", "provider": "{{authors: [*l, {{name: N, url: *l}}]}}"},
    {"url": "https://a.example/" + "a&" * 400 + "{}"},
]


@pytest.mark.parametrize("front_matter", WORST.values(), ids=WORST)
def test_an_article_cannot_flood_a_site(site: Site, front_matter: str) -> None:
    check_bounds(*publish(site, HEAD + front_matter))


@pytest.mark.parametrize("body", ["&", "<", "&#38;", "word ", "<b>a</b>", "&copy;"])
def test_a_body_is_not_multiplied_beyond_the_bound(site: Site, body: str) -> None:
    check_bounds(*publish(site, f"{HEAD}topics: {names(0, 100)}\n", body * (100_000 // len(body))))


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize(
    "body",
    [
        "&" * 100_000,
        f"[a]: https://a.example/{'&' * 1000}\n\n" + "[a] " * 98,
        "|a" * 300 + "\n" + "|-" * 300 + "\n|b" * 300,
    ],
    ids=["ampersands", "references", "cells"],
)
def test_topics_of_a_merged_entry_are_within_the_bound(site: Site, body: str, files: int) -> None:
    """A related link, in the same or another article, has the address of an article with a large body and no topics."""
    text = f"related:\n{related(0, names(0, 100), 'https://a.example/x')}"
    if files > 1:
        site.article("b.md", f"{HEAD.replace('/x', '/b')}{text}")
        text = ""
    check_bounds(*publish(site, HEAD + text, body))


@pytest.mark.parametrize(
    ("body", "topics"),
    [("Word. " * 2000, 20), ("漢字。" * 3000, 15), ("Слово. " * 4000, 15), ("", 9)],
    ids=["English", "Chinese", "Russian", "none"],
)
def test_a_usual_article_keeps_the_topics_that_others_give_it(site: Site, body: str, topics: int) -> None:
    """An article without topics and with 50 related links, which a related link of another article names."""
    site.configure(CONFIGURATION)
    site.article("a.md", HEAD + "related:\n" + "".join(map(related, range(50))), body)
    link = related(0, names(0, topics), "https://a.example/x")
    site.article("b.md", f"{HEAD.replace('/x', '/b')}related:\n{link}")
    assert site.regenerate().mistakes == ()
    for number in range(topics):
        assert b"https://a.example/x<" in site.documents()[f"topics/t{number}.rss"]


def test_a_usual_article_with_many_related_links_loses_nothing(site: Site) -> None:
    site.configure(CONFIGURATION)
    site.article("a.md", f"{HEAD}topics: {names(0, 20)}\nrelated:\n" + "".join(map(related, range(25))), "Word. " * 200)
    assert site.regenerate().mistakes == ()


def test_any_front_matter_is_within_the_bounds(site: Site) -> None:
    source = random.Random(11)  # noqa: S311
    for _ in range(FLOODS):
        size = source.randint(1000, LARGEST)
        own, shared = names(0, source.choice((0, 1, 10, 100, 300))), names(500, source.choice((1, 30, 100)))
        long = source.choice('&"<aé🤖') * source.choice((1, 100, 490, 1990))
        text = f"{HEAD}topics: {own}\nshared: &t {shared}\nlong: &l '{long}'\nrelated:\n"
        kinds = source.choices(KINDS, k=source.randint(1, 3))
        count = 0
        while len(text) < size:
            text += related(count, **{name: value.format(count) for name, value in source.choice(kinds).items()})
            count += 1
        before = sum(os.times()[:4])
        check_bounds(*publish(site, text))
        assert sum(os.times()[:4]) - before < 60, "seconds of a processor, with those of other processes"


def test_ignored_topics_are_reported_and_the_others_published(site: Site) -> None:
    site.configure(CONFIGURATION)
    site.article("a.md", HEAD + WORST["one list of topics for all links"])
    (mistake,) = site.regenerate().mistakes
    assert "cannot have entries that take so much in all their feeds" in mistake.message
    assert b"https://a.example/99" in site.documents()["all.json"]
    site.article("a.md", HEAD + WORST["links with topics of their own"])
    assert "more than 200 different topics" in site.regenerate().mistakes[0].message
    assert b"https://a.example/99" in site.documents()["all.json"]


def test_a_story_of_many_articles_has_a_bounded_number_of_topics(site: Site) -> None:
    site.configure(CONFIGURATION)
    for number in range(30):
        site.article(f"{number}.md", f"{HEAD}topics: {names(20 * number, 20)}\n")
    site.regenerate()
    assert len([path for path in site.documents() if path.startswith("topics/") and path.endswith(".rss")]) == 100
    assert site.regenerate(full=True).written == 0


def test_configured_feeds_do_not_wait(site: Site) -> None:
    """Nor does a feed that cannot be published take the place of another."""
    custom = CONFIGURATION.replace("providers:", "custom: [{path: selection}], providers:")
    site.configure(custom.replace("articles]", "articles], limits: {new_feeds: 3}"))
    for number in range(3):
        story = HEAD.replace("/x", f"/{number}")
        site.article(f"{number}.md", f"{story}topics: [a, b, c]\n")
    (site.output / "topics" / "a.rss").mkdir(parents=True)
    report = site.regenerate()
    assert report.feeds == 3
    assert {"all.rss", "selection.rss", "providers/a.example.rss"} <= site.documents().keys()
    survey = feeds.survey(feeds.load_config(site.config_path))
    assert {feed.path for feed in survey.feeds} == {"all", "selection", "providers/a.example", "topics/b", "topics/c"}


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
