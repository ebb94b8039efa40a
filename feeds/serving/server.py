"""The HTTP server of `feeds serve`, for a preview or a small site."""

from __future__ import annotations

import logging
import socket
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import create_server

from feeds._version import __version__
from feeds.errors import ServeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.serving.wsgi import Application


_THREADS = 8

_MAX_CONNECTIONS = 500

#: Bytes of request content, which the application ignores.
_MAX_REQUEST_CONTENT = 65_536

#: Seconds that responses in progress have to finish when the server closes.
_SHUTDOWN_TIMEOUT = 2


class Server:
    """A server that runs in its own thread until it is closed; `address` is the URL of its root."""

    def __init__(self, application: Application, host: str, port: int) -> None:
        """Listen on `host` and `port`, where port 0 is any free port; raise ServeError if that is not possible."""
        logging.getLogger("waitress").setLevel(logging.ERROR)  # it warns when a client disconnects
        listening = _listen(host, port)
        self._connections: dict[int, Any] = {}
        self._server: Any = create_server(
            application,
            map=self._connections,
            sockets=[listening],
            threads=_THREADS,
            connection_limit=_MAX_CONNECTIONS,
            asyncore_use_poll=True,
            max_request_body_size=_MAX_REQUEST_CONTENT,
            log_socket_errors=False,
            ident=f"feeds/{__version__}",
        )
        url_host = f"[{host}]" if ":" in host else host
        self.address = f"http://{url_host}:{listening.getsockname()[1]}/"
        self._thread = Thread(target=self._server.run, name="server", daemon=True)

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
