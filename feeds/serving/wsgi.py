"""The site as a WSGI application (PEP 3333), which answers as RFC 9110 and 9111 have it.

It is what `feeds serve` serves, and answers as the web servers do that `feeds hosting` sets up. A document is read
before the answer begins, so that what is sent is whole, old or new, whatever a run publishes meanwhile.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from werkzeug.security import safe_join
from werkzeug.wrappers import Request, Response

from feeds.config.loader import file_facts, load_config
from feeds.errors import ConfigError, PublishError, ServeError
from feeds.http.codings import compress
from feeds.http.headers import cache_control
from feeds.http.media_types import JSON, SHARED, content_type, is_text, media_type
from feeds.models import INDEX, MANIFEST, OPML, document_address
from feeds.output.manifest import Manifest, read_manifest
from feeds.serving.redirects import Move, gone, moves
from feeds.storage.local import DiskFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from werkzeug.datastructures import Accept

    from feeds.config.schema import Config
    from feeds.models import Coding


_METHODS = ("GET", "HEAD")

#: Bytes below which compressing saves nothing, since an answer is sent in packets.
_WORTH_COMPRESSING = 512

#: Bytes of a file that are sent at a time.
_CHUNK = 65_536

#: How many compressed answers are kept.
_KEPT = 64

#: The folder of RFC 8615 alone begins with a dot and is not hidden.
_WELL_KNOWN = ".well-known"

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Served:
    """A request that was answered: its path as it was sent, the status, and how many bytes the answer's body has."""

    method: str
    path: str
    status: int
    length: int


@dataclass(frozen=True)
class _ServingRules:
    """What the configuration and the manifest say. `base` is the path of the site; other paths are below it."""

    base: str
    cache_control: str
    moved: tuple[Move, ...]
    gone: frozenset[str]
    links: Mapping[str, Sequence[str]]
    documents: frozenset[str]


@dataclass(frozen=True)
class _File:
    """A file as it was found at a path; `body` of texts alone, `modified` in nanoseconds."""

    path: str
    place: Path
    body: bytes | None
    size: int
    modified: int


class Application:
    """The output folder as a site, which tells `note` of each request that it answered.

    The configuration and the manifest are read anew when they changed; while the configuration is wrong, the one before
    stays in force.
    """

    def __init__(self, config: Config, output: Path, note: Callable[[Served], None] = lambda _: None) -> None:
        self._config = config
        self._output = output
        self._note = note
        self._lock = threading.Lock()
        self._facts: object = None
        self._rules = _rules(config, Manifest())

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        response = self._respond(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        self._note(_served(request, response))
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.method not in _METHODS:
            return _refusal(405, f"expected {' or '.join(_METHODS)}", Allow=", ".join(_METHODS))
        rules = self._current_rules()
        path = _path(request)
        if path is not None and path.startswith(rules.base):
            return self._find(request, rules, path.removeprefix(rules.base))
        if path in {"/", rules.base.rstrip("/")}:
            return _redirect(rules, "", 302)
        return _refusal(404, f"the site is at {rules.base}")

    def _find(self, request: Request, rules: _ServingRules, path: str) -> Response:
        """The answer for a path below that of the site."""
        target = next(filter(None, (move.target(path) for move in rules.moved)), None)
        file = None if target else _read(self._output, path)
        if file:
            return _document(request, rules, file)
        if not target and path and _read(self._output, f"{path}/"):
            target = f"{path}/"
        if target:
            return _redirect(rules, target)
        if not rules.gone.isdisjoint({path, f"{path}/", path.removesuffix(INDEX)}):
            return _refusal(410, "this was here once, and is not published any more")
        return _refusal(404, "there is nothing here" if path else f"the site has no pages; {OPML} lists its feeds")

    def _current_rules(self) -> _ServingRules:
        facts = (file_facts(self._config.path), file_facts(self._output / MANIFEST))
        with self._lock:
            if facts != self._facts:
                with contextlib.suppress(ConfigError):
                    self._config = load_config(self._config.path)
                with contextlib.suppress(PublishError):
                    self._rules = _rules(self._config, read_manifest(DiskFolder(self._output)))
                self._facts = facts
            return self._rules


def check_published(output: Path) -> None:
    """Raises ServeError where nothing is published, and PublishError where the manifest cannot be read."""
    if not read_manifest(DiskFolder(output)).documents:
        raise ServeError(f"{output}: nothing is published there; `feeds regenerate` does it, and --watch")


def _rules(config: Config, manifest: Manifest) -> _ServingRules:
    moved = moves(config, manifest)
    return _ServingRules(
        base=unquote(urlsplit(config.base_url).path),
        cache_control=cache_control(config),
        moved=moved,
        gone=frozenset(gone(manifest, moved)),
        links=dict(_links(config, manifest)),
        documents=frozenset(record.path for record in manifest.documents),
    )


def _links(config: Config, manifest: Manifest) -> Iterator[tuple[str, Sequence[str]]]:
    """The header Link of all that people subscribe to (https://www.w3.org/TR/websub/, section 4)."""
    for record in manifest.documents:
        if config.hub and record.subscribed:
            address = document_address(config.base_url, record.feed, record.subscribed)
            yield record.path, (f'<{config.hub}>; rel="hub"', f'<{address}>; rel="self"')


def _path(request: Request) -> str | None:
    """The path that is asked for, decoded; None where it is not UTF-8. Slashes at its begin are kept."""
    raw: str = request.environ.get("PATH_INFO", "")
    try:
        return raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        return None


def _read(output: Path, path: str) -> _File | None:
    """The file at a path, a folder's index where that ends in a slash; None where there is none that may be served."""
    parts = path.split("/")
    is_hidden = any(part.startswith(".") for part in parts[parts[0] == _WELL_KNOWN :])
    path = f"{path}{INDEX}" if not parts[-1] else path
    joined = None if is_hidden or "" in parts[:-1] or "\0" in path else safe_join(str(output), path)
    if joined is None:
        return None
    try:
        place = Path(joined).resolve(strict=True)
        if place.is_relative_to(output.resolve()) and place.is_file():
            with place.open("rb") as file:
                facts = os.fstat(file.fileno())
                body = file.read() if is_text(media_type(path)) else None
                return _File(path, place, body, facts.st_size, facts.st_mtime_ns)
    except OSError:
        pass
    return None


def _document(request: Request, rules: _ServingRules, file: _File) -> Response:
    """The file, or 304 where the client has it."""
    type_ = JSON if file.path.endswith(".json") and file.path not in rules.documents else media_type(file.path)
    response = Response(headers={"Content-Type": content_type(type_), "Cache-Control": rules.cache_control})
    if type_ in SHARED:
        response.headers["Access-Control-Allow-Origin"] = "*"
    for link in rules.links.get(file.path, ()):
        response.headers.add("Link", link)
    if file.body is None:
        response.response = _chunks(file.place)
        response.content_length = file.size
        response.set_etag(f"{file.size:x}-{file.modified:x}")
    else:
        _fill(response, request.accept_encodings, file.body)
    if time.time_ns() - file.modified > _SECOND:  # else it may be that of two versions
        response.last_modified = dt.datetime.fromtimestamp(file.modified // _SECOND, dt.UTC)
    response.make_conditional(request)
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        return _refusal(412, "this is another version")
    return response


def _fill(response: Response, accepted: Accept, body: bytes) -> None:
    """Put a text into the answer, in the coding that the client likes."""
    response.vary.add("Accept-Encoding")
    coding = _coding(accepted) if len(body) >= _WORTH_COMPRESSING else None
    if coding:
        body = _compressed(body, coding)
        response.headers["Content-Encoding"] = coding
    response.set_data(body)
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])


def _chunks(place: Path) -> Iterator[bytes]:
    """A file, a piece at a time."""
    with place.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _coding(accepted: Accept) -> Coding | None:
    """The coding that the client likes best (RFC 9110, 12.5.3); the smaller one where it likes both the same."""
    qualities: dict[Coding, float] = {"br": accepted["br"], "gzip": accepted["gzip"]}
    best = max(qualities, key=lambda coding: qualities[coding])
    identity = accepted["identity"] if "identity" in accepted.values() else 0
    return best if qualities[best] > 0 and qualities[best] >= identity else None


_compressed = lru_cache(maxsize=_KEPT)(compress)


def _redirect(rules: _ServingRules, path: str, status: int = 301) -> Response:
    """To a path of the site."""
    response = _refusal(status, f"this is at {rules.base}{path}", Location=quote(rules.base + path))
    response.headers["Cache-Control"] = rules.cache_control
    return response


def _refusal(status: int, reason: str, **headers: str) -> Response:
    """An answer that is no document, with a line for people."""
    line = f"{status} {HTTPStatus(status).phrase}"
    response = Response(status=line, headers={"Cache-Control": "no-store", **headers}, mimetype="text/plain")
    response.set_data(f"{line}: {reason}\n")
    return response


def _served(request: Request, response: Response) -> Served:
    path = quote(request.environ.get("PATH_INFO", "").encode("latin-1"))
    has_body = request.method != "HEAD" and response.status_code != HTTPStatus.NOT_MODIFIED
    return Served(request.method, path, response.status_code, response.content_length or 0 if has_body else 0)
