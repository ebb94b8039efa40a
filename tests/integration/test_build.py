"""The pipeline: the documents of an archive, and those that a change of it changes."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import feedparser
import msgspec
import pytest

import feeds
from feeds.config.schema import Enclosures
from feeds.run import RunKeywords, RunOptions
from tests.support.cases import CASE_NAMES
from tests.support.paths import CASES
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ONE_EVENT = CASES / "one-event"

#: The slugs of the entries of each feed, worked out by hand from the two stories.
FIRST_STORY = {
    "harbour-radio", "pilots-radio", "old-cable", "radio-silence", "who-repairs", "spare-antenna", "second-cable",
    "back-to-flags", "cable-report", "night-watch", "watch-for-a-year", "port-orders", "pauses-traffic",
}  # fmt: skip
SECOND_STORY = {"night-watch-1-year", "handheld-radios", "poor-answer", "two-cables", "pauses-traffic"}
EXPECTED = {
    "all": FIRST_STORY | SECOND_STORY,
    "topics/shipping": FIRST_STORY | SECOND_STORY,
    "topics/machine-vision": FIRST_STORY,
    "topics/ports": SECOND_STORY,
    "providers/ventureport.example": {"who-repairs", "second-cable"},
    "providers/lawnet.example": {"pauses-traffic"},
    "providers/tidewater.example": {"pilots-radio"},
    "good-pictures": {
        "harbour-radio", "pilots-radio", "old-cable", "radio-silence", "who-repairs", "second-cable", "cable-report",
    },
}  # fmt: skip


def slugs(document: bytes) -> list[str]:
    return [entry.link.rstrip("/").rpartition("/")[2] for entry in feedparser.parse(document).entries]


def story(number: int, *, day: int = 1, topic: str = "Energy", provider: str = "a.example", more: str = "") -> str:
    return f"""\
title: Story {number}
webUrl: https://{provider}/{number}
publishedDateTime: 2026-05-{day:02}T00:00:00Z
provider: {{name: {provider}, domain: {provider}}}
topics: [{topic}]
{more}"""


@pytest.fixture(scope="module")
def one_event(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("one-event")
    feeds.regenerate(
        feeds.load_config(ONE_EVENT / "config.yaml"), output=output, cache=output.parent / "cache", now=NOW
    )
    return output


@pytest.mark.parametrize("feed", EXPECTED)
def test_two_stories_on_one_event_are_in_the_expected_feeds(one_event: Path, feed: str) -> None:
    found = slugs((one_event / f"{feed}.rss").read_bytes())
    assert len(found) == len(set(found))
    assert set(found) == EXPECTED[feed]


def test_two_stories_on_one_event_are_seventeen_entries(one_event: Path) -> None:
    assert len(slugs((one_event / "all.rss").read_bytes())) == 17


def test_two_stories_on_one_event_have_a_feed_for_each_provider(one_event: Path) -> None:
    assert len(list((one_event / "providers").iterdir())) == 16


def test_the_better_of_two_links_to_a_story_is_published(one_event: Path) -> None:
    entry = feedparser.parse(one_event / "providers/tidewater.example.rss").entries[0]
    assert (entry.title, entry.published) == (
        "Harbour pilots lose their radio for a night",
        "Tue, 10 Mar 2026 22:45:00 +0000",
    )


def test_a_story_under_two_articles_has_the_topics_of_both(one_event: Path) -> None:
    entry = feedparser.parse(one_event / "providers/lawnet.example.rss").entries[0]
    assert {tag.term for tag in entry.tags} == {"Machine Vision", "Ports", "Shipping"}


def test_secured_fields_are_not_published(one_event: Path) -> None:
    published = b"".join(path.read_bytes() for path in one_event.rglob("*.*"))
    assert b"b3BhcXVl" not in published
    assert b"secured" not in published


def test_the_second_run_writes_nothing(site: Site) -> None:
    site.article("a.md", story(1))
    site.regenerate()
    before = {path: path.stat().st_mtime_ns for path in site.output.rglob("*")}
    report = site.regenerate(now=NOW + dt.timedelta(days=1))
    assert (report.written, report.unchanged, report.removed) == (0, 7, 0)
    assert {path: path.stat().st_mtime_ns for path in site.output.rglob("*")} == before


def test_changing_an_article_changes_exactly_the_documents_that_show_it(site: Site) -> None:
    site.article("a.md", story(1, topic="Energy"))
    site.article("b.md", story(2, topic="Robots", provider="b.example"))
    site.regenerate()
    before = site.documents()
    site.article("b.md", story(2, topic="Robots", provider="b.example", more="excerpt: Now with an excerpt."))
    report = site.regenerate()
    changed = {path for path, body in site.documents().items() if body != before[path]}
    assert changed == {
        "feeds.json",
        "all.atom", "all.json", "all.rss",
        "topics/robots.atom", "topics/robots.json", "topics/robots.rss",
    }  # fmt: skip
    assert report.written == 6


def test_removing_an_article_removes_exactly_its_own_entries(site: Site) -> None:
    shared = "related: [{title: Shared, webUrl: https://b.example/shared, publishedDateTime: 2026-05-03}]"
    site.article("a.md", story(1, more=shared))
    site.article("b.md", story(2, topic="Robots", more=shared)).touch()
    site.regenerate()
    (site.folder / "articles" / "b.md").unlink()
    site.regenerate()
    documents = site.documents()
    assert slugs(documents["all.rss"]) == ["shared", "1"]
    assert [tag.term for tag in feedparser.parse(documents["all.rss"]).entries[0].tags] == ["Energy"]


def test_a_feed_that_loses_its_last_entry_stays_empty_and_valid(site: Site) -> None:
    site.article("a.md", story(1))
    robots = site.article("b.md", story(2, topic="Robots"))
    site.regenerate()
    robots.unlink()
    report = site.regenerate()
    feed = feedparser.parse(site.documents()["topics/robots.rss"])
    assert (feed.bozo, feed.entries, feed.feed.title) == (False, [], "Robots – Test Wire")
    assert (report.removed, site.regenerate().written) == (0, 0)


def test_a_feed_that_was_published_stays_with_fewer_entries_than_it_needs_to_begin(site: Site) -> None:
    site.article("a.md", story(1))
    second = site.article("b.md", story(2))
    site.regenerate()
    assert "providers/a.example.rss" in site.documents()
    second.unlink()
    site.regenerate()
    assert slugs(site.documents()["providers/a.example.rss"]) == ["1"]


def test_a_feed_that_is_no_longer_configured_is_removed(site: Site) -> None:
    site.article("a.md", story(1))
    config = site.config_path.read_text()
    site.configure(config + "feeds: {custom: [{path: mine/own}]}\n")
    site.regenerate()
    assert "mine/own.rss" in site.documents()
    site.configure(config + "feeds: {topics: off}\nformats: [rss]\n")
    report = site.regenerate()
    assert site.documents().keys() == {"all.rss", "feeds.json", "feeds.opml"}
    assert report.removed == 8


def test_an_entry_appears_when_its_time_comes(site: Site) -> None:
    site.article("a.md", story(1, day=2))
    early = site.regenerate(now=dt.datetime(2026, 5, 1, 23, 59, 59, tzinfo=dt.UTC))
    assert (early.entries, early.waiting) == (0, 1)
    due = site.regenerate(now=dt.datetime(2026, 5, 2, tzinfo=dt.UTC))
    assert (due.entries, due.waiting) == (1, 0)
    assert slugs(site.documents()["all.rss"]) == ["1"]


def test_a_feed_of_newer_entries_moves_with_time(site: Site) -> None:
    site.article("a.md", story(1, day=2))
    site.configure(site.config_path.read_text() + "feeds: {custom: [{path: new, newer_than: 2 days}]}\n")
    for moment, expected in (("2026-05-04T00:00:00Z", ["1"]), ("2026-05-04T00:00:01Z", [])):
        site.regenerate(now=dt.datetime.fromisoformat(moment))
        assert slugs(site.documents()["new.rss"]) == expected


def test_the_report_counts_skipped_articles_by_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / "left-out")
    config = feeds.load_config("config.yaml")
    report = feeds.regenerate(config, output=tmp_path / "output", cache=tmp_path / "cache", now=NOW)
    assert report.articles == 9
    assert report.left_out == {"no date": 1, "no link": 1, "no title": 1, "unpublished": 1, "unreadable": 2}
    assert (report.entries, report.waiting) == (3, 1)
    assert [str(mistake) for mistake in report.mistakes] == [
        "articles/broken.md:3: not valid YAML: while parsing a flow sequence did not find expected ',' or ']'",
        "articles/plain.md:1: there is no front matter; expected YAML between two lines of ---",
        "articles/undated.md:2: the article has no date; expected publishedDateTime: (or set source.undated: file)",
        "articles/unlinked.md:2: the article has no link; expected webUrl: with an http or https address",
        "articles/untitled.md:2: the article has no title; expected title: with some text",
    ]


def test_a_strict_run_with_a_mistake_publishes_nothing(site: Site) -> None:
    site.article("a.md", story(1))
    site.article("b.md", "title: No link\npublishedDateTime: 2026-05-01")
    with pytest.raises(feeds.StrictError) as raised:
        site.regenerate(strict=True)
    assert [mistake.path for mistake in raised.value.mistakes] == ["articles/b.md"]
    assert not site.output.exists()


def test_a_strict_run_without_mistakes_publishes(site: Site) -> None:
    site.article("a.md", story(1))
    assert site.regenerate(strict=True).written == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "sparc"}, "engine is 'sparc'; expected one of local, spark"),
        ({"master": "spark://host:7077"}, "master names a cluster; expected engine='spark' with it"),
        ({"engine": "spark", "jobs": 2}, "jobs are processes of this machine; expected engine='local' with them"),
        ({"now": NOW.replace(tzinfo=None)}, "now is 2026-06-01T12:00:00; expected an aware time, such as one in UTC"),
        ({"jobs": 0}, "jobs is 0; expected one process or more"),
        ({"jobs": -3}, "jobs is -3; expected one process or more"),
        ({"engine": "spark", "dry_run": True}, "a cluster writes what it reads; expected engine='local' for a dry run"),
    ],
    ids=["engine", "master", "jobs on a cluster", "now", "no jobs", "negative jobs", "dry run on a cluster"],
)
@pytest.mark.parametrize(
    "run",
    [
        feeds.regenerate,
        feeds.survey,
        feeds.check,
        lambda config, **options: feeds.regenerate(config, feeds.RunOptions(**options)),
        lambda config, **options: next(feeds.watch(config.path, **options)),
    ],
    ids=["regenerate", "survey", "check", "RunOptions", "watch"],
)
def test_options_that_contradict_each_other_are_an_error(
    site: Site, run: Callable[..., object], options: dict[str, Any], message: str
) -> None:
    site.article("a.md", story(1))
    config = feeds.load_config(site.config_path)
    with pytest.raises(feeds.OptionsError, match=re.escape(message)) as caught:
        run(config, **options)
    assert isinstance(caught.value, ValueError)
    assert sorted(path.name for path in site.folder.iterdir()) == ["articles", "config"]


def test_every_option_is_a_keyword() -> None:
    assert RunKeywords.__annotations__.keys() == RunOptions.__dataclass_fields__.keys()


@pytest.mark.parametrize("run", [feeds.survey, feeds.check], ids=["survey", "check"])
def test_a_cluster_gives_no_survey(site: Site, run: Callable[..., object]) -> None:
    with pytest.raises(feeds.OptionsError, match="a cluster writes what it reads"):
        run(feeds.load_config(site.config_path), engine="spark")


@pytest.mark.parametrize("options", [{"now": NOW}, {"dry_run": True}, {"engine": "spark"}], ids=str)
def test_options_of_a_single_run_are_none_of_watching(site: Site, options: dict[str, Any]) -> None:
    with pytest.raises(feeds.OptionsError, match=r"watch\(\) follows the clock"):
        next(feeds.watch(site.config_path, **options))


@pytest.mark.parametrize("options", [{"dry_run": True}, {"probe": False}], ids=str)
def test_probing_probes(site: Site, options: dict[str, Any]) -> None:
    config = msgspec.structs.replace(feeds.load_config(site.config_path), enclosures=Enclosures(probe="on"))
    with pytest.raises(feeds.OptionsError, match="expected neither dry_run nor probe=False"):
        feeds.probe(config, **options)
    assert not (site.folder / "config" / "enclosures.lock").exists()


def test_an_option_that_does_not_exist_is_an_error(site: Site) -> None:
    with pytest.raises(TypeError, match="engin"):
        site.regenerate(engin="spark")


def test_a_dry_run_counts_and_writes_nothing(site: Site) -> None:
    site.article("a.md", story(1))
    assert site.regenerate(dry_run=True).written == 7
    assert sorted(path.name for path in site.folder.iterdir()) == ["articles", "config"]


def test_two_articles_with_one_id_are_reported(site: Site) -> None:
    site.article("a.md", story(1))
    site.article("b.md", story(1).replace("title: Story 1", "title: The same story"))
    site.article(
        "c.md", story(2, more="related: [{title: R, webUrl: https://a.example/1, publishedDateTime: 2026-05-02}]")
    )
    site.article("d.md", story(1).replace("2026-05", "2026-07"))  # is not due
    report = site.regenerate()
    assert report.entries == 2
    message = "has the id of articles/a.md, https://a.example/1; the two are published as one entry"
    assert [str(mistake) for mistake in report.mistakes] == [f"articles/b.md: {message}"]


def test_a_wrong_date_is_one_mistake(site: Site) -> None:
    site.article("a.md", "title: A\nwebUrl: https://a.example/\npublishedDateTime: 2026-02-30")
    message = "publishedDateTime is '2026-02-30'; expected a date and time such as 2020-06-10T23:09:00Z"
    assert [str(mistake) for mistake in site.regenerate().mistakes] == [f"articles/a.md:4: {message}"]


def test_colliding_slugs_are_reported(site: Site) -> None:
    site.article("a.md", story(1, topic="A B"))
    site.article("b.md", story(2, topic="A-B"))
    assert [mistake.path for mistake in site.regenerate().mistakes] == ["config/feeds.yaml"]


def test_undated_entries_are_dated_by_their_file(site: Site) -> None:
    site.configure(site.config_path.read_text().replace("articles]", "articles], undated: file"))
    file = site.article("a.md", "title: Undated\nwebUrl: https://a.example/undated")
    moment = dt.datetime(2026, 4, 1, 8, 30, tzinfo=dt.UTC).timestamp()
    os.utime(file, (moment, moment + 0.75))
    site.regenerate()
    assert json.loads(site.documents()["all.json"])["items"][0]["date_published"] == "2026-04-01T08:30:00Z"


def test_no_article_can_name_a_path_outside(site: Site) -> None:
    for number, name in enumerate(["../../x", "/etc/passwd", "..", "a/../../b", "C:\\x", "\x00", "con", "."]):
        article = story(number).replace("topics: [Energy]", f"topics: [{json.dumps(name)}]")
        site.article(f"{number}.md", article.replace("domain: a.example", f"domain: {json.dumps(name)}"))
    site.regenerate()
    assert {path.name for path in site.folder.iterdir()} == {".feeds", "articles", "config", "output"}
    top = {path.partition("/")[0] for path in site.documents()}
    assert top == {"all.rss", "all.atom", "all.json", "feeds.json", "feeds.opml", "providers", "topics"}


PUBLISH = """
import datetime, locale, sys, time, feeds
from pathlib import Path
locale.setlocale(locale.LC_ALL, "")
time.tzset()
now = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.timezone.utc)
feeds.regenerate(feeds.load_config(sys.argv[1]), output=Path(sys.argv[2]), now=now)
"""


@pytest.mark.parametrize("case", CASE_NAMES)
@pytest.mark.parametrize(
    "environment",
    [{"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1"}, {"TZ": "America/New_York", "LC_ALL": "C.UTF-8"}],
    ids=["east", "west"],
)
def test_place_time_zone_locale_and_file_order_change_no_byte(
    case: str, environment: dict[str, str], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere" / "articles of mine"
    shutil.copytree(CASES / case / "articles", elsewhere / "articles", copy_function=shutil.copyfile)
    shutil.copy(CASES / case / "config.yaml", elsewhere)
    for file in sorted((elsewhere / "articles").iterdir(), reverse=True):
        file.rename(file.with_suffix(".moved"))
        file.with_suffix(".moved").rename(file)
    subprocess.run(
        [sys.executable, "-c", PUBLISH, elsewhere / "config.yaml", tmp_path / "output"],
        env=os.environ | environment,
        check=True,
    )
    expected = CASES / case / "expected"
    files = [path.relative_to(expected) for path in expected.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert (tmp_path / "output" / path).read_bytes() == (expected / path).read_bytes()
