"""An S3 server on this machine (moto), and a proxy in front of it that injects faults."""

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

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105  # from the AWS documentation
#: Seconds in which the server must start and answer.
_TIMEOUT = 60
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


@contextmanager
def s3_server() -> Iterator[str]:
    """Run an S3 server, and yield its URL."""
    command = [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        started = time.monotonic()
        address = ""
        for line in process.stderr:
            _, found, address = line.rpartition("Running on ")
            if found:
                break
            assert time.monotonic() - started < _TIMEOUT, "the server does not start"
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield address.split()[0]
        finally:
            process.kill()


def use_server(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clients of S3 find the server and its credentials in the environment."""
    settings = {"ENDPOINT_URL": address, "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": SECRET, "REGION": "us-east-1"}
    for name, value in {**settings, "DEFAULT_REGION": "us-east-1", "MAX_ATTEMPTS": "2"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    forget_connections()


def forget_connections() -> None:
    """Discard the connections of earlier tests."""
    objects.connect.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()


def empty_memory() -> None:
    """Remove all objects of `memory://`."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


@dataclass(frozen=True)
class Request:
    """A request that the proxy received; `number` counts from 1."""

    number: int
    method: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault of the first `times` requests that match: an error status, a delay, or a closed connection."""

    matches: Callable[[Request], bool]
    times: int = 10**9
    status: int = 0
    seconds: float = 0
    is_cut: bool = False


@dataclass
class Unreliable:
    """The proxy: its URL, the requests that it received, its faults, and how often each fault occurred, by index."""

    address: str
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)

    def written(self) -> list[str]:
        """The keys of objects that were written or removed, in the order of the requests."""
        return [request.path for request in self.requests if request.method in {"PUT", "DELETE", "POST"}]


class _Handler(BaseHTTPRequestHandler):
    """Forwards requests to the store, unless a fault applies."""

    protocol_version = "HTTP/1.1"
    server: _Proxy

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.record(self.command, urlsplit(self.path).path)
        if fault and fault.seconds:
            time.sleep(fault.seconds)
        if fault and fault.is_cut:
            self.close_connection = True
        elif fault and fault.status:
            self._respond(fault.status, {"Content-Type": "text/xml"}, _DENIED if fault.status == 403 else _SLOW_DOWN)
        else:
            self._forward(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815

    def _forward(self, body: bytes) -> None:
        connection = http.client.HTTPConnection(self.server.host, timeout=_TIMEOUT)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        content = response.read()
        kept = {k: v for k, v in response.getheaders() if k.lower() not in {"transfer-encoding", "connection"}}
        self._respond(response.status, kept, content)
        connection.close()

    def _respond(self, status: int, headers: dict[str, str], content: bytes) -> None:
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
        """Print nothing."""


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = urlsplit(target).netloc
        self.seen = Unreliable(f"http://127.0.0.1:{self.server_address[1]}")
        self._lock = threading.Lock()

    def record(self, method: str, path: str) -> Fault | None:
        """Record a request, and return the fault that applies to it."""
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
    """Run a proxy in front of the server at a URL."""
    server = _Proxy(target)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
