"""No text of one thing again and again takes forever. Whether one grows faster than its length, `make growth` tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.bodies import repeated
from benchmarks.growth import TRIALS, Trial, growth
from tests.support.clocks import within

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("trial", "unit"),
    [
        pytest.param(trial, unit, id=f"{trial.name}-{unit}".replace(" ", "_"))
        for trial in TRIALS
        for unit in trial.units
    ],
)
def test_a_text_of_one_thing_does_not_take_forever(trial: Trial, unit: str) -> None:
    with within(seconds=10):
        trial.read(repeated(unit, 4 * trial.size))


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(lambda size: size / 100_000, id="as the length"),
        pytest.param(lambda size: size / 10_000 * (1 if size < 30_000 else 5), id="a step, then as the length"),
        pytest.param(lambda size: (size / 5_000_000) ** 2, id="a square that takes little of what a file may have"),
        pytest.param(lambda _: 0, id="nothing"),
    ],
)
def test_what_takes_no_more_than_its_length_is_fine(seconds: Callable[[int], float]) -> None:
    assert growth(seconds, 4_000) is None


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(lambda size: (size / 1_000) ** 2, id="its square"),
        pytest.param(lambda size: (size / 100_000) ** 2, id="a square that takes little at first"),
        pytest.param(lambda size: 0.0035 * (size / 4_000) + 0.0013 * (size / 4_000) ** 2, id="a square beside much"),
        pytest.param(lambda size: (size / 10_000) ** 2 if size < 200_000 else 1, id="its square, then refused"),
    ],
)
def test_what_takes_more_than_its_length_is_found(seconds: Callable[[int], float]) -> None:
    assert growth(seconds, 4_000)


def test_a_pause_is_no_growth() -> None:
    sizes: list[int] = []

    def seconds(size: int) -> float:
        sizes.append(size)
        return 60 if sizes.count(32_000) == 1 and size == 32_000 else size / 100_000

    assert growth(seconds, 4_000) is None
    assert sizes.count(32_000) == 3
