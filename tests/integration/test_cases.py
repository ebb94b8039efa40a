"""Whole sites: the bytes that each folder of tests/cases publishes.

`pytest --update-cases` writes the published files into `expected/`. Read the difference before you commit it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cases import CASE_NAMES, check_case

if TYPE_CHECKING:
    from pathlib import Path


def test_there_are_cases() -> None:
    """Without a case, `test_case` would be skipped, and the run would pass."""
    assert len(CASE_NAMES) >= 5


@pytest.mark.parametrize("name", CASE_NAMES)
def test_case(name: str, tmp_path: Path, *, update_cases: bool) -> None:
    check_case(name, tmp_path, update_cases=update_cases)
