"""Connections to image servers: to public addresses only, a few at a time per host, and closable by other threads."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from feeds.http.client import TIMED_OUT
from feeds.http.public import PrivateAddressError, connect
from feeds.images.requests import ProbeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from urllib3.response import HTTPResponse

    from feeds.images.requests import HostQueue, ProbeLimits, ProbeRequest


MAX_THREADS = 16

MAX_REQUESTS_PER_HOST = 2


@dataclass(kw_only=True, eq=False)
class Task:
    """A running probe: its deadline, its connections, and the time that its requests took.

    `opened` counts the connections that were opened for it; `connections` also has those that were reused. `elapsed` is
    the duration of the requests that ended, in seconds; `started` is when the current request began.
    """

    host: HostQueue
    request: ProbeRequest
    deadline: float
    connections: list[GuardedConnection] = field(default_factory=list)
    opened: int = 0
    is_over: bool = False
    elapsed: float = 0
    started: float | None = None

    @contextmanager
    def requesting(self) -> Iterator[None]:
        """Measure the duration of a request."""
        started = self.started = time.monotonic()
        try:
            yield
        finally:
            self.started = None
            self.elapsed += time.monotonic() - started

    def request_seconds(self) -> float:
        """Return how long its requests have taken so far, without the time that it waited for other probes."""
        started = self.started
        return self.elapsed if started is None else self.elapsed + time.monotonic() - started

    def end(self) -> None:
        """Make every read of the thread return an end of file. The thread may be opening a connection meanwhile."""
        self.is_over = True
        for connection in self.connections:
            connection.end()

    def add(self, connection: GuardedConnection) -> None:
        """Record that the task uses a connection."""
        self.connections.append(connection)
        if self.is_over:
            connection.end()


class GuardedConnection(HTTPConnection):
    """A connection to a public address that another thread can end."""

    owner: ClassVar[Connections]
    #: A duplicate of the socket, because TLS detaches the original one.
    raw_socket: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        task = self.owner.current.task
        task.opened += 1
        connected = self.owner.connect(self.host, self.port or self.default_port)
        self.raw_socket = connected.dup()
        task.add(self)
        return connected

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3's own signature
        self.owner.current.task.add(self)
        return super().getresponse()

    def end(self) -> None:
        """Make every read return an end of file. Another thread may close the connection meanwhile."""
        raw_socket = self.raw_socket
        if raw_socket:
            with suppress(OSError):
                raw_socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        raw_socket, self.raw_socket = self.raw_socket, None
        if raw_socket:
            raw_socket.close()


class _CurrentTask(threading.local):
    """The task of each thread: urllib3 passes no context to its connections."""

    task: Task


class Connections:
    """The connections of a run: only to IP addresses for which `is_allowed_ip` is true, and a few at a time per host.

    Both limits also apply to the targets of redirects.
    """

    def __init__(self, is_allowed_ip: Callable[[str], bool], limits: ProbeLimits) -> None:
        self._is_allowed_ip = is_allowed_ip
        self._limits = limits
        self._slots: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()
        plain = type("PlainConnection", (GuardedConnection,), {"owner": self})
        secure = type("SecureConnection", (GuardedConnection, HTTPSConnection), {"owner": self})
        self._pool_classes = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        self.current = _CurrentTask()
        self.pool = self.new_pool()

    def new_pool(self) -> urllib3.PoolManager:
        """Return a pool that has no connections yet."""
        pool = urllib3.PoolManager(num_pools=MAX_THREADS, maxsize=MAX_REQUESTS_PER_HOST)
        pool.pool_classes_by_scheme = self._pool_classes
        return pool

    @contextmanager
    def requesting(self, url: str, task: Task) -> Iterator[None]:
        """Wait for a free slot of the URL's host, then make this a request of the task.

        Raises urllib3's TimeoutError at the deadline of the task.
        """
        with self._lock:
            slots = self._slots.setdefault(host_of(url), threading.Semaphore(MAX_REQUESTS_PER_HOST))
        if not slots.acquire(timeout=max(task.deadline - time.monotonic(), 0)):
            raise HTTPTimeoutError(TIMED_OUT)
        self.current.task = task
        try:
            with task.requesting():
                yield
        finally:
            slots.release()

    def connect(self, host: str, port: int) -> socket.socket:
        """Connect to a public address of a host; raises ProbeError if it has none, and OSError if none accepts."""
        try:
            return connect(host, port, self._limits.connect_timeout, self._is_allowed_ip)
        except PrivateAddressError as error:
            message = f"{error} is not a public address (enclosures.allow_private)"
            raise ProbeError(message, is_blocked=True) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(TIMED_OUT) from error


def host_of(url: str) -> str:
    """Return the host and port of an absolute URL."""
    return url.partition("://")[2].partition("/")[0]
