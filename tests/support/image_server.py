"""A server of images on this machine that does what it is told to, good or bad."""

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

#: A picture of 3 by 2 pixels, as far as its header tells.
GIF = b"GIF89a\x03\x00\x02\x00\x00\x00\x00;"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server says, to a HEAD with another status or length perhaps.

    A body that is `endless` is said again and again; with a `pace`, so many seconds are between its bytes, or before
    anything is said if `is_late`. `hangs_up`: the connection is closed after each reply without a word, or in place of
    one to a HEAD if `refuses_head`. `has_body_with_head`: one is sent with a HEAD, which no client expects.
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
    """Replies by path; `asked` are the requests, `headers` those of each, `most` how many there were at a time."""

    daemon_threads = True

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = replies
        self.asked: list[tuple[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.most = 0
        self.over = threading.Event()
        self._now = 0
        self._lock = threading.Lock()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def methods(self) -> Counter[str]:
        return Counter(method for method, _ in self.asked)

    @contextmanager
    def noting(self, method: str, path: str) -> Iterator[None]:
        with self._lock:
            self.asked.append((method, path))
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def handle_error(self, *_: object) -> None:
        """Who asks may go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ImageServer

    def do_HEAD(self) -> None:
        self._reply()

    def do_GET(self) -> None:
        self._reply()

    def log_message(self, *_: object) -> None:
        """Nothing is to be printed."""

    def _reply(self) -> None:
        self.server.headers.append(dict(self.headers))
        with self.server.noting(self.command, self.path), suppress(OSError):
            reply = self.server.replies.get(self.path) or self.server.replies.get("*") or Reply(status=404)
            if reply.is_late:
                self.server.over.wait(reply.pace)
            self.close_connection = reply.hangs_up
            if not (reply.refuses_head and self.command == "HEAD"):
                self._say(reply)

    def _say(self, reply: Reply) -> None:
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
    """A server of these replies, by path; `*` is for all others. With a context, behind TLS."""
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
