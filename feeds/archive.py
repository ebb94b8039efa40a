"""The archive brought into the catalog: the files that changed are read, and their stories told anew."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from feeds.articles import parse_article
from feeds.catalog import FileFacts, FileOutcome, digest_of, encode_entry, folder_of
from feeds.entries import derive_entries
from feeds.errors import Mistake
from feeds.files import ArticleFile, TooLargeError, as_read, find_articles, is_gone, read_file, read_objects
from feeds.parallel import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from feeds.catalog import Catalog, Folder, Teller, Touched
    from feeds.files import ArticleFolder
    from feeds.membership import Rules
    from feeds.parallel import Map, Track
    from feeds.settings import Config, Source

#: What turns articles into entries, beside our own code.
READERS = ("can_ada", "markdown_it_py", "mdurl", "nh3", "py_yaml12", "python_frontmatter", "pyyaml")
#: Files read at a time by a process, and how many make it worth to start some.
_CHUNK = 64
_WORTH_PROCESSES = 4 * _CHUNK
#: A file that changed this many nanoseconds before it was read may change again without a new time; where times are
#: in whole seconds or two, as on a memory card, in these.
_CLOCK_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000
#: The mtime of a file that is to be read again.
UNSETTLED = -1
#: The digest of a file that cannot be read now, and of which is known what it held.
NOT_READ = b""


_Changed = tuple[ArticleFile, FileFacts | None]

_encoder = msgspec.msgpack.Encoder()
_outcomes_decoder = msgspec.msgpack.Decoder(list[FileOutcome])


@dataclass(frozen=True)
class Refreshed:
    """How many articles there are, how many are not what they were, what is wrong with folders, what was touched.

    `emptied` are the folders of the archive that held articles when they were last looked at and hold none. The `epoch`
    counts the runs that touched a story; `before` is what it was before this one.
    """

    articles: int
    changed: int
    mistakes: Sequence[Mistake]
    touched: Touched
    before: int
    epoch: int
    emptied: Sequence[str] = ()


def refresh(catalog: Catalog, config: Config, rules: Rules, now: dt.datetime, *, jobs: int, track: Track) -> Refreshed:
    """Bring the catalog up to what the article folders hold at the time `now`."""
    folders, mistakes = find_articles(config.articles)
    found = _compare(catalog, folders)
    emptied = [str(root) for root in config.articles if str(root) in found.emptied]
    changed = found.changed
    then = catalog.state("now")
    teller = catalog.teller(rules, now)
    articles_changed = len(found.gone)
    for key in found.gone:
        teller.remove_file(key)
    if then is not None:
        teller.look_at(catalog.changing_ids(min(now, then)))
    with processes(jobs if len(changed) >= _WORTH_PROCESSES else 1, _start_reading, changed, config.source) as map_:
        for outcome, facts in _read_all(changed, map_, track):
            articles_changed += _keep(catalog, teller, outcome, facts)
            if outcome.mtime == UNSETTLED:
                found.listings[folder_of(outcome.root, outcome.path)] = b""
    teller.finish()
    catalog.note_folders(found.listings)
    if then is not None and catalog.state("rules") != rules.digest:
        teller.tell_anew(catalog.all_ids())
    catalog.set_state("rules", rules.digest)
    catalog.set_state("now", now)
    before = catalog.state("epoch") or 0
    epoch = before + bool(teller.touched.stories)
    catalog.set_state("epoch", epoch)
    return Refreshed(found.articles, articles_changed, mistakes, teller.touched, before, epoch, emptied)


@dataclass
class _Found:
    """What is not as the catalog knows it: files, the keys of those that are gone, and the listings of folders."""

    articles: int = 0
    changed: list[_Changed] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    listings: dict[Folder, bytes] = field(default_factory=dict)
    emptied: set[str] = field(default_factory=set)


def _compare(catalog: Catalog, folders: Iterable[ArticleFolder]) -> _Found:
    """Compare the files with the catalog, folder by folder: where the listings are the same, nothing changed.

    What was in a folder that cannot be read stays: it may be a disk that is not mounted, or somebody's mistake.
    """
    known = catalog.folders()
    there = {(str(folder.root), folder.path): folder for folder in folders}
    closed = {key for key, folder in there.items() if folder.is_unreadable}
    found = _Found()
    for key, folder in there.items():
        if key in closed:
            continue
        found.articles += len(folder.files)
        listing = digest_of(folder.files)
        if listing != known.get(key):
            _look_into(catalog, key, folder, found)
            found.listings[key] = listing
    for key in sorted(known.keys() - (there.keys() - closed)):
        if any(_is_within(key, folder) for folder in closed):
            found.articles += len(catalog.files(key))
        else:
            found.gone += [facts.key for facts in catalog.files(key).values()]
            found.listings[key] = b""
    found.emptied = {*catalog.former_roots, *(root for root, _ in known)} - {root for root, _ in there}
    return found


def _look_into(catalog: Catalog, key: Folder, folder: ArticleFolder, found: _Found) -> None:
    """Note the files of a folder that changed or are gone."""
    facts_of = catalog.files(key)
    for file in map(folder.file, folder.files):
        facts = facts_of.pop(file.path, None)
        if not _is_known(file, facts):
            found.changed.append((file, facts))
    found.gone += [facts.key for facts in facts_of.values()]


def _is_within(folder: Folder, other: Folder) -> bool:
    """Whether a folder is another one, or below it."""
    (root, path), (other_root, other_path) = folder, other
    return root == other_root and (not other_path or path == other_path or path.startswith(f"{other_path}/"))


def _is_known(file: ArticleFile, facts: FileFacts | None) -> bool:
    known = facts and facts.mtime != UNSETTLED and (facts.size, facts.mtime, facts.ctime)
    return known == (file.size, file.mtime, file.ctime)


def _keep(catalog: Catalog, teller: Teller, outcome: FileOutcome, facts: FileFacts | None) -> bool:
    """Put what came of a file into the catalog; whether it is new or other than before."""
    if facts is not None:
        if outcome.digest == NOT_READ:
            catalog.note_unread_file(facts.key, outcome)
            return False
        if facts.digest == outcome.digest:
            catalog.note_touched_file(facts.key, outcome)
            return False
        teller.remove_file(facts.key)
    teller.add_file(outcome)
    return True


def _read_all(changed: Sequence[_Changed], map_: Map, track: Track) -> Iterator[tuple[FileOutcome, FileFacts | None]]:
    """What comes of the files, in their order. Only their numbers are sent to the processes that read."""
    numbers = iter(track(range(len(changed)), len(changed), "Reading"))
    chunks = iter(lambda: list(islice(numbers, _CHUNK)), [])
    outcomes = chain.from_iterable(map(_outcomes_decoder.decode, map_(_read_chunk, chunks)))
    for outcome, (_, facts) in zip(outcomes, changed, strict=True):
        yield outcome, facts


class _Reader(threading.local):
    """What a process that reads has at hand, or a thread where there is only one process."""

    changed: Sequence[_Changed]
    source: Source


_reader = _Reader()


def _start_reading(changed: Sequence[_Changed], source: Source) -> None:
    """Make this process ready to read."""
    _reader.changed = changed
    _reader.source = source


def _read_chunk(numbers: Sequence[int]) -> bytes:
    """What comes of the files with these numbers, encoded: that takes a fifth of the time of pickling."""
    changed = [_reader.changed[number] for number in numbers]
    return _encoder.encode(read_outcomes(changed, _reader.source))


def read_outcomes(changed: Sequence[_Changed], source: Source, *, may_be_gone: bool = True) -> list[FileOutcome]:
    """What comes of files; those of object stores are fetched together.

    One that is not there is gone only if it `may_be_gone`: on another machine than the one that found it, it may be out
    of reach.
    """
    most = source.limits.bytes
    remote = [file for file, _ in changed if not isinstance(file.root, Path)]
    begun = time.time_ns()
    fetched = read_objects(remote, most) if remote else {}
    return [
        read_outcome(file, facts, source, may_be_gone=may_be_gone)
        if isinstance(file.root, Path)
        else _outcome(file, facts, source, partial(as_read, file, fetched.get(file), most), begun, may_be_gone)
        for file, facts in changed
    ]


def read_outcome(
    file: ArticleFile, facts: FileFacts | None, source: Source, *, may_be_gone: bool = True
) -> FileOutcome:
    """What comes of a file of this machine; nothing but its digest where that is the one of `facts`."""
    read = partial(read_file, file, source.limits.bytes)
    return _outcome(file, facts, source, read, time.time_ns(), may_be_gone)


def _outcome(
    file: ArticleFile,
    facts: FileFacts | None,
    source: Source,
    read: Callable[[], tuple[bytes, ArticleFile]],
    begun: int,
    may_be_gone: bool,  # private
) -> FileOutcome:
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
    outcome = FileOutcome(root=root, path=file.path, size=file.size, mtime=mtime, ctime=file.ctime, digest=digest)
    if facts is not None and facts.digest == digest:
        return outcome
    return _with_entries(outcome, content, file, source)


def _unreadable(file: ArticleFile, facts: FileFacts | None, reason: str) -> FileOutcome:
    """What comes of a file that cannot be read: of one that was read before, what it held stays."""
    outcome = _unread(file)
    if facts is not None and facts.size >= 0:
        mistake = Mistake(file.label, 0, f"cannot be read: {reason}; what it held before stays", "article-unreadable")
        return msgspec.structs.replace(outcome, digest=NOT_READ, left_out=None, mistakes=(mistake,))
    mistakes = (Mistake(file.label, 0, f"cannot be read: {reason}", "article-unreadable"),)
    return msgspec.structs.replace(outcome, digest=digest_of(mistakes), mistakes=mistakes)


def _unread(file: ArticleFile) -> FileOutcome:
    return FileOutcome(
        root=str(file.root),
        path=file.path,
        size=-1,
        mtime=UNSETTLED,
        ctime=-1,
        digest=digest_of(()),
        left_out="unreadable",
    )


def _too_large(file: ArticleFile, size: int, source: Source) -> FileOutcome:
    """What comes of a file that is larger than it may be, as it was found."""
    there = f"has {size:,} bytes; expected {source.limits.bytes:,} at most (source.limits.bytes); it is left out"
    mistakes = (Mistake(file.label, 0, there, "beyond-limit"),)
    return FileOutcome(
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
    digest = hashlib.sha256(content)
    if source.undated == "file":
        digest.update(str(file.mtime // 1_000_000_000).encode())
    return digest.digest()[:16]


def _with_entries(outcome: FileOutcome, content: bytes, file: ArticleFile, source: Source) -> FileOutcome:
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
