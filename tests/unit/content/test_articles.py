"""Articles parsed from files: every field, and every diagnostic with its line."""

from __future__ import annotations

import datetime as dt
import textwrap
from typing import TYPE_CHECKING

import msgspec
import pytest
from frontmatter.default_handlers import YAMLHandler
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.content.articles import FrontMatterHandler, ParsedArticle, parse_article
from feeds.models import Article, Image, Person, Publisher, RelatedLink

if TYPE_CHECKING:
    from collections.abc import Callable

MODIFIED = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
LABEL = "articles/news/a.md"
A_COLON = "a colon in a text; expected the text in quotes, or the key at the indentation of the others"
A_DATE = "a date and time such as 2020-06-10T23:09:00Z"


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


def parse(content: str | bytes) -> ParsedArticle:
    octets = content.encode() if isinstance(content, str) else content
    return parse_article(octets, path="news/a.md", modified=MODIFIED, label=LABEL)


def parse_front_matter(front_matter: str) -> ParsedArticle:
    return parse(f"---\n{textwrap.dedent(front_matter).strip()}\n---\n")


def article(front_matter: str) -> Article:
    """The article of valid front matter."""
    parsed = parse_front_matter(front_matter)
    assert parsed.diagnostics == ()
    assert parsed.article is not None
    return parsed.article


def diagnostics(content: str | bytes) -> list[str]:
    return [str(diagnostic) for diagnostic in sorted(parse(content).diagnostics)]


def front_matter_diagnostics(front_matter: str) -> list[str]:
    return [str(diagnostic) for diagnostic in sorted(parse_front_matter(front_matter).diagnostics)]


FULL = """\
---
category: news
id: tag:example.com,2020:story
title: Robots &amp; "people"
excerpt: "A summary, with <b>markup</b> &amp; entities."
publishedDateTime: 2020-06-10T23:09:00Z
updatedDateTime: 2020-06-11T01:00:00+02:00
webUrl: https://example.com/story?a=1&amp;b=2
originalUrl: https://original.example.com/story
ampWebUrl: https://amp.example.com/story
cdnAmpWebUrl: https://cdn.example.com/story
type: article
quality: 63
heat: -1
published: true
secured: "c2VjcmV0"
provider:
  name: Example News
  domain: example.com
  authors:
    - name: Ada Example
      url: https://example.com/ada
    - Bo Example
  images:
    - url: /icon.png
      width: 50
      height: 50
topics:
  - AI
  - Machine Learning
images:
  - url: https://example.com/a.png?w=1&#038;h=2
    title: A robot
    type: image/png
    length: 1234
    width: 800
    height: 0
    isCached: true
  - url: https://example.com/b.jpg
    alt: Another robot
related:
  - title: A related story
    excerpt: More on it.
    publishedDateTime: 2020-06-09T00:00:00Z
    webUrl: https://other.example.com/related
    type: video
    quality: 40
    published: false
    provider:
      name: Other
      domain: other.example.com
    topics:
      - Robotics
    images:
      - url: https://other.example.com/c.gif
        width: 10
        height: 20
  - title: A bare story
    webUrl: https://bare.example.com/
---

The *body*.

More of it.
"""


def test_every_field_is_read() -> None:
    parsed = parse(FULL)
    assert parsed.diagnostics == ()
    assert parsed.article == Article(
        path="news/a.md",
        modified=MODIFIED,
        id="tag:example.com,2020:story",
        title='Robots & "people"',
        excerpt="A summary, with <b>markup</b> &amp; entities.",
        published=utc(2020, 6, 10, 23, 9),
        updated=utc(2020, 6, 10, 23, 0),
        web_url="https://example.com/story?a=1&amp;b=2",
        original_url="https://original.example.com/story",
        amp_url="https://amp.example.com/story",
        cdn_amp_url="https://cdn.example.com/story",
        type="article",
        quality=63,
        heat=-1,
        is_published=True,
        provider=Publisher(
            name="Example News",
            domain="example.com",
            authors=(
                Person(name="Ada Example", uri="https://example.com/ada"),
                Person(name="Bo Example"),
            ),
            images=(Image(url="/icon.png", width=50, height=50),),
        ),
        topics=("AI", "Machine Learning"),
        images=(
            Image(
                url="https://example.com/a.png?w=1&#038;h=2",
                title="A robot",
                type="image/png",
                length=1234,
                width=800,
                height=0,
            ),
            Image(url="https://example.com/b.jpg", title="Another robot"),
        ),
        related=(
            RelatedLink(
                title="A related story",
                excerpt="More on it.",
                published=utc(2020, 6, 9),
                web_url="https://other.example.com/related",
                type="video",
                quality=40,
                is_published=False,
                provider=Publisher(name="Other", domain="other.example.com"),
                topics=("Robotics",),
                images=(Image(url="https://other.example.com/c.gif", width=10, height=20),),
            ),
            RelatedLink(title="A bare story", web_url="https://bare.example.com/"),
        ),
        body="The *body*.\n\nMore of it.",
    )


def test_secured_is_never_read() -> None:
    assert b"c2VjcmV0" in FULL.encode()
    assert b"c2VjcmV0" not in msgspec.json.encode(parse(FULL).article)


def test_only_a_title_is_an_article() -> None:
    assert article("title: T") == Article(path="news/a.md", modified=MODIFIED, title="T")


def test_an_article_may_have_an_original_url_only() -> None:
    found = article("originalUrl: https://youtube.example/watch?v=1&list=2")
    assert (found.web_url, found.original_url) == (None, "https://youtube.example/watch?v=1&list=2")


def test_relative_urls_stay_as_written() -> None:
    found = article("webUrl: /news/a\nimages: [{url: ../a b.png}]")
    assert (found.web_url, found.images) == ("/news/a", (Image(url="../a b.png"),))


@pytest.mark.parametrize(
    ("written", "title"),
    [
        pytest.param("1.10", "1.10", id="decimal"),
        pytest.param("1_000", "1_000", id="integer with underscores"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param("0x_", "0x_", id="hexadecimal without digits"),
        pytest.param("12:30:45", "12:30:45", id="sexagesimal"),
        pytest.param(".inf", ".inf", id="infinity"),
        pytest.param("No", "No", id="boolean"),
        pytest.param("2020-06-10", "2020-06-10", id="date"),
        pytest.param("2020-06-10T23:09:00+02:00", "2020-06-10T23:09:00+02:00", id="time"),
        pytest.param("2020-13-45", "2020-13-45", id="impossible date"),
        pytest.param("&v 1.10", "1.10", id="anchor"),
        pytest.param('"AT&amp;T &#8211; news"', "AT&T – news", id="entities"),
        pytest.param('"&amp;amp;"', "&amp;", id="entities are decoded once"),
        pytest.param('"Fish &copy chips"', "Fish &copy chips", id="no entity without a semicolon"),
        pytest.param("'<b>bold</b> & 1 < 2'", "<b>bold</b> & 1 < 2", id="markup is text"),
        pytest.param('"  a\\n b\\t c  "', "a b c", id="white space is folded"),
        pytest.param("|\n  a\n  b", "a b", id="block"),
        pytest.param('"a\\x07b\\uFFFEc"', "abc", id="control characters"),
        pytest.param("日本語 – ÄÖÜ 😀", "日本語 – ÄÖÜ 😀", id="unicode"),
        pytest.param('""', None, id="empty"),
        pytest.param('" "', None, id="blank"),
        pytest.param("~", None, id="null"),
        pytest.param('"&#32;"', None, id="blank once decoded"),
    ],
)
def test_a_title_is_the_text_that_is_written(written: str, title: str | None) -> None:
    assert article(f"title: {written}").title == title


def test_an_aliased_number_is_the_text_that_is_written() -> None:
    assert article("version: &v 1.10\ntitle: *v").title == "1.10"


def test_every_text_field_takes_a_number_as_written() -> None:
    found = article(
        """
        id: 1.10
        excerpt: 1.20
        type: 1.30
        provider: {name: 1.40, domain: 1.50, authors: [{name: 1.60}]}
        topics: [1.80, No, 2020-06-10]
        images: [{url: 1.90, title: 2.00}]
        """
    )
    assert (found.id, found.excerpt, found.type) == ("1.10", "1.20", "1.30")
    assert found.provider == Publisher(name="1.40", domain="1.50", authors=(Person(name="1.60"),))
    assert found.topics == ("1.80", "No", "2020-06-10")
    assert found.images == (Image(url="1.90", title="2.00"),)


@pytest.mark.parametrize(
    ("written", "time"),
    [
        pytest.param("2020-06-10T23:09:00Z", utc(2020, 6, 10, 23, 9), id="UTC"),
        pytest.param("2020-06-10T23:09:00+02:00", utc(2020, 6, 10, 21, 9), id="offset"),
        pytest.param("2020-06-10 23:09:00 -5", utc(2020, 6, 11, 4, 9), id="short offset"),
        pytest.param("2020-06-10T23:09:00", utc(2020, 6, 10, 23, 9), id="no offset is UTC"),
        pytest.param("2020-06-10T23:09Z", utc(2020, 6, 10, 23, 9), id="no seconds"),
        pytest.param("2020-06-10T23:09:00.999Z", utc(2020, 6, 10, 23, 9), id="fraction is dropped"),
        pytest.param("2020-06-10", utc(2020, 6, 10), id="date"),
        pytest.param('"2020-06-10"', utc(2020, 6, 10), id="quoted date"),
        pytest.param('" 2020-06-10T23:09:00Z "', utc(2020, 6, 10, 23, 9), id="quoted with spaces"),
        pytest.param('"2020-06-10T23:09:00+02:00"', utc(2020, 6, 10, 21, 9), id="quoted with offset"),
        pytest.param("Wed, 10 Jun 2020 23:09:00 +0200", utc(2020, 6, 10, 21, 9), id="RFC 822"),
        pytest.param("Wed, 10 Jun 2020 23:09:00 GMT", utc(2020, 6, 10, 23, 9), id="RFC 822 GMT"),
        pytest.param("Wed, 10 Jun 2020 23:09:00 EST", utc(2020, 6, 11, 4, 9), id="RFC 822 named zone"),
        pytest.param("10 Jun 2020 23:09:00", utc(2020, 6, 10, 23, 9), id="RFC 822 without zone is UTC"),
        pytest.param("2020-02-29", utc(2020, 2, 29), id="leap day"),
        pytest.param('""', None, id="empty"),
        pytest.param("~", None, id="null"),
    ],
)
def test_a_date_is_a_time_in_utc(written: str, time: dt.datetime | None) -> None:
    found = article(f"publishedDateTime: {written}").published
    assert found == time
    assert found is None or found.tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("2020-13-45", "'2020-13-45'", id="no such month"),
        pytest.param("2021-02-29", "'2021-02-29'", id="no such day"),
        pytest.param("2020-06-10T25:00:00Z", "'2020-06-10T25:00:00Z'", id="no such hour"),
        pytest.param("2020-06-10T10:00:00+25:00", "'2020-06-10T10:00:00+25:00'", id="no such offset"),
        pytest.param("0001-01-01T00:00:00+05:00", "'0001-01-01T00:00:00+05:00'", id="before the first year in UTC"),
        pytest.param("soon", "'soon'", id="word"),
        pytest.param("Wed, 10 Jun 2020 11:09 PM", "'Wed, 10 Jun 2020 11:09 PM'", id="PM"),
        pytest.param("10 Jun 2020 23:09:00 CEST", "'10 Jun 2020 23:09:00 CEST'", id="zone that no standard names"),
        pytest.param("10 Jun 2020 23:09:00 +2", "'10 Jun 2020 23:09:00 +2'", id="short offset"),
        pytest.param(
            "Thu Jun 11 2020 10:00:00 GMT+0200 (CEST)", "'Thu Jun 11 2020 10:00:00 GMT+0200 (CEST)'", id="JavaScript"
        ),
        pytest.param("'2020'", "'2020'", id="year"),
        pytest.param("1591830540", "1591830540", id="seconds since 1970"),
        pytest.param("12:30:45", "'12:30:45'", id="time of day"),
        pytest.param("yes", "'yes'", id="yes"),
        pytest.param("[2020-06-10]", "a list", id="list"),
        pytest.param("{date: 2020-06-10}", "a mapping", id="mapping"),
        pytest.param("!!timestamp soon", "'soon'", id="tagged as a timestamp"),
        pytest.param("Mon, 1 Jan 999999999999 10:00:00", "'Mon, 1 Jan 999999999999 10:00:00'", id="huge year"),
        pytest.param(f"1 Jan 2020 00:00:00 +{'9' * 20}", f"'1 Jan 2020 00:00:00 +{'9' * 20}'", id="huge offset"),
    ],
)
def test_an_invalid_date_is_reported(written: str, shown: str) -> None:
    expected = [f"{LABEL}:3: publishedDateTime is {shown}; expected {A_DATE}"]
    assert front_matter_diagnostics(f"title: T\npublishedDateTime: {written}") == expected


def test_a_long_value_is_shortened_in_the_message() -> None:
    (diagnostic,) = parse_front_matter(f"title: T\npublishedDateTime: {'x' * 10_000}").diagnostics
    assert diagnostic.message.startswith("publishedDateTime is 'xxxx")
    assert diagnostic.message.endswith(f"x…; expected {A_DATE}")
    assert len(diagnostic.message) < 200


@pytest.mark.parametrize(
    ("written", "number"),
    [
        pytest.param("60", 60, id="integer"),
        pytest.param('"60"', 60, id="quoted"),
        pytest.param("59.6", 60, id="decimal is rounded"),
        pytest.param("-1", -1, id="negative"),
        pytest.param("0", 0, id="zero"),
        pytest.param("9007199254740991", 2**53 - 1, id="the largest"),
        pytest.param('""', None, id="empty"),
        pytest.param("~", None, id="null"),
    ],
)
def test_a_number_is_an_integer(written: str, number: int | None) -> None:
    found = article(f"quality: {written}\nimages: [{{url: a, width: {written}}}]")
    assert (found.quality, found.images[0].width) == (number, number)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("high", "'high'", id="word"),
        pytest.param("yes", "'yes'", id="yes"),
        pytest.param(".nan", ".nan", id="not a number"),
        pytest.param(".inf", ".inf", id="infinity"),
        pytest.param('"1e400"', "'1e400'", id="too large"),
        pytest.param("2020-06-10", "'2020-06-10'", id="date"),
        pytest.param("[60]", "a list", id="list"),
        pytest.param("{}", "a mapping", id="mapping"),
        pytest.param("!!int many", "'many'", id="tagged as a number"),
    ],
)
def test_an_invalid_number_is_reported(written: str, shown: str) -> None:
    expected = [f"{LABEL}:3: quality is {shown}; expected a whole number"]
    assert front_matter_diagnostics(f"title: T\nquality: {written}") == expected


def test_a_number_of_thousands_of_digits_is_reported_with_its_line() -> None:
    (diagnostic,) = parse_front_matter(f"title: T\nquality: {'1' * 5000}").diagnostics
    assert (diagnostic.line, diagnostic.message.startswith("quality is "), len(diagnostic.message) < 200) == (
        3,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("written", "flag"),
    [
        ("true", True),
        ("false", False),
        ("Yes", True),
        ("No", False),
        ("on", True),
        ("off", False),
        ('"false"', False),
        ("' TRUE '", True),
        ("~", True),
    ],
)
def test_published_is_a_boolean(written: str, flag: bool) -> None:
    assert article(f"published: {written}").is_published is flag


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("maybe", "'maybe'", id="word"),
        pytest.param("1", "1", id="number"),
        pytest.param("[true]", "a list", id="list"),
        pytest.param("!!bool maybe", "'maybe'", id="tagged as a boolean"),
    ],
)
def test_an_invalid_boolean_is_reported_and_means_published(written: str, shown: str) -> None:
    parsed = parse_front_matter(f"title: T\npublished: {written}")
    assert [str(diagnostic) for diagnostic in parsed.diagnostics] == [
        f"{LABEL}:3: published is {shown}; expected true or false"
    ]
    assert parsed.article is not None
    assert parsed.article.is_published


@pytest.mark.parametrize(
    ("front_matter", "is_published"),
    [("draft: true", False), ("draft: false", True), ("draft: true\npublished: true", False), ("draft: ", True)],
)
def test_a_draft_is_not_published(front_matter: str, is_published: bool) -> None:
    assert article(front_matter).is_published is is_published


@pytest.mark.parametrize(
    ("front_matter", "diagnostics"),
    [
        pytest.param("link: https://e.example/", ["2: link is not read; expected webUrl"], id="link"),
        pytest.param("webURL: https://e.example/", ["2: webURL is not read; expected webUrl"], id="other case"),
        pytest.param("Date: 2026-01-01", ["2: Date is not read; expected publishedDateTime"], id="date"),
        pytest.param("headline: T", ["2: headline is not read; expected title"], id="headline"),
        pytest.param("related:\n  - url: a", ["3: url is not read; expected webUrl"], id="of a related link"),
        pytest.param("link: a\noriginalUrl: b", [], id="not needed"),
        pytest.param("title:\nwebUrl:", [], id="empty"),
        pytest.param("colour: red", [], id="unknown"),
    ],
)
def test_other_names_of_required_fields_are_reported(front_matter: str, diagnostics: list[str]) -> None:
    found = parse_front_matter(front_matter).diagnostics
    assert [str(diagnostic) for diagnostic in found] == [f"{LABEL}:{diagnostic}" for diagnostic in diagnostics]


@pytest.mark.parametrize(
    ("written", "images"),
    [
        pytest.param("", (), id="null"),
        pytest.param("[]", (), id="empty list"),
        pytest.param('""', (), id="empty text"),
        pytest.param("{url: /a.png, width: 0}", (Image(url="/a.png", width=0),), id="single mapping"),
        pytest.param("https://e.example/a.png", (Image(url="https://e.example/a.png"),), id="text"),
        pytest.param("[/a.png, /b.png]", (Image(url="/a.png"), Image(url="/b.png")), id="list of texts"),
        pytest.param("[{}]", (Image(url=""),), id="no url"),
        pytest.param("[{url: }]", (Image(url=""),), id="url is null"),
        pytest.param(
            "[{url: a, width: '', length: ~, height: '20'}]", (Image(url="a", height=20),), id="sizes missing or quoted"
        ),
        pytest.param("[{url: a, title: B &amp; C, alt: D}]", (Image(url="a", title="B & C"),), id="title beats alt"),
    ],
)
def test_images_come_in_many_shapes(written: str, images: tuple[Image, ...]) -> None:
    assert article(f"title: T\nimages: {written}").images == images


@pytest.mark.parametrize(
    ("written", "provider"),
    [
        pytest.param("", None, id="null"),
        pytest.param("{}", Publisher(), id="empty mapping"),
        pytest.param("Example News", Publisher(name="Example News"), id="text is its name"),
        pytest.param("{domain: example.com}", Publisher(domain="example.com"), id="domain only"),
        pytest.param("{name: A &amp; B}", Publisher(name="A & B"), id="entities"),
        pytest.param("{authors: Ada}", Publisher(authors=(Person(name="Ada"),)), id="author is a text"),
        pytest.param("{authors: {name: Ada}}", Publisher(authors=(Person(name="Ada"),)), id="author is a mapping"),
        pytest.param("{authors: [{url: /ada}]}", Publisher(), id="author without a name"),
        pytest.param("{images: /i.png}", Publisher(images=(Image(url="/i.png"),)), id="image is a text"),
    ],
)
def test_a_provider_may_be_incomplete(written: str, provider: Publisher | None) -> None:
    assert article(f"title: T\nprovider: {written}").provider == provider


@pytest.mark.parametrize(
    ("written", "related"),
    [
        pytest.param("", (), id="null"),
        pytest.param("[]", (), id="empty"),
        pytest.param("{title: R}", (RelatedLink(title="R"),), id="single mapping"),
        pytest.param("[https://e.example/r]", (RelatedLink(web_url="https://e.example/r"),), id="text is its webUrl"),
    ],
)
def test_related_comes_in_many_shapes(written: str, related: tuple[RelatedLink, ...]) -> None:
    assert article(f"title: T\nrelated: {written}").related == related


@pytest.mark.parametrize(
    ("written", "topics"),
    [
        pytest.param("", (), id="null"),
        pytest.param("[]", (), id="empty"),
        pytest.param("AI, ML", ("AI, ML",), id="text is one topic"),
        pytest.param("[AI, AI, ' AI ', A &amp; I]", ("AI", "A & I"), id="repeats go"),
        pytest.param("[AI, ~, '']", ("AI",), id="empty ones go"),
        pytest.param("[C, C++, C#]", ("C", "C++", "C#"), id="punctuation stays"),
    ],
)
def test_topics_are_a_list_of_texts(written: str, topics: tuple[str, ...]) -> None:
    assert article(f"title: T\ntopics: {written}").topics == topics


LONG = "x" * 501


@pytest.mark.parametrize(
    ("front_matter", "expected"),
    [
        pytest.param(f"type: {LONG}", "2: type has 501 characters; expected 500 at most; it is left out", id="type"),
        pytest.param(
            f"topics: [AI, {LONG}]", "2: topics[1] has 501 characters; expected 500 at most; it is left out", id="topic"
        ),
        pytest.param(
            f"topics: {LONG}", "2: topics has 501 characters; expected 500 at most; it is left out", id="only topic"
        ),
        pytest.param(
            f"topics: [1, {LONG}, {LONG}&amp;]",
            "2: topics[1] has 501 characters; expected 500 at most; it is left out",
            id="topics and a number",
        ),
        pytest.param(
            f"provider: {{name: {LONG}, domain: e.example}}",
            "2: name has 501 characters; expected 500 at most; it is left out",
            id="provider",
        ),
        pytest.param(
            f"provider: {{domain: {LONG}.example}}",
            "2: domain has 509 characters; expected 500 at most; it is left out",
            id="domain",
        ),
        pytest.param(
            f"provider: {{authors: [Ada, {LONG}]}}",
            "2: name has 501 characters; expected 500 at most; it is left out",
            id="author",
        ),
        pytest.param(
            f"images: [{{url: /a.png, type: {LONG}}}]",
            "2: type has 501 characters; expected 500 at most; it is left out",
            id="type of an image",
        ),
    ],
)
def test_a_long_name_is_skipped(front_matter: str, expected: str) -> None:
    parsed = parse_front_matter(front_matter)
    assert parsed.article is not None
    assert "xxx" not in repr(parsed.article)
    assert diagnostics(f"---\n{front_matter}\n---\n")[0] == f"{LABEL}:{expected}"
    assert {diagnostic.rule for diagnostic in parsed.diagnostics} == {"beyond-limit"}
    assert parse_front_matter(front_matter.replace(LONG, "x" * 492)).diagnostics == ()


@pytest.mark.parametrize("front_matter", ["title: {}", "images: [{{url: /a.png, title: {}}}]"])
def test_a_long_title_is_cut(front_matter: str) -> None:
    assert front_matter_diagnostics(front_matter.format("x " * 1000)) == []
    parsed = parse_front_matter(front_matter.format("x " * 1100))
    assert [str(diagnostic) for diagnostic in parsed.diagnostics] == [
        f"{LABEL}:2: title has 2199 characters; expected 2000 at most; it is cut"
    ]
    assert parsed.article is not None
    assert (parsed.article.title or parsed.article.images[0].title) == f"{'x ' * 999}x…"


@pytest.mark.parametrize(
    ("front_matter", "expected"),
    [
        pytest.param("title: [a]", "2: title is a list; expected text", id="title is a list"),
        pytest.param("title: {a: b}", "2: title is a mapping; expected text", id="title is a mapping"),
        pytest.param("webUrl:\n  - a", "2: webUrl is a list; expected text", id="address is a list"),
        pytest.param("topics:\n  - AI\n  - [a]", "4: topics[1] is a list; expected text", id="topic is a list"),
        pytest.param("topics: {a: b}", "2: topics is a mapping; expected text", id="topics are a mapping"),
        pytest.param("quality: !!set {a, b, c}", "2: quality is a set; expected a whole number", id="set"),
        pytest.param("title: !!set {a, b, c}", "2: title is a set; expected text", id="title is a set"),
        pytest.param("quality: !!pairs [a: b]", "2: quality is a list; expected a whole number", id="pairs"),
        pytest.param("topics: !!pairs [a: b]", "2: topics[0] is a list; expected text", id="a pair"),
        pytest.param("quality: !!binary aGVsbG8=", "2: quality is aGVsbG8=; expected a whole number", id="bytes"),
        pytest.param(
            f"quality: !!binary {'aGVs' * 30}", "2: quality is bytes; expected a whole number", id="many bytes"
        ),
        pytest.param("provider: 42", "2: provider is 42; expected a mapping", id="provider is a number"),
        pytest.param("provider: true", "2: provider is true; expected a mapping", id="provider is a boolean"),
        pytest.param("provider: [a]", "2: provider is a list; expected a mapping", id="provider is a list"),
        pytest.param("images:\n  - /a.png\n  - 42", "4: images[1] is 42; expected a mapping", id="image is a number"),
        pytest.param("related:\n  -\n    - a", "4: related[0] is a list; expected a mapping", id="related is a list"),
        pytest.param(
            "images: {url: a, width: wide}", "2: width is 'wide'; expected a whole number", id="in a single mapping"
        ),
        pytest.param(
            "provider:\n  images:\n    - url: a\n      height: tall",
            "5: height is 'tall'; expected a whole number",
            id="image of the provider",
        ),
        pytest.param(
            "related:\n  - title: R\n  - images:\n      - url: a\n        width: wide",
            "6: width is 'wide'; expected a whole number",
            id="image of a related link",
        ),
        pytest.param(
            "related:\n  - title: R\n    provider:\n      authors:\n        - name: [a]",
            "6: name is a list; expected text",
            id="author of a related link",
        ),
        pytest.param(
            "# a comment\n\nquality:\n  many", "4: quality is 'many'; expected a whole number", id="value below its key"
        ),
        pytest.param(
            "excerpt: |\n  one\n\n  two\nquality: many",
            "6: quality is 'many'; expected a whole number",
            id="after a block of text",
        ),
        pytest.param(
            'excerpt: "one\u2028two"\nquality: many',
            "3: quality is 'many'; expected a whole number",
            id="after a line separator, which no editor breaks at",
        ),
    ],
)
def test_a_diagnostic_names_its_line(front_matter: str, expected: str) -> None:
    assert front_matter_diagnostics(front_matter) == [f"{LABEL}:{expected}"]


def test_all_errors_are_reported_and_valid_fields_are_kept() -> None:
    parsed = parse_front_matter("title: T\nquality: many\nheat: [1]\npublishedDateTime: soon\ntype: video")
    assert sorted((diagnostic.line, diagnostic.message.partition(" ")[0]) for diagnostic in parsed.diagnostics) == [
        (3, "quality"),
        (4, "heat"),
        (5, "publishedDateTime"),
    ]
    assert parsed.article == Article(path="news/a.md", modified=MODIFIED, title="T", type="video")


LAYOUTS = [
    pytest.param("{}", "\n", 0, id="LF"),
    pytest.param("{}", "\r\n", 0, id="CRLF"),
    pytest.param("{}", "\r", 0, id="CR"),
    pytest.param("\ufeff{}", "\n", 0, id="BOM"),
    pytest.param("\ufeff{}", "\r\n", 0, id="BOM and CRLF"),
    pytest.param("\n  \n\n{}", "\n", 3, id="blank lines before"),
    pytest.param("\ufeff\n\n{}", "\r\n", 2, id="BOM, blank lines and CRLF"),
]


def laid_out(text: str, template: str, newline: str) -> bytes:
    return template.format(text).replace("\n", newline).encode()


@pytest.mark.parametrize(("template", "newline", "shift"), LAYOUTS)
def test_lines_are_those_of_the_file(template: str, newline: str, shift: int) -> None:
    text = "---\ntitle: T\nimages:\n  - url: a\n    width: wide\n\nrelated:\n  - title: R\n    heat: hot\n---\nbody\n"
    assert diagnostics(laid_out(text, template, newline)) == [
        f"{LABEL}:{5 + shift}: width is 'wide'; expected a whole number",
        f"{LABEL}:{9 + shift}: heat is 'hot'; expected a whole number",
    ]


@pytest.mark.parametrize(("template", "newline", "shift"), LAYOUTS)
def test_lines_of_yaml_errors_are_those_of_the_file(template: str, newline: str, shift: int) -> None:
    assert diagnostics(laid_out("---\n\ntitle: T\nexcerpt: a: b\n---\n", template, newline)) == [
        f"{LABEL}:{4 + shift}: not valid YAML: {A_COLON}"
    ]


@pytest.mark.parametrize(("template", "newline", "shift"), LAYOUTS)
def test_the_layout_of_the_file_does_not_change_the_article(template: str, newline: str, shift: int) -> None:
    text = "---\ntitle: T\nexcerpt: |\n  a\n  b\n---\n\none\n\ntwo\n"
    assert parse(laid_out(text, template, newline)).article == parse(text).article, shift


@pytest.mark.parametrize(("template", "newline", "shift"), LAYOUTS)
def test_front_matter_without_an_end_is_reported_where_it_begins(template: str, newline: str, shift: int) -> None:
    assert diagnostics(laid_out("---\ntitle: T\nbody\n", template, newline)) == [
        f"{LABEL}:{1 + shift}: the front matter has no end; expected a second line of ---"
    ]


@pytest.mark.parametrize(("template", "newline", "shift"), LAYOUTS)
def test_front_matter_that_is_no_mapping_is_reported_where_it_begins(template: str, newline: str, shift: int) -> None:
    assert diagnostics(laid_out("---\n- title: T\n---\n", template, newline)) == [
        f"{LABEL}:{1 + shift}: the front matter is not a mapping; expected lines such as title: …"
    ]


@pytest.mark.parametrize(("template", "newline", "shift"), LAYOUTS)
def test_empty_front_matter_is_reported_where_it_begins(template: str, newline: str, shift: int) -> None:
    assert diagnostics(laid_out("---\n---\nbody\n", template, newline)) == [
        f"{LABEL}:{1 + shift}: the front matter is not a mapping; expected lines such as title: …"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"---\ntitle: \xff\n---\n", "2: byte 0xff", id="LF"),
        pytest.param(b"---\r\ntitle: T\r\ntype: \xfe\r\n---\r\n", "3: byte 0xfe", id="CRLF"),
        pytest.param(b"---\rtitle: T\rtype: \xfe\r---\r", "3: byte 0xfe", id="CR"),
        pytest.param(b"\xef\xbb\xbf---\ntitle: \xff\n---\n", "2: byte 0xff", id="BOM"),
        pytest.param(b"\xef\xbb\xbf---\ntitle: T\n\xff\n---\n", "3: byte 0xff", id="BOM, first on its line"),
        pytest.param(b"\n\n---\ntitle: T\n---\nbody \xe9\n", "6: byte 0xe9", id="in the body"),
        pytest.param(b"\xff\xfe-\x00-\x00-\x00", "1: byte 0xff", id="UTF-16"),
        pytest.param(b"---\ntitle: T\n---\ncut \xe2\x82", "4: byte 0xe2", id="cut in a letter"),
    ],
)
def test_bytes_that_are_not_utf8_are_reported_with_their_line(content: bytes, expected: str) -> None:
    assert diagnostics(content) == [f"{LABEL}:{expected} is not UTF-8; expected text in UTF-8"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty file"),
        pytest.param(" \n\n", id="blank file"),
        pytest.param("# A heading\n\nText.\n", id="Markdown only"),
        pytest.param("title: T\n---\n", id="no first line"),
        pytest.param("+++\ntitle = 'T'\n+++\n", id="TOML"),
        pytest.param("--\ntitle: T\n--\n", id="two hyphens"),
    ],
)
def test_a_file_without_front_matter_is_reported(content: str) -> None:
    assert diagnostics(content) == [f"{LABEL}:1: there is no front matter; expected YAML between two lines of ---"]


@pytest.mark.parametrize(
    ("front_matter", "line", "problem"),
    [
        pytest.param("title: a: b", 2, A_COLON, id="colon in a title"),
        pytest.param("title: T\n\ttype: video", 3, "a tab; expected spaces", id="tab"),
        pytest.param("title: @home", 2, "a text that begins with @; expected it in quotes", id="at sign"),
        pytest.param(
            "title: 'it's'", 2, "something behind a value; expected the value in quotes", id="quote in a quoted text"
        ),
        pytest.param("title: T\ntags: [a, b\ntype: video", 4, "did not find expected ',' or ']'", id="unclosed list"),
        pytest.param("title: !robot T", 2, "could not determine a constructor for the tag '!robot'", id="unknown tag"),
        pytest.param("title: *other", 2, "found undefined alias", id="unknown alias"),
        pytest.param('title: "a\ntype: video\nheat: 1', 2, "found unexpected end of stream", id="unclosed quote"),
    ],
)
def test_invalid_yaml_is_reported_with_its_line(front_matter: str, line: int, problem: str) -> None:
    parsed = parse_front_matter(front_matter)
    (diagnostic,) = parsed.diagnostics
    assert parsed.article is None
    assert diagnostic.line == line
    assert diagnostic.message.startswith("not valid YAML: ")
    assert problem in diagnostic.message


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_in_a_plain_text_is_a_space(separator: str) -> None:
    assert article(f"title: one{separator}two\ntype: video").title == "one two"


def test_an_escaped_next_line_is_a_space() -> None:
    assert article(r'title: "one\Ntwo"').title == "one two"


@pytest.mark.parametrize(
    ("content", "body"),
    [
        pytest.param("---\ntitle: T\n---", "", id="none"),
        pytest.param("---\ntitle: T\n---\n\n\n", "", id="blank"),
        pytest.param("---\ntitle: T\n---\n<p>a</p>\n\n    <p>b</p>\n", "<p>a</p>\n\n    <p>b</p>", id="HTML"),
        pytest.param("---\ntitle: T\n---\na\n\n---\n\nb\n", "a\n\n---\n\nb", id="a rule in it"),
        pytest.param("--- \ntitle: T\n-----\t\na\n", "a", id="other lines of hyphens"),
        pytest.param("---\ntitle: T\n---\na\x00\x0b\x1fb\n", "ab", id="control characters"),
        pytest.param("---\ntitle: T\n---\n\n    code\n", "    code", id="indented first line"),
    ],
)
def test_the_body_is_what_follows(content: str, body: str) -> None:
    parsed = parse(content)
    assert parsed.diagnostics == ()
    assert parsed.article is not None
    assert parsed.article.body == body


def test_without_a_label_a_diagnostic_names_the_path() -> None:
    parsed = parse_article(b"", path="news/a.md", modified=MODIFIED)
    assert [diagnostic.path for diagnostic in parsed.diagnostics] == ["news/a.md"]


LINES = ("---", "----", "--- ", "---x", "--", "", "a: 1", " ---", "---\t", "-", "---\u00a0", "---\x0b", "text")


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=8))
def test_front_matter_ends_where_python_frontmatter_says(lines: list[str]) -> None:
    text = "\n".join(["---", *lines]).strip()

    def result(split: Callable[[str], tuple[str, str]]) -> tuple[str, str] | None:
        try:
            return split(text)
        except ValueError:
            return None

    assert result(FrontMatterHandler().split) == result(YAMLHandler().split)


@pytest.mark.parametrize(
    ("front_matter", "lines"),
    [
        ("title: A\ntitle: B", [3]),
        ("title: A\nwebUrl: x\n'title': B", [4]),
        ("title: A\nid: x\nprovider:\n  name: A\n  name: B\nid: y", [7, 6]),
        ("title: A\ntopics:\n- one\n- two\nid: x", []),
        ("title: A\nexcerpt: |\n  title: x\n  title: y", []),
        ("# title: A\ntitle: B\n\n\n", []),
        ("title: A", []),
    ],
)
def test_a_duplicate_key_is_reported_and_its_last_value_counts(front_matter: str, lines: list[int]) -> None:
    parsed = parse_article(f"---\n{front_matter}\n---\n".encode(), path="a.md", modified=MODIFIED)
    twice = " is there twice; expected it once; the last one counts"
    repeated = [diagnostic for diagnostic in parsed.diagnostics if diagnostic.message.endswith(twice)]
    assert [diagnostic.line for diagnostic in repeated] == lines
    assert parsed.article is not None
    assert parsed.article.title == ("B" if "title: B" in front_matter or "'title': B" in front_matter else "A")
