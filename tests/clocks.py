"""Time that a test may take: of the processor, so that a machine that is busy with other things changes little."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def within(*, seconds: float) -> Iterator[None]:
    """Fail where what is done takes more time of the processor; what does not return to Python cannot be stopped."""

    def stop(*_: object) -> None:
        raise AssertionError(f"took more than {seconds} s of the processor")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def check_growth(run: Callable[[int], object], size: int) -> None:
    """Fail where eight times the size takes more than 24 times the time; its square would take 64 times.

    What takes less than a tenth of a second is left alone. What fails is tried with twice as much, then with four
    times, which is to take longer still: a square stays one, a step on the way (a text that is long enough to be looked
    at more closely) is behind, and what is refused beyond some length takes less.
    """
    found: list[str] = []
    longest = 0.0
    for factor in (1, 2, 4):
        with within(seconds=30):
            small, large = (_seconds(run, each) for each in (factor * size, 8 * factor * size))
        if longest <= large <= max(24 * small, 0.1):
            return
        longest = max(large, longest)
        found.append(f"{8 * factor * size} took {large:.2f} s, {factor * size} took {small:.3f} s")
    raise AssertionError("; ".join(found))


def _seconds(run: Callable[[int], object], size: int) -> float:
    begun = time.thread_time()
    run(size)
    return time.thread_time() - begun
