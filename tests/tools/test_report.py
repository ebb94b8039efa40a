"""The benchmark's tables: ratios of the same round, and verdicts."""

from __future__ import annotations

import pytest

from benchmarks.peers import Scenario
from benchmarks.report import BASELINE, LISTING, Measurement, Results, ratios, render_report, table, verdicts


def took(tool: str, scenario: str, *seconds: float, articles: int = 10_000) -> list[Measurement]:
    """Measurements of rounds 1, 2 … in which the processors took twice the time."""
    return [
        Measurement(
            articles=articles,
            round=round_,
            tool=tool,
            scenario=scenario,
            seconds=each,
            cpu=2 * each,
            yardstick=each / 10,
        )
        for round_, each in enumerate(seconds, 1)
    ]


def held(tool: str, scenario: str, memory: int, articles: int = 10_000) -> Measurement:
    return Measurement(
        articles=articles, round=9, tool=tool, scenario=scenario, seconds=99, cpu=99, yardstick=99, memory=memory
    )


def run(articles: int = 10_000, full: float = 4, listed: float = 0.1) -> list[Measurement]:
    """Measurements that meet all requirements."""
    return [
        *took("feeds", Scenario.FULL, 2 * full, full, articles=articles),
        *took("Hugo", Scenario.FULL, 8 * full, 4 * full, articles=articles),
        *took("feeds", Scenario.NOTHING, 0.5, 0.3, articles=articles),
        *took("feeds", Scenario.CHANGED, 0.4, 0.45, articles=articles),
        *took("Hugo", Scenario.CHANGED, 4, 5, articles=articles),
        *took(BASELINE, LISTING, listed, listed, articles=articles),
        held("feeds", Scenario.FULL, 200_000_000, articles),
        held("Hugo", Scenario.FULL, 400_000_000, articles),
    ]


def test_ratios_are_those_of_the_same_round() -> None:
    results = Results([*took("feeds", "a", 1, 30, 5), *took("Hugo", "b", 4, 60)], 10_000)
    assert ratios(results.timed("feeds", "a"), results.timed("Hugo", "b")) == [0.25, 0.5]


def test_what_is_repeated_in_a_round_counts_by_its_median() -> None:
    results = Results([*took("feeds", "a", 1, 9), *took("feeds", "a", 2, 8), *took("feeds", "a", 6, 1)], 10_000)
    peer = Results(took("Hugo", "a", 4, 16), 10_000)
    assert ratios(results.timed("feeds", "a"), peer.timed("Hugo", "a")) == [0.5, 0.5]
    assert results.best("feeds", "a").seconds == 1


def test_rounds_for_memory_do_not_count_for_time() -> None:
    results = Results([*took("feeds", "a", 1), held("feeds", "a", 5_000_000), held("feeds", "b", 7_000_000)], 10_000)
    assert results.seconds("feeds", "a") == [1]
    assert results.yardsticks(9) == []
    assert (results.peak("feeds", "a"), results.peak("feeds"), results.peak("Hugo")) == (5, 7, None)


def test_a_table_is_markdown() -> None:
    assert table(["", "s"], [["a", "1"], ["b", "2"]]) == "|  | s |\n| --- | --: |\n| a | 1 |\n| b | 2 |"


def test_the_report_has_best_median_and_ratio_of_every_scenario() -> None:
    lines = render_report(run()).splitlines()
    assert "### 10,000 articles" in lines
    assert "| full build | 4.00 / 6.00 | 16.0 / 24.0 | 0.25 | 0.25 | 200 | 400 | 0.50 |" in lines
    assert "| nothing changed | 0.30 / 0.40 | 4.00 / 4.50 | 0.09 | 0.09 | – | – | – |" in lines  # Hugo's full work
    assert "| one added | – | 4.00 / 4.50 | – | – | – | – | – |" in lines
    assert "| listing and stat | 0.10 / 0.10 |" in lines
    assert "| 2 | 0.01 / 0.22 / 1.60 | 4.00 | 16.0 | 0.25 |" in lines
    assert "| 10,000: nothing changed | 0.35 s | 0.3 s, empty loop 0.03 s | met |" in lines


def test_without_hugo_there_are_no_ratios() -> None:
    lines = render_report([each for each in run() if each.tool != "Hugo"]).splitlines()
    assert "| full build | 4.00 / 6.00 | – | – | – | 200 | – | – |" in lines
    assert not any("against Hugo" in line for line in lines)


def test_a_size_without_requirements_has_no_verdicts() -> None:
    assert "Requirements" not in render_report(run(articles=300))


@pytest.mark.parametrize(
    ("more", "requirement"),
    [
        (took("Hugo", Scenario.FULL, 20, 10), "full build, wall against Hugo"),
        (took("feeds", Scenario.NOTHING, 0.4, 0.5), "nothing changed"),
        (took("feeds", Scenario.CHANGED, 0.51, 0.6), "one article changed"),
        ([held("feeds", Scenario.CONFIGURED, 251_000_000)], "memory of all processes, any scenario"),
    ],
)
def test_what_is_not_met_is_said(more: list[Measurement], requirement: str) -> None:
    assert all(verdict.is_met for verdict in verdicts([Results(run(), 10_000)]))
    replaced = {(each.tool, each.scenario) for each in more if each.memory is None}
    kept = [each for each in run() if each.memory is not None or (each.tool, each.scenario) not in replaced]
    unmet = [verdict for verdict in verdicts([Results([*kept, *more], 10_000)]) if not verdict.is_met]
    assert [verdict.requirement for verdict in unmet] == [f"10,000: {requirement}"]


def test_of_many_articles_nothing_changed_is_held_against_the_listing() -> None:
    def found(listed: float) -> tuple[str, bool]:
        results = Results(run(100_000, listed=listed), 100_000)
        return next((each.limit, each.is_met) for each in verdicts([results]) if "nothing" in each.requirement)

    assert found(0.1) == ("0.5 s", True)
    assert found(0.01) == ("0.275 s", False)


@pytest.mark.parametrize(("full", "found", "is_met"), [(44, "1.1 times", True), (48, "1.2 times", False)])
def test_growth_is_per_article(full: float, found: str, is_met: bool) -> None:
    results = [Results([*run(), *run(100_000, full)], articles) for articles in (10_000, 100_000)]
    verdict = verdicts(results)[-1]
    assert (verdict.limit, verdict.found, verdict.is_met) == ("1.15 times", found, is_met)
