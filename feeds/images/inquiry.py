"""One probe of an image: a HEAD request, then the first bytes if those are needed (RFC 9110, 9.3.2 and 14.2)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

import imagesize
import msgspec
import urllib3
from urllib3.exceptions import ProtocolError

from feeds.http.client import USER_AGENT, status_line
from feeds.http.image_types import is_media_type
from feeds.images.connections import CONNECT_TIMEOUT, Connections, Refused, Task, current, host_of
from feeds.images.lock import GONE, ImageInfo
from feeds.text.urls import absolute_url

if TYPE_CHECKING:
    import datetime as dt

    from urllib3 import BaseHTTPResponse


_READ = 5

_MOST_REDIRECTS = 5

#: Bytes of an image that are read: its size in pixels is before them, or is not asked for.
_MOST_READ = 1 << 16

#: The widest and highest that JPEG can be; a server that says more is making fun.
_MOST_PIXELS = 65_535


@dataclass(frozen=True)
class Inquiry:
    """One question, put to the server of an image."""

    ways: Connections
    task: Task
    now: dt.datetime

    def facts(self) -> ImageInfo:
        """What the server says of the image; raises Refused where it says no, and errors of urllib3."""
        known, head = self.task.request.known, self._head()
        if head and known and self._is_same(head, known):
            return msgspec.structs.replace(known, asked=self.now)
        if head and head.length and not self._needs_size(head.type):
            return head
        try:
            found = self._headers("GET")
        except Refused as refused:
            if head and not refused.is_dead:
                return head
            raise
        if found is None:
            raise Refused("redirected without an address")
        return found

    def _head(self) -> ImageInfo | None:
        """What a HEAD says; nothing where it is refused in whatever way."""
        try:
            return self._headers("HEAD")
        except ProtocolError:
            if not self.task.connections or self.task.is_over:
                raise
            return None
        except Refused as refused:
            if refused.ends_host or not refused.is_asked:
                raise
            return None

    def _is_same(self, head: ImageInfo, known: ImageInfo) -> bool:
        is_measured = known.width is not None or not self._needs_size(head.type)
        return not known.failed and is_measured and (head.type, head.length) == (known.type, known.length)

    def _needs_size(self, type_: str | None) -> bool:
        return self.task.request.needs_size and _has_pixels(type_)

    def _headers(self, method: str) -> ImageInfo | None:
        """What comes of a request; None where a HEAD is refused, for whatever reason: a GET may say something else."""
        place = self.task.request.address
        for _ in range(_MOST_REDIRECTS + 1):
            with self.ways.limited(place, self.task.deadline), self.task.requesting():
                response = self._request(method, place)
                try:
                    location = response.headers.get("Location", "")
                    if response.status not in {301, 302, 303, 307, 308} or not location:
                        return self._read(method, response, place)
                finally:
                    response.close() if method == "GET" else response.drain_conn()  # so that it serves again
            place = _moved(place, location)
        raise Refused("redirected too often")

    def _request(self, method: str, place: str) -> BaseHTTPResponse:
        """The response of a server. That an address may not be connected to ends the host whose address it is."""
        current.task = self.task
        opened = self.task.opened
        try:
            return self._send(self.ways.kept, method, place)
        except Refused as refused:
            refused.ends_host = self._is_own(place)
            raise
        except ProtocolError:
            if self.task.opened > opened or self.task.is_over:
                raise
            return self._send(self.ways.new_pool(), method, place)  # the connection served before, and is over

    def _send(self, pool: urllib3.PoolManager, method: str, place: str) -> BaseHTTPResponse:
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if method == "GET":
            headers["Range"] = f"bytes=0-{_MOST_READ - 1}"
        return pool.request(
            method,
            place,
            headers=headers,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=_READ),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _is_own(self, place: str) -> bool:
        """Whether that is at the host that the question is for, not one that it was sent to."""
        return host_of(place) == host_of(self.task.request.address)

    def _read(self, method: str, response: BaseHTTPResponse, place: str) -> ImageInfo | None:
        status = response.status
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            raise Refused(status_line(status), ends_host=self._is_own(place))
        if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            if method == "HEAD":
                return None
            raise Refused(status_line(status), is_dead=status_line(status) in GONE)
        type_ = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if type_ in {"text/html", "application/xhtml+xml"}:
            if method == "HEAD":
                return None
            raise Refused(f"is a page ({type_}), no image", is_dead=True)
        medium = type_ if type_.startswith(("image/", "audio/", "video/")) and is_media_type(type_) else None
        facts = ImageInfo(address=self.task.request.address, type=medium, length=_length(response), asked=self.now)
        return facts if method == "HEAD" else self._measured(facts, response)

    def _measured(self, facts: ImageInfo, response: BaseHTTPResponse) -> ImageInfo:
        """With what the first bytes tell, if that is asked for: a size, and a length where these are all."""
        needs_size = self._needs_size(facts.type)
        if facts.length and not needs_size:
            return facts
        content, is_all = _first_bytes(response, self.task.deadline)
        length = len(content) if is_all and not _is_encoded(response) else None
        width, height = pixels(content) if needs_size else (None, None)
        return msgspec.structs.replace(facts, length=facts.length or length or None, width=width, height=height)


def pixels(content: bytes) -> tuple[int | None, int | None]:
    """Width and height of the image that begins with these bytes, if they tell. A drawing is XML from anywhere."""
    if content.lstrip().startswith(b"<"):
        return None, None
    # In HEIF and AVIF (ISO/IEC 23008-12) imagesize may take gigabytes to look for Exif, which turns no picture there;
    # of one that is turned as it is done there, by `irot`, it tells no size.
    is_iso = content[4:8] == b"ftyp"
    try:
        width, height = imagesize.get(BytesIO(content), exif_rotation=not is_iso)
    except Exception:  # noqa: BLE001  # whatever it stumbles over in bytes from anywhere
        return None, None
    return (width, height) if 0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS else (None, None)


def _first_bytes(response: BaseHTTPResponse, deadline: float) -> tuple[bytes, bool]:
    """As many as are needed and come in time, also of a server that sends all, or without end; whether they are all."""
    content = bytearray()
    while len(content) < _MOST_READ and time.monotonic() < deadline:
        more = response.read1(_MOST_READ - len(content))
        if not more:
            return bytes(content), response.status == HTTPStatus.OK
        content += more
    return bytes(content), False


def _has_pixels(type_: str | None) -> bool:
    """Whether the first bytes may tell a size."""
    return type_ is None or (type_.startswith("image/") and type_ != "image/svg+xml")


def _length(response: BaseHTTPResponse) -> int | None:
    """The length of the whole, in bytes (RFC 9110, 8.6 and 14.4); that of nothing, or of a coded form, says nothing."""
    if _is_encoded(response):
        return None
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        said = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        said = response.headers.get("Content-Length", "")
    return int(said) or None if said.isascii() and said.isdigit() and len(said) <= 15 else None


def _is_encoded(response: BaseHTTPResponse) -> bool:
    return response.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}


def _moved(place: str, location: str) -> str:
    moved = absolute_url(location, place)
    if moved is None:
        raise Refused("redirected to what is not http or https")
    return moved
