"""The cost of a command: wall time, processor time, and the memory of all its processes together."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import IO, TYPE_CHECKING

import click
import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: Between two looks at the memory, in seconds.
_INTERVAL = 0.03
_YARDSTICK = 10_000_000


class BenchmarkError(click.ClickException):
    """Something that is measured does not do what it is measured for."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a command: wall time and processor time in seconds, and peak memory in bytes.

    `memory` is None where it was not looked at. `output` is what the command printed.
    """

    seconds: float
    cpu: float
    memory: int | None
    output: str


def measure(command: Sequence[str], *, with_memory: bool = False) -> Cost:
    """Run a command to its end; raises BenchmarkError where it fails.

    The memory is looked at from a thread, which takes a little of the processors: where the time counts, leave it.
    """
    with tempfile.TemporaryFile() as printed:
        started = time.perf_counter()
        process = _start(command, printed)
        peak: list[int] = []
        try:
            with _watched(process.pid, peak) if with_memory else nullcontext():
                _, status, usage = os.wait4(process.pid, 0)
                seconds = time.perf_counter() - started
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        output = printed.read().decode(errors="replace")
    if process.returncode:
        raise BenchmarkError(f"{' '.join(command)} exited with {process.returncode}:\n{output[-2_000:]}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, max(peak, default=0) if with_memory else None, output)


def yardstick() -> float:
    """The seconds that an empty loop of ten million turns takes: how fast a processor is just now."""
    started = time.perf_counter()
    for _ in range(_YARDSTICK):
        pass
    return time.perf_counter() - started


def listing(folder: Path) -> Cost:
    """The time to list all files below a folder, with size and time of each, in this process."""
    started, started_cpu = time.perf_counter(), time.process_time()
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    entry.stat()
    return Cost(time.perf_counter() - started, time.process_time() - started_cpu, None, "")


def tree_memory(root: psutil.Process) -> int:
    """The bytes of a process and its descendants. 0 when it has ended."""
    total = 0
    with suppress(psutil.Error):
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):  # it ended meanwhile
                total += memory_of(process)
    return total


def memory_of(process: psutil.Process) -> int:
    """Linux's proportional set size: pages that processes share are counted once. Elsewhere, the resident set size."""
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", 0) or memory.rss)


def _start(command: Sequence[str], printed: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, so that all its processes can be ended together.

    Python keeps what it compiled, as it does where people use it: not to is a custom of build machines.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    try:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise BenchmarkError(f"{command[0]} cannot be run: {error.strerror}") from error


@contextmanager
def _watched(pid: int, peak: list[int]) -> Iterator[None]:
    """Note in `peak` what the process and its descendants take, again and again while this lasts."""
    ended = Event()

    def watch(root: psutil.Process) -> None:
        while not ended.is_set():
            peak[:] = [max(*peak, tree_memory(root), 0)]
            ended.wait(_INTERVAL)

    thread = Thread(target=watch, args=(psutil.Process(pid),), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
