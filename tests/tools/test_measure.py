"""Measuring commands: what they print, take and leave behind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

import psutil
import pytest

from benchmarks.measure import BenchmarkError, listing, measure, tree_memory, yardstick

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

MB = 1_000_000


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_command_is_run_to_its_end() -> None:
    cost = measure(python("import time; time.sleep(0.2); print('done')"))
    assert cost.output == "done\n"
    assert cost.seconds >= 0.2
    assert cost.cpu > 0
    assert cost.memory is None


def test_the_processors_count_for_children_too() -> None:
    busy = "for _ in range(3_000_000): pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}], check=True)"
    assert measure(python(child)).cpu > measure(python("pass")).cpu


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what processes share")
def test_memory_that_processes_share_counts_once() -> None:
    code = "import os, time; held = b'x' * 80_000_000; pid = os.fork(); time.sleep(2); pid and os.waitpid(pid, 0)"
    memory = measure(python(code), with_memory=True).memory
    assert memory is not None
    assert 80 * MB < memory < 130 * MB


def test_memory_of_a_child_counts() -> None:
    child = "import time; held = b'x' * 80_000_000; time.sleep(2)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    memory = measure(python(code), with_memory=True).memory
    assert memory is not None
    assert memory > 80 * MB


def test_a_process_that_has_ended_has_no_memory() -> None:
    process = psutil.Popen(python("pass"))
    process.wait()
    assert tree_memory(process) == 0


def test_a_command_that_fails_is_an_error_with_what_it_printed() -> None:
    with pytest.raises(BenchmarkError, match=r"exited with 3:\nno disk"):
        measure(python("import sys; print('no disk', file=sys.stderr); sys.exit(3)"))


def test_a_command_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="cannot be run: No such file"):
        measure([str(tmp_path / "nothing")])


def test_a_command_is_ended_when_the_benchmark_is(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def interrupted(pid: int, _: int) -> NoReturn:
        started.append(pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "wait4", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure(python("import time; time.sleep(600)"))
    assert not psutil.pid_exists(started[0])


def test_listing_goes_into_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    listed: list[str] = []
    scandir = os.scandir

    def noted(path: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        listed.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", noted)
    assert listing(tmp_path).seconds > 0
    assert listed == [str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a" / "b")]


def test_the_yardstick_takes_time() -> None:
    assert yardstick() > 0
