"""Configurations that make a web server or hosting service serve the output folder like `feeds serve`."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from feeds.errors import HostingError, quoted
from feeds.http.codings import EXTENSIONS
from feeds.http.headers import cache_control
from feeds.http.media_types import CHARSET, CORS_TYPES, TYPES, content_type, is_text, media_type
from feeds.models import ALL_FORMATS, INDEX, MANIFEST
from feeds.serving.hosting import quoting
from feeds.serving.hosting.kinds import KINDS
from feeds.serving.redirects import gone_paths, moved_feeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from feeds.config.schema import Config
    from feeds.models import Coding
    from feeds.output.manifest import Manifest
    from feeds.serving.redirects import MovedFeed


#: Control characters, which could end a value, and surrogates, which stand for bytes that are not UTF-8.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

_LISTEN = re.compile(r"(?:(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\]|\*)?:)?(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True)
class Folders:
    """The paths of a site's configuration, output and cache, relative to the root of its repository."""

    config: str = "config/feeds.yaml"
    output: str = "output"
    cache: str = ".feeds"

    @property
    def options(self) -> str:
        """The command-line options for paths that differ from the defaults, each with a leading space."""
        options = (("--config", self.config, Folders.config), ("--output", self.output, Folders.output))
        return "".join(f" {option} {shlex.quote(path)}" for option, path, default in options if path != default)


@dataclass(frozen=True)
class Listen:
    """The host and port that a server listens on instead of its public ones. An empty host means all interfaces."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.host else str(self.port)


@dataclass(frozen=True)
class _Route:
    """A request path and what it leads to.

    `path` is decoded, with a leading slash. `target` is a URL, or a path below the site, percent-encoded.
    """

    path: str
    target: str


@dataclass(frozen=True)
class _ServedSite:
    """The values that templates call `site`. Paths are decoded, with a leading slash; targets are percent-encoded."""

    base_url: str
    scheme: str
    host: str
    port: int | None
    #: The path of `base_url`, with a slash at both ends: decoded, and percent-encoded.
    prefix: str
    target_prefix: str
    root: str
    listen: Listen | None
    cache_control: str
    codings: tuple[Coding, ...]
    hub: str | None
    #: Redirects of documents and pages, and of folders of archives.
    redirects: tuple[_Route, ...]
    archives: tuple[_Route, ...]
    #: Removed documents. The target is the file that is served if the document comes back (not percent-encoded).
    gone: tuple[_Route, ...]
    #: Feed documents. The target is their URL.
    subscribed: tuple[_Route, ...]
    #: Paths and patterns of JSON Feeds, as Netlify writes them.
    json_feeds: tuple[str, ...]

    @property
    def selves(self) -> list[_Route]:
        """The feed documents whose URL is not just `base_url` followed by their path: it has percent-encodings."""
        return [route for route in self.subscribed if f"{self.base_url}{route.path[1:]}" != route.target]


def parse_listen(text: str) -> Listen:
    """Parse the value of `--listen`, a port or `host:port`; raise HostingError if it is neither."""
    match = _LISTEN.fullmatch(text)
    if not match or not 0 <= int(match["port"]) < 2**16:
        raise HostingError(f"{quoted(text)} is no address to listen on; expected one such as 127.0.0.1:8080 or 8080")
    return Listen("" if match["host"] in {None, "*"} else match["host"], int(match["port"]))


def render_hosting(
    kind: str,
    config: Config,
    manifest: Manifest,
    *,
    root: str,
    listen: Listen | None = None,
    folders: Folders = Folders(),  # frozen
) -> tuple[str, str]:
    """Return the path and the text of the configuration file with which a kind of server serves the folder `root`.

    Raise HostingError if `root` is relative, or if the server would not take a value literally.
    """
    if not (PurePosixPath(root).is_absolute() or PureWindowsPath(root).is_absolute()):
        raise HostingError(f"{quoted(root)} is a relative path; expected that of the output folder from the top")
    _check_characters((root, folders.config, folders.output, folders.cache))
    site = _describe_site(config, manifest, root, listen)
    module = _environment().get_template(KINDS[kind]).make_module({"site": site, "folders": folders})
    path: str = vars(module)["path"]
    return path, str(module)


def folders_of(config: Config, output: Path) -> Folders:
    """Return the paths of a site, relative to the folder above that of its configuration; outside it, the defaults."""
    site = config.path.parent.parent
    return Folders(
        config=_relative_path(config.path, site) or Folders.config,
        output=_relative_path(output, site) or Folders.output,
        cache=_relative_path(config.default_cache, site) or Folders.cache,
    )


def _relative_path(path: Path, folder: Path) -> str | None:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


def _describe_site(config: Config, manifest: Manifest, root: str, listen: Listen | None) -> _ServedSite:
    """Collect the values for a template; raise HostingError if one contains a forbidden character."""
    url = urlsplit(config.base_url)
    moved = moved_feeds(config, manifest)
    gone = gone_paths(manifest, moved)
    site = _ServedSite(
        base_url=config.base_url,
        scheme=url.scheme,
        host=url.netloc.rpartition("@")[2].removesuffix(f":{url.port}"),
        port=url.port,
        prefix=unquote(url.path),
        target_prefix=url.path,
        root=root.rstrip("/") or "/",
        listen=listen,
        cache_control=cache_control(config),
        codings=config.codings,
        hub=config.hub,
        redirects=tuple({route.path: route for route in _redirects(moved)}.values()),
        archives=tuple(_Route(f"/{feed.old_path}/archive/", f"{quote(feed.new_path)}/archive/") for feed in moved),
        gone=tuple(_Route(f"/{path}", f"{path}{INDEX if path.endswith('/') else ''}") for path in gone),
        subscribed=tuple(
            _Route(f"/{record.path}", f"{config.base_url}{quote(record.path)}")
            for record in manifest.documents
            if record.subscribed
        ),
        json_feeds=tuple(sorted({"/all.json", "/topics/*.json", "/providers/*.json", *_json_feeds(manifest)})),
    )
    _check_characters((site.base_url, site.prefix, site.hub or ""))
    for routes in (site.redirects, site.archives, site.gone, site.subscribed):
        _check_characters(text for route in routes for text in (route.path, route.target))
    return site


def _redirects(moved: Sequence[MovedFeed]) -> Iterator[_Route]:
    """Yield the redirects of documents and pages. The page's path without a slash leads to the one with it."""
    for feed in moved:
        for suffix in (*(f".{name}" for name in feed.formats), "/", ""):
            location = feed.location(feed.old_path + suffix)
            if location is not None:
                yield _Route(f"/{feed.old_path}{suffix}", quote(location))


def _json_feeds(manifest: Manifest) -> Iterator[str]:
    for record in manifest.documents:
        if record.subscribed == "json":
            folder, slash, _ = record.path.rpartition("/")
            yield f"/{folder}/*.json" if slash else f"/{record.path}"


def _check_characters(values: Iterable[str]) -> None:
    for value in values:
        if _FORBIDDEN.search(value):
            expected = "expected neither in a server's configuration"
            raise HostingError(f"{quoted(value)} holds a control character or what is not UTF-8; {expected}")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("feeds.serving.hosting"),
        autoescape=False,  # noqa: S701  # not HTML: the filters quote each value for its server
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {function.__name__: function for function in quoting.FILTERS}
    environment.tests["plain"] = quoting.is_plain
    environment.globals |= {
        "charset": CHARSET,
        "coding_extensions": EXTENSIONS,
        "content_types": {extension: content_type(type_) for extension, type_ in TYPES.items()},
        "extensions": {type_: [name for name in TYPES if TYPES[name] == type_] for type_ in TYPES.values()},
        "formats": ALL_FORMATS,
        "manifest": MANIFEST,
        "manifest_type": media_type(MANIFEST),
        "shared": [extension for extension, type_ in TYPES.items() if type_ in CORS_TYPES],
        "text_types": sorted({media_type(MANIFEST), *filter(is_text, TYPES.values())}),
    }
    return environment
