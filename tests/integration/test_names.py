"""Messages about files whose names have line breaks, escape sequences or bytes that are not UTF-8: one line each."""

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

#: A line break, a colour, a change of the direction of text, a bell and a line separator.
ODD = "a\nb\x1b[31mc\u202ed\x07\u2028e"
SHOWN = r"a\nb\x1b[31mc\u202ed\x07\u2028e"
NOT_UTF8 = os.fsdecode(b"s\xff")


def run(site: Site, command: str, *options: str) -> Result:
    return CliRunner().invoke(main, [*command.split(), "--config", str(site.config_path), *options])


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site in a folder named ODD below the working directory. An article with an error has the same name."""
    monkeypatch.chdir(tmp_path)
    site = Site(tmp_path / ODD)
    site.configure("site: {title: T, url: https://feeds.example.com/}\nsource: {articles: [../articles]}\n")
    site.article(f"{ODD}.md", "title: One\nwebUrl: https://a.example/1\npublishedDateTime: 2026-05-01\nheat: warm")
    site.article("b.md", "title: Two\nwebUrl: https://a.example/2\npublishedDateTime: 2026-05-02")
    return site


@pytest.mark.parametrize("command", ["regenerate", "regenerate --dry-run", "prune", "check", "check --output", "list"])
def test_every_message_is_one_line(odd: Site, command: str) -> None:
    result = run(odd, command)
    printed = result.stdout + result.stderr
    assert all(line.isprintable() for line in printed.splitlines())
    if command != "list":
        assert f"{SHOWN}/articles/{SHOWN}.md:5: heat is 'warm'; expected a whole number" in printed


@pytest.mark.parametrize("command", ["regenerate", "prune", "check"])
def test_json_has_the_name_unescaped(odd: Site, command: str) -> None:
    report = json.loads(run(odd, command, "--json").stdout)
    (found,) = report.get("findings") or report["mistakes"]
    assert found["path"] == f"{ODD}/articles/{ODD}.md"


def test_the_title_of_a_feed_is_one_line_of_the_list(odd: Site) -> None:
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
def test_characters_that_a_terminal_does_not_show_are_escaped(line: str, expected: str) -> None:
    assert printable(line) == expected


@pytest.mark.parametrize("command", ["regenerate", "regenerate --json", "prune", "check", "list", "ping", "serve"])
def test_a_site_at_a_path_that_is_not_utf8_is_an_error(tmp_path: Path, command: str) -> None:
    site = Site(tmp_path / NOT_UTF8)
    site.configure("site: {title: T, url: https://feeds.example.com/}\n")
    result = run(site, command)
    assert result.exit_code == 2
    printed = result.stdout + result.stderr
    message = json.loads(result.stdout)["mistakes"][0]["message"] if "--json" in command else printed
    assert f"is at a path that is not UTF-8, {tmp_path}/s\\xff/config/feeds.yaml; expected one that is" in message
    assert not (site.folder / "output").exists()


def test_a_folder_of_articles_that_is_not_utf8_is_an_error_of_the_configuration(site: Site) -> None:
    (site.folder / NOT_UTF8).mkdir()
    (site.folder / "articles").rmdir()
    (site.folder / "articles").symlink_to(NOT_UTF8)
    result = run(site, "regenerate")
    message = f"'../articles' leads to {site.folder}/s\\xff, which is not UTF-8; expected a path that is"
    assert (result.exit_code, message in result.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--output", "--cache"])
@pytest.mark.parametrize("name", [NOT_UTF8, "link"])
def test_an_output_or_cache_folder_that_is_not_utf8_is_an_error(site: Site, option: str, name: str) -> None:
    (site.folder / "link").symlink_to(NOT_UTF8)
    result = run(site, "regenerate", option, str(site.folder / name))
    expected = f"Error: {name}: is {site.folder}/s".replace("\udcff", "\\xff")
    assert result.stderr == f"{expected}\\xff, which is not UTF-8; expected a path that is\n"
    assert (result.exit_code, result.stdout, (site.folder / NOT_UTF8).exists()) == (1, "", False)


@pytest.mark.parametrize("option", ["--output", "--cache"])
def test_an_output_or_cache_folder_that_is_a_link_to_itself_is_an_error(site: Site, option: str) -> None:
    (site.folder / "loop").symlink_to("loop")
    result = run(site, "regenerate", option, str(site.folder / "loop"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1


def test_no_site_is_created_at_a_path_that_is_not_utf8(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / NOT_UTF8)])
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "which is not UTF-8; expected a path that is" in result.stderr
