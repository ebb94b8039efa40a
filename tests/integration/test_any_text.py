"""Any text in any field, from front matter to documents: nothing raises, nothing breaks out, and it reads back."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from typing import TYPE_CHECKING, Any

import feedparser
import lxml.html
import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from lxml import etree

from feeds.config.schema import Config, FeedKinds, ProviderFeeds, SiteSettings, SourceSettings
from feeds.content.articles import parse_article
from feeds.content.entries import derive_entries
from feeds.render.documents import render_documents
from tests.support.paths import SCHEMAS, TESTS
from tests.support.site import select
from tests.support.strategies import any_examples, examples, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from feeds.errors import Diagnostic, LocatedDiagnostic
    from feeds.models import Document

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
ATOM_SCHEMA = etree.RelaxNG(etree.parse(SCHEMAS / "atom.rng"))
JSON_SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "jsonfeed.schema.json").read_text(encoding="utf-8")))

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"

SITE = SiteSettings(title="Test Wire", url="https://feeds.example.com/")
SOURCE = SourceSettings(articles=("articles",), base_url="https://www.example.com/news/")
NOWHERE = TESTS / "nowhere"
ONE_FEED = Config(
    site=SITE,
    source=SOURCE,
    feeds=FeedKinds(topics="off", providers="off"),
    path=NOWHERE / "config" / "feeds.yaml",
    articles=(),
)
EVERY_FEED = Config(
    site=SITE,
    source=SOURCE,
    feeds=FeedKinds(providers=ProviderFeeds(min_entries=1)),
    path=NOWHERE / "config" / "feeds.yaml",
    articles=(),
)

few_examples = settings(any_examples, max_examples=examples(40))

#: XML 1.0, section 2.2: what is not a Char.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: What the same section discourages. It may stay or go.
NONCHARACTERS = [plane << 16 | low for plane in range(1, 17) for low in (0xFFFE, 0xFFFF)]
DISCOURAGED = "".join(map(chr, (*range(0x7F, 0xA0), *range(0xFDD0, 0xFDF0), *NONCHARACTERS)))


def some(*keys: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, texts()))


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("id", "title", "webUrl", "originalUrl", "updatedDateTime", "excerpt"), texts()),
    **dict.fromkeys(("type", "quality", "heat", "secured"), texts()),
    "provider": st.fixed_dictionaries(
        {}, optional={"name": texts(), "domain": texts(), "authors": st.lists(some("name", "url"), max_size=2)}
    ),
    "topics": st.lists(texts(), max_size=3),
    "images": st.lists(some("url", "title", "type", "length", "width", "height"), max_size=2),
}
ANYTHING = st.one_of(
    *(texts(), st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.datetimes()),
    *(st.lists(texts(), max_size=2), some("name", "url", "title"), st.lists(some("name", "url", "title"), max_size=2)),
)
#: Some of the fields of an article or a related link, each with any text.
STORIES = st.fixed_dictionaries({}, optional=FIELDS)
#: A story that is fit to publish, unless what is drawn beside it spoils it.
FIT = {"title": "A title", "webUrl": "https://story.example/a", "publishedDateTime": "2020-06-10T23:09:00Z"}


def published(front_matter: dict[str, Any], body: str = "", *, config: Config = ONE_FEED) -> list[Document]:
    """The documents of one article, without a disk."""
    _, documents = outcome(front_matter, body, config=config)
    return documents


def outcome(
    front_matter: dict[str, Any], body: str = "", *, config: Config = ONE_FEED
) -> tuple[Sequence[LocatedDiagnostic | Diagnostic], list[Document]]:
    """The diagnostics of one article, and the documents that were published of it."""
    content = f"---\n{yaml.safe_dump(front_matter, allow_unicode=True)}---\n{body}".encode()
    parsed = parse_article(content, path="a.md", modified=NOW)
    if parsed.article is None:
        return parsed.diagnostics, []
    derived = derive_entries(parsed.article, config.source)
    feeds = select(derived.entries, config, NOW)
    documents = [document for feed in feeds.values() for document in render_documents(feed)]
    return [*parsed.diagnostics, *derived.diagnostics], documents


def folded(text: str) -> str:
    """A line of text without forbidden characters, with single spaces."""
    return " ".join(FORBIDDEN.sub("", text).split())


def check(document: Document) -> None:
    """Well-formed, and valid where there is a schema."""
    if document.path.endswith(".json"):
        errors = [error.message for error in JSON_SCHEMA.iter_errors(json.loads(document.body))]
        assert errors == []
        return
    if document.path.endswith(".html"):
        page = lxml.html.document_fromstring(document.body.decode())
        assert [source.lstrip("./") for source in page.xpath("//script/@src")] == ["assets/page.js"]
        assert page.xpath("//script/text() | //style | //iframe | //object | //@*[starts-with(name(), 'on')]") == []
        assert {href.partition(":")[0] for href in page.xpath("//article//@href | //img/@src")} <= {"http", "https"}
        return
    root = etree.fromstring(document.body, etree.XMLParser(recover=False, resolve_entities=False))
    if document.path.endswith(".atom"):
        assert ATOM_SCHEMA.validate(root), ATOM_SCHEMA.error_log


@any_examples
@given(front_matter=STORIES, related=st.lists(STORIES, max_size=2), body=texts())
@example(front_matter={"id": "urn:a\ufffeb"}, related=[], body="")
@example(front_matter={"title": "]]>\x00&#1;"}, related=[], body="<p>&#1;&#xFFFE;</p>")
def test_any_text_in_any_field_gives_valid_documents(
    front_matter: dict[str, Any], related: list[dict[str, Any]], body: str
) -> None:
    links = [FIT | {"webUrl": "https://story.example/b"} | link for link in related]
    for document in published(FIT | front_matter | {"related": links}, body, config=EVERY_FEED):
        check(document)


@few_examples
@given(front_matter=st.dictionaries(st.sampled_from([*FIELDS, *FIT, "related", "published"]), ANYTHING))
def test_anything_in_any_field_is_published_or_reported(front_matter: dict[str, Any]) -> None:
    wrong, documents = outcome(FIT | front_matter)
    items = [json.loads(document.body)["items"] for document in documents if document.path == "all.json"]
    left_out = str(front_matter.get("published", True)).strip().lower() in {"false", "no", "off"}
    assert any(items) or wrong or left_out or waits(front_matter)
    for document in documents:
        check(document)


def waits(front_matter: dict[str, Any]) -> bool:
    """Whether the date that was drawn may be after NOW, so that its entry is left out until then."""
    dates = (front_matter.get(key) for key in ("publishedDateTime", "updatedDateTime"))
    return any(isinstance(date, dt.date) and date.year >= NOW.year for date in dates)


@few_examples
@given(content=st.binary(max_size=60))
@example(content=b"---\n")
@example(content=b"---\na: &a [*a]\n---\n")
@example(content=b"---\n? [a]\n: b\n---\n")
@example(content=b"---\ntitle: !!python/object:os.system {}\n---\n")
@example(content=b"\xff")
def test_any_bytes_are_an_article_or_a_mistake(content: bytes) -> None:
    for wrapped in (content, b"---\n" + content + b"\n---\n"):
        parsed = parse_article(wrapped, path="a.md", modified=NOW)
        assert (parsed.article is None) is (parsed.source is None)
        assert parsed.article or parsed.diagnostics


# Texts read back


def with_text(text: str) -> dict[str, Any]:
    """An article that has `text` wherever readers show one."""
    return FIT | {
        "title": text,
        "excerpt": text,
        "provider": {"name": "The Story", "authors": [{"name": text}]},
        "topics": [text],
        "images": [{"url": "https://i.example/a.jpg", "title": text}],
    }


def construct_text(element: etree._Element | None) -> str | None:
    """The text of a text construct (RFC 4287, 3.1.1)."""
    assert element is not None
    return html.unescape(element.text or "") if element.get("type") == "html" else element.text


def read_rss(documents: dict[str, bytes]) -> dict[str, object]:
    (item,) = etree.fromstring(documents["all.rss"]).iter("item")
    return {
        "title": item.findtext("title"),
        "summary": html.unescape(item.findtext("description") or ""),
        "author": item.findtext(f"{DC}creator"),
        "topic": item.findtext("category"),
        "picture": construct_text(item.find(f"{MEDIA}content/{MEDIA}title")),
    }


def read_atom(documents: dict[str, bytes]) -> dict[str, object]:
    (entry,) = etree.fromstring(documents["all.atom"]).iter(f"{ATOM}entry")
    return {
        "title": construct_text(entry.find(f"{ATOM}title")),
        "summary": construct_text(entry.find(f"{ATOM}summary")),
        "author": entry.findtext(f"{ATOM}author/{ATOM}name"),
        "topic": next(category.get("label") for category in entry.iter(f"{ATOM}category")),
        "picture": next(link.get("title") for link in entry.iter(f"{ATOM}link") if link.get("rel") == "enclosure"),
    }


def read_json(documents: dict[str, bytes]) -> dict[str, object]:
    (item,) = json.loads(documents["all.json"])["items"]
    return {
        "title": item["title"],
        "summary": item["summary"],
        "author": item["authors"][0]["name"],
        "topic": item["tags"][0],
        "picture": item["attachments"][0]["title"],
    }


def read_with_feedparser(documents: dict[str, bytes]) -> dict[str, object]:
    (entry,) = feedparser.parse(documents["all.atom"]).entries
    return {
        "title": said(entry.title_detail),
        "summary": said(entry.summary_detail),
        "author": entry.authors[0].name,
        "topic": entry.tags[0].label,
        "picture": entry.enclosures[0].title,
    }


def said(detail: dict[str, str]) -> str:
    """The text of a text construct, which feedparser gives as text or as HTML."""
    return html.unescape(detail["value"]) if detail["type"] == "text/html" else detail["value"]


def check_reads_back(written: str, text: str) -> None:
    documents = {document.path: document.body for document in published(with_text(written))}
    for read in (read_rss, read_atom, read_json):
        found = read(documents)
        assert found == dict.fromkeys(found, text)


@any_examples
@given(text=texts(without=DISCOURAGED + "<&"))
@example(text=" a\n b\t\x00c\ufffe]]> ")
def test_a_text_reads_back_as_it_is_written(text: str) -> None:
    assume(folded(text))
    check_reads_back(text, folded(text))


@any_examples
@given(text=texts(without=DISCOURAGED))
@example(text="<script>alert(1)</script>")
@example(text="&amp;lt; &copy; <b>")
@example(text="]]> <![CDATA[ <!--")
@example(text="A <b>bold</b> title &amp; &nbsp;")
def test_a_text_with_entities_reads_back_decoded_once(text: str) -> None:
    assume(folded(text))
    check_reads_back(html.escape(text), folded(text))


@few_examples
@given(text=texts(without=DISCOURAGED))
def test_feedparser_reads_back_what_is_written(text: str) -> None:
    assume(folded(text) and not looks_encoded_twice(folded(text)))
    documents = {document.path: document.body for document in published(with_text(html.escape(text)))}
    found = read_with_feedparser(documents)
    assert found == dict.fromkeys(found, folded(text))


def looks_encoded_twice(text: str) -> bool:
    """Whether feedparser repairs `text`: letters such as `Ã¼` it takes for UTF-8 that was read as Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8") != text
    except UnicodeError:
        return False


# Content and addresses

ACTIVE = frozenset("applet base embed form frame iframe input link meta object script style svg".split())
ADDRESS = re.compile(r"https?://[a-z0-9_.:\[\]-]+(?:/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")


def contents(front_matter: dict[str, Any], body: str) -> list[etree._Element]:
    """The HTML of every item, parsed."""
    documents = [found for found in published(FIT | front_matter, body) if found.path == "all.json"]
    items = [item for document in documents for item in json.loads(document.body)["items"]]
    return [lxml.html.fragment_fromstring(item["content_html"], create_parent="div") for item in items]


def active_parts(content: etree._Element) -> Iterator[str]:
    """The elements and attributes that do something, and the addresses that are none of a page or a picture."""
    for element in content.iter(etree.Element):
        if element.tag in ACTIVE:
            yield str(element.tag)
        for name, value in element.attrib.items():
            if str(name).startswith("on") or name in {"style", "srcdoc", "srcset", "action"}:
                yield str(name)
            if name in {"href", "src", "cite", "poster"} and not re.match("https?://|mailto:", str(value)):
                yield str(value)


@any_examples
@given(front_matter=STORIES, body=texts())
@example(front_matter={}, body='<p onclick="x">a</p><svg><script>alert(1)</script></svg><a href="JaVaScRiPt:x">y</a>')
@example(front_matter={}, body="<noscript><p title='</noscript><img src=x onerror=alert(1)>'>")
@example(front_matter={}, body="[x](<javascript:alert(1)>) ![x](data:text/html,x) <style>@import 'x'</style>")
def test_nothing_active_is_in_the_content(front_matter: dict[str, Any], body: str) -> None:
    assert [part for content in contents(front_matter, body) for part in active_parts(content)] == []


def story_addresses(documents: dict[str, bytes]) -> Iterator[str | None]:
    """The address of the story in each format."""
    yield from (item["url"] for item in json.loads(documents["all.json"])["items"])
    yield from (link.text for link in etree.fromstring(documents["all.rss"]).iterfind("channel/item/link"))
    for link in etree.fromstring(documents["all.atom"]).iterfind(f"{ATOM}entry/{ATOM}link"):
        if link.get("rel") == "alternate":
            yield link.get("href")


def picture_addresses(documents: dict[str, bytes]) -> Iterator[str | None]:
    """The address of the picture in each place of each format."""
    for item in json.loads(documents["all.json"])["items"]:
        yield from [item["image"]] if "image" in item else []
        yield from (file["url"] for file in item.get("attachments", []))
    for name in ("all.rss", "all.atom"):
        root = etree.fromstring(documents[name])
        for tag in ("enclosure", f"{MEDIA}content", f"{MEDIA}thumbnail"):
            yield from (element.get("url") for element in root.iter(tag))
        yield from (link.get("href") for link in root.iter(f"{ATOM}link") if link.get("rel") == "enclosure")


@pytest.mark.parametrize(
    ("written", "addresses"),
    [
        pytest.param(lambda url: {"webUrl": url}, story_addresses, id="story"),
        pytest.param(lambda url: {"images": [{"url": url}]}, picture_addresses, id="picture"),
    ],
)
@any_examples
@given(url=texts())
@example(url="https://i.example/a.jpg?w=1&#038;h=2")
@example(url="https://i.example/\x00\ufffe ü\"'<>.jpg")
def test_an_address_is_valid_and_the_same_everywhere_or_reported(
    written: Callable[[str], dict[str, Any]], addresses: Callable[[dict[str, bytes]], Iterator[str | None]], url: str
) -> None:
    wrong, documents = outcome(FIT | written(url))
    found = set(addresses({document.path: document.body for document in documents}))
    assert len(found) == (0 if wrong else 1)
    assert [address for address in found if not ADDRESS.fullmatch(address or "")] == []
