"""Rules beyond the import contracts in pyproject.toml: the core does no I/O, and the command starts quickly."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import PACKAGE

if TYPE_CHECKING:
    from pathlib import Path

#: The core: pure functions over frozen values.
PURE = (
    "models.py",
    "digests.py",
    "errors.py",
    "progress.py",
    "text",
    "bodies",
    "selection",
    "render",
    "http",
    "content",
)
DISK = frozenset(
    "open read_text read_bytes write_text write_bytes unlink mkdir stat lstat exists lexists is_file is_dir glob "
    "rglob iterdir rename remove rmtree rmdir walk scandir listdir touch".split()
)


def calls(path: Path) -> set[str]:
    functions = (node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call))
    return {
        function.id if isinstance(function, ast.Name) else function.attr
        for function in functions
        if isinstance(function, ast.Name | ast.Attribute)
    }


def test_calls_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("path.open(); open(path); f(g)(1)", encoding="utf-8")
    assert calls(path) == {"open", "f"}


def test_the_core_does_not_touch_the_disk() -> None:
    files = [
        file for name in PURE for file in ([PACKAGE / name] if name.endswith(".py") else (PACKAGE / name).rglob("*.py"))
    ]
    modules = {file.relative_to(PACKAGE).as_posix(): file for file in files}
    assert len(modules) > 40
    touching = {name: calls(file) & DISK for name, file in modules.items()}
    assert {name: found for name, found in touching.items() if found} == {}


@pytest.mark.parametrize(
    "heavy",
    "yaml feedgen jinja2 lxml markdown_it msgspec nh3 slugify turbohtml urllib3 watchfiles werkzeug".split(),
)
def test_help_imports_nothing_heavy(heavy: str) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from feeds.cli import main;"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0;"
        f"sys.exit({heavy!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_package_imports_nothing_until_a_name_is_used() -> None:
    code = "import sys, feeds; print(*sorted(name for name in sys.modules if name.startswith('feeds')))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["feeds", "feeds._version"]
