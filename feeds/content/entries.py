"""Entries derived from articles and their related links, and entries with the same id merged into one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal

import msgspec

from feeds.bodies.body import render_entry_body
from feeds.bodies.context import BodyContext
from feeds.bodies.sanitizer import plain_text
from feeds.content.cost import affordable_topics, bound_entries
from feeds.content.enclosures import derive_enclosures
from feeds.errors import Diagnostic, Keys, quoted
from feeds.models import Entry, Link, Person, Provider
from feeds.text.characters import remove_controls, shorten
from feeds.text.iris import is_iri
from feeds.text.urls import absolute_url, canonical_url, domain_of, valid_domain
from feeds.values import PlainValue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from feeds.config.schema import SourceSettings
    from feeds.models import Article, StoryFields


#: Why an article or a related link has no entry.
SkipReason = Literal["unpublished", "no title", "no link", "no date", "bad id"]

#: Topics and related links of an entry that is merged from several ones. Each of them is within `source.limits`, but
#: there may be any number of them.
MAX_MERGED_TOPICS = 100
MAX_MERGED_LINKS = 500

_SUMMARY_WIDTH = 300

#: The fields that an entry's link is taken from, by the setting `source.link`.
_PREFERRED = {
    "web": ("webUrl", "originalUrl"),
    "original": ("originalUrl", "webUrl"),
    "amp": ("ampWebUrl", "webUrl", "originalUrl"),
    "cdn-amp": ("cdnAmpWebUrl", "ampWebUrl", "webUrl", "originalUrl"),
}


class DerivedEntries(PlainValue, frozen=True):
    """The entries of an article, its own one first, and everything that is wrong with them.

    `skip_reason` is set if the article itself has no entry. Its related links may have entries nevertheless.
    """

    entries: tuple[Entry, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    skip_reason: SkipReason | None = None


class _SkippedError(Exception):
    """An article or a related link has no entry."""

    def __init__(self, reason: SkipReason, diagnostic: Diagnostic) -> None:
        super().__init__(reason)
        self.reason = reason
        self.diagnostic = diagnostic


def derive_entries(article: Article, settings: SourceSettings, file_size: int = 0) -> DerivedEntries:
    """Return the entries of an article and its related links. Those that lack a required field are reported instead.

    `file_size` is the size of the article's file in bytes, which bounds what all entries together cost.
    """
    derived = _derive_all(article, settings)
    entries, diagnostics = bound_entries(derived.entries, file_size, settings.limits.article_topics)
    if not diagnostics:
        return derived
    return DerivedEntries(entries, (*diagnostics, *derived.diagnostics), derived.skip_reason)


def _derive_all(article: Article, settings: SourceSettings) -> DerivedEntries:
    """Return the entries of an article and its related links, with all of their topics."""
    if not article.is_published and settings.unpublished == "skip":
        return DerivedEntries(skip_reason="unpublished")
    diagnostics: list[Diagnostic] = []
    entries: list[Entry] = []
    for index, related in enumerate(article.related):
        if not related.is_published and settings.unpublished == "skip":
            continue
        try:
            entries.append(_derive(related, article, settings, ("related", index), diagnostics))
        except _SkippedError as skipped:
            diagnostics.append(skipped.diagnostic)
    try:
        own = _derive(article, article, settings, (), diagnostics)
    except _SkippedError as skipped:
        return DerivedEntries(tuple(entries), (skipped.diagnostic, *diagnostics), skipped.reason)
    links: dict[str, Link] = {}
    for entry in entries:
        if entry.id != own.id and entry.id not in links:
            links[entry.id] = Link(
                href=entry.link, title=entry.title, provider=entry.provider.name, published=entry.published
            )
    own = msgspec.structs.replace(own, related=tuple(links.values()))
    return DerivedEntries((own, *entries), tuple(diagnostics))


def merge_entries(entries: Sequence[Entry]) -> Entry:
    """Merge entries with the same id into one.

    An article takes precedence over a related link, then the higher quality, the earlier date, and the smaller path.
    Fields that the first entry lacks come from the next one. Topics and related links are the union, up to
    `MAX_MERGED_TOPICS` and `MAX_MERGED_LINKS` unless a single entry has more, and to what the cost of all entries pays
    for.
    """
    if len(entries) == 1:
        return entries[0]
    ranked = sorted(entries, key=_rank)
    best = ranked[0]
    via = (entry.via for entry in ranked if entry.via and canonical_url(entry.via) != canonical_url(best.link))
    related: dict[str, Link] = {}
    for link in (link for entry in ranked for link in entry.related):
        related.setdefault(canonical_url(link.href), link)
    topics = dict.fromkeys(topic for entry in ranked for topic in entry.topics)
    max_topics = max(MAX_MERGED_TOPICS, *(len(entry.topics) for entry in ranked))
    max_links = max(MAX_MERGED_LINKS, *(len(entry.related) for entry in ranked))
    merged = msgspec.structs.replace(
        best,
        via=next(via, None),
        provider=_merge_providers(ranked),
        authors=next((entry.authors for entry in ranked if entry.authors), ()),
        summary=next((entry.summary for entry in ranked if entry.summary), None),
        body=next((entry.body for entry in ranked if entry.body), ""),
        enclosures=next((entry.enclosures for entry in ranked if entry.enclosures), ()),
        type=next((entry.type for entry in ranked if entry.type), None),
        quality=next((entry.quality for entry in ranked if entry.quality is not None), None),
        heat=next((entry.heat for entry in ranked if entry.heat is not None), None),
        topics=tuple(islice(topics, max_topics)),
        related=tuple(islice(related.values(), max_links)),
    )
    return msgspec.structs.replace(merged, topics=affordable_topics(merged, ranked))


def as_of(entry: Entry, now: dt.datetime) -> Entry:
    """Return the entry without an update and without related links that are dated after `now`."""
    related = tuple(link for link in entry.related if link.published <= now)
    if entry.updated <= now and len(related) == len(entry.related):
        return entry
    updated = entry.updated if entry.updated <= now else entry.published
    return msgspec.structs.replace(entry, updated=updated, related=related)


def _merge_providers(ranked: Sequence[Entry]) -> Provider:
    """Return the provider of the first entry, with the name and the icon of others with its domain if it lacks them."""
    best = ranked[0].provider
    same = [entry.provider for entry in ranked if entry.provider.domain == best.domain]
    name = next((provider.name for provider in same if provider.name != provider.domain), best.name)
    icon = next((provider.icon for provider in same if provider.icon), None)
    return Provider(domain=best.domain, name=name, icon=icon)


def _rank(entry: Entry) -> tuple[bool, float, dt.datetime, str, bytes]:
    """Return the sort key of entries with the same id. The encoded entry breaks ties between those of one article."""
    quality = entry.quality if entry.quality is not None else float("-inf")
    return not entry.is_article, -quality, entry.published, entry.path, msgspec.json.encode(entry)


def _derive(
    story: StoryFields, article: Article, settings: SourceSettings, keys: Keys, diagnostics: list[Diagnostic]
) -> Entry:
    """Return the entry of an article or of one of its related links. `keys` lead to the story in the front matter.

    Diagnostics that do not prevent an entry are appended. Raises _SkippedError for the others.
    """
    urls = {key: absolute_url(url, settings.base_url) for key, url in _written_urls(story) if not url.isspace()}
    link = _link(story, urls, settings, keys, diagnostics)
    title = story.title
    if not title:
        message = f"{_kind(keys)} has no title; expected title: with some text"
        raise _SkippedError("no title", Diagnostic((*keys, "title"), message, "entry-without-title"))
    entry_id = _id(story, urls, link, keys)
    published = _published(story, article, settings, keys)
    provider = _provider(story, link, settings, keys, diagnostics)
    enclosures, image_diagnostics = derive_enclosures(story.images, settings.base_url, (*keys, "images"))
    diagnostics.extend(image_diagnostics)
    body = _body(article, link, diagnostics) if story is article else ""
    return Entry(
        id=entry_id,
        link=link,
        via=_via(urls, link),
        title=title,
        published=published,
        updated=story.updated or published,
        summary=_summary(story.excerpt, body),
        body=body,
        provider=provider,
        authors=_authors(story, provider, settings),
        topics=story.topics or article.topics,
        enclosures=enclosures,
        type=story.type,
        quality=story.quality,
        heat=story.heat,
        path=article.path,
        is_article=story is article,
    )


def _written_urls(story: StoryFields) -> Iterator[tuple[str, str]]:
    """Yield the URLs of a story as the file has them, by field."""
    if story.web_url:
        yield "webUrl", story.web_url
    if story.original_url:
        yield "originalUrl", story.original_url
    if story.amp_url:
        yield "ampWebUrl", story.amp_url
    if story.cdn_amp_url:
        yield "cdnAmpWebUrl", story.cdn_amp_url


def _link(
    story: StoryFields,
    urls: Mapping[str, str | None],
    settings: SourceSettings,
    keys: Keys,
    diagnostics: list[Diagnostic],
) -> str:
    """Return the URL that the entry links to: the first valid one in the order of preference.

    Invalid URLs before it are reported.
    """
    invalid: list[Diagnostic] = []
    for key in _PREFERRED[settings.link]:
        if link := urls.get(key):
            diagnostics.extend(invalid)
            return link
        if key in urls:
            written = dict(_written_urls(story))[key]
            message = f"{key} is {quoted(written)}; expected {key}: with an http or https address"
            invalid.append(Diagnostic((*keys, key), message, "bad-link"))
    message = f"{_kind(keys)} has no link; expected webUrl: with an http or https address"
    missing = Diagnostic((*keys, "webUrl"), message, "entry-without-link")
    raise _SkippedError("no link", invalid[0] if invalid else missing)


def _via(urls: Mapping[str, str | None], link: str) -> str | None:
    """Return the original URL, else the web URL, if it identifies another story than the link."""
    for url in (urls.get("originalUrl"), urls.get("webUrl")):
        if url and url != link and canonical_url(url) != canonical_url(link):
            return url
    return None


def _id(story: StoryFields, urls: Mapping[str, str | None], link: str, keys: Keys) -> str:
    """Return the given id, else the canonical form of the web URL or original URL, whatever the entry links to."""
    given = (story.id or "").strip()
    if not given:
        return canonical_url(urls.get("webUrl") or urls.get("originalUrl") or link)
    if remove_controls(given) != given or not is_iri(given):
        message = f"id is {quoted(given)}; expected an IRI such as tag:example.com,2020:story or urn:uuid:…"
        raise _SkippedError("bad id", Diagnostic((*keys, "id"), message, "bad-id"))
    return given


def _published(story: StoryFields, article: Article, settings: SourceSettings, keys: Keys) -> dt.datetime:
    published = story.published or story.updated
    if published:
        return published
    if settings.undated == "file":
        return article.modified
    message = f"{_kind(keys)} has no date; expected publishedDateTime: (or set source.undated: file)"
    raise _SkippedError("no date", Diagnostic((*keys, "publishedDateTime"), message, "entry-without-date"))


def _provider(
    story: StoryFields, link: str, settings: SourceSettings, keys: Keys, diagnostics: list[Diagnostic]
) -> Provider:
    given = story.provider
    domain = valid_domain(given.domain) if given and given.domain else None
    if not domain:
        domain = domain_of(link)
        if given and given.domain:
            message = f"domain is {quoted(given.domain)}; expected a domain such as example.com; {domain} is taken"
            diagnostics.append(Diagnostic((*keys, "provider", "domain"), message, "bad-domain"))
    if given is None:
        return Provider(domain=domain, name=domain)
    icons, icon_diagnostics = derive_enclosures(given.images, settings.base_url, (*keys, "provider", "images"))
    diagnostics.extend(icon_diagnostics)
    return Provider(domain=domain, name=given.name or domain, icon=icons[0] if icons else None)


def _authors(story: StoryFields, provider: Provider, settings: SourceSettings) -> tuple[Person, ...]:
    """Return the authors of a story, without the provider."""
    people = story.provider.authors if story.provider else ()
    if not people:
        return ()
    return tuple(
        Person(name=person.name, uri=absolute_url(person.uri, settings.base_url) if person.uri else None)
        for person in people
        if person.name != provider.name
    )


def _summary(excerpt: str | None, body: str) -> str | None:
    text = plain_text(excerpt) if excerpt else ""
    return text or shorten(plain_text(body), _SUMMARY_WIDTH) or None


def _body(article: Article, link: str, diagnostics: list[Diagnostic]) -> str:
    """Return the article's body as safe HTML with absolute URLs, which follow the entry's link (RFC 3986, 5.1.3)."""
    context = BodyContext(link)
    body = render_entry_body(
        article.body, context, lambda problem: diagnostics.append(Diagnostic((), f"the body {problem}", "beyond-limit"))
    )
    for note in context.notes.values():
        others = f" and {note.count - 1} more" if note.count > 1 else ""
        diagnostics.append(Diagnostic((), f"{note.message}{others}", note.rule, body_line=note.line))
    return body


def _kind(keys: Keys) -> str:
    return "the related link" if keys else "the article"
