"""Watching: publish at the start, after each burst of saves, when an entry is due, and once a minute.

The run of each minute is for everything that no save announces: a window of `newer_than` that moved, a removed
document, a hub that failed, and changes that the watcher cannot see, as on a network file system. A run with nothing to
do is cheap. The folders are watched again from then on, too. A hub that fails is notified again after one minute, then
two, and so on up to an hour.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import msgspec
import watchfiles
from watchfiles import Change

from feeds.build import Report, regenerate
from feeds.config.loader import file_version, load_config
from feeds.content.discovery import EXTENSIONS
from feeds.errors import ConfigError, FeedsError, OptionsError, PublishError, StrictError, WatchError
from feeds.run import RunKeywords, RunOptions, merge_options
from feeds.storage.addresses import is_address
from feeds.storage.names import display_path, is_utf8

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from watchfiles.main import FileChange

    from feeds.storage.sources import Source
    from feeds.websub.hub import HubReport

#: The reason of a run. `time`: an entry was due, or a minute has passed.
Cause = Literal["start", "articles", "configuration", "time"]

#: On Linux each folder is watched by itself, so that hidden folders cost no watch and links are not followed.
_WATCHES_EACH_FOLDER = sys.platform == "linux"


@dataclass(frozen=True, kw_only=True)
class WatchTimings:
    """How long watching waits.

    A burst ends after a step of `step` milliseconds without a change, or after `max_burst`. Where the system reports no
    changes, files are compared every `poll` milliseconds. `idle` seconds pass between looks at the configuration if
    there is nothing to watch. A run follows every `minute` (seconds), and `retry` seconds after an error that may pass.
    A failing hub is left alone for `max_hub_pause` seconds at most.
    """

    step: int = 50
    max_burst: int = 800
    poll: int = 500
    idle: float = 0.25
    minute: float = 60
    retry: float = 5
    max_hub_pause: float = 3_600


DEFAULT_TIMINGS = WatchTimings()


@dataclass(frozen=True)
class Watching:
    """The configuration and the folders that are watched from now on."""

    config: Path
    folders: tuple[Source, ...]


@dataclass(frozen=True)
class Outcome:
    """The report of a run, or the error that ended it or makes the changed configuration invalid."""

    cause: Cause
    result: Report | FeedsError


def watch(
    config_path: Path | str,
    options: RunOptions | None = None,
    /,
    *,
    timings: WatchTimings | None = None,
    **changes: Unpack[RunKeywords],
) -> Iterator[Watching | Outcome]:
    """Publish now and after each change, without end; `changes` are fields of RunOptions, `full` is for the first run.

    A changed configuration is loaded again, and ignored while it is invalid. While a folder of articles is missing,
    nothing is published. Raises ConfigError if the configuration is invalid at the start, WatchError if the system
    reports no changes and polling fails, and OptionsError for options of a single run: `now`, `dry_run`, a cluster.
    """
    options = merge_options(options, changes)
    if options.now or options.dry_run or options.engine != "local":
        raise OptionsError("watch() follows the clock and publishes; expected no now, no dry_run and engine='local'")
    timings = timings or DEFAULT_TIMINGS
    site = WatchedSite(Path(config_path), options)
    run = _PublishRun(site, options, timings)
    folders = None
    polling = None  # as the environment says
    cause: Cause = "start"
    while True:
        if folders != site.config.articles:
            folders = site.config.articles
            yield Watching(site.path, folders)
        try:
            cause = yield from _session(site, run, cause, timings, polling=polling)
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


def watch_folders(folders: Iterable[str], timings: WatchTimings, *, polling: bool | None) -> Iterator[set[FileChange]]:
    """Yield the changes of each burst, and an empty set after each step without a change.

    Ends when the watcher does: when a folder is removed, or a file has a name that it cannot report. Raises WatchError
    if it cannot start.
    """
    folders = list(folders)
    if not folders:  # only object stores, which report no changes
        while True:
            yield set()
            time.sleep(timings.idle)
    has_started = False
    try:
        for changes in watchfiles.watch(
            *folders,
            watch_filter=None,
            debounce=timings.max_burst,
            step=timings.step,
            rust_timeout=1,
            yield_on_timeout=True,
            force_polling=polling,
            poll_delay_ms=timings.poll,
            recursive=not _WATCHES_EACH_FOLDER,
            ignore_permission_denied=True,
        ):
            has_started = True
            yield changes
    except FileNotFoundError:
        time.sleep(timings.step / 1000)
    except (OSError, RuntimeError, ValueError) as error:
        if not has_started:
            reason = str(error).partition(" (Error")[0]
            raise WatchError(f"the folders of articles cannot be watched: {reason}") from error


def _session(
    site: WatchedSite, run: _PublishRun, cause: Cause, timings: WatchTimings, *, polling: bool | None
) -> Generator[Outcome, None, Cause]:
    """Run once, and after each burst, until the folders must be watched again; return why."""
    is_first = True
    alarm = Alarm(None, timings)
    for changes in watch_folders(site.folders(), timings, polling=polling):
        relevant = [change for change in changes if site.is_relevant(*change)]
        has_new_folder = any(change == Change.added and Path(path).is_dir() for change, path in relevant)
        if is_first or (relevant and not has_new_folder):
            result = run()
            if result:
                yield Outcome(cause, result)
            alarm = Alarm(site.error or result, timings)
            is_first = False
            cause = "articles"
        if site.has_changed():
            return "configuration"
        if has_new_folder:
            return "articles"
        if alarm.is_due():
            return "time"
    return "articles"


class Alarm:
    """The time of the next run without a save: the next minute, when an entry is due, or soon after an error."""

    def __init__(self, result: Report | FeedsError | None, timings: WatchTimings) -> None:
        self._set = time.time()
        self._due = (self._set // timings.minute + 1) * timings.minute
        if isinstance(result, Report) and result.next_due:
            self._due = min(self._due, result.next_due.timestamp())
        elif isinstance(result, FeedsError) and not isinstance(result, StrictError):  # diagnostics do not pass
            self._due = min(self._due, self._set + timings.retry)

    def is_due(self) -> bool:
        """Whether the time has come, or the clock was set back."""
        return not self._set <= time.time() < self._due


class _HubBackoff:
    """How long a failing hub is left alone: no save should wait for it, and it may be down for days."""

    def __init__(self, timings: WatchTimings) -> None:
        self._timings = timings
        self._pause = 0.0
        self._until = 0.0
        self._reason: str | None = None

    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def add(self, report: HubReport, *, was_notified: bool) -> HubReport:
        """Add the report of a run; return it with the last reason if the hub was left alone."""
        if not report.waiting:
            self._pause = self._until = 0.0
        elif was_notified:
            self._pause = min(max(2 * self._pause, self._timings.minute), self._timings.max_hub_pause)
            self._until = time.monotonic() + self._pause
            self._reason = report.reason
        else:
            return msgspec.structs.replace(report, reason=self._reason)
        return report


class _PublishRun:
    """A run over the current state of a site."""

    def __init__(self, site: WatchedSite, options: RunOptions, timings: WatchTimings) -> None:
        self._site = site
        self._options = options
        self._hub = _HubBackoff(timings)

    def __call__(self) -> Report | FeedsError | None:
        """The report or the error of a run; None if a folder is missing, which must not empty the feeds."""
        if not self._site.has_all_folders():
            return None
        notifies = self._options.ping and self._hub.is_over()
        try:
            report = regenerate(self._site.config, replace(self._options, ping=notifies))
        except FeedsError as error:
            return error
        except OSError as error:
            path = display_path(str(error.filename)) if error.filename else str(self._site.config.default_output)
            return PublishError(path, f"cannot be used: {error.strerror or error}")
        if self._options.full:
            self._options = replace(self._options, full=False)
        if self._options.ping and report.hub:
            return msgspec.structs.replace(report, hub=self._hub.add(report.hub, was_notified=notifies))
        return report


class WatchedSite:
    """The valid configuration, and which changes matter to it."""

    def __init__(self, path: Path, options: RunOptions) -> None:
        self.path = path
        self.error: ConfigError | None = None
        file = file_version(path)
        self.config = load_config(path)
        self._loaded = self._last = (file, *self._folder_identities())
        local_output = None if is_address(str(options.output)) else options.output
        self._output = Path(local_output or self.config.default_output).resolve()
        cache = Path(options.cache or self.config.default_cache).resolve()
        self._catalog = cache / f"{self.config.path.stem}.sqlite"

    def load(self, cause: Cause) -> Cause:
        """Load the configuration again because of `cause`, and return the actual cause. An invalid one is ignored."""
        before, was_invalid = self.config, self.error is not None
        file = file_version(self.path)
        try:
            self.config, self.error = load_config(self.path), None
        except ConfigError as error:
            self.error = error
        self._loaded = self._last = (file, *self._folder_identities())
        if self.error:
            return cause
        if was_invalid or self.config != before:
            return "configuration"
        return "articles" if cause == "configuration" else cause

    def has_changed(self) -> bool:
        """Whether the configuration or its folders differ from when it was loaded, and not from the last call."""
        before, self._last = self._last, (file_version(self.path), *self._folder_identities())
        return before == self._last != self._loaded

    def has_all_folders(self) -> bool:
        return None not in self._folder_identities()

    def folders(self) -> list[str]:
        """The folders to watch."""
        if not _WATCHES_EACH_FOLDER:
            return [str(root) for root in self._roots if root.is_dir()]
        found = []
        for root in self._roots:
            for folder, names, _ in os.walk(root):
                names[:] = [name for name in names if self._may_hold_articles(Path(folder, name))]
                found.append(folder)
        return found

    def is_relevant(self, change: Change, path: str) -> bool:
        """Whether a change is one of an article, or of a folder that may hold articles."""
        changed = Path(path)
        root = next((root for root in self._roots if changed.is_relative_to(root)), None)
        if root is None or any(part.startswith(".") for part in changed.relative_to(root).parts):
            return False
        if path.lower().endswith(EXTENSIONS):
            return True
        # Nobody knows whether something that was removed was a folder.
        is_folder = change == Change.deleted or changed.is_dir()
        return change != Change.modified and not self._is_ours(changed) and is_folder

    @property
    def _roots(self) -> list[Path]:
        """The folders of articles on this machine."""
        return [source.local_path for source in self.config.articles if source.local_path]

    def _may_hold_articles(self, folder: Path) -> bool:
        """Whether `find_articles` lists a folder."""
        return is_utf8(folder.name) and not folder.name.startswith(".") and not self._is_ours(folder)

    def _is_ours(self, path: Path) -> bool:
        """Whether a run wrote it: an output folder inside one of articles, or the catalog."""
        is_output = path.is_relative_to(self._output) and not any(
            root.is_relative_to(self._output) for root in self._roots
        )
        return is_output or str(path).startswith(str(self._catalog))

    def _folder_identities(self) -> tuple[tuple[int, int] | None, ...]:
        """The device and inode of each folder of articles, which differ if a link leads elsewhere; None if missing."""
        folder = self.config.path.parent
        return tuple(_identity(folder / name) for name in self.config.source.articles if not is_address(name))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None
