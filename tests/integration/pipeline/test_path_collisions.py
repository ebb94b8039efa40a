"""Names from articles that lead to a path which something else has: no run stops, and no published address changes."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
import yaml

import feeds
from feeds.catalog.sqlite import SqliteCatalog
from feeds.pipeline.published import PublishedState
from feeds.storage.local import LocalFolder
from feeds.text.slugs import folded
from tests.support.strategies import examples

if TYPE_CHECKING:
    from feeds.models import FeedKey
    from tests.support.site import Site

CONFIGURATION = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
compress: [gzip, br]
archives: month
feeds:
  topics: {min_entries: 1}
  providers: {min_entries: 1}
"""
MOVED = f"{CONFIGURATION}moved: {{topics/ml: topics/machine-learning}}\n"
NAMES = int(os.environ.get("NAMES", str(examples(60))))
#: Parts of hostile names.
PARTS = (
    *("bbc", "bbc.example", "con", "nul.tv", "con-", "topics", "providers", "archive", "2026-05", "feeds", "all", "ml"),
    *(".rss", ".atom", ".json", ".html", ".gz", ".br", ".rss.gz", "/", "..", "\\", "%2e", "-", "_", ".", " ", "\0"),
    *(
        "[::1]",
        "---1-",
        "ＢＢＣ",
        "．ｒｓｓ",
        "ß",
        "ẞ",
        "ﬁ",
        "é",
        "e\u0301",
        "İ",
        "\u200d",
        "🤖",
        "a" * 90,
        "漢" * 40,
        "ML",
        "M.L.",
    ),
)


def write(site: Site, name: str, **fields: object) -> None:
    """Write an article with a topic and a provider of its own; `fields` replace them."""
    story = {
        "title": name,
        "webUrl": f"https://{name}.example/story",
        "publishedDateTime": "2026-05-02",
        "provider": {"name": name, "domain": f"{name}.example"},
        "topics": [name],
    }
    site.article(f"{name}.md", yaml.safe_dump({**story, **fields}, allow_unicode=False))


def write_related(site: Site, name: str, domains: list[str], topics: list[str]) -> None:
    """Write an article whose related links have these domains and topics."""
    related = [
        {
            "title": f"Link {number}",
            "webUrl": f"https://{name}.example/{number}",
            "publishedDateTime": "2026-05-03",
            "provider": {"name": f"Name {number}", "domain": domain},
            "topics": topics,
        }
        for number, domain in enumerate(domains)
    ]
    write(site, name, related=related)


def addresses(site: Site) -> dict[FeedKey, str]:
    """The paths of the published feeds of topics and providers."""
    published = PublishedState(LocalFolder(site.output), SqliteCatalog(None))
    return {key: paths[0] for key, paths in published.addresses.items()}


@pytest.fixture
def bbc(site: Site) -> Site:
    """A site with the feed of the provider bbc.example."""
    site.configure(CONFIGURATION)
    write(site, "bbc")
    site.regenerate()
    return site


@pytest.mark.parametrize(
    "domain",
    [
        *("bbc.example.rss", "bbc.example.atom", "bbc.example.json", "bbc.example.html", "bbc.example.rss.gz"),
        *("BBC.example.RSS", "ｂｂｃ.example.ｒｓｓ", "bbc.example.json.br", "bbc.example.rss.rss", "bbc.example.rss."),
    ],
)
@pytest.mark.parametrize("is_first", [False, True], ids=["later", "together"])
def test_a_provider_named_like_a_document_stops_nothing(site: Site, domain: str, *, is_first: bool) -> None:
    site.configure(CONFIGURATION)
    write(site, "bbc")
    if not is_first:
        site.regenerate()
    write_related(site, "other", [domain], [])
    assert site.regenerate().mistakes == ()
    documents = site.documents()
    assert {"providers/bbc.example.rss", "providers/bbc.example/index.html", "topics/other.rss"} <= documents.keys()
    assert b"https://other.example/0" not in documents["providers/bbc.example.rss"]
    assert sum(b"https://other.example/0" in body for path, body in documents.items() if path.endswith(".rss")) >= 2
    assert site.regenerate(full=True).written == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("con.tv", "con-.tv"),
        ("con-.tv", "con.tv"),
        ("[::1]", "---1-"),
        ("---1-", "[::1]"),
        ("a" * 60 + "." + "b" * 60 + "." + "c" * 60, "a" * 60 + "." + "b" * 30 + "-3d4b8fd5"),
        ("bbc.example.rss", "bbc.example"),
    ],
)
def test_two_providers_never_share_a_path(site: Site, first: str, second: str) -> None:
    site.configure(CONFIGURATION)
    write_related(site, "one", [first], [])
    site.regenerate()
    before = addresses(site)
    write_related(site, "two", [second, first], [])
    site.regenerate()
    after = addresses(site)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 3  # the other provider, and those of the article
    assert len(after) == len({path.casefold() for path in after.values()})
    together = site.documents()
    site.regenerate(full=True)
    assert site.documents() == together


def test_a_newer_name_takes_no_published_address(site: Site) -> None:
    """Even if its oldest entry is older."""
    site.configure(CONFIGURATION)
    write(site, "one", topics=["R and D"], publishedDateTime="2026-05-02")
    site.regenerate()
    write(site, "two", topics=["R&D"], publishedDateTime="2020-01-01")
    (mistake,) = site.regenerate().mistakes
    assert mistake.message.startswith(
        "topic 'R&D' should be at topics/r-and-d, but topic 'R and D' is; it is published"
    )
    assert b"https://one.example/story" in site.documents()["topics/r-and-d.rss"]
    assert b"https://two.example/story" not in site.documents()["topics/r-and-d.rss"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"topics": ["R and D"]}, {"topics": ["R&D"]}),
        ({"topics": ["a" * 120 + "b"]}, {"topics": ["a" * 120 + "c"]}),
        ({"provider": {"domain": "[::1]"}}, {"provider": {"domain": "---1-"}}),
        ({"provider": {"domain": "con.tv"}}, {"provider": {"domain": "con-.tv"}}),
        ({"provider": {"domain": "bbc.example"}}, {"provider": {"domain": "bbc.example.rss"}}),
    ],
    ids=["topics", "long topics", "addresses", "devices", "documents"],
)
@pytest.mark.parametrize("prune", [False, True], ids=["kept", "pruned"])
def test_a_newer_name_takes_no_address_of_a_feed_without_entries(
    site: Site, first: dict[str, object], second: dict[str, object], *, prune: bool
) -> None:
    site.configure(CONFIGURATION)
    write(site, "good")
    write(site, "one", **first)
    site.regenerate()
    before = addresses(site)
    (site.folder / "articles" / "one.md").unlink()
    write(site, "two", **second)
    site.regenerate(prune=prune)
    kept = {key: path for key, path in before.items() if not prune or "good" in key.name}
    assert {key: path for key, path in addresses(site).items() if key in before} == kept
    shown = [path for path, body in site.documents().items() if b"https://two.example/story" in body]
    assert len([path for path in shown if path.endswith(".rss") and "archive" not in path]) == 3
    assert {f"{path}.rss" for path in kept.values()}.isdisjoint(shown)
    write(site, "one", **first)
    site.regenerate()
    assert kept.items() <= addresses(site).items()


def test_a_topic_gets_a_former_path_of_its_own_back(site: Site) -> None:
    site.configure(CONFIGURATION)
    write(site, "ml")
    site.regenerate()
    site.configure(CONFIGURATION + "topics: {ml: {slug: machine-learning}}\n")
    site.regenerate()
    assert "topics/machine-learning.rss" in site.documents()
    site.configure(CONFIGURATION)
    assert site.regenerate().mistakes == ()
    assert b"https://ml.example/story" in site.documents()["topics/ml.rss"]


@pytest.mark.parametrize("topic", ["ML", "ml", "Ml ", "ＭＬ", "ml."])
@pytest.mark.parametrize("is_first", [False, True], ids=["later", "together"])
def test_a_topic_does_not_take_the_former_address_of_another(site: Site, topic: str, *, is_first: bool) -> None:
    site.configure(MOVED)
    write(site, "a", topics=["Machine learning"])
    if not is_first:
        site.regenerate()
    write_related(site, "b", ["other.example"], [topic])
    (mistake,) = site.regenerate().mistakes
    assert "should be at topics/ml, but the former path of topics/machine-learning is" in mistake.message
    documents = site.documents()
    for end in (".rss", ".atom", ".json"):
        assert documents[f"topics/ml{end}"] == documents[f"topics/machine-learning{end}"]
    assert b"topics/ml-" in documents["feeds.opml"]


def test_a_reserved_path_of_a_feed_that_does_not_exist_is_free(site: Site) -> None:
    site.configure(CONFIGURATION + "moved: {topics/ml: topics/machine-learnin}\n")
    write(site, "a", topics=["ML"])
    assert [mistake.message[:16] for mistake in site.regenerate().mistakes] == ["moved.topics/ml:"]
    assert b"https://a.example/story" in site.documents()["topics/ml.rss"]


FOREIGN = "is there already and feeds.json does not list it, so it is not ours; move it away or use --output"


@pytest.mark.parametrize(
    ("path", "is_folder", "message"),
    [
        ("topics/good.rss", False, f"topics/good.rss: {FOREIGN}; the feed topics/good is left out"),
        ("topics/good.json.br", False, f"topics/good.json.br: {FOREIGN}; the feed topics/good is left out"),
        (
            "topics/good",
            False,
            "topics/good: is not a folder; expected one to publish in; the feed topics/good is left out",
        ),
        (
            "topics/good.atom",
            True,
            "topics/good.atom: is a folder; expected a file or nothing; the feed topics/good is",
        ),
        (
            "topics/good/archive/2026-05.rss",
            False,
            f"topics/good/archive/2026-05.rss: {FOREIGN}; the feed topics/good is",
        ),
        ("all.rss", False, f"all.rss: {FOREIGN}; the feed all is left out"),
    ],
)
def test_a_foreign_file_leaves_out_its_feed(site: Site, path: str, message: str, *, is_folder: bool) -> None:
    site.configure(CONFIGURATION.replace("topics: {", "topics: {limit: 1, "))
    write(site, "good")
    for month in (4, 6):
        write(site, f"good{month}", topics=["good"], publishedDateTime=f"2026-0{month}-01")
    write(site, "other")
    foreign = site.output / path
    (foreign if is_folder else foreign.parent).mkdir(parents=True)
    if not is_folder:
        foreign.write_text("mine")
    (mistake,) = site.regenerate().mistakes
    assert message in str(mistake)
    documents = site.documents()
    assert {"topics/other.rss", "index.html", "feeds.opml"} <= documents.keys()
    assert is_folder or documents[path] == b"mine"
    feed = mistake.message.rpartition("the feed ")[2].split()[0]
    assert f"{feed}.rss".encode() not in documents["feeds.opml"]
    assert [finding.message for finding in feeds.check(feeds.load_config(site.config_path)).findings] == [
        mistake.message
    ]
    assert feed not in {each.path for each in feeds.survey(feeds.load_config(site.config_path)).feeds}
    if is_folder:
        foreign.rmdir()
    else:
        foreign.unlink()
    assert site.regenerate().mistakes == ()
    assert f"{feed}.rss" in site.documents()


def test_a_published_feed_stays_if_a_new_document_of_it_cannot_be_written(bbc: Site) -> None:
    before = bbc.documents()
    (bbc.output / "topics" / "bbc" / "archive").mkdir(parents=True)
    (bbc.output / "topics" / "bbc" / "archive" / "2026-04.rss").write_text("mine")
    bbc.configure(CONFIGURATION.replace("topics: {", "topics: {limit: 1, "))
    for month in (3, 4):
        write(bbc, f"old{month}", topics=["bbc"], publishedDateTime=f"2026-0{month}-01")
    (mistake,) = bbc.regenerate().mistakes
    assert mistake.message.endswith("the feed topics/bbc stays as it was")
    after = bbc.documents()
    assert all(after[path] == body for path, body in before.items() if path.startswith("topics/bbc"))
    assert b"https://old3.example/story" in after["all.rss"]
    (bbc.output / "topics" / "bbc" / "archive" / "2026-04.rss").unlink()
    assert bbc.regenerate().mistakes == ()
    assert "topics/bbc/archive/2026-04.rss" in bbc.documents()


def test_a_feed_whose_page_cannot_be_added_is_listed_without(site: Site) -> None:
    site.configure(f"{CONFIGURATION}pages: off\n")
    write(site, "bbc")
    site.regenerate()
    site.configure(CONFIGURATION)
    (site.output / "topics" / "bbc").mkdir(exist_ok=True)
    (site.output / "topics" / "bbc" / "index.html").write_text("mine")
    (mistake,) = site.regenerate().mistakes
    assert mistake.message.endswith("the feed topics/bbc stays as it was")
    documents = site.documents()
    assert b'href="topics/bbc.rss"' in documents["index.html"]
    assert b"https://feeds.example.com/topics/bbc/" not in documents["feeds.opml"]


def test_a_feed_behind_a_link_out_of_the_output_is_left_out(bbc: Site) -> None:
    outside = bbc.folder / "outside"
    outside.mkdir()
    (bbc.output / "topics" / "other").symlink_to(outside)
    write(bbc, "other")
    (mistake,) = bbc.regenerate().mistakes
    assert "topics/other: leads out of" in str(mistake)
    assert list(outside.iterdir()) == []
    assert b"https://other.example/story" in bbc.documents()["all.rss"]


@pytest.mark.parametrize("target", ["bbc", ".", "..", "../providers/bbc.example"])
def test_a_feed_behind_a_link_within_the_output_is_left_out(bbc: Site, target: str) -> None:
    """Its page would be that of another feed."""
    before = bbc.documents()
    (bbc.output / "topics" / "other").symlink_to(target)
    write(bbc, "other")
    (mistake,) = bbc.regenerate().mistakes
    assert "topics/other: leads to another folder; expected a folder, not a link" in str(mistake)
    changed = {path for path, body in bbc.documents().items() if before.get(path) != body and path in before}
    assert {path.partition(".")[0].partition("/")[0] for path in changed} == {"all", "feeds", "index"}


def test_a_linked_folder_of_all_topics_leaves_them_as_they_are(bbc: Site) -> None:
    (bbc.output / "topics").rename(bbc.output / "elsewhere")
    (bbc.output / "topics").symlink_to("elsewhere")
    write(bbc, "other", topics=["bbc"])
    (mistake,) = bbc.regenerate().mistakes
    assert "topics: leads to another folder" in str(mistake)
    assert b"https://other.example/story" not in (bbc.output / "elsewhere" / "bbc.rss").read_bytes()
    assert "topics/bbc.rss" in bbc.documents()["feeds.json"].decode()


@pytest.mark.parametrize("is_link", [False, True], ids=["folder", "link"])
def test_a_feed_that_is_pruned_behind_an_obstacle_stops_nothing(bbc: Site, *, is_link: bool) -> None:
    write(bbc, "other")
    bbc.regenerate()
    (bbc.folder / "articles" / "bbc.md").unlink()
    outside = bbc.folder / "outside"
    if is_link:
        (bbc.output / "topics" / "bbc").rename(outside)
        (bbc.output / "topics" / "bbc").symlink_to(outside)
    else:
        (bbc.output / "topics" / "bbc.rss").unlink()
        (bbc.output / "topics" / "bbc.rss").mkdir()
    bbc.regenerate(prune=True)
    documents = bbc.documents()
    assert b"topics/bbc" not in documents["feeds.opml"] + documents["index.html"]
    assert "topics/bbc.atom" not in documents
    assert not is_link or (outside / "index.html").is_file()
    assert bbc.regenerate().written == 0


def test_a_strict_run_with_a_blocked_feed_publishes_nothing(bbc: Site) -> None:
    (bbc.output / "topics" / "other.rss").write_text("mine")
    before = bbc.documents()
    write(bbc, "other")
    with pytest.raises(feeds.StrictError, match="is not ours"):
        bbc.regenerate(strict=True)
    assert bbc.documents() == before


def test_hostile_names_stop_nothing_and_move_nothing(site: Site) -> None:
    """Names in every field that reaches a path, alone and in pairs, which come and go, in twenty runs."""
    source = random.Random(7)  # noqa: S311
    names = ["".join(source.choices(PARTS, k=source.randint(1, 3))) for _ in range(NAMES)]
    domains = [f"{name}{source.choice(('', '.example', '.rss', '.json.gz'))}" for name in names]
    site.configure(MOVED)
    write(site, "good")
    write(site, "bbc")
    site.regenerate()
    for number in range(0, NAMES, 10):
        write_related(site, f"hostile{number}", domains[number : number + 10], names[number : number + 10])
        write(site, f"own{number}", provider={"name": names[number], "domain": domains[number]})
        if number % 30 == 0:  # the feeds of these names stay, without entries
            (site.folder / "articles" / f"hostile{source.randrange(0, number + 1, 10)}.md").unlink(missing_ok=True)
        if number % max(10, NAMES // 200 * 10) == 0:
            before = addresses(site)
            site.regenerate()
            after = addresses(site)
            assert {key: path for key, path in after.items() if key in before} == before
    site.regenerate()
    documents = site.documents()
    assert b"https://good.example/story" in documents["topics/good.rss"]
    folded_paths = [folded(path) for path in documents]
    assert len(folded_paths) == len(set(folded_paths))
    site.regenerate(full=True)
    assert site.documents() == documents
