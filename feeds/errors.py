"""The errors that this package raises, and diagnostics.

FeedsError
├── ConfigError     the configuration is invalid: nothing was done
├── StrictError     a strict run has diagnostics: nothing was published
├── CatalogError    the cache cannot be used: what was published stays published
├── PublishError    the output folder cannot be written: what was published stays published
│   └── LockedError another run publishes into it
├── EmptiedError    the archive held articles and holds none: nothing was done
├── PruneError      pruning would remove every feed: nothing was done
├── HubError        it is unknown what the hub was notified of
├── ServeError      the address cannot be listened on, or nothing is published
├── HostingError    a value cannot be written into a web server's configuration: nothing was written
├── WatchError      the folders of articles cannot be watched
├── ProcessError    a process of the run was killed: what was published stays published
└── OptionsError    the options of a run contradict each other: nothing was done
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence


#: The position of a value in a YAML document: mapping keys and list indexes, outermost first.
Keys = tuple[str | int, ...]

_MAX_QUOTED = 60

#: Credentials in a URL. Those of a store may have slashes, as secrets of S3 do. Text before an `@` without a colon is a
#: token, except in a URL of Azure, where it is a container. The lookbehind keeps the search linear: a scheme is tried
#: only at its first character.
_CREDENTIALS = re.compile(
    r"(https?:[/\\]*)[^/?#@:\s\\]*(?::[^/?#\s]*)?@"
    r"|(?<![a-z0-9+.-])(?!https?:)([a-z0-9+.-]+://)(?!arn:)[^/?#@:\s]*:\S*@"
    r"|(?<![a-z0-9+.-])(?!https?:|abfss?:|az:|adl:|wasbs?:)([a-z0-9+.-]+://)(?!arn:)[^/?#@:\s]+@",
    re.IGNORECASE,
)
#: Secrets in the query or fragment of a URL: parameters whose name is, or ends in, one of these words.
_QUERY_SECRET = re.compile(
    r"""([?&#;](?:(?i:(?:[\w.-]*[_.-])?(?:key|key-pair|token|secret|sig|sign|signature|pass|passwd|password|passphrase|pwd|auth
    |authorization|code|credential|hmac|jwt|policy|session|sid|verifier)(?:[_-]?id)?|apikey)
    |\w*[a-z](?:Key|KeyId|Token|Secret|Signature|Password|Verifier))(?:\[\])?=)['"]?[^&#;\s'"]+""",
    re.VERBOSE,
)

#: A word with an `@`.
_WORD = re.compile(r"(?<!\S)[^\s@]*@\S*")

#: Collections are quoted by kind; the order of a set would not be stable.
_KINDS = ((dict, "a mapping"), (list | tuple, "a list"), (set, "a set"), (bytes, "bytes"))


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A fault found by pure code: the keys of the value, and a message with the value and what was expected.

    `rule` is the id of the broken rule of `feeds check`. It does not count when diagnostics are compared. `body_line`
    is the line of the article's body, from 1, or 0 if the fault is elsewhere.
    """

    keys: Keys
    message: str
    rule: str = field(default="", compare=False)
    body_line: int = 0


@dataclass(frozen=True, slots=True, order=True)
class LocatedDiagnostic:
    """A fault in a file; `str()` gives `path:line: message`. Lines count from 1; 0 is the whole file.

    `rule` is that of a Diagnostic.
    """

    path: str
    line: int
    message: str
    rule: str = field(default="", compare=False)

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


#: The former name, kept for programs that use it.
Mistake = LocatedDiagnostic


def quoted(value: object) -> str:
    """A value in a message: text in quotes and cut if it is long, collections and bytes by their kind."""
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    text = repr(mask_credentials(value) if isinstance(value, str) else value)
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"


def mask_credentials(text: str) -> str:
    """The text with `***` in place of credentials in its URLs."""
    masked = _WORD.sub(lambda word: _masked(word[0]), text) if "@" in text else text
    return _QUERY_SECRET.sub(r"\1***", masked) if "=" in masked else masked


def _masked(word: str) -> str:
    """Mask one word. Only the part before its last `@` is searched, which keeps the search linear."""
    before, at, after = word.rpartition("@")
    return _CREDENTIALS.sub(lambda found: f"{found[1] or found[2] or found[3]}***@", before + at) + after


class FeedsError(Exception):
    """The root of all errors that this package raises on purpose. They can be pickled."""


class _DiagnosticsError(FeedsError):
    def __init__(self, mistakes: Sequence[LocatedDiagnostic]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)

    def __reduce__(self) -> tuple[type[Self], tuple[Sequence[LocatedDiagnostic]]]:
        return type(self), (self.mistakes,)


class ConfigError(_DiagnosticsError):
    """The configuration is invalid; `mistakes` has all its diagnostics."""


class StrictError(_DiagnosticsError):
    """A strict run found `mistakes` in the archive and published nothing."""


class CatalogError(FeedsError):
    """The cache cannot be used: another run uses it, or the disk refuses."""


class PublishError(FeedsError):
    """The output folder cannot be written; `path` is the file or folder, `reason` the message without it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.reason = message

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class LockedError(PublishError):
    """Another run holds the lock of a folder."""


class ProcessError(FeedsError):
    """A process of the run was killed, by someone or for lack of memory."""


class EmptiedError(FeedsError):
    """The published articles are gone. A disk may not be mounted.

    `mistakes` has the diagnostics of articles that exist but were skipped.
    """

    def __init__(self, message: str, mistakes: Sequence[LocatedDiagnostic] = ()) -> None:
        super().__init__(message, mistakes)
        self.mistakes = tuple(mistakes)

    def __str__(self) -> str:
        return str(self.args[0])


class PruneError(FeedsError):
    """There is no article, so pruning would remove every feed. A disk may not be mounted."""


class HubError(FeedsError):
    """It is unknown what the hub was notified of before."""


class ServeError(FeedsError):
    """The address cannot be listened on, or nothing is published."""


class HostingError(FeedsError):
    """A value cannot be written safely into the configuration of a web server."""


class WatchError(FeedsError):
    """The system reports no changes, usually because there are more folders than it may watch."""


class OptionsError(FeedsError, ValueError):
    """An option of a run is unknown, or contradicts another one."""
