"""Paths in messages: relative to the working directory if they are below it, else absolute, wherever they come from."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import feeds
from feeds.cli.commands import main
from feeds.cli.wording import watching_line
from feeds.watcher import Watching

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.site import Site

HEAD = "site: {title: Test Wire, url: https://feeds.example.com/}\nsource: {articles: [../articles]}\n"
STORY = "title: {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01T08:30:00Z\ntopics: [{0}]"


def a_wrong_key(site: Site) -> None:
    site.configure(HEAD + "nonsense: 1\n")


def no_configuration(site: Site) -> None:
    site.config_path.unlink()


def no_folder_of_articles(site: Site) -> None:
    site.configure(HEAD.replace("../articles", "../nowhere"))


def an_article(site: Site) -> None:
    site.article("a.md", STORY.format("one"))


def an_article_without_a_link(site: Site) -> None:
    site.article("deep/a.md", "title: Unlinked\npublishedDateTime: 2026-05-01")


def an_article_in_a_pipe(site: Site) -> None:
    (site.folder / "articles" / "a.md").symlink_to("/dev/null")


def two_articles_with_one_id(site: Site) -> None:
    site.article("a.md", STORY.format("one"))
    site.article("b.md", STORY.format("one"))


def two_topics_with_one_slug(site: Site) -> None:
    site.article("a.md", STORY.format("'A B'"))
    site.article("b.md", STORY.format("A-B"))


def a_feed_moved_to_nowhere(site: Site) -> None:
    site.configure(HEAD + "moved: {old: nowhere}\n")


def no_articles_any_more(site: Site) -> None:
    article = site.article("a.md", STORY.format("one"))
    site.regenerate()
    article.unlink()


def nothing(site: Site) -> None:
    """Publish nothing."""


def a_file_as_output(site: Site) -> None:
    site.output.touch()


def a_file_of_somebody_else(site: Site) -> None:
    site.output.mkdir()
    (site.output / "feeds.opml").touch()


def a_link_out_of_the_output(site: Site) -> None:
    site.article("a.md", STORY.format("one"))
    site.output.mkdir()
    (site.output / "topics").symlink_to(site.folder)


def a_damaged_manifest(site: Site) -> None:
    site.output.mkdir()
    (site.output / "feeds.json").write_text("{", encoding="utf-8")


def a_missing_document(site: Site) -> None:
    site.regenerate()
    (site.output / "all.rss").unlink()


def a_damaged_cache(site: Site) -> None:
    site.regenerate()
    (site.folder / ".feeds" / "feeds.sqlite").write_bytes(b"nonsense" * 1000)


def a_file_as_cache(site: Site) -> None:
    (site.folder / ".feeds").touch()


def a_cache_that_links_to_itself(site: Site) -> None:
    (site.folder / ".feeds").symlink_to(site.folder / ".feeds")


def a_damaged_lock_file(site: Site) -> None:
    site.configure(HEAD + "enclosures: {probe: on}\n")
    (site.folder / "config" / "enclosures.lock").write_text("nonsense\n", encoding="utf-8")


def a_lock_file_that_is_a_folder(site: Site) -> None:
    site.configure(HEAD + "enclosures: {probe: on}\n")
    (site.folder / "config" / "enclosures.lock").mkdir()


def no_state_of_the_hub(site: Site) -> None:
    site.configure(HEAD.replace("com/}", "com/, hub: https://hub.example/}"))


CASES = [
    (a_wrong_key, "regenerate", "{config/feeds.yaml}:3: nonsense: unknown key"),
    (a_wrong_key, "check", "{config/feeds.yaml}:3: nonsense: unknown key"),
    (no_configuration, "list", "{config/feeds.yaml}: there is no such file"),
    (no_folder_of_articles, "list", "{config/feeds.yaml}:2: source.articles.0: "),
    (an_article_without_a_link, "regenerate", "{articles/deep/a.md}:2: the article has no link"),
    (an_article_without_a_link, "check", "{articles/deep/a.md}:2: the article has no link"),
    (an_article_in_a_pipe, "regenerate", "{articles/a.md}: is not a regular file"),
    (two_articles_with_one_id, "regenerate", "{articles/b.md}: has the id of {articles/a.md}, https://a.example/one; "),
    (
        two_topics_with_one_slug,
        "regenerate",
        "{config/feeds.yaml}: topic 'A-B' should be at topics/a-b, but topic 'A B' is; ",
    ),
    (
        two_topics_with_one_slug,
        "check",
        "{config/feeds.yaml}: warning: topic 'A-B' should be at topics/a-b, but topic 'A B' is; ",
    ),
    (a_feed_moved_to_nowhere, "regenerate", "{config/feeds.yaml}: moved.old"),
    (nothing, "check", "{config/feeds.yaml}:1: warning: the feed all has no entries"),
    (no_articles_any_more, "regenerate", "Error: {articles}: held articles"),
    (nothing, "serve", "Error: {output}: nothing is published there"),
    (nothing, "check --output", "{output/feeds.json}: there is no manifest in {output}, "),
    (nothing, "regenerate", "documents written, 0 unchanged, 0 removed in {output} ("),
    (an_article, "prune", "documents written, 0 unchanged, 0 removed in {output}\n"),
    (a_file_as_output, "regenerate", "Error: {output}: is not a folder"),
    (a_file_of_somebody_else, "regenerate", "Error: {output/feeds.opml}: is there already"),
    (a_link_out_of_the_output, "regenerate", "{output/topics}: leads out of {output}; "),
    (a_damaged_manifest, "regenerate", "Error: {output/feeds.json}: is not a manifest of ours"),
    (a_damaged_manifest, "check", "{output/feeds.json}: is not a manifest of ours"),
    (a_damaged_manifest, "serve", "Error: {output/feeds.json}: is not a manifest of ours"),
    (a_damaged_manifest, "hosting nginx", "Error: {output/feeds.json}: is not a manifest of ours"),
    (a_missing_document, "check --output", "{output/all.rss}: cannot be read"),
    (a_damaged_cache, "regenerate", "{.feeds/feeds.sqlite}: the cache cannot be used: "),
    (a_file_as_cache, "regenerate", "Error: {.feeds/feeds.sqlite}: the cache cannot be used: "),
    (a_cache_that_links_to_itself, "regenerate", "Error: {.feeds}: is a link to itself"),
    (a_damaged_lock_file, "regenerate", "{config/enclosures.lock}:1: is no line that `feeds probe` writes"),
    (a_damaged_lock_file, "check", "{config/enclosures.lock}:1: is no line that `feeds probe` writes"),
    (a_lock_file_that_is_a_folder, "probe", "{config/enclosures.lock}: cannot be read"),
    (nothing, "probe", "{config/feeds.yaml}: enclosures.probe"),
    (nothing, "ping", "{config/feeds.yaml}: site.hub"),
    (no_state_of_the_hub, "ping", "Error: {.feeds/feeds.hub.json} does not say"),
]
#: A path in an expected message.
PATH = re.compile(r"\{(.*?)\}")


@pytest.mark.parametrize("given", ["relative", "absolute", "from elsewhere"])
@pytest.mark.parametrize(
    ("prepare", "command", "expected"), CASES, ids=[f"{prepare.__name__}, {command}" for prepare, command, _ in CASES]
)
def test_every_path_is_spelled_in_one_way(
    site: Site,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Site], object],
    command: str,
    expected: str,
    given: str,
) -> None:
    prepare(site)
    is_elsewhere = given == "from elsewhere"
    if is_elsewhere:
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    config = site.config_path if given == "absolute" else os.path.relpath(site.config_path)
    printed = CliRunner().invoke(main, [*command.split(), "--config", str(config)]).output
    message = PATH.sub(lambda match: str(site.folder / match[1]) if is_elsewhere else match[1], expected)
    assert message in f"\n{printed}"
    assert printed.count(site.folder.name) == (printed.count(str(site.folder)) if is_elsewhere else 0)


@pytest.mark.parametrize("given", ["relative", "absolute"])
def test_init_spells_paths_in_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    folder = "site" if given == "relative" else str(tmp_path / "site")
    paths = ["site/config/feeds.yaml", "site/config/feeds.schema.json", "site/articles/welcome.md"]
    done = CliRunner().invoke(main, ["init", folder])
    assert done.stdout.splitlines()[:-1] == [f"wrote {path}" for path in paths]
    again = CliRunner().invoke(main, ["init", folder])
    assert again.stderr == f"Error: {paths[0]}: is there already; expected a folder without a site\n"
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = CliRunner().invoke(main, ["init", "../site"])
    assert again.stderr == f"Error: {tmp_path / paths[0]}: is there already; expected a folder without a site\n"


def test_watching_names_folders_and_configuration(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    config = feeds.load_config(site.config_path)
    event = Watching(site.config_path, config.articles)
    assert watching_line(event) == "Watching articles and config/feeds.yaml; Ctrl-C ends it."
    monkeypatch.chdir(site.config_path.parent)
    assert watching_line(event) == f"Watching {site.folder / 'articles'} and feeds.yaml; Ctrl-C ends it."
