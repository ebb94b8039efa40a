"""The whole sites of tests/cases. A case is `config.yaml`, `articles/` and `expected/`, the files that it publishes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import feeds
from tests.support.paths import CASES
from tests.support.site import NOW

if TYPE_CHECKING:
    from pathlib import Path

CASE_NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())

#: The style sheets and the script of pages. They are copies of files of the package, so no case holds them.
_ASSETS = "assets"


def check_case(name: str, folder: Path, *, update_cases: bool = False, **options: Any) -> None:
    """Publish a case into `folder`, and assert that it gives the bytes of its `expected/`.

    `options` are those of `feeds.regenerate`. With `update_cases`, `expected/` is replaced by the published files.
    """
    case = CASES / name
    config = feeds.load_config(case / "config.yaml")
    feeds.regenerate(config, output=folder / "output", cache=folder / "cache", now=NOW, **options)
    if update_cases:
        shutil.rmtree(case / "expected", ignore_errors=True)
        shutil.copytree(folder / "output", case / "expected", ignore=shutil.ignore_patterns(_ASSETS))
    expected = _documents(case / "expected")
    assert expected, "a case without expected files proves nothing"
    assert _documents(folder / "output") == expected


def _documents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a folder except the assets, by path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != _ASSETS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}
