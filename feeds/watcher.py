"""Publishing again after each change: a run at the start, one for each burst of saves, and one with each minute.

There is also one when an entry is due. The run of the minute is for what else no save tells: a window of `newer_than`
that moved on, a document that somebody removed, a hub that could not be told, and a change that the watcher could not
see, as on a network file system. A run that finds nothing to do is cheap. The folders are watched anew with each
minute, too. A hub that could not be told is left alone for a minute, then for two, and so on up to an hour.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import watchfiles
from watchfiles import Change

from feeds.build import Report, regenerate
from feeds.config.loader import file_facts, load_config
from feeds.content.discovery import EXTENSIONS
from feeds.errors import ConfigError, FeedsError, PublishError, StrictError, WatchError
from feeds.progress import untracked
from feeds.storage.addresses import is_address

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from watchfiles.main import FileChange

    from feeds.content.files import Root
    from feeds.progress import Track
    from feeds.websub.hub import HubReport


#: Why there was a run. `time`: an entry was due, or it was time to look again.
Cause = Literal["start", "articles", "configuration", "time"]

#: Milliseconds: a burst is over when a step brought no further change, and taken as it is when it has lasted this long.
_STEP = 50

_LONGEST_BURST = 800

#: Milliseconds between two looks at every file, where the system does not tell of changes.
_POLL = 500

#: Seconds between two looks at the configuration, where there is nothing to watch.
_IDLE = 0.25

#: Seconds, the second after an error that may pass by itself.
_MINUTE = 60

_RETRY = 5

_LONGEST_PATIENCE = 3_600

#: On Linux each folder is watched by itself, so only those are named that may hold articles, and no link is followed.
_NAMES_FOLDERS = sys.platform == "linux"


@dataclass(frozen=True)
class Watching:
    """What is watched from now on."""

    config: Path
    folders: tuple[Root, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a run or, if it is an error, why there was none or the configuration was not taken over."""

    cause: Cause
    result: Report | FeedsError


def watch(
    config_path: Path | str,
    *,
    output: Path | str | None = None,
    cache: Path | str | None = None,
    full: bool = False,
    strict: bool = False,
    ping: bool = True,
    probe: bool = True,
    allow_empty: bool = False,
    jobs: int | None = None,
    track: Track = untracked,
) -> Iterator[Watching | Outcome]:
    """Publish now and after each change, without end; the options are those of `regenerate`, `full` for the first run.

    A configuration that changed is loaded anew; one that is wrong is not taken over. While a folder of articles is
    missing, nothing is published. Raises ConfigError if the configuration is wrong at the start, and WatchError if
    changes can be seen in no way.
    """
    site = _WatchedSite(Path(config_path), output, cache)
    publish = partial(
        regenerate,
        output=output,
        cache=cache,
        strict=strict,
        probe=probe,
        allow_empty=allow_empty,
        jobs=jobs,
        track=track,
    )
    run = _PublishRun(site, publish, full=full, ping=ping)
    folders = None
    polling = None  # as the environment says
    cause: Cause = "start"
    while True:
        if folders != site.config.articles:
            folders = site.config.articles
            yield Watching(site.path, folders)
        try:
            cause = yield from _session(site, run, cause, polling=polling)
        except WatchError as error:
            if polling:
                raise
            polling = True
            yield Outcome(cause, error)
            continue
        cause = site.load(cause)
        if site.error:
            yield Outcome(cause, site.error)
            cause = "time"


def _session(
    site: _WatchedSite, run: _PublishRun, cause: Cause, *, polling: bool | None
) -> Generator[Outcome, None, Cause]:
    """Run once, and after each burst, until the folders are to be watched anew; why they are."""
    is_first = True
    alarm = _Alarm(None)
    for changes in _bursts(site.folders(), polling=polling):
        relevant = [change for change in changes if site.matters(*change)]
        has_new_folder = any(change == Change.added and Path(path).is_dir() for change, path in relevant)
        if is_first or (relevant and not has_new_folder):
            result = run()
            if result:
                yield Outcome(cause, result)
            alarm = _Alarm(site.error or result)
            is_first = False
            cause = "articles"
        if site.is_altered():
            return "configuration"
        if has_new_folder:
            return "articles"
        if alarm.is_due():
            return "time"
    return "articles"


def _bursts(folders: Iterable[str], *, polling: bool | None) -> Iterator[set[FileChange]]:
    """The changes of each burst, and an empty set after each step without any.

    Ends where the watcher does: when a folder is gone, or something has a name that it cannot tell. Raises WatchError
    where it does not begin.
    """
    folders = list(folders)
    if not folders:  # what lies in object stores only, of which nobody tells
        while True:
            yield set()
            time.sleep(_IDLE)
    has_begun = False
    try:
        for changes in watchfiles.watch(
            *folders,
            watch_filter=None,
            debounce=_LONGEST_BURST,
            step=_STEP,
            rust_timeout=1,
            yield_on_timeout=True,
            force_polling=polling,
            poll_delay_ms=_POLL,
            recursive=not _NAMES_FOLDERS,
            ignore_permission_denied=True,
        ):
            has_begun = True
            yield changes
    except FileNotFoundError:
        time.sleep(_STEP / 1000)
    except (OSError, RuntimeError, ValueError) as error:
        if not has_begun:
            reason = str(error).partition(" (Error")[0]
            raise WatchError(f"the folders of articles cannot be watched: {reason}") from error


class _Alarm:
    """When to look again although nothing is saved: with the next minute, when an entry is due, soon after an error."""

    def __init__(self, result: Report | FeedsError | None) -> None:
        self._set = time.time()
        self._due = (self._set // _MINUTE + 1) * _MINUTE
        if isinstance(result, Report) and result.next_due:
            self._due = min(self._due, result.next_due.timestamp())
        elif isinstance(result, FeedsError) and not isinstance(result, StrictError):  # mistakes do not go by themselves
            self._due = min(self._due, self._set + _RETRY)

    def is_due(self) -> bool:
        """Whether the time has come, or the clock was set back."""
        return not self._set <= time.time() < self._due


class _Patience:
    """How long a hub is left alone that could not be told: no save is to wait for it, and it may be down for days."""

    def __init__(self) -> None:
        self._pause = 0.0
        self._until = 0.0
        self._reason: str | None = None

    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def note(self, hub: HubReport, *, was_told: bool) -> HubReport:
        """Take in what came of a run; the report, which has the reason also where the hub was left alone."""
        if not hub.waiting:
            self._pause = self._until = 0.0
        elif was_told:
            self._pause = min(max(2 * self._pause, _MINUTE), _LONGEST_PATIENCE)
            self._until = time.monotonic() + self._pause
            self._reason = hub.reason
        else:
            return msgspec.structs.replace(hub, reason=self._reason)
        return hub


class _PublishRun:
    """A run over what a site is at the time."""

    def __init__(self, site: _WatchedSite, run: Callable[..., Report], *, full: bool, ping: bool) -> None:
        self._site = site
        self._run = run
        self._full = full
        self._pings = ping
        self._hub = _Patience()

    def __call__(self) -> Report | FeedsError | None:
        """What came of it; None where a folder is missing, which must not empty the feeds."""
        if not self._site.has_all_folders():
            return None
        tells = self._pings and self._hub.is_over()
        try:
            report = self._run(self._site.config, full=self._full, ping=tells)
        except FeedsError as error:
            return error
        except OSError as error:
            return PublishError(str(error.filename), f"cannot be used: {error.strerror}")
        self._full = False
        if self._pings and report.hub:
            return msgspec.structs.replace(report, hub=self._hub.note(report.hub, was_told=tells))
        return report


class _WatchedSite:
    """The configuration in force, and which changes matter to it."""

    def __init__(self, path: Path, output: Path | str | None, cache: Path | str | None) -> None:
        self.path = path
        self.error: ConfigError | None = None
        file = file_facts(path)
        self.config = load_config(path)
        self._loaded = self._last = (file, *self._folder_facts())
        local = None if is_address(str(output)) else output
        self._output = Path(local or self.config.default_output).resolve()
        self._catalog = Path(cache or self.config.default_cache).resolve() / f"{self.config.path.stem}.sqlite"

    def load(self, cause: Cause) -> Cause:
        """Load the configuration anew because of `cause`; what the cause was. One that is wrong is not taken over."""
        before, was_wrong = self.config, self.error is not None
        file = file_facts(self.path)
        try:
            self.config, self.error = load_config(self.path), None
        except ConfigError as error:
            self.error = error
        self._loaded = self._last = (file, *self._folder_facts())
        if self.error:
            return cause
        if was_wrong or self.config != before:
            return "configuration"
        return "articles" if cause == "configuration" else cause

    def is_altered(self) -> bool:
        """Whether the configuration or its folders are others than when it was loaded, and the same as a call ago."""
        before, self._last = self._last, (file_facts(self.path), *self._folder_facts())
        return before == self._last != self._loaded

    def has_all_folders(self) -> bool:
        return None not in self._folder_facts()

    def folders(self) -> list[str]:
        """The folders to watch."""
        if not _NAMES_FOLDERS:
            return [str(root) for root in self.config.local_articles if root.is_dir()]
        found = []
        for root in self.config.local_articles:
            for folder, names, _ in os.walk(root):
                names[:] = [name for name in names if self._may_hold_articles(Path(folder, name))]
                found.append(folder)
        return found

    def _may_hold_articles(self, folder: Path) -> bool:
        """As `find_articles` sees it: hidden folders are passed over, and files whose path is not UTF-8 left out."""
        is_utf8 = folder.name == folder.name.encode(errors="replace").decode()
        return is_utf8 and not folder.name.startswith(".") and not self._is_ours(folder)

    def matters(self, change: Change, path: str) -> bool:
        """Whether a change is one of an article, or of a folder that may hold some."""
        place = Path(path)
        root = next((root for root in self.config.local_articles if place.is_relative_to(root)), None)
        if root is None or any(part.startswith(".") for part in place.relative_to(root).parts):
            return False
        if path.lower().endswith(EXTENSIONS):
            return True
        # of something that is gone nobody knows whether it was a folder
        return change != Change.modified and not self._is_ours(place) and (change == Change.deleted or place.is_dir())

    def _is_ours(self, place: Path) -> bool:
        """Whether a run made it: part of an output folder inside one of articles, or of the catalog."""
        is_output = place.is_relative_to(self._output) and not any(
            root.is_relative_to(self._output) for root in self.config.local_articles
        )
        return is_output or str(place).startswith(str(self._catalog))

    def _folder_facts(self) -> tuple[tuple[int, int] | None, ...]:
        """What tells that a folder, or what a link in its path leads to, is another; None where there is none."""
        return tuple(
            _folder_facts(self.config.path.parent / name)
            for name in self.config.source.articles
            if not is_address(name)
        )


def _folder_facts(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return (facts.st_dev, facts.st_ino) if stat.S_ISDIR(facts.st_mode) else None
