"""Time that a test may take: of the processor, so that a machine that is busy with other things changes little."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


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
