"""The command line: parse, call, print, exit."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from feeds._version import __version__
from feeds.errors import ConfigError, FeedsError, StrictError
from feeds.wording import (
    counted,
    documents_counted,
    error_line,
    hub_line,
    report_lines,
    run_line,
    shown_path,
    strict_line,
    watching_line,
    why_nothing,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from feeds.build import Report
    from feeds.errors import Mistake
    from feeds.hosting import HostKind
    from feeds.hub import HubReport
    from feeds.model import Feed
    from feeds.parallel import Track
    from feeds.settings import Config
    from feeds.watch import Cause, Outcome, Watching

T = TypeVar("T")

_EXIT_NOT_DONE = 1
_EXIT_WRONG = 2
_LONG_RUN = 500
_MOST_MISTAKES = 20

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("config/feeds.yaml"),
    show_default=True,
    help="The configuration file.",
)
output_option = click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to publish into.  [default: output/ beside the configuration's folder]",
)
cache_option = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of what was read before.  [default: .feeds/ beside the configuration's folder]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Turn a folder of articles into RSS, Atom and JSON feeds."""


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def init(folder: Path) -> None:
    """Start a site in FOLDER: a commented configuration and a first article."""
    from feeds.starter import write_starter

    with _errors():
        written = write_starter(folder)
    for path in written:
        click.echo(f"wrote {path}")
    there = "" if folder == Path() else f"cd {shlex.quote(str(folder))} and "
    click.echo(f"Next: {there}run `feeds regenerate`, then look into output/.")


@main.command()
@config_option
@output_option
@cache_option
@click.option("--full", is_flag=True, help="Read and render everything again.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many processes.  [default: the processors available]")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--strict", is_flag=True, help="Publish nothing if there is any mistake.")
@click.option("--no-ping", is_flag=True, help="Do not tell the hub what changed; `feeds ping` does it later.")
@click.option("--watch", is_flag=True, help="Publish again whenever something is saved, until Ctrl-C.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but mistakes.")
def regenerate(  # one parameter an option
    config_path: Path,
    output: Path | None,
    cache: Path | None,
    jobs: int | None,
    *,
    full: bool,
    dry_run: bool,
    strict: bool,
    no_ping: bool,
    watch: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Publish the feeds: write what changed, leave the rest alone."""
    if watch:
        if dry_run:
            raise click.UsageError("--watch publishes what is saved and --dry-run nothing; expected one of them")
        options = {"output": output, "cache": cache, "full": full, "strict": strict, "jobs": jobs, "ping": not no_ping}
        _watch(config_path, as_json=as_json, quiet=quiet, **options)
        return
    from feeds.build import regenerate as run

    with _errors():
        report = run(
            _load(config_path),
            output=output,
            cache=cache,
            full=full,
            dry_run=dry_run,
            strict=strict,
            ping=not no_ping,
            jobs=jobs,
            track=_progress(quiet=quiet),
        )
    if as_json:
        _echo_json(report)
        return
    _echo_mistakes(report.mistakes)
    if not quiet:
        _echo_report(report)
    if report.hub:
        _echo_hub(report.hub, quiet=quiet)


def _echo_report(report: Report) -> None:
    if report.dry_run:
        for would, paths in (("write", report.written_paths), ("remove", report.removed_paths)):
            for path in paths:
                click.echo(f"would {would} {path}")
    for line in report_lines(report):
        click.echo(line)


def _echo_hub(hub: HubReport, *, quiet: bool) -> None:
    line = hub_line(hub)
    if line and (hub.reason or not quiet):
        click.echo(_sentence(line), err=hub.reason is not None)


def _sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}"


@main.command()
@config_option
@output_option
@cache_option
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and do nothing.")
@json_option
def prune(config_path: Path, output: Path | None, cache: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Publish, and remove the feeds that have lost their last entry."""
    from feeds.build import regenerate as run

    with _errors():
        report = run(_load(config_path), output=output, cache=cache, dry_run=dry_run, prune=True)
    if as_json:
        _echo_json(report)
        return
    _echo_mistakes(report.mistakes)
    for path in report.removed_paths:
        click.echo(f"{'would remove' if dry_run else 'removed'} {path}")
    click.echo(f"{documents_counted(report)} in {shown_path(report.output)}")
    if report.hub:
        _echo_hub(report.hub, quiet=False)


@main.command()
@config_option
@output_option
@cache_option
@click.option("--all", "everything", is_flag=True, help="Tell the hub of every feed, whatever it was told before.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what could not be told.")
def ping(
    config_path: Path, output: Path | None, cache: Path | None, *, everything: bool, as_json: bool, quiet: bool
) -> None:
    """Tell the WebSub hub which feeds changed since it was told last."""
    from feeds.hub import ping as tell

    with _errors():
        report = tell(_load(config_path), output=output, cache=cache, everything=everything)
    if as_json:
        _echo_json(report)
    elif report.told or report.reason:
        _echo_hub(report, quiet=quiet)
    elif not quiet:
        click.echo("The hub knows of everything.")
    if report.waiting:
        sys.exit(_EXIT_NOT_DONE)


@main.command()
@click.argument("kind", type=click.Choice(["nginx", "caddy", "apache", "netlify", "github-pages"]))
@config_option
@output_option
@click.option("--root", help="Where the output folder lies on the server.  [default: where it is here]")
@click.option(
    "--listen", metavar="ADDRESS", help="Listen on this in place of the site's address, as on 127.0.0.1:8080."
)
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write the file below DIR.")
def hosting(
    kind: HostKind, config_path: Path, output: Path | None, root: str | None, listen: str | None, folder: Path | None
) -> None:
    """Print the configuration of a web server or host that serves the output folder."""
    from feeds.hosting import folders_of, parse_listen, render_hosting
    from feeds.publish import read_manifest
    from feeds.starter import write_new

    with _errors():
        config = _load(config_path)
        published = (output or config.default_output).absolute()
        path, text = render_hosting(
            kind,
            config,
            read_manifest(published),
            root=root or str(published),
            listen=parse_listen(listen) if listen else None,
            folders=folders_of(config, published),
        )
        if folder is None:
            click.echo(text, nl=False)
        elif write_new(folder / path, text):
            click.echo(f"wrote {folder / path}")
        else:
            click.echo(f"{folder / path} is as it should be")


@main.command("list")
@config_option
@output_option
@json_option
def list_feeds(config_path: Path, output: Path | None, *, as_json: bool) -> None:
    """List the feeds, with their entries, newest entry and address."""
    from feeds.build import survey

    with _errors():
        found = survey(_load(config_path), output=output)
    rows = [_feed_row(feed) for feed in found.feeds]
    if as_json:
        _echo_json(rows)
        return
    table = [("FEED", "ENTRIES", "NEWEST", "ADDRESS")]
    table += [(row["title"], str(row["entries"]), _shown_time(row["newest"]), row["addresses"][0]) for row in rows]
    for line in _aligned(table):
        click.echo(line)


@main.command()
@config_option
@output_option
@json_option
def check(config_path: Path, output: Path | None, *, as_json: bool) -> None:
    """Check the configuration and every article; write nothing."""
    from feeds.build import survey

    with _errors():
        found = survey(_load(config_path), output=output)
    if as_json:
        _echo_json({"articles": found.articles, "left_out": found.left_out, "mistakes": found.mistakes})
    else:
        _echo_mistakes(found.mistakes, most=None)
        click.echo(f"{counted(found.articles, 'article')}, {counted(len(found.mistakes), 'mistake')}")
    if found.mistakes:
        sys.exit(_EXIT_NOT_DONE)


@main.command("config-schema")
def config_schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from feeds.settings import json_schema

    _echo_json(json_schema())


def _load(path: Path) -> Config:
    from feeds.config import load_config

    return load_config(path)


def _watch(config_path: Path, *, as_json: bool, quiet: bool, **options: Any) -> None:
    """Publish after each change, until Ctrl-C or SIGTERM, which are no errors."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    diary = _Diary(as_json=as_json, quiet=quiet)
    try:
        from feeds.watch import watch

        with _errors():
            for event in watch(config_path, track=_progress(quiet=quiet or as_json), **options):
                diary.note(event)
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            click.echo(err=True)  # the terminal's ^C stands in the line


class _Diary:
    """Prints what happens while watching, and nothing twice: no run that changed nothing, no mistake known by then."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._quiet = quiet or as_json
        self._mistakes: frozenset[Mistake] = frozenset()
        self._errors: dict[str, str] = {}
        self._trouble: str | None = None

    def note(self, event: Watching | Outcome) -> None:
        from feeds.watch import Watching

        if isinstance(event, Watching):
            if not self._quiet:
                click.echo(watching_line(event))
        elif isinstance(event.result, FeedsError):
            self._note_error(event.cause, event.result)
        else:
            self._note_report(event.cause, event.result)

    def _note_report(self, cause: Cause, report: Report) -> None:
        new = self._new(report.mistakes)
        has_news = self._has_news(report.hub)
        is_awaited = self._errors.pop("run", None) or cause in {"start", "configuration"}
        if not (is_awaited or new or has_news or report.changed or report.written or report.removed):
            return
        if self._as_json:
            _echo_json_line(report)
            return
        _echo_mistakes(new)
        if self._quiet:
            if report.hub and report.hub.reason and has_news:
                _echo_now(hub_line(report.hub), err=True)
            return
        _echo_now(run_line(cause, report))
        if not report.entries or not report.feeds:
            for line in why_nothing(report):
                click.echo(line)

    def _note_error(self, cause: Cause, error: FeedsError) -> None:
        """What a run ended with, or a configuration that is wrong; one that stays the same is told once."""
        kind = "configuration" if isinstance(error, ConfigError) else "run"
        is_known = cause == "time" and self._errors.get(kind) == str(error)
        self._errors[kind] = str(error)
        mistakes = error.mistakes if isinstance(error, ConfigError | StrictError) else ()
        new = self._new(mistakes) if isinstance(error, StrictError) else mistakes
        if is_known:
            return
        if self._as_json:
            _echo_json_line({"error": error_line(error), "mistakes": mistakes})
            return
        _echo_mistakes(new)
        _echo_now(error_line(error), err=True)

    def _has_news(self, hub: HubReport | None) -> bool:
        """Whether a hub was told of something, or could not be told for another reason than in the run before."""
        known, self._trouble = self._trouble, hub.reason if hub else None
        return bool(hub and (hub.told or self._trouble not in {None, known}))

    def _new(self, mistakes: Sequence[Mistake]) -> list[Mistake]:
        """Those that the run before did not have."""
        known, self._mistakes = self._mistakes, frozenset(mistakes)
        return [mistake for mistake in mistakes if mistake not in known]


@contextmanager
def _errors() -> Iterator[None]:
    """Errors of the package become a message and an exit code."""
    try:
        yield
    except ConfigError as error:
        _echo_mistakes(error.mistakes, most=None)
        sys.exit(_EXIT_WRONG)
    except StrictError as error:
        _echo_mistakes(error.mistakes, most=None)
        click.echo(strict_line(error), err=True)
        sys.exit(_EXIT_NOT_DONE)
    except FeedsError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(_EXIT_NOT_DONE)


def _echo_mistakes(mistakes: Iterable[Mistake], most: int | None = _MOST_MISTAKES) -> None:
    lines = [str(mistake) for mistake in mistakes]
    for line in lines[:most]:
        click.echo(line, err=True)
    if most is not None and len(lines) > most:
        click.echo(f"… and {len(lines) - most} more; `feeds check` lists all", err=True)


def _echo_now(line: str, *, err: bool = False) -> None:
    """The line with the time of day."""
    click.echo(f"{time.strftime('%H:%M:%S')}  {line}", err=err)


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


def _echo_json(value: Any) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _echo_json_line(value: Any) -> None:
    import msgspec

    click.echo(msgspec.json.encode(value))


def _progress(*, quiet: bool) -> Track:
    """A progress bar for long runs on a terminal, and none elsewhere."""

    def track(items: Iterable[T], length: int, label: str) -> Iterable[T]:
        if quiet or length < _LONG_RUN or not sys.stderr.isatty():
            yield from items
            return
        with click.progressbar(items, length=length, label=label, file=sys.stderr) as progress:
            yield from progress

    return track
