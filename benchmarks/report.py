"""Measurements as tables in Markdown: ratios, and the requirements beside the results."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from benchmarks.peers import Feeds, FeedsWithPages, Hugo, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: What there is to compare with beside the tools: what no run can do without.
BASELINE = "baseline"
LISTING, PYTHON, HELP = "listing and stat", "python -c pass", "feeds --help"
BASELINES = (LISTING, PYTHON, HELP)
MB = 1_000_000
_NONE = "–"


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a tool in one round.

    `seconds` are of wall time, `cpu` of all processors; `yardstick` is what an empty loop took at the same time.
    `memory`, in bytes, is there in rounds of its own, in which the time does not count.
    """

    articles: int
    round: int
    tool: str
    scenario: str
    seconds: float
    cpu: float
    yardstick: float
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The requirements for an archive of one size: a ratio to Hugo, seconds, and megabytes."""

    ratio: float
    nothing: float | None
    changed: float
    memory: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A requirement, its limit and what was found, in words."""

    requirement: str
    limit: str
    found: str
    is_met: bool


LIMITS = {
    10_000: Limits(ratio=0.35, nothing=0.35, changed=0.5, memory=250),
    100_000: Limits(ratio=0.25, nothing=None, changed=1.0, memory=450),
}
#: Where no seconds are given for a run that finds nothing changed: so many times the listing, and the start.
_LISTINGS, _START = 2.5, 0.25
_GROWTH = 1.15


class Results:
    """The measurements of archives of one size, by tool and scenario."""

    def __init__(self, measurements: Iterable[Measurement], articles: int) -> None:
        self.articles = articles
        self._all = [each for each in measurements if each.articles == articles]

    def timed(self, tool: str, scenario: str) -> list[Measurement]:
        """Those of the rounds in which the time counts."""
        found = (each for each in self._all if (each.tool, each.scenario) == (tool, scenario))
        return [each for each in found if each.memory is None]

    def seconds(self, tool: str, scenario: str) -> list[float]:
        return [each.seconds for each in self.timed(tool, scenario)]

    def best(self, tool: str, scenario: str) -> Measurement:
        return min(self.timed(tool, scenario), key=lambda each: each.seconds)

    def peak(self, tool: str, scenario: str | None = None) -> float | None:
        """The most megabytes that a tool took, in one scenario or in any."""
        found = (each for each in self._all if each.tool == tool and scenario in {None, each.scenario})
        return max((each.memory / MB for each in found if each.memory is not None), default=None)

    def yardsticks(self, round_: int) -> list[float]:
        """The times of the empty loop in one round, shortest first."""
        return sorted(each.yardstick for each in self._all if each.round == round_ and each.memory is None)


def ratios(ours: Iterable[Measurement], theirs: Iterable[Measurement], field: str = "seconds") -> list[float]:
    """Ours to theirs, in each round that both have: what slows a machine down mostly slows both."""
    mine, other = _by_round(ours, field), _by_round(theirs, field)
    return [mine[round_] / other[round_] for round_ in mine if round_ in other]


def _by_round(measurements: Iterable[Measurement], field: str) -> dict[int, float]:
    """The median of what was repeated in a round."""
    found: dict[int, list[float]] = defaultdict(list)
    for each in measurements:
        found[each.round].append(getattr(each, field))
    return {round_: median(values) for round_, values in found.items()}


def render_report(measurements: Sequence[Measurement]) -> str:
    """The tables of all sizes, and the verdicts."""
    sizes = sorted({each.articles for each in measurements})
    results = [Results(measurements, articles) for articles in sizes]
    parts = [part for each in results for part in (f"### {each.articles:,} articles", *_tables(each))]
    found = verdicts(results)
    if found:
        rows = [[each.requirement, each.limit, each.found, "met" if each.is_met else "**not met**"] for each in found]
        parts += ["### Requirements", table(["requirement", "at most", "found", ""], rows)]
    return "\n\n".join(parts)


def verdicts(results: Sequence[Results]) -> list[Verdict]:
    """The requirements that there are for archives of these sizes, held against what was found."""
    found = [verdict for each in results if each.articles in LIMITS for verdict in _verdicts(each)]
    by_size = {each.articles: each for each in results}
    if LIMITS.keys() <= by_size.keys():
        small, large = (each.timed(Feeds.name, Scenario.FULL) for each in (by_size[10_000], by_size[100_000]))
        growth = median(ratios(large, small)) / 10
        found.append(_at_most("full build per article, 10,000 to 100,000", _GROWTH, growth, " times"))
    return found


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, the first column of which is text and the others numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _tables(results: Results) -> Iterator[str]:
    yield table(
        ["best / median", "feeds, s", "Hugo, s", "wall", "processor time", "feeds, MB", "Hugo, MB", "memory"],
        (_scenario_row(results, scenario) for scenario in Scenario),
    )
    if results.timed(FeedsWithPages.name, Scenario.FULL):
        yield table(
            ["best / median", "with pages, s", "against without", "against Hugo", "MB"],
            (_pages_row(results, scenario) for scenario in FeedsWithPages.scenarios),
        )
    yield table(
        ["best / median", "s"], ([name, _best_and_median(results.seconds(BASELINE, name))] for name in BASELINES)
    )
    yield table(
        ["round", "empty loop (best / median / worst), s", "feeds, full build, s", "Hugo, s", "wall"],
        _round_rows(results),
    )


def _scenario_row(results: Results, scenario: Scenario) -> list[str]:
    theirs = peer_scenario(scenario)
    ours, peer = results.timed(Feeds.name, scenario), results.timed(Hugo.name, theirs)
    memory, peer_memory = results.peak(Feeds.name, scenario), results.peak(Hugo.name, theirs)
    return [
        scenario,
        _best_and_median(results.seconds(Feeds.name, scenario)),
        _best_and_median(results.seconds(Hugo.name, theirs)),
        _median_ratio(ratios(ours, peer)),
        _median_ratio(ratios(ours, peer, "cpu")),
        f"{memory:.0f}" if memory else _NONE,
        f"{peer_memory:.0f}" if peer_memory else _NONE,
        f"{memory / peer_memory:.2f}" if memory and peer_memory else _NONE,
    ]


def _pages_row(results: Results, scenario: Scenario) -> list[str]:
    ours = results.timed(FeedsWithPages.name, scenario)
    without, peer = results.timed(Feeds.name, scenario), results.timed(Hugo.name, peer_scenario(scenario))
    memory = results.peak(FeedsWithPages.name, scenario)
    return [
        scenario,
        _best_and_median(results.seconds(FeedsWithPages.name, scenario)),
        _median_ratio(ratios(ours, without)),
        _median_ratio(ratios(ours, peer)),
        f"{memory:.0f}" if memory else _NONE,
    ]


def peer_scenario(scenario: Scenario) -> Scenario:
    """The case that Hugo was run for instead: it builds everything again after any change."""
    return scenario if scenario in Hugo.scenarios else Scenario.CHANGED


def _round_rows(results: Results) -> Iterator[list[str]]:
    """How fast a processor was in each round, at best, mostly and at worst, and what came of it."""
    theirs = {each.round: each.seconds for each in results.timed(Hugo.name, Scenario.FULL)}
    for full in results.timed(Feeds.name, Scenario.FULL):
        loops = results.yardsticks(full.round)
        peer = theirs.get(full.round)
        yield [
            str(full.round),
            " / ".join(map(_seconds, (loops[0], median(loops), loops[-1]))),
            _seconds(full.seconds),
            _seconds(peer) if peer else _NONE,
            f"{full.seconds / peer:.2f}" if peer else _NONE,
        ]


def _verdicts(results: Results) -> Iterator[Verdict]:
    """Seconds are the best ones, ratios the median of the rounds, memory is the most of any scenario."""
    limits = LIMITS[results.articles]
    size = f"{results.articles:,}: "
    full = ratios(results.timed(Feeds.name, Scenario.FULL), results.timed(Hugo.name, Scenario.FULL))
    if full:
        yield _at_most(f"{size}full build, wall against Hugo", limits.ratio, median(full))
    nothing = limits.nothing or _LISTINGS * results.best(BASELINE, LISTING).seconds + _START
    for scenario, limit in ((Scenario.NOTHING, nothing), (Scenario.CHANGED, limits.changed)):
        best = results.best(Feeds.name, scenario)
        yield _at_most(f"{size}{scenario}", limit, best.seconds, " s", f", empty loop {_seconds(best.yardstick)} s")
    peak = results.peak(Feeds.name)
    if peak is not None:
        yield _at_most(f"{size}memory of all processes, any scenario", limits.memory, peak, " MB")


def _at_most(requirement: str, limit: float, found: float, unit: str = "", remark: str = "") -> Verdict:
    return Verdict(requirement, f"{limit:.4g}{unit}", f"{_figure(found)}{unit}{remark}", found <= limit)


def _figure(found: float) -> str:
    return f"{found:.3g}" if found < 1_000 else f"{found:,.0f}"


def _best_and_median(seconds: Sequence[float]) -> str:
    return f"{_seconds(min(seconds))} / {_seconds(median(seconds))}" if seconds else _NONE


def _median_ratio(found: Sequence[float]) -> str:
    return f"{median(found):.2f}" if found else _NONE


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:.1f}"
