"""Publish the same input with two checkouts of the project, and compare the output folders byte for byte.

    python -m tests.tools.compare_commits BASE_CHECKOUT [--articles 10000] [--archive FOLDER] [--head CHECKOUT]

BASE_CHECKOUT is a checkout of an earlier commit. It is compared with this checkout, or with the one that `--head`
names. Each checkout needs the environment that `make feeds` creates in `.venv`, and runs in that interpreter with a
fixed clock.

The input is, from the base checkout, its sample archive and its cases (`tests/cases`); `--archive` adds a folder of
articles, and `--articles` sets the size of a generated archive (0 for none). The archives are published with pages,
archives by month and precompressed files, and then again after each step of `_publish_archive`. The exit code is 1 if
any file differs, and the paths of the differing files are printed.

At last, the other checkout gets the cache of the base, which it must replace without a message about damage.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from benchmarks.corpus import Corpus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT = Path(__file__).parents[2]
#: The clock of the cases. Some articles of the sample have later dates.
_NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
#: A year later, when these are due.
_LATER = _NOW + dt.timedelta(days=365)

#: Everything that a configuration can add to the output folder.
_EVERYTHING = {"pages": "on", "archives": "month", "compress": ["gzip", "br"]}
_SITE = {"site": {"title": "Test Wire", "url": "https://feeds.example.com/"}}
_CUSTOM_FEED = {"path": "selection", "title": "A selection", "match": "[a-m]", "sort": "date"}
_NEW_SLUG = "renamed-topic"
_NEW_PATH = "chosen/selection"

#: The fields of the report that are printed after each step.
_COUNTS = ("articles", "changed", "written", "unchanged", "removed")
#: Run in each checkout. It uses the public names only, which both have.
_DRIVER = """\
import datetime, json, sys
import feeds
if __name__ == "__main__":
    config, output, cache, now = sys.argv[1:5]
    now = datetime.datetime.fromisoformat(now)
    report = feeds.regenerate(feeds.load_config(config), output=output, cache=cache, now=now)
    names = sys.argv[5:]
    print(json.dumps({"module": feeds.__file__} | {name: getattr(report, name) for name in names}))
"""


@dataclass(frozen=True)
class Checkout:
    """A checkout that publishes. `name` is the name of its folders in a workspace."""

    name: str
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / ".venv" / "bin" / "python"

    def publish(self, config: Path, output: Path, cache: Path, now: dt.datetime) -> dict[str, Any]:
        """Run `feeds.regenerate` in the checkout's interpreter, and return a few fields of its report.

        Raises click.ClickException if the run fails, or if it imported another checkout.
        """
        result = subprocess.run(
            # Without -P, the current directory would come before PYTHONPATH.
            [self.python, "-P", "-c", _DRIVER, config, output, cache, now.isoformat(), *_COUNTS, "damage"],
            cwd=config.parent,
            env=os.environ | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise click.ClickException(f"{self.folder} cannot publish {config}:\n{result.stderr}")
        report: dict[str, Any] = json.loads(result.stdout)
        if not Path(report["module"]).is_relative_to(self.folder):
            raise click.ClickException(f"{self.folder} imported {report['module']}")
        return report


@dataclass
class Comparison:
    """The two checkouts and a folder to work in. `differences` collects a line for each differing file."""

    base: Checkout
    head: Checkout
    workspace: Path
    differences: list[str] = field(default_factory=list)

    def folders(self, name: str, checkout: Checkout) -> tuple[Path, Path]:
        """The output folder and the cache of a checkout for the input `name`."""
        folder = self.workspace / name / checkout.name
        return folder / "output", folder / "cache"

    def publish(self, name: str, step: str, config: Path, now: dt.datetime = _NOW) -> int:
        """Publish with both checkouts and compare the output. Return the number of files that the second one wrote."""
        for checkout in (self.base, self.head):
            report = self._publish(checkout, name, step, config, now)
        self._compare(name, step, report)
        written: int = report["written"]
        return written

    def hand_over(self, name: str, config: Path, now: dt.datetime) -> None:
        """Publish with the second checkout into a copy of the base's output folder, with a copy of its cache."""
        step = "cache of the base"
        base, head = (self.folders(name, checkout)[0].parent for checkout in (self.base, self.head))
        shutil.rmtree(head)
        shutil.copytree(base, head)
        self._compare(name, step, self._publish(self.head, name, step, config, now))

    def _publish(self, checkout: Checkout, name: str, step: str, config: Path, now: dt.datetime) -> dict[str, Any]:
        report = checkout.publish(config, *self.folders(name, checkout), now)
        if report["damage"]:
            self.differences.append(f"{name}, {step}: {checkout.name} reports damage: {report['damage']}")
        return report

    def _compare(self, name: str, step: str, report: Mapping[str, Any]) -> None:
        """Compare the output folders, and print a line about this step. `report` is that of the second checkout."""
        base, head = (self.folders(name, checkout)[0] for checkout in (self.base, self.head))
        found = compare_folders(base, head)
        self.differences += [f"{name}, {step}: {line}" for line in found]
        counts = ", ".join(f"{report[key]} {key}" for key in _COUNTS)
        files = sum(path.is_file() for path in base.rglob("*"))
        click.echo(f"  {name}, {step}: {files} files, {len(found)} differ ({counts})")


def compare_folders(base: Path, head: Path) -> list[str]:
    """Return a line for each path below the folders that is only in one, or whose bytes differ, in order of the paths.

    Raises click.ClickException if `base` holds no file, because nothing would be compared.
    """
    base_files, head_files = ({path.relative_to(folder) for path in _files(folder)} for folder in (base, head))
    if not base_files:
        raise click.ClickException(f"{base} holds no file")
    lines = []
    for path in sorted(base_files | head_files):
        if path not in head_files:
            lines.append(f"{path.as_posix()}: only in the base")
        elif path not in base_files:
            lines.append(f"{path.as_posix()}: not in the base")
        elif (base / path).read_bytes() != (head / path).read_bytes():
            lines.append(f"{path.as_posix()}: other bytes")
    return lines


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _publish_archive(comparison: Comparison, name: str, articles: Path, settings: Mapping[str, Any]) -> None:
    """Publish an archive, again after feeds have moved, after edits, and after a year; then hand the cache over."""
    folder = comparison.workspace / name
    shutil.copytree(articles, folder / "articles")
    config = folder / "config" / "feeds.yaml"
    first = {**settings, **_EVERYTHING, "source": {**settings.get("source", {}), "articles": ["../articles"]}}
    feeds = first.get("feeds", {})
    _write_config(config, first | {"feeds": {**feeds, "custom": [*feeds.get("custom", ()), _CUSTOM_FEED]}})
    comparison.publish(name, "new", config)

    manifest = json.loads((comparison.folders(name, comparison.base)[0] / "feeds.json").read_bytes())
    _write_config(config, _with_moved_feeds(yaml.safe_load(config.read_bytes()), manifest["documents"]))
    comparison.publish(name, "moved feeds", config)
    if not (comparison.folders(name, comparison.base)[0] / "topics" / f"{_NEW_SLUG}.rss").exists():
        raise click.ClickException(f"{name}: no topic has moved")

    _edit_articles(folder / "articles")
    if not comparison.publish(name, "edited articles", config):
        raise click.ClickException(f"{name}: the edits have changed nothing")
    comparison.publish(name, "a year later", config, _LATER)
    comparison.hand_over(name, config, _LATER)


def _write_config(path: Path, config: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(config), allow_unicode=True), encoding="utf-8")


def _with_moved_feeds(config: dict[str, Any], documents: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the largest topic without settings another slug, and the custom feed another path."""
    topics = config.get("topics", {})
    candidates = [entry for entry in documents if entry.get("kind") == "topic" and entry["name"] not in topics]
    largest = max(candidates, key=lambda entry: (entry["entries"], entry["path"]))
    custom = [feed | {"path": _NEW_PATH} if feed == _CUSTOM_FEED else feed for feed in config["feeds"]["custom"]]
    return config | {
        "topics": topics | {largest["name"]: {"slug": _NEW_SLUG}},
        "feeds": config["feeds"] | {"custom": custom},
        "moved": {largest["feed"]: f"topics/{_NEW_SLUG}", _CUSTOM_FEED["path"]: _NEW_PATH},
    }


def _edit_articles(folder: Path) -> None:
    """Edit the title and the body of every fourth article; remove one article, rename one, and copy one."""
    paths = sorted(path for path in _files(folder) if path.suffix == ".md")
    for path in paths[::4]:
        text = path.read_text(encoding="utf-8")
        edited = re.sub(r"^(title: [\"']?)(?=\w)", r"\1Edited ", text, count=1, flags=re.MULTILINE)
        path.write_text(f"{edited}\n\nAn added paragraph.\n", encoding="utf-8")
    middle = len(paths) // 2
    removed, renamed, copied = paths[middle : middle + 3]
    removed.unlink()
    renamed.rename(renamed.with_stem("renamed"))
    shutil.copy(copied, copied.with_stem("copied"))


def _publish_cases(comparison: Comparison) -> None:
    """Publish each case as it is."""
    cases = sorted((comparison.base.folder / "tests" / "cases").iterdir())
    if not cases:
        raise click.ClickException(f"{comparison.base.folder} has no cases")
    for case in cases:
        comparison.publish(f"case {case.name}", "new", case / "config.yaml")


def _checkout(name: str, folder: Path) -> Checkout:
    checkout = Checkout(name, folder.resolve())
    if not checkout.python.exists():
        raise click.ClickException(f"{checkout.python} does not exist; run `make feeds` in {checkout.folder}")
    return checkout


_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("base_checkout", type=_FOLDER)
@click.option("--head", type=_FOLDER, default=_ROOT, help="The other checkout.  [default: this one]")
@click.option("--articles", default=10_000, show_default=True, help="The number of generated articles; 0 for none.")
@click.option("--archive", type=_FOLDER, help="A folder of articles to publish as well.")
def main(base_checkout: Path, head: Path, articles: int, archive: Path | None) -> None:
    """Compare what BASE_CHECKOUT and another checkout publish from the same input."""
    with tempfile.TemporaryDirectory() as workspace:
        comparison = Comparison(_checkout("base", base_checkout), _checkout("head", head), Path(workspace))
        base = comparison.base.folder
        _publish_cases(comparison)
        sample = yaml.safe_load((base / "config" / "feeds.yaml").read_bytes())
        _publish_archive(comparison, "sample", base / "articles", sample)
        if archive:
            _publish_archive(comparison, "archive", archive, _SITE)
        if articles:
            Corpus(articles).write(comparison.workspace / "corpus")
            _publish_archive(comparison, "generated", comparison.workspace / "corpus", _SITE)
    for line in comparison.differences:
        click.echo(line)
    click.echo(f"{len(comparison.differences)} differences")
    if comparison.differences:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
