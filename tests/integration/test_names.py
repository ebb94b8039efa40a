"""Names of files and folders that hold line breaks, escape sequences or bytes that are not UTF-8: said in one line."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from feeds.cli.commands import main
from feeds.cli.wording import printable
from tests.support.site import Site

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

#: A line break, a colour, what turns text around, a bell and a line separator.
ODD = "a\nb\x1b[31mc\u202ed\x07\u2028e"
SHOWN = r"a\nb\x1b[31mc\u202ed\x07\u2028e"
NOT_UTF8 = os.fsdecode(b"s\xff")


def run(site: Site, command: str, *options: str) -> Result:
    return CliRunner().invoke(main, [*command.split(), "--config", str(site.config_path), *options])


@pytest.fixture
def odd(tmp_path: Path) -> Site:
    """A site that is called ODD, as are an article with a mistake and one without."""
    site = Site(tmp_path / ODD)
    site.configure("site: {title: T, url: https://feeds.example.com/}\nsource: {articles: [../articles]}\n")
    site.article(f"{ODD}.md", "title: One\nwebUrl: https://a.example/1\npublishedDateTime: 2026-05-01\nheat: warm")
    site.article("b.md", "title: Two\nwebUrl: https://a.example/2\npublishedDateTime: 2026-05-02")
    return site


@pytest.mark.parametrize("command", ["regenerate", "regenerate --dry-run", "prune", "check", "check --output", "list"])
def test_every_line_is_one_line_whatever_a_file_is_called(odd: Site, command: str) -> None:
    result = run(odd, command)
    said = result.stdout + result.stderr
    assert all(line.isprintable() for line in said.splitlines())
    if command != "list":
        assert f"articles/{SHOWN}.md:5: heat is 'warm'; expected a whole number" in said


@pytest.mark.parametrize("command", ["regenerate", "prune", "check"])
def test_what_is_json_has_the_name_as_it_is(odd: Site, command: str) -> None:
    report = json.loads(run(odd, command, "--json").stdout)
    (found,) = report.get("findings") or report["mistakes"]
    assert found["path"] == f"articles/{ODD}.md"


def test_what_a_feed_is_called_is_one_line_of_the_list(odd: Site) -> None:
    odd.configure(odd.config_path.read_text(encoding="utf-8").replace("title: T", r'title: "A\u202eB\u2066C"'))
    assert r"A\u202eB\u2066C" in run(odd, "list").stdout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("é 日 👩‍🚀 – \\n", "é 日 👩‍🚀 – \\n"),
        ("a\tb\r\n\x85", r"a\tb\r\n\x85"),
        ("\u200e\u061c\u2029\u2069\udcff", r"\u200e\u061c\u2029\u2069\udcff"),
    ],
)
def test_what_a_terminal_would_not_show_is_escaped(line: str, expected: str) -> None:
    assert printable(line) == expected


@pytest.mark.parametrize("command", ["regenerate", "regenerate --json", "prune", "check", "list", "ping", "serve"])
def test_a_site_at_a_path_that_is_not_utf8_is_said_to_be(tmp_path: Path, command: str) -> None:
    site = Site(tmp_path / NOT_UTF8)
    site.configure("site: {title: T, url: https://feeds.example.com/}\n")
    result = run(site, command)
    assert result.exit_code == 2
    said = json.loads(result.stdout)["mistakes"][0]["message"] if "--json" in command else result.stdout + result.stderr
    assert f"is at a path that is not UTF-8, {tmp_path}/s\\xff/config/feeds.yaml; expected one that is" in said
    assert not (site.folder / "output").exists()


def test_a_folder_of_articles_that_is_not_utf8_is_a_mistake_in_the_configuration(site: Site) -> None:
    (site.folder / NOT_UTF8).mkdir()
    (site.folder / "articles").rmdir()
    (site.folder / "articles").symlink_to(NOT_UTF8)
    result = run(site, "regenerate")
    message = f"'../articles' leads to {site.folder}/s\\xff, which is not UTF-8; expected a path that is"
    assert (result.exit_code, message in result.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--output", "--cache"])
@pytest.mark.parametrize("name", [NOT_UTF8, "link"])
def test_a_folder_to_write_into_that_is_not_utf8_is_an_error(site: Site, option: str, name: str) -> None:
    (site.folder / "link").symlink_to(NOT_UTF8)
    result = run(site, "regenerate", option, str(site.folder / name))
    expected = f"Error: {site.folder / name}: is {site.folder}/s".replace("\udcff", "\\xff")
    assert result.stderr == f"{expected}\\xff, which is not UTF-8; expected a path that is\n"
    assert (result.exit_code, result.stdout, (site.folder / NOT_UTF8).exists()) == (1, "", False)


@pytest.mark.parametrize("option", ["--output", "--cache"])
def test_a_folder_to_write_into_that_is_a_link_to_itself_is_an_error(site: Site, option: str) -> None:
    (site.folder / "loop").symlink_to("loop")
    result = run(site, "regenerate", option, str(site.folder / "loop"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1


def test_no_site_is_started_at_a_path_that_is_not_utf8(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / NOT_UTF8)])
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "which is not UTF-8; expected a path that is" in result.stderr
