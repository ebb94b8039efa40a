"""Articles made entries: their own and those of their related links, and one entry of several with the same id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from feeds.content.enclosures import derive_enclosures
from feeds.errors import Diagnostic, Keys, quoted
from feeds.models import Entry, Link, Person, Provider
from feeds.text.characters import remove_controls, shorten
from feeds.text.iris import is_iri
from feeds.text.markdown import render_body
from feeds.text.sanitizer import plain_text
from feeds.text.urls import absolute_url, canonical_url, domain_of, is_relative, valid_domain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feeds.config.schema import Source
    from feeds.models import Article, StoryFields


#: Why there is no entry for an article or a related link.
Reason = Literal["unpublished", "no title", "no link", "no date", "bad id"]

_SUMMARY_WIDTH = 300

#: The fields that an entry's link is taken from, by the setting `source.link`.
_PREFERRED = {
    "web": ("webUrl", "originalUrl"),
    "original": ("originalUrl", "webUrl"),
    "amp": ("ampWebUrl", "webUrl", "originalUrl"),
    "cdn-amp": ("cdnAmpWebUrl", "ampWebUrl", "webUrl", "originalUrl"),
}


@dataclass(frozen=True, slots=True)
class DerivedEntries:
    """What came of an article: its entries, its own first if it has one, and what was wrong with it.

    `left_out` is why the article itself has no entry.
    """

    entries: tuple[Entry, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    left_out: Reason | None = None


class _SkippedError(Exception):
    def __init__(self, reason: Reason, finding: Diagnostic) -> None:
        super().__init__(reason)
        self.reason = reason
        self.finding = finding


def derive_entries(article: Article, source: Source) -> DerivedEntries:
    """The entries of an article and of its related links. What is not fit to publish becomes a finding."""
    if not article.is_published and source.unpublished == "skip":
        return DerivedEntries(left_out="unpublished")
    findings: list[Diagnostic] = []
    entries: list[Entry] = []
    links: list[Link] = []
    for index, related in enumerate(article.related):
        if not related.is_published and source.unpublished == "skip":
            continue
        try:
            entry = _derive(related, article, source, ("related", index), findings)
        except _SkippedError as left_out:
            findings.append(left_out.finding)
            continue
        entries.append(entry)
        links.append(Link(href=entry.link, title=entry.title, provider=entry.provider.name, published=entry.published))
    try:
        own = _derive(article, article, source, (), findings)
    except _SkippedError as left_out:
        return DerivedEntries(tuple(entries), (left_out.finding, *findings), left_out.reason)
    own = msgspec.structs.replace(own, related=_related(own, zip(entries, links, strict=True)))
    return DerivedEntries((own, *entries), tuple(findings))


def merge_entries(entries: Sequence[Entry]) -> Entry:
    """One entry of all that have the same id.

    An article's own fields beat a related link's, then the higher quality wins, then the earlier date, then the
    smaller path. What the winner lacks comes from the next. Topics and related links are the union.
    """
    if len(entries) == 1:
        return entries[0]
    ranked = sorted(entries, key=_rank)
    best = ranked[0]
    quality = next((entry.quality for entry in ranked if entry.quality is not None), None)
    heat = next((entry.heat for entry in ranked if entry.heat is not None), None)
    by_way = (entry.via for entry in ranked if entry.via and canonical_url(entry.via) != canonical_url(best.link))
    related: dict[str, Link] = {}
    for link in (link for entry in ranked for link in entry.related):
        related.setdefault(canonical_url(link.href), link)
    return msgspec.structs.replace(
        best,
        via=next(by_way, None),
        provider=_known_provider(ranked),
        authors=next((entry.authors for entry in ranked if entry.authors), ()),
        summary=next((entry.summary for entry in ranked if entry.summary), None),
        body=next((entry.body for entry in ranked if entry.body), ""),
        enclosures=next((entry.enclosures for entry in ranked if entry.enclosures), ()),
        type=next((entry.type for entry in ranked if entry.type), None),
        quality=quality,
        heat=heat,
        topics=tuple(dict.fromkeys(topic for entry in ranked for topic in entry.topics)),
        related=tuple(related.values()),
    )


def as_of(entry: Entry, now: dt.datetime) -> Entry:
    """The entry without an update and without related links that are still to come."""
    related = tuple(link for link in entry.related if link.published <= now)
    if entry.updated <= now and len(related) == len(entry.related):
        return entry
    updated = entry.updated if entry.updated <= now else entry.published
    return msgspec.structs.replace(entry, updated=updated, related=related)


def _known_provider(ranked: Sequence[Entry]) -> Provider:
    """The provider of the first, with the name and the icon that others know of it where it has none."""
    best = ranked[0].provider
    same = [entry.provider for entry in ranked if entry.provider.domain == best.domain]
    name = next((provider.name for provider in same if provider.name != provider.domain), best.name)
    icon = next((provider.icon for provider in same if provider.icon), None)
    return Provider(domain=best.domain, name=name, icon=icon)


def _rank(entry: Entry) -> tuple[bool, float, dt.datetime, str, bytes]:
    """What orders entries of the same id; last, for those of one article, all that they hold."""
    quality = entry.quality if entry.quality is not None else float("-inf")
    return not entry.is_article, -quality, entry.published, entry.path, msgspec.json.encode(entry)


def _related(own: Entry, found: Iterable[tuple[Entry, Link]]) -> tuple[Link, ...]:
    """The links to other stories, each once, in the article's order."""
    links: dict[str, Link] = {}
    for entry, link in found:
        if entry.id != own.id:
            links.setdefault(entry.id, link)
    return tuple(links.values())


def _derive(story: StoryFields, article: Article, source: Source, at: Keys, findings: list[Diagnostic]) -> Entry:
    found = {key: absolute_url(url, source.base_url) for key, url in _given(story) if not url.isspace()}
    link = _link(story, found, source, at, findings)
    title = story.title
    if not title:
        raise _SkippedError(
            "no title",
            Diagnostic(
                (*at, "title"), f"{_what(at)} has no title; expected title: with some text", "entry-without-title"
            ),
        )
    entry_id = _id(story, found, link, at)
    published = _published(story, article, source, at)
    provider = _provider(story, link, source, at, findings)
    enclosures, image_findings = derive_enclosures(story.images, source.base_url, (*at, "images"))
    findings.extend(image_findings)
    body = _body(article, source, findings) if story is article else ""
    return Entry(
        id=entry_id,
        link=link,
        via=_via(found, link),
        title=title,
        published=published,
        updated=story.updated or published,
        summary=_summary(story.excerpt, body),
        body=body,
        provider=provider,
        authors=_authors(story, provider, source),
        topics=story.topics or article.topics,
        enclosures=enclosures,
        type=story.type,
        quality=story.quality,
        heat=story.heat,
        path=article.path,
        is_article=story is article,
    )


def _given(story: StoryFields) -> Iterator[tuple[str, str]]:
    """The addresses of a story, by field, as they are written."""
    if story.web_url:
        yield "webUrl", story.web_url
    if story.original_url:
        yield "originalUrl", story.original_url
    if story.amp_url:
        yield "ampWebUrl", story.amp_url
    if story.cdn_amp_url:
        yield "cdnAmpWebUrl", story.cdn_amp_url


def _link(
    story: StoryFields, found: Mapping[str, str | None], source: Source, at: Keys, findings: list[Diagnostic]
) -> str:
    """The address that the entry links to. One that is none is passed over for the next, with a finding."""
    wrong: list[Diagnostic] = []
    for key in _PREFERRED[source.link]:
        if link := found.get(key):
            findings.extend(wrong)
            return link
        if key in found:
            given = quoted(dict(_given(story))[key])
            wrong.append(
                Diagnostic((*at, key), f"{key} is {given}; expected {key}: with an http or https address", "bad-link")
            )
    message = f"{_what(at)} has no link; expected webUrl: with an http or https address"
    missing = Diagnostic((*at, "webUrl"), message, "entry-without-link")
    raise _SkippedError("no link", wrong[0] if wrong else missing)


def _via(found: Mapping[str, str | None], link: str) -> str | None:
    """Where the story came from, if that is another place than the one that the entry links to."""
    for url in (found.get("originalUrl"), found.get("webUrl")):
        if url and url != link and canonical_url(url) != canonical_url(link):
            return url
    return None


def _id(story: StoryFields, found: Mapping[str, str | None], link: str, at: Keys) -> str:
    """The id that is given, else the canonical form of the story's usual address, whichever one entries link to."""
    given = (story.id or "").strip()
    if not given:
        return canonical_url(found.get("webUrl") or found.get("originalUrl") or link)
    if remove_controls(given) != given or not is_iri(given):
        message = f"id is {quoted(given)}; expected an IRI such as tag:example.com,2020:story or urn:uuid:…"
        raise _SkippedError("bad id", Diagnostic((*at, "id"), message, "bad-id"))
    return given


def _published(story: StoryFields, article: Article, source: Source, at: Keys) -> dt.datetime:
    published = story.published or story.updated
    if published:
        return published
    if source.undated == "file":
        return article.modified
    message = f"{_what(at)} has no date; expected publishedDateTime: (or set source.undated: file)"
    raise _SkippedError("no date", Diagnostic((*at, "publishedDateTime"), message, "entry-without-date"))


def _provider(story: StoryFields, link: str, source: Source, at: Keys, findings: list[Diagnostic]) -> Provider:
    given = story.provider
    domain = valid_domain(given.domain) if given and given.domain else None
    if not domain:
        domain = domain_of(link)
        if given and given.domain:
            message = f"domain is {quoted(given.domain)}; expected a domain such as example.com; {domain} is taken"
            findings.append(Diagnostic((*at, "provider", "domain"), message, "bad-domain"))
    if given is None:
        return Provider(domain=domain, name=domain)
    icons, icon_findings = derive_enclosures(given.images, source.base_url, (*at, "provider", "images"))
    findings.extend(icon_findings)
    return Provider(domain=domain, name=given.name or domain, icon=icons[0] if icons else None)


def _authors(story: StoryFields, provider: Provider, source: Source) -> tuple[Person, ...]:
    """The people who wrote the story, if they are known."""
    people = story.provider.authors if story.provider else ()
    if not people:
        return ()
    return tuple(
        Person(name=person.name, uri=absolute_url(person.uri, source.base_url) if person.uri else None)
        for person in people
        if person.name != provider.name
    )


def _summary(excerpt: str | None, body: str) -> str | None:
    text = plain_text(excerpt) if excerpt else ""
    return text or shorten(plain_text(body), _SUMMARY_WIDTH) or None


def _body(article: Article, source: Source, findings: list[Diagnostic]) -> str:
    """The article's body. Without a base, relative addresses are left out of it, with a finding for all of them."""
    relative: list[str] = []

    def note(what: str) -> None:
        findings.append(Diagnostic((), f"the body {what}", "beyond-limit"))

    def resolve(url: str) -> str | None:
        found = absolute_url(url, source.base_url)
        if found is None and is_relative(url):
            relative.append(url)
        return found

    body = render_body(article.body, resolve, note)
    if relative:
        there = f"the body has the relative address {quoted(relative[0])}" + (" and others" if relative[1:] else "")
        findings.append(Diagnostic((), f"{there}; expected source.base_url to be set; left out", "relative-in-body"))
    return body


def _what(at: Keys) -> str:
    return "the related link" if at else "the article"
