"""OPML 2.0: the subscriptions of a site, by kind."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from lxml import etree, html
from msgspec.structs import replace

from feeds.models import Outline, SubscriptionList
from feeds.render import opml
from tests.support.samples import MARKUP

OUTLINE = Outline(
    path="topics/künstliche-intelligenz",
    kind="topic",
    name="KI",
    title="KI – A site",
    formats=("rss", "atom", "json"),
    entries=3,
    updated=dt.datetime(2020, 6, 10, tzinfo=dt.UTC),
    has_page=True,
)
SITE = SubscriptionList(
    title="A site",
    description="What it is about",
    base_url="https://feeds.example.com/",
    language="de",
    outlines=(OUTLINE,),
    has_pages=True,
)


def outlines_of(site: SubscriptionList) -> dict[str, list[dict[str, str]]]:
    """The attributes of the subscriptions of each group."""
    body = etree.fromstring(opml.render(site)).find("body")
    assert body is not None
    return {str(group.get("text")): [{str(k): str(v) for k, v in one.items()} for one in group] for group in body}


def test_a_subscription() -> None:
    assert outlines_of(SITE) == {
        "Topics": [
            {
                "type": "rss",
                "text": "KI",
                "title": "KI – A site",
                "xmlUrl": "https://feeds.example.com/topics/k%C3%BCnstliche-intelligenz.rss",
                "htmlUrl": "https://feeds.example.com/topics/k%C3%BCnstliche-intelligenz/",
                "version": "RSS2",
            }
        ]
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"formats": ("atom", "json")}, {"type": "rss", "xmlUrl": ".atom"}, id="Atom"),
        pytest.param({"formats": ("json",)}, {"type": "rss", "xmlUrl": ".json"}, id="JSON Feed"),
    ],
)
def test_a_feed_that_is_not_rss_has_no_version(change: dict[str, Any], expected: dict[str, str]) -> None:
    (found,) = outlines_of(replace(SITE, outlines=(replace(OUTLINE, **change),)))["Topics"]
    assert "version" not in found
    assert found["type"] == expected["type"]
    assert found["xmlUrl"].endswith(expected["xmlUrl"])


def test_without_pages_the_page_of_a_feed_is_the_site() -> None:
    (found,) = outlines_of(replace(SITE, outlines=(replace(OUTLINE, has_page=False),)))["Topics"]
    assert found["htmlUrl"] == "https://feeds.example.com/"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("R&D", "R & D"),
        ("R& D", "R& D"),
        ("R &D", "R & D"),
        ("Fish & Wire", "Fish & Wire"),
        ("&amp;", "& amp;"),
        ("&&#38;", "& & #38;"),
        ("A&", "A&"),
        ("<b>x</b>&lt;", "‹b›x‹/b› & lt;"),
        ("a <3 b", "a ‹3 b"),
        ("A > B", "A > B"),
    ],
)
def test_a_name_reads_the_same_as_html(name: str, expected: str) -> None:
    (found,) = outlines_of(replace(SITE, outlines=(replace(OUTLINE, name=name, title=name),)))["Topics"]
    assert (found["text"], found["title"]) == (expected, expected)
    shown = html.fragment_fromstring(found["text"], create_parent="p")
    assert (shown.text_content(), len(shown)) == (expected, 0)


def test_groups_are_ordered_by_kind_and_feeds_by_name() -> None:
    outlines = (
        replace(OUTLINE, kind="provider", name="p"),
        replace(OUTLINE, name="b"),
        replace(OUTLINE, name="A"),
        replace(OUTLINE, kind="custom", name="c"),
        replace(OUTLINE, kind="all", name="all"),
    )
    found = {
        label: [one["text"] for one in group] for label, group in outlines_of(replace(SITE, outlines=outlines)).items()
    }
    assert list(found) == ["Everything", "Selections", "Topics", "Providers"]
    assert found["Topics"] == ["A", "b"]


def test_empty_feeds_are_omitted_beside_others() -> None:
    empty = replace(OUTLINE, name="empty", entries=0)
    assert [one["text"] for one in outlines_of(replace(SITE, outlines=(OUTLINE, empty)))["Topics"]] == ["KI"]


def test_feeds_are_listed_where_all_are_empty() -> None:
    assert [*outlines_of(replace(SITE, outlines=(replace(OUTLINE, entries=0),)))] == ["Topics"]


def test_a_body_is_never_empty() -> None:
    assert outlines_of(replace(SITE, title="A <site>", outlines=())) == {"A ‹site›": []}


def test_the_head() -> None:
    root = etree.fromstring(opml.render(replace(SITE, title=MARKUP)))
    assert root.tag == "opml"
    assert root.get("version") == "2.0"
    assert [(element.tag, element.text) for element in root.iterfind("head/*")] == [
        ("title", 'A ‹b›bold‹/b› & "quoted" & amp; title')
    ]
