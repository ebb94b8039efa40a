"""The benchmark as a whole: ours does what is measured, and the tables come out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from benchmarks import compare, peers
from benchmarks.compare import main, play, staged
from benchmarks.measure import BenchmarkError, Cost
from benchmarks.peers import Feeds, Hugo, Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def test_ours_does_what_is_measured(tmp_path: Path) -> None:
    with staged(tmp_path, 60, with_hugo=False) as stage:
        measurements = list(play(stage, 1))
        assert stage.ours.check_bytes() > 100
    assert [each.scenario for each in measurements] == list(Scenario)
    assert {(each.articles, each.tool, each.memory) for each in measurements} == {(60, "feeds", None)}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that were run, or would have been: nothing is."""
    programs: list[str] = []

    def measure(command: Sequence[str], *, with_memory: bool = False) -> Cost:
        programs.append(command[0])
        return Cost(2 if command[0] == "hugo" else 1, 1, 5_000_000 if with_memory else None, "")

    monkeypatch.setattr(compare, "measure", measure)
    monkeypatch.setattr(compare, "yardstick", lambda: 0.1)
    monkeypatch.setattr(compare, "version", lambda name: f"version of {name}")
    monkeypatch.setattr(peers, "feeds_program", lambda: "feeds")
    monkeypatch.setattr(peers, "hugo_program", lambda: "hugo")
    for tool in (Feeds, Hugo):
        monkeypatch.setattr(tool, "check", lambda *_: None)
    monkeypatch.setattr(Feeds, "check_bytes", lambda _: 7)
    return programs


def test_what_is_short_is_repeated_with_ours(ran: list[str], tmp_path: Path) -> None:
    with staged(tmp_path, 60, with_hugo=True) as stage:
        measurements = list(play(stage, 1, repeats=3))
    short = ["nothing changed", "one article changed", "one removed", "one added"]
    ours = [each.scenario for each in measurements if each.tool == "feeds"]
    assert ours == ["full build", *3 * short, "configuration changed"]
    assert ran.count("hugo") == 2


def test_tools_take_turns_in_being_first(ran: list[str], tmp_path: Path) -> None:
    with staged(tmp_path, 60, with_hugo=True) as stage:
        for round_ in (1, 2):
            list(play(stage, round_))
    one = ["feeds", "hugo", "feeds", "feeds", "hugo", "feeds", "feeds", "feeds"]
    two = ["hugo", "feeds", "feeds", "hugo", "feeds", "feeds", "feeds", "feeds"]
    assert ran == one + two


@pytest.mark.usefixtures("ran")
def test_the_tables_and_all_figures(tmp_path: Path) -> None:
    arguments = ["--articles", "60", "--articles", "90", "--rounds", "2", "--json", str(tmp_path / "figures.json")]
    result = CliRunner().invoke(main, [*arguments, "--folder", str(tmp_path / "kept")])
    assert result.exit_code == 0, result.output
    assert "60 articles of 0.2 MB with" in result.stdout
    assert "7 files published step by step have the bytes of a full build" in result.stdout
    assert "| full build | 1.00 / 1.00 | 2.00 / 2.00 | 0.50 | 1.00 | 5 | 5 | 1.00 |" in result.stdout
    figures = json.loads((tmp_path / "figures.json").read_bytes())
    assert figures["machine"]["Hugo"] == "version of hugo"
    assert len(figures["measurements"]) == 2 * (2 * (3 + 8 + 2 * 4) + 8)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["60", "90"]


@pytest.mark.usefixtures("ran")
def test_pages_are_measured_beside() -> None:
    result = CliRunner().invoke(main, ["--articles", "60", "--rounds", "1", "--with-pages"])
    assert result.exit_code == 0, result.output
    assert "| nothing changed | 1.00 / 1.00 | 1.00 | 0.50 | 5 |" in result.stdout


def test_without_hugo_it_is_not_asked_for(ran: list[str]) -> None:
    result = CliRunner().invoke(main, ["--articles", "60", "--rounds", "1", "--memory-rounds", "0", "--without-hugo"])
    assert result.exit_code == 0, result.output
    assert "hugo" not in ran
    assert "Hugo version" not in result.stdout


@pytest.mark.parametrize("articles", ["59", "200000"])
def test_too_few_or_too_many_articles_are_refused(articles: str) -> None:
    assert CliRunner().invoke(main, ["--articles", articles]).exit_code == 2


def test_what_two_folders_hold_is_the_same_or_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "a.rss").write_bytes(b"same")
    assert peers.compare(one, other) == 1
    (other / "b.rss").touch()
    with pytest.raises(BenchmarkError, match=r"1 files of 1 .*b\.rss"):
        peers.compare(one, other)
    (other / "b.rss").unlink()
    (other / "a.rss").write_bytes(b"else")
    with pytest.raises(BenchmarkError, match=r"a\.rss"):
        peers.compare(one, other)

    def refuse(*_: object) -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("filecmp._do_cmp", refuse)
    (other / "a.rss").write_bytes(b"SAME")
    with pytest.raises(BenchmarkError, match=r"a\.rss"):
        peers.compare(one, other)
