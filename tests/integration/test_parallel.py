"""Mapping over processes: the same results in the same order, in one process or in several."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, TypeVar

import pytest

import feeds
from feeds import parallel
from feeds.catalog.sqlite import SqliteCatalog
from feeds.engines.local import LocalEngine
from feeds.errors import ProcessError
from feeds.parallel import process_map
from feeds.pipeline.plan import Site as PublishedSite
from feeds.pipeline.plan import Snapshot
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


def square(number: int) -> int:
    time.sleep(0.001 * (number % 3))
    return number * number


@dataclass
class Greeter:
    """A worker with a value."""

    word: str

    def __call__(self, _: int) -> tuple[str, int]:
        return self.word, os.getpid()


def fail(number: int) -> int:
    raise ValueError(str(number))


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    with process_map(jobs, square) as map_:
        assert list(map_(range(50))) == [number * number for number in range(50)]


def test_every_process_receives_the_worker() -> None:
    with process_map(2, Greeter("ready")) as map_:
        found = list(map_(range(20)))
    assert {word for word, _ in found} == {"ready"}
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_worker_is_not_kept_afterwards(jobs: int) -> None:
    worker = Greeter("gone")
    kept = weakref.ref(worker)
    with process_map(jobs, worker) as map_:
        assert len(list(map_(range(3)))) == 3
    del worker, map_
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("refused", ["semaphores", "processes"])
def test_a_system_that_starts_no_more_processes_is_an_error(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    context = multiprocessing.get_context("fork")
    monkeypatch.setattr(parallel, "start_method", lambda: "fork")
    monkeypatch.setattr(type(context), "Lock" if refused == "semaphores" else "Process", refuse)
    with pytest.raises(ProcessError) as caught, process_map(2, square) as map_:
        list(map_(range(3)))
    assert str(caught.value) == "no more processes can be started (Too many open files); use --jobs 1"


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_process_is_raised_here(jobs: int) -> None:
    with pytest.raises(ValueError, match="3"), process_map(jobs, fail) as map_:
        list(map_([3]))


def kill(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_five(number: int) -> None:
    if number == 5:
        kill(number)


def kill_while_sending(_: int) -> None:
    def send_half(connection: Connection, content: bytes) -> None:
        os.write(connection.fileno(), struct.pack("!i", len(content)) + bytes(content)[: len(content) // 2])
        kill(connection)

    setattr(Connection, "send_bytes", send_half)  # noqa: B010  # of this process only, which ends


@pytest.mark.parametrize("worker", [kill, kill_while_sending])
def test_a_killed_process_is_an_error(worker: Callable[[int], None]) -> None:
    with pytest.raises(ProcessError, match="was killed; if there is not enough memory"), process_map(2, worker) as map_:
        list(map_(range(4)))


def test_a_process_that_is_killed_while_results_are_used_is_an_error() -> None:
    def use_slowly() -> None:
        with process_map(2, kill_at_five) as map_:
            for _ in map_(range(200)):
                time.sleep(0.1)

    with pytest.raises(ProcessError, match="was killed"):
        use_slowly()


def test_items_are_submitted_only_a_little_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    with process_map(2, square) as map_:
        results = map_(items())
        next(results)
        assert len(taken) < 50


# Runs


def test_overlapping_runs_in_two_threads_leave_the_threshold_as_it_was(site: Site) -> None:
    """The first run ends while the second one, which began after it, goes on."""
    archive(site, 3)
    config = feeds.load_config(site.config_path)
    before = gc.get_threshold()
    began = {name: threading.Event() for name in ("first", "second")}
    ended = threading.Event()

    def publish(name: str, other: threading.Event) -> None:
        def track(items: Iterable[T], length: int, label: str) -> Iterable[T]:  # noqa: ARG001  # a Track
            began[name].set()
            assert other.wait(60)
            return items

        folder = site.folder / name
        feeds.regenerate(config, output=folder / "output", cache=folder / "cache", now=NOW, jobs=1, track=track)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(publish, "first", began["second"])
        assert began["first"].wait(60)
        second = threads.submit(publish, "second", ended)
        first.result()
        ended.set()
        second.result()
    assert gc.get_threshold() == before


def archive(site: Site, articles: int) -> None:
    for number in range(articles):
        site.article(
            f"{number:04}.md",
            f"title: Story {number}\nwebUrl: https://p{number % 30}.example/{number}\n"
            f"publishedDateTime: 2026-05-01T00:{number % 60:02}:00Z\ntopics: [Topic {number % 9}, T{number % 40}]",
        )


def test_the_number_of_jobs_changes_no_byte(site: Site) -> None:
    archive(site, 300)
    config = feeds.load_config(site.config_path)
    for jobs in (1, 3):
        folder = site.folder / f"{jobs}"
        report = feeds.regenerate(config, output=folder / "output", cache=folder / "cache", now=NOW, jobs=jobs)
        assert (report.feeds, report.written) == (80, 241)
    one, three = (
        {path.name: path.read_bytes() for path in (site.folder / jobs / "output").rglob("*.*")} for jobs in ("1", "3")
    )
    assert one == three


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_keeps_nothing_in_this_process(site: Site, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    """Neither in modules nor in threads: a server or a watcher would keep it until its next run."""
    monkeypatch.setattr("feeds.engines.local.MIN_PARALLEL_FILES", 1)
    monkeypatch.setattr("feeds.engines.local.MIN_PARALLEL_TASKS", 1)
    archive(site, 3)
    site.regenerate(jobs=jobs)  # imports modules
    gc.collect()
    kept, names = state_of_runs(), module_values()
    site.configure(site.config_path.read_text(encoding="utf-8").replace("Test Wire", "Other Wire"))
    archive(site, 5)
    assert site.regenerate(jobs=jobs).changed == 2
    gc.collect()
    assert {id(one) for one in state_of_runs()} <= {id(one) for one in kept}
    assert module_values() == names


def state_of_runs() -> list[object]:
    """The objects that belong to a run, of all that exist."""
    kinds = (LocalEngine, PublishedSite, Snapshot, SqliteCatalog)
    return [one for one in gc.get_objects() if isinstance(one, kinds)]


def module_values() -> dict[tuple[str, str], int]:
    """The identities of the values of our modules."""
    modules = [module for name, module in sys.modules.items() if name == "feeds" or name.startswith("feeds.")]
    return {(module.__name__, name): id(value) for module in modules for name, value in vars(module).items()}


def begin(site: Site) -> subprocess.Popen[bytes]:
    """Start a run in a process group of its own, and wait until it reads."""
    archive(site, 2_000)
    code = (
        "import feeds\n"
        "def track(items, length, label):\n"
        "    for number, item in enumerate(items):\n"
        "        if number == 400: print('reading', flush=True)\n"
        "        yield item\n"
        f"feeds.regenerate(feeds.load_config({str(site.config_path)!r}), jobs=2, track=track)\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"reading\n"
    return run


def is_alive(group: int) -> bool:
    """Whether a process of the group is alive."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_stops_all_processes_at_once_and_leaves_no_partial_output(site: Site) -> None:
    with begin(site) as run:
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=20) != 0
    assert not is_alive(run.pid)
    assert not site.output.exists()
    assert site.regenerate().entries == 2_000


def test_no_process_is_left_if_the_first_one_is_killed(site: Site) -> None:
    with begin(site) as run:
        run.kill()
    deadline = time.monotonic() + 20
    while is_alive(run.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(run.pid)


def test_no_process_is_forked_beside_other_threads(site: Site) -> None:
    """For example while the site is served."""
    for number in range(200):
        address = f"https://a.example/{number}"
        site.article(f"{number}.md", f"title: A\nwebUrl: {address}\npublishedDateTime: 2026-05-01T08:30:00Z")
    code = (
        "import sys, threading, feeds, feeds.parallel\n"
        "first = feeds.parallel.start_method()\n"
        "thread = threading.Thread(target=threading.Event().wait, daemon=True)\n"
        "thread.start()\n"
        f"report = feeds.regenerate(feeds.load_config({str(site.config_path)!r}), jobs=2)\n"
        "print(first, feeds.parallel.start_method(), report.entries)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    first = "fork" if sys.platform == "linux" else "spawn"
    assert done.stdout == f"{first} spawn 200\n"
