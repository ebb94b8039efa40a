"""A run on a cluster of one worker and of more, on the same archive: what each takes, and how that compares.

    python -m benchmarks.cluster --articles 100000 --workers 1 --workers 2 --folder FOLDER

The cluster is a real one, of a master and workers of one processor each, on this machine. The archive stays in FOLDER.
The table goes to standard output in Markdown; docs/scaling.md says what it means.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psutil

from benchmarks.corpus import Corpus
from benchmarks.measure import BenchmarkError, measure, memory_of, tree_memory, yardstick
from benchmarks.peers import Feeds, compare
from benchmarks.report import MB
from benchmarks.standalone import standalone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.standalone import Cluster

#: So many articles, so far apart from 2016 on, are not of the future.
_MINUTES_APART = 5
_MOST_ARTICLES = 1_000_000
#: Between two looks at the memory, in seconds: each takes a tenth of one, of the processors that all have.
_INTERVAL = 3
_HEADER = (
    "| run | workers | wall, s | start, s | work, s | busy, s | first machine, MB | executor, MB | of it Python, MB "
    "| shuffled, MB | tasks |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(frozen=True)
class Peak:
    """The most bytes of memory that the first machine, an executor, and the Python of an executor took."""

    first: int = 0
    executor: int = 0
    python: int = 0

    def __or__(self, other: Peak) -> Peak:
        return Peak(max(self.first, other.first), max(self.executor, other.executor), max(self.python, other.python))


@dataclass(frozen=True)
class Events:
    """Figures of Spark's event log: when the first executor started (seconds since 1970), and sums over all tasks.

    `lost` counts the executors that were lost meanwhile.
    """

    started: float
    busy: float
    shuffled: int
    tasks: int
    lost: int


@dataclass(frozen=True)
class Run:
    """The cost of a run. `start` is the time until the first executor started, in seconds."""

    name: str
    workers: int
    seconds: float
    start: float
    peak: Peak
    events: Events

    @property
    def row(self) -> str:
        peak, events = self.peak, self.events
        memory = (f"{value / MB:,.0f}" for value in (peak.first, peak.executor, peak.python, events.shuffled))
        times = (f"{value:,.1f}" for value in (self.seconds, self.start, self.seconds - self.start, events.busy))
        return f"| {' | '.join([self.name, str(self.workers), *times, *memory, f'{events.tasks:,}'])} |"


def run(cluster: Cluster, name: str, command: list[str], *, with_memory: bool) -> Run:
    """Run a command on a cluster to its end. Where the time counts, leave the memory."""
    known = set(cluster.events)
    began, started = time.time(), time.perf_counter()
    with (cluster.folder / "logs" / "run").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--engine", "spark", "--master", cluster.url],
            env=cluster.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    peak = Peak()
    for seen in _watched(process, cluster) if with_memory else ():
        peak |= seen
    process.wait()
    seconds = time.perf_counter() - started
    said = (cluster.folder / "logs" / "run").read_text(encoding="utf-8", errors="replace")
    if process.returncode:
        raise BenchmarkError(f"{' '.join(command)} exited with {process.returncode}:\n{said[-3_000:]}")
    _tell(said)
    (log_of_events,) = set(cluster.events) - known
    events = read_events(log_of_events)
    return Run(name, len(cluster.workers), seconds, events.started - began, peak, events)


def _watched(process: subprocess.Popen[bytes], cluster: Cluster) -> Iterator[Peak]:
    """The memory of all processes, sampled until the process has ended."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_INTERVAL)
            return
        with suppress(psutil.Error):
            first = tree_memory(psutil.Process(process.pid))
            found = [(tree_memory(one), memory_of(one)) for one in cluster.executors()]
            yield Peak(
                first,
                max((all_ for all_, _ in found), default=0),
                max((all_ - java for all_, java in found), default=0),
            )


def read_events(path: Path) -> Events:
    """Read Spark's event log of a program that has ended."""
    started, busy, shuffled, tasks, lost = 0.0, 0, 0, 0, 0
    with path.open(encoding="utf-8") as lines:
        for event in map(json.loads, lines):
            if event["Event"] == "SparkListenerExecutorAdded":
                started = started or event["Timestamp"] / 1000
            elif event["Event"] == "SparkListenerExecutorRemoved":
                lost += 1
            elif event["Event"] == "SparkListenerTaskEnd":
                metrics: dict[str, Any] = event.get("Task Metrics") or {}
                busy += metrics.get("Executor Run Time", 0)
                shuffled += metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
                tasks += 1
    return Events(started, busy / 1000, shuffled, tasks, lost)


def _tell(text: str) -> None:
    click.echo(text, err=True)


@click.command()
@click.option("--articles", type=click.IntRange(1, _MOST_ARTICLES), default=10_000, show_default=True)
@click.option("--workers", "sizes", type=click.IntRange(1), multiple=True, default=[1, 2], show_default=True)
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where all is put.")
@click.option("--rounds", type=click.IntRange(1), default=1, show_default=True)
@click.option("--again/--once", default=True, show_default=True, help="Run a second time, with nothing changed.")
@click.option("--with-memory", is_flag=True, help="Look at the memory, which takes some time.")
@click.option("--conf", "settings", metavar="NAME=VALUE", multiple=True, help="A setting of Spark's.")
@click.option("--with-local", is_flag=True, help="Publish by the local engine, too, and compare the bytes.")
def main(
    articles: int,
    sizes: tuple[int, ...],
    folder: Path,
    rounds: int,
    settings: tuple[str, ...],
    *,
    again: bool,
    with_memory: bool,
    with_local: bool,
) -> None:
    """Publish an archive on clusters of as many workers, and print what each run takes."""
    archive = folder / f"articles-{articles}"
    if not archive.exists():
        Corpus(articles, minutes_apart=_MINUTES_APART).write(archive)
    ours = Feeds(folder / "site", archive)
    ours.configure()
    local = folder / "local"
    if with_local:
        shutil.rmtree(local, ignore_errors=True)
        cost = measure(ours.regenerate(local / "output", local / "cache"), with_memory=True)
        click.echo(
            f"One machine, local engine: {cost.seconds:.1f} s, {(cost.memory or 0) / MB:.0f} MB, cpu {cost.cpu:.1f}\n"
        )
    click.echo(_HEADER)
    for _ in range(rounds):
        for workers in sizes:
            place = folder / f"{workers}"
            shutil.rmtree(place, ignore_errors=True)
            chosen = dict(setting.split("=", 1) for setting in settings)
            with standalone(place / "cluster", workers, chosen) as cluster:
                command = ours.regenerate(place / "output", place / "cache")
                for name in ("full build", "nothing changed")[: 1 + again]:
                    click.echo(run(cluster, name, command, with_memory=with_memory).row)
            _tell(f"  empty loop {yardstick():.2f} s")
            if with_local:
                same = compare(local / "output", place / "output")
                _tell(f"  {same:,} files with the bytes of one machine")


if __name__ == "__main__":
    main()
