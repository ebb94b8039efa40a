"""The ways to do many things: one after the other, or in several processes. Both give the results in order."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from feeds.errors import ProcessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.process import BaseProcess


T = TypeVar("T")

R = TypeVar("R")

#: How many pieces of work wait for each process, so that none is idle and results do not pile up.
_AHEAD = 10

#: Seconds after which it is looked whether a process that gives no result is there.
_PATIENCE = 1

_KILLED = "a process of the run was killed; if there is not enough memory, use fewer --jobs"

#: How many more containers are made than freed before a process looks for cycles among them.
_GARBAGE = 50_000


class Map(Protocol):
    """Like the built-in `map`: the results in the order of the items, as they come."""

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]: ...


def available_jobs() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def rare_collections() -> Iterator[None]:
    """Python looks for garbage in cycles less often while this lasts: hardly anything forms some, and it takes long."""
    before = gc.get_threshold()
    gc.set_threshold(_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def processes(jobs: int, start: Callable[..., None] | None = None, *arguments: Any) -> Iterator[Map]:
    """A map over `jobs` processes, each of which calls `start` first; with one job, the built-in map.

    When the caller stops, by an error or Ctrl-C, so do they, at once. Raises ProcessError when one is killed.
    """
    if jobs <= 1:
        if start:
            start(*arguments)
        yield map
        return
    import multiprocessing  # noqa: PLC0415  # most runs have too little to do for it
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    context = multiprocessing.get_context(_start_method())
    with _starting():
        pool = ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(start, arguments))
    try:
        yield lambda function, items: _ordered(pool, function, items, jobs * _AHEAD)
    except BrokenProcessPool as error:
        _end(pool)
        raise ProcessError(_KILLED) from error
    except BaseException:
        _end(pool)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _starting() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ProcessError(f"no more processes can be started ({error.strerror}); use --jobs 1") from error


def _start_method() -> str:
    """How processes come to be. Beside other threads none is forked: these may hold locks that nobody returns then."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _start(start: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """Ctrl-C goes to every process of a terminal, and its handlers are those of the first one, which ends the others.

    What came from the first process is there to stay: no garbage is to be looked for in it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    if start:
        start(*arguments)


def _end_with_the_first() -> None:
    """End this process when the first one has: killed, it cannot, and there would be no more work for ever."""
    from multiprocessing import parent_process  # noqa: PLC0415  # as above

    first = parent_process()
    if first:
        first.join()
        os._exit(1)


def _ordered(pool: ProcessPoolExecutor, function: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    waiting: deque[Future[R]] = deque()
    for item in items:
        with _starting():
            waiting.append(pool.submit(function, item))
        if len(waiting) >= ahead:
            yield _result(pool, waiting.popleft())
    while waiting:
        yield _result(pool, waiting.popleft())


def _result(pool: ProcessPoolExecutor, future: Future[R]) -> R:
    """The result, as soon as it is there. The pool itself does not see that a process was killed while it sent one."""
    from concurrent.futures import wait  # noqa: PLC0415  # as above

    while not wait([future], _PATIENCE).done:
        if not all(process.is_alive() for process in _processes(pool)):
            raise ProcessError(_KILLED)
    return future.result()


def _end(pool: ProcessPoolExecutor) -> None:
    """End the processes, and what waits for the rest of a result that one of them was sending."""
    pool._result_queue._writer.close()  # type: ignore[attr-defined]  # noqa: SLF001
    for process in _processes(pool):
        process.terminate()


def _processes(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    return list((pool._processes or {}).values())  # noqa: SLF001  # terminate_workers() is new in Python 3.14
