"""The files of the output folder, as the manifest lists them, and the compressed copies of documents."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

from feeds.checks.documents import ValidationResult
from feeds.checks.rules.rule import Rule
from feeds.http.media_types import media_type
from feeds.models import MANIFEST

if TYPE_CHECKING:
    from feeds.models import Coding
    from feeds.output.manifest import DocumentRecord


RULES = (
    Rule(
        "bad-manifest",
        "error",
        "There is no manifest, it cannot be read, or it has a wrong type or a path that leads out of the folder.",
        "Runs do not know what is theirs, and web servers are set up by it.",
        "docs/internals.md, Publishing",
    ),
    Rule(
        "unfinished-run",
        "warning",
        "A run was stopped, or is at work.",
        "Some documents may be new and others old; the next run mends that.",
        "docs/internals.md, Publishing",
    ),
    Rule(
        "missing-document",
        "error",
        "A document that the manifest lists is not there, is no regular file, or cannot be read.",
        "Subscribers are told that it is gone, and readers give up after a while.",
        "docs/internals.md, Publishing",
    ),
    Rule(
        "not-judged",
        "error",
        "A document could not be judged.",
        "It has something that `feeds check` does not know how to read: a fault of ours, please tell us.",
        "docs/internals.md, Mistakes",
    ),
    Rule(
        "document-changed",
        "error",
        "A document is not what the manifest lists.",
        "Somebody wrote into the output folder, or a disk or an upload lost something.",
        "docs/internals.md, Publishing",
    ),
    Rule(
        "copy-differs",
        "error",
        "A compressed copy does not unpack to its document.",
        "Web servers send the copy, so subscribers see something else than is published, or nothing.",
        "RFC 1952; RFC 7932",
    ),
)


def validate_file(record: DocumentRecord, body: bytes, result: ValidationResult) -> None:
    """Note where a document is not what its record in the manifest says."""
    _validate_bytes(record, body, result)
    if record.type != media_type(record.path):
        message = f"{MANIFEST} has the type {record.type}; expected {media_type(record.path)}"
        result.note(0, "bad-manifest", message)


def validate_precompressed(record: DocumentRecord, copy: bytes, original: str, body: bytes | None) -> ValidationResult:
    """Check a compressed copy against its record and its document.

    `original` is the path of the document. `body` is None if the document cannot be read.
    """
    result = ValidationResult(record.path)
    is_as_listed = _validate_bytes(record, copy, result)
    if is_as_listed and record.coding and (body is None or unpack(copy, record.coding, len(body)) != body):
        result.note(0, "copy-differs", f"does not unpack to {original}; expected the same bytes")
    return result


def _validate_bytes(record: DocumentRecord, body: bytes, result: ValidationResult) -> bool:
    is_as_listed = len(body) == record.bytes and f"sha256:{hashlib.sha256(body).hexdigest()}" == record.digest
    if not is_as_listed:
        message = f"is not what {MANIFEST} lists, {record.bytes} bytes with the digest {record.digest}"
        result.note(0, "document-changed", f"{message}; expected the file as it was published")
    return is_as_listed


def unpack(copy: bytes, coding: Coding, size: int) -> bytes | None:
    """Return the bytes in a copy; None if it is not exactly one whole stream, or if they are many more than `size`."""
    return _gunzip(copy, size) if coding == "gzip" else _unbrotli(copy, size)


def _gunzip(copy: bytes, size: int) -> bytes | None:
    stream = zlib.decompressobj(wbits=31)
    try:
        body = stream.decompress(copy, size + 1)
    except zlib.error:
        return None
    # RFC 1952 allows more than one member, but not all programs read the second.
    return body if stream.eof and not stream.unused_data else None


def _unbrotli(copy: bytes, size: int) -> bytes | None:
    import brotli  # noqa: PLC0415  # not every site compresses

    stream = brotli.Decompressor()
    try:
        body: bytes = stream.process(copy, output_buffer_limit=size + 1)
        while len(body) <= size and not stream.is_finished():
            more = stream.process(b"", output_buffer_limit=size + 1)
            if not more:
                break
            body += more
    except brotli.error:
        return None
    return body if stream.is_finished() else None
