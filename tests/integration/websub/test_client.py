"""Notifying a hub over loopback: the requests, the meaning of the responses, and the limits of time.

The hubs here are scripted, and most misbehave. test_hub.py uses Flask-WebSub, a hub that delivers to subscribers.
"""

from __future__ import annotations

import email.utils
import socket
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from feeds import __version__
from feeds.http.public import PrivateAddressError, connect
from feeds.websub.client import NotifyLimits, notify_hub
from tests.support.scripted_hub import PATIENCE, ScriptedHub, always, in_turn, respond, running, waiting_for
from tests.support.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from http.server import BaseHTTPRequestHandler

    from tests.support.scripted_hub import Answer

TOPIC_URLS = [f"https://feeds.example.com/topics/{name}.rss" for name in ("ai", "c%C3%A9", "robots")]


def notify(
    hub: ScriptedHub | str, topic_urls: Sequence[str] = TOPIC_URLS, total: float = PATIENCE, read_timeout: float = 5
) -> dict[str, str | None]:
    """The reason of each failure by topic URL; None is a success."""
    hub_url = hub if isinstance(hub, str) else hub.address
    limits = NotifyLimits(total=total, read_timeout=read_timeout, pauses=(0.0, 0.01, 0.02))
    return dict(notify_hub(hub_url, topic_urls, limits))


# Requests


def test_each_topic_has_a_form_that_both_kinds_of_hubs_understand() -> None:
    with running(always(204)) as hub:
        assert notify(hub) == dict.fromkeys(TOPIC_URLS)
        assert sorted(hub.forms, key=lambda form: form["hub.url"]) == [
            {"hub.mode": ["publish"], "hub.url": [topic_url], "hub.topic": [topic_url]} for topic_url in TOPIC_URLS
        ]


def test_requests_name_the_user_agent_and_the_media_type() -> None:
    with running(always(204)) as hub:
        notify(hub, TOPIC_URLS[:1])
        (headers,) = hub.headers
    assert headers["User-Agent"] == f"feeds/{__version__}"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_at_most_four_requests_run_at_a_time_over_as_many_connections() -> None:
    topic_urls = [f"https://feeds.example.com/{number}.rss" for number in range(12)]
    busy = max_busy = 0
    lock = threading.Lock()

    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        nonlocal busy, max_busy
        with lock:
            busy += 1
            max_busy = max(max_busy, busy)
        time.sleep(0.005)
        with lock:
            busy -= 1
        respond(request, 202, b"Accepted")

    with running(answer) as hub:
        assert notify(hub, topic_urls) == dict.fromkeys(topic_urls)
        assert sorted(hub.told) == sorted(topic_urls)
        assert max_busy <= 4
        assert len(hub.connections) <= 4


def test_no_topics_need_no_hub() -> None:
    assert notify("http://127.0.0.1:1/", []) == {}


# Responses


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_2xx_is_a_success(status: int) -> None:
    with running(always(status)) as hub:
        assert notify(hub) == dict.fromkeys(TOPIC_URLS)
        assert len(hub.forms) == len(TOPIC_URLS)


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
def test_a_failure_has_a_reason(answer: Answer, reason: str) -> None:
    with running(answer) as hub:
        assert notify(hub) == dict.fromkeys(TOPIC_URLS, reason)


def test_a_refused_topic_is_sent_once_and_the_others_are_sent() -> None:
    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        is_refused = request.server.told[-1] == TOPIC_URLS[1]  # type: ignore[attr-defined]  # it is a ScriptedHub
        respond(request, 400 if is_refused else 202)

    with running(answer) as hub:
        for topic_url in TOPIC_URLS:
            notify(hub, [topic_url])
        assert hub.told == TOPIC_URLS
        assert notify(hub, [TOPIC_URLS[1]]) == {TOPIC_URLS[1]: "400 Bad Request"}


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_followed_with_the_form(status: int) -> None:
    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        if request.path == "/hub":
            respond(request, status, Location="moved/here")
        else:
            respond(request, 202)

    with running(answer) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: None}
        assert hub.paths == ["/hub", "/moved/here"]
        assert hub.forms[0] == hub.forms[1]


def test_a_redirect_to_a_private_network_is_not_followed() -> None:
    """Even of a hub in a private network, except to itself. Nothing that another host says is shown."""
    with running(always(400, b"internal secret", Content_Type="text/plain")) as other:
        targets = (other.address, "http://169.254.169.254/latest", "http://[::1]:1/", "http://localhost:1/x")
        for location in targets:
            for status in (307, 308):
                with running(always(status, Location=location)) as hub:
                    (reason,) = notify(hub, TOPIC_URLS[:1]).values()
                assert reason == "redirected to an address that is not public", location
        assert other.forms == []


@pytest.mark.parametrize(
    "form", ["http://127.0.0.2:{0}\\@{1}/x", "http://127.0.0.2:{0}\\.@{1}", "//127.0.0.2:{0}\\x:y@{1}/q"]
)
def test_all_read_the_host_of_a_redirect_alike(form: str) -> None:
    """Parsers differ about where a host with a backslash ends."""
    with running(always(400, b"internal secret", Content_Type="text/plain")) as other:
        port = urlsplit(other.address).port
        hub_host: list[str] = []

        def answer(request: BaseHTTPRequestHandler, _: int) -> None:
            respond(request, 307, Location=form.format(port, hub_host[0]))

        with running(answer) as hub:
            hub_host.append(urlsplit(hub.address).netloc)
            (reason,) = notify(hub, TOPIC_URLS[:1]).values()
        assert reason == "redirected to an address that is not public"
        assert other.forms == []


@pytest.mark.parametrize("location", ["gopher://a.example/", "file:///etc/passwd", "http://", "javascript:alert(1)"])
def test_a_redirect_to_what_is_not_http_is_a_failure(location: str) -> None:
    with running(always(307, Location=location)) as hub:
        (reason,) = notify(hub, TOPIC_URLS[:1]).values()
    assert reason == "redirected to an address that is not of http or https"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (always(301, Location="https://user:PASSWORD@hub.example/?token=SECRET"), "https://***@hub.example/?token=***"),
        (
            always(400, b"see https://u:SECRET@a.example/?sig=SECRET", Content_Type="text/plain"),
            "https://***@a.example/",
        ),
    ],
    ids=["address", "text"],
)
def test_secrets_in_what_a_hub_says_are_not_shown(answer: Answer, shown: str) -> None:
    with running(answer) as hub:
        (reason,) = notify(hub, TOPIC_URLS[:1]).values()
    assert shown in str(reason)
    assert "SECRET" not in str(reason)
    assert "PASSWORD" not in str(reason)


def test_another_address_of_a_host_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one, often of IPv6, may not be reachable."""
    with running(always(202)) as other:
        port = urlsplit(other.address).port or 0
        found = [(2, 1, 6, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")]
        monkeypatch.setattr("feeds.http.public.socket.getaddrinfo", lambda *_, **__: found)
        connected = connect("hub.example", port, 5, lambda _: True)
        connected.close()
        with pytest.raises(PrivateAddressError, match=r"127\.0\.0\.9"):
            connect("hub.example", port, 5, lambda _: False)


def test_a_redirect_loop_is_a_failure() -> None:
    with running(always(308, Location="/hub")) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: "redirected too often"}
        assert len(hub.forms) == 5


@pytest.mark.parametrize(
    "statuses", [(500, 202), (503, 502, 200), (429, 204)], ids=lambda value: "-".join(map(str, value))
)
def test_a_temporary_error_is_tried_again(statuses: tuple[int, ...]) -> None:
    with running(in_turn(*statuses)) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: None}
        assert len(hub.forms) == len(statuses)


def test_a_lasting_error_is_tried_three_times() -> None:
    with running(always(500)) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: "500 Internal Server Error"}
        assert len(hub.forms) == 3


def test_a_broken_connection_is_tried_again() -> None:
    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            request.close_connection = True
        else:
            respond(request, 202)

    with running(answer) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: None}
        assert len(hub.forms) == 2


def test_retry_after_is_respected() -> None:
    times = []

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        times.append(time.monotonic())
        if number == 1:
            respond(request, 429, Retry_After="1")
        else:
            respond(request, 202)

    with running(answer) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: None}
    assert times[1] - times[0] >= 1


@pytest.mark.parametrize(
    "retry_after", ["3600", email.utils.formatdate(time.time() + 3600, usegmt=True)], ids=["seconds", "date"]
)
def test_a_long_retry_after_stops_all_requests(retry_after: str) -> None:
    topic_urls = [f"https://feeds.example.com/{number}.rss" for number in range(40)]
    with running(always(503, Retry_After=retry_after)) as hub:
        assert notify(hub, topic_urls) == dict.fromkeys(topic_urls, "503 Service Unavailable")
        assert len(hub.forms) <= 4


def test_an_invalid_retry_after_is_ignored() -> None:
    with running(in_turn(503, 202, Retry_After="soon")) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: None}


# Time


def test_a_closed_port_is_not_tried_for_every_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []
    resolve = socket.getaddrinfo

    def counted(*arguments: Any, **options: Any) -> Any:
        attempts.append(arguments)
        return resolve(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    topic_urls = [f"https://feeds.example.com/{number}.rss" for number in range(100)]
    assert notify(f"http://127.0.0.1:{free_port()}/", topic_urls) == dict.fromkeys(topic_urls, "Connection refused")
    assert 0 < len(attempts) <= 12


def test_a_silent_hub_is_not_tried_for_every_topic() -> None:
    topic_urls = [f"https://feeds.example.com/{number}.rss" for number in range(100)]
    end = threading.Event()
    with running(waiting_for(end)) as hub:
        assert notify(hub, topic_urls, read_timeout=0.3) == dict.fromkeys(topic_urls, "timed out")
        assert len(hub.forms) <= 4
        end.set()


def test_a_trickling_response_ends_when_the_time_is_over() -> None:
    end = threading.Event()

    def trickle(request: BaseHTTPRequestHandler, _: int) -> None:
        try:
            request.wfile.write(b"HTTP/1.1 500 No\r\n")
            while not end.wait(0.05):
                request.wfile.write(b"X-More: more\r\n")
        except OSError:
            pass

    with running(trickle) as hub:
        started = time.monotonic()
        assert notify(hub, total=0.5) == dict.fromkeys(TOPIC_URLS, "timed out")
        assert time.monotonic() - started < PATIENCE
        end.set()


def test_responses_before_the_end_of_the_time_count() -> None:
    end = threading.Event()

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if number > 2:
            end.wait(PATIENCE)
        respond(request, 202)

    with running(answer) as hub:
        reasons = notify(hub, total=2)
        end.set()
    assert sorted(map(str, reasons.values())) == ["None", "None", "timed out"]


def test_a_slow_dns_lookup_ends_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()

    def resolve(*_: object, **__: object) -> list[object]:
        end.wait(PATIENCE)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    started = time.monotonic()
    assert notify("https://hub.invalid/", total=0.3) == dict.fromkeys(TOPIC_URLS, "timed out")
    assert time.monotonic() - started < PATIENCE
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "hub")
    end.set()


def test_an_unknown_host_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert notify("https://hub.invalid/", TOPIC_URLS[:1]) == {TOPIC_URLS[0]: "Name or service not known"}


@pytest.mark.parametrize("hub", ["http://xn--.example/", "http://127.0.0.1:99999/"], ids=["host", "port"])
def test_an_invalid_url_is_a_reason(hub: str) -> None:
    assert notify(hub, TOPIC_URLS[:1])[TOPIC_URLS[0]]


def test_a_reason_with_text_of_others_is_short_and_printable() -> None:
    for location in ("http://127.0.0.1:99999/\x1b[31mred" + "x" * 3000, "http://a\x1b[31mb/"):
        with running(always(308, Location=location)) as hub:
            reason = notify(hub, TOPIC_URLS[:1])[TOPIC_URLS[0]] or ""
        assert 0 < len(reason) <= 100
        assert reason.isprintable()


@pytest.mark.parametrize("retry_after", ["9" * 40, "-1", "Mon, 99 Foo 2026 00:00:00 GMT", "1.5"])
def test_an_invalid_retry_after_does_not_hide_the_response(retry_after: str) -> None:
    with running(always(503, Retry_After=retry_after)) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: "503 Service Unavailable"}


def test_a_response_that_is_not_http_has_a_readable_reason() -> None:
    def answer(request: BaseHTTPRequestHandler, _: int) -> None:
        request.wfile.write(b"220 mail.example.com ESMTP\r\n")
        request.close_connection = True

    with running(answer) as hub:
        assert notify(hub, TOPIC_URLS[:1]) == {TOPIC_URLS[0]: "the connection broke, or what came is not HTTP"}
