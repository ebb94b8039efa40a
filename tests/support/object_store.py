"""A real S3 server on this machine, moto's, and one before it that does not always let requests through."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import s3fs
from fsspec.implementations.memory import MemoryFileSystem

from feeds.storage import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105  # of an example
#: Seconds until the server must have begun.
_PATIENCE = 60
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a server of its own."""
    command = [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        begun = time.monotonic()
        address = ""
        for line in process.stderr:
            _, found, address = line.rpartition("Running on ")
            if found:
                break
            assert time.monotonic() - begun < _PATIENCE, "the server does not begin"
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield address.split()[0]
        finally:
            process.kill()


def use_server(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the store's clients find the server, and credentials, as they find them elsewhere."""
    settings = {"ENDPOINT_URL": address, "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": SECRET, "REGION": "us-east-1"}
    for name, value in {**settings, "DEFAULT_REGION": "us-east-1", "MAX_ATTEMPTS": "2"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    forget_connections()


def forget_connections() -> None:
    """No connection of a test before is used again."""
    objects._opened.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()


def empty_memory() -> None:
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


@dataclass(frozen=True)
class Request:
    """A request as the server before the store sees it; `number` counts from 1."""

    number: int
    method: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What becomes of requests that `matches`, of the first `times`: they are refused, late, or broken off."""

    matches: Callable[[Request], bool]
    times: int = 10**9
    status: int = 0
    seconds: float = 0
    is_cut: bool = False


@dataclass
class Unreliable:
    """A server before the store; `requests` are those that came, `faults` what is done to some of them."""

    address: str
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)

    def written(self) -> list[str]:
        """The keys that were put or removed, in the order of the requests."""
        return [request.path for request in self.requests if request.method in {"PUT", "DELETE", "POST"}]


class _Handler(BaseHTTPRequestHandler):
    """Lets requests through to the store, or does to them what is wanted."""

    protocol_version = "HTTP/1.1"
    server: _Before

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.note(self.command, urlsplit(self.path).path)
        if fault and fault.seconds:
            time.sleep(fault.seconds)
        if fault and fault.is_cut:
            self.close_connection = True
        elif fault and fault.status:
            self._answer(fault.status, {"Content-Type": "text/xml"}, _DENIED if fault.status == 403 else _SLOW_DOWN)
        else:
            self._forward(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815

    def _forward(self, body: bytes) -> None:
        connection = http.client.HTTPConnection(self.server.host, timeout=_PATIENCE)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        content = response.read()
        kept = {k: v for k, v in response.getheaders() if k.lower() not in {"transfer-encoding", "connection"}}
        self._answer(response.status, kept, content)
        connection.close()

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        is_head = self.command == "HEAD"
        self.send_response_only(status)
        for name, value in headers.items():
            if is_head or name.lower() != "content-length":
                self.send_header(name, value)
        if not is_head:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not is_head:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is to be printed."""


class _Before(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = urlsplit(target).netloc
        self.seen = Unreliable(f"http://127.0.0.1:{self.server_address[1]}")
        self._lock = threading.Lock()

    def note(self, method: str, path: str) -> Fault | None:
        """What is to be done to a request."""
        with self._lock:
            request = Request(len(self.seen.requests) + 1, method, path)
            self.seen.requests.append(request)
            for number, fault in enumerate(self.seen.faults):
                if fault.matches(request) and self.seen.counts.get(number, 0) < fault.times:
                    self.seen.counts[number] = self.seen.counts.get(number, 0) + 1
                    return fault
        return None


@contextmanager
def unreliable(target: str) -> Iterator[Unreliable]:
    """A server before the one at the address."""
    server = _Before(target)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
