"""Probing image servers: which values are used, and that no server can block, mislead or exhaust a run."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import struct
import threading
import time
import zlib
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING

import msgspec
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from feeds.http.public import is_allowed_ip
from feeds.images.connections import GuardedConnection
from feeds.images.http_probe import pixel_size
from feeds.images.lock import ImageInfo
from feeds.images.probe import probe_images
from feeds.images.requests import DEFAULT_LIMITS, ProbeLimits, ProbeRequest, ProbeResult
from tests.support.image_server import GIF, Reply, serving
from tests.support.site import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOPBACK = ("127.0.0.0/8", "::1")
IMPATIENT = ProbeLimits(connect_timeout=0.3, read_timeout=0.3, total_timeout=0.6, poll_interval=0.05)


def png(width: int, height: int) -> bytes:
    """The header of a PNG image."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def box(kind: bytes, content: bytes) -> bytes:
    """A box of ISO/IEC 14496-12, of which HEIF and AVIF files consist."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def avif(properties: bytes, more: bytes = b"") -> bytes:
    size = box(b"ispe", struct.pack(">III", 0, 640, 480))
    meta = bytes(4) + box(b"iprp", box(b"ipco", size + properties)) + more
    return box(b"ftyp", b"avif\0\0\0\0") + box(b"meta", meta)


def probe(
    *requests: ProbeRequest, allowed: Sequence[str] = LOOPBACK, limits: ProbeLimits = DEFAULT_LIMITS
) -> dict[str, ProbeResult]:
    """The results by URL."""
    return {result.image.url: result for result in probe_images(requests, NOW, allowed, limits)}


def probe_url(
    url: str, *, known: ImageInfo | None = None, needs_size: bool = False, limits: ProbeLimits = DEFAULT_LIMITS
) -> ImageInfo:
    (result,) = probe(ProbeRequest(url=url, known=known, needs_size=needs_size), limits=limits).values()
    return result.image


def probe_reply(reply: Reply, *, needs_size: bool = False, limits: ProbeLimits = DEFAULT_LIMITS) -> ImageInfo:
    with serving({"*": reply}) as server:
        return probe_url(f"{server.base}/a", needs_size=needs_size, limits=limits)


# What servers respond


def test_head_gives_type_and_length() -> None:
    with serving({"*": Reply(type="image/webp", headers={"Content-Length": "12345"})}) as server:
        image = probe_url(f"{server.base}/a.jpg")
        assert image == ImageInfo(url=f"{server.base}/a.jpg", type="image/webp", length=12345, probed_at=NOW)
        assert server.methods == {"HEAD": 1}


def test_the_time_of_a_probe_is_in_whole_seconds() -> None:
    with serving({"*": Reply()}) as server:
        (result,) = probe_images([ProbeRequest(url=f"{server.base}/a")], NOW + dt.timedelta(microseconds=5), LOOPBACK)
    assert result.image.probed_at == NOW


def test_requests_name_the_user_agent_and_ask_for_unencoded_first_bytes() -> None:
    with serving({"*": Reply(head=405)}) as server:
        probe_url(f"{server.base}/a")
        head, get = server.headers
        for headers in (head, get):
            assert headers["User-Agent"].startswith("feeds/")
            assert headers["Accept-Encoding"] == "identity"
        assert "Range" not in head
        assert get["Range"] == "bytes=0-65535"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 501, 204])
def test_the_first_bytes_are_requested_if_head_is_refused(status: int) -> None:
    with serving({"*": Reply(head=status)}) as server:
        image = probe_url(f"{server.base}/a")
        assert (image.type, image.length, image.failed) == ("image/gif", len(GIF), "")
        assert server.methods == {"HEAD": 1, "GET": 1}


@pytest.mark.parametrize("length", ["0", "", "-5", "+5", "1_0", "many", "9" * 400])
def test_the_first_bytes_are_requested_if_head_has_no_length(length: str) -> None:
    with serving({"*": Reply(head_length=length)}) as server:
        image = probe_url(f"{server.base}/a")
        assert server.methods == {"HEAD": 1, "GET": 1}
        assert (image.type, image.length, image.failed) == ("image/gif", len(GIF), "")


def test_a_partial_response_gives_the_length_of_the_whole() -> None:
    body = png(640, 480) + bytes(200_000)
    image = probe_reply(Reply(head=405, body=body, type="image/png"))
    assert image.length == len(body)


def test_a_body_is_not_read_to_its_end_without_range_support() -> None:
    image = probe_reply(Reply(head=405, takes_ranges=False, body=GIF + bytes(3_000_000)), needs_size=True)
    assert (image.length, image.width, image.height) == (len(GIF) + 3_000_000, 3, 2)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("image/png", "image/png"),
        ("Image/PNG; charset=binary", "image/png"),
        ("video/mp4", "video/mp4"),
        ("audio/mpeg", "audio/mpeg"),
        ("application/octet-stream", None),
        ("text/plain", None),
        ("", None),
        ("image/jpeg, image/jpeg", None),
        ("image/*", None),
        ("image/", None),
        ("image/jpg<script>", None),
        ("image/é", None),
        ("image/" + "a" * 300, None),
    ],
)
def test_only_media_types_of_images_audio_and_video_are_used(content_type: str, expected: str | None) -> None:
    image = probe_reply(Reply(type=content_type))
    assert (image.type, image.failed, image.dead) == (expected, "", False)


@pytest.mark.parametrize(
    ("body", "type_", "expected"),
    [
        (png(640, 480), "image/png", (640, 480)),
        (GIF, "image/gif", (3, 2)),
        (GIF, "application/octet-stream", (3, 2)),
        (GIF[:5], "image/gif", (None, None)),
        (b"", "image/gif", (None, None)),
        (b"<svg width='3' height='2' xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", (None, None)),
        (GIF, "video/mp4", (None, None)),
        (b"P6 9" + b"0" * 4200 + b" 3 255\n", "image/x-portable-pixmap", (None, None)),
        (png(65_535, 65_535), "image/png", (65_535, 65_535)),
        (png(65_536, 3), "image/png", (None, None)),
        (avif(b""), "image/avif", (640, 480)),
        (avif(box(b"irot", b"\1")), "image/avif", (None, None)),
    ],
)
def test_the_size_in_pixels_is_read_from_the_first_bytes_if_needed(
    body: bytes, type_: str, expected: tuple[int | None, int | None]
) -> None:
    reply = Reply(body=body, type=type_)
    image = probe_reply(reply, needs_size=True)
    assert (image.width, image.height) == expected
    assert probe_reply(reply).width is None


def test_the_length_of_an_encoded_response_is_not_used() -> None:
    assert probe_reply(Reply(headers={"Content-Encoding": "gzip"})).length is None
    assert probe_reply(Reply(headers={"Content-Encoding": "identity"})).length == len(GIF)


@contextmanager
def responding(data: bytes, max_request: int = 0) -> Iterator[str]:
    """The URL of a server that sends these bytes to every client, at once or after a request of up to `max_request`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def respond() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    if max_request:
                        connection.recv(max_request)
                    connection.sendall(data)

        threading.Thread(target=respond, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/a"
        listening.shutdown(socket.SHUT_RDWR)


def test_a_short_body_without_a_length_is_measured() -> None:
    with responding(b"HTTP/1.0 200 OK\r\nContent-Type: image/gif\r\n\r\n" + GIF, max_request=10_000) as url:
        image = probe_url(url)
    assert (image.length, image.failed) == (len(GIF), "")


def test_an_image_that_declares_very_many_extents_takes_no_memory() -> None:
    """Six bytes of `iloc` declare 65,535 extents: 60 kB of them would take 40 GB."""
    iloc = box(b"iloc", bytes(6) + struct.pack(">H", 50) + struct.pack(">HHH", 1, 0, 65_535) * 50)
    started = time.thread_time()
    assert pixel_size(avif(b"", iloc)) == (640, 480)
    assert time.thread_time() - started < 1


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [GIF, png(3, 2), avif(b""), b"\xff\xd8\xff\xe0", b"RIFF....WEBP", b"BM", b"II*\0", b"\0\0\0\x10ftypavif"]
    ),
)
def test_the_size_is_valid_or_unknown_for_any_bytes(content: bytes, start: bytes) -> None:
    width, height = pixel_size(start + content)
    assert (width is None) == (height is None)
    assert width is None or (width > 0 and height is not None and height > 0)


# Images that are not there


@pytest.mark.parametrize(
    ("reply", "failed", "is_dead"),
    [
        (Reply(status=404), "404 Not Found", True),
        (Reply(status=410), "410 Gone", True),
        (Reply(status=403), "403 Forbidden", False),
        (Reply(status=500), "500 Internal Server Error", False),
        (Reply(status=416), "416 Requested Range Not Satisfiable", False),
        (Reply(status=299), "299", False),
        (Reply(status=429), "429 Too Many Requests", False),
        (Reply(status=503), "503 Service Unavailable", False),
        (Reply(type="text/html; charset=utf-8"), "is a page (text/html), no image", True),
        (Reply(status=302), "302 Found", False),
    ],
)
def test_a_failure_has_a_reason(reply: Reply, failed: str, is_dead: bool) -> None:
    image = probe_reply(reply)
    assert (image.failed, image.dead, image.type, image.length) == (failed, is_dead, None, None)


def test_known_metadata_survives_a_failure() -> None:
    long_ago = NOW - dt.timedelta(days=100)
    with serving({"/a": Reply(status=500), "/b": Reply(status=404)}) as server:
        known = ImageInfo(url=f"{server.base}/a", type="image/png", length=5, width=3, height=2, probed_at=long_ago)
        failed = probe_url(known.url, known=known)
        assert failed == ImageInfo(
            url=known.url,
            type="image/png",
            length=5,
            width=3,
            height=2,
            probed_at=NOW,
            failed="500 Internal Server Error",
        )
        again = probe_url(f"{server.base}/b", known=failed)
        assert again.dead


def test_a_dead_image_stays_dead_until_the_server_has_it_again() -> None:
    with serving({"/a": Reply(status=500), "/b": Reply()}) as server:
        gone = ImageInfo(url=f"{server.base}/a", probed_at=NOW, failed="404 Not Found", dead=True)
        still = probe_url(gone.url, known=gone)
        assert (still.dead, still.failed) == (True, "500 Internal Server Error")
        back = probe_url(f"{server.base}/b", known=still)
        assert (back.dead, back.failed, back.length) == (False, "", len(GIF))


def test_an_unknown_size_is_measured_even_if_type_and_length_are_unchanged() -> None:
    with serving({"*": Reply()}) as server:
        known = ImageInfo(url=f"{server.base}/a", type="image/gif", length=len(GIF), probed_at=NOW)
        assert probe_url(known.url, known=known, needs_size=True).width == 3


@pytest.mark.parametrize(("status", "is_dead"), [(403, False), (500, False), (404, True)])
def test_the_result_of_head_counts_if_the_first_bytes_are_refused(status: int, is_dead: bool) -> None:
    image = probe_reply(Reply(status=status, head=200, head_length="77"), needs_size=True)
    assert (image.length, image.dead) == ((None, True) if is_dead else (77, False))


@pytest.mark.parametrize(
    "reply",
    [Reply(refuses_head=True, hangs_up=True), Reply(status=200, head=302, headers={"Location": "/a"})],
    ids=["hangs up", "redirects to itself"],
)
def test_head_may_be_refused_in_other_ways(reply: Reply) -> None:
    image = probe_reply(reply)
    assert (image.length, image.failed) == (len(GIF), "")


def test_an_unchanged_image_is_not_measured_again() -> None:
    long_ago = NOW - dt.timedelta(days=100)
    with serving({"*": Reply()}) as server:
        url = f"{server.base}/a"
        known = ImageInfo(url=url, type="image/gif", length=len(GIF), width=30, height=20, probed_at=long_ago)
        assert probe_url(url, known=known, needs_size=True) == ImageInfo(
            url=url, type="image/gif", length=len(GIF), width=30, height=20, probed_at=NOW
        )
        assert server.methods == {"HEAD": 1}


@pytest.mark.parametrize("change", [{"length": 5}, {"type": "image/png"}, {"failed": "timed out"}])
def test_a_changed_image_is_measured_again(change: dict[str, object]) -> None:
    with serving({"*": Reply()}) as server:
        fields = {"type": "image/gif", "length": len(GIF), "width": 30, "height": 20, "probed_at": NOW, **change}
        known = ImageInfo(url=f"{server.base}/a", **fields)  # type: ignore[arg-type]
        image = probe_url(known.url, known=known, needs_size=True)
        assert (image.length, image.width, image.failed) == (len(GIF), 3, "")


# Redirects


def test_redirects_are_followed() -> None:
    steps = {
        "/a": Reply(status=301, headers={"Location": "/b"}),
        "/b": Reply(status=302, headers={"Location": "c?x=1"}),
        "/c?x=1": Reply(status=308, headers={"Location": "/d"}),
        "/d": Reply(),
    }
    with serving(steps) as server:
        image = probe_url(f"{server.base}/a")
        assert (image.url, image.length) == (f"{server.base}/a", len(GIF))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/a", "redirected too often"),
        ("ftp://example.com/a", "redirected to what is not http or https"),
        ("file:///etc/passwd", "redirected to what is not http or https"),
        ("javascript:alert(1)", "redirected to what is not http or https"),
        ("http://10.0.0.1/a", "10.0.0.1 is not a public address (enclosures.allow_private)"),
        ("http://[::ffff:10.0.0.1]/a", "::ffff:10.0.0.1 is not a public address (enclosures.allow_private)"),
        ("http://0x0a000001/a", "10.0.0.1 is not a public address (enclosures.allow_private)"),
        ("http://169.254.169.254/latest", "169.254.169.254 is not a public address (enclosures.allow_private)"),
    ],
)
def test_a_redirect_is_not_followed_everywhere(location: str, expected: str) -> None:
    image = probe_reply(Reply(status=302, headers={"Location": location}))
    assert (image.failed, image.dead) == (expected, False)


@pytest.mark.parametrize("location", ["http://10.0.0.1/", "{other}/busy"])
def test_the_target_of_a_redirect_does_not_stop_the_host_of_the_image(location: str) -> None:
    with serving({"*": Reply(status=429)}) as other:
        gone = Reply(status=302, headers={"Location": location.format(other=other.base)})
        with serving({"/00": gone, "*": Reply()}) as server:
            results = probe(*[ProbeRequest(url=f"{server.base}/{number:02}") for number in range(40)])
            assert [url[-3:] for url, result in results.items() if result.image.failed] == ["/00"]


def test_the_target_of_many_redirects_gets_few_requests_at_a_time() -> None:
    with serving({"*": Reply(is_late=True, pace=0.05)}) as target, ExitStack() as stack:
        away = {"*": Reply(status=302, headers={"Location": f"{target.base}/a"})}
        servers = [stack.enter_context(serving(away)) for _ in range(12)]
        results = probe(*[ProbeRequest(url=f"{server.base}/a") for server in servers])
        assert all(result.image.length == len(GIF) for result in results.values())
        assert target.max_running <= 2


# Private networks


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 127.8.9.10 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1 "
    "192.0.2.1 198.18.0.1 240.0.0.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 ff0e::1 ::ffff:127.0.0.1 "
    "::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1:: 2002:a00:1::1 2001:0:7f00:1::1 2001:db8::1 "
    "::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b:1::7f00:1 fec0::1 3fff::1 5f00::1 2606:4700::5efe:10.0.0.1 "
    "2606:4700::200:5efe:10.0.0.1 192.0.0.192 192.0.0.8 192.0.0.170 168.63.129.16 192.88.99.1 192.31.196.1 "
    "192.52.193.1 192.175.48.1 203.0.113.9 198.51.100.7 100.100.100.200 fd00:ec2::254 fd20:ce::254 2001::1 "
    "2001:1::1 2001:2::1 2001:20::1 2620:4f:8000::1 ::ffff:168.63.129.16 64:ff9b::a83f:8110 2002:a83f:8110::1".split(),
)
def test_a_private_address_is_refused(address: str) -> None:
    assert not is_allowed_ip([], address)


def test_a_blocked_host_is_not_resolved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: list[str] = []

    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        resolved.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    results = list(probe_images([ProbeRequest(url=f"http://inside.example/{number}") for number in range(40)], NOW))
    assert {result.image.failed for result in results} == {
        "10.0.0.1 is not a public address (enclosures.allow_private)"
    }
    assert all(result.is_blocked for result in results)
    assert len(resolved) <= 2


@pytest.mark.parametrize("address", "93.184.216.34 1.1.1.1 2606:4700::1111 64:ff9b::101:101".split())
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed_ip([], address)


def test_a_private_address_may_be_allowed() -> None:
    allowed = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    assert is_allowed_ip(allowed, "10.1.2.3")
    assert is_allowed_ip(allowed, "fd12::1")
    assert not is_allowed_ip(allowed, "127.0.0.1")
    assert not is_allowed_ip(allowed, "fc00::1")


def test_loopback_is_not_probed_unless_allowed() -> None:
    with serving({"*": Reply()}) as server:
        (result,) = probe(ProbeRequest(url=f"{server.base}/a"), allowed=()).values()
        assert result.image.failed == "127.0.0.1 is not a public address (enclosures.allow_private)"
        assert not result.is_offline
        assert server.asked == []


def test_a_name_is_resolved_once_and_the_checked_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that gives another address the second time cannot evade the check (DNS rebinding)."""
    resolved: list[str] = []

    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        resolved.append(host)
        address = "93.184.216.34" if len(resolved) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], _: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr("feeds.http.public.create_connection", connect)
    (result,) = probe_images([ProbeRequest(url="http://rebinding.example/a")], NOW)
    assert result.image.failed == "Connection refused"
    assert connected == [("93.184.216.34", 80)]
    assert resolved == ["rebinding.example"]


def test_only_the_public_addresses_of_a_host_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = ["10.0.0.1", "93.184.216.34", "fe80::1%2", "2606:4700::1111"]
    resolved = [(2, 1, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved)
    connected: list[str] = []

    def connect(address: tuple[str, int], _: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("feeds.http.public.create_connection", connect)
    (result,) = probe_images([ProbeRequest(url="https://several.example/a")], NOW)
    assert result.image.failed == "Connection refused"
    assert connected == ["93.184.216.34", "2606:4700::1111"]


# Servers that misbehave


def test_a_silent_server_is_given_up() -> None:
    started = time.monotonic()
    assert probe_reply(Reply(is_late=True, pace=30), limits=IMPATIENT).failed == "timed out"
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(("pace", "is_abandoned"), [(0.5, True), (0, False)], ids=["slow", "quick"])
def test_a_host_that_always_responds_just_in_time_is_abandoned(pace: float, is_abandoned: bool) -> None:
    limits = ProbeLimits(free_time=0.4, max_excess=1)
    with serving({"*": Reply(is_late=True, pace=pace)}) as server:
        results = probe(*[ProbeRequest(url=f"{server.base}/{number}") for number in range(40)], limits=limits)
        assert {result.image.failed for result in results.values()} == (
            {"", "its host took too long"} if is_abandoned else {""}
        )
        assert (len(server.asked) < 20) is is_abandoned
        assert not any(result.is_offline for result in results.values())


def test_waiting_for_other_probes_does_not_count_against_a_host() -> None:
    """A host that many redirect to gets two requests at a time; the probes that wait for it have not taken longer."""
    limits = ProbeLimits(free_time=0.4, max_excess=1)
    with serving({"*": Reply(is_late=True, pace=0.1)}) as target, ExitStack() as stack:
        away = {"*": Reply(status=302, headers={"Location": f"{target.base}/a"})}
        servers = [stack.enter_context(serving(away)) for _ in range(8)]
        requests = [ProbeRequest(url=f"{server.base}/{number}") for server in servers for number in range(6)]
        results = probe(*requests, limits=limits)
        assert {result.image.failed for result in results.values()} == {""}


def test_the_time_of_an_overdue_probe_counts_against_its_host() -> None:
    limits = msgspec.structs.replace(IMPATIENT, read_timeout=30, free_time=0.1, max_excess=0.3)
    with serving({"*": Reply(is_late=True, pace=30)}) as server:
        results = probe(*[ProbeRequest(url=f"{server.base}/{number}") for number in range(6)], limits=limits)
        assert {result.image.failed for result in results.values()} == {"timed out", "its host took too long"}


def test_a_body_that_arrives_byte_by_byte_is_not_read_for_long() -> None:
    started = time.monotonic()
    reply = Reply(head=405, is_endless=True, pace=0.1, body=bytes(range(256)))
    image = probe_reply(reply, needs_size=True, limits=IMPATIENT)
    assert (image.type, image.width) == ("image/gif", None) if not image.failed else (image.failed == "timed out")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("is_secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("data", [b"HTTP/1.1 100 Continue\r\n\r\n", b"X-A: b\r\n"], ids=["endless", "headers"])
def test_an_overdue_connection_is_ended(
    data: bytes, is_secure: bool, context: ssl.SSLContext, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its thread nor its connection stays."""
    ended = threading.Event()

    def flood(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) if is_secure else connection as line:
                line.sendall(b"" if data.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n")
                while True:
                    line.sendall(data)
                    time.sleep(0.005)
        except OSError:
            ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listening, authority.cert_pem.tempfile() as trusted:
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        accepting = threading.Thread(target=lambda: flood(listening.accept()[0]), daemon=True)
        accepting.start()
        scheme = "https" if is_secure else "http"
        image = probe_url(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/a", limits=IMPATIENT)
        assert image.failed
        assert ended.wait(5)
    for thread in [thread for thread in threading.enumerate() if thread.name == "probe"]:
        thread.join(5)
        assert not thread.is_alive()


def test_a_connection_may_be_closed_while_it_is_ended() -> None:
    with socket.socket() as opened:

        class Closed(GuardedConnection):
            """Another thread closes it between two reads of the attribute."""

            sockets: Iterator[socket.socket | None] = iter([opened, None])

            @property
            def raw_socket(self) -> socket.socket | None:
                return next(self.sockets)

            @raw_socket.setter
            def raw_socket(self, _: socket.socket | None) -> None:
                pass

        Closed("a.example").end()


@pytest.mark.parametrize(
    "reply", [Reply(hangs_up=True), Reply(has_body_with_head=True, headers={"Content-Length": "14"})]
)
def test_a_closed_kept_connection_is_replaced(reply: Reply) -> None:
    with serving({"*": reply}) as server:
        results = probe(*[ProbeRequest(url=f"{server.base}/{number}") for number in range(60)])
        assert {result.image.failed for result in results.values()} == {""}


def test_a_server_whose_headers_never_end_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"X-A: b\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        image = probe_url(f"http://127.0.0.1:{listening.getsockname()[1]}/a", limits=IMPATIENT)
        over.set()
        thread.join()
    assert image.failed
    assert image.length is None


def test_an_endless_body_is_read_as_far_as_needed() -> None:
    image = probe_reply(Reply(head=405, takes_ranges=False, is_endless=True), needs_size=True)
    assert (image.type, image.length, image.width, image.failed) == ("image/gif", None, 3, "")


@pytest.mark.parametrize("data", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 ", b"SSH-2.0-x\r\n", b"\x00" * 100])
def test_a_response_that_is_not_http_is_a_failure(data: bytes) -> None:
    with responding(data) as url:
        image = probe_url(url)
    assert image.failed


def test_a_closed_port_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert probe_url(f"http://127.0.0.1:{port}/a").failed == "Connection refused"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_an_untrusted_certificate_is_a_failure(context: ssl.SSLContext) -> None:
    with serving({"*": Reply()}, context) as server:
        image = probe_url(f"{server.base.replace('http:', 'https:')}/a")
        assert "certificate verify failed" in image.failed.lower()
        assert server.asked == []


def test_a_trusted_certificate_is_accepted(
    authority: trustme.CA, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with authority.cert_pem.tempfile() as trusted, serving({"*": Reply()}, context) as server:
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        assert probe_url(f"{server.base.replace('http:', 'https:')}/a").length == len(GIF)


@pytest.mark.parametrize(
    "url", ["http://" + "a" * 300 + ".example/", "http://a..b/", "http://xn--/", "http://[::1", "http://a:99999/"]
)
def test_an_impossible_url_is_a_failure(url: str) -> None:
    assert probe_url(url).failed


# Many


def test_hundreds_of_images_are_probed_a_few_at_a_time() -> None:
    paths = [f"/{number}" for number in range(300)]
    replies = {path: Reply(headers={"Content-Length": str(1000 + number)}) for number, path in enumerate(paths)}
    with serving(replies) as one, serving(replies) as other:
        urls = [f"{server.base}{path}" for server in (one, other) for path in paths]
        urls = urls[::2] + urls[1::2]
        results = probe(*[ProbeRequest(url=url) for url in urls])
        assert len(results) == 600
        assert {results[f"{one.base}{path}"].image.length for path in paths} == set(range(1000, 1300))
        for server in (one, other):
            assert sorted(path for _, path in server.asked) == sorted(paths)
            assert server.max_running <= 2


def test_an_unresponsive_host_is_abandoned_and_others_are_probed() -> None:
    with serving({"*": Reply(is_late=True, pace=30)}) as silent, serving({"*": Reply()}) as good:
        urls = [f"{server.base}/{number}" for server in (silent, good) for number in range(40)]
        results = probe(*[ProbeRequest(url=url) for url in urls], limits=IMPATIENT)
        assert {result.image.failed for url, result in results.items() if url.startswith(silent.base)} == {"timed out"}
        assert all(not results[url].image.failed for url in urls if url.startswith(good.base))
        assert len(silent.asked) <= 2 * 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_is_overloaded_is_abandoned(status: int) -> None:
    with serving({"*": Reply(status=status)}) as server:
        results = probe(*[ProbeRequest(url=f"{server.base}/{number}") for number in range(40)])
        assert len(results) == 40
        assert all(result.image.failed.startswith(str(status)) for result in results.values())
        assert len(server.asked) <= 2


def test_closing_the_iterator_ends_probing() -> None:
    with serving({"*": Reply(is_late=True, pace=0.05)}) as server:
        probing: Iterator[ProbeResult] = probe_images(
            [ProbeRequest(url=f"{server.base}/{number}") for number in range(100)], NOW, LOOPBACK
        )
        next(probing)
        probing.close()  # type: ignore[attr-defined]  # it is a generator
        count = len(server.asked)
        time.sleep(0.3)
        assert len(server.asked) <= count + 2


@pytest.mark.parametrize("first", ["2606:4700::1111", "93.184.216.34"])
def test_a_missing_address_family_is_not_a_missing_network(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = sorted(["2606:4700::1111", "93.184.216.34"], key=lambda address: address != first)
    resolved = [(2, 1, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved)

    def connect(address: tuple[str, int], _: float) -> socket.socket:
        raise OSError(101, "Network is unreachable") if ":" in address[0] else ConnectionRefusedError(111, "refused")

    monkeypatch.setattr("feeds.http.public.create_connection", connect)
    (result,) = probe_images([ProbeRequest(url="https://both.example/a")], NOW)
    assert (result.image.failed, result.is_offline) == ("refused", False)


@pytest.mark.parametrize(
    ("error", "is_offline"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
        (OSError(101, "Network is unreachable"), True),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
        (ConnectionRefusedError(111, "Connection refused"), False),
    ],
)
def test_a_missing_network_is_reported(error: OSError, is_offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    (result,) = probe_images([ProbeRequest(url="https://a.example/a")], NOW)
    assert (result.is_offline, result.image.failed) == (is_offline, error.strerror)
