"""The lines of a text, counted once: to count them anew for each of many findings takes long."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property


class Lines:
    """The lines of a text, which count from 1."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _ends(self) -> list[int]:
        return [found.end() for found in re.finditer("\n", self.text)]

    def number(self, position: int) -> int:
        """The line in which a position of the text is."""
        return bisect_right(self._ends, position) + 1

    def part(self, first: int, last: int) -> str:
        """The text of some lines."""
        ends = [0, *self._ends, len(self.text)]
        return self.text[ends[min(first, len(ends) - 1) - 1] : ends[min(last, len(ends) - 1)]]
