"""Connections to image servers: public addresses only, a few at a time per host, and closable by other threads."""

from __future__ import annotations

import errno
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
from urllib3.util.connection import create_connection

from feeds.http.client import TIMED_OUT

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterator

    from urllib3.response import HTTPResponse

    from feeds.images.lock import ImageInfo


THREADS = 16

PER_HOST = 2

#: Seconds: for a connection, for what comes next, and for all that a question takes.
CONNECT_TIMEOUT = 5


@dataclass(frozen=True, kw_only=True)
class ProbeRequest:
    """An image to ask for, and what is known of it; `needs_size` where nobody says how large it is in pixels."""

    address: str
    known: ImageInfo | None = None
    needs_size: bool = False


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What is known of an image now. `is_offline`: there was no network to ask in. `is_asked`: somebody was to be."""

    facts: ImageInfo
    is_offline: bool = False
    is_asked: bool = True


class Refused(Exception):  # noqa: N818  # not an error of the program: the answer is no
    """There is an answer, and it is no: why, and whether the host wants no more, or may not be asked at all."""

    def __init__(self, reason: str, *, is_dead: bool = False, ends_host: bool = False, is_asked: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_dead = is_dead
        self.ends_host = ends_host
        self.is_asked = is_asked


@dataclass
class HostQueue:
    """A host, and the questions left for it.

    `silent`: how many were left without an answer since the last one. `spent`: seconds that requests for a question
    took beyond what they may. `over`: why no more are put to it.
    """

    left: deque[ProbeRequest]
    silent: int = 0
    spent: float = 0
    over: ProbeResult | None = None


@dataclass(kw_only=True, eq=False)
class Task:
    """A question that a thread is busy with, when that has taken too long, and the connections that it opened.

    `took`: seconds that requests for it took that are over. `since`: when one began that is not.
    """

    host: HostQueue
    request: ProbeRequest
    deadline: float
    connections: list[_Guarded] = field(default_factory=list)
    opened: int = 0
    is_over: bool = False
    took: float = 0
    since: float | None = None

    @contextmanager
    def requesting(self) -> Iterator[None]:
        """Count the seconds that this lasts."""
        begun = self.since = time.monotonic()
        try:
            yield
        finally:
            self.since = None
            self.took += time.monotonic() - begun

    def seconds(self) -> float:
        """How many its requests took until now, and no others that were waited for."""
        since = self.since
        return self.took if since is None else self.took + time.monotonic() - since

    def end(self) -> None:
        """Make the thread get an end of file wherever it waits for more; it may be in the middle of connecting."""
        self.is_over = True
        for connection in self.connections:
            connection.end()

    def note(self, connection: _Guarded) -> None:
        """A connection is used for this."""
        self.connections.append(connection)
        if self.is_over:
            connection.end()


def is_offline(error: BaseException | None) -> bool:
    """Whether the system says that there is no network, or no name server that answers."""
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    if isinstance(error, OSError):
        return error.errno in {errno.ENETUNREACH, errno.ENETDOWN}
    return error is not None and any(is_offline(one) for one in error.args if isinstance(one, Exception))


def host_of(address: str) -> str:
    return address.partition("://")[2].partition("/")[0]


class _Current(threading.local):
    """What a thread is busy with."""

    task: Task


current = _Current()


class _Guarded(HTTPConnection):
    """A connection that is made to public addresses only, and that another thread can end."""

    may: ClassVar[Callable[[str], bool]]
    #: The same connection once more: TLS takes the first one for itself.
    _line: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        current.task.opened += 1
        connected = _connect(self.host, self.port or self.default_port, type(self).may)
        self._line = connected.dup()
        current.task.note(self)
        return connected

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        current.task.note(self)
        return super().getresponse()

    def end(self) -> None:
        """Whoever waits for more of it gets an end of file; another thread may close it meanwhile."""
        line = self._line
        if line:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        line, self._line = self._line, None
        if line:
            line.close()


def _connect(host: str, port: int, may: Callable[[str], bool]) -> socket.socket:
    """Connect to one of the addresses that a name stands for; raises Refused where none is public, else OSError.

    The error is that of the first address, but for one that says that there is no way to addresses of this family.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
    public = [address for address in addresses if may(address)]
    if not public:
        raise Refused(f"{addresses[0]} is not a public address (enclosures.allow_private)", is_asked=False)
    errors: list[OSError] = []
    for address in public:
        try:
            return create_connection((address, port), CONNECT_TIMEOUT)
        except OSError as error:
            errors.append(error)
    worst = next((error for error in errors if not is_offline(error)), errors[0])
    if isinstance(worst, TimeoutError):
        raise ConnectTimeoutError(TIMED_OUT) from worst
    raise worst


class Connections:
    """How to get to hosts: by connections that are guarded by `may`, and by a few at a time to each.

    That counts for those, too, that others redirect to.
    """

    def __init__(self, may: Callable[[str], bool]) -> None:
        self._may = may
        self._limits: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()
        self.kept = self.new_pool()

    @contextmanager
    def limited(self, place: str, deadline: float) -> Iterator[None]:
        """Wait until the host of an address may be asked; raises urllib3's TimeoutError when it is too late."""
        with self._lock:
            limit = self._limits.setdefault(host_of(place), threading.Semaphore(PER_HOST))
        if not limit.acquire(timeout=max(deadline - time.monotonic(), 0)):
            raise HTTPTimeoutError(TIMED_OUT)
        try:
            yield
        finally:
            limit.release()

    def new_pool(self) -> urllib3.PoolManager:
        """A pool without any connection yet."""
        said = {"may": staticmethod(self._may)}
        plain = type("_Plain", (_Guarded,), said)
        secure = type("_Secure", (_Guarded, HTTPSConnection), said)
        pool = urllib3.PoolManager(num_pools=THREADS, maxsize=PER_HOST)
        pool.pool_classes_by_scheme = {
            "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        return pool
