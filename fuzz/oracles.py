"""Invariants for any bytes that come from the web: an article, an address, a text that may be HTML.

Each oracle raises an error where it does not. `python -m fuzz` and tests/test_fuzz.py ask them.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from feeds.bodies.markdown import render_body
from feeds.bodies.sanitizer import plain_text, safe_html
from feeds.checks.documents import DocumentContext
from feeds.checks.folder import VALIDATORS
from feeds.checks.rules.html import validate_html
from feeds.config.schema import Config, FeedKinds, SiteSettings, SourceSettings
from feeds.content.articles import parse_article
from feeds.content.entries import as_of, derive_entries, merge_entries
from feeds.models import ALL_FORMATS
from feeds.render.documents import render_documents
from feeds.selection.plans import make_feed, plan_feeds
from feeds.selection.taxonomy import build_taxonomy
from feeds.text.characters import clean_line, decode_entities
from feeds.text.urls import absolute_url, canonical_url, domain_of, valid_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from feeds.models import Document, Entry

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
BASE = "https://www.example.com/news/"
CONFIG = Config(
    site=SiteSettings(title="Test Wire", url="https://feeds.example.com/"),
    source=SourceSettings(articles=("articles",), base_url=BASE, unpublished="include", undated="file"),
    feeds=FeedKinds(topics="off", providers="off"),
    pages="off",
    path=Path("config/feeds.yaml"),
    articles=(),
)
#: What an article may have, whoever publishes it: an old date, an address in a name, an unusual id or address, an end
#: tag in a title, and the character that stands for a lost one.
_AS_SAID = re.compile(
    r"^(?:old-date|email-in-name|id-not-normal|unusual-[a-z]+):|^markup-in-plain-text: .*expected nothing like|U\+FFFD"
)
#: XML 1.0, section 2.2: what is not a Char.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: RFC 3986, 2: what an address may be written with.
_ADDRESS = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_ABSOLUTE = re.compile(r"(?:https?://[^\s/?#]|mailto:\S)", re.IGNORECASE)
_RUNS = frozenset(
    "script style iframe frame frameset object embed applet form input button select textarea svg math base link meta "
    "title template noscript marquee".split()
)
_LEADS = frozenset("href src cite poster action formaction data srcset background ping".split())
#: What an HTML parser adds to a fragment.
_ADDED = frozenset({"html", "head", "body", "tbody", "colgroup", "tr"})


def check_article(content: bytes) -> None:
    """An article, or mistakes; what is published of it is well-formed, and all that `feeds check` looks at is right."""
    parsed = parse_article(content, path="a.md", modified=NOW)
    for diagnostic in parsed.diagnostics:
        is_one_line = len(str(diagnostic).splitlines()) == 1
        _expect(diagnostic.line >= 0 and diagnostic.rule and is_one_line, diagnostic)
    if parsed.article is None:
        _expect(parsed.diagnostics, "an article, or why there is none")
        return
    derived = derive_entries(parsed.article, CONFIG.source)
    entries = _merged(derived.entries)
    _expect(len({entry.id for entry in entries}) == len(entries), "one entry of each id")
    documents = list(_documents(entries))
    _expect(len(documents) == len(ALL_FORMATS), "a document of each format")
    for document in documents:
        _check_document(document)


def check_address(content: bytes) -> None:
    """An address is absolute, of characters that RFC 3986 allows, and stays; what identifies it stays, too."""
    text = content.decode(errors="replace")
    for address in (absolute_url(text), absolute_url(text, BASE)):
        if address is not None:
            _check_absolute(address)
            _check_canonical(address, canonical_url(address))
    domain = valid_domain(text)
    if domain is not None:
        _expect(valid_domain(domain) == domain, domain)
        _expect(domain == domain.lower() and not re.match(r"www\..*\.", domain), domain)
        _expect(not set("/?#@% ") & set(domain), domain)


def check_html(content: bytes) -> None:
    """A sanitized text runs nothing in any reader, is balanced, has absolute links, and is stable."""
    text = content.decode(errors="replace")
    for html in (safe_html(text, _resolve), render_body(text, _resolve)):
        _check_safe(html)
        _expect(safe_html(html, _resolve) == html, html)
    for line in (plain_text(text), clean_line(text)):
        _expect(not any(unicodedata.category(character) in {"Cc", "Cs"} for character in line), line)
        _expect(line == line.strip(), line)
    _expect("&" in text or decode_entities(text) == text, text)


#: The oracles by the names of what they are asked about.
ORACLES: Mapping[str, Callable[[bytes], None]] = {
    "article": check_article,
    "address": check_address,
    "html": check_html,
}


def _expect(is_so: object, what: object) -> None:
    if not is_so:
        raise AssertionError(what)


def _resolve(address: str) -> str | None:
    return absolute_url(address, BASE)


def _merged(entries: Iterable[Entry]) -> list[Entry]:
    by_id: dict[str, list[Entry]] = {}
    for entry in entries:
        by_id.setdefault(entry.id, []).append(entry)
    due = (as_of(merge_entries(same), NOW) for same in by_id.values())
    return sorted((entry for entry in due if entry.published <= NOW), key=lambda entry: (entry.published, entry.id))


def _documents(entries: list[Entry]) -> Iterable[Document]:
    topics = [(topic, entry.published) for entry in entries for topic in entry.topics]
    providers = [(entry.provider.domain, entry.provider.name, 1) for entry in entries]
    taxonomy = build_taxonomy(CONFIG, topics, providers)
    return render_documents(make_feed(next(plan_feeds(CONFIG, taxonomy)), entries, CONFIG, taxonomy))


def _check_document(document: Document) -> None:
    format_ = document.path.rpartition(".")[2]
    _expect(not _FORBIDDEN.search(document.body.decode()), document.body)
    if format_ == "json":
        json.loads(document.body)
    else:
        etree.fromstring(document.body)
    context = DocumentContext(document.path, CONFIG.base_url + document.path, CONFIG.base_url, NOW)
    diagnostics = VALIDATORS[format_](document.body, context).diagnostics
    wrong = [one for one in diagnostics if not _AS_SAID.search(f"{one.rule}: {one.message}")]
    _expect(not wrong, wrong)


def _check_absolute(address: str) -> None:
    parts = urlsplit(address)
    _expect(parts.scheme in {"http", "https"} and parts.hostname, address)
    _expect(_ADDRESS.fullmatch(address), address)
    _expect(absolute_url(address) == address, (address, absolute_url(address)))
    _expect(domain_of(address), address)


def _check_canonical(address: str, canonical: str) -> None:
    parts = urlsplit(canonical)
    _expect(parts.scheme == "https" and not parts.fragment, canonical)
    _expect(parts.path == "/" or not parts.path.endswith("/"), canonical)
    _expect(not any(name.startswith(("utm_", "fbclid=", "gclid=")) for name in parts.query.split("&")), canonical)
    _expect(canonical_url(canonical) == canonical, (address, canonical))


def _check_safe(html: str) -> None:
    _expect(not _FORBIDDEN.search(html), html)
    _expect(not (wrong := validate_html.__wrapped__(html).wrong), (html, wrong))
    root = LexborHTMLParser(html).root
    for node in root.traverse() if root else ():
        tag, attributes = str(node.tag), node.attributes
        _expect(tag not in _RUNS, (tag, html))
        for name, value in attributes.items():
            _expect(not name.startswith("on") and name != "style", (name, html))
            _expect(name not in _LEADS or _ABSOLUTE.match(value or ""), (name, value, html))
