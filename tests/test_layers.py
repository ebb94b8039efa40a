"""The package's layers: imports point down the order of the design only, and only the edges touch the world."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "feeds"

#: From the bottom to the top: a module may import those before it.
ORDER = [
    "_version",
    "errors",
    "model",
    "mediatypes",
    "paths",
    "disk",
    "schemes",
    "storage.disk",
    "storage.objects",
    "storage",
    "tags",
    "nesting",
    "markup",
    "urls",
    "iris",
    "yamlfile",
    "settings",
    "taxonomy",
    "typecheck",
    "config",
    "files",
    "fields",
    "articles",
    "enclosures",
    "entries",
    "membership",
    "compression",
    "selection",
    "catalog.asked",
    "catalog.code",
    "catalog.database",
    "catalog.outcomes",
    "catalog.stories",
    "catalog",
    "history",
    "parallel",
    "archive",
    "render.content",
    "render.xml",
    "render.shared",
    "render.rss",
    "render.atom",
    "render.jsonfeed",
    "render.html",
    "render.opml",
    "render",
    "publish",
    "facts",
    "network",
    "probing",
    "web",
    "previous",
    "site",
    "pictures",
    "documents",
    "engine",
    "spark.buckets",
    "spark.marks",
    "spark.reading",
    "spark.telling",
    "spark.showing",
    "spark.catalog",
    "spark.progress",
    "spark.work",
    "spark",
    "websub",
    "hub",
    "build",
    "check.judged",
    "check.rule",
    "check.rules_of_sources",
    "check.rules_of_documents",
    "check.rules",
    "check.values",
    "check.content",
    "check.lines",
    "check.shapes",
    "check.plain",
    "check.links",
    "check.pictures",
    "check.rss",
    "check.atom",
    "check.jsonfeed",
    "check.opml",
    "check.pages",
    "check.documents",
    "check.folder",
    "check.names",
    "check",
    "application",
    "serve",
    "hosting.quoting",
    "hosting",
    "watch",
    "wording",
    "starter",
    "",
    "cli.printing",
    "cli",
    "__main__",
]
TOUCH_THE_DISK = set(
    "application catalog catalog.code catalog.database check.folder config disk facts files hub publish starter "
    "spark.catalog storage.disk watch".split()
)
PRINT = {"cli", "cli.printing"}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def imported_modules(path: Path) -> set[str]:
    return _imported(ast.parse(path.read_text(encoding="utf-8")))


def _imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {
                alias.name.removeprefix("feeds").removeprefix(".") for alias in node.names if _is_ours(alias.name)
            }
        elif isinstance(node, ast.ImportFrom) and _is_ours(node.module or ""):
            base = (node.module or "").removeprefix("feeds").removeprefix(".")
            names = {f"{base}.{alias.name}".strip(".") for alias in node.names}
            found |= (names & MODULES.keys()) or {base}
    return found


def _is_ours(module: str) -> bool:
    return module == "feeds" or module.startswith("feeds.")


def calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        function.id if isinstance(function, ast.Name) else function.attr
        for function in functions
        if isinstance(function, ast.Name | ast.Attribute)
    }


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import feeds.cli", {"cli"}),
        ("import feeds", {""}),
        ("from feeds import build", {"build"}),
        ("from feeds.render import atom", {"render.atom"}),
        ("from feeds.errors import Mistake", {"errors"}),
        ("import feedsomething, os", set()),
    ],
)
def test_imports_are_seen(code: str, expected: set[str]) -> None:
    assert _imported(ast.parse(code)) == expected


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_imports_are_absolute(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]


def test_the_order_names_every_module() -> None:
    assert sorted(ORDER) == sorted(MODULES)


@pytest.mark.parametrize("name", [name for name in ORDER if name])
def test_a_module_imports_only_those_below_it(name: str) -> None:
    below = set(ORDER[: ORDER.index(name)])
    assert imported_modules(MODULES[name]) <= below


@pytest.mark.parametrize("name", [name for name in ORDER if name not in TOUCH_THE_DISK])
def test_the_middle_does_not_touch_the_disk(name: str) -> None:
    disk = set(
        "open read_text read_bytes write_text write_bytes unlink mkdir stat lstat exists lexists is_file is_dir glob "
        "rglob iterdir rename remove rmtree rmdir walk scandir listdir touch".split()
    )
    assert not calls(MODULES[name]) & disk


@pytest.mark.parametrize("name", [name for name in ORDER if name not in PRINT])
def test_only_the_command_line_prints(name: str) -> None:
    assert not calls(MODULES[name]) & {"print", "echo", "secho"}


@pytest.mark.parametrize(
    "heavy",
    "yaml feedgen jinja2 lxml markdown_it msgspec nh3 slugify urllib3 watchfiles werkzeug".split(),
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
