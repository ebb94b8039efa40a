"""Entries selected into feeds: due times, settings, rules and limits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from feeds.config.schema import (
    AllFeed,
    Config,
    CustomFeed,
    EntrySettings,
    FeedKinds,
    ProviderFeeds,
    ProviderRule,
    ProviderSettings,
    SiteSettings,
    SourceSettings,
    Topic,
    TopicFeeds,
    TopicRule,
)
from feeds.models import EMPTY_UPDATED, Enclosure, Entry, Feed, Format, Link, Month, Outline, Person, Provider
from feeds.selection.membership import MembershipRules
from feeds.selection.plans import entry_limits, formats_of, plan_emptied_feed
from tests.support.site import select

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
RSS_ONLY: tuple[Format, ...] = ("rss",)
BASE_URL = "https://feeds.example.com/"


def entry(name: str, **fields: Any) -> Entry:
    """An entry, published an hour ago, whose id ends in `name`."""
    known = {
        "id": f"https://a.example/{name}",
        "link": f"https://a.example/{name}",
        "title": name,
        "published": NOW - HOUR,
        "updated": fields.get("published", NOW - HOUR),
        "provider": Provider(domain="a.example", name="A"),
        "path": f"{name}.md",
        "is_article": True,
    }
    return Entry(**{**known, **fields})


def configuration(**sections: Any) -> Config:
    return Config(
        site=sections.pop("site", SiteSettings(title="Wire", url=BASE_URL)),
        source=SourceSettings(articles=("articles",)),
        path=Path("/site/config/feeds.yaml"),
        articles=(),
        **sections,
    )


def selected(stories: list[Entry], *, published: tuple[str, ...] = (), **sections: Any) -> dict[str, Feed]:
    return select(stories, configuration(**sections), NOW, published)


def shown(stories: list[Entry]) -> tuple[Entry, ...]:
    """The entries that the feed of everything shows."""
    return selected(stories)["all"].entries


def custom(stories: list[Entry], known_topics: dict[str, Topic], **rules: Any) -> list[str]:
    """The titles of the entries that a feed with these rules shows."""
    feeds = selected(stories, topics=known_topics, feeds=FeedKinds(custom=(CustomFeed(path="mine", **rules),)))
    return [entry.title for entry in feeds["mine"].entries]


def link(name: str, published: dt.datetime) -> Link:
    return Link(href=f"https://b.example/{name}", title=name, provider="b.example", published=published)


def test_entries_are_ordered_newest_first_and_then_by_id() -> None:
    older = entry("a", published=NOW - 2 * HOUR)
    assert [found.title for found in shown([older, entry("c"), entry("b")])] == ["b", "c", "a"]


@pytest.mark.parametrize(("published", "is_due"), [(NOW, True), (NOW + dt.timedelta(seconds=1), False)])
def test_an_entry_is_due_from_its_time_on(published: dt.datetime, is_due: bool) -> None:
    assert bool(shown([entry("a", published=published)])) is is_due


def test_an_entry_that_is_not_due_changes_nothing() -> None:
    live = entry("a", is_article=False, topics=("AI",))
    planned = entry("a", published=NOW + HOUR, title="Planned", topics=("Secret",))
    assert shown([planned, live]) == shown([live])


def test_an_update_that_is_not_due_is_not_shown() -> None:
    (found,) = shown([entry("a", updated=NOW + HOUR)])
    assert found.updated == NOW - HOUR


def test_a_related_link_that_is_not_due_is_not_shown() -> None:
    links = (link("past", NOW - HOUR), link("now", NOW), link("future", NOW + HOUR))
    (found,) = shown([entry("a", related=links)])
    assert [link.title for link in found.related] == ["past", "now"]


def test_the_provider_is_the_last_author() -> None:
    (found,) = selected([entry("a", authors=(Person(name="Ada"), Person(name="A")))])["all"].entries
    assert found.authors == (Person(name="Ada"), Person(name="A", uri="https://a.example/"))


@pytest.mark.parametrize(("given", "expected"), [("a.example", "Alpha"), ("Beta", "Beta")])
def test_a_provider_without_a_name_has_the_configured_title(given: str, expected: str) -> None:
    nameless = entry(
        "a",
        provider=Provider(domain="a.example", name=given),
        related=(Link(href="https://a.example/b", title="b", provider=given),),
    )
    feeds = selected([nameless], providers={"a.example": ProviderSettings(title="Alpha")})
    (found,) = feeds["all"].entries
    assert (found.provider.name, found.authors[-1].name, found.related[0].provider) == (expected,) * 3


def test_the_source_is_the_provider_s_own_feed() -> None:
    settings = ProviderSettings(title="Alpha", feed="https://a.example/feed")
    (found,) = selected([entry("a")], providers={"a.example": settings})["all"].entries
    assert found.source == Link(href="https://a.example/feed", title="Alpha", provider="Alpha")


@pytest.mark.parametrize(
    ("width", "height", "icon"),
    [
        (144, 400, "https://a.example/i.png"),
        (145, 400, None),
        (144, 401, None),
        (None, None, None),
        (50, None, None),
    ],
)
def test_a_provider_s_icon_is_its_feed_s_if_it_is_known_to_be_small(
    width: int | None, height: int | None, icon: str | None
) -> None:
    image = Enclosure(href="https://a.example/i.png", type="image/png", width=width, height=height)
    stories = [entry(name, provider=Provider(domain="a.example", name="A", icon=image)) for name in "ab"]
    assert selected(stories)["providers/a.example"].icon == icon


def test_a_parent_s_feed_holds_its_children_s_entries() -> None:
    topics = {"Vision": Topic(parent="AI"), "AI": Topic(parent="Science")}
    feeds = selected([entry("a", topics=("Vision",)), entry("b", topics=("AI",))], topics=topics)
    holds = {path: [found.title for found in feed.entries] for path, feed in feeds.items() if feed.kind == "topic"}
    assert holds == {"topics/ai": ["a", "b"], "topics/science": ["a", "b"], "topics/vision": ["a"]}


@pytest.mark.parametrize(
    ("rules", "titles"),
    [
        pytest.param({}, ["a", "b", "c"], id="no rule"),
        pytest.param({"topics": TopicRule(any=("AI", "Robots"))}, ["a", "b"], id="any topic"),
        pytest.param({"topics": TopicRule(all=("AI", "Robots"))}, ["b"], id="all topics"),
        pytest.param({"topics": TopicRule(none=("Robots",))}, ["a", "c"], id="no topic"),
        pytest.param({"topics": TopicRule(any=("machine sight",))}, ["a"], id="alias"),
        pytest.param({"topics": TopicRule(any=("Unheard of",))}, [], id="unknown topic"),
        pytest.param({"providers": ProviderRule(any=("www.B.example",))}, ["b"], id="provider"),
        pytest.param({"providers": ProviderRule(none=("b.example",))}, ["a", "c"], id="no provider"),
        pytest.param({"types": ("VIDEO",)}, ["b"], id="type"),
        pytest.param({"min_quality": 5}, ["a"], id="quality"),
        pytest.param({"min_heat": 0}, ["b"], id="heat"),
        pytest.param({"match": "^A$|bee"}, ["a", "b"], id="match in title and summary"),
        pytest.param({"newer_than": "90 minutes"}, ["a", "b"], id="newer than"),
        pytest.param({"newer_than": "2 hours"}, ["a", "b", "c"], id="as old as"),
        pytest.param({"sort": "quality"}, ["a", "b", "c"], id="by quality, unknown last"),
        pytest.param({"sort": "heat"}, ["b", "a", "c"], id="by heat, unknown last"),
        pytest.param({"limit": 2}, ["a", "b"], id="limit"),
        pytest.param({"related": "links"}, ["a", "c"], id="articles only"),
        pytest.param({"topics": TopicRule(any=("AI",)), "types": ("video",)}, ["b"], id="two rules"),
    ],
)
def test_an_entry_is_in_a_feed_if_it_passes_every_rule(rules: dict[str, Any], titles: list[str]) -> None:
    entries = [
        entry("a", topics=("Vision",), quality=5),
        entry(
            "b",
            topics=("AI", "Robots"),
            provider=Provider(domain="b.example", name="B"),
            type="video",
            quality=4,
            heat=0,
            summary="A Bee",
            is_article=False,
        ),
        entry("c", published=NOW - 2 * HOUR),
    ]
    topics = {"Vision": Topic(parent="AI", aliases=("Machine Sight",))}
    assert custom(entries, topics, **rules) == titles


def test_a_feed_is_published_with_min_entries_and_then_stays() -> None:
    assert "providers/a.example" not in selected([entry("a")])
    assert "providers/a.example" in selected([entry("a"), entry("b")])
    assert "providers/a.example" in selected([entry("a")], published=("providers/a.example",))


def test_a_feed_s_own_settings_override_its_kind_s_and_those_override_the_global_ones() -> None:
    feeds = selected(
        [entry("a", topics=("AI", "ML", "Law"))],
        formats=("atom", "rss"),
        entries=EntrySettings(content="summary", images="first", related="links"),
        feeds=FeedKinds(topics=TopicFeeds(content="full", limit=7, formats=("json",))),
        topics={"AI": Topic(images="off", formats=("rss",), language="de", description="On AI"), "ML": Topic(limit=3)},
    )
    chosen = {path: (feed.content, feed.images, feed.shows_related, feed.formats) for path, feed in feeds.items()}
    assert chosen["all"] == ("summary", "first", True, ("rss", "atom"))
    assert chosen["topics/law"] == ("full", "first", True, ("json",))
    assert chosen["topics/ai"] == ("full", "off", True, ("rss",))
    assert (feeds["topics/ai"].language, feeds["topics/ai"].description) == ("de", "On AI")


def test_a_kind_that_is_off_has_no_feeds() -> None:
    kinds = FeedKinds(all="off", topics="off", providers="off")
    assert selected([entry("a", topics=("AI",)), entry("b")], feeds=kinds) == {}


def test_titles_are_filled_in() -> None:
    kinds = FeedKinds(
        all=AllFeed(title="All of {site}"), topics=TopicFeeds(title="{name}!", description="{site} {name}")
    )
    feeds = selected([entry("a", topics=("AI",))], feeds=kinds)
    assert feeds["all"].title == "All of Wire"
    assert (feeds["topics/ai"].title, feeds["topics/ai"].description) == ("AI!", "Wire AI")


def outline(kind: Any) -> Outline:
    return Outline(
        path="topics/ai", kind=kind, name="AI", title="AI – Wire", formats=RSS_ONLY, entries=1, updated=EMPTY_UPDATED
    )


def test_a_feed_that_lost_its_last_entry_keeps_its_title_and_formats() -> None:
    config = configuration()
    plan = plan_emptied_feed(outline("topic"), config)
    assert plan is not None
    assert (plan.path, plan.name, plan.title) == ("topics/ai", "AI", "AI – Wire")
    assert formats_of(plan, config) == RSS_ONLY


def test_blank_settings_of_a_site_are_omitted() -> None:
    site = SiteSettings(title="Wire", url=BASE_URL, description="  ", rights=" ")
    feed = selected([], site=site)["all"]
    assert (feed.description, feed.rights) == ("Wire", None)


@pytest.mark.parametrize("kind", ["all", "custom", "topic"])
def test_a_feed_that_is_no_longer_configured_is_gone(kind: Any) -> None:
    config = configuration(feeds=FeedKinds(topics="off", providers=ProviderFeeds()))
    assert plan_emptied_feed(outline(kind), config) is None


@pytest.mark.parametrize(
    ("sections", "is_same"),
    [
        pytest.param({"feeds": FeedKinds(topics=TopicFeeds(title="{name}!", limit=3))}, True, id="title and limit"),
        pytest.param({"formats": ("rss",)}, True, id="formats"),
        pytest.param({"topics": {"AI": Topic(title="A.I.", slug="a-i")}}, True, id="title and slug of a topic"),
        pytest.param({"topics": {"AI": Topic(parent="Science")}}, False, id="parent"),
        pytest.param({"topics": {"AI": Topic(aliases=("KI",))}}, False, id="alias"),
        pytest.param({"topics": {"AI": Topic(related="off")}}, False, id="related links of a topic"),
        pytest.param({"entries": EntrySettings(related="links")}, False, id="related links"),
        pytest.param({"feeds": FeedKinds(providers="off")}, False, id="kind off"),
        pytest.param({"feeds": FeedKinds(custom=(CustomFeed(path="a", match="b"),))}, False, id="rule"),
    ],
)
def test_the_digest_of_the_rules_changes_with_what_memberships_depend_on(
    sections: dict[str, Any], is_same: bool
) -> None:
    plain = {"topics": {"AI": Topic()}}
    assert (
        MembershipRules(configuration(**{**plain, **sections})).digest == MembershipRules(configuration(**plain)).digest
    ) is is_same


MONTHS = tuple(
    Month(first=dt.datetime(2026, number, 1, tzinfo=dt.UTC), after=NOW, stories=stories, digest=b"")
    for number, stories in ((5, 9), (4, 2), (3, 1))
)


@pytest.mark.parametrize(
    ("own", "of_kind", "months", "expected"),
    [
        pytest.param(TopicFeeds(), TopicFeeds(), (), (50, 50, None), id="of the kind"),
        pytest.param(Topic(), TopicFeeds(limit=7), (), (7, 7, None), id="without settings of its own"),
        pytest.param(Topic(limit=3), TopicFeeds(limit=7), (), (3, 3, None), id="its own limit"),
        pytest.param(Topic(limit=3, min_entries=5), TopicFeeds(), (), (3, 5, None), id="more than it shows"),
        pytest.param(ProviderSettings(limit=1), ProviderFeeds(), (), (1, 2, None), id="min_entries of the kind"),
        pytest.param(Topic(limit=3), TopicFeeds(), MONTHS, (9, 9, None), id="the newest month"),
        pytest.param(Topic(limit=3), TopicFeeds(), MONTHS[:2], (11, 11, None), id="two months"),
        pytest.param(Topic(limit=20), TopicFeeds(), MONTHS, (20, 20, None), id="more than the newest month"),
        pytest.param(
            CustomFeed(path="a", newer_than="2 hours"), None, (), (50, 50, NOW - 2 * HOUR), id="of a custom feed"
        ),
    ],
)
def test_limits_of_entries(own: Any, of_kind: Any, months: tuple[Month, ...], expected: tuple[Any, ...]) -> None:
    assert entry_limits(own, of_kind or own, NOW, months) == expected
