"""Servers asked for images: what they say is taken, and whatever they do is survived."""

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

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from feeds.http.public import may_connect
from feeds.images import connections, inquiry, probe
from feeds.images.connections import ProbeRequest, ProbeResult
from feeds.images.inquiry import pixels
from feeds.images.lock import ImageInfo
from feeds.images.probe import probe_images
from tests.support.image_server import GIF, Reply, serving
from tests.support.site import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOPBACK = ("127.0.0.0/8", "::1")


def png(width: int, height: int) -> bytes:
    """A picture, as far as its header tells."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def box(kind: bytes, content: bytes) -> bytes:
    """A part of a file of ISO/IEC 14496-12, such as a picture in HEIF or AVIF."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def avif(properties: bytes, more: bytes = b"") -> bytes:
    size = box(b"ispe", struct.pack(">III", 0, 640, 480))
    meta = bytes(4) + box(b"iprp", box(b"ipco", size + properties)) + more
    return box(b"ftyp", b"avif\0\0\0\0") + box(b"meta", meta)


def results(*requests: ProbeRequest, allowed: Sequence[str] = LOOPBACK) -> dict[str, ProbeResult]:
    return {result.facts.address: result for result in probe_images(requests, NOW, allowed)}


def facts_of(address: str, *, known: ImageInfo | None = None, needs_size: bool = False) -> ImageInfo:
    (result,) = results(ProbeRequest(address=address, known=known, needs_size=needs_size)).values()
    return result.facts


def facts_from(reply: Reply, *, needs_size: bool = False) -> ImageInfo:
    with serving({"*": reply}) as server:
        return facts_of(f"{server.base}/a", needs_size=needs_size)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long."""
    for module, name, seconds in (
        (connections, "CONNECT_TIMEOUT", 0.3),
        (inquiry, "CONNECT_TIMEOUT", 0.3),
        (inquiry, "_READ", 0.3),
        (probe, "_TOTAL", 0.6),
        (probe, "_INTERVAL", 0.05),
    ):
        monkeypatch.setattr(module, name, seconds)


# What servers say


def test_a_head_tells_type_and_length() -> None:
    with serving({"*": Reply(type="image/webp", headers={"Content-Length": "12345"})}) as server:
        facts = facts_of(f"{server.base}/a.jpg")
        assert facts == ImageInfo(address=f"{server.base}/a.jpg", type="image/webp", length=12345, asked=NOW)
        assert server.methods == {"HEAD": 1}


def test_the_time_of_asking_is_in_whole_seconds() -> None:
    with serving({"*": Reply()}) as server:
        (result,) = probe_images(
            [ProbeRequest(address=f"{server.base}/a")], NOW + dt.timedelta(microseconds=5), LOOPBACK
        )
    assert result.facts.asked == NOW


def test_who_asks_says_so_and_wants_the_first_bytes_as_they_are() -> None:
    with serving({"*": Reply(head=405)}) as server:
        facts_of(f"{server.base}/a")
        head, get = server.headers
        for headers in (head, get):
            assert headers["User-Agent"].startswith("feeds/")
            assert headers["Accept-Encoding"] == "identity"
        assert "Range" not in head
        assert get["Range"] == "bytes=0-65535"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 501, 204])
def test_where_a_head_is_refused_the_first_bytes_are_asked_for(status: int) -> None:
    with serving({"*": Reply(head=status)}) as server:
        facts = facts_of(f"{server.base}/a")
        assert (facts.type, facts.length, facts.failed) == ("image/gif", len(GIF), "")
        assert server.methods == {"HEAD": 1, "GET": 1}


@pytest.mark.parametrize("length", ["0", "", "-5", "+5", "1_0", "many", "9" * 400])
def test_where_a_head_has_no_length_the_first_bytes_are_asked_for(length: str) -> None:
    with serving({"*": Reply(head_length=length)}) as server:
        facts = facts_of(f"{server.base}/a")
        assert server.methods == {"HEAD": 1, "GET": 1}
        assert (facts.type, facts.length, facts.failed) == ("image/gif", len(GIF), "")


def test_the_length_is_that_of_the_whole_where_a_part_is_sent() -> None:
    body = png(640, 480) + bytes(200_000)
    facts = facts_from(Reply(head=405, body=body, type="image/png"))
    assert facts.length == len(body)


def test_a_server_that_knows_no_ranges_is_not_read_to_the_end() -> None:
    facts = facts_from(Reply(head=405, takes_ranges=False, body=GIF + bytes(3_000_000)), needs_size=True)
    assert (facts.length, facts.width, facts.height) == (len(GIF) + 3_000_000, 3, 2)


@pytest.mark.parametrize(
    ("said", "expected"),
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
def test_a_type_is_taken_that_is_one_of_media(said: str, expected: str | None) -> None:
    facts = facts_from(Reply(type=said))
    assert (facts.type, facts.failed, facts.dead) == (expected, "", False)


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
def test_the_size_in_pixels_is_read_from_the_first_bytes_where_it_is_needed(
    body: bytes, type_: str, expected: tuple[int | None, int | None]
) -> None:
    reply = Reply(body=body, type=type_)
    facts = facts_from(reply, needs_size=True)
    assert (facts.width, facts.height) == expected
    assert facts_from(reply).width is None


def test_the_length_of_what_is_coded_is_not_that_of_the_image() -> None:
    assert facts_from(Reply(headers={"Content-Encoding": "gzip"})).length is None
    assert facts_from(Reply(headers={"Content-Encoding": "identity"})).length == len(GIF)


@contextmanager
def saying(said: bytes, hears: int = 0) -> Iterator[str]:
    """The address of one that says this to everybody, whatever it hears, or after it heard something."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def say() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    if hears:
                        connection.recv(hears)
                    connection.sendall(said)

        threading.Thread(target=say, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/a"
        listening.shutdown(socket.SHUT_RDWR)


def test_what_comes_without_a_length_is_measured_if_it_is_short() -> None:
    with saying(b"HTTP/1.0 200 OK\r\nContent-Type: image/gif\r\n\r\n" + GIF, hears=10_000) as address:
        facts = facts_of(address)
    assert (facts.length, facts.failed) == (len(GIF), "")


def test_a_picture_that_says_to_be_in_very_many_places_takes_no_memory() -> None:
    """Six bytes say so of 65,535: 60 kB of them would take 40 GB."""
    iloc = box(b"iloc", bytes(6) + struct.pack(">H", 50) + struct.pack(">HHH", 1, 0, 65_535) * 50)
    started = time.thread_time()
    assert pixels(avif(b"", iloc)) == (640, 480)
    assert time.thread_time() - started < 1


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [GIF, png(3, 2), avif(b""), b"\xff\xd8\xff\xe0", b"RIFF....WEBP", b"BM", b"II*\0", b"\0\0\0\x10ftypavif"]
    ),
)
def test_whatever_the_first_bytes_are_the_size_is_sound(content: bytes, start: bytes) -> None:
    width, height = pixels(start + content)
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
def test_why_there_is_no_answer_is_said(reply: Reply, failed: str, is_dead: bool) -> None:
    facts = facts_from(reply)
    assert (facts.failed, facts.dead, facts.type, facts.length) == (failed, is_dead, None, None)


def test_what_was_known_stays_where_there_is_no_answer() -> None:
    long_ago = NOW - dt.timedelta(days=100)
    with serving({"/a": Reply(status=500), "/b": Reply(status=404)}) as server:
        known = ImageInfo(address=f"{server.base}/a", type="image/png", length=5, width=3, height=2, asked=long_ago)
        failed = facts_of(known.address, known=known)
        assert failed == ImageInfo(
            address=known.address,
            type="image/png",
            length=5,
            width=3,
            height=2,
            asked=NOW,
            failed="500 Internal Server Error",
        )
        again = facts_of(f"{server.base}/b", known=failed)
        assert again.dead


def test_one_that_is_gone_stays_so_until_the_server_has_it_again() -> None:
    with serving({"/a": Reply(status=500), "/b": Reply()}) as server:
        gone = ImageInfo(address=f"{server.base}/a", asked=NOW, failed="404 Not Found", dead=True)
        still = facts_of(gone.address, known=gone)
        assert (still.dead, still.failed) == (True, "500 Internal Server Error")
        back = facts_of(f"{server.base}/b", known=still)
        assert (back.dead, back.failed, back.length) == (False, "", len(GIF))


def test_a_size_that_nobody_knew_is_measured_also_if_all_else_is_the_same() -> None:
    with serving({"*": Reply()}) as server:
        known = ImageInfo(address=f"{server.base}/a", type="image/gif", length=len(GIF), asked=NOW)
        assert facts_of(known.address, known=known, needs_size=True).width == 3


@pytest.mark.parametrize(("status", "is_dead"), [(403, False), (500, False), (404, True)])
def test_what_a_head_said_counts_where_the_first_bytes_are_refused(status: int, is_dead: bool) -> None:
    facts = facts_from(Reply(status=status, head=200, head_length="77"), needs_size=True)
    assert (facts.length, facts.dead) == ((None, True) if is_dead else (77, False))


@pytest.mark.parametrize(
    "reply",
    [Reply(refuses_head=True, hangs_up=True), Reply(status=200, head=302, headers={"Location": "/a"})],
    ids=["hangs up", "redirects to itself"],
)
def test_a_head_that_is_refused_in_other_ways_is_no_end(reply: Reply) -> None:
    facts = facts_from(reply)
    assert (facts.length, facts.failed) == (len(GIF), "")


def test_one_that_is_the_same_is_not_measured_again() -> None:
    long_ago = NOW - dt.timedelta(days=100)
    with serving({"*": Reply()}) as server:
        address = f"{server.base}/a"
        known = ImageInfo(address=address, type="image/gif", length=len(GIF), width=30, height=20, asked=long_ago)
        assert facts_of(address, known=known, needs_size=True) == ImageInfo(
            address=address, type="image/gif", length=len(GIF), width=30, height=20, asked=NOW
        )
        assert server.methods == {"HEAD": 1}


@pytest.mark.parametrize("change", [{"length": 5}, {"type": "image/png"}, {"failed": "timed out"}])
def test_one_that_is_another_is_measured_again(change: dict[str, object]) -> None:
    with serving({"*": Reply()}) as server:
        said = {"type": "image/gif", "length": len(GIF), "width": 30, "height": 20, "asked": NOW, **change}
        known = ImageInfo(address=f"{server.base}/a", **said)  # type: ignore[arg-type]
        facts = facts_of(known.address, known=known, needs_size=True)
        assert (facts.length, facts.width, facts.failed) == (len(GIF), 3, "")


# Redirects


def test_redirects_are_followed() -> None:
    steps = {
        "/a": Reply(status=301, headers={"Location": "/b"}),
        "/b": Reply(status=302, headers={"Location": "c?x=1"}),
        "/c?x=1": Reply(status=308, headers={"Location": "/d"}),
        "/d": Reply(),
    }
    with serving(steps) as server:
        facts = facts_of(f"{server.base}/a")
        assert (facts.address, facts.length) == (f"{server.base}/a", len(GIF))


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
def test_a_redirect_leads_nowhere_else(location: str, expected: str) -> None:
    facts = facts_from(Reply(status=302, headers={"Location": location}))
    assert (facts.failed, facts.dead) == (expected, False)


@pytest.mark.parametrize("location", ["http://10.0.0.1/", "{other}/busy"])
def test_where_one_image_is_redirected_to_says_nothing_of_the_others(location: str) -> None:
    with serving({"*": Reply(status=429)}) as other:
        gone = Reply(status=302, headers={"Location": location.format(other=other.base)})
        with serving({"/00": gone, "*": Reply()}) as server:
            found = results(*[ProbeRequest(address=f"{server.base}/{number:02}") for number in range(40)])
            assert [address[-3:] for address, result in found.items() if result.facts.failed] == ["/00"]


def test_those_that_are_redirected_to_one_host_are_few_at_a_time_there() -> None:
    with serving({"*": Reply(is_late=True, pace=0.05)}) as target, ExitStack() as stack:
        away = {"*": Reply(status=302, headers={"Location": f"{target.base}/a"})}
        servers = [stack.enter_context(serving(away)) for _ in range(12)]
        found = results(*[ProbeRequest(address=f"{server.base}/a") for server in servers])
        assert all(result.facts.length == len(GIF) for result in found.values())
        assert target.most <= 2


# Private networks


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 127.8.9.10 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1 "
    "192.0.2.1 198.18.0.1 240.0.0.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 ff0e::1 ::ffff:127.0.0.1 "
    "::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1:: 2002:a00:1::1 2001:0:7f00:1::1 2001:db8::1 "
    "::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b:1::7f00:1 fec0::1 3fff::1 5f00::1 2606:4700::5efe:10.0.0.1 "
    "2606:4700::200:5efe:10.0.0.1".split(),
)
def test_an_address_that_is_not_public_is_not_connected_to(address: str) -> None:
    assert not may_connect([], address)


def test_a_host_that_may_not_be_asked_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    found = list(probe_images([ProbeRequest(address=f"http://inside.example/{number}") for number in range(40)], NOW))
    assert {result.facts.failed for result in found} == {"10.0.0.1 is not a public address (enclosures.allow_private)"}
    assert not any(result.is_asked for result in found)
    assert len(looked_up) <= 2


@pytest.mark.parametrize("address", "93.184.216.34 1.1.1.1 2606:4700::1111 64:ff9b::101:101".split())
def test_a_public_address_is_connected_to(address: str) -> None:
    assert may_connect([], address)


def test_a_private_address_is_connected_to_where_it_is_named() -> None:
    allowed = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    assert may_connect(allowed, "10.1.2.3")
    assert may_connect(allowed, "fd12::1")
    assert not may_connect(allowed, "127.0.0.1")
    assert not may_connect(allowed, "fc00::1")


def test_loopback_is_not_asked_unless_it_is_named() -> None:
    with serving({"*": Reply()}) as server:
        address = f"{server.base}/a"
        (result,) = results(ProbeRequest(address=address), allowed=()).values()
        assert result.facts.failed == "127.0.0.1 is not a public address (enclosures.allow_private)"
        assert not result.is_offline
        assert server.asked == []


def test_a_name_is_looked_up_once_and_just_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name server says the second time does not count: that is how a check is evaded."""
    looked_up: list[str] = []

    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        place = "93.184.216.34" if len(looked_up) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port))]

    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], _: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr("feeds.images.connections.create_connection", connect)
    (result,) = probe_images([ProbeRequest(address="http://rebinding.example/a")], NOW)
    assert result.facts.failed == "Connection refused"
    assert connected == [("93.184.216.34", 80)]
    assert looked_up == ["rebinding.example"]


def test_of_several_addresses_only_the_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    places = ["10.0.0.1", "93.184.216.34", "fe80::1%2", "2606:4700::1111"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **__: [(2, 1, 6, "", (place, port)) for place in places])
    connected: list[str] = []

    def connect(address: tuple[str, int], _: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("feeds.images.connections.create_connection", connect)
    (result,) = probe_images([ProbeRequest(address="https://several.example/a")], NOW)
    assert result.facts.failed == "Connection refused"
    assert connected == ["93.184.216.34", "2606:4700::1111"]


# Servers that misbehave


@pytest.mark.usefixtures("impatient")
def test_a_server_that_says_nothing_is_given_up() -> None:
    started = time.monotonic()
    assert facts_from(Reply(is_late=True, pace=30)).failed == "timed out"
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(("pace", "is_left"), [(0.5, True), (0, False)], ids=["slow", "quick"])
def test_a_host_that_answers_just_in_time_each_time_is_left_alone(
    pace: float, is_left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_QUICK", 0.4)
    monkeypatch.setattr(probe, "_MOST_SPENT", 1)
    with serving({"*": Reply(is_late=True, pace=pace)}) as server:
        found = results(*[ProbeRequest(address=f"{server.base}/{number}") for number in range(40)])
        assert {result.facts.failed for result in found.values()} == (
            {"", "its host took too long"} if is_left else {""}
        )
        assert (len(server.asked) < 20) is is_left
        assert not any(result.is_offline for result in found.values())


def test_it_is_not_held_against_a_host_that_others_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at a time are put to a host that many redirect to: their own questions take no longer for that."""
    monkeypatch.setattr(probe, "_QUICK", 0.4)
    monkeypatch.setattr(probe, "_MOST_SPENT", 1)
    with serving({"*": Reply(is_late=True, pace=0.1)}) as target, ExitStack() as stack:
        away = {"*": Reply(status=302, headers={"Location": f"{target.base}/a"})}
        servers = [stack.enter_context(serving(away)) for _ in range(8)]
        found = results(*[ProbeRequest(address=f"{server.base}/{number}") for server in servers for number in range(6)])
        assert {result.facts.failed for result in found.values()} == {""}


@pytest.mark.usefixtures("impatient")
def test_a_host_is_held_to_what_the_request_took_that_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry, "_READ", 30)
    monkeypatch.setattr(probe, "_QUICK", 0.1)
    monkeypatch.setattr(probe, "_MOST_SPENT", 0.3)
    with serving({"*": Reply(is_late=True, pace=30)}) as server:
        found = results(*[ProbeRequest(address=f"{server.base}/{number}") for number in range(6)])
        assert {result.facts.failed for result in found.values()} == {"timed out", "its host took too long"}


@pytest.mark.usefixtures("impatient")
def test_a_body_that_comes_a_byte_at_a_time_is_read_for_a_while_only() -> None:
    started = time.monotonic()
    facts = facts_from(Reply(head=405, is_endless=True, pace=0.1, body=bytes(range(256))), needs_size=True)
    assert (facts.type, facts.width) == ("image/gif", None) if not facts.failed else (facts.failed == "timed out")
    assert time.monotonic() - started < 10


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("is_secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("said", [b"HTTP/1.1 100 Continue\r\n\r\n", b"X-A: b\r\n"], ids=["goes on for ever", "headers"])
def test_who_is_given_up_is_not_listened_to_any_more(
    said: bytes, is_secure: bool, context: ssl.SSLContext, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No thread of ours stays, nor any connection."""
    ended = threading.Event()

    def flood(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) if is_secure else connection as line:
                line.sendall(b"" if said.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n")
                while True:
                    line.sendall(said)
                    time.sleep(0.005)
        except OSError:
            ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listening, authority.cert_pem.tempfile() as trusted:
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        accepting = threading.Thread(target=lambda: flood(listening.accept()[0]), daemon=True)
        accepting.start()
        scheme = "https" if is_secure else "http"
        facts = facts_of(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/a")
        assert facts.failed
        assert ended.wait(5)
    for thread in [thread for thread in threading.enumerate() if thread.name == "probe"]:
        thread.join(5)
        assert not thread.is_alive()


def test_a_connection_may_be_closed_while_it_is_ended() -> None:
    with socket.socket() as line:

        class Closed(connections._Guarded):
            """Closed by another thread as soon as it was looked at."""

            lines: Iterator[socket.socket | None] = iter([line, None])

            @property
            def _line(self) -> socket.socket | None:
                return next(self.lines)

            @_line.setter
            def _line(self, _: socket.socket | None) -> None:
                pass

        Closed("a.example").end()


@pytest.mark.parametrize(
    "reply", [Reply(hangs_up=True), Reply(has_body_with_head=True, headers={"Content-Length": "14"})]
)
def test_a_server_that_hangs_up_without_a_word_is_asked_again(reply: Reply) -> None:
    with serving({"*": reply}) as server:
        found = results(*[ProbeRequest(address=f"{server.base}/{number}") for number in range(60)])
        assert {result.facts.failed for result in found.values()} == {""}


@pytest.mark.usefixtures("impatient")
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
        facts = facts_of(f"http://127.0.0.1:{listening.getsockname()[1]}/a")
        over.set()
        thread.join()
    assert facts.failed
    assert facts.length is None


def test_an_endless_body_is_read_as_far_as_it_is_needed() -> None:
    facts = facts_from(Reply(head=405, takes_ranges=False, is_endless=True), needs_size=True)
    assert (facts.type, facts.length, facts.width, facts.failed) == ("image/gif", None, 3, "")


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 ", b"SSH-2.0-x\r\n", b"\x00" * 100])
def test_what_is_not_http_is_no_answer(said: bytes) -> None:
    with saying(said) as address:
        facts = facts_of(address)
    assert facts.failed


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert facts_of(f"http://127.0.0.1:{port}/a").failed == "Connection refused"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_certificate_that_nobody_vouches_for_is_no_answer(context: ssl.SSLContext) -> None:
    with serving({"*": Reply()}, context) as server:
        facts = facts_of(f"{server.base.replace('http:', 'https:')}/a")
        assert "certificate verify failed" in facts.failed.lower()
        assert server.asked == []


def test_a_good_certificate_is_taken(
    authority: trustme.CA, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with authority.cert_pem.tempfile() as trusted, serving({"*": Reply()}, context) as server:
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        assert facts_of(f"{server.base.replace('http:', 'https:')}/a").length == len(GIF)


@pytest.mark.parametrize(
    "address", ["http://" + "a" * 300 + ".example/", "http://a..b/", "http://xn--/", "http://[::1", "http://a:99999/"]
)
def test_an_address_that_no_host_can_have_is_no_answer(address: str) -> None:
    assert facts_of(address).failed


# Many


def test_hundreds_of_images_are_asked_for_a_few_at_a_time() -> None:
    paths = [f"/{number}" for number in range(300)]
    replies = {path: Reply(headers={"Content-Length": str(1000 + number)}) for number, path in enumerate(paths)}
    with serving(replies) as one, serving(replies) as other:
        addresses = [f"{server.base}{path}" for server in (one, other) for path in paths]
        addresses = addresses[::2] + addresses[1::2]
        found = results(*[ProbeRequest(address=address) for address in addresses])
        assert len(found) == 600
        assert {found[f"{one.base}{path}"].facts.length for path in paths} == set(range(1000, 1300))
        for server in (one, other):
            assert sorted(path for _, path in server.asked) == sorted(paths)
            assert server.most <= 2


@pytest.mark.usefixtures("impatient")
def test_a_host_that_gives_no_answers_is_left_alone_and_others_are_asked() -> None:
    with serving({"*": Reply(is_late=True, pace=30)}) as silent, serving({"*": Reply()}) as good:
        addresses = [f"{server.base}/{number}" for server in (silent, good) for number in range(40)]
        found = results(*[ProbeRequest(address=address) for address in addresses])
        assert {result.facts.failed for address, result in found.items() if address.startswith(silent.base)} == {
            "timed out"
        }
        assert all(not found[address].facts.failed for address in addresses if address.startswith(good.base))
        assert len(silent.asked) <= 2 * 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_wants_no_more_is_left_alone(status: int) -> None:
    with serving({"*": Reply(status=status)}) as server:
        found = results(*[ProbeRequest(address=f"{server.base}/{number}") for number in range(40)])
        assert len(found) == 40
        assert all(result.facts.failed.startswith(str(status)) for result in found.values())
        assert len(server.asked) <= 2


def test_who_stops_to_listen_ends_the_asking() -> None:
    with serving({"*": Reply(is_late=True, pace=0.05)}) as server:
        probing: Iterator[ProbeResult] = probe_images(
            [ProbeRequest(address=f"{server.base}/{number}") for number in range(100)], NOW, LOOPBACK
        )
        next(probing)
        probing.close()  # type: ignore[attr-defined]  # it is a generator
        count = len(server.asked)
        time.sleep(0.3)
        assert len(server.asked) <= count + 2


@pytest.mark.parametrize("first", ["2606:4700::1111", "93.184.216.34"])
def test_a_network_without_one_kind_of_addresses_is_a_network(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    places = sorted(["2606:4700::1111", "93.184.216.34"], key=lambda place: place != first)
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **__: [(2, 1, 6, "", (place, port)) for place in places])

    def connect(address: tuple[str, int], _: float) -> socket.socket:
        raise OSError(101, "Network is unreachable") if ":" in address[0] else ConnectionRefusedError(111, "refused")

    monkeypatch.setattr("feeds.images.connections.create_connection", connect)
    (result,) = probe_images([ProbeRequest(address="https://both.example/a")], NOW)
    assert (result.facts.failed, result.is_offline) == ("refused", False)


@pytest.mark.parametrize(
    ("error", "is_offline"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
        (OSError(101, "Network is unreachable"), True),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
        (ConnectionRefusedError(111, "Connection refused"), False),
    ],
)
def test_without_a_network_that_is_said(error: OSError, is_offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    (result,) = probe_images([ProbeRequest(address="https://a.example/a")], NOW)
    assert (result.is_offline, result.facts.failed) == (is_offline, error.strerror)
