"""Probe the servers of images for media types, lengths and, where articles give none, sizes in pixels.

Requests run a few at a time per host, and many hosts at once. A probe sends HEAD and, if the response says too little,
GET for the first bytes (RFC 9110, 14.2). Connections go to public addresses only: a host name is resolved once, and the
connection uses the address that was checked. So neither a redirect nor a changed DNS record reaches a private network.

Responses are untrusted: a media type, length or size is used only if it is a possible one.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from ipaddress import ip_network
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import msgspec
from urllib3.exceptions import NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from feeds.http.client import TIMED_OUT, failure_reason
from feeds.http.public import is_allowed_ip, is_offline
from feeds.images.connections import MAX_REQUESTS_PER_HOST, MAX_THREADS, Connections, Task, host_of
from feeds.images.http_probe import HttpProbe
from feeds.images.lock import ImageInfo
from feeds.images.requests import DEFAULT_LIMITS, HostQueue, ProbeError, ProbeLimits, ProbeRequest, ProbeResult

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence


_TOO_LONG = "its host took too long"


def probe_images(
    requests: Sequence[ProbeRequest],
    now: dt.datetime,
    allowed: Sequence[str] = (),
    limits: ProbeLimits = DEFAULT_LIMITS,
) -> Iterator[ProbeResult]:
    """Probe the images and yield each result when it arrives, in any order.

    `allowed` are networks that may be connected to although they are not public, in CIDR notation.
    """
    is_allowed = partial(is_allowed_ip, [ip_network(network) for network in allowed])
    return _Prober(requests, now.replace(microsecond=0), is_allowed, limits).results()


class _Prober:
    """The threads that probe, and the state that they share.

    If a probe is overdue, because its server sends a byte at a time, its connections are ended and a new thread takes
    its place. The new thread does not wait for the old one, because a DNS lookup cannot be ended.
    """

    def __init__(
        self, requests: Sequence[ProbeRequest], now: dt.datetime, is_allowed: Callable[[str], bool], limits: ProbeLimits
    ) -> None:
        self._now = now
        self._limits = limits
        self._connections = Connections(is_allowed, limits)
        self._results: SimpleQueue[ProbeResult] = SimpleQueue()
        self._is_over = threading.Event()
        self._expected = len(requests)
        self._running: dict[int, Task] = {}
        ordered = sorted(requests, key=lambda request: host_of(request.url))
        hosts = [HostQueue(deque(group)) for _, group in groupby(ordered, key=lambda request: host_of(request.url))]
        #: Each host once for each thread that may probe it.
        self._hosts = deque(host for host in hosts for _ in range(min(MAX_REQUESTS_PER_HOST, len(host.requests))))

    def results(self) -> Iterator[ProbeResult]:
        """Yield each result when it arrives. Closing the iterator ends the probes that are running."""
        for _ in range(min(MAX_THREADS, len(self._hosts))):
            self._start_thread()
        try:
            for _ in range(self._expected):
                yield self._next_result()
        finally:
            self._is_over.set()
            for task in list(self._running.values()):
                task.end()
            self._connections.pool.clear()

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="probe", daemon=True).start()

    def _next_result(self) -> ProbeResult:
        while True:
            with suppress(Empty):
                return self._results.get(timeout=self._limits.poll_interval)
            overdue = [task for task in list(self._running.values()) if task.deadline < time.monotonic()]
            for task in overdue:
                if self._running.pop(id(task), None):
                    task.end()
                    self._hosts.append(task.host)
                    self._start_thread()
                    self._count_excess(task)
                    return self._unanswered(task.host, task.request, TIMED_OUT)

    def _work(self) -> None:
        """Probe the images of one host after the other. Another thread may probe the same host."""
        while not self._is_over.is_set():
            try:
                host = self._hosts.popleft()
            except IndexError:
                return
            with suppress(IndexError):
                while not self._is_over.is_set():
                    if not self._complete(host, host.requests.popleft()):
                        return

    def _complete(self, host: HostQueue, request: ProbeRequest) -> bool:
        """Probe an image and deliver the result. Return False if the probe was overdue and had been given up."""
        task = Task(host=host, request=request, deadline=time.monotonic() + self._limits.total_timeout)
        self._running[id(task)] = task
        result = self._result(task)
        if self._running.pop(id(task), None) is None:
            return False
        self._count_excess(task)
        self._results.put(result)
        return True

    def _count_excess(self, task: Task) -> None:
        host = task.host
        host.excess += max(task.request_seconds() - self._limits.free_time, 0)
        if host.excess > self._limits.max_excess:
            host.stopped = host.stopped or ProbeResult(self._failed(task.request, _TOO_LONG))

    def _result(self, task: Task) -> ProbeResult:
        """Return the result of a probe, whatever happens."""
        host, request = task.host, task.request
        if host.stopped:
            return msgspec.structs.replace(host.stopped, image=self._failed(request, host.stopped.image.failed))
        try:
            image = HttpProbe(connections=self._connections, task=task, now=self._now, limits=self._limits).run()
        except ProbeError as error:
            result = ProbeResult(self._failed(request, error.reason, error.is_dead), is_blocked=error.is_blocked)
            host.unanswered = 0
            host.stopped = host.stopped or (result if error.stops_host else None)
            return result
        except Exception as error:  # noqa: BLE001  # if the thread ended, its result would be awaited for ever
            is_timeout = isinstance(error, HTTPTimeoutError) and not isinstance(error, NewConnectionError)
            return self._unanswered(
                host, request, TIMED_OUT if is_timeout else failure_reason(error), is_offline=is_offline(error)
            )
        host.unanswered = 0
        return ProbeResult(image)

    def _unanswered(
        self, host: HostQueue, request: ProbeRequest, reason: str, *, is_offline: bool = False
    ) -> ProbeResult:
        """Return the result of a probe without a response. The host is abandoned after several of them."""
        result = ProbeResult(self._failed(request, reason), is_offline=is_offline)
        host.unanswered += 1
        host.stopped = host.stopped or (result if host.unanswered >= self._limits.max_unanswered else None)
        return result

    def _failed(self, request: ProbeRequest, reason: str, is_dead: bool = False) -> ImageInfo:
        """Return the known metadata with the reason of a failure. A dead image stays dead."""
        known = request.known or ImageInfo(url=request.url, probed_at=self._now)
        return msgspec.structs.replace(known, probed_at=self._now, failed=reason, dead=is_dead or known.dead)
