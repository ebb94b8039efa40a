"""Print a Markdown table of the size and shape of the code of Python packages, one column for each package.

    python -m tests.tools.code_metrics [NAME=]FOLDER ...

FOLDER is the folder of a package, and NAME the title of its column. Nothing is imported: the sources are parsed.
"""

from __future__ import annotations

import ast
import io
import math
import tokenize
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Module:
    """The counts of one module. Lengths are in lines, with blank lines, comments and docstrings.

    A function is any `def`, also of a method or within a function. Its length is that of the `def` with its body, and
    its parameters are counted without `self` and `cls`. A function is private if its name starts with one underscore;
    `private` has the length of each, and the number of its uses (calls and references) in the same module.
    """

    lines: int
    comment_lines: int
    function_lengths: tuple[int, ...]
    parameters: tuple[int, ...]
    private: tuple[tuple[int, int], ...]
    what_docstrings: int


def measure_module(source: str) -> Module:
    """Return the counts of a module. Raises SyntaxError if `source` is not Python."""
    nodes = list(ast.walk(ast.parse(source)))
    functions = [node for node in nodes if isinstance(node, _Function)]
    uses = Counter(node.id for node in nodes if isinstance(node, ast.Name))
    uses += Counter(node.attr for node in nodes if isinstance(node, ast.Attribute))
    docstrings = [ast.get_docstring(node) or "" for node in nodes if isinstance(node, _Documented)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return Module(
        lines=len(source.splitlines()),
        comment_lines=sum(token.type == tokenize.COMMENT for token in tokens),
        function_lengths=tuple(map(_length, functions)),
        parameters=tuple(map(_count_parameters, functions)),
        private=tuple((_length(node), uses[node.name]) for node in functions if _is_private(node.name)),
        what_docstrings=sum(text.startswith("What") for text in docstrings),
    )


def measure_package(folder: Path) -> list[Module]:
    """Return the counts of each module below a folder. Raises click.ClickException if there is none."""
    modules = [measure_module(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))]
    if not modules:
        raise click.ClickException(f"{folder} holds no Python module")
    return modules


def metrics_of(modules: Sequence[Module]) -> dict[str, str]:
    """Return the rows of the table for a package: the name and the value of each metric."""
    lines = sum(module.lines for module in modules)
    comments = sum(module.comment_lines for module in modules)
    lengths = [length for module in modules for length in module.function_lengths]
    parameters = [count for module in modules for count in module.parameters]
    private = [each for module in modules for each in module.private]
    used_once = [length for length, uses in private if uses == 1]
    return {
        "modules": f"{len(modules)}",
        "lines": f"{lines:,}",
        "functions": f"{len(lengths):,}",
        "length of modules: median / 90th percentile / maximum": _spread([module.lines for module in modules]),
        "length of functions: median / 90th percentile / maximum": _spread(lengths),
        "parameters: mean / maximum": f"{fmean(parameters or [0]):.2f} / {max(parameters, default=0)}",
        "private functions per 1,000 lines": f"{1_000 * len(private) / max(lines, 1):.1f}",
        "private functions used once": f"{len(used_once)}",
        "of these, shorter than six lines": f"{sum(length < 6 for length in used_once)}",
        "lines with a comment": f"{comments / max(lines, 1):.1%}",
        'docstrings that begin with "What"': f"{sum(module.what_docstrings for module in modules)}",
    }


def render_table(packages: dict[str, list[Module]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, with a column for each package."""
    columns = [metrics_of(modules) for modules in packages.values()]
    yield f"| | {' | '.join(packages)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for name in columns[0]:
        yield f"| {name} | {' | '.join(column[name] for column in columns)} |"


def _length(function: _Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _count_parameters(function: _Function) -> int:
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    is_bound = bool(names) and names[0] in {"self", "cls"}
    variable = (arguments.vararg is not None) + (arguments.kwarg is not None)
    return len(names) - is_bound + len(arguments.kwonlyargs) + variable


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _spread(values: Sequence[int]) -> str:
    """Return the median, the 90th percentile (nearest rank) and the maximum."""
    ordered = sorted(values) or [0]
    percentile = ordered[math.ceil(0.9 * len(ordered)) - 1]
    return f"{median(ordered):g} / {percentile} / {ordered[-1]}"


@click.command()
@click.argument("packages", nargs=-1, required=True, metavar="[NAME=]FOLDER ...")
def main(packages: Sequence[str]) -> None:
    """Print a table of the code of each package."""
    measured = {}
    for package in packages:
        name, _, folder = package.rpartition("=")
        measured[name or Path(folder).name] = measure_package(Path(folder))
    for line in render_table(measured):
        click.echo(line)


if __name__ == "__main__":
    main()
