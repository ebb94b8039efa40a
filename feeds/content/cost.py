"""The cost of an article: the bytes of its entries in all feeds that it names, for which its own size pays.

Related links may inherit topics and share any value by an alias of YAML. So a short front matter can name every feed
for every link, and repeat a long text a thousand times. What is beyond the bound is left out and reported.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from feeds.models import Enclosure, Entry, Link, Person

#: What the entries of any article may cost in bytes, and what each byte of its file adds.
_BASE = 3_000_000
_PER_BYTE = 200
#: Feeds that have an entry whatever its topics: the one of everything, and that of its provider.
_OTHER_FEEDS = 2
#: What a merged entry may cost for each byte that its entries cost, in any case, and if it has an article.
_PER_COST = 2
_MERGED_BASE, _MERGED_ARTICLE_BASE = 20_000, 1_000_000
#: Approximate bytes in a document, besides texts: of an entry, a category, a related link, an enclosure, an author.
_ENTRY, _CATEGORY, _LINK, _ENCLOSURE, _AUTHOR = 1500, 100, 200, 600, 80
#: How often the documents and lists of a provider's feed show its name.
_NAMED = 20
#: The most that a byte of an encoded entry takes in a document: escaped it has up to ten, and it may be shown often.
_PER_ENCODED, _ESCAPED = 64, 10

_encoder = msgspec.msgpack.Encoder()


def bound_entries(
    entries: Sequence[Entry], file_size: int, max_topics: int
) -> tuple[tuple[Entry, ...], tuple[Diagnostic, ...]]:
    """Return the entries of a file without what is beyond its bounds, and a diagnostic for each bound.

    `file_size` is in bytes. All entries together have at most `max_topics` different topics, and fewer if these cost
    too much; the first entries keep theirs. What costs too much without topics is left out: related links, and items
    in the lists of the article's own entry.
    """
    budget = _BASE + _PER_BYTE * file_size
    if _is_cheap(entries, budget, max_topics):
        return tuple(entries), ()
    ignored: Counter[str] = Counter()
    kept: list[tuple[Entry, int]] = []
    for entry in entries:
        size = _size(entry)
        if _OTHER_FEEDS * size > budget:
            if not entry.is_article:
                ignored["related links"] += 1
                continue
            entry = _shortened(entry, budget // _OTHER_FEEDS, ignored)  # noqa: PLW2901
            size = _size(entry)
        budget -= _OTHER_FEEDS * size
        kept.append((entry, size))
    names = set(islice(dict.fromkeys(topic for entry, _ in kept for topic in entry.topics), max_topics))
    unnamed = 0
    bounded = []
    for entry, size in kept:
        named = [topic for topic in entry.topics if topic in names]
        topics = named[: _affordable(named, size, budget + _OTHER_FEEDS * size)]
        unnamed += len(entry.topics) - len(named)
        ignored["topics"] += len(named) - len(topics)
        budget -= _cost(topics, size) - _OTHER_FEEDS * size
        bounded.append(
            entry if len(topics) == len(entry.topics) else msgspec.structs.replace(entry, topics=tuple(topics))
        )
    return tuple(bounded), tuple(_diagnostics(unnamed, +ignored, max_topics, file_size))


def affordable_topics(merged: Entry, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the first topics of an entry that is merged of others: those for which the cost of the others pays.

    An article has a budget of its own besides: it may be long, and have all its topics from related links elsewhere.
    """
    base = _MERGED_ARTICLE_BASE if merged.is_article else _MERGED_BASE
    if _is_cheap((merged,), base, len(merged.topics)):
        return merged.topics
    budget = base + _PER_COST * sum(_cost(entry.topics, _size(entry)) for entry in entries)
    return merged.topics[: _affordable(merged.topics, _size(merged), budget)]


def _is_cheap(entries: Sequence[Entry], budget: int, max_topics: int) -> bool:
    """Whether a rough estimate, which is fast and never too low, shows that entries cost less than the budget."""
    counts = [len(entry.topics) for entry in entries] or [0]
    names = sum([len(entry.provider.name) for entry in entries])
    size = len(entries) * (_ENTRY + _CATEGORY * max(counts)) + _ESCAPED * _NAMED * names
    size += _PER_ENCODED * len(_encoder.encode(entries))
    return (_OTHER_FEEDS + max(counts)) * size <= budget and sum(counts) <= max_topics


def _affordable(topics: Sequence[str], size: int, budget: int) -> int:
    """How many of the topics an entry of `size` bytes can have."""
    for count, topic in enumerate(topics):
        size += _category_size(topic)
        if (_OTHER_FEEDS + count + 1) * size > budget:
            return count
    return len(topics)


def _cost(topics: Sequence[str], size: int) -> int:
    """The cost of an entry that has these topics and `size` bytes besides."""
    return (_OTHER_FEEDS + len(topics)) * (size + sum(map(_category_size, topics)))


def _shortened(entry: Entry, max_size: int, ignored: Counter[str]) -> Entry:
    """Return the entry with as many items of its lists as `max_size` bytes allow."""
    room = max_size - _size(msgspec.structs.replace(entry, authors=(), enclosures=(), related=()))
    kept: dict[str, tuple[Any, ...]] = {}
    for name, label, size in _LISTS:
        items = getattr(entry, name)
        count = 0
        while count < len(items) and size(items[count]) <= room:
            room -= size(items[count])
            count += 1
        kept[name] = items[:count]
        ignored[label] += len(items) - count
    return msgspec.structs.replace(entry, **kept)


def _size(entry: Entry) -> int:
    """The approximate bytes of an entry, without categories, in a document."""
    return (
        _ENTRY
        + _body_size(entry.body)
        + 2 * _length(entry.title)  # it may be the text of an image
        + 2 * _length(entry.summary or "")  # the content shows it, too
        + 3 * (_length(entry.link) + _length(entry.id) + _length(entry.via or ""))
        + (_NAMED * _length(entry.provider.name) if entry.provider.name != entry.provider.domain else 0)
        + sum(size(item) for name, _, size in _LISTS for item in getattr(entry, name))
    )


def _body_size(body: str) -> int:
    """The bytes of HTML as the text of an XML element, and at least as those of a JSON string."""
    xml = 4 * body.count("&") + 3 * (body.count("<") + body.count(">"))
    json = body.count("\n") + body.count('"') + body.count("\\")
    return len(body.encode()) + xml + json


def _author_size(author: Person) -> int:
    return _AUTHOR + _length(author.name) + _length(author.uri or "")


def _enclosure_size(enclosure: Enclosure) -> int:
    return _ENCLOSURE + 4 * _length(enclosure.href) + 3 * _length(enclosure.title or "")


def _link_size(link: Link) -> int:
    return _LINK + 2 * (_length(link.href) + _length(link.title)) + _length(link.provider)


def _category_size(topic: str) -> int:
    return _CATEGORY + _length(topic)


def _length(text: str) -> int:
    """The bytes of a text in the content of an entry: as HTML, escaped for XML, and at least as those of JSON."""
    return len(escape(escape(text), quote=False).encode()) + text.count("\\")


#: The lists of an entry, what messages call them, and the size of an item.
_LISTS: tuple[tuple[str, str, Callable[[Any], int]], ...] = (
    ("authors", "authors", _author_size),
    ("enclosures", "images", _enclosure_size),
    ("related", "links in the content", _link_size),
)


def _diagnostics(unnamed: int, ignored: Counter[str], max_topics: int, file_size: int) -> Iterator[Diagnostic]:
    if unnamed:
        message = (
            f"the article and its related links have more than {max_topics} different topics; {unnamed} are ignored "
            "(source.limits.article_topics)"
        )
        yield Diagnostic((), message, "beyond-limit")
    if ignored:
        counts = ", ".join(f"{count} {label}" for label, count in sorted(ignored.items()))
        message = (
            f"a file of {file_size:,} bytes cannot have entries that take so much in all their feeds; ignored: "
            f"{counts}; expected shorter texts, fewer related links, or fewer topics of them"
        )
        yield Diagnostic((), message, "beyond-limit")
