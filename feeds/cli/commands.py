"""The command line: parse, call, print, exit."""

from __future__ import annotations

import errno
import shlex
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds._version import __version__
from feeds.cli.options import (
    LocalFolderType,
    cache_option,
    cluster_cache_option,
    config_option,
    json_option,
    local_output_option,
    output_option,
)
from feeds.cli.printing import (
    EXIT_NOT_DONE,
    EXIT_WRONG,
    OutputError,
    WatchLog,
    echo,
    echo_check,
    echo_feeds,
    echo_findings,
    echo_hub,
    echo_images,
    echo_json,
    echo_line,
    echo_report,
    echo_rules,
    exit_on_errors,
    progress,
)
from feeds.cli.wording import counted, documents_counted, serving_line
from feeds.errors import ConfigError
from feeds.serving.hosting.kinds import KINDS
from feeds.storage.names import display_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.build import Report
    from feeds.config.schema import Config
    from feeds.run import EngineName, RunOptions


#: The value of an option that is given without one.
_DEFAULT = "\0"


class _Commands(click.Group):
    """Commands that exit with a line instead of a traceback if the system refuses something, even printing."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OutputError as error:
            message = f"what is to be said cannot be printed: {error}"
        except OSError as error:
            if error.errno == errno.EPIPE:  # click handles it
                raise
            file = f"{display_path(str(error.filename))}: " if error.filename else ""
            message = f"{file}{error.strerror or error}"
        with suppress(OSError, OutputError):
            echo_line(f"Error: {message}", err=True)
        sys.exit(EXIT_NOT_DONE)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Turn a folder of articles into RSS, Atom and JSON feeds."""


@main.command()
@click.argument("folder", type=LocalFolderType(file_okay=False, path_type=Path), default=Path())
def init(folder: Path) -> None:
    """Start a site in FOLDER: a commented configuration and a first article."""
    from feeds.cli.starter import write_starter

    with exit_on_errors():
        written = write_starter(folder)
    for path in written:
        echo_line(f"wrote {display_path(str(path))}")
    there = "" if folder == Path() else f"cd {shlex.quote(str(folder))} and "
    echo_line(f"Next: {there}run `feeds regenerate`, then look into output/.")


@main.command()
@config_option
@output_option
@cluster_cache_option
@click.option("--full", is_flag=True, help="Read and render everything again.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many processes.  [default: the processors available]")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--strict", is_flag=True, help="Publish nothing if there is any mistake.")
@click.option("--allow-empty", is_flag=True, help="Publish also if the articles are gone, which stops a run otherwise.")
@click.option("--no-ping", is_flag=True, help="Do not tell the hub what changed; `feeds ping` does it later.")
@click.option("--no-probe", is_flag=True, help="Ask for no images; what is known of them is used.")
@click.option("--watch", is_flag=True, help="Publish again whenever something is saved, until Ctrl-C.")
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="What does the work: this machine, or a cluster (Apache Spark).",
)
@click.option("--master", metavar="URL", help="The cluster, such as spark://host:7077.  [default: spark-submit's]")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but mistakes.")
def regenerate(  # one parameter per option
    config_path: Path,
    output: Path | str | None,
    cache: Path | str | None,
    jobs: int | None,
    engine: EngineName,
    master: str | None,
    *,
    full: bool,
    dry_run: bool,
    strict: bool,
    allow_empty: bool,
    no_ping: bool,
    no_probe: bool,
    watch: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Publish the feeds: write what changed, leave the rest alone."""
    _check_engine(engine, jobs, master, cache, alone=watch or dry_run)
    if watch and dry_run:
        raise click.UsageError("--watch publishes what is saved and --dry-run nothing; expected one of them")
    from feeds.run import RunOptions

    with exit_on_errors(as_json=as_json and not watch):
        options = RunOptions(
            output=output,
            cache=cache,
            full=full,
            dry_run=dry_run,
            strict=strict,
            allow_empty=allow_empty,
            ping=not no_ping,
            probe=not no_probe,
            jobs=jobs,
            engine=engine,
            master=master,
            track=progress(quiet=quiet),
        )
        if watch:
            with _until_stopped():
                _watch(config_path, WatchLog(as_json=as_json, quiet=quiet), options)
            return
        report = _regenerate(config_path, options)
    if as_json:
        echo_json(report)
        return
    echo_findings(report, quiet=quiet)
    if not quiet:
        echo_report(report)
    if report.hub:
        echo_hub(report.hub, quiet=quiet)


@main.command()
@config_option
@output_option
@cache_option
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and do nothing.")
@click.option("--no-probe", is_flag=True, help="Ask for no images; what is known of them is used.")
@json_option
def prune(
    config_path: Path, output: Path | str | None, cache: Path | None, *, dry_run: bool, no_probe: bool, as_json: bool
) -> None:
    """Publish, and remove the feeds that have lost their last entry."""
    from feeds.run import RunOptions

    track = progress(quiet=as_json)
    with exit_on_errors(as_json=as_json):
        report = _regenerate(
            config_path,
            RunOptions(output=output, cache=cache, dry_run=dry_run, prune=True, probe=not no_probe, track=track),
        )
    if as_json:
        echo_json(report)
        return
    echo_findings(report, quiet=False)
    for path in report.removed_paths:
        echo_line(f"{'would remove' if dry_run else 'removed'} {path}")
    echo_line(f"{documents_counted(report)} in {display_path(report.output)}")
    if report.hub:
        echo_hub(report.hub, quiet=False)


@main.command()
@config_option
@output_option
@cache_option
@click.option("--all", "everything", is_flag=True, help="Tell the hub of every feed, whatever it was told before.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what could not be told.")
def ping(
    config_path: Path, output: Path | str | None, cache: Path | None, *, everything: bool, as_json: bool, quiet: bool
) -> None:
    """Tell the WebSub hub which feeds changed since it was told last."""
    from feeds.websub.hub import ping as notify

    with exit_on_errors(as_json=as_json):
        report = notify(_load(config_path), output=output, cache=cache, everything=everything)
    if as_json:
        echo_json(report)
    elif report.told or report.reason:
        echo_hub(report, quiet=quiet)
    elif not quiet:
        echo_line("The hub knows of everything.")
    if report.waiting:
        sys.exit(EXIT_NOT_DONE)


@main.command()
@config_option
@output_option
@cache_option
@click.option("--all", "everything", is_flag=True, help="Ask for all images again, whatever is known of them.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what has no answer.")
def probe(
    config_path: Path, output: Path | str | None, cache: Path | None, *, everything: bool, as_json: bool, quiet: bool
) -> None:
    """Ask for the images that feeds show: what they are, how long, how large."""
    from feeds.build import probe as probe_images

    with exit_on_errors(as_json=as_json):
        report = probe_images(
            _load(config_path), output=output, cache=cache, everything=everything, track=progress(quiet=quiet)
        )
    if as_json:
        echo_json(report)
    elif report.asked:
        echo_images(report, quiet=quiet, max_lines=None)
    elif not quiet:
        echo_line(f"Nothing is to be asked: {counted(report.known, 'image')} known.")
    if report.is_offline:
        sys.exit(EXIT_NOT_DONE)


@main.command()
@config_option
@local_output_option
@cache_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 is everywhere.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 finds a free one.")
@click.option("--watch", is_flag=True, help="Publish whenever something is saved, too.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but mistakes.")
def serve(
    config_path: Path, output: Path | None, cache: Path | None, host: str, port: int, *, watch: bool, quiet: bool
) -> None:
    """Serve what is published over HTTP, for a preview or a small site."""
    from feeds.serving.server import serving
    from feeds.serving.wsgi import Application, check_published

    log = WatchLog(as_json=False, quiet=quiet)
    with _until_stopped(), exit_on_errors():
        config = _load(config_path)
        folder = output or config.default_output
        if not watch:
            check_published(folder)
        with serving(Application(config, folder, log.log_request), host, port) as server:
            if not quiet:
                echo_line(serving_line(folder, server.address, config))
            if watch:
                from feeds.run import RunOptions

                _watch(config_path, log, RunOptions(output=output, cache=cache, track=log.track))
            server.wait()


@main.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@config_option
@local_output_option
@click.option("--root", help="Where the output folder lies on the server.  [default: where it is here]")
@click.option(
    "--listen", metavar="ADDRESS", help="Listen on this in place of the site's address, as on 127.0.0.1:8080."
)
@click.option("--to", "folder", type=LocalFolderType(file_okay=False, path_type=Path), help="Write the file below DIR.")
def hosting(
    kind: str, config_path: Path, output: Path | None, root: str | None, listen: str | None, folder: Path | None
) -> None:
    """Print the configuration of a web server or host that serves the output folder."""
    from feeds.cli.starter import write_new
    from feeds.output.manifest import read_manifest
    from feeds.serving.hosting.configs import folders_of, parse_listen, render_hosting
    from feeds.storage.local import LocalFolder

    with exit_on_errors():
        config = _load(config_path)
        published = (output or config.default_output).absolute()
        path, text = render_hosting(
            kind,
            config,
            read_manifest(LocalFolder(published)),
            root=root or str(published),
            listen=parse_listen(listen) if listen else None,
            folders=folders_of(config, published),
        )
        if folder is None:
            echo(text, nl=False)
        elif write_new(folder / path, text):
            echo_line(f"wrote {display_path(str(folder / path))}")
        else:
            echo_line(f"{display_path(str(folder / path))} is as it should be")


@main.command("list")
@config_option
@output_option
@cache_option
@json_option
def list_feeds(config_path: Path, output: Path | str | None, cache: Path | None, *, as_json: bool) -> None:
    """List the feeds, with their entries, newest entry and address."""
    from feeds.overview import survey

    with exit_on_errors(as_json=as_json):
        found = survey(_load(config_path), output=output, cache=cache)
    echo_feeds(found.feeds, as_json=as_json)


@main.command()
@config_option
@click.option(
    "--output",
    is_flag=False,
    flag_value=_DEFAULT,
    metavar="[DIR]",
    help="Check what is published, too, in DIR.  [default: output/ beside the configuration's folder]",
)
@cache_option
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option(
    "--explain", is_flag=False, flag_value=_DEFAULT, metavar="[RULE]", help="Explain a rule, or list all of them."
)
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what was found.")
def check(
    config_path: Path,
    output: str | None,
    cache: Path | None,
    explain: str | None,
    *,
    strict: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Check the configuration, every article and what is published; write nothing."""
    if explain is not None:
        _explain("" if explain == _DEFAULT else explain, as_json=as_json)
        return
    from feeds.checks.report import build_report, findings_of
    from feeds.checks.report import check as run_check

    try:
        with exit_on_errors(as_json=as_json, passes_on=(ConfigError,)):
            config = _load(config_path)
            folder = None if output == _DEFAULT else output
            track = progress(quiet=quiet)
            report = run_check(config, documents=output is not None, output=folder, cache=cache, track=track)
    except ConfigError as error:
        echo_check(build_report(findings_of(error.mistakes)), as_json=as_json, quiet=True)
        sys.exit(EXIT_WRONG)
    echo_check(report, as_json=as_json, quiet=quiet)
    if report.errors or (strict and report.findings):
        sys.exit(EXIT_NOT_DONE)


def _explain(rule: str, *, as_json: bool) -> None:
    from feeds.checks.rules.registry import RULES, nearest_rules

    if rule and rule not in RULES:
        near = nearest_rules(rule)
        hint = f"did you mean {' or '.join(near)}?" if near else "`feeds check --explain` lists all"
        raise click.BadParameter(f"there is no rule {rule!r}; {hint}", param_hint="'--explain'")
    echo_rules([RULES[rule]] if rule else list(RULES.values()), as_json=as_json, in_full=bool(rule))


@main.command("config-schema")
def config_schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from feeds.config.json_schema import json_schema

    echo_json(json_schema())


def _check_engine(
    engine: EngineName, jobs: int | None, master: str | None, cache: Path | str | None, *, alone: bool
) -> None:
    """Raise UsageError for options that mean nothing to the engine."""
    if engine == "local" and isinstance(cache, str):
        raise click.UsageError("--cache is a folder of this machine; expected --engine spark with an address")
    if engine == "local" and master:
        raise click.UsageError("--master names a cluster; expected --engine spark with it")
    if engine == "spark" and jobs:
        raise click.UsageError("--jobs are processes of this machine; the cluster has its own settings for that")
    if engine == "spark" and alone:
        raise click.UsageError("--watch and --dry-run are done by this machine; expected --engine local with them")


def _load(path: Path) -> Config:
    from feeds.config.loader import load_config

    return load_config(path)


def _regenerate(config_path: Path, options: RunOptions) -> Report:
    from feeds.build import regenerate as build

    return build(_load(config_path), options)


def _watch(config_path: Path, log: WatchLog, options: RunOptions) -> None:
    from feeds.watcher import watch

    for event in watch(config_path, options):
        log.add(event)


@contextmanager
def _until_stopped() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the command without an error."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            click.echo(err=True)  # after the terminal's ^C
