"""The examples of the rules: each breaks its rule and no other, and every rule has one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from feeds.checks.rules.registry import EXAMPLES as DOCUMENT_EXAMPLES
from feeds.checks.rules.registry import RULES
from tests.support.rule_examples import read_examples
from tests.support.site import Site
from tests.support.sound_site import publish_sound

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.rule_examples import Example

EXAMPLES = read_examples()
#: A document in which a check itself fails, and a command that lacks its setting, have tests of their own.
WITHOUT_EXAMPLE = {"not-judged", "not-configured"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site in which nothing is wrong. Examples put back what they change."""
    site = Site(tmp_path_factory.mktemp("sound"))
    publish_sound(site)
    return site


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_breaks_its_rule_and_no_other(sound: Site, tmp_path: Path, example: Example) -> None:
    assert example.broken_rules(sound, tmp_path) == {example.rule, *example.also}


def test_every_rule_has_an_example() -> None:
    in_modules = {rule for examples in DOCUMENT_EXAMPLES.values() for each in examples for _, rule, _ in each.problems}
    assert {*(example.rule for example in EXAMPLES), *in_modules} == set(RULES) - WITHOUT_EXAMPLE


NEW_RULE = """
from feeds.checks.documents import ParsedDocument
from feeds.checks.rules.rule import EXAMPLE_CONTEXT, Example, Rule

RULES = (Rule("shouting", "warning", "A title is in upper case.", "It is hard to read.", "docs/articles.md"),)

def check_document(document):
    for entry in document.entries:
        if entry.title.isupper():
            yield entry.location, "shouting", f"the title is {entry.title!r}; expected lower case"

EXAMPLES = (Example(ParsedDocument(context=EXAMPLE_CONTEXT, format="rss"), ()),)
"""
#: Runs `feeds` with a folder of rules of its own.
WITH_RULES = """\
import sys
from feeds.checks import rules
rules.__path__.append(sys.argv.pop(1))
from feeds.cli import main
main()
"""


def test_a_rule_is_added_with_one_file(site: Site, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "shouting.py").write_text(NEW_RULE, encoding="utf-8")
    site.article("a.md", "title: COD\nwebUrl: https://a.example/a\npublishedDateTime: 2026-05-01\n")
    site.regenerate()

    def run(*arguments: str) -> list[str]:
        command = [sys.executable, "-c", WITH_RULES, str(tmp_path / "rules"), *arguments]
        done = subprocess.run(command, cwd=site.folder, capture_output=True, text=True, check=False)
        assert not done.stderr
        return done.stdout.splitlines()

    assert any(line.startswith("shouting ") for line in run("check", "--explain"))
    findings = [line.split(":", 2) for line in run("check", "--output") if line.startswith("output/all.")]
    message = " warning: the title is 'COD'; expected lower case [shouting]"
    assert [(path, text) for path, _, text in findings] == [
        (f"output/all.{format_}", message) for format_ in ("atom", "json", "rss")
    ]
    assert all(int(line) > 1 for _, line, _ in findings)
