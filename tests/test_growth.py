"""No text of one thing again and again takes forever. Whether one grows faster than its length, `make growth` tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.growth import READINGS, Reading, growth, repeated
from tests.clocks import within

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("reading", "unit"),
    [
        pytest.param(reading, unit, id=f"{reading.name}-{unit}".replace(" ", "_"))
        for reading in READINGS
        for unit in reading.units
    ],
)
def test_a_text_of_one_thing_does_not_take_forever(reading: Reading, unit: str) -> None:
    """A square in Python would take longer."""
    with within(seconds=10):
        reading.read(repeated(unit, 4 * reading.size))


@pytest.mark.parametrize(
    ("seconds", "is_fine"),
    [
        pytest.param(lambda size: size / 100_000, True, id="as the length"),
        pytest.param(lambda size: size / 100_000 * (1 if size < 1_500 else 5), True, id="a step, then as the length"),
        pytest.param(lambda size: (size / 100_000) ** 2, True, id="a square that takes little"),
        pytest.param(lambda size: (size / 1_000) ** 2, False, id="as its square"),
        pytest.param(lambda size: (size / 1_000) ** 2 if size < 10_000 else 1, False, id="as its square, then refused"),
    ],
)
def test_what_grows_faster_than_its_length_is_found(seconds: Callable[[int], float], *, is_fine: bool) -> None:
    found = growth(seconds, 1_000)
    if is_fine:
        assert found is None
    else:
        assert found is not None
        assert found.startswith("1,000 1.000 s, 8,000 64.00 s; ")
