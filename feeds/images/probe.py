"""Asking the servers of images what they are: their types, lengths and, where articles do not say, sizes in pixels.

A few questions at a time to a host, and to many hosts at once; a HEAD, and where that says too little the first bytes
(RFC 9110, 14.2). An address is connected to only if it is public: what a name stands for is looked up once, and the
connection goes to just that, so neither a redirect nor the next answer of a name server leads into a private network.

What servers say is theirs: a type, a length or a size is taken only if it can be one.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import msgspec
from urllib3.exceptions import NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from feeds.http.client import TIMED_OUT, why
from feeds.http.public import may_connect
from feeds.images.connections import (
    PER_HOST,
    THREADS,
    Connections,
    HostQueue,
    ProbeRequest,
    ProbeResult,
    Refused,
    Task,
    host_of,
    is_offline,
)
from feeds.images.inquiry import Inquiry
from feeds.images.lock import ImageInfo

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence


_TOTAL = 20

#: Seconds between two looks at whether one takes too long.
_INTERVAL = 0.25

#: How many questions a host may leave without any answer before no more are put to it.
_PATIENCE = 3

#: Seconds that requests for a question may take without being held against its host, and what all that is beyond that
#: may come to.
_QUICK = 1

_MOST_SPENT = 300

_TOO_LONG = "its host took too long"


def probe_images(
    requests: Sequence[ProbeRequest], now: dt.datetime, allowed: Sequence[str] = ()
) -> Iterator[ProbeResult]:
    """Put the questions and give each answer as it comes, in any order; `allowed` are networks that are not public."""
    networks = [ip_network(network) for network in allowed]
    return _Prober(requests, now.replace(microsecond=0), partial(may_connect, networks)).results()


class _Prober:
    """What the threads share that ask.

    A thread that is busy with a question for too long, because a server says a byte at a time, has its connections
    ended. Another one takes its place meanwhile: a name that is not found cannot be ended.
    """

    def __init__(self, requests: Sequence[ProbeRequest], now: dt.datetime, may: Callable[[str], bool]) -> None:
        self._now = now
        self._ways = Connections(may)
        self._results: SimpleQueue[ProbeResult] = SimpleQueue()
        self._is_over = threading.Event()
        self._expected = len(requests)
        self._busy: dict[int, Task] = {}
        ordered = sorted(requests, key=lambda request: host_of(request.address))
        hosts = [HostQueue(deque(group)) for _, group in groupby(ordered, key=lambda request: host_of(request.address))]
        self._lanes = deque(host for host in hosts for _ in range(min(PER_HOST, len(host.left))))

    def results(self) -> Iterator[ProbeResult]:
        """Each answer as it comes."""
        for _ in range(min(THREADS, len(self._lanes))):
            self._start_thread()
        try:
            for _ in range(self._expected):
                yield self._next_result()
        finally:
            self._is_over.set()
            for task in list(self._busy.values()):
                task.end()
            self._ways.kept.clear()

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="probe", daemon=True).start()

    def _next_result(self) -> ProbeResult:
        while True:
            with suppress(Empty):
                return self._results.get(timeout=_INTERVAL)
            late = [task for task in list(self._busy.values()) if task.deadline < time.monotonic()]
            for task in late:
                if self._busy.pop(id(task), None):
                    task.end()
                    self._lanes.append(task.host)
                    self._start_thread()
                    self._charge(task)
                    return self._unresponsive(task.host, task.request, TIMED_OUT)

    def _work(self) -> None:
        """Go through one lane after the other: a host's questions, beside another lane of the same host perhaps."""
        while not self._is_over.is_set():
            try:
                host = self._lanes.popleft()
            except IndexError:
                return
            with suppress(IndexError):
                while not self._is_over.is_set():
                    if not self._settle(host, host.left.popleft()):
                        return

    def _settle(self, host: HostQueue, request: ProbeRequest) -> bool:
        """Answer a question; whether that was in time."""
        task = Task(host=host, request=request, deadline=time.monotonic() + _TOTAL)
        self._busy[id(task)] = task
        result = self._result(task)
        if self._busy.pop(id(task), None) is None:
            return False
        self._charge(task)
        self._results.put(result)
        return True

    def _charge(self, task: Task) -> None:
        """Hold against a host what requests took; one that answers just in time, each time, would take hours."""
        host = task.host
        host.spent += max(task.seconds() - _QUICK, 0)
        if host.spent > _MOST_SPENT:
            host.over = host.over or ProbeResult(self._failed(task.request, _TOO_LONG))

    def _result(self, task: Task) -> ProbeResult:
        """What comes of a question, whatever happens."""
        host, request = task.host, task.request
        if host.over:
            return replace(host.over, facts=self._failed(request, host.over.facts.failed))
        try:
            facts = Inquiry(self._ways, task, self._now).facts()
        except Refused as refused:
            result = ProbeResult(self._failed(request, refused.reason, refused.is_dead), is_asked=refused.is_asked)
            host.silent = 0
            host.over = host.over or (result if refused.ends_host else None)
            return result
        except Exception as error:  # noqa: BLE001  # of a thread that ended the answers would be waited for without end
            return self._unresponsive(host, request, _reason(error), is_offline=is_offline(error))
        host.silent = 0
        return ProbeResult(facts)

    def _unresponsive(
        self, host: HostQueue, request: ProbeRequest, reason: str, *, is_offline: bool = False
    ) -> ProbeResult:
        """The answer where there is none, after which the host may be left alone."""
        result = ProbeResult(self._failed(request, reason), is_offline=is_offline)
        host.silent += 1
        host.over = host.over or (result if host.silent >= _PATIENCE else None)
        return result

    def _failed(self, request: ProbeRequest, reason: str, is_dead: bool = False) -> ImageInfo:
        """What is known stays, also that there is no such image."""
        known = request.known or ImageInfo(address=request.address, asked=self._now)
        return msgspec.structs.replace(known, asked=self._now, failed=reason, dead=is_dead or known.dead)


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPTimeoutError) and not isinstance(error, NewConnectionError):
        return TIMED_OUT
    return why(error)
