"""The counts of the code metrics, on a small package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from tests.tools.code_metrics import measure_module, measure_package, render_table

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = '''\
"""What this module is."""
# A comment of a line of its own.


class Shelf:
    """Whatever it holds."""

    def put(self, book, *others, on=None, **options):
        return _weigh(book)  # A comment behind code.

    async def _tidy(self):
        await self._tidy()


def _weigh(book, /):
    """Return # which is no comment."""

    def _unused():
        pass

    return book
'''


def test_a_module_is_counted() -> None:
    module = measure_module(SOURCE)
    assert (module.lines, module.comment_lines) == (21, 2)
    assert sorted(zip(module.function_lengths, module.parameters, strict=True)) == [(2, 0), (2, 0), (2, 4), (7, 1)]
    assert sorted(module.private) == [(2, 0), (2, 1), (7, 1)]
    assert module.what_docstrings == 2


def test_the_table_has_a_column_for_each_package(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "__init__.py").touch()
    heading, _, *rows = render_table({"one": measure_package(tmp_path), "two": measure_package(tmp_path / "deep")})
    assert heading == "| | one | two |"
    assert [row for row in rows if row.startswith(("| modules", "| lines |", "| parameters", "| private", "| of"))] == [
        "| modules | 2 | 1 |",
        "| lines | 21 | 21 |",
        "| parameters: mean / maximum | 1.25 / 4 | 1.25 / 4 |",
        "| private functions per 1,000 lines | 142.9 | 142.9 |",
        "| private functions used once | 2 | 2 |",
        "| of these, shorter than six lines | 1 | 1 |",
    ]


def test_a_folder_without_modules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="no Python module"):
        measure_package(tmp_path)
