"""Telling a hub, over loopback: what it is sent, what its answers mean, and that no hub takes more time than it may.

Hubs that misbehave are written here. A hub that delivers to subscribers is Flask-WebSub (tests/websub_hub.py).
"""

from __future__ import annotations

import email.utils
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from feeds import __version__
from feeds.websub import client
from feeds.websub.client import notify_hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TOPICS = [f"https://feeds.example.com/topics/{name}.rss" for name in ("ai", "c%C3%A9", "robots")]
#: Seconds within which a machine that is slow answers itself, and more than any test takes that goes wrong.
PATIENCE = 30


class ScriptedHub(ThreadingHTTPServer):
    """A hub on loopback that notes each request and answers as `answer` does, which gets the request and its number."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler, int], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.forms: list[dict[str, list[str]]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[object] = set()
        self.lock = threading.Lock()

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests are about."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hub"

    @property
    def told(self) -> list[str]:
        """The topics of all requests, in order of arrival."""
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
        """Not on the screen."""


def respond(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    request.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)  # at once, or the other side waits for more


def always(status: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler, int], None]:
    return lambda request, _: respond(request, status, body, **headers)


def in_turn(*statuses: int, **headers: str) -> Callable[[BaseHTTPRequestHandler, int], None]:
    """One status after the other, and the last one for all that follow; the headers are for all but that one."""

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number < len(statuses):
            respond(request, statuses[number - 1], b"", **headers)
        else:
            respond(request, statuses[-1])

    return answer


def waiting_for(end: threading.Event) -> Callable[[BaseHTTPRequestHandler, int], None]:
    """No answer before the end, and none then."""

    def answer(_request: BaseHTTPRequestHandler, _number: int) -> None:
        end.wait(PATIENCE)

    return answer


@contextmanager
def running(answer: Callable[[BaseHTTPRequestHandler, int], None]) -> Iterator[ScriptedHub]:
    hub = ScriptedHub(answer)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join(PATIENCE)


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def told(hub: ScriptedHub | str, topics: Sequence[str] = TOPICS, limit: float = PATIENCE) -> dict[str, str | None]:
    address = hub if isinstance(hub, str) else hub.address
    return dict(notify_hub(address, topics, limit))


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PAUSES", (0.0, 0.01, 0.02))


# What a hub is sent


def test_there_is_a_form_for_each_topic_that_names_it_as_either_kind_of_hub_expects() -> None:
    with running(always(204)) as hub:
        assert told(hub) == dict.fromkeys(TOPICS)
        assert sorted(hub.forms, key=lambda form: form["hub.url"]) == [
            {"hub.mode": ["publish"], "hub.url": [topic], "hub.topic": [topic]} for topic in TOPICS
        ]


def test_the_hub_sees_who_tells_it() -> None:
    with running(always(204)) as hub:
        told(hub, TOPICS[:1])
        (headers,) = hub.headers
    assert headers["User-Agent"] == f"feeds/{__version__}"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_no_more_than_four_at_a_time_over_as_many_connections() -> None:
    topics = [f"https://feeds.example.com/{number}.rss" for number in range(12)]
    busy = most = 0
    lock = threading.Lock()

    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.005)
        with lock:
            busy -= 1
        respond(request, 202, b"Accepted")

    with running(answer) as hub:
        assert told(hub, topics) == dict.fromkeys(topics)
        assert sorted(hub.told) == sorted(topics)
        assert most <= 4
        assert len(hub.connections) <= 4


def test_nothing_is_sent_where_there_is_nothing_to_tell() -> None:
    assert told("http://127.0.0.1:1/", []) == {}


# What its answers mean


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_2xx_is_taken(status: int) -> None:
    with running(always(status)) as hub:
        assert told(hub) == dict.fromkeys(TOPICS)
        assert len(hub.forms) == len(TOPICS)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (always(400), "400 Bad Request"),
        (
            always(404, b"Topic not found\nSee the manual", Content_Type="text/plain; charset=utf-8"),
            "404 Not Found: Topic not found",
        ),
        (always(403, b"<h1>No</h1>", Content_Type="text/html"), "403 Forbidden"),
        (always(400, b"\x1b[31mred", Content_Type="text/plain"), "400 Bad Request"),
        (always(400, b"x" * 9999, Content_Type="text/plain"), f"400 Bad Request: {'x' * 100}"),
        (always(299 + 300), "599"),
        (always(301, Location="https://elsewhere.example/"), "301 Moved Permanently: https://elsewhere.example/"),
        (always(302, Location="/login"), "302 Found: /login"),
        (always(307), "307 Temporary Redirect"),
    ],
    ids=["status", "text", "not a text", "not printable", "long", "unknown", "moved", "found", "no location"],
)
def test_what_is_not_taken_has_a_reason(answer: Callable[[BaseHTTPRequestHandler, int], None], reason: str) -> None:
    with running(answer) as hub:
        assert told(hub) == dict.fromkeys(TOPICS, reason)


def test_what_a_hub_refuses_is_told_once_and_the_rest_all_the_same() -> None:
    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        is_refused = request.server.told[-1] == TOPICS[1]  # type: ignore[attr-defined]  # it is a ScriptedHub
        respond(request, 400 if is_refused else 202)

    with running(answer) as hub:
        for topic in TOPICS:
            told(hub, [topic])
        assert hub.told == TOPICS
        assert told(hub, [TOPICS[1]]) == {TOPICS[1]: "400 Bad Request"}


@pytest.mark.parametrize("status", [307, 308])
def test_a_hub_that_moved_is_followed_with_the_form(status: int) -> None:
    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        if request.path == "/hub":
            respond(request, status, Location="moved/here")
        else:
            respond(request, 202)

    with running(answer) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: None}
        assert hub.paths == ["/hub", "/moved/here"]
        assert hub.forms[0] == hub.forms[1]


def test_a_hub_that_moves_in_circles_is_left() -> None:
    with running(always(308, Location="/hub")) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: "redirected too often"}
        assert len(hub.forms) == 5


@pytest.mark.parametrize(
    "statuses", [(500, 202), (503, 502, 200), (429, 204)], ids=lambda value: "-".join(map(str, value))
)
def test_an_error_that_may_pass_is_tried_again(statuses: tuple[int, ...]) -> None:
    with running(in_turn(*statuses)) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: None}
        assert len(hub.forms) == len(statuses)


def test_an_error_that_does_not_pass_is_tried_three_times() -> None:
    with running(always(500)) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: "500 Internal Server Error"}
        assert len(hub.forms) == 3


def test_a_connection_that_breaks_is_tried_again() -> None:
    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            request.close_connection = True
        else:
            respond(request, 202)

    with running(answer) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: None}
        assert len(hub.forms) == 2


def test_the_hub_says_how_long_to_wait() -> None:
    times = []

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        times.append(time.monotonic())
        if number == 1:
            respond(request, 429, Retry_After="1")
        else:
            respond(request, 202)

    with running(answer) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: None}
    assert times[1] - times[0] >= 1


@pytest.mark.parametrize(
    "retry_after", ["3600", email.utils.formatdate(time.time() + 3600, usegmt=True)], ids=["seconds", "date"]
)
def test_a_hub_that_wants_to_be_left_alone_for_longer_is(retry_after: str) -> None:
    topics = [f"https://feeds.example.com/{number}.rss" for number in range(40)]
    with running(always(503, Retry_After=retry_after)) as hub:
        assert told(hub, topics) == dict.fromkeys(topics, "503 Service Unavailable")
        assert len(hub.forms) <= 4


def test_a_retry_after_that_is_no_time_is_none() -> None:
    with running(in_turn(503, 202, Retry_After="soon")) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: None}


# How long it takes


def test_where_nobody_listens_it_is_not_tried_for_every_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    post = client._Notifier._post

    def counted(telling: client._Notifier, topic: str) -> client._Reply:
        tried.append(topic)
        return post(telling, topic)

    monkeypatch.setattr(client._Notifier, "_post", counted)
    topics = [f"https://feeds.example.com/{number}.rss" for number in range(100)]
    assert told(f"http://127.0.0.1:{closed_port()}/", topics) == dict.fromkeys(topics, "Connection refused")
    assert len(tried) <= 12


def test_a_hub_that_gives_no_answer_is_not_waited_for_with_every_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_READ", 0.3)
    topics = [f"https://feeds.example.com/{number}.rss" for number in range(100)]
    end = threading.Event()
    with running(waiting_for(end)) as hub:
        assert told(hub, topics) == dict.fromkeys(topics, "timed out")
        assert len(hub.forms) <= 4
        end.set()


def test_a_hub_that_sends_a_little_now_and_then_is_left_when_the_time_is_over() -> None:
    end = threading.Event()

    def trickle(request: BaseHTTPRequestHandler, _: int) -> None:
        try:
            request.wfile.write(b"HTTP/1.1 500 No\r\n")
            while not end.wait(0.05):
                request.wfile.write(b"X-More: more\r\n")
        except OSError:
            pass

    with running(trickle) as hub:
        begun = time.monotonic()
        assert told(hub, limit=0.5) == dict.fromkeys(TOPICS, "timed out")
        assert time.monotonic() - begun < PATIENCE
        end.set()


def test_what_was_answered_before_the_time_was_over_counts() -> None:
    end = threading.Event()

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number > 2:
            end.wait(PATIENCE)
        respond(request, 202)

    with running(answer) as hub:
        answers = told(hub, limit=2)
        end.set()
    assert sorted(map(str, answers.values())) == ["None", "None", "timed out"]


def test_a_name_that_takes_long_to_look_up_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        end.wait(PATIENCE)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    begun = time.monotonic()
    assert told("https://hub.invalid/", limit=0.3) == dict.fromkeys(TOPICS, "timed out")
    assert time.monotonic() - begun < PATIENCE
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "hub")
    end.set()


def test_a_name_that_nobody_knows_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert told("https://hub.invalid/", TOPICS[:1]) == {TOPICS[0]: "Name or service not known"}


@pytest.mark.parametrize("hub", ["http://xn--.example/", "http://127.0.0.1:99999/"], ids=["host", "port"])
def test_an_address_that_leads_nowhere_is_a_reason(hub: str) -> None:
    assert told(hub, TOPICS[:1])[TOPICS[0]]


def test_what_a_reason_has_of_others_is_short_and_fit_to_be_shown() -> None:
    for location in ("http://127.0.0.1:99999/\x1b[31mred" + "x" * 3000, "http://a\x1b[31mb/"):
        with running(always(308, Location=location)) as hub:
            reason = told(hub, TOPICS[:1])[TOPICS[0]] or ""
        assert 0 < len(reason) <= 100
        assert reason.isprintable()


@pytest.mark.parametrize("retry_after", ["9" * 40, "-1", "Mon, 99 Foo 2026 00:00:00 GMT", "1.5"])
def test_a_retry_after_that_makes_no_sense_hides_no_answer(retry_after: str) -> None:
    with running(always(503, Retry_After=retry_after)) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: "503 Service Unavailable"}


def test_an_answer_that_is_not_http_has_a_reason_in_words() -> None:
    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        request.wfile.write(b"220 mail.example.com ESMTP\r\n")
        request.close_connection = True

    with running(answer) as hub:
        assert told(hub, TOPICS[:1]) == {TOPICS[0]: "the connection broke, or what came is not HTTP"}
