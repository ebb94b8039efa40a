"""The HTTP server of `feeds serve`, for a preview or a small site."""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server

from feeds._version import __version__
from feeds.errors import ServeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feeds.serving.wsgi import Application


_THREADS = 8
#: Connections at a time, of all clients and of one address. A further connection replaces the least useful one. Each
#: takes up to two file descriptors, of which a process usually has 1,024.
_MAX_CONNECTIONS = 300
_MAX_PER_CLIENT = 100
#: Seconds in which a request must arrive, and in which something must be sent or received on a connection.
REQUEST_TIMEOUT = 10
IDLE_TIMEOUT = 30
#: Seconds between checks for idle connections.
_CLEANUP_INTERVAL = 5
#: Connections that are accepted before the others are served again.
_MAX_ACCEPTED = 100
#: Requests of a connection that wait for the response to the one before.
_MAX_PIPELINED = 20
#: Bytes of a request's header fields, and of its content, which the application ignores.
_MAX_REQUEST_HEADER = 32_768
_MAX_REQUEST_CONTENT = 65_536
#: Bytes of a response that the system holds until the client receives them.
_SEND_BUFFER = 131_072
#: Bytes of responses that wait for a client. There is no limit, because a thread would wait for the client, too: the
#: content of responses is in files, or in memory that responses share.
_UNLIMITED = 1 << 60
#: Seconds that responses in progress have to finish when the server closes.
_SHUTDOWN_TIMEOUT = 2


class _RequestParser(HTTPRequestParser):
    """The parser of waitress, whose URL parser raises an error for `GET http://[::1/`."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("Bad URI") from error


class _Channel(HTTPChannel):
    """A connection. It has one response at a time, and is closed if its request arrives slowly.

    Connections are closed at once: waitress would wait until the client reads.
    """

    parser_class = _RequestParser
    server: Any
    requests: list[HTTPRequestParser]
    requests_lock: Lock

    def __init__(self, server: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(server, *arguments, **options)
        self.waiting_since = time.monotonic()
        self._pipelined: deque[HTTPRequestParser] = deque()
        self._make_room(list(server.active_channels.values()))

    def readable(self) -> bool:
        return not self._pipelined and super().readable()

    def writable(self) -> bool:
        return bool(self._pipelined and not self.requests) or super().writable()

    def received(self, data: bytes) -> bool:
        was_waiting = self.request is None
        is_read: bool = super().received(data)
        now = time.monotonic()
        if was_waiting or self.request is None:
            self.waiting_since = now
        is_late = now - self.waiting_since > REQUEST_TIMEOUT
        with self.requests_lock:
            self._pipelined.extend(self.requests[1:])
            del self.requests[1:]
        if is_late or len(self._pipelined) > _MAX_PIPELINED:
            self.handle_close()
        return is_read

    def handle_write(self) -> None:
        """Send what can be sent, and begin with the next request when the response before is sent."""
        super().handle_write()
        is_closing = self.will_close or self.close_when_flushed or not self.connected
        with self.requests_lock:
            if self._pipelined and not self.requests and not self.total_outbufs_len and not is_closing:
                self.requests.append(self._pipelined.popleft())
                self.server.add_task(self)

    def _make_room(self, channels: Sequence[_Channel]) -> None:
        """Close the least useful other connection if there are too many: of this client, else of all."""
        others = [channel for channel in channels if channel is not self]
        same = [channel for channel in others if channel.addr[0] == self.addr[0]]
        for group, limit in ((same, _MAX_PER_CLIENT), (others, _MAX_CONNECTIONS)):
            if len(group) >= limit:
                min(group, key=_Channel.usefulness).handle_close()
                return

    def usefulness(self) -> tuple[bool, bool, float]:
        """A sort key: connections without a request and a response come first, then those that wait for longest."""
        is_sending = bool(self.total_outbufs_len)
        return bool(self.requests), is_sending, self.last_activity if is_sending else self.waiting_since


def _accept_waiting(server: Any) -> None:
    """Accept all connections that wait. waitress accepts one, and then asks each of the others what it waits for."""
    for _ in range(_MAX_ACCEPTED):
        newest = next(reversed(server.active_channels.values()), None)
        type(server).handle_accept(server)
        if next(reversed(server.active_channels.values()), None) is newest:
            return


def _limit_send_buffer(connection: socket.socket) -> None:
    """Limit what the system holds for a client: filling megabytes for many clients that read nothing takes seconds."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)


def _close_idle(server: Any, now: float) -> None:
    """Close the connections on which nothing was sent or received for a while."""
    for channel in list(server.active_channels.values()):
        if not channel.requests and channel.last_activity < now - IDLE_TIMEOUT:
            channel.handle_close()


class Server:
    """A server that runs in its own thread until it is closed; `address` is the URL of its root."""

    def __init__(self, application: Application, host: str, port: int) -> None:
        """Listen on `host` and `port`, where port 0 is any free port; raise ServeError if that is not possible."""
        logging.getLogger("waitress").setLevel(logging.ERROR)  # it warns when a client disconnects
        listening = _listen(host, port)
        self._connections: dict[int, Any] = {}
        self._server = self._create(application, listening)
        url_host = f"[{host}]" if ":" in host else host
        self.address = f"http://{url_host}:{listening.getsockname()[1]}/"
        self._thread = Thread(target=self._server.run, name="server", daemon=True)

    def _create(self, application: Application, listening: socket.socket) -> Any:
        server: Any = create_server(
            application,
            map=self._connections,
            sockets=[listening],
            threads=_THREADS,
            connection_limit=_MAX_CONNECTIONS + 100,  # of all sockets
            asyncore_use_poll=True,
            cleanup_interval=_CLEANUP_INTERVAL,
            max_request_header_size=_MAX_REQUEST_HEADER,
            max_request_body_size=_MAX_REQUEST_CONTENT,
            outbuf_high_watermark=_UNLIMITED,
            log_socket_errors=False,
            ident=f"feeds/{__version__}",
        )
        server.channel_class = _Channel
        server.maintenance = partial(_close_idle, server)
        server.handle_accept = partial(_accept_waiting, server)
        server.set_socket_options = _limit_send_buffer
        return server

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        """Wait until the server is closed. Joining with a timeout lets signals interrupt the wait."""
        while self._thread.is_alive():
            self._thread.join(1)

    def close(self) -> None:
        """Stop the server: let responses finish for two seconds, then close all connections."""
        with suppress(OSError):  # the server's thread may have ended already
            # Only that thread may touch the connections.
            self._server.trigger.pull_trigger(self._close_connections)
        self._thread.join(_SHUTDOWN_TIMEOUT)

    def _close_connections(self) -> None:
        self._server.task_dispatcher.shutdown(timeout=_SHUTDOWN_TIMEOUT)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()  # closes the files of its responses, too
        wasyncore.close_all(self._connections, ignore_all=True)


@contextmanager
def serving(application: Application, host: str, port: int) -> Iterator[Server]:
    """Run a server for the duration of the block; raise ServeError if it cannot listen."""
    server = Server(application, host, port)
    server.start()
    try:
        yield server
    finally:
        server.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ServeError(f"{host}, port {port}, cannot be listened at: {reason}") from error
