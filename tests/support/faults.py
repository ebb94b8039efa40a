"""Injected faults: a run in a process of its own that is killed where it changes files."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import signal
import struct
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: The audit events of Python that change files.
_CHANGES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.utime", "os.truncate", "sqlite3.connect"})
_WRITING = os.O_WRONLY | os.O_RDWR


class Points:
    """Counts the changes of files by a process and its forks; the process that makes change number `last` is killed."""

    def __init__(self, last: int | None = None) -> None:
        self._last = last
        self._count = mmap.mmap(-1, 8)
        self._lock = multiprocessing.get_context("fork").Lock()

    @property
    def count(self) -> int:
        return int(struct.unpack("q", self._count[:8])[0])

    def count_one(self, *_: object) -> None:
        """Count a change, and kill the process if it is the last one."""
        with self._lock:
            number = self.count + 1
            self._count[:8] = struct.pack("q", number)
        if number == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGES or (event == "open" and _is_written(arguments)):
            self.count_one()


def _is_written(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    return bool(mode and set(mode) & set("wxa+")) or bool((flags or 0) & _WRITING)


def in_process(work: Callable[[], object]) -> int:
    """Work in a process of its own; return its exit code: 0 done, 1 after an exception, negative if it was killed."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001  # this process ends here
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
