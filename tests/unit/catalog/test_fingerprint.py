"""The fingerprint of code and dependencies."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.catalog.fingerprint import fingerprint
from feeds.pipeline.ingest import READING_PACKAGES
from feeds.pipeline.plan import RENDERING_PACKAGES

if TYPE_CHECKING:
    import pytest


def test_the_fingerprint_changes_with_our_files_and_with_versions_of_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, packages = tmp_path / "feeds", tmp_path / "site-packages"
    for folder in (home, packages / "lxml-6.0.dist-info", packages / "PyYAML-6.0.1.egg-info"):
        folder.mkdir(parents=True)
    (home / "a.py").write_text("a = 1", encoding="utf-8")
    (home / "b.py").write_text("b = 1", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "none"), str(packages)])
    found: list[str] = []

    def add() -> None:
        """Install our files into another folder, at another time."""
        installed = tmp_path / f"installed-{len(found)}"
        shutil.copytree(home, installed, copy_function=shutil.copyfile)
        found.append(fingerprint(("lxml", "pyyaml"), installed))

    add()
    add()
    (home / "a.py").write_text("a = 2", encoding="utf-8")
    add()
    (home / "a.py").rename(home / "c.py")
    add()
    for name in ("lxml-6.1.dist-info", "PyYAML-6.0.2-py3.11.egg-info", "nh3-1.dist-info"):
        for old in packages.glob(f"{name.partition('-')[0]}-*"):
            old.rmdir()
        (packages / name).mkdir()
        add()
    assert [found.index(one) for one in found] == [0, 0, 2, 3, 4, 5, 5]


def test_the_packages_of_the_fingerprint_are_installed() -> None:
    installed = {path.name.partition("-")[0].lower() for folder in sys.path for path in Path(folder).glob("*-info")}
    assert {*READING_PACKAGES, *RENDERING_PACKAGES} <= installed
