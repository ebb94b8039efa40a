"""The archive brought into the catalog: the files that changed are read, and their stories told anew."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from feeds.catalog.records import FileRecord, encode_entry
from feeds.catalog.sqlite import KnownFile
from feeds.content.articles import parse_article
from feeds.content.entries import derive_entries
from feeds.content.files import ArticleFile, TooLargeError, as_read, is_gone, read_file, read_objects
from feeds.digests import digest_of
from feeds.errors import LocatedDiagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feeds.catalog.stories import Touched
    from feeds.config.schema import Source


#: What turns articles into entries, beside our own code.
READING_PACKAGES = ("can_ada", "markdown_it_py", "mdurl", "nh3", "py_yaml12", "python_frontmatter", "pyyaml")

#: A file that changed this many nanoseconds before it was read may change again without a new time; where times are
#: in whole seconds or two, as on a memory card, in these.
_CLOCK_TICK = 20_000_000

_COARSE_TICK = 2_000_000_000

#: The mtime of a file that is to be read again.
UNSETTLED = -1

#: The digest of a file that cannot be read now, and of which is known what it held.
NOT_READ = b""

#: A file that is to be read, and what is known of it.
ChangedFile = tuple[ArticleFile, KnownFile | None]


@dataclass(frozen=True)
class IngestResult:
    """How many articles there are, how many are not what they were, what is wrong with folders, what was touched.

    `emptied` are the folders of the archive that held articles when they were last looked at and hold none. The `epoch`
    counts the runs that touched a story; `before` is what it was before this one.
    """

    articles: int
    changed: int
    mistakes: Sequence[LocatedDiagnostic]
    touched: Touched
    before: int
    epoch: int
    emptied: Sequence[str] = ()


def read_records(changed: Sequence[ChangedFile], source: Source, *, may_be_gone: bool = True) -> list[FileRecord]:
    """What comes of files; those of object stores are fetched together.

    One that is not there is gone only if it `may_be_gone`: on another machine than the one that found it, it may be out
    of reach.
    """
    most = source.limits.bytes
    remote = [file for file, _ in changed if not isinstance(file.root, Path)]
    begun = time.time_ns()
    fetched = read_objects(remote, most) if remote else {}
    return [
        read_record(file, facts, source, may_be_gone=may_be_gone)
        if isinstance(file.root, Path)
        else _outcome(file, facts, source, partial(as_read, file, fetched.get(file), most), begun, may_be_gone)
        for file, facts in changed
    ]


def read_record(file: ArticleFile, facts: KnownFile | None, source: Source, *, may_be_gone: bool = True) -> FileRecord:
    """What comes of a file of this machine; nothing but its digest where that is the one of `facts`."""
    read = partial(read_file, file, source.limits.bytes)
    return _outcome(file, facts, source, read, time.time_ns(), may_be_gone)


def _outcome(
    file: ArticleFile,
    facts: KnownFile | None,
    source: Source,
    read: Callable[[], tuple[bytes, ArticleFile]],
    begun: int,
    may_be_gone: bool,  # private
) -> FileRecord:
    root = str(file.root)
    try:
        content, file = read()
    except OSError as error:
        if may_be_gone and is_gone(file):  # removed meanwhile, which is no mistake
            return _unread(file)
        return _unreadable(file, facts, str(error.strerror))
    except TooLargeError as error:
        return _too_large(file, int(error.args[0]), source)
    digest = _digest(content, file, source)
    mtime = UNSETTLED if _may_change_unseen(file, begun) else file.mtime
    outcome = FileRecord(root=root, path=file.path, size=file.size, mtime=mtime, ctime=file.ctime, digest=digest)
    if facts is not None and facts.digest == digest:
        return outcome
    return _with_entries(outcome, content, file, source)


def _unreadable(file: ArticleFile, facts: KnownFile | None, reason: str) -> FileRecord:
    """What comes of a file that cannot be read: of one that was read before, what it held stays."""
    outcome = _unread(file)
    if facts is not None and facts.size >= 0:
        mistake = LocatedDiagnostic(
            file.label, 0, f"cannot be read: {reason}; what it held before stays", "article-unreadable"
        )
        return msgspec.structs.replace(outcome, digest=NOT_READ, left_out=None, mistakes=(mistake,))
    mistakes = (LocatedDiagnostic(file.label, 0, f"cannot be read: {reason}", "article-unreadable"),)
    return msgspec.structs.replace(outcome, digest=digest_of(mistakes), mistakes=mistakes)


def _unread(file: ArticleFile) -> FileRecord:
    return FileRecord(
        root=str(file.root),
        path=file.path,
        size=-1,
        mtime=UNSETTLED,
        ctime=-1,
        digest=digest_of(()),
        left_out="unreadable",
    )


def _too_large(file: ArticleFile, size: int, source: Source) -> FileRecord:
    """What comes of a file that is larger than it may be, as it was found."""
    there = f"has {size:,} bytes; expected {source.limits.bytes:,} at most (source.limits.bytes); it is left out"
    mistakes = (LocatedDiagnostic(file.label, 0, there, "beyond-limit"),)
    return FileRecord(
        root=str(file.root),
        path=file.path,
        size=file.size,
        mtime=file.mtime if file.size == size else UNSETTLED,
        ctime=file.ctime,
        digest=digest_of(mistakes),
        left_out="unreadable",
        mistakes=mistakes,
    )


def _may_change_unseen(file: ArticleFile, begun: int) -> bool:
    """Whether the file may have changed after it was read, at the time `begun`, and have the same times.

    An object has a version.
    """
    if not isinstance(file.root, Path):
        return False
    changed = max(file.mtime, file.ctime)
    return begun - changed <= (_CLOCK_TICK if changed % 1_000_000_000 else _COARSE_TICK)


def _digest(content: bytes, file: ArticleFile, source: Source) -> bytes:
    """A digest of all that a file's entries are made of; its mtime, in seconds, where that may be their date."""
    return digest_of((content, file.mtime // 1_000_000_000 if source.undated == "file" else None))


def _with_entries(outcome: FileRecord, content: bytes, file: ArticleFile, source: Source) -> FileRecord:
    modified = dt.datetime.fromtimestamp(file.mtime // 1_000_000_000, dt.UTC)
    parsed = parse_article(content, path=file.path, modified=modified, label=file.label, limits=source.limits)
    if parsed.article is None or parsed.source is None:
        return msgspec.structs.replace(outcome, left_out="unreadable", mistakes=parsed.mistakes)
    derived = derive_entries(parsed.article, source)
    if derived.left_out == "unpublished":
        return msgspec.structs.replace(outcome, left_out="unpublished")
    known = {finding.keys for finding in parsed.findings}
    new = [finding for finding in derived.findings if finding.keys not in known]
    return msgspec.structs.replace(
        outcome,
        entries=tuple(map(encode_entry, derived.entries)),
        left_out=derived.left_out,
        mistakes=tuple(sorted((*parsed.mistakes, *parsed.source.locate(new)))),
    )
