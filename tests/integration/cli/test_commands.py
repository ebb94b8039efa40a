"""The command line: the output, files and exit code of each command."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

import feeds
from feeds.cli.commands import main
from tests.support.command import run
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.site import Site

COMMANDS = {
    "check": "Check the configuration, every article and what is published; write nothing.",
    "config-schema": "Print the JSON Schema of the configuration, for editors.",
    "hosting": "Print the configuration of a web server or host that serves the output folder.",
    "init": "Start a site in FOLDER: a commented configuration and a first article.",
    "list": "List the feeds, with their entries, newest entry and address.",
    "ping": "Tell the WebSub hub which feeds changed since it was told last.",
    "probe": "Ask for the images that feeds show: what they are, how long, how large.",
    "prune": "Publish, and remove the feeds that have lost their last entry.",
    "serve": "Serve what is published over HTTP, for a preview or a small site.",
    "regenerate": "Publish the feeds: write what changed, leave the rest alone.",
}
ARTICLE = """\
title: A story
webUrl: https://a.example/story
publishedDateTime: 2026-05-01T08:30:00Z
topics: [Energy]
"""


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert sorted(main.commands) == sorted(COMMANDS)
    assert all(f"  {name} " in result.output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert COMMANDS[name] in result.output


def test_version() -> None:
    result = CliRunner().invoke(main, ["--version"], prog_name="feeds")
    assert (result.exit_code, result.output) == (0, f"feeds {feeds.__version__}\n")


@pytest.mark.parametrize("arguments", [["nonsense"], ["regenerate", "--nonsense"]], ids=["command", "option"])
def test_a_wrong_command_line_exits_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_regenerate_prints_a_summary(site: Site) -> None:
    site.article("a.md", ARTICLE)
    site.article("b.md", "title: Hidden\npublished: false")
    result = run(site, "regenerate")
    assert result.exit_code == 0
    first, second, third = result.stdout.splitlines()
    assert first == "2 articles read, left out: 1 unpublished"
    assert second == "1 entry in 2 feeds"
    assert third.startswith("7 documents written, 0 unchanged, 0 removed in output (")


def test_a_dry_run_lists_the_documents_to_write(site: Site) -> None:
    site.article("a.md", ARTICLE)
    result = run(site, "regenerate", "--dry-run")
    assert result.stdout.splitlines()[:2] == ["would write all.atom", "would write all.json"]
    assert "7 documents would be written, 0 unchanged, 0 would be removed in output (" in result.stdout
    assert not site.output.exists()


def test_a_dry_run_lists_the_documents_to_remove(site: Site) -> None:
    site.article("a.md", ARTICLE)
    run(site, "regenerate")
    site.configure(site.config_path.read_text(encoding="utf-8") + "feeds: {topics: off}\n")
    lines = run(site, "regenerate", "--dry-run").stdout.splitlines()
    removed = [f"would remove topics/energy.{format_}" for format_ in ("atom", "json", "rss")]
    assert lines[:4] == ["would write feeds.opml", *removed]


def test_prune_lists_removed_documents(site: Site) -> None:
    article = site.article("a.md", ARTICLE)
    site.article("b.md", ARTICLE.replace("Energy", "Robots").replace("https://a.example/", "https://b.example/"))
    run(site, "regenerate")
    article.unlink()
    removed = [f"topics/energy.{format_}" for format_ in ("atom", "json", "rss")]
    dry = run(site, "prune", "--dry-run").stdout.splitlines()
    assert dry[:-1] == [f"would remove {path}" for path in removed]
    lines = run(site, "prune").stdout.splitlines()
    assert lines[:-1] == [f"removed {path}" for path in removed]
    assert lines[-1] == "4 documents written, 3 unchanged, 3 removed in output"
    assert json.loads(run(site, "prune", "--json").stdout)["removed"] == 0


def test_quiet_prints_only_mistakes(site: Site) -> None:
    site.article("a.md", ARTICLE)
    site.article("b.md", "title: Unlinked\npublishedDateTime: 2026-05-01")
    result = run(site, "regenerate", "-q")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == (
        "articles/b.md:2: the article has no link; expected webUrl: with an http or https address\n"
    )


def test_regenerate_as_json_is_the_report(site: Site) -> None:
    site.article("a.md", ARTICLE)
    site.article("b.md", "title: Unlinked\npublishedDateTime: 2026-05-01")
    report = json.loads(run(site, "regenerate", "--json").stdout)
    assert report.pop("seconds") > 0
    assert report == {
        "output": str(site.output),
        "articles": 2,
        "changed": 2,
        "left_out": {"no link": 1},
        "entries": 1,
        "waiting": 0,
        "next_due": None,
        "feeds": 2,
        "written": 7,
        "unchanged": 0,
        "removed": 0,
        "written_paths": [
            *(f"all.{format_}" for format_ in ("atom", "json", "rss")),
            "feeds.opml",
            *(f"topics/energy.{format_}" for format_ in ("atom", "json", "rss")),
        ],
        "removed_paths": [],
        "mistakes": [
            {
                "path": "articles/b.md",
                "line": 2,
                "message": "the article has no link; expected webUrl: with an http or https address",
                "rule": "entry-without-link",
            }
        ],
        "notes": {},
        "dry_run": False,
        "hub": None,
        "images": None,
        "damage": "",
    }


def test_output_names_the_folder(site: Site) -> None:
    site.article("a.md", ARTICLE)
    assert "0 removed in elsewhere/deep (" in run(site, "regenerate", "--output", "elsewhere/deep").stdout
    assert (site.folder / "elsewhere" / "deep" / "all.rss").exists()
    assert not site.output.exists()


def test_a_strict_run_with_mistakes_exits_1_and_publishes_nothing(site: Site) -> None:
    site.article("a.md", ARTICLE)
    site.article("b.md", "title: Unlinked\npublishedDateTime: 2026-05-01")
    result = run(site, "regenerate", "--strict")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "Nothing was published: 1 mistake (--strict)."
    assert not site.output.exists()


@pytest.mark.parametrize(
    ("front_matter", "reason"),
    [
        (
            "title: A\npublished: false",
            "  1 of 1 article: `published: false` (source.unpublished: include publishes them)",
        ),
        (
            "title: A\nwebUrl: https://a.example/",
            "  1 of 1 article: no date (source.undated: file dates them by their file)",
        ),
        (
            "title: A\nwebUrl: https://a.example/\npublishedDateTime: 2999-01-01",
            "  1 entry dated in the future",
        ),
    ],
    ids=["unpublished", "undated", "future"],
)
def test_a_run_that_publishes_nothing_says_why(site: Site, front_matter: str, reason: str) -> None:
    site.article("a.md", front_matter)
    result = run(site, "regenerate")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2:] == ["Nothing is published:", reason]


def test_an_archive_without_articles_says_so(site: Site) -> None:
    assert run(site, "regenerate").stdout.splitlines()[-1] == (
        "  there is no article, a file named *.md, in the folders of source.articles"
    )


@pytest.mark.parametrize("command", ["regenerate", "list", "check"])
def test_a_wrong_configuration_exits_2_and_changes_nothing(site: Site, command: str) -> None:
    site.configure("site: {titel: X, url: https://x.example/}\nsource: {articles: [../articles]}\n")
    result = run(site, command)
    assert result.exit_code == 2
    rules = (" [unknown-key]", " [missing-key]") if command == "check" else ("", "")
    assert (result.stdout if command == "check" else result.stderr).splitlines() == [
        f"config/feeds.yaml:1: site.titel: unknown key; did you mean title?{rules[0]}",
        f"config/feeds.yaml:1: site: title is missing; expected the name of the site{rules[1]}",
    ]
    assert not site.output.exists()


def test_a_missing_configuration_exits_2_and_says_how_to_make_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["regenerate", "--config", str(tmp_path / "none.yaml")])
    assert result.exit_code == 2
    assert result.stderr == f"{tmp_path / 'none.yaml'}: there is no such file; `feeds init` makes one\n"


def test_an_output_that_is_not_ours_exits_1(site: Site) -> None:
    site.article("a.md", ARTICLE)
    site.output.mkdir()
    (site.output / "feeds.opml").write_text("mine")
    result = run(site, "regenerate")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: output/feeds.opml: is there already and feeds.json does not list")


def test_a_name_that_is_too_long_is_an_error_of_that_path(site: Site) -> None:
    name = "x" * 300
    result = run(site, "init", name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {name}/config/feeds.yaml: cannot be written: File name too long\n"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(13, "Permission denied", "/x/y\n"), r"/x/y\n: Permission denied"),
        (OSError(24, "Too many open files"), "Too many open files"),
        (OSError("no reason"), "no reason"),
    ],
    ids=["with a path", "without a path", "without a number"],
)
def test_an_error_of_the_system_is_one_line(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: OSError, expected: str
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr("feeds.cli.starter.write_starter", fail)
    result = run(site, "init", "new")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {expected}\n")


def test_output_that_cannot_be_printed_is_an_error_of_printing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    echo = click.echo

    def full_disk(text: object, *, err: bool = False, nl: bool = True) -> None:
        if not err:
            raise OSError(28, "No space left on device")
        echo(text, err=err, nl=nl)

    monkeypatch.setattr("click.echo", full_disk)
    result = run(site, "list")
    message = "what is to be said cannot be printed: No space left on device"
    assert (result.exit_code, result.stderr) == (1, f"Error: {message}\n")


@pytest.mark.parametrize(
    ("command", "expected"),
    [("list", "https://feeds.example.com/topics/energy.rss\n"), ("check", "1 article: 0 errors, 0 warnings\n")],
)
def test_a_cache_in_another_folder_saves_parsing(
    site: Site, monkeypatch: pytest.MonkeyPatch, command: str, expected: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("an article is parsed")

    os.utime(site.article("a.md", ARTICLE), (1_700_000_000, 1_700_000_000))
    assert run(site, "regenerate", "--cache", "elsewhere").exit_code == 0
    before = [(path, path.read_bytes()) for path in (site.folder / "elsewhere").iterdir()]
    monkeypatch.setattr("feeds.pipeline.ingest.parse_article", fail)
    result = run(site, command, "--cache", "elsewhere")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith(expected)
    assert [(path, path.read_bytes()) for path in (site.folder / "elsewhere").iterdir()] == before
    assert not (site.folder / ".feeds").exists()
    assert isinstance(run(site, command).exception, AssertionError)  # nothing is known without that cache


def test_list_is_a_table(site: Site) -> None:
    site.article("a.md", ARTICLE)
    assert run(site, "list").stdout.splitlines() == [
        "FEED                ENTRIES  NEWEST            ADDRESS",
        "Test Wire                 1  2026-05-01 08:30  https://feeds.example.com/all.rss",
        "Energy – Test Wire        1  2026-05-01 08:30  https://feeds.example.com/topics/energy.rss",
    ]
    assert not site.output.exists()


def test_list_as_json_has_every_address(site: Site) -> None:
    rows = json.loads(run(site, "list", "--json").stdout)
    assert rows == [
        {
            "path": "all",
            "kind": "all",
            "title": "Test Wire",
            "entries": 0,
            "newest": None,
            "addresses": [f"https://feeds.example.com/all.{format_}" for format_ in ("rss", "atom", "json")],
        }
    ]


def test_check_without_mistakes_exits_0(site: Site) -> None:
    site.article("a.md", ARTICLE)
    result = run(site, "check")
    assert (result.exit_code, result.stdout) == (0, "1 article: 0 errors, 0 warnings\n")
    assert not site.output.exists()


def test_check_with_mistakes_lists_all_and_exits_1(site: Site) -> None:
    for number in range(30):
        site.article(f"{number:02}.md", f"title: A\nwebUrl: https://a.example/{number}\npublishedDateTime: soon")
    result = run(site, "check")
    assert result.exit_code == 1
    first, *others = [line for line in result.stdout.splitlines() if "publishedDateTime is" in line]
    assert len(others) == 29
    assert first == (
        "articles/00.md:4: publishedDateTime is 'soon'; expected a date and time such as 2020-06-10T23:09:00Z "
        "[bad-field-value]"
    )
    assert result.stdout.splitlines()[-1].startswith("30 articles: 30 errors, ")


def test_regenerate_shortens_a_long_list_of_mistakes(site: Site) -> None:
    for number in range(30):
        site.article(f"{number:02}.md", f"title: A\nwebUrl: nowhere\npublishedDateTime: 2026-05-{1 + number % 28:02}")
    lines = run(site, "regenerate").stderr.splitlines()
    assert (len(lines), lines[-1]) == (21, "… and 10 more; `feeds check` lists all")


def test_check_as_json(site: Site) -> None:
    site.article("a.md", ARTICLE)
    report = json.loads(run(site, "check", "--json").stdout)
    nothing: dict[str, Any] = {"documents": None, "errors": 0, "warnings": 0, "notes": 0, "findings": []}
    assert report == {"articles": 1, "left_out": {}, **nothing}


@pytest.mark.parametrize("option", ["--output", "--json"])
def test_a_configuration_that_disappears_during_check_is_an_error(
    site: Site, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """The file is read again for the line of a finding: here, that a feed has no entries."""

    def remove(items: Iterable[Any], length: int, label: str) -> Iterable[Any]:  # noqa: ARG001
        site.config_path.unlink(missing_ok=True)
        return items

    monkeypatch.setattr("feeds.cli.commands.progress", lambda **_: remove)
    result = run(site, "check", option)
    assert (result.exit_code, type(result.exception), result.stderr) == (2, SystemExit, "")
    message = "there is no such file; `feeds init` makes one"
    if option == "--json":
        (finding,) = json.loads(result.stdout)["findings"]
        expected = {"rule": "config-unreadable", "level": "error", "path": "config/feeds.yaml", "line": 0}
        assert finding == expected | {"message": message}
    else:
        assert result.stdout == f"config/feeds.yaml: {message} [config-unreadable]\n"


def test_a_strict_run_that_fails_is_json_too(site: Site) -> None:
    site.article("b.md", "title: Unlinked\npublishedDateTime: 2026-05-01")
    result = run(site, "regenerate", "--json", "--strict")
    assert (result.exit_code, result.stderr) == (1, "")
    failure = json.loads(result.stdout)
    assert failure["error"] == "Nothing was published: 1 mistake (--strict)."
    assert [mistake["rule"] for mistake in failure["mistakes"]] == ["entry-without-link"]


def test_a_run_that_cannot_publish_is_json_too(site: Site) -> None:
    site.output.write_text("a file", encoding="utf-8")
    failure = json.loads(run(site, "regenerate", "--json").stdout)
    assert "not a folder" in failure["error"].lower()
    assert failure["mistakes"] == []


def test_init_starts_a_site_that_publishes(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    result = CliRunner().invoke(main, ["init", str(folder)])
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == f"Next: cd {folder} and run `feeds regenerate`, then look into output/."
    published = CliRunner().invoke(main, ["regenerate", "--strict", "--config", str(folder / "config/feeds.yaml")])
    assert published.exit_code == 0
    assert (folder / "output" / "topics" / "news.rss").exists()


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    CliRunner().invoke(main, ["init", str(tmp_path)])
    config = tmp_path / "config" / "feeds.yaml"
    config.write_text("mine")
    (tmp_path / "articles" / "welcome.md").unlink()
    result = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr == f"Error: {config}: is there already; expected a folder without a site\n"
    assert config.read_text() == "mine"
    assert not (tmp_path / "articles" / "welcome.md").exists()


@pytest.mark.parametrize(
    "arguments",
    [["init"], ["prune", "--cache"], ["ping", "--cache"], ["probe", "--cache"], ["hosting", "nginx", "--to"]],
)
def test_the_url_of_a_store_is_no_local_folder(
    site: Site, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    site.configure("site: {title: Test Wire, url: https://feeds.example.com/}\nsource: {articles: [../articles]}\n")
    monkeypatch.chdir(site.folder)
    before = sorted(site.folder.rglob("*"))
    result = CliRunner().invoke(main, [*arguments, "s3://key:secret@bucket/news"])
    assert result.exit_code == 2
    assert "'s3://***@bucket/news' is in an object store; expected a folder of this machine" in result.stderr
    assert "secret" not in result.output
    assert sorted(site.folder.rglob("*")) == before


def test_config_schema_prints_the_committed_schema() -> None:
    printed = CliRunner().invoke(main, ["config-schema"]).output
    assert printed == (ROOT / "config" / "feeds.schema.json").read_text(encoding="utf-8")


def test_the_module_runs_as_the_command(site: Site) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "feeds", "list"], cwd=site.folder, check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("FEED")


def test_a_long_run_shows_a_progress_bar_on_a_terminal_and_none_elsewhere(site: Site) -> None:
    for number in range(500):
        site.article(f"{number}.md", "title: A\npublished: false")
    command = [sys.executable, "-m", "feeds", "regenerate"]
    terminal, end = pty.openpty()
    with open(terminal, "rb", buffering=0) as screen:  # noqa: PTH123  # a descriptor, not a path
        subprocess.run(command, cwd=site.folder, check=True, stdout=subprocess.DEVNULL, stderr=end)
        os.close(end)
        assert b"Reading" in screen.read(4096)
    piped = subprocess.run(command, cwd=site.folder, check=True, capture_output=True)
    assert piped.stderr == b""


def test_hosting_prints_a_configuration(site: Site) -> None:
    result = run(site, "hosting", "nginx", "--root", "/srv/feeds", "--listen", "127.0.0.1:8080")
    assert result.exit_code == 0, result.output
    assert 'root "/srv/feeds";' in result.stdout
    assert "listen 127.0.0.1:8080;" in result.stdout
    assert f'root "{site.output}";' in run(site, "hosting", "nginx").stdout


def test_hosting_writes_a_configuration_and_nothing_over_another(site: Site) -> None:
    place = Path("host") / ".github" / "workflows" / "feeds.yml"
    assert run(site, "hosting", "github-pages", "--to", "host").stdout == f"wrote {place}\n"
    assert run(site, "hosting", "github-pages", "--to", "host").stdout == f"{place} is as it should be\n"
    (site.folder / place).write_text("of another", encoding="utf-8")
    result = run(site, "hosting", "github-pages", "--to", "host")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is there already and differs" in result.stderr
    assert (site.folder / place).read_text(encoding="utf-8") == "of another"


@pytest.mark.parametrize(("arguments", "code"), [(["iis"], 2), (["nginx", "--listen", "x"], 1)], ids=["kind", "listen"])
def test_hosting_refuses_unknown_kinds_and_addresses(site: Site, arguments: list[str], code: int) -> None:
    result = run(site, "hosting", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
