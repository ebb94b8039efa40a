"""The archive that is published, and the changes that people make to it."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import corpus
from benchmarks.measure import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARK = "benchmark.txt"
_SENTENCE = "\nA sentence that was not there before.\n"
#: Hugo's taxonomies, of which an article has several terms.
_TAXONOMY = re.compile(r"^(topics|publishers):\n((?:  - .*\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Shape:
    """How many articles an archive has, their bytes, and how many of them each term of each taxonomy has."""

    articles: int
    size: int
    terms: dict[str, Counter[str]]


class Archive:
    """The articles below `folder`, the newest of which are the last by their paths.

    What is changed is put right by `restore`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = sorted(folder.rglob("*.md"))
        *_, second, newest = self._files
        self._newest, self._second = newest, second
        self._texts = {path: path.read_text(encoding="utf-8") for path in (newest, second)}

    def shape(self) -> Shape:
        """The content of the archive. All of it is read, so that every tool finds it in the system's cache."""
        size = 0
        terms: dict[str, Counter[str]] = {"topics": Counter(), "publishers": Counter()}
        for path in self._files:
            text = path.read_text(encoding="utf-8")
            size += len(text.encode())
            for taxonomy, lines in _TAXONOMY.findall(text):
                terms[taxonomy].update(line.removeprefix("  - ") for line in lines.splitlines())
        return Shape(len(self._files), size, terms)

    def change(self) -> None:
        """Append a sentence to the newest article, one more each time."""
        with self._newest.open("a", encoding="utf-8") as file:
            file.write(_SENTENCE)

    def remove(self) -> None:
        """Remove the newest article but one."""
        self._second.unlink()

    def add(self) -> None:
        """Add an article: the one that was removed, of which nobody knows any more."""
        self._second.write_text(self._texts[self._second], encoding="utf-8")

    def restore(self) -> None:
        """Make the articles what they were in the beginning."""
        for path, text in self._texts.items():
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")


@contextmanager
def borrowed(folder: Path, articles: int) -> Iterator[Archive]:
    """The archive of that many articles below `folder`, made if it is not there, and left as it was found.

    Its mark says what it holds, but not while it is changed: what a run that was killed leaves is made anew by the next
    one. Raises BenchmarkError where there is a folder of articles without a mark.
    """
    generator = hashlib.sha256(Path(corpus.__file__).read_bytes()).hexdigest()
    mark, said = folder / _MARK, f"{articles} articles, made by the corpus.py of SHA-256 {generator}\n"
    if not mark.exists() and (folder / "articles").exists():
        raise BenchmarkError(f"{folder / 'articles'} was not made by this benchmark; expected a folder that is its own")
    if not mark.exists() or mark.read_text(encoding="utf-8") != said:
        _make(folder, mark, articles)
    mark.write_text("in use\n", encoding="utf-8")
    archive = Archive(folder / "articles")
    try:
        yield archive
    finally:
        archive.restore()
        mark.write_text(said, encoding="utf-8")


def _make(folder: Path, mark: Path, articles: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text("not whole\n", encoding="utf-8")
    shutil.rmtree(folder / "articles", ignore_errors=True)
    corpus.Corpus(articles).write(folder / "articles")
