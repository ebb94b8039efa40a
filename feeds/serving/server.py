"""The HTTP server of `feeds serve`, for a preview or a small site."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server

from feeds._version import __version__
from feeds.errors import ServeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feeds.serving.wsgi import Application


_THREADS = 8
#: Connections at a time, of all clients and of one address. For another one, the worst of them is closed.
_MAX_CONNECTIONS = 400
_MAX_PER_CLIENT = 100
#: Seconds in which a request must arrive, and in which something must happen on a connection.
REQUEST_TIMEOUT = 10
_IDLE_TIMEOUT = 30
#: Seconds between two looks for idle connections.
_CLEANUP_INTERVAL = 5
#: Requests that a client may send before it reads the response to the first.
_MAX_PIPELINED = 20
#: Bytes of a request's header fields, and of its content, which the application ignores.
_MAX_REQUEST_HEADER = 32_768
_MAX_REQUEST_CONTENT = 65_536
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
    """A connection. It is closed if its request arrives slowly, or as the worst one if there are too many."""

    parser_class = _RequestParser

    def __init__(self, server: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(server, *arguments, **options)
        self.waiting_since = time.monotonic()
        self._make_room(server.active_channels.values())

    def received(self, data: bytes) -> bool:
        was_waiting = self.request is None
        is_read: bool = super().received(data)
        now = time.monotonic()
        if was_waiting or self.request is None:
            self.waiting_since = now
        elif now - self.waiting_since > REQUEST_TIMEOUT:
            self.will_close = True
        if len(self.requests) > _MAX_PIPELINED:
            self.will_close = True
        return is_read

    def _make_room(self, channels: Iterable[_Channel]) -> None:
        """Close the worst other connection if there are too many: of this client, else of all."""
        others = [channel for channel in channels if channel is not self and not channel.will_close]
        same = [channel for channel in others if channel.addr[0] == self.addr[0]]
        for group, limit in ((same, _MAX_PER_CLIENT), (others, _MAX_CONNECTIONS)):
            if len(group) >= limit:
                min(group, key=_Channel.usefulness).will_close = True
                return

    def usefulness(self) -> tuple[bool, bool, float]:
        """A key that orders connections: one without a request, or longest without one, is the worst."""
        return bool(self.requests), bool(self.total_outbufs_len), self.waiting_since


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
            connection_limit=_MAX_CONNECTIONS + 100,  # room for those that are about to be closed
            asyncore_use_poll=True,
            channel_timeout=_IDLE_TIMEOUT,
            cleanup_interval=_CLEANUP_INTERVAL,
            max_request_header_size=_MAX_REQUEST_HEADER,
            max_request_body_size=_MAX_REQUEST_CONTENT,
            outbuf_high_watermark=_UNLIMITED,
            log_socket_errors=False,
            ident=f"feeds/{__version__}",
        )
        server.channel_class = _Channel
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
