"""The output folder judged: its documents read, on all processors, and held against each other."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from feeds.check.documents import compare_documents, judge_copy, judge_document
from feeds.check.judged import About, Judged
from feeds.compression import EXTENSIONS
from feeds.errors import Mistake, PublishError
from feeds.model import INDEX, document_address, scoped_path
from feeds.parallel import processes
from feeds.publish import MANIFEST, is_unfinished, read_manifest
from feeds.settings import ALL_FORMATS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from feeds.parallel import Track
    from feeds.publish import Record

#: Documents judged at a time by a process, and how many make it worth to start some.
_CHUNK = 8
_WORTH_PROCESSES = 6 * _CHUNK

#: A document and its compressed copies.
_Group = tuple["Record", "Sequence[Record]"]


@dataclass(frozen=True)
class JudgedFolder:
    """How many documents were judged, and what is wrong, by the paths below the folder."""

    documents: int
    mistakes: tuple[Mistake, ...]


def judge_folder(output: Path, base_url: str, now: dt.datetime, *, jobs: int, track: Track) -> JudgedFolder:
    """Judge every document that the manifest in `output` lists."""
    try:
        manifest = read_manifest(output)
    except PublishError as error:
        message = str(error).removeprefix(f"{error.path}: ")
        return JudgedFolder(0, (Mistake(MANIFEST, 0, message, "bad-manifest"),))
    if not manifest.documents:
        message = f"there is no manifest in {output}, or an empty one; expected what `feeds regenerate` published"
        return JudgedFolder(0, (Mistake(MANIFEST, 0, message, "bad-manifest"),))
    groups = _groups(manifest.documents)
    judged: dict[str, Judged] = {}
    with processes(jobs if len(groups) >= _WORTH_PROCESSES else 1, _start, output, groups, base_url, now) as map_:
        numbers = iter(track(range(len(groups)), len(groups), "Judging"))
        for chunk in map_(_judge_chunk, iter(lambda: list(islice(numbers, _CHUNK)), [])):
            judged |= {one.path: one for one in chunk}
    mistakes = [mistake for one in judged.values() for mistake in one.mistakes]
    mistakes += compare_documents(manifest, judged, base_url)
    if is_unfinished(output):
        message = "a run is at work, or was stopped; `feeds regenerate` brings it to its end"
        mistakes.append(Mistake(MANIFEST, 0, message, "unfinished-run"))
    return JudgedFolder(len(manifest.documents), tuple(sorted(mistakes)))


def _groups(records: Sequence[Record]) -> list[_Group]:
    """The documents, each with its copies, which are judged by it."""
    originals = {record.path: record for record in records if not record.coding}
    copies: dict[str, list[Record]] = defaultdict(list)
    alone: list[_Group] = []
    for record in records:
        if record.coding:
            path = record.path.removesuffix(EXTENSIONS[record.coding])
            if path in originals:
                copies[path].append(record)
            else:
                alone.append((record, ()))
    return [(record, copies[path]) for path, record in originals.items()] + alone


class _Judge(threading.local):
    """What a process that judges has at hand, or a thread where there is only one process."""

    output: Path
    groups: Sequence[_Group]
    base_url: str
    now: dt.datetime


_judge = _Judge()


def _start(output: Path, groups: Sequence[_Group], base_url: str, now: dt.datetime) -> None:
    """Make this process ready to judge."""
    _judge.output, _judge.groups, _judge.base_url, _judge.now = output, groups, base_url, now


def _judge_chunk(numbers: Sequence[int]) -> list[Judged]:
    return [judged for number in numbers for judged in _judge_group(*_judge.groups[number])]


def _judge_group(record: Record, copies: Sequence[Record]) -> Iterator[Judged]:
    if record.coding:
        message = "is a copy of a document that the manifest does not list; expected that beside it"
        yield Judged(record.path, [Mistake(record.path, 0, message, "bad-manifest")], is_readable=False)
        return
    body = _read(record.path)
    yield body if isinstance(body, Judged) else judge_document(record, body, _about(record))
    for copy in copies:
        packed = _read(copy.path)
        original = None if isinstance(body, Judged) else body
        yield packed if isinstance(packed, Judged) else judge_copy(copy, packed, original)


def _read(path: str) -> bytes | Judged:
    """The bytes of a file, or what is to be said of one that cannot be read."""
    try:
        return (_judge.output / path).read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror}; expected the document that {MANIFEST} lists"
        return Judged(path, [Mistake(path, 0, message, "missing-document")], is_readable=False)


def _about(record: Record) -> About:
    base = _judge.base_url
    address = f"{base}{quote(record.path.removesuffix(INDEX))}"
    for format_ in ALL_FORMATS:
        if record.feed and record.path.endswith(f".{format_}"):
            address = document_address(base, scoped_path(record.feed, record.month), format_)
    return About(record.path, address, base, _judge.now, record.month)
