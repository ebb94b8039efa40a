"""The output folder judged: its documents read, on all processors, and held against each other."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from feeds.checks.compare import compare_documents, validate_copy, validate_document
from feeds.checks.formats.result import DocumentContext, ValidationResult
from feeds.errors import LocatedDiagnostic, PublishError, quoted
from feeds.http.codings import EXTENSIONS
from feeds.models import ALL_FORMATS, INDEX, MANIFEST, document_address, scoped_path
from feeds.output.manifest import is_unfinished, read_manifest
from feeds.parallel import processes
from feeds.storage.local import DiskFolder

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from feeds.models import Format
    from feeds.output.manifest import DocumentRecord
    from feeds.progress import Track


#: Documents judged at a time by a process, and how many make it worth to start some.
_CHUNK = 8

_WORTH_PROCESSES = 6 * _CHUNK

#: A document and its compressed copies.
_Group = tuple["DocumentRecord", "Sequence[DocumentRecord]"]

#: The months of the history of each feed that have documents, the oldest first.
_Months = dict[str, list[str]]


@dataclass(frozen=True)
class FolderValidation:
    """How many documents were judged, and what is wrong, by the paths below the folder."""

    documents: int
    mistakes: tuple[LocatedDiagnostic, ...]


def validate_folder(output: Path, base_url: str, now: dt.datetime, *, jobs: int, track: Track) -> FolderValidation:
    """Judge every document that the manifest in `output` lists."""
    try:
        manifest = read_manifest(DiskFolder(output))
    except PublishError as error:
        message = str(error).removeprefix(f"{error.path}: ")
        return FolderValidation(0, (LocatedDiagnostic(MANIFEST, 0, message, "bad-manifest"),))
    if not manifest.documents:
        message = f"there is no manifest in {output}, or an empty one; expected what `feeds regenerate` published"
        return FolderValidation(0, (LocatedDiagnostic(MANIFEST, 0, message, "bad-manifest"),))
    groups = _groups(manifest.documents)
    result: dict[str, ValidationResult] = {}
    with processes(jobs if len(groups) >= _WORTH_PROCESSES else 1, _start, output, groups, base_url, now) as map_:
        numbers = iter(track(range(len(groups)), len(groups), "Judging"))
        for chunk in map_(_validate_chunk, iter(lambda: list(islice(numbers, _CHUNK)), [])):
            result |= {one.path: one for one in chunk}
    mistakes = [mistake for one in result.values() for mistake in one.mistakes]
    mistakes += compare_documents(manifest, result, base_url)
    if is_unfinished(DiskFolder(output)):
        message = "a run is at work, or was stopped; `feeds regenerate` brings it to its end"
        mistakes.append(LocatedDiagnostic(MANIFEST, 0, message, "unfinished-run"))
    return FolderValidation(len(manifest.documents), tuple(sorted(mistakes)))


def _groups(records: Sequence[DocumentRecord]) -> list[_Group]:
    """The documents, each with its copies, which are judged by it."""
    originals = {record.path: record for record in records if not record.coding}
    copies: dict[str, list[DocumentRecord]] = defaultdict(list)
    alone: list[_Group] = []
    for record in records:
        if record.coding:
            path = record.path.removesuffix(EXTENSIONS[record.coding])
            if path in originals:
                copies[path].append(record)
            else:
                alone.append((record, ()))
    return [(record, copies[path]) for path, record in originals.items()] + alone


class _Worker(threading.local):
    """What a process that judges has at hand, or a thread where there is only one process."""

    output: Path
    groups: Sequence[_Group]
    months: _Months
    base_url: str
    now: dt.datetime


_validate = _Worker()


def _start(output: Path, groups: Sequence[_Group], base_url: str, now: dt.datetime) -> None:
    """Make this process ready to judge."""
    _validate.output, _validate.groups, _validate.base_url, _validate.now = output.resolve(), groups, base_url, now
    _validate.months = _months(record for record, _ in groups)


def _validate_chunk(numbers: Sequence[int]) -> list[ValidationResult]:
    return [result for number in numbers for result in _validate_group(*_validate.groups[number])]


def _validate_group(record: DocumentRecord, copies: Sequence[DocumentRecord]) -> Iterator[ValidationResult]:
    if record.coding:
        message = "is a copy of a document that the manifest does not list; expected that beside it"
        yield _unread(record.path, "bad-manifest", message)
        return
    body = _read(record.path)
    yield (
        body
        if isinstance(body, ValidationResult)
        else _validated(record, partial(validate_document, record, body, _about(record)))
    )
    whole = None if isinstance(body, ValidationResult) else body
    for copy in copies:
        packed = _read(copy.path)
        validate = partial(validate_copy, copy, original=record.path, body=whole)
        yield packed if isinstance(packed, ValidationResult) else _validated(copy, partial(validate, packed))


def _validated(record: DocumentRecord, validate: Callable[[], ValidationResult]) -> ValidationResult:
    """What comes of judging a document. Whatever is in one, the others are judged nevertheless."""
    try:
        return validate()
    except Exception as error:  # noqa: BLE001  # as said
        message = f"could not be judged: {type(error).__name__}: {quoted(str(error))}; this is a fault of ours"
        return _unread(record.path, "not-judged", message)


def _read(path: str) -> bytes | ValidationResult:
    """The bytes of a file in the folder, or what is to be said of one that cannot be read or is none."""
    expected = f"expected the document that {MANIFEST} lists"
    try:
        place = (_validate.output / path).resolve()
        if not place.is_relative_to(_validate.output):
            return _unread(path, "bad-manifest", "leads out of the folder; expected a path within it")
        if place.exists() and not place.is_file():  # to read a pipe may take for ever
            return _unread(path, "missing-document", f"is no regular file; {expected}")
        return place.read_bytes()
    except OSError as error:
        return _unread(path, "missing-document", f"cannot be read: {error.strerror}; {expected}")
    except (RuntimeError, ValueError):  # a link to itself, a name that no file can have
        return _unread(path, "missing-document", f"cannot be a file; {expected}")


def _unread(path: str, rule: str, message: str) -> ValidationResult:
    """What is to be said of a document of which nothing else is known."""
    return ValidationResult(path, [LocatedDiagnostic(path, 0, message, rule)], is_readable=False)


def _months(records: Iterable[DocumentRecord]) -> _Months:
    months: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.month:
            months[record.feed].add(record.month)
    return {feed: sorted(found) for feed, found in months.items()}


def _about(record: DocumentRecord) -> DocumentContext:
    base = _validate.base_url
    for format_ in ALL_FORMATS:
        if record.feed and record.path.endswith(f".{format_}"):
            address = document_address(base, scoped_path(record.feed, record.month), format_)
            return DocumentContext(
                record.path, address, base, _validate.now, record.month, dict(_history(record, format_))
            )
    return DocumentContext(record.path, f"{base}{quote(record.path.removesuffix(INDEX))}", base, _validate.now)


def _history(record: DocumentRecord, format_: Format) -> Iterator[tuple[str, str]]:
    """What a document of a feed leads to of the feed's history (RFC 5005, 4), by the months that the manifest lists."""
    months = _validate.months.get(record.feed, [])
    place = bisect_left(months, record.month) if record.month else len(months)
    if record.month:
        yield "current", document_address(_validate.base_url, record.feed, format_)
    for rel, beside in (("prev-archive", months[:place][-1:]), ("next-archive", months[place + 1 :][:1])):
        for month in beside:
            yield rel, document_address(_validate.base_url, scoped_path(record.feed, month), format_)
