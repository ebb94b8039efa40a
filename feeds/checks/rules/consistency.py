"""Documents beside each other and the manifest: numbers of entries, links between documents, formats of a feed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from feeds.checks.documents import ParsedDocument, ParsedEntry, PublishedSite
from feeds.checks.rules.rule import EXAMPLE_CONTEXT, Example, Rule
from feeds.errors import LocatedDiagnostic
from feeds.models import ALL_FORMATS, INDEX, MANIFEST, OPML, page_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from feeds.checks.documents import Problem, ValidationResult
    from feeds.output.manifest import DocumentRecord


RULES = (
    Rule(
        "count-differs",
        "error",
        "A document has another number of entries than the manifest says.",
        "Pages and the list of feeds show the wrong number.",
        "docs/internals.md, Publishing",
    ),
    Rule(
        "formats-differ",
        "error",
        "The formats of a feed do not have the same entries in the same order.",
        "What people see depends on the format that their reader chose.",
        "docs/formats.md",
    ),
    Rule(
        "dead-link",
        "error",
        "A document leads to one of ours that is not published.",
        "Readers that look for archives or other formats find nothing.",
        "RFC 5005, 4; RFC 4287, 4.2.7",
    ),
    Rule(
        "unlisted-feed",
        "error",
        "The list of feeds lacks a feed that has entries.",
        "Who imports the list does not get it.",
        "OPML 2.0, Subscription lists",
    ),
)
_FEED_EXTENSIONS = tuple(f".{format_}" for format_ in ALL_FORMATS)
_EXTENSIONS = (*_FEED_EXTENSIONS, ".opml", ".html", ".css", ".js")


def check_document(document: ParsedDocument) -> Iterator[Problem]:
    """Yield a wrong number of entries, links to documents that are not published, and feeds that the OPML lacks."""
    context = document.context
    count = len({entry.id for entry in document.entries})
    if context.entries is not None and context.entries != count:
        message = f"has {count} entries and {MANIFEST} says {context.entries}; expected the same"
        yield 0, "count-differs", message
    if context.site is None:
        return
    targets = [(location, url, _path_of(url, context.base_url)) for location, url in document.links]
    for location, url, path in targets:
        if path is not None and not _is_published(path, context.site.paths):
            message = f"leads to {url}, and there is no such document; expected one that is published"
            yield location, "dead-link", message
    if context.path == OPML:
        listed = {path for _, _, path in targets}
        for feed, paths in sorted(context.site.subscriptions.items()):
            if not paths & listed:
                yield 0, "unlisted-feed", f"does not list the feed {feed}; expected all that have entries"


def _path_of(url: str, base_url: str) -> str | None:
    """Return the path of the document at a URL; None for other URLs, such as those of images beside the documents."""
    if not url.startswith(base_url):
        return None
    path = unquote(url[len(base_url) :].partition("#")[0].partition("?")[0])
    return path if path.endswith(("/", *_EXTENSIONS)) else None


def _is_published(path: str, paths: frozenset[str]) -> bool:
    """Whether there is a document or a page at a path. The home page counts as published, whoever makes it."""
    return path in paths or page_path(path.rstrip("/")) in paths or path == INDEX


def compare_formats(
    records: Iterable[DocumentRecord], results: Mapping[str, ValidationResult]
) -> Iterator[LocatedDiagnostic]:
    """Yield the formats of a feed that do not have the same entries, in the same order, with the same images."""
    feeds: dict[tuple[str, str], list[ValidationResult]] = defaultdict(list)
    for record in records:
        result = results.get(record.path)
        is_feed = record.feed and not record.coding and record.path.endswith(_FEED_EXTENSIONS)
        if is_feed and result and result.is_readable:
            feeds[record.feed, record.month].append(result)
    for formats in feeds.values():
        first, *others = sorted(formats, key=lambda result: result.path)
        for other in others:
            yield from _compare(first, other)


def _compare(first: ValidationResult, other: ValidationResult) -> Iterator[LocatedDiagnostic]:
    if list(first.enclosures) != list(other.enclosures):
        message = f"has other entries than {first.path}, or another order; expected the same in all formats"
        yield LocatedDiagnostic(other.path, 0, message, "formats-differ")
    elif first.enclosures != other.enclosures:
        id_ = next(id_ for id_, urls in first.enclosures.items() if urls != other.enclosures[id_])
        message = f"the pictures of {id_} are others than in {first.path}; expected the same addresses"
        yield LocatedDiagnostic(other.path, 0, message, "picture-differs")


_SITE = PublishedSite(frozenset({"all.rss", "all.atom"}), {"all": frozenset({"all.rss", "all.atom"})})
_BASE = EXAMPLE_CONTEXT.base_url
EXAMPLES = (
    Example(
        ParsedDocument(
            context=replace(EXAMPLE_CONTEXT, entries=2),
            format="rss",
            entries=(ParsedEntry(location=10, id="urn:x-y:a"),),
        ),
        ((0, "count-differs", "has 1 entries and feeds.json says 2; expected the same"),),
    ),
    Example(
        ParsedDocument(
            context=replace(EXAMPLE_CONTEXT, site=_SITE),
            format="rss",
            links=((3, f"{_BASE}all.atom"), (4, f"{_BASE}a.json"), (5, f"{_BASE}logo.png"), (6, _BASE)),
        ),
        ((4, "dead-link", f"leads to {_BASE}a.json, and there is no such document; expected one that is published"),),
    ),
    Example(
        ParsedDocument(context=replace(EXAMPLE_CONTEXT, path=OPML, site=_SITE), format="opml"),
        ((0, "unlisted-feed", "does not list the feed all; expected all that have entries"),),
    ),
)
