"""`feeds check`: its findings, output, exit codes and explanations."""

from __future__ import annotations

import difflib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import feeds
from feeds.build import probe
from feeds.checks.report import check
from feeds.checks.rules.registry import RULES
from feeds.cli.commands import main
from feeds.errors import ConfigError, ProcessError
from feeds.overview import examine
from tests.support.command import run
from tests.support.paths import ROOT
from tests.support.rule_examples import ARTICLE, CONFIGURATION
from tests.support.site import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from feeds.checks.report import Finding
    from feeds.overview import Examination
    from tests.support.site import Site

UNUSED_TOPIC = f"{CONFIGURATION}topics: {{Enrgy: {{title: E}}}}\n"
#: Wherever the configuration has an address.
ADDRESSES = {
    "site.url": CONFIGURATION.replace("https://feeds.example.com/", '"https://[x]/"'),
    "site.hub": CONFIGURATION.replace("title: Test Wire", 'title: A, hub: "https://[x]/"'),
    "site.logo": CONFIGURATION.replace("title: Test Wire", 'title: A, logo: "https://a.example:99999/"'),
    "site.author.uri": CONFIGURATION.replace(
        "title: Test Wire", 'title: A, author: {name: A, uri: "https://a%zz.example/"}'
    ),
    "source.base_url": CONFIGURATION.replace("source: {", 'source: {base_url: "https://a..example/", '),
    "providers.a.example.feed": f'{CONFIGURATION}providers: {{a.example: {{feed: "https://[x]/"}}}}\n',
    "topics.Energy.icon": f'{CONFIGURATION}topics: {{Energy: {{icon: "https://[x]/"}}}}\n',
    "feeds.custom.0.icon": f'{CONFIGURATION}feeds: {{custom: [{{path: a, icon: "https://[x]/"}}]}}\n',
}


def found(site: Site) -> tuple[Finding, ...]:
    return check(feeds.load_config(site.config_path), now=NOW).findings


@pytest.mark.parametrize("key", ADDRESSES)
def test_every_address_of_the_configuration_is_looked_at(site: Site, key: str) -> None:
    site.configure(ADDRESSES[key])
    with pytest.raises(ConfigError) as caught:
        feeds.load_config(site.config_path)
    (mistake,) = caught.value.mistakes
    assert (mistake.rule, mistake.message.split(": ")[0]) == ("config-address", key)


def test_a_command_without_its_setting_is_against_a_rule(site: Site) -> None:
    with pytest.raises(ConfigError) as caught:
        probe(feeds.load_config(site.config_path), now=NOW)
    assert [mistake.rule for mistake in caught.value.mistakes] == ["not-configured"]


def test_a_name_that_nobody_has_brings_the_nearest(site: Site) -> None:
    site.article("a.md", f"{ARTICLE}provider: {{domain: a.example}}\n")
    site.configure(
        f"{CONFIGURATION}feeds:\n  custom:\n    - path: x\n      topics: {{none: [Enrgy]}}\n"
        "      providers: {none: [a.exampel, quite.different.test]}\n"
    )
    topic, near, far = found(site)
    at = "feeds.custom.0"
    assert (topic.line, topic.message) == (
        7,
        f"{at}.topics.none.0: no entry has the topic 'Enrgy'; did you mean Energy?",
    )
    assert (near.line, near.message) == (
        8,
        f"{at}.providers.none.0: no entry is from 'a.exampel'; did you mean a.example?",
    )
    assert far.message == (
        f"{at}.providers.none.1: no entry is from 'quite.different.test'; expected one that entries have"
    )


def test_aliases_parents_and_spellings_count_as_used(site: Site) -> None:
    site.article("a.md", ARTICLE)
    site.configure(f"{CONFIGURATION}topics:\n  Power: {{aliases: [ENERGY], parent: World}}\n  World: {{title: All}}\n")
    assert found(site) == ()


def test_what_waits_for_its_time_counts_as_used(site: Site) -> None:
    site.article("a.md", ARTICLE)
    later = "title: B\nwebUrl: https://b.example/b\npublishedDateTime: 2026-07-01\ntopics: [Soon]\n"
    site.article(
        "b.md", f"{later}related: [{{title: C, webUrl: 'https://c.example/', publishedDateTime: 2026-08-01}}]\n"
    )
    site.configure(
        f"{CONFIGURATION}topics: {{Soon: {{title: S}}}}\n"
        "providers: {b.example: {title: B}, c.example: {title: C}}\n"
        "feeds: {custom: [{path: soon, topics: {any: [Soon]}}, {path: never, min_quality: 90}]}\n"
    )
    assert [(each.rule, each.message[:18]) for each in found(site)] == [("empty-feed", "the feed never has")]


@pytest.mark.parametrize(
    ("name", "is_plain"),
    [
        ("bücher.example", True),
        ("xn--bcher-kva.example", True),
        ("www.bücher.example", False),
        ("Bücher.example", False),
    ],
)
def test_a_domain_beyond_ascii_may_be_spelled_as_it_is_read(site: Site, name: str, *, is_plain: bool) -> None:
    site.article("a.md", ARTICLE.replace("a.example", "bücher.example"))
    site.configure(f"{CONFIGURATION}providers: {{{name}: {{title: B}}}}\n")
    assert [each.rule for each in found(site)] == ([] if is_plain else ["provider-spelling"])


def test_many_names_that_nobody_has_take_no_longer_than_a_few(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_for(name: str, *_: object, **__: object) -> list[str]:
        asked.append(name)
        return []

    monkeypatch.setattr(difflib, "get_close_matches", look_for)
    site.article("a.md", ARTICLE)
    topics = ", ".join(f"Topic {number}: {{title: T}}" for number in range(100))
    site.configure(f"{CONFIGURATION}topics: {{{topics}}}\n")
    assert len(found(site)) == 100
    assert len(asked) == 20


def test_an_archive_without_articles_has_no_unused_names(site: Site) -> None:
    site.configure(f"{CONFIGURATION}topics: {{Energy: {{title: E}}}}\n")
    assert {each.rule for each in found(site)} == {"empty-feed"}


@pytest.mark.parametrize(
    ("arguments", "level", "code"),
    [([], "warning", 0), (["--strict"], "warning", 1), ([], "error", 1), ([], "none", 0), (["--strict"], "none", 0)],
)
def test_the_exit_code_says_what_was_found(site: Site, arguments: list[str], level: str, code: int) -> None:
    site.article("a.md", ARTICLE + ("quality: high\n" if level == "error" else ""))
    site.configure(UNUSED_TOPIC if level == "warning" else CONFIGURATION)
    assert run(site, "check", *arguments).exit_code == code


def test_a_line_has_the_place_the_level_and_the_rule(site: Site) -> None:
    site.article("a.md", f"{ARTICLE}quality: high\n")
    site.configure(UNUSED_TOPIC)
    unused = "topics.Enrgy: no entry has the topic 'Enrgy'; did you mean Energy?"
    lines = [
        "articles/a.md:6: quality is 'high'; expected a whole number [bad-field-value]",
        f"config/feeds.yaml:4: warning: {unused} [unused-topic]",
    ]
    assert run(site, "check").stdout.splitlines() == [*lines, "1 article: 1 error, 1 warning"]
    assert run(site, "check", "-q").stdout.splitlines() == lines


def test_output_judges_what_is_published_by_default_or_where_it_says(site: Site) -> None:
    site.article("a.md", ARTICLE)
    run(site, "regenerate")
    assert run(site, "check", "--output").stdout == "1 article, 7 documents: 0 errors, 0 warnings\n"
    place = site.output / "all.rss"
    place.write_bytes(place.read_bytes().replace(b"</rss>", b""))
    assert run(site, "check").exit_code == 0
    result = run(site, "check", "--output", "-q")
    assert result.exit_code == 1
    assert [line.split(" ")[0] for line in result.stdout.splitlines()] == ["output/all.rss:", "output/all.rss:28:"]
    site.output.rename(site.folder / "elsewhere")
    assert "elsewhere/all.rss" in run(site, "check", "--output", "elsewhere").stdout
    assert run(site, "check", "--output").stdout.splitlines()[0].startswith("output/feeds.json: there is no manifest")


def _overwrite(text: str) -> Callable[[Path], object]:
    return lambda place: place.write_text(text, encoding="utf-8")


def _make_a_folder(place: Path) -> None:
    place.unlink()
    place.mkdir()


def _make_a_pipe(place: Path) -> None:
    place.unlink()
    os.mkfifo(place)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(_overwrite("garbage"), "is not a manifest of ours (", id="garbage"),
        pytest.param(_overwrite('{"version": 9, "documents": []}'), "has version 9; expected 1", id="version"),
        pytest.param(_make_a_folder, "cannot be read: Is a directory", id="folder"),
        pytest.param(_make_a_pipe, "cannot be read: Is not a regular file", id="pipe"),
    ],
)
@pytest.mark.parametrize("output", [["--output"], []], ids=["with documents", "without"])
def test_a_damaged_manifest_is_found_beside_all_else(
    site: Site, damage: Callable[[Path], object], message: str, output: list[str]
) -> None:
    site.article("a.md", f"{ARTICLE}quality: high\n")
    run(site, "regenerate")
    damage(site.output / "feeds.json")
    result = run(site, "check", *output)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].endswith("[bad-field-value]")
    assert lines[1].startswith(f"output/feeds.json: {message}")
    assert lines[1].endswith(" [bad-manifest]")
    report = json.loads(run(site, "check", "--json", *output).stdout)
    assert [found["rule"] for found in report["findings"]] == ["bad-field-value", "bad-manifest"]
    assert report["documents"] == (0 if output else None)


def test_an_error_is_json_where_that_is_asked_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_killed(*_: object, **__: object) -> None:
        raise ProcessError("a process was killed")

    monkeypatch.setattr("feeds.overview.read_archive", is_killed)
    result = run(site, "check", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": "a process was killed", "mistakes": []}


def test_json_has_every_finding(site: Site) -> None:
    site.article("a.md", f"{ARTICLE}quality: high\n")
    run(site, "regenerate")
    report = json.loads(run(site, "check", "--json", "--output").stdout)
    assert report == {
        "articles": 1,
        "left_out": {},
        "documents": 7,
        "errors": 1,
        "warnings": 0,
        "notes": 0,
        "findings": [
            {
                "rule": "bad-field-value",
                "level": "error",
                "path": "articles/a.md",
                "line": 6,
                "message": "quality is 'high'; expected a whole number",
            }
        ],
    }


def test_a_wrong_configuration_is_json_too(site: Site) -> None:
    site.configure(f"{CONFIGURATION}colour: red\n")
    result = run(site, "check", "--json")
    assert result.exit_code == 2
    assert [each["rule"] for each in json.loads(result.stdout)["findings"]] == ["unknown-key"]


def test_a_configuration_that_disappears_meanwhile_is_a_finding(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def examine_and_remove(*arguments: Any, **options: Any) -> Examination:
        examination = examine(*arguments, **options)
        site.config_path.unlink()
        return examination

    monkeypatch.setattr("feeds.checks.report.examine", examine_and_remove)
    site.article("a.md", ARTICLE)
    site.configure(UNUSED_TOPIC)
    result = run(site, "check", "--json")
    assert result.exit_code == 2
    assert [each["rule"] for each in json.loads(result.stdout)["findings"]] == ["config-unreadable"]


def test_explain_says_what_why_and_where() -> None:
    result = run_anywhere("check", "--explain", "bad-date")
    rule = RULES["bad-date"]
    assert result == f"bad-date (error)\n\n{rule.what}\n{rule.why}\n\nSee {rule.reference}.\n"


def test_explain_lists_all_rules_and_offers_the_nearest() -> None:
    lines = run_anywhere("check", "--explain").splitlines()
    assert [line.split()[0] for line in lines] == list(RULES)
    assert "did you mean bad-date?" in run_anywhere("check", "--explain", "bad-dat")
    rules = json.loads(run_anywhere("check", "--explain", "--json"))
    assert [rule["id"] for rule in rules] == list(RULES)


def run_anywhere(*arguments: str) -> str:
    return CliRunner().invoke(main, arguments).output


def test_the_documentation_has_every_rule_as_it_is() -> None:
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    levels = {
        row[0].strip("| `"): (row[1], row[2].replace("`", "")) for row in rows if row[1] in {"error", "warning", "note"}
    }
    assert levels == {rule.id: (rule.level, rule.what.replace("`", "")) for rule in RULES.values()}


def test_documents_in_a_store_are_not_taken_for_a_folder(site: Site) -> None:
    site.configure(CONFIGURATION)
    result = CliRunner().invoke(main, ["check", "--config", str(site.config_path), "--output", "s3://bucket/feeds"])
    assert result.exit_code == 1
    assert "s3://bucket/feeds: is in an object store; expected a folder of this machine" in result.stderr
