"""WebSub hubs on loopback that respond as a test wants, well or badly."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    #: Responds to a request; the number of the request counts from 1.
    Answer = Callable[[BaseHTTPRequestHandler, int], None]

#: Seconds that no test takes unless it fails, even on a slow machine.
PATIENCE = 30


class ScriptedHub(ThreadingHTTPServer):
    """A hub that records each request and responds with `answer`, which a test may replace."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.forms: list[dict[str, list[str]]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[object] = set()
        self.lock = threading.Lock()

    def handle_error(self, *_: object) -> None:
        """Ignore clients that go away: some tests are about them."""

    @property
    def address(self) -> str:
        """The URL of the hub."""
        return f"http://127.0.0.1:{self.server_address[1]}/hub"

    @property
    def told(self) -> list[str]:
        """The topic URLs of all requests, in order of arrival."""
        return [form["hub.url"][0] for form in self.forms]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedHub

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        with self.server.lock:
            self.server.forms.append(form)
            self.server.paths.append(self.path)
            self.server.headers.append(dict(self.headers.items()))
            self.server.connections.add(self.client_address)
            number = len(self.server.forms)
        self.server.answer(self, number)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def running(answer: Answer) -> Iterator[ScriptedHub]:
    """Run a hub."""
    hub = ScriptedHub(answer)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join(PATIENCE)


def respond(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """Send a response with one write, so that the client never waits for a delayed acknowledgement."""
    lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    request.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)


def always(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Respond the same to every request."""
    return lambda request, _: respond(request, status, body, **headers)


def in_turn(*statuses: int, **headers: str) -> Answer:
    """Respond with one status after the other, then always with the last one, which comes without the headers."""

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number < len(statuses):
            respond(request, statuses[number - 1], b"", **headers)
        else:
            respond(request, statuses[-1])

    return answer


def waiting_for(end: threading.Event) -> Answer:
    """Never respond; hold the request until the event."""

    def answer(_request: BaseHTTPRequestHandler, _number: int) -> None:
        end.wait(PATIENCE)

    return answer
