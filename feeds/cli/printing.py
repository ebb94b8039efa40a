"""What the commands print: reports, mistakes, errors with their exit codes, and a diary while watching."""

from __future__ import annotations

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

#: From how many items on there is a progress bar: files and feeds, and what takes a while.
_MANY = 500

_MANY_SLOW = 16

_MOST_MISTAKES = 20


def echo_line(line: str, *, err: bool = False) -> None:
    """Print one line, also of what names a file with a line break in its name."""
    click.echo(printable(line), err=err)


def echo_findings(report: Report, *, quiet: bool) -> None:
    """What a run met: mistakes, a damaged cache, images without an answer."""
    echo_mistakes(report.mistakes)
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


def echo_images(images: ImagesReport, *, quiet: bool, most: int | None = _MOST_MISTAKES) -> None:
    failed = [] if images.is_offline else [f"{address}: {reason}" for address, reason in sorted(images.failed.items())]
    _echo_lines(failed, most, "`feeds probe --all` asks again")
    line = images_line(images)
    if line and (images.is_offline or not quiet):
        echo_line(_sentence(line), err=images.is_offline)


def _echo_lines(lines: Sequence[str], most: int | None, hint: str) -> None:
    """The lines, or the first of them and where the others are, as errors."""
    for line in lines[:most]:
        echo_line(line, err=True)
    if most is not None and len(lines) > most:
        echo_line(f"… and {len(lines) - most} more; {hint}", err=True)


def _sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}"


class WatchLog:
    """Prints what happens while watching, and nothing twice: no run that changed nothing, no mistake known by then."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._quiet = quiet or as_json
        self._mistakes: frozenset[LocatedDiagnostic] = frozenset()
        self._errors: dict[str, str] = {}
        self._trouble: str | None = None
        self.track = progress(quiet=self._quiet)

    def note_request(self, served: Served) -> None:
        if not self._quiet:
            with suppress(OSError):  # as below
                _echo_now(f"{served.method} {served.path} {served.status} {served.length}")

    def note(self, event: Watching | Outcome) -> None:
        with suppress(OSError):  # nobody reads it any more, or its disk is full: feeds are published all the same
            self._note(event)

    def _note(self, event: Watching | Outcome) -> None:
        from feeds.watcher import Watching

        if isinstance(event, Watching):
            if not self._quiet:
                echo_line(watching_line(event))
        elif isinstance(event.result, FeedsError):
            self._note_error(event.cause, event.result)
        else:
            self._note_report(event.cause, event.result)

    def _note_report(self, cause: Cause, report: Report) -> None:
        new = self._new(report.mistakes)
        has_news = self._has_news(report.hub)
        is_awaited = self._errors.pop("run", None) or cause in {"start", "configuration"}
        is_other = report.changed or report.written or report.removed or report.damage
        if not (is_awaited or new or has_news or is_other):
            return
        if self._as_json:
            _echo_json_line(report)
            return
        echo_mistakes(new)
        if self._quiet:
            if report.damage:
                _echo_now(damage_line(report.damage), err=True)
            if report.hub and report.hub.reason and has_news:
                _echo_now(hub_line(report.hub), err=True)
            return
        _echo_now(run_line(cause, report))
        if not report.entries or not report.feeds:
            for line in why_nothing(report):
                echo_line(line)

    def _note_error(self, cause: Cause, error: FeedsError) -> None:
        """What a run ended with, or a configuration that is wrong; one that stays the same is told once."""
        kind = "configuration" if isinstance(error, ConfigError) else "run"
        is_known = cause == "time" and self._errors.get(kind) == str(error)
        self._errors[kind] = str(error)
        mistakes = error.mistakes if isinstance(error, ConfigError | EmptiedError | StrictError) else ()
        new = self._new(mistakes) if isinstance(error, StrictError) else mistakes
        if is_known:
            return
        if self._as_json:
            _echo_json_line({"error": error_line(error), "mistakes": mistakes})
            return
        echo_mistakes(new)
        _echo_now(error_line(error), err=True)

    def _has_news(self, hub: HubReport | None) -> bool:
        """Whether a hub was told of something, or could not be told for another reason than in the run before."""
        known, self._trouble = self._trouble, hub.reason if hub else None
        return bool(hub and (hub.told or self._trouble not in {None, known}))

    def _new(self, mistakes: Sequence[LocatedDiagnostic]) -> list[LocatedDiagnostic]:
        """Those that the run before did not have."""
        known, self._mistakes = self._mistakes, frozenset(mistakes)
        return [mistake for mistake in mistakes if mistake not in known]


@contextmanager
def exit_on_errors(*, as_json: bool = False, passes_on: tuple[type[FeedsError], ...] = ()) -> Iterator[None]:
    """Errors of the package become a message, or JSON, and an exit code; but not those that it `passes_on`."""
    try:
        yield
    except FeedsError as error:
        if isinstance(error, passes_on):
            raise
        if as_json:
            mistakes = error.mistakes if isinstance(error, ConfigError | EmptiedError | StrictError) else ()
            echo_json({"error": _exit_line(error), "mistakes": mistakes})
        else:
            _echo_error(error)
        sys.exit(EXIT_WRONG if isinstance(error, ConfigError) else EXIT_NOT_DONE)


def _exit_line(error: FeedsError) -> str:
    if isinstance(error, ConfigError):
        return "The configuration is wrong: nothing was done."
    return strict_line(error) if isinstance(error, StrictError) else str(error)


def _echo_error(error: FeedsError) -> None:
    if isinstance(error, ConfigError | EmptiedError | StrictError):
        echo_mistakes(error.mistakes, most=_MOST_MISTAKES if isinstance(error, EmptiedError) else None)
    if isinstance(error, StrictError):
        echo_line(strict_line(error), err=True)
    elif not isinstance(error, ConfigError):
        echo_line(f"Error: {error}", err=True)


def echo_check(report: CheckReport, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        echo_json(report)
        return
    for found in report.findings:
        echo_line(str(found))
    if not quiet:
        echo_line(check_line(report))


def echo_rules(rules: Sequence[Rule], *, as_json: bool, in_full: bool) -> None:
    if as_json:
        echo_json(rules)
        return
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        if in_full:
            click.echo(f"{rule.id} ({rule.level})\n\n{rule.what}\n{rule.why}\n\nSee {rule.reference}.")
        else:
            echo_line(f"{rule.id:<{width}}  {rule.level:<7}  {rule.what}")


def echo_mistakes(mistakes: Iterable[LocatedDiagnostic], most: int | None = _MOST_MISTAKES) -> None:
    _echo_lines([str(mistake) for mistake in mistakes], most, "`feeds check` lists all")


def _echo_now(line: str, *, err: bool = False) -> None:
    """The line with the time of day."""
    echo_line(f"{time.strftime('%H:%M:%S')}  {line}", err=err)


def echo_feeds(feeds: Iterable[Feed], *, as_json: bool) -> None:
    rows = [_feed_row(feed) for feed in feeds]
    if as_json:
        echo_json(rows)
        return
    table = [("FEED", "ENTRIES", "NEWEST", "ADDRESS")]
    table += [(row["title"], str(row["entries"]), _shown_time(row["newest"]), row["addresses"][0]) for row in rows]
    for line in _aligned(table):
        echo_line(line)


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


def _shown_time(time: dt.datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else "–"


def _aligned(table: list[tuple[str, str, str, str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for title, entries, newest, address in table:
        yield f"{title:<{widths[0]}}  {entries:>{widths[1]}}  {newest:<{widths[2]}}  {address}"


def echo_json(value: Any) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _echo_json_line(value: Any) -> None:
    import msgspec

    click.echo(msgspec.json.encode(value))


def progress(*, quiet: bool) -> Track:
    """A progress bar for long runs on a terminal, and none elsewhere."""
    from feeds.progress import SLOW, untracked

    if quiet or not sys.stderr.isatty():
        return untracked

    def track(items: Iterable[T], length: int, label: str) -> Iterable[T]:
        many = _MANY_SLOW if label in SLOW else _MANY
        if length < many:
            yield from items
            return
        with click.progressbar(items, length=length, label=label, file=sys.stderr) as bar:
            yield from bar

    return track
