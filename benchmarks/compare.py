"""Ours and Hugo on the same archive, in turns: what each takes, and how that compares.

    python -m benchmarks.compare --articles 10000 --rounds 3

The tables go to standard output in Markdown; docs/performance.md says what they mean.
"""

from __future__ import annotations

import platform
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from benchmarks.changes import borrowed
from benchmarks.measure import listing, measure, yardstick
from benchmarks.peers import CHANGED_LIMIT, Feeds, FeedsWithPages, Hugo, Scenario, feeds_program
from benchmarks.report import BASELINE, HELP, LISTING, MB, PYTHON, Measurement, render_report
from feeds.parallel import available_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.changes import Archive, Shape
    from benchmarks.measure import Cost
    from benchmarks.peers import Peer

#: Before anything counts, all is done once with a few articles: what does not work is found at once.
_REHEARSAL = 60
_SHORT = (Scenario.NOTHING, Scenario.CHANGED, Scenario.REMOVED, Scenario.ADDED)
#: The articles are half an hour apart: what is beyond is dated in the future, and published by nobody.
_MOST_ARTICLES = 150_000


@dataclass(frozen=True)
class Stage:
    """An archive, and the tools that publish it."""

    archive: Archive
    shape: Shape
    ours: Feeds
    peers: Sequence[Peer]

    def prepare(self, scenario: Scenario) -> None:
        """Make happen what a scenario is about."""
        if scenario is Scenario.FULL:
            self.archive.restore()
            for tool in (self.ours, *self.peers):
                tool.forget()
        elif scenario is Scenario.CHANGED:
            self.archive.change()
        elif scenario is Scenario.REMOVED:
            self.archive.remove()
        elif scenario is Scenario.ADDED:
            self.archive.add()
        elif scenario is Scenario.CONFIGURED:
            self.ours.configure({"limit": CHANGED_LIMIT})


@contextmanager
def staged(folder: Path, articles: int, *, with_hugo: bool, with_pages: bool = False) -> Iterator[Stage]:
    """An archive of that many articles in `folder`, and the tools beside it."""
    with borrowed(folder, articles) as archive:
        peers: list[Peer] = [Hugo(folder / "hugo", archive.folder)] if with_hugo else []
        if with_pages:
            peers.append(FeedsWithPages(folder / "pages", archive.folder))
        yield Stage(archive, archive.shape(), Feeds(folder / "feeds", archive.folder), peers)


def play(stage: Stage, round_: int, *, repeats: int = 1, with_memory: bool = False) -> Iterator[Measurement]:
    """One round: the tools take turns with each scenario, and in being the first.

    The short scenarios are repeated, with ours: where a machine falters, one of them is not disturbed.
    """
    tools: list[Peer] = [stage.ours, *stage.peers]
    if round_ % 2 == 0:
        tools.reverse()
    again: list[Peer] = [stage.ours]
    turns = [(Scenario.FULL, tools), *product(_SHORT, [tools]), *product(_SHORT * (repeats - 1), [again])]
    for scenario, those in [*turns, (Scenario.CONFIGURED, tools)]:
        stage.prepare(scenario)
        for tool in those:
            if scenario in tool.scenarios:
                cost, loop = _with_yardstick(partial(measure, tool.command, with_memory=with_memory))
                tool.check(scenario, cost.output, stage.shape)
                yield _noted(stage, round_, tool.name, scenario, cost, loop)


def play_baselines(stage: Stage, round_: int) -> Iterator[Measurement]:
    """The costs that no run can avoid."""
    takes: dict[str, Callable[[], Cost]] = {
        LISTING: partial(listing, stage.archive.folder),
        PYTHON: partial(measure, [sys.executable, "-c", "pass"]),
        HELP: partial(measure, [feeds_program(), "--help"]),
    }
    for name, take in takes.items():
        yield _noted(stage, round_, BASELINE, name, *_with_yardstick(take))


def _with_yardstick(take: Callable[[], Cost]) -> tuple[Cost, float]:
    """The cost of a command, and of the empty loop before and after it."""
    before = yardstick()
    cost = take()
    return cost, (before + yardstick()) / 2


def _noted(stage: Stage, round_: int, tool: str, scenario: str, cost: Cost, loop: float) -> Measurement:
    memory = f", {cost.memory / MB:.0f} MB" if cost.memory else ""
    _tell(f"  {tool:16}  {scenario:21}  {cost.seconds:7.2f} s{memory}  (empty loop {loop:.2f} s)")
    return Measurement(
        articles=stage.shape.articles,
        round=round_,
        tool=tool,
        scenario=scenario,
        seconds=cost.seconds,
        cpu=cost.cpu,
        yardstick=loop,
        memory=cost.memory,
    )


def _rehearse(*, with_hugo: bool) -> None:
    _tell("Rehearsal")
    with (
        tempfile.TemporaryDirectory(prefix="feeds-rehearsal-") as folder,
        staged(Path(folder), _REHEARSAL, with_hugo=with_hugo) as stage,
    ):
        list(play_baselines(stage, 0))
        list(play(stage, 0, with_memory=True))
        stage.ours.check_bytes()


def _play_all(stages: Sequence[Stage], rounds: int, repeats: int, memory_rounds: int) -> Iterator[Measurement]:
    """All rounds: those in which the time counts, and those in which the memory is looked at."""
    for round_ in range(1, rounds + memory_rounds + 1):
        for stage in stages:
            with_memory = round_ > rounds
            counted = "memory" if with_memory else "time"
            _tell(f"Round {round_} of {rounds + memory_rounds}, {counted}, {stage.shape.articles:,} articles")
            if not with_memory:
                yield from play_baselines(stage, round_)
            yield from play(stage, round_, repeats=1 if with_memory else repeats, with_memory=with_memory)


def _machine(*, with_hugo: bool) -> dict[str, str]:
    """The environment that the figures depend on, beside the code."""
    return {
        "feeds": version("feeds"),
        **({"Hugo": version("hugo")} if with_hugo else {}),
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": str(available_jobs()),
    }


def _described(stage: Stage, files: int) -> str:
    """An archive in a line, and how many files are the same however they came to be."""
    terms = ", ".join(f"{len(found):,} {taxonomy}" for taxonomy, found in stage.shape.terms.items())
    size = f"{stage.shape.articles:,} articles of {stage.shape.size / MB:.1f} MB with {terms}"
    return f"{size}.\n{files:,} files published step by step have the bytes of a full build."


def _tell(progress: str) -> None:
    click.echo(progress, err=True)


@click.command(context_settings={"max_content_width": 100})
@click.option(
    "--articles",
    "sizes",
    type=click.IntRange(_REHEARSAL, _MOST_ARTICLES),
    multiple=True,
    default=[10_000],
    show_default=True,
    help="How many articles; once more for a second archive.",
)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Rounds in which time counts.")
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True, help="Of what is short, in a round.")
@click.option("--memory-rounds", type=click.IntRange(0), default=1, show_default=True, help="And in which memory does.")
@click.option("--without-hugo", is_flag=True, help="Measure ours alone.")
@click.option("--with-pages", is_flag=True, help="Measure ours with pages, too.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the archives stay for the next time.  [default: a temporary folder]",
)
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write all figures there.")
def main(
    sizes: tuple[int, ...],
    rounds: int,
    repeats: int,
    memory_rounds: int,
    folder: Path | None,
    json_path: Path | None,
    *,
    without_hugo: bool,
    with_pages: bool,
) -> None:
    """Compare ours with Hugo on the same archive, and print tables in Markdown."""
    machine = _machine(with_hugo=not without_hugo)
    _rehearse(with_hugo=not without_hugo)
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feeds-bench-")))
        stages = [
            stack.enter_context(
                staged(place / str(articles), articles, with_hugo=not without_hugo, with_pages=with_pages)
            )
            for articles in sorted(set(sizes))
        ]
        measurements = list(_play_all(stages, rounds, repeats, memory_rounds))
        described = [_described(stage, stage.ours.check_bytes()) for stage in stages]
    if json_path:
        json_path.write_bytes(msgspec.json.encode({"machine": machine, "measurements": measurements}))
    click.echo(", ".join(f"{name} {value}" for name, value in machine.items()) + "\n")
    click.echo("\n\n".join([*described, render_report(measurements)]))


if __name__ == "__main__":
    main()
