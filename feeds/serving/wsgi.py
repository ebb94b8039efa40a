"""The output folder as a WSGI application (PEP 3333), with the semantics of RFC 9110 and the caching of RFC 9111.

`feeds serve` runs it. It responds like the web servers that `feeds hosting` configures. Each response comes from one
version of its file, whatever a run publishes meanwhile: everything is read from one descriptor. The server gets the
content as a file (`wsgi.file_wrapper`), so no thread waits for a slow client.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import threading
import time
from collections import OrderedDict
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote, unquote, urlsplit

from werkzeug.security import safe_join
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import FileWrapper

from feeds.config.loader import file_version, load_config
from feeds.errors import ConfigError, PublishError, ServeError
from feeds.http.codings import compress
from feeds.http.headers import cache_control
from feeds.http.media_types import CORS_TYPES, JSON, content_type, is_text, media_type
from feeds.models import INDEX, MANIFEST, OPML, document_address
from feeds.output.manifest import Manifest, read_manifest
from feeds.serving.redirects import MovedFeed, gone_paths, moved_feeds
from feeds.storage.local import LocalFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from werkzeug.datastructures import Accept

    from feeds.config.schema import Config
    from feeds.models import Coding


_METHODS = ("GET", "HEAD")

#: Bytes. Compressing less saves no packet.
_MIN_COMPRESSED_SIZE = 512

#: Bytes that are read from a file at a time.
_CHUNK_SIZE = 65_536

#: Bytes of compressed texts that are kept in memory.
_CACHE_SIZE = 64_000_000

#: Bytes of the longest text that is compressed.
_MAX_COMPRESSED = 16_000_000

#: The only name with a leading dot that is served (RFC 8615), and only at the top of the output folder.
_WELL_KNOWN = ".well-known"

#: Nanoseconds.
_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Served:
    """A request and its response: the path as it was sent, the status code, and the bytes of content sent."""

    method: str
    path: str
    status: int
    length: int


@dataclass(frozen=True)
class _Routes:
    """The resources of the site, from its configuration and manifest.

    `base_path` is the path of the site's URL; all other paths are below it. `links` are the values of the header Link,
    by path.
    """

    base_path: str
    cache_control: str
    moved: tuple[MovedFeed, ...]
    gone: frozenset[str]
    links: Mapping[str, Sequence[str]]
    documents: frozenset[str]
    other_files: tuple[str, ...]

    def serves(self, path: str) -> bool:
        """Whether a file is one of ours, or one that the configuration allows."""
        return (
            path in self.documents
            or path == MANIFEST
            or path.startswith(f"{_WELL_KNOWN}/")
            or any(fnmatchcase(path, pattern) for pattern in self.other_files)
        )


@dataclass(frozen=True)
class _File:
    """One version of a file in the output folder: its path, open file, size in bytes, and mtime in nanoseconds."""

    path: str
    stream: BinaryIO
    size: int
    modified: int


@dataclass(frozen=True)
class _Content:
    """The content of a response: a stream of `length` bytes, the entity tag, and the coding of a compressed text."""

    stream: BinaryIO
    length: int
    etag: str
    coding: Coding | None = None


class _WholeStream:
    """The first `length` bytes of a stream. `read` raises OSError if its file was truncated in place meanwhile.

    The server then closes the connection, so that the client knows (RFC 9112, 8).
    """

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream = stream
        self._length = length
        self.seek, self.tell, self.seekable, self.close = stream.seek, stream.tell, stream.seekable, stream.close

    def read(self, size: int = -1) -> bytes:
        remaining = self._length - self._stream.tell()
        content = self._stream.read(remaining if size < 0 else min(size, remaining))
        if remaining and not content:
            raise OSError("the file was truncated while it was sent")
        return content


class CompressedTexts:
    """Compressed texts by the digest of the text and the coding; the least recently used ones are forgotten."""

    def __init__(self, max_bytes: int = _CACHE_SIZE) -> None:
        self._max_bytes = max_bytes
        self._texts: OrderedDict[tuple[str, Coding], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._compressing = threading.Lock()
        self.size = 0

    def get(self, text: bytes, digest: str, coding: Coding) -> bytes | None:
        """Return the compressed text, or None while another one is compressed, which takes a processor and memory."""
        key = (digest, coding)
        with self._lock:
            if key in self._texts:
                self._texts.move_to_end(key)
                return self._texts[key]
        if not self._compressing.acquire(blocking=False):
            return None
        try:
            body = compress(text, coding)
        finally:
            self._compressing.release()
        with self._lock:
            if key not in self._texts:
                self._texts[key] = body
                self.size += len(body)
            while self.size > self._max_bytes:
                _, forgotten = self._texts.popitem(last=False)
                self.size -= len(forgotten)
        return body


class Application:
    """The WSGI application; it calls `on_response` with each request that it has answered.

    A changed configuration or manifest is read before the next request. An invalid one is ignored until it is fixed.
    """

    def __init__(self, config: Config, output: Path, on_response: Callable[[Served], None] = lambda _: None) -> None:
        self._config = config
        self._output = output
        self._on_response = on_response
        self._lock = threading.Lock()
        self._compressed = CompressedTexts()
        self._versions: object = None
        self._routes = _build_routes(config, Manifest())

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        response = self._respond(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        try:
            self._on_response(_served(request, response))
        except BaseException:
            response.close()
            raise
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.method not in _METHODS:
            return _message(405, f"expected {' or '.join(_METHODS)}", Allow=", ".join(_METHODS))
        routes = self._current_routes()
        path = _decoded_path(request)
        if path is not None and path.startswith(routes.base_path):
            return self._respond_below(request, routes, path.removeprefix(routes.base_path))
        if path in {"/", routes.base_path.rstrip("/")}:
            return _redirect(routes, "", 302)
        return _message(404, f"the site is at {routes.base_path}")

    def _respond_below(self, request: Request, routes: _Routes, path: str) -> Response:
        """Respond with what is at a path below the path of the site."""
        location = next(filter(None, (feed.location(path) for feed in routes.moved)), None)
        file = None if location else _open_file(self._output, path, routes)
        if file:
            return _represent(request, routes, file, self._compressed)
        if not location and path and (index := _open_file(self._output, f"{path}/", routes)):
            index.stream.close()
            location = f"{path}/"
        if location:
            return _redirect(routes, location)
        if not routes.gone.isdisjoint({path, f"{path}/", path.removesuffix(INDEX)}):
            return _message(410, "this was here once, and is not published any more")
        return _message(404, "there is nothing here" if path else f"the site has no pages; {OPML} lists its feeds")

    def _current_routes(self) -> _Routes:
        versions = (file_version(self._config.path), file_version(self._output / MANIFEST))
        with self._lock:
            if versions != self._versions:
                with suppress(ConfigError):
                    self._config = load_config(self._config.path)
                with suppress(PublishError):
                    self._routes = _build_routes(self._config, read_manifest(LocalFolder(self._output)))
                self._versions = versions
            return self._routes


def check_published(output: Path) -> None:
    """Raise ServeError if nothing is published in `output`, and PublishError if its manifest cannot be read."""
    folder = LocalFolder(output)
    if not read_manifest(folder).documents:
        raise ServeError(f"{folder}: nothing is published there; `feeds regenerate` does it, and --watch")


def _build_routes(config: Config, manifest: Manifest) -> _Routes:
    moved = moved_feeds(config, manifest)
    return _Routes(
        base_path=unquote(urlsplit(config.base_url).path),
        cache_control=cache_control(config),
        moved=moved,
        gone=frozenset(gone_paths(manifest, moved)),
        links=dict(_links(config, manifest)),
        documents=frozenset(record.path for record in manifest.documents),
        other_files=config.serve.files,
    )


def _links(config: Config, manifest: Manifest) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the path of each feed document with its links to the hub and to itself (WebSub, section 4)."""
    for record in manifest.documents:
        if config.hub and record.subscribed:
            url = document_address(config.base_url, record.feed, record.subscribed)
            yield record.path, (f'<{config.hub}>; rel="hub"', f'<{url}>; rel="self"')


def _decoded_path(request: Request) -> str | None:
    """Return the path of the request, percent-decoded, or None if it is not UTF-8.

    `Request.path` would merge slashes at its start and replace bytes that are not UTF-8.
    """
    raw: str = request.environ.get("PATH_INFO", "")
    try:
        return raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        return None


def _open_file(output: Path, path: str, routes: _Routes) -> _File | None:
    """Open the file at a path; at a path with a trailing slash, the index of that folder.

    Return None for a file that is not served, a hidden one, anything outside the output folder, and anything but a
    regular file.
    """
    parts = path.split("/")
    path = f"{path}{INDEX}" if not parts[-1] else path
    is_served = not _is_hidden(parts) and "" not in parts[:-1] and "\0" not in path and routes.serves(path)
    joined = safe_join(str(output), path) if is_served else None
    if joined is None:
        return None
    with suppress(OSError, RuntimeError), ExitStack() as stack:  # RuntimeError: a link to itself, before Python 3.13
        resolved, root = Path(joined).resolve(strict=True), output.resolve()
        is_inside = resolved.is_relative_to(root) and not _is_hidden(resolved.relative_to(root).parts)
        if not is_inside or not resolved.is_file():
            return None
        stream = stack.enter_context(resolved.open("rb"))
        status = os.fstat(stream.fileno())
        stack.pop_all()  # the response closes it
        return _File(path, stream, status.st_size, status.st_mtime_ns)
    return None


def _is_hidden(parts: Sequence[str]) -> bool:
    first, *others = parts or [""]
    return any(part.startswith(".") for part in (*others, first if first != _WELL_KNOWN else ""))


def _represent(request: Request, routes: _Routes, file: _File, compressed: CompressedTexts) -> Response:
    """Respond with a file, or with 304 or 412 as the conditions of the request demand (RFC 9110, 13.2)."""
    type_ = JSON if file.path.endswith(".json") and file.path not in routes.documents else media_type(file.path)
    response = Response(headers={"Content-Type": content_type(type_), "Cache-Control": routes.cache_control})
    if type_ in CORS_TYPES:
        response.headers["Access-Control-Allow-Origin"] = "*"
    for link in routes.links.get(file.path, ()):
        response.headers.add("Link", link)
    if is_text(type_):
        response.vary.add("Accept-Encoding")
        content = _text_content(file, request.accept_encodings, compressed)
    else:
        content = _Content(file.stream, file.size, f"{file.size:x}-{file.modified:x}")
    if content.coding:
        response.headers["Content-Encoding"] = content.coding
    response.content_length = content.length
    response.set_etag(content.etag)
    if time.time_ns() - file.modified > _SECOND:  # within a second, two versions may have the same Last-Modified
        with suppress(ValueError, OverflowError, OSError):  # a time that no date can be made of
            response.last_modified = dt.datetime.fromtimestamp(file.modified // _SECOND, dt.UTC)
    response.make_conditional(request)
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        content.stream.close()
        return _message(412, "this is another version")
    if request.method == "HEAD" or response.status_code == HTTPStatus.NOT_MODIFIED:
        content.stream.close()
    else:
        wrap = request.environ.get("wsgi.file_wrapper", FileWrapper)
        response.response = wrap(_WholeStream(content.stream, content.length), _CHUNK_SIZE)  # the server closes it
        response.direct_passthrough = True
    return response


def _text_content(file: _File, accepted: Accept, compressed: CompressedTexts) -> _Content:
    """Return a text in the content coding that the client prefers, if it is not too long, else as it is."""
    coding = _negotiate_coding(accepted) if _MIN_COMPRESSED_SIZE <= file.size <= _MAX_COMPRESSED else None
    if coding:
        text = file.stream.read()
        digest = hashlib.sha256(text).hexdigest()
        body = compressed.get(text, digest, coding)
        if body is not None:
            file.stream.close()
            return _Content(BytesIO(body), len(body), f"{digest[:32]}-{coding}", coding)
    else:
        digest = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]  # it has `readinto`
    file.stream.seek(0)
    return _Content(file.stream, file.size, digest[:32])


def _negotiate_coding(accepted: Accept) -> Coding | None:
    """Return the content coding that the client prefers (RFC 9110, 12.5.3), Brotli on a tie; None for `identity`."""
    qualities: dict[Coding, float] = {"br": accepted["br"], "gzip": accepted["gzip"]}
    best = max(qualities, key=lambda coding: qualities[coding])
    identity = accepted["identity"] if "identity" in accepted.values() else 0
    return best if qualities[best] > 0 and qualities[best] >= identity else None


def _redirect(routes: _Routes, path: str, status: int = 301) -> Response:
    """Redirect to a path below the path of the site."""
    response = _message(status, f"this is at {routes.base_path}{path}", Location=quote(routes.base_path + path))
    response.headers["Cache-Control"] = routes.cache_control
    return response


def _message(status: int, reason: str, **headers: str) -> Response:
    """Respond with a status and a line of text that explains it."""
    line = f"{status} {HTTPStatus(status).phrase}"
    response = Response(status=line, headers={"Cache-Control": "no-store", **headers}, mimetype="text/plain")
    response.set_data(f"{line}: {reason}\n")
    return response


def _served(request: Request, response: Response) -> Served:
    path = quote(request.environ.get("PATH_INFO", "").encode("latin-1"))
    has_content = request.method != "HEAD" and response.status_code != HTTPStatus.NOT_MODIFIED
    return Served(request.method, path, response.status_code, response.content_length or 0 if has_content else 0)
