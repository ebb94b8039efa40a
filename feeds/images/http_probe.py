"""One probe of an image: HEAD, then GET of the first bytes if they are needed (RFC 9110, 9.3.2 and 14.2)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

import imagesize
import urllib3
from msgspec.structs import replace
from urllib3.exceptions import ProtocolError

from feeds.http.client import USER_AGENT, status_line
from feeds.http.enclosure_types import is_media_type
from feeds.images.connections import Connections, Task, host_of
from feeds.images.lock import GONE, ImageInfo
from feeds.images.requests import ProbeError, ProbeLimits
from feeds.text.urls import absolute_url

if TYPE_CHECKING:
    import datetime as dt

    from urllib3 import BaseHTTPResponse


_MAX_REDIRECTS = 5

#: Bytes of an image to read. Its size in pixels is within them, if it can be found at all.
_MAX_BYTES = 1 << 16

#: The maximum width and height of a JPEG. Larger values are not believed.
_MAX_PIXELS = 65_535


@dataclass(frozen=True, kw_only=True)
class HttpProbe:
    """The requests for one image. `now` is the time that the result gets."""

    connections: Connections
    task: Task
    now: dt.datetime
    limits: ProbeLimits

    def run(self) -> ImageInfo:
        """Return the metadata from the server. Raises ProbeError if it gives none, and errors of urllib3."""
        known, head = self.task.request.known, self._head()
        if head and known and self._is_unchanged(head, known):
            return replace(known, probed_at=self.now)
        if head and head.length and not self._needs_size(head.type):
            return head
        try:
            return self._follow("GET")
        except ProbeError as error:
            if head and not error.is_dead:
                return head
            raise

    def _head(self) -> ImageInfo | None:
        """Return the result of HEAD, or None if a GET may still succeed."""
        try:
            return self._follow("HEAD")
        except ProtocolError:
            if not self.task.connections or self.task.is_over:
                raise
            return None
        except ProbeError as error:
            if error.stops_host or error.is_blocked:
                raise
            return None

    def _is_unchanged(self, head: ImageInfo, known: ImageInfo) -> bool:
        is_measured = known.width is not None or not self._needs_size(head.type)
        return not known.failed and is_measured and (head.type, head.length) == (known.type, known.length)

    def _needs_size(self, media_type: str | None) -> bool:
        """Whether the size in pixels is needed and the first bytes may contain it."""
        may_have_pixels = media_type is None or (media_type.startswith("image/") and media_type != "image/svg+xml")
        return self.task.request.needs_size and may_have_pixels

    def _follow(self, method: str) -> ImageInfo:
        """Send a request, follow its redirects, and return the metadata from the last response."""
        url = self.task.request.url
        for _ in range(_MAX_REDIRECTS + 1):
            with self.connections.requesting(url, self.task):
                response = self._request(method, url)
                try:
                    location = response.headers.get("Location", "")
                    if response.status not in {301, 302, 303, 307, 308} or not location:
                        return self._read(method, response, url)
                finally:
                    # Draining lets the connection be reused; the body of a GET may be too long for that.
                    response.close() if method == "GET" else response.drain_conn()
            target = absolute_url(location, url)
            if target is None:
                raise ProbeError("redirected to what is not http or https")
            url = target
        raise ProbeError("redirected too often")

    def _request(self, method: str, url: str) -> BaseHTTPResponse:
        """Return the response. A blocked IP address stops the probed host, but not if a redirect led there."""
        opened = self.task.opened
        try:
            return self._send(self.connections.pool, method, url)
        except ProbeError as error:
            error.stops_host = self._is_probed_host(url)
            raise
        except ProtocolError:
            if self.task.opened > opened or self.task.is_over:
                raise
            # The server closed a kept connection; only a fresh one can tell whether it responds.
            return self._send(self.connections.new_pool(), method, url)

    def _send(self, pool: urllib3.PoolManager, method: str, url: str) -> BaseHTTPResponse:
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if method == "GET":
            headers["Range"] = f"bytes=0-{_MAX_BYTES - 1}"
        return pool.request(
            method,
            url,
            headers=headers,
            timeout=urllib3.Timeout(connect=self.limits.connect_timeout, read=self.limits.read_timeout),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _is_probed_host(self, url: str) -> bool:
        """Whether a URL is at the host of the image, not at one that a redirect leads to."""
        return host_of(url) == host_of(self.task.request.url)

    def _read(self, method: str, response: BaseHTTPResponse, url: str) -> ImageInfo:
        """Return the metadata from a response. Raises ProbeError if the response is an error or a web page."""
        status = response.status
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            raise ProbeError(status_line(status), stops_host=self._is_probed_host(url))
        if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            raise ProbeError(status_line(status), is_dead=status_line(status) in GONE)
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type in {"text/html", "application/xhtml+xml"}:
            raise ProbeError(f"is a page ({content_type}), no image", is_dead=True)
        is_media = content_type.startswith(("image/", "audio/", "video/")) and is_media_type(content_type)
        image = ImageInfo(
            url=self.task.request.url,
            type=content_type if is_media else None,
            length=_length(response),
            probed_at=self.now,
        )
        return image if method == "HEAD" else self._with_content(image, response)

    def _with_content(self, image: ImageInfo, response: BaseHTTPResponse) -> ImageInfo:
        """Add what only the content gives: a size in pixels if needed, and a missing length if all of it is read."""
        needs_size = self._needs_size(image.type)
        if image.length and not needs_size:
            return image
        content, is_complete = _first_bytes(response, self.task.deadline)
        length = len(content) if is_complete and not _is_encoded(response) else None
        width, height = pixel_size(content) if needs_size else (None, None)
        return replace(image, length=image.length or length or None, width=width, height=height)


def pixel_size(content: bytes) -> tuple[int | None, int | None]:
    """Return the width and height of the image that begins with these bytes, or (None, None) if they do not say.

    SVG is never parsed: it is XML from an untrusted source.
    """
    if content.lstrip().startswith(b"<"):
        return None, None
    # For HEIF and AVIF (ISO/IEC 23008-12), imagesize may allocate gigabytes to find Exif data. Exif does not rotate
    # these images: `irot` does, and then imagesize returns no size.
    is_iso = content[4:8] == b"ftyp"
    try:
        width, height = imagesize.get(BytesIO(content), exif_rotation=not is_iso)
    except Exception:  # noqa: BLE001  # untrusted bytes may raise anything
        return None, None
    return (width, height) if 0 < width <= _MAX_PIXELS and 0 < height <= _MAX_PIXELS else (None, None)


def _first_bytes(response: BaseHTTPResponse, deadline: float) -> tuple[bytes, bool]:
    """Read up to `_MAX_BYTES` until the deadline, even if the body is longer or endless; also whether that is all."""
    content = bytearray()
    while len(content) < _MAX_BYTES and time.monotonic() < deadline:
        more = response.read1(_MAX_BYTES - len(content))
        if not more:
            return bytes(content), response.status == HTTPStatus.OK
        content += more
    return bytes(content), False


def _length(response: BaseHTTPResponse) -> int | None:
    """Return the length of the whole file in bytes (RFC 9110, 8.6 and 14.4); None if it is zero, invalid or encoded."""
    if _is_encoded(response):
        return None
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        length = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        length = response.headers.get("Content-Length", "")
    return int(length) or None if length.isascii() and length.isdigit() and len(length) <= 15 else None


def _is_encoded(response: BaseHTTPResponse) -> bool:
    return response.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}
