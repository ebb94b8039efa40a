"""Files read and parsed into records for the catalog, and compared with what the catalog knows."""

from __future__ import annotations

import datetime as dt
import time
from itertools import groupby
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from feeds.catalog.records import NOT_READ, UNSETTLED, FileRecord, FolderKey, KnownFile, encode_entry
from feeds.content.articles import parse_article
from feeds.content.entries import derive_entries
from feeds.content.files import ArticleFile
from feeds.digests import digest_of
from feeds.errors import LocatedDiagnostic
from feeds.storage.sources import TooLargeError
from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from feeds.catalog.stories import Touched
    from feeds.config.schema import SourceSettings

#: The packages whose versions decide what articles are parsed to, beside our own code.
READING_PACKAGES = (
    "can_ada",
    "markdown_it_py",
    "mdurl",
    "nh3",
    "py_yaml12",
    "python_frontmatter",
    "pyyaml",
    "turbohtml",
)

#: A file to read, and what the catalog knows of it.
ChangedFile = tuple[ArticleFile, KnownFile | None]


class IngestResult(PlainValue, frozen=True):
    """The result of bringing the catalog up to date.

    `articles` counts all of them, `changed` those added, edited or removed. `emptied` are sources that held articles
    before and hold none now. `epoch` counts the runs that touched a story; it was `before` when this run began.
    """

    articles: int
    changed: int
    diagnostics: Sequence[LocatedDiagnostic]
    touched: Touched
    before: int
    epoch: int
    emptied: Sequence[str] = ()


class FileState(Protocol):
    """The state of a file: size in bytes, times in nanoseconds (storage.sources.FoundFile)."""

    @property
    def size(self) -> int: ...
    @property
    def mtime(self) -> int: ...
    @property
    def ctime(self) -> int: ...


def is_unchanged(known: FileState | None, found: FileState) -> bool:
    """Whether a file need not be read again."""
    if known is None or known.mtime == UNSETTLED:
        return False
    return (known.size, known.mtime, known.ctime) == (found.size, found.mtime, found.ctime)


def is_in_unreadable(folder: FolderKey, unreadable: Collection[FolderKey]) -> bool:
    """Whether a folder is below an unreadable one, or is one itself. What it held stays: a disk may be unmounted."""
    if not unreadable:
        return False
    source, path = folder
    parts = path.split("/") if path else []
    return any((source, "/".join(parts[:length])) in unreadable for length in range(len(parts) + 1))


def change_of(record: FileRecord, known_digest: bytes | None) -> Literal["unreadable", "unchanged", "changed"]:
    """The change that a record means for a file: it cannot be read now, has the same bytes, or is new or edited."""
    if known_digest is not None and record.digest == NOT_READ:
        return "unreadable"
    return "unchanged" if record.digest == known_digest else "changed"


def read_records(
    changed: Sequence[ChangedFile], settings: SourceSettings, *, may_be_removed: bool = True
) -> Iterator[FileRecord]:
    """Read and parse files, in order; files of one source that come together are read together.

    A missing file was removed only if it `may_be_removed`: on another machine than the one that found it, it may be out
    of reach.
    """
    for _, group in groupby(changed, key=lambda one: id(one[0].source)):
        files = list(group)
        started = time.time_ns()
        results = files[0][0].source.read([(file.path, file.found) for file, _ in files], settings.limits.bytes)
        for (file, known), result in zip(files, results, strict=True):
            if isinstance(result, TooLargeError):
                yield _too_large(file, int(result.args[0]), settings)
            elif isinstance(result, OSError):
                yield _unread(file, known, result, may_be_removed=may_be_removed)
            else:
                content, found = result
                yield _record(file.as_found(found), known, content, started, settings)


def _record(
    file: ArticleFile, known: KnownFile | None, content: bytes, started: int, settings: SourceSettings
) -> FileRecord:
    """The record of a file that was read; without entries if its digest is the known one.

    The digest is one of everything that entries are made of: the bytes, and the mtime if that may be their date.
    """
    digest = digest_of((content, file.mtime // 1_000_000_000 if settings.undated == "file" else None))
    mtime = UNSETTLED if file.source.may_change_unseen(file.found, started) else file.mtime
    record = FileRecord(
        source=str(file.source), path=file.path, size=file.size, mtime=mtime, ctime=file.ctime, digest=digest
    )
    if known is not None and known.digest == digest:
        return record
    return _with_entries(record, content, file, settings)


def _with_entries(record: FileRecord, content: bytes, file: ArticleFile, settings: SourceSettings) -> FileRecord:
    modified = dt.datetime.fromtimestamp(file.mtime // 1_000_000_000, dt.UTC)
    parsed = parse_article(content, path=file.path, modified=modified, label=file.label, limits=settings.limits)
    if parsed.article is None or parsed.source is None:
        return msgspec.structs.replace(record, skip_reason="unreadable", diagnostics=parsed.diagnostics)
    derived = derive_entries(parsed.article, settings, len(content))
    if derived.skip_reason == "unpublished":
        return msgspec.structs.replace(record, skip_reason="unpublished")
    known = {diagnostic.keys for diagnostic in parsed.unlocated}
    new = [diagnostic for diagnostic in derived.diagnostics if diagnostic.keys not in known]
    return msgspec.structs.replace(
        record,
        entries=tuple(map(encode_entry, derived.entries)),
        skip_reason=derived.skip_reason,
        diagnostics=tuple(sorted((*parsed.diagnostics, *parsed.source.locate(new)))),
    )


def _unread(file: ArticleFile, known: KnownFile | None, error: OSError, *, may_be_removed: bool) -> FileRecord:
    """The record of a file that cannot be read. What was read before stays; a removed file is no fault."""
    record = FileRecord(
        source=str(file.source),
        path=file.path,
        size=-1,
        mtime=UNSETTLED,
        ctime=-1,
        digest=digest_of(()),
        skip_reason="unreadable",
    )
    if may_be_removed and _was_removed(file):
        return record
    message = f"cannot be read: {error.strerror or error}"
    if known is not None and known.size != -1:
        diagnostic = LocatedDiagnostic(file.label, 0, f"{message}; what it held before stays", "article-unreadable")
        return msgspec.structs.replace(record, digest=NOT_READ, skip_reason=None, diagnostics=(diagnostic,))
    diagnostics = (LocatedDiagnostic(file.label, 0, message, "article-unreadable"),)
    return msgspec.structs.replace(record, digest=digest_of(diagnostics), diagnostics=diagnostics)


def _was_removed(file: ArticleFile) -> bool:
    """Whether a file is gone. A broken link is not, nor a file that cannot be examined."""
    try:
        return not file.source.exists(file.path)
    except OSError:
        return False


def _too_large(file: ArticleFile, size: int, settings: SourceSettings) -> FileRecord:
    message = f"has {size:,} bytes; expected {settings.limits.bytes:,} at most (source.limits.bytes); it is left out"
    diagnostics = (LocatedDiagnostic(file.label, 0, message, "beyond-limit"),)
    return FileRecord(
        source=str(file.source),
        path=file.path,
        size=file.size,
        mtime=file.mtime if file.size == size else UNSETTLED,
        ctime=file.ctime,
        digest=digest_of(diagnostics),
        skip_reason="unreadable",
        diagnostics=diagnostics,
    )
