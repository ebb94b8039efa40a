"""Printing of reports, diagnostics, errors with their exit codes, and a log while watching."""

from __future__ import annotations

import errno
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import click

from feeds.cli.wording import (
    check_line,
    damage_line,
    error_line,
    hub_line,
    images_line,
    printable,
    report_lines,
    run_line,
    strict_line,
    watching_line,
    why_nothing,
)
from feeds.errors import ConfigError, EmptiedError, FeedsError, StrictError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from feeds.build import Report
    from feeds.checks.report import CheckReport
    from feeds.checks.rules.rule import Rule
    from feeds.errors import LocatedDiagnostic
    from feeds.models import Feed
    from feeds.pipeline.images import ImagesReport
    from feeds.progress import Track
    from feeds.serving.wsgi import Served
    from feeds.watcher import Cause, Outcome, Watching
    from feeds.websub.hub import HubReport


T = TypeVar("T")

EXIT_NOT_DONE = 1
EXIT_WRONG = 2
#: The number of items from which progress is shown, for files and feeds, and for slow tasks.
_MIN_ITEMS = 500
_MIN_SLOW_ITEMS = 16
#: Diagnostics of a run that are printed; `feeds check` prints all.
_MAX_DIAGNOSTICS = 20


class OutputError(Exception):
    """The output cannot be printed, as on a full disk."""


def echo(text: str | bytes, *, err: bool = False, nl: bool = True) -> None:
    """Print text. Raises OutputError if that fails, and BrokenPipeError, which click handles, if nobody reads it."""
    try:
        click.echo(text, err=err, nl=nl)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        raise OutputError(error.strerror) from error


def echo_line(line: str, *, err: bool = False) -> None:
    """Print one line, even if it has the name of a file with a line break."""
    echo(printable(line), err=err)


def echo_findings(report: Report, *, quiet: bool) -> None:
    """Print what a run found: diagnostics, a damaged cache, images that failed."""
    echo_diagnostics(report.mistakes)
    if report.damage:
        echo_line(damage_line(report.damage), err=True)
    if report.images:
        echo_images(report.images, quiet=quiet)


def echo_report(report: Report) -> None:
    if report.dry_run:
        for would, paths in (("write", report.written_paths), ("remove", report.removed_paths)):
            for path in paths:
                echo_line(f"would {would} {path}")
    for line in report_lines(report):
        echo_line(line)


def echo_hub(hub: HubReport, *, quiet: bool) -> None:
    line = hub_line(hub)
    if line and (hub.reason or not quiet):
        echo_line(_sentence(line), err=hub.reason is not None)


def echo_images(images: ImagesReport, *, quiet: bool, max_lines: int | None = _MAX_DIAGNOSTICS) -> None:
    failed = [] if images.is_offline else [f"{url}: {reason}" for url, reason in sorted(images.failed.items())]
    _echo_errors(failed, max_lines, "`feeds probe --all` asks again")
    line = images_line(images)
    if line and (images.is_offline or not quiet):
        echo_line(_sentence(line), err=images.is_offline)


def echo_diagnostics(diagnostics: Iterable[LocatedDiagnostic], max_lines: int | None = _MAX_DIAGNOSTICS) -> None:
    _echo_errors([str(diagnostic) for diagnostic in diagnostics], max_lines, "`feeds check` lists all")


def echo_check(report: CheckReport, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        echo_json(report)
        return
    for finding in report.findings:
        echo_line(str(finding))
    if not quiet:
        echo_line(check_line(report))


def echo_rules(rules: Sequence[Rule], *, as_json: bool, in_full: bool) -> None:
    if as_json:
        echo_json(rules)
        return
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        if in_full:
            echo(f"{rule.id} ({rule.level})\n\n{rule.what}\n{rule.why}\n\nSee {rule.reference}.")
        else:
            echo_line(f"{rule.id:<{width}}  {rule.level:<7}  {rule.what}")


def echo_feeds(feeds: Iterable[Feed], *, as_json: bool) -> None:
    rows = [_feed_row(feed) for feed in feeds]
    if as_json:
        echo_json(rows)
        return
    table = [("FEED", "ENTRIES", "NEWEST", "ADDRESS")]
    table += [(row["title"], str(row["entries"]), _time(row["newest"]), row["addresses"][0]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for title, entries, newest, url in table:
        echo_line(f"{title:<{widths[0]}}  {entries:>{widths[1]}}  {newest:<{widths[2]}}  {url}")


def echo_json(value: Any) -> None:
    import msgspec

    echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


class WatchLog:
    """Prints what happens while watching, and nothing twice: neither runs without a change nor known diagnostics."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._quiet = quiet or as_json
        self._diagnostics: frozenset[LocatedDiagnostic] = frozenset()
        self._errors: dict[str, str] = {}
        self._hub_failure: str | None = None
        self.track = progress(quiet=self._quiet)

    def log_request(self, served: Served) -> None:
        if not self._quiet:
            with suppress(OSError, OutputError):  # as below
                _echo_now(f"{served.method} {served.path} {served.status} {served.length}")

    def add(self, event: Watching | Outcome) -> None:
        with suppress(OSError, OutputError):  # feeds are published even if nobody reads the log, or its disk is full
            self._add(event)

    def _add(self, event: Watching | Outcome) -> None:
        from feeds.watcher import Watching

        if isinstance(event, Watching):
            if not self._quiet:
                echo_line(watching_line(event))
        elif isinstance(event.result, FeedsError):
            self._add_error(event.cause, event.result)
        else:
            self._add_report(event.cause, event.result)

    def _add_report(self, cause: Cause, report: Report) -> None:
        new = self._new_diagnostics(report.mistakes)
        has_hub_news = self._has_hub_news(report.hub)
        is_expected = self._errors.pop("run", None) or cause in {"start", "configuration"}
        has_changes = report.changed or report.written or report.removed or report.damage
        if not (is_expected or new or has_hub_news or has_changes):
            return
        if self._as_json:
            _echo_json_line(report)
            return
        echo_diagnostics(new)
        if self._quiet:
            if report.damage:
                _echo_now(damage_line(report.damage), err=True)
            if report.hub and report.hub.reason and has_hub_news:
                _echo_now(hub_line(report.hub), err=True)
            return
        _echo_now(run_line(cause, report))
        if not report.entries or not report.feeds:
            for line in why_nothing(report):
                echo_line(line)

    def _add_error(self, cause: Cause, error: FeedsError) -> None:
        """Print the error of a run, or of an invalid configuration; one that stays the same only once."""
        kind = "configuration" if isinstance(error, ConfigError) else "run"
        is_known = cause == "time" and self._errors.get(kind) == str(error)
        self._errors[kind] = str(error)
        diagnostics = _diagnostics_of(error)
        new = self._new_diagnostics(diagnostics) if isinstance(error, StrictError) else diagnostics
        if is_known:
            return
        if self._as_json:
            _echo_json_line({"error": error_line(error), "mistakes": diagnostics})
            return
        echo_diagnostics(new)
        _echo_now(error_line(error), err=True)

    def _has_hub_news(self, hub: HubReport | None) -> bool:
        """Whether a hub was notified, or failed for another reason than in the run before."""
        known, self._hub_failure = self._hub_failure, hub.reason if hub else None
        return bool(hub and (hub.told or self._hub_failure not in {None, known}))

    def _new_diagnostics(self, diagnostics: Sequence[LocatedDiagnostic]) -> list[LocatedDiagnostic]:
        """Those that the run before did not have."""
        known, self._diagnostics = self._diagnostics, frozenset(diagnostics)
        return [diagnostic for diagnostic in diagnostics if diagnostic not in known]


@contextmanager
def exit_on_errors(*, as_json: bool = False, passes_on: tuple[type[FeedsError], ...] = ()) -> Iterator[None]:
    """Print errors of this package, as text or JSON, and exit; except those of the types in `passes_on`."""
    try:
        yield
    except FeedsError as error:
        if isinstance(error, passes_on):
            raise
        if as_json:
            echo_json({"error": _exit_line(error), "mistakes": _diagnostics_of(error)})
        else:
            _echo_error(error)
        sys.exit(EXIT_WRONG if isinstance(error, ConfigError) else EXIT_NOT_DONE)


def progress(*, quiet: bool) -> Track:
    """A progress bar for long runs on a terminal; elsewhere none."""
    from feeds.progress import SLOW, untracked

    if quiet or not sys.stderr.isatty():
        return untracked

    def track(items: Iterable[T], length: int, label: str) -> Iterable[T]:
        if length < (_MIN_SLOW_ITEMS if label in SLOW else _MIN_ITEMS):
            yield from items
            return
        with click.progressbar(items, length=length, label=label, file=sys.stderr) as bar:
            yield from bar

    return track


def _diagnostics_of(error: FeedsError) -> Sequence[LocatedDiagnostic]:
    return error.mistakes if isinstance(error, ConfigError | EmptiedError | StrictError) else ()


def _exit_line(error: FeedsError) -> str:
    if isinstance(error, ConfigError):
        return "The configuration is wrong: nothing was done."
    return strict_line(error) if isinstance(error, StrictError) else str(error)


def _echo_error(error: FeedsError) -> None:
    echo_diagnostics(_diagnostics_of(error), _MAX_DIAGNOSTICS if isinstance(error, EmptiedError) else None)
    if isinstance(error, StrictError):
        echo_line(strict_line(error), err=True)
    elif not isinstance(error, ConfigError):
        echo_line(f"Error: {error}", err=True)


def _echo_errors(lines: Sequence[str], max_lines: int | None, hint: str) -> None:
    """Print the first lines to standard error, and how to see the others."""
    for line in lines[:max_lines]:
        echo_line(line, err=True)
    if max_lines is not None and len(lines) > max_lines:
        echo_line(f"… and {len(lines) - max_lines} more; {hint}", err=True)


def _sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}"


def _echo_now(line: str, *, err: bool = False) -> None:
    """Print a line with the time of day."""
    echo_line(f"{time.strftime('%H:%M:%S')}  {line}", err=err)


def _feed_row(feed: Feed) -> dict[str, Any]:
    newest = max((entry.published for entry in feed.entries), default=None)
    return {
        "path": feed.path,
        "kind": feed.kind,
        "title": feed.title,
        "entries": len(feed.entries),
        "newest": newest,
        "addresses": [feed.address(format_) for format_ in feed.formats],
    }


def _time(time: dt.datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else "–"


def _echo_json_line(value: Any) -> None:
    import msgspec

    echo(msgspec.json.encode(value))
