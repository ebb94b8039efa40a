"""Documents judged, each by its kind, and then held against each other and against the manifest."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote

import brotli

from feeds.checks.formats.atom import validate_atom
from feeds.checks.formats.jsonfeed import validate_json
from feeds.checks.formats.opml import validate_opml
from feeds.checks.formats.pages import validate_page
from feeds.checks.formats.result import ValidationResult
from feeds.checks.formats.rss import validate_rss
from feeds.errors import LocatedDiagnostic
from feeds.http.media_types import media_type
from feeds.models import INDEX, MANIFEST, OPML, page_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from feeds.checks.formats.result import DocumentContext
    from feeds.output.manifest import DocumentRecord, Manifest


_VALIDATORS: Mapping[str, Callable[[bytes, DocumentContext], ValidationResult]] = {
    "rss": validate_rss,
    "atom": validate_atom,
    "json": validate_json,
    "opml": validate_opml,
    "html": validate_page,
}

_FEEDS = ("rss", "atom", "json")

#: What the names of documents end with.
_OURS = (".rss", ".atom", ".json", ".opml", ".html", ".css", ".js")


def validate_document(record: DocumentRecord, body: bytes, context: DocumentContext) -> ValidationResult:
    """What is wrong with a document, and where it is not what the manifest says."""
    validate = _VALIDATORS.get(record.path.rpartition(".")[2])
    result = validate(body, context) if validate else ValidationResult(record.path)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    if len(body) != record.bytes or digest != record.digest:
        message = f"is not what {MANIFEST} lists, {record.bytes} bytes with the digest {record.digest}"
        result.note(0, "document-changed", f"{message}; expected the file as it was published")
    if record.type != media_type(record.path):
        message = f"{MANIFEST} has the type {record.type}; expected {media_type(record.path)}"
        result.note(0, "bad-manifest", message)
    if result.is_readable and record.subscribed and len(result.images) != record.entries:
        message = f"has {len(result.images)} entries and {MANIFEST} says {record.entries}; expected the same"
        result.note(0, "count-differs", message)
    return result


def validate_copy(record: DocumentRecord, copy: bytes, original: str, body: bytes | None) -> ValidationResult:
    """What is wrong with a compressed copy of the document at the path `original`; its `body` is None if not known."""
    result = ValidationResult(record.path)
    if len(copy) != record.bytes or f"sha256:{hashlib.sha256(copy).hexdigest()}" != record.digest:
        message = f"is not what {MANIFEST} lists, {record.bytes} bytes with the digest {record.digest}"
        result.note(0, "document-changed", f"{message}; expected the file as it was published")
    elif body is None or _unpacked(copy, record, len(body)) != body:
        result.note(0, "copy-differs", f"does not unpack to {original}; expected the same bytes")
    return result


def _unpacked(copy: bytes, record: DocumentRecord, size: int) -> bytes | None:
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


def compare_documents(
    manifest: Manifest, result: Mapping[str, ValidationResult], base_url: str
) -> Iterator[LocatedDiagnostic]:
    """What is wrong between documents: links to what is not there, and formats of a feed that differ."""
    paths = {record.path for record in manifest.documents}
    for path, one in result.items():
        for line, address in one.links:
            target = _target(address, base_url)
            if target is not None and not _is_published(target, paths):
                message = f"leads to {address}, and there is no such document; expected one that is published"
                yield LocatedDiagnostic(path, line, message, "dead-link")
    yield from _differing(manifest, result)
    if OPML in result and result[OPML].is_readable:
        yield from _unlisted(manifest, base_url, (address for _, address in result[OPML].links))


def _target(address: str, base_url: str) -> str | None:
    """The path of a document that an address leads to; None where it is not ours, as a picture beside them is not."""
    if not address.startswith(base_url):
        return None
    path = unquote(address[len(base_url) :].partition("#")[0].partition("?")[0])
    return path if path.endswith(("/", *_OURS)) else None


def _is_published(target: str, paths: set[str]) -> bool:
    """The address of the site itself is there, whatever stands at it."""
    return target in paths or page_path(target.rstrip("/")) in paths or target == INDEX


def _differing(manifest: Manifest, result: Mapping[str, ValidationResult]) -> Iterator[LocatedDiagnostic]:
    """The formats of a feed that do not show the same entries, in the same order, with the same pictures."""
    parts: dict[tuple[str, str], list[DocumentRecord]] = defaultdict(list)
    for record in manifest.documents:
        is_feed = record.feed and not record.coding and record.path.endswith(tuple(f".{name}" for name in _FEEDS))
        if is_feed and record.path in result and result[record.path].is_readable:
            parts[record.feed, record.month].append(record)
    for records in parts.values():
        first, *others = sorted(records, key=lambda record: record.path)
        for other in others:
            yield from _difference(result[first.path], result[other.path])


def _difference(one: ValidationResult, other: ValidationResult) -> Iterator[LocatedDiagnostic]:
    if list(one.images) != list(other.images):
        message = f"has other entries than {one.path}, or another order; expected the same in all formats"
        yield LocatedDiagnostic(other.path, 0, message, "formats-differ")
    elif one.images != other.images:
        id_ = next(id_ for id_ in one.images if one.images[id_] != other.images[id_])
        message = f"the pictures of {id_} are others than in {one.path}; expected the same addresses"
        yield LocatedDiagnostic(other.path, 0, message, "picture-differs")


def _unlisted(manifest: Manifest, base_url: str, addresses: Iterable[str]) -> Iterator[LocatedDiagnostic]:
    """The feeds with entries that the list of feeds does not name."""
    listed = {_target(address, base_url) for address in addresses}
    feeds: dict[str, set[str]] = defaultdict(set)
    for record in manifest.documents:
        if record.subscribed and record.entries:
            feeds[record.feed].add(record.path)
    for feed, paths in sorted(feeds.items()):
        if not paths & listed:
            message = f"does not list the feed {feed}; expected all that have entries"
            yield LocatedDiagnostic(OPML, 0, message, "unlisted-feed")
