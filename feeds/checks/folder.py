"""The output folder: its documents are checked in parallel, and then compared with each other."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from feeds.checks.documents import DocumentContext, PublishedSite, ValidationResult
from feeds.checks.formats.atom import validate_atom
from feeds.checks.formats.jsonfeed import validate_json
from feeds.checks.formats.opml import validate_opml
from feeds.checks.formats.pages import validate_page
from feeds.checks.formats.rss import validate_rss
from feeds.checks.rules.consistency import compare_formats
from feeds.checks.rules.files import validate_file, validate_precompressed
from feeds.errors import LocatedDiagnostic, PublishError, quoted
from feeds.http.codings import EXTENSIONS
from feeds.models import ALL_FORMATS, INDEX, MANIFEST, document_address, scoped_path
from feeds.output.manifest import is_unfinished, read_manifest
from feeds.parallel import process_map
from feeds.storage.local import LocalFolder

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from feeds.models import Format
    from feeds.output.manifest import DocumentRecord
    from feeds.progress import Track


Validator = Callable[[bytes, DocumentContext], ValidationResult]
#: A document and its compressed copies.
_Group = tuple["DocumentRecord", "Sequence[DocumentRecord]"]

#: The formats by file extension. Other files are only compared with the manifest.
VALIDATORS: Mapping[str, Validator] = {
    "rss": validate_rss,
    "atom": validate_atom,
    "json": validate_json,
    "opml": validate_opml,
    "html": validate_page,
}
#: Documents that a process checks at a time, and how many documents make it worth starting processes.
_CHUNK = 8
_MIN_DOCUMENTS_FOR_PROCESSES = 48


@dataclass(frozen=True)
class FolderValidation:
    """The number of documents, and what is wrong with them; paths are relative to the folder."""

    documents: int
    diagnostics: tuple[LocatedDiagnostic, ...]


def validate_folder(
    output: Path,
    base_url: str,
    now: dt.datetime,
    *,
    jobs: int,
    track: Track,
    validators: Mapping[str, Validator] = VALIDATORS,
    min_documents_for_processes: int = _MIN_DOCUMENTS_FOR_PROCESSES,
) -> FolderValidation:
    """Check every document that the manifest in `output` lists."""
    folder = LocalFolder(output)
    try:
        manifest = read_manifest(folder)
    except PublishError as error:
        message = str(error).removeprefix(f"{error.path}: ")
        return FolderValidation(0, (LocatedDiagnostic(MANIFEST, 0, message, "bad-manifest"),))
    if not manifest.documents:
        message = f"there is no manifest in {folder}, or an empty one; expected what `feeds regenerate` published"
        return FolderValidation(0, (LocatedDiagnostic(MANIFEST, 0, message, "bad-manifest"),))
    groups = _group_copies(manifest.documents)
    site = _site_of(manifest.documents)
    worker = _Worker(output.resolve(), groups, base_url, now, site, _months_of(manifest.documents), validators)
    results: dict[str, ValidationResult] = {}
    with process_map(jobs if len(groups) >= min_documents_for_processes else 1, worker) as validate:
        numbers = iter(track(range(len(groups)), len(groups), "Judging"))
        for chunk in validate(iter(lambda: list(islice(numbers, _CHUNK)), [])):
            results |= {result.path: result for result in chunk}
    diagnostics = [diagnostic for result in results.values() for diagnostic in result.diagnostics]
    diagnostics += compare_formats(manifest.documents, results)
    if is_unfinished(folder):
        message = "a run is at work, or was stopped; `feeds regenerate` brings it to its end"
        diagnostics.append(LocatedDiagnostic(MANIFEST, 0, message, "unfinished-run"))
    return FolderValidation(len(manifest.documents), tuple(sorted(diagnostics)))


def _group_copies(records: Sequence[DocumentRecord]) -> list[_Group]:
    """Put the copies of a document beside it: they are compared with its bytes. Others stand alone."""
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


def _site_of(records: Iterable[DocumentRecord]) -> PublishedSite:
    subscriptions: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.subscribed and record.entries:
            subscriptions[record.feed].add(record.path)
    paths = frozenset(record.path for record in records)
    return PublishedSite(paths, {feed: frozenset(paths) for feed, paths in subscriptions.items()})


def _months_of(records: Iterable[DocumentRecord]) -> dict[str, list[str]]:
    """The months of the history of each feed that have documents, the oldest first."""
    months: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.month:
            months[record.feed].add(record.month)
    return {feed: sorted(found) for feed, found in months.items()}


@dataclass(frozen=True)
class _Worker:
    """Checks the groups of documents with the numbers that it receives. `output` is an absolute path without links."""

    output: Path
    groups: Sequence[_Group]
    base_url: str
    now: dt.datetime
    site: PublishedSite
    months: Mapping[str, Sequence[str]]
    validators: Mapping[str, Validator]

    def __call__(self, numbers: Sequence[int]) -> list[ValidationResult]:
        return [result for number in numbers for result in self._validate_group(*self.groups[number])]

    def _validate_group(self, record: DocumentRecord, copies: Sequence[DocumentRecord]) -> Iterator[ValidationResult]:
        if record.coding:
            message = "is a copy of a document that the manifest does not list; expected that beside it"
            yield _unreadable(record.path, "bad-manifest", message)
            return
        body = self._read(record.path)
        if isinstance(body, ValidationResult):
            yield body
        else:
            yield _guarded(record.path, partial(self._validate_document, record, body))
        for copy in copies:
            packed = self._read(copy.path)
            if isinstance(packed, ValidationResult):
                yield packed
            else:
                original = body if isinstance(body, bytes) else None
                yield _guarded(copy.path, partial(validate_precompressed, copy, packed, record.path, original))

    def _read(self, path: str) -> bytes | ValidationResult:
        """Return the bytes of a file in the folder, or the result for one that cannot be read."""
        expected = f"expected the document that {MANIFEST} lists"
        try:
            file = (self.output / path).resolve()
            if not file.is_relative_to(self.output):
                return _unreadable(path, "bad-manifest", "leads out of the folder; expected a path within it")
            if file.exists() and not file.is_file():  # reading a pipe could take for ever
                return _unreadable(path, "missing-document", f"is no regular file; {expected}")
            return file.read_bytes()
        except OSError as error:
            return _unreadable(path, "missing-document", f"cannot be read: {error.strerror}; {expected}")
        except (RuntimeError, ValueError):  # a link to itself, a name that no file can have
            return _unreadable(path, "missing-document", f"cannot be a file; {expected}")

    def _validate_document(self, record: DocumentRecord, body: bytes) -> ValidationResult:
        validate = self.validators.get(record.path.rpartition(".")[2])
        result = validate(body, self._context(record)) if validate else ValidationResult(record.path)
        validate_file(record, body, result)
        return result

    def _context(self, record: DocumentRecord) -> DocumentContext:
        context = DocumentContext(
            record.path,
            f"{self.base_url}{quote(record.path.removesuffix(INDEX))}",
            self.base_url,
            self.now,
            entries=record.entries if record.subscribed else None,
            site=self.site,
        )
        format_ = next((name for name in ALL_FORMATS if record.path.endswith(f".{name}")), None)
        if not record.feed or not format_:
            return context
        url = document_address(self.base_url, scoped_path(record.feed, record.month), format_)
        return replace(context, url=url, month=record.month, history=dict(self._history(record, format_)))

    def _history(self, record: DocumentRecord, format_: Format) -> Iterator[tuple[str, str]]:
        """Yield the relations and URLs of the history that a document links to (RFC 5005, 4)."""
        months = self.months.get(record.feed, [])
        place = bisect_left(months, record.month) if record.month else len(months)
        if record.month:
            yield "current", document_address(self.base_url, record.feed, format_)
        for rel, adjacent in (("prev-archive", months[:place][-1:]), ("next-archive", months[place + 1 :][:1])):
            for month in adjacent:
                yield rel, document_address(self.base_url, scoped_path(record.feed, month), format_)


def _guarded(path: str, validate: Callable[[], ValidationResult]) -> ValidationResult:
    """Return the result of a check. A fault in a check does not stop the checks of other documents."""
    try:
        return validate()
    except Exception as error:  # noqa: BLE001  # any fault
        message = f"could not be judged: {type(error).__name__}: {quoted(str(error))}; this is a fault of ours"
        return _unreadable(path, "not-judged", message)


def _unreadable(path: str, rule: str, message: str) -> ValidationResult:
    return ValidationResult(path, [LocatedDiagnostic(path, 0, message, rule)], is_readable=False)
