"""An image server on loopback that responds as a test wants, well or badly."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

#: The header of a GIF image of 3 by 2 pixels.
GIF = b"GIF89a\x03\x00\x02\x00\x00\x00\x00;"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A response. `head` and `head_length` replace the status and the length in the response to HEAD.

    `is_endless`: the body is repeated until the server stops. `pace` is the number of seconds between the bytes of an
    endless body or, if `is_late`, before the response. `hangs_up`: the connection is closed after each response without
    notice. `refuses_head`: a HEAD gets no response. `has_body_with_head`: a HEAD gets a body, which no client expects.
    """

    status: int = 200
    head: int = 0
    head_length: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = GIF
    type: str = "image/gif"
    takes_ranges: bool = True
    is_endless: bool = False
    is_late: bool = False
    pace: float = 0
    hangs_up: bool = False
    refuses_head: bool = False
    has_body_with_head: bool = False


class ImageServer(ThreadingHTTPServer):
    """A server that responds by path and records its requests.

    `asked` has the method and path of each request, `headers` its headers. `max_running` is the maximum number of
    requests at a time.
    """

    daemon_threads = True

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = replies
        self.asked: list[tuple[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.max_running = 0
        self.over = threading.Event()
        self._running = 0
        self._lock = threading.Lock()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def methods(self) -> Counter[str]:
        return Counter(method for method, _ in self.asked)

    @contextmanager
    def recording(self, method: str, path: str) -> Iterator[None]:
        with self._lock:
            self.asked.append((method, path))
            self._running += 1
            self.max_running = max(self.max_running, self._running)
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def handle_error(self, *_: object) -> None:
        """Ignore clients that go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ImageServer

    def do_HEAD(self) -> None:
        self._reply()

    def do_GET(self) -> None:
        self._reply()

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _reply(self) -> None:
        self.server.headers.append(dict(self.headers))
        with self.server.recording(self.command, self.path), suppress(OSError):
            reply = self.server.replies.get(self.path) or self.server.replies.get("*") or Reply(status=404)
            if reply.is_late:
                self.server.over.wait(reply.pace)
            self.close_connection = reply.hangs_up
            if not (reply.refuses_head and self.command == "HEAD"):
                self._respond(reply)

    def _respond(self, reply: Reply) -> None:
        is_head = self.command == "HEAD"
        status, body, headers = reply.status, reply.body, {"Content-Type": reply.type} | dict(reply.headers)
        if is_head and reply.head:
            status = reply.head
        elif status == 200 and reply.takes_ranges and "Range" in self.headers:
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            headers["Content-Range"] = f"bytes {first}-{min(last, len(body) - 1)}/{len(body)}"
            status, body = 206, body[first : last + 1]
        if is_head and reply.head_length is not None:
            headers["Content-Length"] = reply.head_length
        if not reply.is_endless:
            headers.setdefault("Content-Length", str(len(body)))
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        if reply.is_endless:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if not is_head or reply.has_body_with_head:
            self._send(reply, body)

    def _send(self, reply: Reply, body: bytes) -> None:
        if not reply.pace or reply.is_late:
            self.wfile.write(body)
        while reply.is_endless and not self.server.over.is_set():
            for byte in body:
                self.wfile.write(bytes([byte]) if reply.pace else body)
                time.sleep(reply.pace)


@contextmanager
def serving(replies: Mapping[str, Reply], context: ssl.SSLContext | None = None) -> Iterator[ImageServer]:
    """Run a server with these replies by path; `*` is for all other paths. With a context, it uses TLS."""
    server = ImageServer(replies)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
