"""An HTTP server for a preview or a small site."""

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

_CONNECTIONS = 500

#: Bytes of a request's body, which nobody reads.
_MOST_RECEIVED = 65_536

#: Seconds within which answers that have begun may end, when the server is to.
_GRACE = 2


class Server:
    """A server that runs in a thread of its own until it is closed; `address` is where it is."""

    def __init__(self, application: Application, host: str, port: int) -> None:
        """Listen there, at a port of the system's choice if `port` is 0; raises ServeError where that cannot be."""
        logging.getLogger("waitress").setLevel(logging.ERROR)  # it tells of clients that go away
        listening = _listen(host, port)
        self._connections: dict[int, Any] = {}
        self._server: Any = create_server(
            application,
            map=self._connections,
            sockets=[listening],
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            asyncore_use_poll=True,
            max_request_body_size=_MOST_RECEIVED,
            log_socket_errors=False,
            ident=f"feeds/{__version__}",
        )
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{listening.getsockname()[1]}/"
        self._thread = Thread(target=self._server.run, name="server", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        """Wait until it is closed; signals come through."""
        while self._thread.is_alive():
            self._thread.join(1)

    def close(self) -> None:
        """End it. Only its own thread may touch its connections; it may have ended before it is woken."""
        with suppress(OSError):
            self._server.trigger.pull_trigger(self._end)
        self._thread.join(_GRACE)

    def _end(self) -> None:
        self._server.task_dispatcher.shutdown(timeout=_GRACE)
        wasyncore.close_all(self._connections, ignore_all=True)


@contextmanager
def serving(application: Application, host: str, port: int) -> Iterator[Server]:
    """A server that runs meanwhile."""
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
