"""The server on loopback: hostile and slow clients, start and stop, and the command `feeds serve`."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import IO, TYPE_CHECKING
from urllib.request import urlopen

import psutil
import pytest

from feeds import load_config
from feeds.errors import ServeError
from feeds.serving.server import Server, serving
from feeds.serving.wsgi import Application
from tests.support.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.site import Site

STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01T08:30:00Z\ntopics: [AI]"
#: Responses of each client while a file is replaced; `make soak` has more.
RESPONSES = int(os.environ.get("RESPONSES", "300"))
#: Timeout in seconds, long enough for a slow machine.
PATIENCE = 60


@pytest.fixture
def published(site: Site) -> Site:
    site.configure(site.config_path.read_text(encoding="utf-8") + "serve: {files: ['*']}\n")
    site.article("a.md", STORY.format("one"))
    site.regenerate()
    return site


@pytest.fixture
def server(published: Site) -> Iterator[Server]:
    with serving(Application(load_config(published.config_path), published.output), "127.0.0.1", 0) as server:
        yield server


def port_of(address: str) -> int:
    found = re.search(r":(\d+)/", address)
    assert found
    return int(found[1])


def raw_response(server: Server, request: bytes) -> bytes:
    """Send bytes and return everything that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port_of(server.address)), timeout=PATIENCE) as connection:
        connection.sendall(request)
        with suppress(OSError):  # the server may have closed it
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "path",
    [
        "/../articles/a.md",
        "/topics/../../articles/a.md",
        "/%2e%2e/articles/a.md",
        "/..%2farticles/a.md",
        "/..\\articles\\a.md",
        "//etc/passwd",
        "/topics/..;/..;/articles/a.md",
        "/.feeds-journal",
    ],
)
def test_no_path_leaves_the_folder(server: Server, published: Site, path: str) -> None:
    (published.output / ".feeds-journal").write_text("secret")
    response = raw_response(server, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert response.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b"Story one" not in response
    assert b"secret" not in response
    assert b"root:" not in response


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b"a" * 100_000, 413),
        (b"GET /%zz%%% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
    ],
    ids=["tls", "no path", "long header", "large body", "escapes"],
)
def test_rubbish_is_refused_and_does_no_harm(server: Server, request_: bytes, status: int) -> None:
    try:
        assert int(raw_response(server, request_).split()[1]) == status
    except ConnectionError:  # the server may close the connection before it has read everything
        assert status in {413, 431}
    assert status_of(server, "/all.rss") == 200


def status_of(server: Server, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port_of(server.address), timeout=PATIENCE)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_clients_that_go_away_are_no_news(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port_of(server.address)), timeout=PATIENCE) as connection:
            connection.sendall(b"GET /all.rss HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset
    assert status_of(server, "/all.rss") == 200
    assert capfd.readouterr().err == ""


def test_a_connection_serves_again(server: Server) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port_of(server.address), timeout=PATIENCE)) as connection:
        for path, status in (("/all.rss", 200), ("/nothing", 404), ("/all.json", 200)):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            assert response.status == status
            assert response.headers["Server"] == "feeds/0.1.0"
            assert response.headers["Date"]


def test_what_is_sent_while_it_is_published_anew_is_whole(server: Server, published: Site) -> None:
    """A slow client gets one version of a document, not the end of the next one."""
    published.article("long.md", STORY.format("two"), body="Many words. " * 200_000)
    published.regenerate()
    before = (published.output / "all.rss").read_bytes()
    with socket.create_connection(("127.0.0.1", port_of(server.address)), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /all.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        begin = connection.recv(4096)
        published.article("long.md", STORY.format("two"), body="Few words.")
        published.regenerate()
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
    assert (begin + rest).partition(b"\r\n\r\n")[2] == before


def test_a_file_that_is_truncated_while_it_is_sent_ends_the_connection(server: Server, published: Site) -> None:
    """A body that is too short must not look complete (RFC 9112, 8)."""
    film, size = published.output / "film.mp4", 100_000_000  # more than the server and the system buffer
    film.touch()
    os.truncate(film, size)
    with socket.create_connection(("127.0.0.1", port_of(server.address)), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /film.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
        begin = connection.recv(4096)
        os.truncate(film, 10)
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
    assert f"Content-Length: {size}\r\n".encode() in begin
    assert len(begin + rest) < size


def time_of_request(server: Server) -> float:
    """The seconds that a usual client waits for a document."""
    started = time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", port_of(server.address), timeout=PATIENCE)) as connection:
        connection.request("GET", "/all.rss")
        assert connection.getresponse().status == 200
    return time.monotonic() - started


def stalled_readers(server: Server, opened: ExitStack, count: int, requests: int = 1) -> None:
    """Open connections, up to 90 of each address, that request a film and read nothing."""
    for number in range(count):
        reader = opened.enter_context(socket.socket())
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(PATIENCE)
        reader.bind((f"127.0.0.{2 + number // 90}", 0))
        with suppress(OSError):  # the server may have closed it
            reader.connect(("127.0.0.1", port_of(server.address)))
            reader.sendall(b"GET /film.mp4 HTTP/1.1\r\nHost: x\r\n\r\n" * requests)


def long_film(published: Site) -> Path:
    film = published.output / "film.mp4"
    film.touch()
    os.truncate(film, 200_000_000)
    return film


def test_slow_readers_keep_nobody_waiting(server: Server, published: Site) -> None:
    long_film(published)
    with ExitStack() as opened:
        for _ in range(32):
            reader = opened.enter_context(socket.create_connection(("127.0.0.1", port_of(server.address)), PATIENCE))
            reader.sendall(b"GET /film.mp4 HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            assert reader.recv(10)
        assert max(time_of_request(server) for _ in range(5)) < PATIENCE / 10


def test_stalled_readers_make_room_for_others(server: Server, published: Site) -> None:
    """More than the server has connections for, of which each client has fewer than it may have."""
    if sys.platform != "linux":
        pytest.skip("there is one loopback address")
    film = long_film(published)
    with ExitStack() as opened:
        stalled_readers(server, opened, 720)
        assert max(time_of_request(server) for _ in range(5)) < PATIENCE / 10
        assert len([one for one in psutil.Process().open_files() if one.path == str(film)]) <= 300


def test_stalled_readers_are_given_up(server: Server, published: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.serving.server.IDLE_TIMEOUT", 0.1)
    film = long_film(published)
    with ExitStack() as opened:
        stalled_readers(server, opened, 20)
        deadline = time.monotonic() + PATIENCE
        while str(film) in [one.path for one in psutil.Process().open_files()] and time.monotonic() < deadline:
            status_of(server, "/all.rss")  # the server looks for idle connections when something happens
            time.sleep(0.1)
        assert str(film) not in [one.path for one in psutil.Process().open_files()]


def test_pipelined_requests_open_one_file_of_a_connection(server: Server, published: Site) -> None:
    film = long_film(published)
    with ExitStack() as opened:
        stalled_readers(server, opened, 30, requests=20)
        assert status_of(server, "/all.rss") == 200
        assert len([one for one in psutil.Process().open_files() if one.path == str(film)]) <= 30


def test_pipelined_requests_are_answered_in_order(server: Server, published: Site) -> None:
    requests = b"".join(
        b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (b"all.rss", b"nothing", b"all.atom", b"all.json")
    )
    last = b"GET /feeds.opml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    response = raw_response(server, requests * 4 + last)
    bodies = [(published.output / name).read_bytes() for name in ("all.rss", "all.atom", "all.json")]
    positions = [response.find(body) for body in bodies]
    assert -1 not in positions
    assert positions == sorted(positions)
    assert response.count(b"HTTP/1.1 200 OK") == 13
    assert response.endswith((published.output / "feeds.opml").read_bytes())


def test_more_requests_than_may_wait_end_the_connection(server: Server) -> None:
    with suppress(ConnectionError):
        assert raw_response(server, b"GET /all.rss HTTP/1.1\r\nHost: x\r\n\r\n" * 200).count(b"HTTP/1.1 200") < 200
    assert status_of(server, "/all.rss") == 200


def test_dripping_requests_keep_nobody_waiting(server: Server) -> None:
    """More than the server has connections for."""
    with ExitStack() as opened:
        for _ in range(520):
            dripping = opened.enter_context(socket.create_connection(("127.0.0.1", port_of(server.address)), PATIENCE))
            with suppress(OSError):  # the server may have closed it
                dripping.sendall(b"GET /all.rss HTTP/1.1\r\nX: ")
        assert max(time_of_request(server) for _ in range(5)) < PATIENCE / 10


def test_a_request_that_arrives_slowly_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.serving.server.REQUEST_TIMEOUT", 0.3)
    with socket.create_connection(("127.0.0.1", port_of(server.address)), timeout=PATIENCE) as connection:

        def drip() -> None:
            for _ in range(200):
                connection.sendall(b"X: y\r\n")
                time.sleep(0.05)

        connection.sendall(b"GET /all.rss HTTP/1.1\r\nHost: x\r\n")
        with pytest.raises(OSError, match=r"reset|pipe"):
            drip()


def test_a_url_that_cannot_be_parsed_is_a_bad_request(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    for url in (b"http://[::1/", b"http://[x]/", b"//[/", b"http://a]/"):
        response = raw_response(server, b"GET " + url + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert response.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ", b"HTTP/1.1 404 ")), url
    assert not caplog.records


@pytest.mark.parametrize(("name", "coding"), [("film.mp4", None), ("notes.txt", None), ("notes.txt", "gzip")])
def test_each_response_is_one_version(server: Server, published: Site, name: str, coding: str | None) -> None:
    """A file is replaced in a loop while several clients request it."""
    film, over = published.output / name, threading.Event()

    def replace_forever() -> None:
        number = 0
        while not over.is_set():
            number += 1
            new = published.output / ".new"
            new.write_bytes(bytes([number % 26 + 97]) * (1000 + 997 * (number % 50)))
            new.replace(film)

    def request() -> int:
        mixed = 0
        with closing(http.client.HTTPConnection("127.0.0.1", port_of(server.address), timeout=PATIENCE)) as connection:
            for _ in range(RESPONSES):
                connection.request("GET", f"/{name}", headers={"Accept-Encoding": coding or "identity"})
                response = connection.getresponse()
                body = response.read()
                text = gzip.decompress(body) if response.headers["Content-Encoding"] else body
                tag = response.headers["ETag"].strip('"').split("-")[0]
                expected = f"{len(text):x}" if name == "film.mp4" else hashlib.sha256(text).hexdigest()[:32]
                mixed += tag != expected or len(set(text)) != 1 or int(response.headers["Content-Length"]) != len(body)
        return mixed

    film.write_bytes(b"a" * 1000)
    writer = threading.Thread(target=replace_forever)
    writer.start()
    try:
        with ThreadPoolExecutor(4) as clients:
            assert list(clients.map(lambda _: request(), range(4))) == [0, 0, 0, 0]
    finally:
        over.set()
        writer.join()


def test_it_ends_with_connections_open(published: Site) -> None:
    application = Application(load_config(published.config_path), published.output)
    with serving(application, "127.0.0.1", 0) as server:
        idle = socket.create_connection(("127.0.0.1", port_of(server.address)), timeout=PATIENCE)
    with idle, suppress(ConnectionResetError):
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port_of(server.address)), timeout=PATIENCE)
    assert not [thread for thread in threading.enumerate() if thread.name == "server"]


@pytest.mark.parametrize(("host", "shown"), [("localhost", "localhost"), ("::1", r"\[::1\]")])
def test_hosts_by_name_and_of_ipv6(published: Site, host: str, shown: str) -> None:
    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        pytest.skip(f"there is no {host} here")
    with serving(Application(load_config(published.config_path), published.output), host, 0) as server:
        assert re.fullmatch(rf"http://{shown}:\d+/", server.address)
        with urlopen(f"{server.address}all.rss", timeout=PATIENCE) as response:  # noqa: S310  # on loopback
            assert response.status == 200


def test_an_address_that_cannot_be_had_is_an_error(published: Site) -> None:
    application = Application(load_config(published.config_path), published.output)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"127\.0\.0\.1, port {port}, cannot be listened at: .*in use"):
            Server(application, "127.0.0.1", port)
    with pytest.raises(ServeError, match=r"host\.invalid, port 1, cannot be listened at: "):
        Server(application, "host.invalid", 1)


# The command


@contextmanager
def command(site: Site, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `feeds serve` in a process, and kill the process if it has not ended."""
    line = [sys.executable, "-m", "feeds", "serve", "--config", str(site.config_path), *arguments]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM], ids=lambda value: str(value.name))
def test_it_says_where_it_is_and_ends_as_it_is_told(published: Site, signal_: signal.Signals) -> None:
    with command(published, "--port", "0") as running:
        first = line_of(running.stdout)
        address = re.search(r"http://127\.0\.0\.1:\d+/", first)
        assert address
        assert first.endswith("; Ctrl-C ends it.\n")
        with urlopen(f"{address[0]}all.rss", timeout=PATIENCE) as response:  # noqa: S310  # on loopback
            size = len(response.read())
        assert line_of(running.stdout)[10:] == f"GET /all.rss 200 {size}\n"
        running.send_signal(signal_)
        assert running.wait(PATIENCE) == 0
        assert running.stderr is not None
        assert running.stderr.read() == ""


def test_it_publishes_what_is_saved_if_it_is_to_watch(site: Site) -> None:
    site.article("a.md", STORY.format("one"))
    with command(site, "--port", "0", "--watch") as running:
        address = re.search(r"http://127\.0\.0\.1:\d+/", line_of(running.stdout))
        assert address
        assert line_of(running.stdout).startswith("Watching ")
        assert "documents written" in line_of(running.stdout)
        with urlopen(f"{address[0]}all.rss", timeout=PATIENCE) as response:  # noqa: S310  # on loopback
            assert b"Story one" in response.read()
        line_of(running.stdout)  # the line of that request
        site.article("a.md", STORY.format("two"))
        assert "1 article changed" in line_of(running.stdout)
        with urlopen(f"{address[0]}all.rss", timeout=PATIENCE) as response:  # noqa: S310  # on loopback
            assert b"Story two" in response.read()
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    ("arguments", "configuration", "exit_code", "expected"),
    [
        ([], None, 1, "Error: output: nothing is published there; `feeds regenerate` does it, and --watch\n"),
        (["--watch", "--host", "host.invalid"], None, 1, "Error: host.invalid, port 8000, cannot be listened at: "),
        (["--watch"], "site: {}", 2, "config/feeds.yaml:1: site: title is missing; "),
        (["--port", "70000"], None, 2, "Usage: "),
    ],
    ids=["nothing published", "no such host", "wrong configuration", "no port"],
)
def test_what_is_wrong_is_said_in_a_line(
    site: Site, arguments: list[str], configuration: str | None, exit_code: int, expected: str
) -> None:
    if configuration:
        site.configure(configuration)
    with command(site, *arguments) as running:
        _, error = running.communicate(timeout=PATIENCE)
        assert running.returncode == exit_code
        assert error.startswith(expected)


def test_nobody_has_to_read_what_it_says(published: Site) -> None:
    port = free_port()
    with command(published, "--port", str(port)) as running:
        line_of(running.stdout)
        assert running.stdout is not None
        running.stdout.close()
        for _ in range(3):
            with urlopen(f"http://127.0.0.1:{port}/all.rss", timeout=PATIENCE) as response:  # on loopback
                assert response.status == 200
