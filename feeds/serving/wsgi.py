"""The output folder as a WSGI application (PEP 3333), with the semantics of RFC 9110 and the caching of RFC 9111.

`feeds serve` runs it. It responds like the web servers that `feeds hosting` configures. Each response comes from one
version of its file, whatever a run publishes meanwhile: a text is read before the response starts, and any other file
is read from the descriptor that gave its length.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote, unquote, urlsplit

from werkzeug.security import safe_join
from werkzeug.wrappers import Request, Response

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

#: Compressed texts that are kept in memory.
_CACHE_SIZE = 64

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


@dataclass(frozen=True)
class _File:
    """One version of a file in the output folder. `content` is the bytes of a text, and else the open file.

    `size` is in bytes, `modified` is the mtime in nanoseconds.
    """

    path: str
    content: bytes | BinaryIO
    size: int
    modified: int


class Application:
    """The WSGI application; it calls `on_response` with each request that it has answered.

    A changed configuration or manifest is read before the next request. An invalid one is ignored until it is fixed.
    """

    def __init__(self, config: Config, output: Path, on_response: Callable[[Served], None] = lambda _: None) -> None:
        self._config = config
        self._output = output
        self._on_response = on_response
        self._lock = threading.Lock()
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
        file = None if location else _open_file(self._output, path)
        if file:
            return _represent(request, routes, file)
        if not location and path and _open_file(self._output, f"{path}/"):  # an index is a text: nothing stays open
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


def _open_file(output: Path, path: str) -> _File | None:
    """Open the file at a path; at a path with a trailing slash, the index of that folder.

    Return None for a hidden file, for anything outside the output folder, and for anything but a regular file.
    """
    parts = path.split("/")
    is_hidden = any(part.startswith(".") for part in parts[parts[0] == _WELL_KNOWN :])
    path = f"{path}{INDEX}" if not parts[-1] else path
    joined = None if is_hidden or "" in parts[:-1] or "\0" in path else safe_join(str(output), path)
    if joined is None:
        return None
    with suppress(OSError), ExitStack() as stack:
        resolved = Path(joined).resolve(strict=True)
        if not resolved.is_relative_to(output.resolve()) or not resolved.is_file():
            return None
        stream = stack.enter_context(resolved.open("rb"))
        status = os.fstat(stream.fileno())
        if is_text(media_type(path)):
            return _File(path, stream.read(), status.st_size, status.st_mtime_ns)
        stack.pop_all()  # the response closes it
        return _File(path, stream, status.st_size, status.st_mtime_ns)
    return None


def _represent(request: Request, routes: _Routes, file: _File) -> Response:
    """Respond with a file, or with 304 or 412 as the conditions of the request demand (RFC 9110, 13.2)."""
    type_ = JSON if file.path.endswith(".json") and file.path not in routes.documents else media_type(file.path)
    response = Response(headers={"Content-Type": content_type(type_), "Cache-Control": routes.cache_control})
    if type_ in CORS_TYPES:
        response.headers["Access-Control-Allow-Origin"] = "*"
    for link in routes.links.get(file.path, ()):
        response.headers.add("Link", link)
    if isinstance(file.content, bytes):
        _set_text(response, request.accept_encodings, file.content)
    else:
        response.call_on_close(file.content.close)
        response.response = _read_chunks(file.content, file.size)
        response.content_length = file.size
        response.set_etag(f"{file.size:x}-{file.modified:x}")
    if time.time_ns() - file.modified > _SECOND:  # within a second, two versions may have the same Last-Modified
        response.last_modified = dt.datetime.fromtimestamp(file.modified // _SECOND, dt.UTC)
    response.make_conditional(request)
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        response.close()
        return _message(412, "this is another version")
    return response


def _set_text(response: Response, accepted: Accept, text: bytes) -> None:
    """Set the content to a text, in the content coding that the client prefers."""
    response.vary.add("Accept-Encoding")
    coding = _negotiate_coding(accepted) if len(text) >= _MIN_COMPRESSED_SIZE else None
    if coding:
        text = _compress(text, coding)
        response.headers["Content-Encoding"] = coding
    response.set_data(text)
    response.set_etag(hashlib.sha256(text).hexdigest()[:32])


def _read_chunks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes of a file.

    If the file was truncated in place, there are fewer, and the server closes the connection (RFC 9112, 8).
    """
    while size > 0 and (chunk := stream.read(min(_CHUNK_SIZE, size))):
        size -= len(chunk)
        yield chunk


def _negotiate_coding(accepted: Accept) -> Coding | None:
    """Return the content coding that the client prefers (RFC 9110, 12.5.3), Brotli on a tie; None for `identity`."""
    qualities: dict[Coding, float] = {"br": accepted["br"], "gzip": accepted["gzip"]}
    best = max(qualities, key=lambda coding: qualities[coding])
    identity = accepted["identity"] if "identity" in accepted.values() else 0
    return best if qualities[best] > 0 and qualities[best] >= identity else None


_compress = lru_cache(maxsize=_CACHE_SIZE)(compress)


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
