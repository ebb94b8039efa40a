"""Asking the servers of images what they are: their types, lengths and, where articles do not say, sizes in pixels.

A few questions at a time to a host, and to many hosts at once; a HEAD, and where that says too little the first bytes
(RFC 9110, 14.2). An address is connected to only if it is public: what a name stands for is looked up once, and the
connection goes to just that, so neither a redirect nor the next answer of a name server leads into a private network.

What servers say is theirs: a type, a length or a size is taken only if it can be one.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
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
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util.connection import create_connection

from feeds.enclosures import is_media_type
from feeds.facts import GONE, Facts
from feeds.network import TIMED_OUT, USER_AGENT, status_line, why
from feeds.urls import absolute_url

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Network

    from urllib3 import BaseHTTPResponse
    from urllib3.response import HTTPResponse

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
#: Seconds that requests for a question may take without being held against its host, and what all that is beyond that
#: may come to.
_QUICK = 1
_MOST_SPENT = 300
_TOO_LONG = "its host took too long"
#: The widest and highest that JPEG can be; a server that says more is making fun.
_MOST_PIXELS = 65_535
#: The public part of IPv6 (https://www.iana.org/assignments/ipv6-address-space), and what in it is for examples only.
_UNICAST = ip_network("2000::/3")
_EXAMPLES = ip_network("3fff::/20")
#: The prefix in which IPv6 stands for a public IPv4 address (RFC 6052, 2.1), and the middle of an ISATAP one (RFC
#: 5214, 6.1).
_NAT64 = ip_network("64:ff9b::/96")
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})


@dataclass(frozen=True, kw_only=True)
class Question:
    """An image to ask for, and what is known of it; `needs_size` where nobody says how large it is in pixels."""

    address: str
    known: Facts | None = None
    needs_size: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of an image now. `is_offline`: there was no network to ask in. `is_asked`: somebody was to be."""

    facts: Facts
    is_offline: bool = False
    is_asked: bool = True


def ask(questions: Sequence[Question], now: dt.datetime, allowed: Sequence[str] = ()) -> Iterator[Answer]:
    """Put the questions and give each answer as it comes, in any order; `allowed` are networks that are not public."""
    networks = [ip_network(network) for network in allowed]
    return _Asking(questions, now.replace(microsecond=0), partial(may_connect, networks)).answers()


def may_connect(allowed: Sequence[IPv4Network | IPv6Network], address: str) -> bool:
    """Whether an IP address is public, in all that it may stand for, or allowed by name."""
    ip = ip_address(address.partition("%")[0])
    if any(ip in network for network in allowed):
        return True
    return all(_is_public(one) for one in (ip, *_embedded(ip)))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    is_known = not isinstance(ip, IPv6Address) or ip in _NAT64 or (ip in _UNICAST and ip not in _EXAMPLES)
    return is_known and ip.is_global and not ip.is_multicast


def _embedded(ip: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The IPv4 addresses that an IPv6 address leads to by the ways from one to the other."""
    if not isinstance(ip, IPv6Address):
        return []
    last = ip_address(int(ip) & 0xFFFF_FFFF)
    is_last = ip in _NAT64 or int(ip) >> 32 & 0xFFFF_FFFF in _ISATAP
    found = (ip.ipv4_mapped, ip.sixtofour, last if is_last else None)
    return [one for one in found if one is not None]


class _Refused(Exception):  # noqa: N818  # not an error of the program: the answer is no
    """There is an answer, and it is no: why, and whether the host wants no more, or may not be asked at all."""

    def __init__(self, reason: str, *, is_dead: bool = False, ends_host: bool = False, is_asked: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_dead = is_dead
        self.ends_host = ends_host
        self.is_asked = is_asked


@dataclass
class _Host:
    """A host, and the questions left for it.

    `silent`: how many were left without an answer since the last one. `spent`: seconds that requests for a question
    took beyond what they may. `over`: why no more are put to it.
    """

    left: deque[Question]
    silent: int = 0
    spent: float = 0
    over: Answer | None = None


@dataclass(kw_only=True, eq=False)
class _Task:
    """A question that a thread is busy with, when that has taken too long, and the connections that it opened.

    `took`: seconds that requests for it took that are over. `since`: when one began that is not.
    """

    host: _Host
    question: Question
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


class _Asking:
    """What the threads share that ask.

    A thread that is busy with a question for too long, because a server says a byte at a time, has its connections
    ended. Another one takes its place meanwhile: a name that is not found cannot be ended.
    """

    def __init__(self, questions: Sequence[Question], now: dt.datetime, may: Callable[[str], bool]) -> None:
        self._now = now
        self._ways = _Ways(may)
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
            for task in list(self._busy.values()):
                task.end()
            self._ways.kept.clear()

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="probe", daemon=True).start()

    def _next_answer(self) -> Answer:
        while True:
            with suppress(Empty):
                return self._answers.get(timeout=_INTERVAL)
            late = [task for task in list(self._busy.values()) if task.deadline < time.monotonic()]
            for task in late:
                if self._busy.pop(id(task), None):
                    task.end()
                    self._lanes.append(task.host)
                    self._start_thread()
                    self._charge(task)
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
        self._busy[id(task)] = task
        answer = self._answer(task)
        if self._busy.pop(id(task), None) is None:
            return False
        self._charge(task)
        self._answers.put(answer)
        return True

    def _charge(self, task: _Task) -> None:
        """Hold against a host what requests took; one that answers just in time, each time, would take hours."""
        host = task.host
        host.spent += max(task.seconds() - _QUICK, 0)
        if host.spent > _MOST_SPENT:
            host.over = host.over or Answer(self._failed(task.question, _TOO_LONG))

    def _answer(self, task: _Task) -> Answer:
        """What comes of a question, whatever happens."""
        host, question = task.host, task.question
        if host.over:
            return replace(host.over, facts=self._failed(question, host.over.facts.failed))
        try:
            facts = _Inquiry(self._ways, task, self._now).facts()
        except _Refused as refused:
            answer = Answer(self._failed(question, refused.reason, refused.is_dead), is_asked=refused.is_asked)
            host.silent = 0
            host.over = host.over or (answer if refused.ends_host else None)
            return answer
        except Exception as error:  # noqa: BLE001  # of a thread that ended the answers would be waited for without end
            return self._unanswered(host, question, _reason(error), is_offline=_is_offline(error))
        host.silent = 0
        return Answer(facts)

    def _unanswered(self, host: _Host, question: Question, reason: str, *, is_offline: bool = False) -> Answer:
        """The answer where there is none, after which the host may be left alone."""
        answer = Answer(self._failed(question, reason), is_offline=is_offline)
        host.silent += 1
        host.over = host.over or (answer if host.silent >= _PATIENCE else None)
        return answer

    def _failed(self, question: Question, reason: str, is_dead: bool = False) -> Facts:
        """What is known stays, also that there is no such image."""
        known = question.known or Facts(address=question.address, asked=self._now)
        return msgspec.structs.replace(known, asked=self._now, failed=reason, dead=is_dead or known.dead)


@dataclass(frozen=True)
class _Inquiry:
    """One question, put to the server of an image."""

    ways: _Ways
    task: _Task
    now: dt.datetime

    def facts(self) -> Facts:
        """What the server says of the image; raises _Refused where it says no, and errors of urllib3."""
        known, head = self.task.question.known, self._head()
        if head and known and self._is_same(head, known):
            return msgspec.structs.replace(known, asked=self.now)
        if head and head.length and not self._needs_size(head.type):
            return head
        try:
            found = self._headers("GET")
        except _Refused as refused:
            if head and not refused.is_dead:
                return head
            raise
        if found is None:
            raise _Refused("redirected without an address")
        return found

    def _head(self) -> Facts | None:
        """What a HEAD says; nothing where it is refused in whatever way."""
        try:
            return self._headers("HEAD")
        except ProtocolError:
            if not self.task.connections or self.task.is_over:
                raise
            return None
        except _Refused as refused:
            if refused.ends_host or not refused.is_asked:
                raise
            return None

    def _is_same(self, head: Facts, known: Facts) -> bool:
        is_measured = known.width is not None or not self._needs_size(head.type)
        return not known.failed and is_measured and (head.type, head.length) == (known.type, known.length)

    def _needs_size(self, type_: str | None) -> bool:
        return self.task.question.needs_size and _has_pixels(type_)

    def _headers(self, method: str) -> Facts | None:
        """What comes of a request; None where a HEAD is refused, for whatever reason: a GET may say something else."""
        place = self.task.question.address
        for _ in range(_MOST_REDIRECTS + 1):
            with self.ways.limited(place, self.task.deadline), self.task.requesting():
                response = self._asked(method, place)
                try:
                    location = response.headers.get("Location", "")
                    if response.status not in {301, 302, 303, 307, 308} or not location:
                        return self._read(method, response, place)
                finally:
                    response.close() if method == "GET" else response.drain_conn()  # so that it serves again
            place = _moved(place, location)
        raise _Refused("redirected too often")

    def _asked(self, method: str, place: str) -> BaseHTTPResponse:
        """The response of a server. That an address may not be connected to ends the host whose address it is."""
        _current.task = self.task
        opened = self.task.opened
        try:
            return self._send(self.ways.kept, method, place)
        except _Refused as refused:
            refused.ends_host = self._is_own(place)
            raise
        except ProtocolError:
            if self.task.opened > opened or self.task.is_over:
                raise
            return self._send(self.ways.new_pool(), method, place)  # the connection served before, and is over

    def _send(self, pool: urllib3.PoolManager, method: str, place: str) -> BaseHTTPResponse:
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if method == "GET":
            headers["Range"] = f"bytes=0-{_MOST_READ - 1}"
        return pool.request(
            method,
            place,
            headers=headers,
            timeout=urllib3.Timeout(connect=_CONNECT, read=_READ),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _is_own(self, place: str) -> bool:
        """Whether that is at the host that the question is for, not one that it was sent to."""
        return _host(place) == _host(self.task.question.address)

    def _read(self, method: str, response: BaseHTTPResponse, place: str) -> Facts | None:
        status = response.status
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            raise _Refused(status_line(status), ends_host=self._is_own(place))
        if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            if method == "HEAD":
                return None
            raise _Refused(status_line(status), is_dead=status_line(status) in GONE)
        type_ = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if type_ in {"text/html", "application/xhtml+xml"}:
            if method == "HEAD":
                return None
            raise _Refused(f"is a page ({type_}), no image", is_dead=True)
        medium = type_ if type_.startswith(("image/", "audio/", "video/")) and is_media_type(type_) else None
        facts = Facts(address=self.task.question.address, type=medium, length=_length(response), asked=self.now)
        return facts if method == "HEAD" else self._measured(facts, response)

    def _measured(self, facts: Facts, response: BaseHTTPResponse) -> Facts:
        """With what the first bytes tell, if that is asked for: a size, and a length where these are all."""
        needs_size = self._needs_size(facts.type)
        if facts.length and not needs_size:
            return facts
        content, is_all = _first_bytes(response, self.task.deadline)
        length = len(content) if is_all and not _is_encoded(response) else None
        width, height = pixels(content) if needs_size else (None, None)
        return msgspec.structs.replace(facts, length=facts.length or length or None, width=width, height=height)


def pixels(content: bytes) -> tuple[int | None, int | None]:
    """Width and height of the image that begins with these bytes, if they tell. A drawing is XML from anywhere."""
    if content.lstrip().startswith(b"<"):
        return None, None
    # In HEIF and AVIF (ISO/IEC 23008-12) imagesize may take gigabytes to look for Exif, which turns no picture there;
    # of one that is turned as it is done there, by `irot`, it tells no size.
    is_iso = content[4:8] == b"ftyp"
    try:
        width, height = imagesize.get(BytesIO(content), exif_rotation=not is_iso)
    except Exception:  # noqa: BLE001  # whatever it stumbles over in bytes from anywhere
        return None, None
    return (width, height) if 0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS else (None, None)


def _first_bytes(response: BaseHTTPResponse, deadline: float) -> tuple[bytes, bool]:
    """As many as are needed and come in time, also of a server that sends all, or without end; whether they are all."""
    content = bytearray()
    while len(content) < _MOST_READ and time.monotonic() < deadline:
        more = response.read1(_MOST_READ - len(content))
        if not more:
            return bytes(content), response.status == HTTPStatus.OK
        content += more
    return bytes(content), False


def _has_pixels(type_: str | None) -> bool:
    """Whether the first bytes may tell a size."""
    return type_ is None or (type_.startswith("image/") and type_ != "image/svg+xml")


def _length(response: BaseHTTPResponse) -> int | None:
    """The length of the whole, in bytes (RFC 9110, 8.6 and 14.4); that of nothing, or of a coded form, says nothing."""
    if _is_encoded(response):
        return None
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        said = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        said = response.headers.get("Content-Length", "")
    return int(said) or None if said.isascii() and said.isdigit() and len(said) <= 15 else None


def _is_encoded(response: BaseHTTPResponse) -> bool:
    return response.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}


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


class _Current(threading.local):
    """What a thread is busy with."""

    task: _Task


_current = _Current()


class _Guarded(HTTPConnection):
    """A connection that is made to public addresses only, and that another thread can end."""

    may: ClassVar[Callable[[str], bool]]
    #: The same connection once more: TLS takes the first one for itself.
    _line: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        _current.task.opened += 1
        connected = _connect(self.host, self.port or self.default_port, type(self).may)
        self._line = connected.dup()
        _current.task.note(self)
        return connected

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        _current.task.note(self)
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
    """Connect to one of the addresses that a name stands for; raises _Refused where none is public, else OSError.

    The error is that of the first address, but for one that says that there is no way to addresses of this family.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
    public = [address for address in addresses if may(address)]
    if not public:
        raise _Refused(f"{addresses[0]} is not a public address (enclosures.allow_private)", is_asked=False)
    errors: list[OSError] = []
    for address in public:
        try:
            return create_connection((address, port), _CONNECT)
        except OSError as error:
            errors.append(error)
    worst = next((error for error in errors if not _is_offline(error)), errors[0])
    if isinstance(worst, TimeoutError):
        raise ConnectTimeoutError(TIMED_OUT) from worst
    raise worst


class _Ways:
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
            limit = self._limits.setdefault(_host(place), threading.Semaphore(_PER_HOST))
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
        pool = urllib3.PoolManager(num_pools=_THREADS, maxsize=_PER_HOST)
        pool.pool_classes_by_scheme = {
            "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        return pool
