"""The constraints file of `make test-lowest`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_constraints_are_the_lower_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = [re.match(r"([\w-]+)>=([\d.]+)", dependency) for dependency in project["dependencies"]]
    lines = (ROOT / "tests" / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()[1:]
    constraints = {name.lower(): version.split(".") for name, _, version in (line.partition("==") for line in lines)}
    expected = {bound[1].lower(): bound[2].split(".") for bound in bounds if bound}
    assert len(expected) == len(bounds) == len(constraints)
    for name, version in expected.items():
        assert constraints[name][: len(version)] == version, name
        assert set(constraints[name][len(version) :]) <= {"0"}, name
