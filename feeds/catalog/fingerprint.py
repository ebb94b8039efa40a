"""What tells that articles would be read, or feeds be rendered, by other code than before."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from feeds._version import __version__
from feeds.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence


_HOME = Path(__file__).parents[1]

#: What our own files end with: code, and what pages are made of.
_OURS = frozenset({".py", ".html", ".css", ".js"})


def fingerprint(distributions: Sequence[str], home: Path = _HOME) -> str:
    """What changes when Python, one of these packages or our own code does, which may be that of a checkout.

    The packages are named as in the folders where installers note them. The names of these have the versions too, and
    to list them takes a tenth of a millisecond; importlib.metadata takes as long as a run that has nothing to do.
    """
    return digest_of([sys.hexversion, __version__, _versions(distributions), _own(home)]).hex()


@cache
def _own(home: Path) -> str:
    """What our own files hold, wherever and whenever they were installed."""
    files = sorted(file for file in home.rglob("*.*") if file.suffix in _OURS)
    return digest_of([(file.relative_to(home).as_posix(), file.read_bytes()) for file in files]).hex()


def _versions(distributions: Sequence[str]) -> list[str | None]:
    noted: dict[str, str] = {}
    for folder in filter(Path.is_dir, map(Path, sys.path)):
        for path in folder.iterdir():
            if path.name.endswith((".dist-info", ".egg-info")):
                noted.setdefault(path.name.partition("-")[0].lower(), path.name)
    return [noted.get(name) for name in distributions]
