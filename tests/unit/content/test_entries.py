"""Entries derived from articles, and entries with the same id merged into one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.config.schema import SourceSettings
from feeds.content.articles import parse_article
from feeds.content.entries import derive_entries, merge_entries
from feeds.errors import Diagnostic
from feeds.models import Article, Enclosure, Entry, Image, Link, Person, Provider, Publisher, RelatedLink
from tests.support.strategies import examples

MODIFIED = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
PUBLISHED = dt.datetime(2020, 6, 10, 23, 9, tzinfo=dt.UTC)
LATER = dt.datetime(2020, 6, 11, tzinfo=dt.UTC)
BASE = "https://www.example.com/"

STORY: dict[str, Any] = {"title": "T", "web_url": "https://example.com/t", "published": PUBLISHED}
ENTRY: dict[str, Any] = {
    "id": "https://example.com/t",
    "link": "https://example.com/t",
    "title": "T",
    "published": PUBLISHED,
    "updated": PUBLISHED,
    "provider": Provider(domain="example.com", name="example.com"),
    "path": "a.md",
    "is_article": True,
}


def article(**fields: Any) -> Article:
    return Article(**{**STORY, "path": "a.md", "modified": MODIFIED, **fields})


def related(**fields: Any) -> RelatedLink:
    return RelatedLink(**{**STORY, "title": "R", "web_url": "https://related.example/r", **fields})


def source(**settings: Any) -> SourceSettings:
    return SourceSettings(articles=("articles",), **settings)


def entries(story: Article, **settings: Any) -> tuple[Entry, ...]:
    """The entries of a valid article."""
    derived = derive_entries(story, source(**settings))
    assert (derived.diagnostics, derived.skip_reason) == ((), None)
    return derived.entries


def own_entry(story: Article, **settings: Any) -> Entry:
    """The article's own entry."""
    entry = entries(story, **settings)[0]
    assert entry.is_article
    return entry


def entry(**fields: Any) -> Entry:
    return Entry(**{**ENTRY, **fields})


def link(name: str, host: str = "example.com") -> Link:
    return Link(href=f"https://{host}/{name}", title=name, provider=host)


def enclosure(name: str) -> Enclosure:
    return Enclosure(href=f"https://example.com/{name}", type="image/png")


def test_every_field_of_an_article_reaches_its_entry() -> None:
    story = article(
        updated=LATER,
        excerpt="<p>A &amp; B</p>",
        body="One *two*.",
        type="article",
        quality=60,
        heat=-1,
        topics=("AI", "Robots"),
        provider=Publisher(
            name="Example", domain="www.Example.com", authors=(Person(name="Ada"),), images=(Image(url="/i.png"),)
        ),
        images=(Image(url="/a.png", width=1, height=0),),
        related=(related(provider=Publisher(name="Related News")),),
    )
    assert own_entry(story, base_url=BASE) == Entry(
        id="https://example.com/t",
        link="https://example.com/t",
        title="T",
        published=PUBLISHED,
        updated=LATER,
        provider=Provider(
            domain="example.com",
            name="Example",
            icon=Enclosure(href="https://www.example.com/i.png", type="image/png"),
        ),
        path="a.md",
        is_article=True,
        summary="A & B",
        body="<p>One <em>two</em>.</p>",
        authors=(Person(name="Ada"),),
        topics=("AI", "Robots"),
        enclosures=(Enclosure(href="https://www.example.com/a.png", type="image/png", width=1),),
        related=(Link(href="https://related.example/r", title="R", provider="Related News", published=PUBLISHED),),
        type="article",
        quality=60,
        heat=-1,
    )


def test_every_field_of_a_related_link_reaches_its_entry() -> None:
    link_ = related(
        published=LATER,
        excerpt="More.",
        type="video",
        quality=40,
        heat=2,
        provider=Publisher(name="Related News"),
        images=(Image(url="https://related.example/a.gif"),),
    )
    _, entry_ = entries(article(body="The article's.", quality=60, related=(link_,)))
    assert entry_ == Entry(
        id="https://related.example/r",
        link="https://related.example/r",
        title="R",
        published=LATER,
        updated=LATER,
        provider=Provider(domain="related.example", name="Related News"),
        path="a.md",
        is_article=False,
        summary="More.",
        enclosures=(Enclosure(href="https://related.example/a.gif", type="image/gif"),),
        type="video",
        quality=40,
        heat=2,
    )


@pytest.mark.parametrize(
    "web_url",
    [
        "https://example.com/t",
        "http://www.example.com/t/",
        "https://EXAMPLE.com:443/t?utm_source=x&fbclid=y#top",
        "//example.com/t",
        "example.com/t",
    ],
)
def test_the_id_is_the_canonical_url(web_url: str) -> None:
    assert own_entry(article(web_url=web_url)).id == "https://example.com/t"


def test_the_link_is_the_url_as_written() -> None:
    entry_ = own_entry(article(web_url="http://www.example.com/t/?utm_source=x"))
    assert entry_.link == "http://www.example.com/t/?utm_source=x"


@pytest.mark.parametrize(
    "given_id",
    [
        pytest.param("tag:example.com,2020:story", id="tag"),
        pytest.param("tag:ada@example.com,2020-06-10:a/b?c", id="tag of a person"),
        pytest.param("urn:uuid:12345678-1234-1234-1234-123456789abc", id="urn:uuid"),
        pytest.param("urn:isbn:9780000000000", id="urn"),
        pytest.param("https://example.com/?p=1", id="address"),
        pytest.param("http://www.example.com/t/", id="address that is not canonical"),
    ],
)
def test_a_given_id_is_kept(given_id: str) -> None:
    assert own_entry(article(id=f" {given_id} ")).id == given_id


@pytest.mark.parametrize("given_id", [None, "", "  "])
def test_an_empty_id_is_not_given(given_id: str | None) -> None:
    assert own_entry(article(id=given_id)).id == "https://example.com/t"


@pytest.mark.parametrize(
    "given_id",
    [
        pytest.param("story-1", id="word"),
        pytest.param("42", id="number"),
        pytest.param("/t", id="path"),
        pytest.param("12:30", id="no scheme"),
        pytest.param("a story: one", id="words"),
        pytest.param("tag:example.com,2020:a story", id="space"),
        pytest.param("tag:example.com,2020:<a>", id="angle brackets"),
        pytest.param("tag:story", id="tag without a date"),
        pytest.param("tag:é.example,2020:story", id="tag of a host beyond ASCII"),
        pytest.param("https://a.example/%zz", id="escape of nothing"),
        pytest.param("https://a.example:port/", id="port that is no number"),
        pytest.param("mailto:", id="scheme alone"),
        pytest.param("urn:story", id="urn without a namespace"),
        pytest.param("urn:uuid:1", id="urn:uuid that is none"),
        pytest.param("https://", id="address without a host"),
        pytest.param("https://example.com/[a]", id="brackets"),
        pytest.param("tag:example.com,2020:ä", id="tag with a letter beyond ASCII"),
        pytest.param("urn:isbn:ä", id="urn with a letter beyond ASCII"),
        pytest.param("urn:isbn:\x7f", id="control character"),
        pytest.param("urn:isbn:\ufffe", id="noncharacter"),
    ],
)
def test_an_id_that_is_no_iri_is_reported_and_the_article_is_skipped(given_id: str) -> None:
    derived = derive_entries(article(id=given_id, related=(related(),)), source())
    message = f"id is {given_id!r}; expected an IRI such as tag:example.com,2020:story or urn:uuid:…"
    assert derived.diagnostics == (Diagnostic(("id",), message),)
    assert derived.skip_reason == "bad id"
    assert [entry_.title for entry_ in derived.entries] == ["R"]


ALL_LINKS: dict[str, Any] = {
    "web_url": "https://example.com/web",
    "original_url": "https://example.com/original",
    "amp_url": "https://example.com/amp",
    "cdn_amp_url": "https://example.com/cdn",
}


@pytest.mark.parametrize(
    ("preference", "missing", "expected"),
    [
        ("web", [], "web"),
        ("web", ["web_url"], "original"),
        ("original", [], "original"),
        ("original", ["original_url"], "web"),
        ("amp", [], "amp"),
        ("amp", ["amp_url"], "web"),
        ("amp", ["amp_url", "web_url"], "original"),
        ("cdn-amp", [], "cdn"),
        ("cdn-amp", ["cdn_amp_url"], "amp"),
        ("cdn-amp", ["cdn_amp_url", "amp_url"], "web"),
        ("cdn-amp", ["cdn_amp_url", "amp_url", "web_url"], "original"),
    ],
)
@pytest.mark.parametrize("value", [None, "", " ", "#", "javascript:steal()"])
def test_an_entry_links_to_the_first_valid_url_in_order_of_preference(
    preference: str, missing: list[str], expected: str, value: str | None
) -> None:
    story = article(**{**ALL_LINKS, **dict.fromkeys(missing, value)})
    own = derive_entries(story, source(link=preference, base_url=BASE)).entries[0]
    assert own.link == f"https://example.com/{expected}"


@pytest.mark.parametrize(("written", "is_reported"), [("javascript:steal()", True), ("#", True), (" ", False)])
def test_an_invalid_preferred_url_is_reported(written: str, is_reported: bool) -> None:
    derived = derive_entries(article(**{**ALL_LINKS, "web_url": written}), source())
    message = f"webUrl is {written!r}; expected webUrl: with an http or https address"
    assert derived.diagnostics == ((Diagnostic(("webUrl",), message),) if is_reported else ())
    assert derived.entries[0].link == "https://example.com/original"


@pytest.mark.parametrize("preference", ["web", "original", "amp", "cdn-amp"])
def test_the_preference_does_not_change_the_id(preference: str) -> None:
    assert own_entry(article(**ALL_LINKS), link=preference).id == "https://example.com/web"


@pytest.mark.parametrize("blank", ["", " ", "#"])
def test_a_blank_url_is_no_id(blank: str) -> None:
    story = article(web_url=blank, original_url="https://example.com/original")
    own = derive_entries(story, source(base_url=BASE)).entries[0]
    assert own.id == "https://example.com/original"


@pytest.mark.parametrize(
    ("addresses", "preference", "via"),
    [
        pytest.param({}, "web", None, id="one address"),
        pytest.param({"original_url": "https://o.example/"}, "web", "https://o.example/", id="another original"),
        pytest.param({"original_url": "https://o.example/"}, "original", "https://example.com/t", id="the other way"),
        pytest.param({"original_url": "http://www.example.com/t/?utm_source=x"}, "web", None, id="the same story"),
        pytest.param({"original_url": " "}, "web", None, id="blank original"),
        pytest.param({"original_url": "mailto:a@example.com"}, "web", None, id="bad original"),
        pytest.param({"amp_url": "https://a.example/"}, "amp", "https://example.com/t", id="AMP comes from the web"),
        pytest.param(
            {"amp_url": "https://a.example/", "original_url": "https://o.example/"},
            "amp",
            "https://o.example/",
            id="AMP comes from the original",
        ),
    ],
)
def test_via_is_the_original_url_if_the_entry_links_elsewhere(
    addresses: dict[str, str], preference: str, via: str | None
) -> None:
    assert own_entry(article(**addresses), link=preference, base_url=BASE).via == via


def test_a_relative_url_is_resolved_against_the_base_url() -> None:
    entry_ = own_entry(article(web_url="/news/t"), base_url=BASE)
    assert (entry_.link, entry_.id) == ("https://www.example.com/news/t", "https://example.com/news/t")


@pytest.mark.parametrize(
    ("fields", "keys", "message", "reason"),
    [
        pytest.param(
            {"title": None},
            ("title",),
            "the article has no title; expected title: with some text",
            "no title",
            id="no title",
        ),
        pytest.param(
            {"title": ""},
            ("title",),
            "the article has no title; expected title: with some text",
            "no title",
            id="empty title",
        ),
        pytest.param(
            {"web_url": None},
            ("webUrl",),
            "the article has no link; expected webUrl: with an http or https address",
            "no link",
            id="no link",
        ),
        pytest.param(
            {"web_url": " "},
            ("webUrl",),
            "the article has no link; expected webUrl: with an http or https address",
            "no link",
            id="blank link",
        ),
        pytest.param(
            {"web_url": "/news/t"},
            ("webUrl",),
            "webUrl is '/news/t'; expected webUrl: with an http or https address",
            "no link",
            id="relative link",
        ),
        pytest.param(
            {"web_url": "javascript:steal()"},
            ("webUrl",),
            "webUrl is 'javascript:steal()'; expected webUrl: with an http or https address",
            "no link",
            id="bad link",
        ),
        pytest.param(
            {"web_url": "https://xn--a.com/"},
            ("webUrl",),
            "webUrl is 'https://xn--a.com/'; expected webUrl: with an http or https address",
            "no link",
            id="bad punycode",
        ),
        pytest.param(
            {"web_url": None, "original_url": "ftp://example.com/"},
            ("originalUrl",),
            "originalUrl is 'ftp://example.com/'; expected originalUrl: with an http or https address",
            "no link",
            id="bad original only",
        ),
        pytest.param(
            {"web_url": " ", "original_url": "ftp://example.com/"},
            ("originalUrl",),
            "originalUrl is 'ftp://example.com/'; expected originalUrl: with an http or https address",
            "no link",
            id="blank link and bad original",
        ),
        pytest.param(
            {"published": None},
            ("publishedDateTime",),
            "the article has no date; expected publishedDateTime: (or set source.undated: file)",
            "no date",
            id="no date",
        ),
    ],
)
def test_without_a_title_a_link_or_a_date_there_is_no_entry(
    fields: dict[str, Any], keys: tuple[str, ...], message: str, reason: str
) -> None:
    derived = derive_entries(article(**fields), source())
    assert derived.entries == ()
    assert derived.diagnostics == (Diagnostic(keys, message),)
    assert derived.skip_reason == reason


@pytest.mark.parametrize(
    ("preference", "key", "value"),
    [
        ("web", "webUrl", "mailto:web@example.com"),
        ("original", "originalUrl", "mailto:original@example.com"),
        ("amp", "ampWebUrl", "mailto:amp@example.com"),
        ("cdn-amp", "cdnAmpWebUrl", "mailto:cdn@example.com"),
    ],
)
def test_the_preferred_one_of_several_invalid_urls_is_reported(preference: str, key: str, value: str) -> None:
    story = article(
        web_url="mailto:web@example.com",
        original_url="mailto:original@example.com",
        amp_url="mailto:amp@example.com",
        cdn_amp_url="mailto:cdn@example.com",
    )
    (diagnostic,) = derive_entries(story, source(link=preference)).diagnostics
    assert diagnostic == Diagnostic((key,), f"{key} is {value!r}; expected {key}: with an http or https address")


def test_a_long_url_is_shortened_in_the_message() -> None:
    (diagnostic,) = derive_entries(article(web_url="javascript:" + "x" * 10_000), source()).diagnostics
    assert diagnostic.message.startswith("webUrl is 'javascript:xxxx")
    assert len(diagnostic.message) < 200


@pytest.mark.parametrize(
    ("fields", "keys", "message"),
    [
        pytest.param(
            {"title": None},
            ("related", 1, "title"),
            "the related link has no title; expected title: with some text",
            id="no title",
        ),
        pytest.param(
            {"web_url": None},
            ("related", 1, "webUrl"),
            "the related link has no link; expected webUrl: with an http or https address",
            id="no link",
        ),
        pytest.param(
            {"web_url": "mailto:a@example.com"},
            ("related", 1, "webUrl"),
            "webUrl is 'mailto:a@example.com'; expected webUrl: with an http or https address",
            id="bad link",
        ),
        pytest.param(
            {"published": None},
            ("related", 1, "publishedDateTime"),
            "the related link has no date; expected publishedDateTime: (or set source.undated: file)",
            id="no date",
        ),
        pytest.param(
            {"id": "story"},
            ("related", 1, "id"),
            "id is 'story'; expected an IRI such as tag:example.com,2020:story or urn:uuid:…",
            id="bad id",
        ),
    ],
)
def test_an_invalid_related_link_is_skipped_alone(
    fields: dict[str, Any], keys: tuple[str | int, ...], message: str
) -> None:
    good = related(web_url="https://related.example/good", title="good")
    derived = derive_entries(article(related=(good, related(**fields))), source())
    assert derived.diagnostics == (Diagnostic(keys, message),)
    assert derived.skip_reason is None
    assert [entry_.title for entry_ in derived.entries] == ["T", "good"]
    assert [shown.title for shown in derived.entries[0].related] == ["good"]


def test_an_article_without_a_link_keeps_its_related_links() -> None:
    derived = derive_entries(article(web_url=None, related=(related(),)), source())
    assert [(entry_.title, entry_.is_article) for entry_ in derived.entries] == [("R", False)]


def test_an_unpublished_article_and_its_related_links_are_skipped_silently() -> None:
    derived = derive_entries(article(is_published=False, title=None, related=(related(),)), source())
    assert (derived.entries, derived.diagnostics, derived.skip_reason) == ((), (), "unpublished")


def test_an_unpublished_related_link_is_skipped_silently() -> None:
    found = entries(article(related=(related(is_published=False, title=None), related(title="shown"))))
    assert [entry_.title for entry_ in found] == ["T", "shown"]
    assert [shown.title for shown in found[0].related] == ["shown"]


def test_unpublished_articles_may_be_included() -> None:
    story = article(is_published=False, related=(related(is_published=False),))
    assert [entry_.title for entry_ in entries(story, unpublished="include")] == ["T", "R"]


def test_without_a_date_the_time_of_the_file_may_be_used() -> None:
    found = entries(article(published=None, related=(related(published=None),)), undated="file")
    assert [(entry_.published, entry_.updated) for entry_ in found] == [(MODIFIED, MODIFIED)] * 2


def test_the_time_of_the_file_does_not_replace_a_date() -> None:
    assert own_entry(article(), undated="file").published == PUBLISHED


def test_only_an_update_dates_an_article() -> None:
    entry_ = own_entry(article(published=None, updated=LATER))
    assert (entry_.published, entry_.updated) == (LATER, LATER)


def test_an_article_without_an_update_was_updated_when_published() -> None:
    assert own_entry(article()).updated == PUBLISHED


@pytest.mark.parametrize(
    ("publisher", "expected"),
    [
        pytest.param(None, Provider(domain="example.com", name="example.com"), id="none"),
        pytest.param(Publisher(), Provider(domain="example.com", name="example.com"), id="empty"),
        pytest.param(Publisher(name="Ex"), Provider(domain="example.com", name="Ex"), id="name only"),
        pytest.param(Publisher(domain="n.example"), Provider(domain="n.example", name="n.example"), id="domain only"),
        pytest.param(Publisher(domain="WWW.N.example"), Provider(domain="n.example", name="n.example"), id="www."),
        pytest.param(
            Publisher(domain="https://n.example/news"), Provider(domain="n.example", name="n.example"), id="address"
        ),
    ],
)
def test_the_provider_falls_back_to_the_link(publisher: Publisher | None, expected: Provider) -> None:
    assert own_entry(article(web_url="https://www.example.com/t", provider=publisher)).provider == expected


@pytest.mark.parametrize("domain", ["Example News", "a..b", "ex%61mple.com", "javascript://a"])
def test_an_invalid_domain_is_reported_and_replaced_by_that_of_the_link(domain: str) -> None:
    derived = derive_entries(article(provider=Publisher(name="Ex", domain=domain)), source())
    message = f"domain is {domain!r}; expected a domain such as example.com; example.com is taken"
    assert derived.diagnostics == (Diagnostic(("provider", "domain"), message),)
    assert [entry_.provider for entry_ in derived.entries] == [Provider(domain="example.com", name="Ex")]


def test_an_invalid_domain_of_a_related_link_is_reported_with_its_keys() -> None:
    derived = derive_entries(article(related=(related(provider=Publisher(domain="a b")),)), source())
    assert [diagnostic.keys for diagnostic in derived.diagnostics] == [("related", 0, "provider", "domain")]


def test_the_icon_of_a_provider_is_its_first_usable_image() -> None:
    publisher = Publisher(images=(Image(url="https://example.com/i.png", width=50), Image(url="/j.png")))
    icon = own_entry(article(provider=publisher), base_url=BASE).provider.icon
    assert icon == Enclosure(href="https://example.com/i.png", type="image/png", width=50)


def test_a_provider_s_image_without_a_valid_url_is_reported() -> None:
    publisher = Publisher(images=(Image(url="https://example.com/i.png"), Image(url="/j.png")))
    derived = derive_entries(article(related=(related(provider=publisher),)), source())
    message = "image url is '/j.png', a relative address; expected source.base_url to be set; it is left out"
    assert derived.diagnostics == (Diagnostic(("related", 0, "provider", "images", 1, "url"), message),)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        pytest.param((), (), id="none"),
        pytest.param((Person(name="Ada"), Person(name="Bo")), (Person(name="Ada"), Person(name="Bo")), id="two"),
        pytest.param(
            (Person(name="Ada", uri="/ada"),),
            (Person(name="Ada", uri="https://www.example.com/ada"),),
            id="relative uri",
        ),
        pytest.param((Person(name="Ada", uri="javascript:x"),), (Person(name="Ada"),), id="bad uri"),
        pytest.param((Person(name="Ada", uri=" "),), (Person(name="Ada"),), id="blank uri"),
        pytest.param((Person(name="Ex", uri="/ex"),), (), id="the provider itself"),
    ],
)
def test_authors_are_people(people: tuple[Person, ...], expected: tuple[Person, ...]) -> None:
    story = article(provider=Publisher(name="Ex", authors=people))
    assert own_entry(story, base_url=BASE).authors == expected


def test_a_related_link_without_topics_has_the_article_s() -> None:
    story = article(topics=("AI",), related=(related(), related(web_url="https://r.example/", topics=("ML",))))
    assert [entry_.topics for entry_ in entries(story)] == [("AI",), ("AI",), ("ML",)]


def test_a_related_link_without_a_provider_has_the_provider_of_its_link() -> None:
    story = article(provider=Publisher(name="Ex", domain="example.com"), related=(related(),))
    assert entries(story)[1].provider == Provider(domain="related.example", name="related.example")


@pytest.mark.parametrize(
    ("excerpt", "body", "summary"),
    [
        pytest.param("A &amp; <b>B</b>", "Body.", "A & B", id="excerpt"),
        pytest.param(None, "One *two*.", "One two.", id="body"),
        pytest.param("<p> </p>", "Body.", "Body.", id="empty excerpt"),
        pytest.param(None, "", None, id="neither"),
        pytest.param(None, "word " * 100, "word " * 59 + "word…", id="long body"),
        pytest.param("word " * 100, "", ("word " * 100).strip(), id="a long excerpt is kept"),
    ],
)
def test_the_summary_is_the_excerpt_else_the_beginning_of_the_body(
    excerpt: str | None, body: str, summary: str | None
) -> None:
    assert own_entry(article(excerpt=excerpt, body=body)).summary == summary


def test_urls_in_the_body_are_absolute() -> None:
    body = "![i](/i.png) [a](b) [note](#note)"
    assert own_entry(article(body=body), base_url=BASE).body == (
        '<p><img src="https://example.com/i.png" alt="i"> <a href="https://example.com/b">a</a> '
        '<a href="https://example.com/t#note">note</a></p>'
    )


def test_images_without_a_valid_url_are_reported_with_their_keys() -> None:
    story = article(
        images=(Image(url="https://example.com/a.png"), Image(url="data:,x")),
        related=(related(images=(Image(url=""),)),),
    )
    derived = derive_entries(story, source())
    assert sorted(derived.diagnostics, key=lambda diagnostic: len(diagnostic.keys)) == [
        Diagnostic(("images", 1, "url"), "image url is 'data:,x'; expected an http or https address; it is left out"),
        Diagnostic(("related", 0, "images", 0, "url"), "an image has no url; it is left out"),
    ]
    assert [len(entry_.enclosures) for entry_ in derived.entries] == [1, 0]


def lines(front_matter: str) -> list[str]:
    """The diagnostics of an article with their lines, as a run reports them."""
    parsed = parse_article(f"---\n{front_matter}\n---\n".encode(), path="a.md", modified=MODIFIED)
    assert parsed.article is not None
    assert parsed.source is not None
    found = parsed.source.locate(derive_entries(parsed.article, source()).diagnostics)
    return [str(diagnostic) for diagnostic in (*parsed.diagnostics, *found)]


GOOD = "title: T\nwebUrl: https://example.com/t\npublishedDateTime: 2020-06-10"


@pytest.mark.parametrize(
    ("front_matter", "expected"),
    [
        pytest.param(
            "\n# comment\ntitle: T",
            "a.md:4: the article has no link; expected webUrl: with an http or https address",
            id="no link",
        ),
        pytest.param(
            "title: T\nwebUrl:\n  mailto:a@example.com",
            "a.md:3: webUrl is 'mailto:a@example.com'; expected webUrl: with an http or https address",
            id="bad link",
        ),
        pytest.param(
            f"{GOOD}\nimages:\n  - url: https://example.com/a.png\n  - width: 1\n    url: data:,x",
            "a.md:8: image url is 'data:,x'; expected an http or https address; it is left out",
            id="bad image",
        ),
        pytest.param(
            f"{GOOD}\nimages:\n  -\n  - https://example.com/a.png\n  - data:,x",
            "a.md:8: image url is 'data:,x'; expected an http or https address; it is left out",
            id="bad image after an empty one",
        ),
        pytest.param(
            f"{GOOD}\nrelated:\n  - 42\n  - webUrl: https://example.com/r",
            "a.md:7: the related link has no title; expected title: with some text",
            id="related link after one that is none",
        ),
        pytest.param(
            f"{GOOD}\nrelated:\n  - title: R\n    publishedDateTime: 2020-06-10\n    webUrl: /r",
            "a.md:8: webUrl is '/r'; expected webUrl: with an http or https address",
            id="bad link of a related link",
        ),
        pytest.param(
            f"{GOOD}\nprovider:\n  name: Ex\n  domain: a b",
            "a.md:7: domain is 'a b'; expected a domain such as example.com; example.com is taken",
            id="bad domain",
        ),
    ],
)
def test_a_diagnostic_names_its_line(front_matter: str, expected: str) -> None:
    assert expected in lines(front_matter)


def test_the_related_links_are_shown_in_the_article_s_order() -> None:
    story = article(related=tuple(related(title=name, web_url=f"https://r.example/{name}") for name in "cab"))
    assert [shown.title for shown in own_entry(story).related] == ["c", "a", "b"]


def test_an_article_is_not_related_to_itself() -> None:
    story = article(related=(related(web_url="http://www.example.com/t/"), related()))
    found = entries(story)
    assert [shown.href for shown in found[0].related] == ["https://related.example/r"]
    assert [entry_.id for entry_ in found].count("https://example.com/t") == 2


def test_the_same_story_twice_under_an_article_is_shown_once() -> None:
    story = article(related=(related(title="first"), related(title="second", web_url="http://www.related.example/r/")))
    found = entries(story)
    assert [shown.title for shown in found[0].related] == ["first"]
    assert [entry_.id for entry_ in found[1:]] == ["https://related.example/r"] * 2


def test_the_preferred_url_of_a_related_link_is_shown() -> None:
    story = article(related=(related(amp_url="https://amp.example/r"),))
    assert [shown.href for shown in own_entry(story, link="amp").related] == ["https://amp.example/r"]


def test_one_entry_is_itself() -> None:
    only = entry(related=(link("r"),))
    assert merge_entries([only]) == only


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        pytest.param(
            {"is_article": True, "quality": 1}, {"is_article": False, "quality": 99}, id="article beats related"
        ),
        pytest.param({"quality": 60, "published": LATER}, {"quality": 59}, id="quality beats date"),
        pytest.param({"quality": 0}, {"quality": None, "path": "0.md"}, id="any quality beats none"),
        pytest.param({"quality": -1}, {"quality": None, "path": "0.md"}, id="even a negative one"),
        pytest.param({"path": "b.md"}, {"path": "a.md", "published": LATER}, id="earlier date beats path"),
        pytest.param({"path": "a.md"}, {"path": "b.md"}, id="smaller path"),
        pytest.param(
            {"is_article": False, "quality": 2}, {"is_article": False, "quality": 1}, id="quality of related links"
        ),
    ],
)
def test_precedence(winner: dict[str, Any], loser: dict[str, Any]) -> None:
    best = entry(title="winner", summary="winner", **winner)
    other = entry(title="loser", summary="loser", **loser)
    for found in (merge_entries([best, other]), merge_entries([other, best])):
        assert (found.title, found.summary, found.published) == ("winner", "winner", best.published)
        assert (found.path, found.is_article) == (best.path, best.is_article)


#: Fields that the selection sets.
SELECTED = {"categories", "source"}
#: A value of each other field that an entry may lack.
OPTIONAL: dict[str, object] = {
    "via": "https://origin.example/t",
    "summary": "A summary.",
    "body": "<p>A body.</p>",
    "authors": (Person(name="Ann"),),
    "topics": ("A",),
    "enclosures": (enclosure("a.png"),),
    "related": (link("r"),),
    "type": "video",
    "quality": 50,
    "heat": 7,
}


@pytest.mark.parametrize(
    "field",
    [field for field in msgspec.structs.fields(Entry) if not field.required and field.name not in SELECTED],
    ids=lambda field: field.name,
)
def test_a_field_that_the_winner_lacks_comes_from_the_other(field: msgspec.structs.FieldInfo) -> None:
    winner = entry(**{field.name: field.default})
    other = entry(**{field.name: OPTIONAL[field.name]}, is_article=False, path="b.md")
    assert getattr(merge_entries([other, winner]), field.name) == OPTIONAL[field.name]


def test_topics_are_the_union_the_winner_s_first() -> None:
    merged = merge_entries([entry(path="b.md", topics=("B", "C")), entry(topics=("A", "B"))])
    assert merged.topics == ("A", "B", "C")


def test_related_links_are_the_union_the_winner_s_first() -> None:
    best = entry(related=(link("a"), link("b")))
    other = entry(path="b.md", related=(link("a", "www.example.com"), link("c")))
    assert merge_entries([other, best]).related == (link("a"), link("b"), link("c"))


def test_missing_fields_of_the_winner_come_from_the_next() -> None:
    best = entry(quality=5)
    second = entry(path="b.md", summary="second", quality=3, enclosures=(enclosure("second"),), heat=2)
    third = entry(
        path="c.md",
        summary="third",
        body="<p>third</p>",
        enclosures=(enclosure("third"),),
        type="video",
        heat=3,
        via="https://via.example/",
    )
    merged = merge_entries([third, best, second])
    assert merged == msgspec.structs.replace(
        best,
        summary="second",
        body="<p>third</p>",
        enclosures=(enclosure("second"),),
        type="video",
        heat=2,
        via="https://via.example/",
    )


def test_missing_provider_fields_of_the_winner_come_from_the_next() -> None:
    icon = enclosure("icon.png")
    nameless = entry(quality=5, provider=Provider(domain="a.example", name="a.example"))
    other = entry(path="b.md", quality=4, provider=Provider(domain="b.example", name="B", icon=icon))
    named = entry(
        path="c.md", quality=3, provider=Provider(domain="a.example", name="A"), authors=(Person(name="Ada"),)
    )
    with_icon = entry(path="d.md", quality=2, provider=Provider(domain="a.example", name="Other", icon=icon))
    merged = merge_entries([with_icon, named, other, nameless])
    assert (merged.provider, merged.authors) == (
        Provider(domain="a.example", name="A", icon=icon),
        (Person(name="Ada"),),
    )


def test_zero_is_not_missing() -> None:
    merged = merge_entries([entry(quality=0, heat=0), entry(path="b.md", quality=None, heat=5)])
    assert (merged.quality, merged.heat) == (0, 0)


def test_an_entry_is_not_via_itself() -> None:
    best = entry(link="https://example.com/t")
    other = entry(path="b.md", link="https://original.example/", via="http://www.example.com/t/")
    assert merge_entries([best, other]).via is None


def test_without_a_source_its_fields_are_gone() -> None:
    best, other = entry(topics=("A",)), entry(path="b.md", topics=("B",), summary="other", related=(link("r"),))
    assert merge_entries([best, other]) != best
    assert merge_entries([best]) == best


texts = st.sampled_from(["", "one", "two"])
merged_entries = st.builds(
    entry,
    link=st.sampled_from(["https://example.com/t", "http://www.example.com/t/", "https://o.example/"]),
    updated=st.sampled_from([PUBLISHED, LATER]),
    path=st.sampled_from(["a.md", "b.md"]),
    is_article=st.booleans(),
    via=st.sampled_from([None, "https://o.example/", "https://example.com/t"]),
    summary=texts.map(lambda text: text or None),
    body=texts,
    provider=st.sampled_from([Provider(domain="a.example", name="A"), Provider(domain="b.example", name="B")]),
    topics=st.lists(texts, max_size=2, unique=True).map(tuple),
    enclosures=st.lists(texts.map(enclosure), max_size=2, unique=True).map(tuple),
    related=st.lists(st.builds(link, texts, st.sampled_from(["a.example", "www.a.example"])), max_size=3).map(tuple),
    quality=st.sampled_from([None, 0, 1]),
    heat=st.sampled_from([None, 0, 1]),
)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("published", PUBLISHED, LATER),
        ("path", "a.md", "b.md"),
        ("title", "T", "U"),
        ("link", "https://example.com/t", "http://www.example.com/t"),
        ("updated", PUBLISHED, LATER),
        ("provider", Provider(domain="a.example", name="A"), Provider(domain="b.example", name="B")),
        ("via", "https://a.example/", "https://b.example/"),
        ("summary", "a", "b"),
        ("body", "<p>a</p>", "<p>b</p>"),
        ("authors", (Person(name="A"),), (Person(name="B"),)),
        ("topics", ("A", "B"), ("B", "A")),
        ("enclosures", (enclosure("a"),), (enclosure("b"),)),
        ("related", (link("a"), link("b")), (link("b"), link("a"))),
        ("type", "article", "video"),
        ("quality", 1, 2),
        ("heat", 1, 2),
    ],
)
def test_entries_that_differ_in_one_field_merge_the_same_in_any_order(field: str, one: object, other: object) -> None:
    first, second = entry(**{field: one}), entry(**{field: other})
    assert merge_entries([first, second]) == merge_entries([second, first])


@given(st.data())
@settings(deadline=None, max_examples=examples(300))
def test_the_order_in_which_entries_are_found_changes_nothing(data: st.DataObject) -> None:
    found = data.draw(st.lists(merged_entries, min_size=1, max_size=4))
    shuffled = data.draw(st.permutations(found))
    assert merge_entries(shuffled) == merge_entries(found)


@given(st.lists(merged_entries, min_size=1, max_size=4))
@settings(deadline=None)
def test_merging_loses_no_topic_and_no_related_link(found: list[Entry]) -> None:
    merged = merge_entries(found)
    assert set(merged.topics) == {topic for entry_ in found for topic in entry_.topics}
    assert {shown.title for shown in merged.related} == {shown.title for entry_ in found for shown in entry_.related}


@given(st.lists(merged_entries, min_size=2, max_size=4))
@settings(deadline=None)
def test_merging_what_is_merged_changes_nothing(found: list[Entry]) -> None:
    merged = merge_entries(found)
    assert merge_entries([merged, merged]) == merged


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/a.png", "https://example.com/a.png"),
        ("b.html", "https://example.com/b.html"),
        ("readme.org", "https://example.com/readme.org"),
        ("../c/", "https://example.com/c/"),
        ("?page=2", "https://example.com/t?page=2"),
        ("#top", "https://example.com/t#top"),
        ("//other.example/d", "https://other.example/d"),
        ("tel:+49-30-123", "tel:+49-30-123"),
        ("mailto:ada@example.com", "mailto:ada@example.com"),
        ("gopher://x/", None),
        ("https://e..com/", None),
    ],
)
def test_references_in_a_body_follow_the_link_of_the_entry(reference: str, expected: str | None) -> None:
    derived = derive_entries(article(body=f"[a]({reference})"), source(base_url="https://base.example/"))
    href = f' href="{expected}"' if expected else ""
    assert derived.entries[0].body == f"<p><a{href}>a</a></p>"
    assert derived.diagnostics == ()


def test_what_is_replaced_in_a_body_is_noted_once_of_each_kind_with_its_line() -> None:
    body = (
        "Text\n\n<iframe src=https://f.example/a></iframe>\n\n- <b>x</b>\n  <iframe src=b></iframe>\n\n<p hidden>y</p>"
    )
    diagnostics = derive_entries(article(body=body), source()).diagnostics
    assert [(one.rule, one.body_line) for one in diagnostics] == [("hidden-removed", 8), ("embed-replaced", 3)]
    assert diagnostics[1].message == "<iframe> is replaced by a link and 1 more"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            "<div>" * 600,
            "nests elements such as <div> too deeply; expected 500 levels; their tags are left out",
            id="HTML",
        ),
        pytest.param(
            "[" * 200_000,
            "has 1,600,000 lines, cells and marks of Markdown, as they are counted; expected 1,000,000 at most; it is "
            "taken for paragraphs of HTML",
            id="Markdown",
        ),
    ],
)
def test_a_body_beyond_the_limits_of_rendering_is_reported(body: str, message: str) -> None:
    derived = derive_entries(article(body=body), source())
    assert [(diagnostic.message, diagnostic.rule) for diagnostic in derived.diagnostics] == [
        (f"the body {message}", "beyond-limit")
    ]
    assert len(derived.entries) == 1
