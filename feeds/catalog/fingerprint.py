"""Fingerprint of code and dependencies."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from feeds._version import __version__
from feeds.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_PACKAGE = Path(__file__).parents[1]
#: Files of the package that decide what it does: code, and templates and assets of pages.
_SUFFIXES = frozenset({".py", ".html", ".css", ".js"})


def fingerprint(distributions: Sequence[str], package: Path = _PACKAGE) -> str:
    """A fingerprint that changes with Python, our own files and the versions of these distributions.

    Distributions are named as in their `.dist-info` folders, whose names have the versions. Listing these takes a tenth
    of a millisecond; importlib.metadata takes as long as a run with nothing to do.
    """
    return digest_of([sys.hexversion, __version__, _versions(distributions), package_digest(package)]).hex()


@cache
def package_digest(package: Path) -> bytes:
    """A digest of the files of a package, wherever and whenever it was installed."""
    files = sorted(file for file in package.rglob("*.*") if file.suffix in _SUFFIXES)
    return digest_of([(file.relative_to(package).as_posix(), file.read_bytes()) for file in files])


def _versions(distributions: Sequence[str]) -> list[str | None]:
    found: dict[str, str] = {}
    for folder in filter(Path.is_dir, map(Path, sys.path)):
        for path in folder.iterdir():
            if path.name.endswith((".dist-info", ".egg-info")):
                found.setdefault(path.name.partition("-")[0].lower(), path.name)
    return [found.get(name) for name in distributions]
