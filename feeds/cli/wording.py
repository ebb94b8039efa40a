"""The wording of reports and errors, for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feeds.errors import ConfigError, StrictError, WatchError
from feeds.storage.names import display_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feeds.build import Report
    from feeds.checks.report import CheckReport
    from feeds.config.schema import Config
    from feeds.errors import FeedsError
    from feeds.pipeline.images import ImagesReport
    from feeds.watcher import Cause, Watching
    from feeds.websub.hub import HubReport


#: Characters that move or hide text in a terminal: controls, line breaks, and those that turn its direction (UAX 9).
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_POLLING = "every file is looked at twice a second instead (on Linux, sysctl fs.inotify has the limits of watching)"

_REMEDIES = {
    "unpublished": "`published: false` (source.unpublished: include publishes them)",
    "no date": "no date (source.undated: file dates them by their file)",
    "no link": "no link (an article needs webUrl or originalUrl)",
    "no title": "no title",
    "bad id": "an id that is not an IRI",
    "unreadable": "cannot be read, or has no front matter",
}


def report_lines(report: Report) -> Iterator[str]:
    """Describe a run, in a few lines."""
    left_out = ", ".join(f"{count} {reason}" for reason, count in report.left_out.items())
    read = counted(report.articles, "article") + " read"
    yield read + (f", left out: {left_out}" if left_out else "")
    yield _feeds_counted(report)
    yield f"{documents_counted(report)} in {display_path(report.output)} ({report.seconds:.1f} s)"
    if report.notes:
        rules = ", ".join(f"{count} {rule}" for rule, count in report.notes.items())
        yield f"{counted(sum(report.notes.values()), 'note')} on bodies: {rules} (`feeds check` lists them)"
    if not report.entries or not report.feeds:
        yield from why_nothing(report)


def _feeds_counted(report: Report) -> str:
    waiting = f" ({report.waiting} not due yet)" if report.waiting else ""
    return f"{counted(report.entries, 'entry', 'entries')} in {counted(report.feeds, 'feed')}{waiting}"


def documents_counted(report: Report) -> str:
    would = "would be " if report.dry_run else ""
    written = f"{counted(report.written, 'document')} {would}written"
    return f"{written}, {report.unchanged} unchanged, {report.removed} {would}removed"


def hub_line(hub: HubReport) -> str:
    """Describe which documents the hub was notified of, and which not; empty if there were none."""
    told = f"the hub was told of {counted(len(hub.told), 'document')}" if hub.told else ""
    if not hub.waiting:
        forgotten = f"what the hub was told cannot be remembered ({hub.reason})" if hub.reason else ""
        return "; ".join(filter(None, (told, forgotten)))
    if hub.reason is None:
        return f"the hub is to be told of {counted(len(hub.waiting), 'document')}: `feeds ping` does it"
    not_told = f"the hub {hub.hub} was not told of {counted(len(hub.waiting), 'document')} ({hub.reason})"
    return "; ".join(filter(None, (told, not_told, "the next run tries again")))


def images_line(images: ImagesReport) -> str:
    """Describe how many images were probed; empty if none were."""
    if not images.asked:
        return ""
    if images.is_offline:
        return f"no network: {counted(images.asked, 'image')} could not be asked for; the next run tries again"
    line = f"{counted(images.asked, 'image')} asked for"
    return f"{line}, {len(images.failed)} of them without success" if images.failed else line


def damage_line(damage: str) -> str:
    return f"{damage}; it was made anew"


def strict_line(error: StrictError) -> str:
    return f"Nothing was published: {counted(len(error.mistakes), 'mistake')} (--strict)."


def check_line(report: CheckReport) -> str:
    """Count what was checked, and what was found."""
    documents = "" if report.documents is None else f", {counted(report.documents, 'document')}"
    found = f"{counted(report.errors, 'error')}, {counted(report.warnings, 'warning')}"
    found += f", {counted(report.notes, 'note')}" if report.notes else ""
    return f"{counted(report.articles, 'article')}{documents}: {found}"


def why_nothing(report: Report) -> Iterator[str]:
    """Explain why a run has nothing to publish, and what would help."""
    yield "Nothing is published:"
    if not report.articles:
        yield "  there is no article, a file named *.md, in the folders of source.articles"
    if report.waiting:
        yield f"  {counted(report.waiting, 'entry', 'entries')} dated in the future"
    if not report.feeds and any(mistake.rule == "path-taken" for mistake in report.mistakes):
        yield "  something else is at the paths of all feeds"
    elif not report.feeds:
        yield "  no kind of feed is on, and there is no custom one (feeds:)"
    for reason, count in report.left_out.items():
        yield f"  {count} of {counted(report.articles, 'article')}: {_REMEDIES[reason]}"


def watching_line(event: Watching) -> str:
    folders = ", ".join(display_path(str(folder)) for folder in event.folders)
    return f"Watching {folders} and {display_path(str(event.config.absolute()))}; Ctrl-C ends it."


def serving_line(output: Path, address: str, config: Config) -> str:
    """Say where the site is served."""
    path = urlsplit(config.base_url).path.lstrip("/")
    return f"Serving {display_path(str(output))} at {address}{path}; Ctrl-C ends it."


def run_line(cause: Cause, report: Report) -> str:
    """Describe a run while watching, and why there was one."""
    if cause == "start":
        why = f"{counted(report.articles, 'article')}, {_feeds_counted(report)}"
    elif cause == "configuration":
        why = "configuration changed"
    else:
        why = f"{counted(report.changed, 'article')} changed" if report.changed else "no article changed"
    mistakes = f", {counted(len(report.mistakes), 'mistake')}" if report.mistakes else ""
    line = f"{why}: {documents_counted(report)}{mistakes} ({report.seconds:.1f} s)"
    damage = damage_line(report.damage) if report.damage else ""
    images = images_line(report.images) if report.images else ""
    hub = hub_line(report.hub) if report.hub else ""
    return "; ".join(filter(None, (line, damage, images, hub)))


def error_line(error: FeedsError) -> str:
    """Describe the effect of an error while watching, beside its diagnostics."""
    if isinstance(error, ConfigError):
        return "The configuration is not taken over until that is mended."
    if isinstance(error, StrictError):
        return strict_line(error)
    if isinstance(error, WatchError):
        return f"Error: {error}; {_POLLING}"
    return f"Error: {error}; trying again"


def printable(line: str) -> str:
    """Return the line with escapes for characters that a terminal would not show as one line."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], line)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
