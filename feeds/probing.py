"""Asking the servers of images what they are: their types, lengths and, where articles do not say, sizes in pixels.

A few questions at a time to a host, and to many hosts at once; a HEAD, and where that says too little the first bytes
(RFC 9110, 14.2). An address is connected to only if it is public: what a name stands for is looked up once, and the
connection goes to just that, so neither a redirect nor the next answer of a name server leads into a private network.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from io import BytesIO
from ipaddress import IPv6Address, ip_address, ip_network
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, ClassVar

import imagesize
import msgspec
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util.connection import create_connection

from feeds.facts import Facts
from feeds.network import TIMED_OUT, USER_AGENT, status_line, why
from feeds.urls import absolute_url

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Network

    from urllib3 import BaseHTTPResponse

_THREADS = 16
_PER_HOST = 2
#: Seconds: for a connection, for what comes next, and for all that a question takes.
_CONNECT = 5
_READ = 5
_TOTAL = 20
#: Seconds between two looks at whether one takes too long.
_INTERVAL = 0.25
_MOST_REDIRECTS = 5
#: Bytes of an image that are read: its size in pixels is before them, or is not asked for.
_MOST_READ = 1 << 16
#: How many questions a host may leave without any answer before no more are put to it.
_PATIENCE = 3
#: The prefix in which IPv6 stands for an IPv4 address (RFC 6052, 2.1).
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, kw_only=True)
class Question:
    """An image to ask for, and what is known of it; `needs_size` where nobody says how large it is in pixels."""

    address: str
    known: Facts | None = None
    needs_size: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of an image now. `is_offline`: there was no network to ask in."""

    facts: Facts
    is_offline: bool = False


def ask(questions: Sequence[Question], now: dt.datetime, allowed: Sequence[str] = ()) -> Iterator[Answer]:
    """Put the questions and give each answer as it comes, in any order; `allowed` are networks that are not public."""
    networks = [ip_network(network) for network in allowed]
    return _Asking(questions, now.replace(microsecond=0), partial(may_connect, networks)).answers()


def may_connect(allowed: Sequence[IPv4Network | IPv6Network], address: str) -> bool:
    """Whether an IP address is public, in all that it may stand for, or allowed by name."""
    ip = ip_address(address.partition("%")[0])
    if any(ip in network for network in allowed):
        return True
    return all(one.is_global and not one.is_multicast for one in (ip, *_embedded(ip)))


def _embedded(ip: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to by the ways from one to the other."""
    if not isinstance(ip, IPv6Address):
        return []
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64:
        found.append(ip_address(int(ip) & 0xFFFF_FFFF))
    return [one for one in found if one is not None]


class _Refused(Exception):  # noqa: N818  # not an error of the program: the answer is no
    """There is an answer, and it is no: why, whether there is no such image, and whether the host wants no more."""

    def __init__(self, reason: str, *, is_dead: bool = False, ends_host: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_dead = is_dead
        self.ends_host = ends_host


@dataclass
class _Host:
    """A host, the questions left for it, and how many were left without an answer since the last one, and why."""

    left: deque[Question]
    silent: int = 0
    is_offline: bool = False
    why_over: str = ""


@dataclass(frozen=True, kw_only=True)
class _Task:
    """A question that a thread is busy with, and when that has taken too long."""

    host: _Host
    question: Question
    deadline: float


class _Asking:
    """What the threads share that ask.

    A thread that is busy with a question for too long, because a server says a byte at a time or a name is not found,
    is left alone, and another one takes its place: there is no way to end it.
    """

    def __init__(self, questions: Sequence[Question], now: dt.datetime, may: Callable[[str], bool]) -> None:
        self._now = now
        self._pool = _guarded_pool(may)
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._is_over = threading.Event()
        self._expected = len(questions)
        self._busy: dict[int, _Task] = {}
        ordered = sorted(questions, key=lambda question: _host(question.address))
        hosts = [_Host(deque(group)) for _, group in groupby(ordered, key=lambda question: _host(question.address))]
        self._lanes = deque(host for host in hosts for _ in range(min(_PER_HOST, len(host.left))))

    def answers(self) -> Iterator[Answer]:
        """Each answer as it comes."""
        for _ in range(min(_THREADS, len(self._lanes))):
            self._start_thread()
        try:
            for _ in range(self._expected):
                yield self._next_answer()
        finally:
            self._is_over.set()

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="probe", daemon=True).start()

    def _next_answer(self) -> Answer:
        while True:
            with suppress(Empty):
                return self._answers.get(timeout=_INTERVAL)
            late = [(thread, task) for thread, task in list(self._busy.items()) if task.deadline < time.monotonic()]
            for thread, task in late:
                if self._busy.pop(thread, None) is task:
                    self._lanes.append(task.host)
                    self._start_thread()
                    return self._unanswered(task.host, task.question, TIMED_OUT)

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

    def _settle(self, host: _Host, question: Question) -> bool:
        """Answer a question; whether that was in time."""
        task = _Task(host=host, question=question, deadline=time.monotonic() + _TOTAL)
        thread = threading.get_ident()
        self._busy[thread] = task
        answer = self._answer(task)
        if self._busy.pop(thread, None) is not task:
            return False
        self._answers.put(answer)
        return True

    def _answer(self, task: _Task) -> Answer:
        """What comes of a question, whatever happens."""
        host, question = task.host, task.question
        if host.why_over:
            return Answer(self._failed(question, host.why_over), is_offline=host.is_offline)
        try:
            facts = _Inquiry(self._pool, question, self._now, task.deadline).facts()
        except _Refused as refused:
            host.why_over = refused.reason if refused.ends_host else ""
            return Answer(self._failed(question, refused.reason, is_dead=refused.is_dead))
        except Exception as error:  # noqa: BLE001  # of a thread that ended the answers would be waited for without end
            host.is_offline = _is_offline(error)
            return self._unanswered(host, question, _reason(error))
        host.silent = 0
        return Answer(facts)

    def _unanswered(self, host: _Host, question: Question, reason: str) -> Answer:
        """The answer where there is none, after which the host may be left alone."""
        host.silent += 1
        host.why_over = reason if host.silent >= _PATIENCE else ""
        return Answer(self._failed(question, reason), is_offline=host.is_offline)

    def _failed(self, question: Question, reason: str, *, is_dead: bool = False) -> Facts:
        known = question.known or Facts(address=question.address, asked=self._now)
        return msgspec.structs.replace(known, asked=self._now, failed=reason, dead=is_dead)


@dataclass(frozen=True)
class _Inquiry:
    """One question, put to the server of an image."""

    pool: urllib3.PoolManager
    question: Question
    now: dt.datetime
    deadline: float

    def facts(self) -> Facts:
        """What the server says of the image; raises _Refused where it says no, and errors of urllib3."""
        head = self._headers("HEAD")
        known = self.question.known
        if head and known and not known.failed and (head.type, head.length) == (known.type, known.length):
            return msgspec.structs.replace(known, asked=self.now)
        if head and head.length and not (self.question.needs_size and _has_pixels(head.type)):
            return head
        found = self._headers("GET")
        if found is None:
            raise _Refused("redirected without an address")
        return found

    def _headers(self, method: str) -> Facts | None:
        """What comes of a request; None where a HEAD is refused, for whatever reason: a GET may say something else."""
        place = self.question.address
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._send(method, place)
            try:
                location = response.headers.get("Location", "")
                if response.status in {301, 302, 303, 307, 308} and location:
                    place = _moved(place, location)
                    continue
                return self._read(method, response)
            finally:
                response.close() if method == "GET" else response.drain_conn()  # so that it serves again
        raise _Refused("redirected too often")

    def _send(self, method: str, place: str) -> BaseHTTPResponse:
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if method == "GET":
            headers["Range"] = f"bytes=0-{_MOST_READ - 1}"
        timeout = urllib3.Timeout(connect=_CONNECT, read=_READ)
        return self.pool.request(
            method,
            place,
            headers=headers,
            timeout=timeout,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _read(self, method: str, response: BaseHTTPResponse) -> Facts | None:
        status = response.status
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            raise _Refused(status_line(status), ends_host=True)
        if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            if method == "HEAD":
                return None
            raise _Refused(status_line(status), is_dead=status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
        type_ = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if type_ in {"text/html", "application/xhtml+xml"}:
            if method == "HEAD":
                return None
            raise _Refused(f"is a page ({type_}), no image", is_dead=True)
        medium = type_ if type_.startswith(("image/", "audio/", "video/")) else None
        needs_size = method == "GET" and self.question.needs_size and _has_pixels(medium)
        width, height = pixels(_first_bytes(response, self.deadline)) if needs_size else (None, None)
        return Facts(
            address=self.question.address,
            type=medium,
            length=_length(response),
            width=width,
            height=height,
            asked=self.now,
        )


def pixels(content: bytes) -> tuple[int | None, int | None]:
    """Width and height of the image that begins with these bytes, if they tell. A drawing is XML from anywhere."""
    if content.lstrip().startswith(b"<"):
        return None, None
    try:
        width, height = imagesize.get(BytesIO(content))
    except Exception:  # noqa: BLE001  # whatever it stumbles over in bytes from anywhere
        return None, None
    return (width, height) if width > 0 and height > 0 else (None, None)


def _first_bytes(response: BaseHTTPResponse, deadline: float) -> bytes:
    """As many as are needed and come in time, also of a server that sends all, or without end."""
    content = bytearray()
    while (
        len(content) < _MOST_READ
        and time.monotonic() < deadline
        and (more := response.read1(_MOST_READ - len(content)))
    ):
        content += more
    return bytes(content)


def _has_pixels(type_: str | None) -> bool:
    """Whether the first bytes may tell a size."""
    return type_ is None or (type_.startswith("image/") and type_ != "image/svg+xml")


def _length(response: BaseHTTPResponse) -> int | None:
    """The length of the whole, in bytes (RFC 9110, 8.6 and 14.4); that of nothing says nothing."""
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        said = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        said = response.headers.get("Content-Length", "")
    return int(said) or None if said.isascii() and said.isdigit() and len(said) <= 15 else None


def _moved(place: str, location: str) -> str:
    moved = absolute_url(location, place)
    if moved is None:
        raise _Refused("redirected to what is not http or https")
    return moved


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPTimeoutError) and not isinstance(error, NewConnectionError):
        return TIMED_OUT
    return why(error)


def _is_offline(error: BaseException | None) -> bool:
    """Whether the system says that there is no network, or no name server that answers."""
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    if isinstance(error, OSError):
        return error.errno in {errno.ENETUNREACH, errno.ENETDOWN}
    return error is not None and any(_is_offline(one) for one in error.args if isinstance(one, Exception))


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0]


class _Guarded(HTTPConnection):
    """A connection that is made to public addresses only."""

    may: ClassVar[Callable[[str], bool]]

    def _new_conn(self) -> socket.socket:
        return _connect(self.host, self.port or self.default_port, type(self).may)


def _connect(host: str, port: int, may: Callable[[str], bool]) -> socket.socket:
    """Connect to one of the addresses that a name stands for; raises _Refused where none is public, else OSError."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
    public = [address for address in addresses if may(address)]
    if not public:
        raise _Refused(f"{addresses[0]} is not a public address (enclosures.allow_private)", ends_host=True)
    for address in public[:-1]:
        with suppress(OSError):
            return create_connection((address, port), _CONNECT)
    try:
        return create_connection((public[-1], port), _CONNECT)
    except TimeoutError as error:
        raise ConnectTimeoutError(TIMED_OUT) from error


def _guarded_pool(may: Callable[[str], bool]) -> urllib3.PoolManager:
    """A pool whose connections are guarded by `may`."""
    said = {"may": staticmethod(may)}
    plain = type("_Plain", (_Guarded,), said)
    secure = type("_Secure", (_Guarded, HTTPSConnection), said)
    pool = urllib3.PoolManager(num_pools=_THREADS, maxsize=_PER_HOST)
    pool.pool_classes_by_scheme = {
        "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
    return pool
