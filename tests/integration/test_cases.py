"""Whole sites: what each folder of tests/cases publishes, byte for byte.

A case is config.yaml, articles/ and expected/. `pytest --update-cases` writes what is published into expected/; read
the difference before you commit it.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

import feeds
from tests.support.paths import CASES
from tests.support.site import NOW

if TYPE_CHECKING:
    from pathlib import Path

#: The folder of style sheets and the script, which tests/test_site.py holds against the package's.
ASSETS = "assets"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def published(folder: Path) -> dict[str, bytes]:
    """What is in a folder, but for what is the package's own."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != ASSETS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}


def test_there_are_cases() -> None:
    assert len(NAMES) >= 5


def check_case(name: str, folder: Path, *, update_cases: bool = False, **options: Any) -> None:
    """Publish a case, as it is wanted, and hold what is there against what is expected."""
    case = CASES / name
    config = feeds.load_config(case / "config.yaml")
    feeds.regenerate(config, output=folder / "output", cache=folder / "cache", now=NOW, **options)
    if update_cases:
        shutil.rmtree(case / "expected", ignore_errors=True)
        shutil.copytree(folder / "output", case / "expected", ignore=shutil.ignore_patterns(ASSETS))
    expected = published(case / "expected")
    assert expected, "a case without expected files proves nothing"
    assert published(folder / "output") == expected


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, tmp_path: Path, *, update_cases: bool) -> None:
    check_case(name, tmp_path, update_cases=update_cases)
