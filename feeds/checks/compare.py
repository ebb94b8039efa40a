"""Documents judged, each by its kind, and then held against each other and against the manifest."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote

import brotli

from feeds.checks.formats.atom import judge_atom
from feeds.checks.formats.jsonfeed import judge_json
from feeds.checks.formats.opml import judge_opml
from feeds.checks.formats.pages import judge_page
from feeds.checks.formats.result import Judged
from feeds.checks.formats.rss import judge_rss
from feeds.errors import Mistake
from feeds.http.media_types import media_type
from feeds.models import INDEX, MANIFEST, OPML, page_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from feeds.checks.formats.result import About
    from feeds.output.manifest import Manifest, Record


_JUDGES: Mapping[str, Callable[[bytes, About], Judged]] = {
    "rss": judge_rss,
    "atom": judge_atom,
    "json": judge_json,
    "opml": judge_opml,
    "html": judge_page,
}

_FEEDS = ("rss", "atom", "json")

#: What the names of documents end with.
_OURS = (".rss", ".atom", ".json", ".opml", ".html", ".css", ".js")


def judge_document(record: Record, body: bytes, about: About) -> Judged:
    """What is wrong with a document, and where it is not what the manifest says."""
    judge = _JUDGES.get(record.path.rpartition(".")[2])
    judged = judge(body, about) if judge else Judged(record.path)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    if len(body) != record.bytes or digest != record.digest:
        message = f"is not what {MANIFEST} lists, {record.bytes} bytes with the digest {record.digest}"
        judged.note(0, "document-changed", f"{message}; expected the file as it was published")
    if record.type != media_type(record.path):
        message = f"{MANIFEST} has the type {record.type}; expected {media_type(record.path)}"
        judged.note(0, "bad-manifest", message)
    if judged.is_readable and record.subscribed and len(judged.pictures) != record.entries:
        message = f"has {len(judged.pictures)} entries and {MANIFEST} says {record.entries}; expected the same"
        judged.note(0, "count-differs", message)
    return judged


def judge_copy(record: Record, copy: bytes, original: str, body: bytes | None) -> Judged:
    """What is wrong with a compressed copy of the document at the path `original`; its `body` is None if not known."""
    judged = Judged(record.path)
    if len(copy) != record.bytes or f"sha256:{hashlib.sha256(copy).hexdigest()}" != record.digest:
        message = f"is not what {MANIFEST} lists, {record.bytes} bytes with the digest {record.digest}"
        judged.note(0, "document-changed", f"{message}; expected the file as it was published")
    elif body is None or _unpacked(copy, record, len(body)) != body:
        judged.note(0, "copy-differs", f"does not unpack to {original}; expected the same bytes")
    return judged


def _unpacked(copy: bytes, record: Record, size: int) -> bytes | None:
    """The bytes of a copy, and hardly more than are expected; None where it is not one whole stream."""
    try:
        return _gunzip(copy, size) if record.coding == "gzip" else _unbrotli(copy, size)
    except (zlib.error, brotli.error):
        return None


def _gunzip(copy: bytes, size: int) -> bytes | None:
    """RFC 1952 allows more than one member, and not all programs read the second."""
    stream = zlib.decompressobj(wbits=31)
    body = stream.decompress(copy, size + 1)
    return body if stream.eof and not stream.unused_data else None


def _unbrotli(copy: bytes, size: int) -> bytes | None:
    stream = brotli.Decompressor()
    body: bytes = stream.process(copy, output_buffer_limit=size + 1)
    while (
        len(body) <= size and not stream.is_finished() and (more := stream.process(b"", output_buffer_limit=size + 1))
    ):
        body += more
    return body if stream.is_finished() else None


def compare_documents(manifest: Manifest, judged: Mapping[str, Judged], base_url: str) -> Iterator[Mistake]:
    """What is wrong between documents: links to what is not there, and formats of a feed that differ."""
    paths = {record.path for record in manifest.documents}
    for path, one in judged.items():
        for line, address in one.links:
            target = _target(address, base_url)
            if target is not None and not _is_published(target, paths):
                message = f"leads to {address}, and there is no such document; expected one that is published"
                yield Mistake(path, line, message, "dead-link")
    yield from _differing(manifest, judged)
    if OPML in judged and judged[OPML].is_readable:
        yield from _unlisted(manifest, base_url, (address for _, address in judged[OPML].links))


def _target(address: str, base_url: str) -> str | None:
    """The path of a document that an address leads to; None where it is not ours, as a picture beside them is not."""
    if not address.startswith(base_url):
        return None
    path = unquote(address[len(base_url) :].partition("#")[0].partition("?")[0])
    return path if path.endswith(("/", *_OURS)) else None


def _is_published(target: str, paths: set[str]) -> bool:
    """The address of the site itself is there, whatever stands at it."""
    return target in paths or page_path(target.rstrip("/")) in paths or target == INDEX


def _differing(manifest: Manifest, judged: Mapping[str, Judged]) -> Iterator[Mistake]:
    """The formats of a feed that do not show the same entries, in the same order, with the same pictures."""
    parts: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in manifest.documents:
        is_feed = record.feed and not record.coding and record.path.endswith(tuple(f".{name}" for name in _FEEDS))
        if is_feed and record.path in judged and judged[record.path].is_readable:
            parts[record.feed, record.month].append(record)
    for records in parts.values():
        first, *others = sorted(records, key=lambda record: record.path)
        for other in others:
            yield from _difference(judged[first.path], judged[other.path])


def _difference(one: Judged, other: Judged) -> Iterator[Mistake]:
    if list(one.pictures) != list(other.pictures):
        message = f"has other entries than {one.path}, or another order; expected the same in all formats"
        yield Mistake(other.path, 0, message, "formats-differ")
    elif one.pictures != other.pictures:
        id_ = next(id_ for id_ in one.pictures if one.pictures[id_] != other.pictures[id_])
        message = f"the pictures of {id_} are others than in {one.path}; expected the same addresses"
        yield Mistake(other.path, 0, message, "picture-differs")


def _unlisted(manifest: Manifest, base_url: str, addresses: Iterable[str]) -> Iterator[Mistake]:
    """The feeds with entries that the list of feeds does not name."""
    listed = {_target(address, base_url) for address in addresses}
    feeds: dict[str, set[str]] = defaultdict(set)
    for record in manifest.documents:
        if record.subscribed and record.entries:
            feeds[record.feed].add(record.path)
    for feed, paths in sorted(feeds.items()):
        if not paths & listed:
            message = f"does not list the feed {feed}; expected all that have entries"
            yield Mistake(OPML, 0, message, "unlisted-feed")
