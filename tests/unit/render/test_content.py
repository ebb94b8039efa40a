"""The HTML content of an entry: image, body or summary, attribution, related coverage."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Any

import lxml.html
import pytest
from lxml import etree
from msgspec.structs import replace

from feeds.models import Enclosure, Entry, Feed, Link, Provider
from feeds.render.content import render_content
from tests.support.clocks import within

IMAGE = Enclosure(href="https://i.example/a.jpg?w=1&h=2", type="image/jpeg", title="A picture", width=640, height=480)
CHART = Enclosure(href="https://i.example/b.png", type="image/png")
FILM = Enclosure(href="https://i.example/c.mp4", type="video/mp4")
ENTRY = Entry(
    id="https://techcrunch.com/a",
    link="https://techcrunch.com/a?x=1&y=2",
    title="A title",
    published=dt.datetime(2020, 6, 11, 23, 9, tzinfo=dt.UTC),
    updated=dt.datetime(2020, 6, 12, tzinfo=dt.UTC),
    provider=Provider(domain="techcrunch.com", name="TechCrunch"),
    path="a.md",
    is_article=True,
)
RELATED = (
    Link(href="https://other.example/1?a=1&b=2", title="First", provider="Other"),
    Link(href="https://another.example/2", title="Second", provider="Another"),
)
FEED = Feed(
    path="all",
    kind="all",
    name="A feed",
    title="A feed",
    site_title="A site",
    description="A description",
    base_url="https://feeds.example.com/",
    language="en",
)

ATTRIBUTION = (
    '<p><a href="https://techcrunch.com/a?x=1&amp;y=2">TechCrunch</a>, '
    '<time datetime="2020-06-11">11 June 2020</time></p>'
)
HOSTILE = "\"'><script>alert(1)</script><b>&amp;"


def content_of(entry: Entry, **of_feed: Any) -> str:
    return render_content(entry, replace(FEED, **of_feed))


def parsed(content: str) -> etree._Element:
    return lxml.html.fragment_fromstring(content, create_parent="div")


def images_of(content: str) -> list[etree._Element]:
    return list(parsed(content).iter("img"))


def image_urls(content: str) -> list[str | None]:
    return [image.get("src") for image in images_of(content)]


def text_of(element: etree._Element) -> str:
    return "".join(str(text) for text in element.itertext())


def test_a_bare_entry_shows_its_provider_and_date() -> None:
    assert content_of(ENTRY) == ATTRIBUTION


def test_the_attribution_reads_as_a_line_of_text() -> None:
    assert text_of(parsed(content_of(ENTRY))) == "TechCrunch, 11 June 2020"


@pytest.mark.parametrize(
    ("language", "date"),
    [
        pytest.param("en", "11 June 2020", id="en"),
        pytest.param("en-GB", "11 June 2020", id="en-GB"),
        pytest.param("EN-us", "11 June 2020", id="EN-us"),
        pytest.param("de", "2020-06-11", id="de"),
        pytest.param("pt-BR", "2020-06-11", id="pt-BR"),
        pytest.param("enm", "2020-06-11", id="enm, Middle English"),
    ],
)
def test_a_date_is_in_words_in_english_and_in_iso_8601_elsewhere(language: str, date: str) -> None:
    assert text_of(parsed(content_of(ENTRY, language=language))) == f"TechCrunch, {date}"


def test_the_date_is_the_date_of_publication() -> None:
    assert "2020-06-12" not in content_of(ENTRY)


def test_an_image_has_its_size_and_alternative_text() -> None:
    assert content_of(replace(ENTRY, enclosures=(IMAGE,))) == (
        '<figure><img src="https://i.example/a.jpg?w=1&amp;h=2" alt="A picture" width="640" height="480"></figure>\n'
        + ATTRIBUTION
    )


def test_the_alternative_text_of_an_image_without_a_title_is_the_title_of_the_entry() -> None:
    assert [image.get("alt") for image in images_of(content_of(replace(ENTRY, enclosures=(CHART,))))] == ["A title"]


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        pytest.param(640, None, {"width": "640"}, id="width only"),
        pytest.param(None, 480, {"height": "480"}, id="height only"),
        pytest.param(0, 0, {}, id="zero"),
        pytest.param(None, None, {}, id="missing"),
    ],
)
def test_an_unknown_size_is_omitted(width: int | None, height: int | None, expected: dict[str, str]) -> None:
    (image,) = images_of(content_of(replace(ENTRY, enclosures=(replace(IMAGE, width=width, height=height),))))
    assert {name: image.get(name) for name in ("width", "height") if image.get(name)} == expected


def test_the_parts_come_in_order() -> None:
    entry = replace(ENTRY, body="<p>A body</p>", enclosures=(IMAGE, CHART), related=RELATED)
    content = content_of(entry)
    places = [content.index(part) for part in ("a.jpg", "A body", "b.png", "TechCrunch", "First")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param("all", [IMAGE.href, CHART.href], id="all"),
        pytest.param("first", [IMAGE.href], id="first"),
        pytest.param("off", [], id="off"),
    ],
)
def test_images_decides_which_images_show(images: str, expected: list[str]) -> None:
    assert image_urls(content_of(replace(ENTRY, enclosures=(IMAGE, CHART)), images=images)) == expected


def test_other_enclosures_are_not_shown_as_images() -> None:
    assert image_urls(content_of(replace(ENTRY, enclosures=(FILM, CHART)))) == [CHART.href]


def test_an_image_whose_url_the_body_only_mentions_is_shown() -> None:
    entry = replace(ENTRY, body=f'<pre>&lt;img src="{CHART.href}"&gt;</pre>', enclosures=(CHART,))
    assert image_urls(content_of(entry)) == [CHART.href]


def test_the_body_is_searched_once_for_very_many_images() -> None:
    """A search of the body for each image would take minutes."""
    enclosures = tuple(replace(CHART, href=f"https://i.example/{number}.png?a&b") for number in range(16_000))
    body = "".join(f'<img alt="" src="{escape(image.href)}">' for image in enclosures[1:])
    with within(seconds=5):
        assert content_of(replace(ENTRY, body=body, enclosures=enclosures)).count("<img ") == 16_000


def test_an_image_of_a_body_that_is_not_shown_is_shown() -> None:
    entry = replace(ENTRY, body=f'<p><img src="{CHART.href}"></p>', enclosures=(CHART,))
    assert image_urls(content_of(entry, content="summary")) == [CHART.href]


@pytest.mark.parametrize(
    ("content", "body", "summary", "expected"),
    [
        pytest.param("full", "<p>A body</p>", "A summary", "<p>A body</p>\n", id="the body"),
        pytest.param("full", "", "A summary", "<p>A summary</p>\n", id="no body"),
        pytest.param("summary", "<p>A body</p>", "A summary", "<p>A summary</p>\n", id="the summary"),
        pytest.param("summary", "<p>A body</p>", None, "", id="no summary"),
        pytest.param("full", "", None, "", id="neither"),
    ],
)
def test_content_is_the_body_or_the_summary(content: str, body: str, summary: str | None, expected: str) -> None:
    assert content_of(replace(ENTRY, body=body, summary=summary), content=content) == expected + ATTRIBUTION


def test_related_coverage_is_a_list_of_links_with_providers() -> None:
    assert content_of(replace(ENTRY, related=RELATED)) == (
        f"{ATTRIBUTION}\n"
        "<p><strong>Related coverage</strong></p>\n"
        "<ul>\n"
        '<li><a href="https://other.example/1?a=1&amp;b=2">First</a> (Other)</li>\n'
        '<li><a href="https://another.example/2">Second</a> (Another)</li>\n'
        "</ul>"
    )


def test_the_heading_of_related_coverage_is_the_one_configured() -> None:
    content = content_of(replace(ENTRY, related=RELATED), related_title="Mehr dazu")
    assert [heading.text for heading in parsed(content).iter("strong")] == ["Mehr dazu"]


def test_related_coverage_can_be_switched_off() -> None:
    assert content_of(replace(ENTRY, related=RELATED), shows_related=False) == ATTRIBUTION


@pytest.mark.parametrize(
    ("entry", "of_feed", "shown"),
    [
        pytest.param(replace(ENTRY, summary=HOSTILE), {}, HOSTILE, id="summary"),
        pytest.param(
            replace(ENTRY, provider=Provider(domain="p.example", name=HOSTILE)), {}, f"{HOSTILE}, 11", id="provider"
        ),
        pytest.param(
            replace(ENTRY, related=(replace(RELATED[0], title=HOSTILE),)), {}, f"{HOSTILE} (Other)", id="related title"
        ),
        pytest.param(
            replace(ENTRY, related=(replace(RELATED[0], provider=HOSTILE),)), {}, f"({HOSTILE})", id="related provider"
        ),
        pytest.param(replace(ENTRY, related=RELATED), {"related_title": HOSTILE}, HOSTILE, id="heading"),
    ],
)
def test_texts_are_escaped(entry: Entry, of_feed: dict[str, str], shown: str) -> None:
    content = parsed(content_of(entry, **of_feed))
    assert shown in text_of(content)
    assert content.find(".//script") is content.find(".//b") is None


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(replace(ENTRY, enclosures=(replace(CHART, title=HOSTILE),)), id="its title"),
        pytest.param(replace(ENTRY, title=HOSTILE, enclosures=(CHART,)), id="the title of the entry"),
    ],
)
def test_the_alternative_text_of_an_image_is_escaped(entry: Entry) -> None:
    content = content_of(entry)
    assert [image.get("alt") for image in images_of(content)] == [HOSTILE]
    assert parsed(content).find(".//script") is None
