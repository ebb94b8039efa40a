"""Maps: the same results in the same order, in one process or in several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import pytest

import feeds
from feeds import parallel
from feeds.errors import ProcessError
from feeds.parallel import available_jobs, processes
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_started: list[str] = []


def start(word: str) -> None:
    _started.append(word)


def square(number: int) -> int:
    time.sleep(0.001 * (number % 3))
    return number * number


def word_and_process(_: int) -> tuple[str, int]:
    return _started[-1], os.getpid()


def fail(number: int) -> int:
    raise ValueError(str(number))


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    with processes(jobs) as map_:
        assert list(map_(square, range(50))) == [number * number for number in range(50)]


def test_every_process_is_started_with_the_arguments() -> None:
    with processes(2, start, "ready") as map_:
        found = list(map_(word_and_process, range(20)))
    assert {word for word, _ in found} == {"ready"}
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.parametrize("refused", ["semaphores", "processes"])
def test_a_system_that_takes_no_more_processes_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    context = multiprocessing.get_context("fork")
    monkeypatch.setattr(parallel, "_start_method", lambda: "fork")
    monkeypatch.setattr(type(context), "Lock" if refused == "semaphores" else "Process", refuse)
    with pytest.raises(ProcessError) as caught, processes(2) as map_:
        list(map_(square, range(3)))
    assert str(caught.value) == "no more processes can be started (Too many open files); use --jobs 1"


def test_one_job_stays_in_this_process() -> None:
    with processes(1, start, "here") as map_:
        assert list(map_(word_and_process, [0])) == [("here", os.getpid())]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_process_is_raised_here(jobs: int) -> None:
    with pytest.raises(ValueError, match="3"), processes(jobs) as map_:
        list(map_(fail, [3]))


def killed(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at_five(number: int) -> None:
    if number == 5:
        killed(number)


def killed_while_it_sends(_: int) -> None:
    def send_half(connection: Connection, content: bytes) -> None:
        os.write(connection.fileno(), content[: len(content) // 2])
        killed(connection)

    setattr(Connection, "_send", send_half)  # noqa: B010  # it is private


@pytest.mark.parametrize("function", [killed, killed_while_it_sends])
def test_a_process_that_is_killed_is_an_error(function: Callable[[int], Any]) -> None:
    with pytest.raises(ProcessError, match="was killed; if there is not enough memory"), processes(2) as map_:
        list(map_(function, range(4)))


def test_a_process_that_is_killed_while_results_are_used_is_an_error() -> None:
    def used_slowly() -> None:
        with processes(2) as map_:
            for _ in map_(killed_at_five, range(200)):
                time.sleep(0.1)

    with pytest.raises(ProcessError, match="was killed"):
        used_slowly()


def test_items_are_taken_only_a_little_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    with processes(2) as map_:
        results = map_(square, items())
        next(results)
        assert len(taken) < 50


def test_there_is_a_processor() -> None:
    assert available_jobs() >= 1


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


def begun(site: Site) -> subprocess.Popen[bytes]:
    """A run that has begun to read, in a group of processes of its own."""
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
    """Whether any process of the group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_stops_all_processes_at_once_and_leaves_everything_whole(site: Site) -> None:
    with begun(site) as run:
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=20) != 0
    assert not is_alive(run.pid)
    assert not site.output.exists()
    assert site.regenerate().entries == 2_000


def test_no_process_is_left_when_the_first_is_killed(site: Site) -> None:
    with begun(site) as run:
        run.kill()
    deadline = time.monotonic() + 20
    while is_alive(run.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(run.pid)


def test_beside_other_threads_nothing_is_forked(site: Site) -> None:
    """As while the site is served, too."""
    for number in range(200):
        address = f"https://a.example/{number}"
        site.article(f"{number}.md", f"title: A\nwebUrl: {address}\npublishedDateTime: 2026-05-01T08:30:00Z")
    code = (
        "import sys, threading, feeds, feeds.parallel\n"
        "first = feeds.parallel._start_method()\n"
        "thread = threading.Thread(target=threading.Event().wait, daemon=True)\n"
        "thread.start()\n"
        f"report = feeds.regenerate(feeds.load_config({str(site.config_path)!r}), jobs=2)\n"
        "print(first, feeds.parallel._start_method(), report.entries)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    first = "fork" if sys.platform == "linux" else "spawn"
    assert done.stdout == f"{first} spawn 200\n"
