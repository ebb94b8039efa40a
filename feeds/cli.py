"""The command line: parse, call, print, exit."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from feeds._version import __version__
from feeds.errors import ConfigError, FeedsError, StrictError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from feeds.build import Report
    from feeds.errors import Mistake
    from feeds.model import Feed
    from feeds.parallel import Track
    from feeds.settings import Config

T = TypeVar("T")

_EXIT_NOT_DONE = 1
_EXIT_WRONG = 2
_LONG_RUN = 500
_MOST_MISTAKES = 20

_REMEDIES = {
    "unpublished": "`published: false` (source.unpublished: include publishes them)",
    "no date": "no date (source.undated: file dates them by their file)",
    "no link": "no link (an article needs webUrl or originalUrl)",
    "no title": "no title",
    "bad id": "an id that is not an IRI",
    "unreadable": "cannot be read, or has no front matter",
}

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
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of what was read before.  [default: .feeds/ beside the configuration's folder]",
)
@click.option("--full", is_flag=True, help="Read and render everything again.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many processes.  [default: the processors available]")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--strict", is_flag=True, help="Publish nothing if there is any mistake.")
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
    as_json: bool,
    quiet: bool,
) -> None:
    """Publish the feeds: write what changed, leave the rest alone."""
    from feeds.build import regenerate as run

    with _errors():
        report = run(
            _load(config_path),
            output=output,
            cache=cache,
            full=full,
            dry_run=dry_run,
            strict=strict,
            jobs=jobs,
            track=_progress(quiet=quiet),
        )
    if as_json:
        _echo_json(report)
        return
    _echo_mistakes(report.mistakes)
    if quiet:
        return
    if dry_run:
        for would, paths in (("write", report.written_paths), ("remove", report.removed_paths)):
            for path in paths:
                click.echo(f"would {would} {path}")
    for line in _report_lines(report):
        click.echo(line)


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
        click.echo(f"{_count(found.articles, 'article')}, {_count(len(found.mistakes), 'mistake')}")
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
        click.echo(f"Nothing was published: {_count(len(error.mistakes), 'mistake')} (--strict).", err=True)
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


def _report_lines(report: Report) -> Iterator[str]:
    left_out = ", ".join(f"{count} {reason}" for reason, count in report.left_out.items())
    read = _count(report.articles, "article") + " read"
    yield read + (f", left out: {left_out}" if left_out else "")
    waiting = f" ({report.waiting} not due yet)" if report.waiting else ""
    would = "would be " if report.dry_run else ""
    yield f"{_count(report.entries, 'entry', 'entries')} in {_count(report.feeds, 'feed')}{waiting}"
    yield (
        f"{_count(report.written, 'document')} {would}written, {report.unchanged} unchanged, "
        f"{report.removed} {would}removed in {_shown(report.output)} ({report.seconds:.1f} s)"
    )
    if not report.entries or not report.feeds:
        yield from _why_nothing(report)


def _why_nothing(report: Report) -> Iterator[str]:
    yield "Nothing is published:"
    if not report.articles:
        yield "  there is no article, a file named *.md, in the folders of source.articles"
    if report.waiting:
        yield f"  {_count(report.waiting, 'entry', 'entries')} dated in the future"
    if not report.feeds:
        yield "  no kind of feed is on, and there is no custom one (feeds:)"
    for reason, count in report.left_out.items():
        yield f"  {count} of {_count(report.articles, 'article')}: {_REMEDIES[reason]}"


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


def _shown(path: str) -> str:
    """A path as seen from here, if it is not far away."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _count(number: int, singular: str, plural: str | None = None) -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def _echo_json(value: Any) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _progress(*, quiet: bool) -> Track:
    """A progress bar for long runs on a terminal, and none elsewhere."""

    def track(items: Iterable[T], length: int, label: str) -> Iterable[T]:
        if quiet or length < _LONG_RUN or not sys.stderr.isatty():
            yield from items
            return
        with click.progressbar(items, length=length, label=label, file=sys.stderr) as progress:
            yield from progress

    return track
