"""A document as the checks see it: the context that it is checked in, its parsed content, and the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from feeds.errors import Keys, LocatedDiagnostic

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from lxml import etree

    from feeds.models import Format


#: A line, from 1, or 0 for the whole document. Of a JSON value, its keys: the line is looked up only for a problem.
Location = int | Keys
#: A broken rule: the location, the id of the rule, and the message.
Problem = tuple[Location, str, str]


@dataclass(frozen=True, slots=True)
class PublishedSite:
    """The documents that the manifest lists.

    `paths` are those of all documents. `subscriptions` maps each feed that has entries to the paths of its documents,
    without archives and compressed copies.
    """

    paths: frozenset[str]
    subscriptions: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """The site and the time that a document is checked against.

    `url` is the URL of the document itself, `base_url` that of the site; no date may be after `now`. `month` is the
    month of an archive document, as `2026-05`. `history` maps relations of RFC 5005 to the URLs that the document must
    link to. `entries` is the number of entries in the manifest. `entries` and `site` are None if there is no manifest.
    """

    path: str
    url: str
    base_url: str
    now: dt.datetime
    month: str = ""
    history: Mapping[str, str] = field(default_factory=dict)
    entries: int | None = None
    site: PublishedSite | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """An entry in any format.

    `id` is None if it is not a text. A title or a link that is missing is empty; a time that is missing or wrong is
    None. `enclosures` are the URLs of the enclosures, in the order of the document.
    """

    location: Location
    id: str | None
    title: str = ""
    link: str = ""
    published: dt.datetime | None = None
    updated: dt.datetime | None = None
    enclosures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """A document in any format. `links` are the URLs that the document as a whole links to, with their locations."""

    context: DocumentContext
    format: Format | Literal["opml", "html"]
    entries: tuple[ParsedEntry, ...] = ()
    links: tuple[tuple[Location, str], ...] = ()


@dataclass(slots=True)
class ValidationResult:
    """The diagnostics of a document, and what the formats of a feed are compared by.

    `enclosures` maps the id of each entry, in their order, to the URLs of its enclosures. `is_readable` is false if the
    document cannot be parsed.
    """

    path: str
    diagnostics: list[LocatedDiagnostic] = field(default_factory=list)
    enclosures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_readable: bool = True

    def note(self, line: int, rule: str, message: str) -> None:
        self.diagnostics.append(LocatedDiagnostic(self.path, line, message, rule))


def line_of(element: etree._Element) -> int:
    return element.sourceline or 0
