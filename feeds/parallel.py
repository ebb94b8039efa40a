"""Mapping over processes: results come in the order of the items, whether one process does the work or several."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from feeds.errors import ProcessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
R = TypeVar("R")

#: Items submitted ahead per process, so that no process is idle and results do not pile up.
_AHEAD = 10
#: Seconds between checks whether a process that returns no result is alive.
_CHECK_INTERVAL = 1
_KILLED = "a process of the run was killed; if there is not enough memory, use fewer --jobs"
#: Allocated containers, less the freed ones, that start a search for reference cycles.
_GC_THRESHOLD = 50_000


def available_jobs() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _RareCollections:
    """The garbage collector's threshold belongs to the process: the last of several overlapping runs restores it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs = 0
        self._threshold = (0, 0, 0)

    def enter(self) -> None:
        with self._lock:
            if not self._runs:
                self._threshold = gc.get_threshold()
                gc.set_threshold(_GC_THRESHOLD)
            self._runs += 1

    def exit(self) -> None:
        with self._lock:
            self._runs -= 1
            if not self._runs:
                gc.set_threshold(*self._threshold)


_rare_collections = _RareCollections()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage less often: a run allocates many containers, hardly any of them in cycles."""
    _rare_collections.enter()
    try:
        yield
    finally:
        _rare_collections.exit()


@contextmanager
def process_map(jobs: int, worker: Callable[[T], R]) -> Iterator[Callable[[Iterable[T]], Iterator[R]]]:
    """Yield a function that maps items through `worker`, in order.

    One job works in this process. Several work in processes that receive the worker once, when they start; it must be
    picklable, and so must items and results. If the caller stops, by an error or Ctrl-C, the processes end at once.
    Raises ProcessError if a process is killed or cannot be started.
    """
    if jobs <= 1:
        yield lambda items: map(worker, items)
        return
    import multiprocessing  # noqa: PLC0415  # most runs have too little to do for processes
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    context = multiprocessing.get_context(start_method())
    with _start_errors():
        pool = ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(worker,))
    try:
        yield lambda items: _map_in_order(pool, items, jobs * _AHEAD)
    except BrokenProcessPool as error:
        _end(pool)
        raise ProcessError(_KILLED) from error
    except BaseException:
        _end(pool)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def start_method() -> str:
    """How processes start. A fork beside other threads could inherit locks that nobody releases."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


@contextmanager
def _start_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ProcessError(f"no more processes can be started ({error.strerror}); use --jobs 1") from error


#: The worker of a child process; never set in the first process.
_worker: Callable[[Any], Any]


def _start(worker: Callable[[Any], Any]) -> None:
    """Prepare a child process.

    A terminal sends Ctrl-C to every process; only the first one handles it and ends the others. Objects inherited by a
    fork are permanent: the garbage collector skips them.
    """
    global _worker  # noqa: PLW0603  # of the child process, and gone with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    _worker = worker


def _work(item: Any) -> Any:
    return _worker(item)


def _exit_with_parent() -> None:
    """End this process when the first one ends. A killed parent cannot end its children."""
    from multiprocessing import parent_process  # noqa: PLC0415  # as above

    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _map_in_order(pool: ProcessPoolExecutor, items: Iterable[Any], ahead: int) -> Iterator[Any]:
    waiting: deque[Future[Any]] = deque()
    for item in items:
        with _start_errors():
            waiting.append(pool.submit(_work, item))
        if len(waiting) >= ahead:
            yield _result(pool, waiting.popleft())
    while waiting:
        yield _result(pool, waiting.popleft())


def _result(pool: ProcessPoolExecutor, future: Future[R]) -> R:
    """Wait for a result. The pool does not notice a process that is killed while it sends its result."""
    from concurrent.futures import wait  # noqa: PLC0415  # as above

    while not wait([future], _CHECK_INTERVAL).done:
        if not all(process.is_alive() for process in _processes(pool)):
            raise ProcessError(_KILLED)
    return future.result()


def _end(pool: ProcessPoolExecutor) -> None:
    """End the processes, and the thread that waits for the rest of a result that one of them was sending."""
    pool._result_queue._writer.close()  # type: ignore[attr-defined]  # noqa: SLF001
    for process in _processes(pool):
        process.terminate()


def _processes(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    return list((pool._processes or {}).values())  # noqa: SLF001  # terminate_workers() is new in Python 3.14
