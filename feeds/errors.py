"""What can go wrong.

FeedsError
├── ConfigError     the configuration is wrong: nothing was done
├── StrictError     mistakes were found and the run was told to be strict: nothing was published
├── CatalogError    the cache cannot be used: what was published stays published
├── PublishError    the output folder could not be written: what was published stays published
├── EmptiedError    the archive held articles and holds none: nothing was done
├── PruneError      pruning would remove everything: nothing was done
├── HubError        it is not known what the hub was told
├── ServeError      the address to serve at cannot be had, or there is nothing to serve
├── HostingError    a value cannot be written into a web server's configuration: nothing was written
├── WatchError      the folders of articles cannot be watched
└── ProcessError    a process of the run was killed: what was published stays published
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence


#: Where a value stands in a YAML document: mapping keys and list indexes, outermost first.
Keys = tuple[str | int, ...]

_LONGEST_SHOWN = 60

#: What an address has before the `@`, of a store also where the secret has slashes in it, as those of S3 have.
#:
#: A scheme is looked for where it begins only, not again at each of its characters.
_CREDENTIALS = re.compile(
    r"(https?://)[^/?#@:\s]*:[^/?#\s]*@|(?<![a-z0-9+.-])(?!https?:)([a-z0-9+.-]+://)(?!arn:)[^/?#@:\s]*:\S*@",
    re.IGNORECASE,
)

#: A text without spaces that holds an `@`.
_WORD = re.compile(r"(?<!\S)[^\s@]*@\S*")

#: A set has no order that stays the same.
_KINDS = ((dict, "a mapping"), (list | tuple, "a list"), (set, "a set"), (bytes, "bytes"))


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A mistake as the pure code sees it: at which keys, what is there and what was expected.

    `rule` is the id of the rule of `feeds check` that it is against; two findings are the same whatever that is.
    """

    keys: Keys
    message: str
    rule: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, order=True)
class LocatedDiagnostic:
    """A mistake as a person sees it; `str()` gives `path:line: message`. Lines count from 1, 0 is the whole file.

    `rule` is that of a Finding.
    """

    path: str
    line: int
    message: str
    rule: str = field(default="", compare=False)

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


#: The public name until version 0.1.0.
Mistake = LocatedDiagnostic


def quoted(value: object) -> str:
    """A value as a message shows it: a text in quotes, a long one cut; what holds others, or bytes, by its kind."""
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    text = repr(mask_credentials(value) if isinstance(value, str) else value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def mask_credentials(text: str) -> str:
    """The text with `***` in place of the name and the secret that addresses in it may have before an `@`."""
    return _WORD.sub(lambda word: _masked(word[0]), text) if "://" in text else text


def _masked(word: str) -> str:
    """The same of one word: an `@` is looked for only before its last one, not to the end of the text in vain."""
    before, at, after = word.rpartition("@")
    return _CREDENTIALS.sub(lambda found: f"{found[1] or found[2]}***@", before + at) + after


class FeedsError(Exception):
    """The root of all errors that this package raises on purpose. They can go from one process to another."""


class _DiagnosticsError(FeedsError):
    def __init__(self, mistakes: Sequence[LocatedDiagnostic]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)

    def __reduce__(self) -> tuple[type[Self], tuple[Sequence[LocatedDiagnostic]]]:
        return type(self), (self.mistakes,)


class ConfigError(_DiagnosticsError):
    """The configuration cannot be used; `mistakes` lists everything that is wrong with it."""


class StrictError(_DiagnosticsError):
    """A strict run met `mistakes` in the archive and published nothing."""


class CatalogError(FeedsError):
    """The cache cannot be used, because another run uses it or the disk refuses."""


class PublishError(FeedsError):
    """The output folder cannot be written as asked; `path` is the file or folder that it is about."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self._message = message

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.path, self._message)


class ProcessError(FeedsError):
    """A process of the run was killed, by somebody or because there was not enough memory."""


class EmptiedError(FeedsError):
    """Of articles that are published none is left: their folder may be of a disk that is not mounted.

    `mistakes` are those that left them out, where they are there.
    """

    def __init__(self, message: str, mistakes: Sequence[LocatedDiagnostic] = ()) -> None:
        super().__init__(message, mistakes)
        self.mistakes = tuple(mistakes)

    def __str__(self) -> str:
        return str(self.args[0])


class PruneError(FeedsError):
    """There is no article: pruning would remove every feed, and the folders may be of a disk that is not mounted."""


class HubError(FeedsError):
    """The hub is to be told of what changed, and it is not known what it was told before."""


class ServeError(FeedsError):
    """The address to serve at cannot be had, or there is nothing to serve."""


class HostingError(FeedsError):
    """A value cannot be written into the configuration of a web server so that it stays a value."""


class WatchError(FeedsError):
    """The system does not tell of changes, mostly because it is asked to watch more folders than it may."""
