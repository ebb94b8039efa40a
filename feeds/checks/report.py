"""`feeds check`: configuration, articles and published documents held against one table of rules."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from feeds.checks.rules.registry import level_of
from feeds.checks.rules.rule import Level
from feeds.checks.unused_names import unused_names
from feeds.config.loader import locate
from feeds.errors import Diagnostic, PublishError, mask_credentials
from feeds.images.lock import lock_beside, read_lock
from feeds.models import MANIFEST
from feeds.overview import examine
from feeds.parallel import available_jobs
from feeds.progress import untracked
from feeds.storage.addresses import is_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feeds.config.schema import Config
    from feeds.errors import LocatedDiagnostic
    from feeds.overview import Examination
    from feeds.progress import Track


class Finding(msgspec.Struct, frozen=True):
    """Something that is against a rule. Lines count from 1, 0 is the whole file."""

    rule: str
    level: Level
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        level = "warning: " if self.level == "warning" else ""
        return f"{place}: {level}{self.message} [{self.rule}]"


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at and what was found; `documents` is None where these were not asked for."""

    articles: int
    left_out: dict[str, int]
    documents: int | None
    errors: int
    warnings: int
    findings: tuple[Finding, ...]


def check(
    config: Config,
    *,
    documents: bool = False,
    output: Path | str | None = None,
    now: dt.datetime | None = None,
    jobs: int | None = None,
    track: Track = untracked,
) -> CheckReport:
    """Judge the configuration and the articles and, with `documents`, what is published in `output`; writes nothing.

    Raises PublishError where `output` is the address of an object store.
    """
    if is_address(str(output or "")):
        raise PublishError(
            mask_credentials(str(output)),
            "is in an object store; expected a folder of this machine, such as a copy of it",
        )
    now = now or dt.datetime.now(dt.UTC)
    if config.enclosures.probe == "on":
        read_lock(lock_beside(config.path))  # raises ConfigError, as it would in a run
    output = Path(output or config.default_output)
    look = partial(examine, config, now=now, jobs=jobs, track=track)
    is_damaged = False
    try:
        examined = look(output=output)
    except PublishError:
        is_damaged = True  # which is said with the documents
        examined = look(output=output / MANIFEST)  # as if nothing were published
    mistakes = [*examined.mistakes, *locate(config, [*_names(config, examined), *_empty(config, examined)])]
    found, count = findings_of(mistakes), None
    if documents or is_damaged:
        from feeds.checks.folder import validate_folder  # noqa: PLC0415  # not every check needs what reads documents

        result = validate_folder(output, config.base_url, now, jobs=jobs or available_jobs(), track=track)
        found += findings_of(result.mistakes, f"{output}/")
        count = result.documents if documents else None
    return build_report(found, articles=examined.articles, left_out=examined.left_out, documents=count)


def build_report(
    found: Iterable[Finding],
    *,
    articles: int = 0,
    left_out: dict[str, int] | None = None,
    documents: int | None = None,
) -> CheckReport:
    """The report of what was found."""
    findings = tuple(found)
    errors = sum(each.level == "error" for each in findings)
    return CheckReport(
        articles=articles,
        left_out=left_out or {},
        documents=documents,
        errors=errors,
        warnings=len(findings) - errors,
        findings=findings,
    )


def findings_of(mistakes: Iterable[LocatedDiagnostic], folder: str = "") -> list[Finding]:
    """Mistakes with the levels of their rules, and with the folder that their paths are below."""
    return [Finding(each.rule, level_of(each.rule), folder + each.path, each.line, each.message) for each in mistakes]


def _names(config: Config, examined: Examination) -> Iterator[Diagnostic]:
    """What nobody has says nothing where there is no article at all."""
    if examined.topics or examined.domains:
        yield from unused_names(config, examined.topics, examined.domains)


def _empty(config: Config, examined: Examination) -> Iterator[Diagnostic]:
    places = {feed.path: ("feeds", "custom", index, "path") for index, feed in enumerate(config.feeds.custom)}
    for kind, path in examined.empty:
        hint = "; `feeds prune` removes it" if kind in {"topic", "provider"} else ""
        yield Diagnostic(places.get(path, ("feeds",)), f"the feed {path} has no entries{hint}", "empty-feed")
