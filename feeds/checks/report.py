"""`feeds check`: the findings in the configuration, the articles and the published documents."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Unpack

import msgspec

from feeds.checks.rules.registry import check_site, level_of
from feeds.checks.rules.rule import Level
from feeds.config.loader import locate
from feeds.errors import PublishError, mask_credentials
from feeds.images.lock import lock_beside, read_lock
from feeds.overview import examine
from feeds.parallel import available_jobs
from feeds.run import RunKeywords, RunOptions, merge_options
from feeds.storage.addresses import is_address
from feeds.storage.names import display_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.config.schema import Config
    from feeds.errors import LocatedDiagnostic


class Finding(msgspec.Struct, frozen=True):
    """A broken rule, as users see it. Lines count from 1; 0 is the whole file."""

    rule: str
    level: Level
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        position = f"{self.path}:{self.line}" if self.line else self.path
        level = "" if self.level == "error" else f"{self.level}: "
        return f"{position}: {level}{self.message} [{self.rule}]"


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """The number of articles and documents that were checked, and the findings in them.

    `left_out` counts the articles that are not published, by reason. `documents` is None if they were not checked.
    """

    articles: int
    left_out: dict[str, int]
    documents: int | None
    errors: int
    warnings: int
    notes: int
    findings: tuple[Finding, ...]


def check(
    config: Config,
    options: RunOptions | None = None,
    /,
    *,
    documents: bool = False,
    **changes: Unpack[RunKeywords],
) -> CheckReport:
    """Check the configuration, the articles and, with `documents`, what is published in `output`. Write nothing.

    `changes` are fields of RunOptions. Raises PublishError if `output` is an object store, and ConfigError if the file
    of image lengths and types cannot be read.
    """
    options = merge_options(options, changes)
    output = options.output or config.default_output
    if is_address(str(output)):
        raise PublishError(
            mask_credentials(str(output)),
            "is in an object store; expected a folder of this machine, such as a copy of it",
        )
    output = Path(output)
    now = options.now or dt.datetime.now(dt.UTC)
    if config.enclosures.probe == "on":
        read_lock(lock_beside(config.path))  # raises ConfigError, as it would in a run
    is_damaged = False
    try:
        examination = examine(config, options, output=output, now=now)
    except PublishError:
        is_damaged = True  # a finding in the documents
        with TemporaryDirectory() as empty:  # as if nothing were published
            examination = examine(config, options, output=Path(empty), now=now)
    findings = findings_of([*examination.diagnostics, *locate(config, check_site(config, examination))])
    count = None
    if documents or is_damaged:
        from feeds.checks.folder import validate_folder  # noqa: PLC0415  # not every check needs the formats

        jobs = options.jobs or available_jobs()
        validation = validate_folder(output, config.base_url, now, jobs=jobs, track=options.track)
        findings += findings_of(validation.diagnostics, output)
        count = validation.documents if documents else None
    return build_report(findings, articles=examination.articles, left_out=examination.skipped, documents=count)


def build_report(
    found: Iterable[Finding],
    *,
    articles: int = 0,
    left_out: dict[str, int] | None = None,
    documents: int | None = None,
) -> CheckReport:
    findings = tuple(found)
    levels = Counter(finding.level for finding in findings)
    return CheckReport(
        articles=articles,
        left_out=left_out or {},
        documents=documents,
        errors=levels["error"],
        warnings=levels["warning"],
        notes=levels["note"],
        findings=findings,
    )


def findings_of(diagnostics: Iterable[LocatedDiagnostic], folder: Path | None = None) -> list[Finding]:
    """Return diagnostics as findings, with the levels of their rules; their paths may be relative to `folder`."""
    return [
        Finding(
            each.rule,
            level_of(each.rule),
            display_path(f"{folder}/{each.path}") if folder else each.path,
            each.line,
            each.message,
        )
        for each in diagnostics
    ]
