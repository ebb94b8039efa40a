"""The cost of an article: bytes of its entries in all feeds that it names, which its own bytes bound.

Related links may share a list of topics by an alias or inherit it, so a short front matter could name every feed for
every link. What is beyond the bound loses its topics, not its entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feeds.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.models import Entry

#: The cost that any article may have, and what each of its bytes adds.
_BASE = 1_500_000
_PER_BYTE = 200
#: Approximate bytes in a document: of an entry, a category, a related link, an enclosure.
_ENTRY, _CATEGORY, _LINK, _ENCLOSURE = 1500, 100, 200, 600


def bound_topics(
    entries: Sequence[Entry], file_size: int, max_topics: int
) -> tuple[tuple[Entry, ...], tuple[Diagnostic, ...]]:
    """Return the entries of a file without topics beyond its bounds, and a diagnostic for each bound.

    `file_size` is in bytes. The first entries keep their topics. All entries together have at most `max_topics` topics.
    """
    budget = _BASE + _PER_BYTE * file_size
    known: dict[str, None] = {}
    bounded = []
    names = costly = 0
    for entry in entries:
        allowed = []
        for topic in entry.topics:
            if topic in known or len(known) < max_topics:
                known[topic] = None
                allowed.append(topic)
        names += len(entry.topics) - len(allowed)
        size = _size(entry, len(allowed))
        affordable = max(0, budget // size - 1)
        costly += max(0, len(allowed) - affordable)
        allowed = allowed[:affordable]
        budget -= (1 + len(allowed)) * size
        bounded.append(
            entry if len(allowed) == len(entry.topics) else msgspec.structs.replace(entry, topics=tuple(allowed))
        )
    return tuple(bounded), tuple(_diagnostics(names, costly, max_topics, file_size))


def _size(entry: Entry, topics: int) -> int:
    """The approximate bytes of an entry in a document."""
    summary = entry.summary or ""  # shown twice, in the content, too
    texts = (entry.title, summary, summary, entry.body, entry.provider.name)
    lists = _CATEGORY * topics + _LINK * len(entry.related) + _ENCLOSURE * len(entry.enclosures)
    return _ENTRY + sum(map(_escaped_length, texts)) + lists


def _escaped_length(text: str) -> int:
    """The length of a text in XML."""
    return len(text) + 4 * text.count("&") + 3 * text.count("<") + 3 * text.count(">")


def _diagnostics(names: int, costly: int, max_topics: int, file_size: int) -> Sequence[Diagnostic]:
    found = []
    if names:
        message = (
            f"the article and its related links have more than {max_topics} different topics; {names} are ignored "
            "(source.limits.article_topics)"
        )
        found.append(Diagnostic((), message, "beyond-limit"))
    if costly:
        message = (
            f"a file of {file_size:,} bytes cannot have that many topics of entries; {costly} are ignored; "
            "expected fewer topics of related links, or fewer related links"
        )
        found.append(Diagnostic((), message, "beyond-limit"))
    return found
