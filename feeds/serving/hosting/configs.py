"""Configurations of web servers and hosts that serve the output folder right, as `web` says what that is."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import quote, unquote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from feeds.errors import HostingError, quoted
from feeds.http.codings import EXTENSIONS
from feeds.http.headers import cache_control
from feeds.http.media_types import CHARSET, SHARED, TYPES, content_type, is_text, media_type
from feeds.models import ALL_FORMATS, INDEX, MANIFEST
from feeds.serving.hosting import quoting
from feeds.serving.redirects import gone, moves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from feeds.config.schema import Config
    from feeds.models import Coding
    from feeds.output.manifest import Manifest
    from feeds.serving.redirects import Move


HostKind = Literal["nginx", "caddy", "apache", "netlify", "github-pages"]

KINDS: tuple[HostKind, ...] = get_args(HostKind)

#: The template of each kind, and what its file is called below the folder that it is written to.
_FILES: Mapping[HostKind, tuple[str, str]] = {
    "nginx": ("nginx.conf", "feeds.conf"),
    "caddy": ("Caddyfile", "Caddyfile"),
    "apache": ("apache.conf", "feeds.conf"),
    "netlify": ("netlify.toml", "netlify.toml"),
    "github-pages": ("github-pages.yml", ".github/workflows/feeds.yml"),
}

#: What would not stay a value: controls, and bytes that are not UTF-8, which are surrogates here.
_NOT_WRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

_LISTEN = re.compile(r"(?:(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\]|\*)?:)?(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True)
class Folders:
    """Where a site is kept, as a host's job sees it: paths relative to the root of its repository."""

    config: str = "config/feeds.yaml"
    output: str = "output"
    cache: str = ".feeds"

    @property
    def options(self) -> str:
        """What tells a command of the folders that are not where it looks for them."""
        given = (("--config", self.config, Folders.config), ("--output", self.output, Folders.output))
        return "".join(f" {option} {shlex.quote(path)}" for option, path, usual in given if path != usual)


@dataclass(frozen=True)
class Listen:
    """What a server listens on in place of its public address. Without a host, everywhere."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.host else str(self.port)


@dataclass(frozen=True)
class _Address:
    """An address that is known for what it is: a path of a request, decoded, and a valid address or its path."""

    path: str
    target: str


@dataclass(frozen=True)
class _Setup:
    """What the templates are made of. Paths begin with a slash and are decoded; targets are percent-encoded."""

    base_url: str
    scheme: str
    host: str
    port: int | None
    #: The path of `base_url`, with a slash at both ends, decoded and as it is in addresses.
    prefix: str
    target_prefix: str
    root: str
    listen: Listen | None
    cache_control: str
    codings: tuple[Coding, ...]
    hub: str | None
    #: From where to where: documents and pages, and folders of archives.
    redirects: tuple[_Address, ...]
    archives: tuple[_Address, ...]
    #: What is gone, and the file that would be sent if it came back.
    gone: tuple[_Address, ...]
    #: The addresses of the documents that people subscribe to.
    subscribed: tuple[_Address, ...]
    #: Where JSON Feeds are, as Netlify's rules name them.
    json_feeds: tuple[str, ...]

    @property
    def selves(self) -> list[_Address]:
        """Those whose path is not simply behind the address of the site."""
        return [address for address in self.subscribed if f"{self.base_url}{address.path[1:]}" != address.target]


def parse_listen(text: str) -> Listen:
    """What `--listen` says: a port, or a host and a port; raises HostingError."""
    match = _LISTEN.fullmatch(text)
    if not match or not 0 <= int(match["port"]) < 2**16:
        raise HostingError(f"{quoted(text)} is no address to listen on; expected one such as 127.0.0.1:8080 or 8080")
    return Listen("" if match["host"] in {None, "*"} else match["host"], int(match["port"]))


def render_hosting(
    kind: HostKind,
    config: Config,
    manifest: Manifest,
    *,
    root: str,
    listen: Listen | None = None,
    folders: Folders = Folders(),  # frozen
) -> tuple[str, str]:
    """The file that makes a server or host serve what lies in the folder `root`: its usual path, and its text.

    Raises HostingError where a value cannot be written into its configuration.
    """
    if not (PurePosixPath(root).is_absolute() or PureWindowsPath(root).is_absolute()):
        raise HostingError(f"{quoted(root)} is a relative path; expected that of the output folder from the top")
    _check_lines((root, folders.config, folders.output, folders.cache))
    setup = _setup(config, manifest, root, listen)
    template, path = _FILES[kind]
    return path, _environment().get_template(template).render(site=setup, folders=folders)


def folders_of(config: Config, output: Path) -> Folders:
    """Where a site is kept that is laid out as `feeds init` does it, or with another output folder."""
    site = config.path.parent.parent
    return Folders(
        config=_below(config.path, site) or Folders.config,
        output=_below(output, site) or Folders.output,
        cache=_below(config.default_cache, site) or Folders.cache,
    )


def _below(path: Path, folder: Path) -> str | None:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


def _setup(config: Config, manifest: Manifest, root: str, listen: Listen | None) -> _Setup:
    parts = urlsplit(config.base_url)
    moved = moves(config, manifest)
    return _checked(
        _Setup(
            base_url=config.base_url,
            scheme=parts.scheme,
            host=parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}"),
            port=parts.port,
            prefix=unquote(parts.path),
            target_prefix=parts.path,
            root=root.rstrip("/") or "/",
            listen=listen,
            cache_control=cache_control(config),
            codings=config.codings,
            hub=config.hub,
            redirects=tuple({address.path: address for address in _redirects(moved)}.values()),
            archives=tuple(_Address(f"/{move.old}/archive/", f"{quote(move.new)}/archive/") for move in moved),
            gone=tuple(
                _Address(f"/{path}", f"{path}{INDEX if path.endswith('/') else ''}") for path in gone(manifest, moved)
            ),
            subscribed=tuple(_subscribed(config, manifest)),
            json_feeds=tuple(sorted({"/all.json", "/topics/*.json", "/providers/*.json", *_json_feeds(manifest)})),
        )
    )


def _redirects(moved: Sequence[Move]) -> Iterator[_Address]:
    for move in moved:
        for rest in (*(f".{name}" for name in move.formats), "/", ""):
            target = move.target(move.old + rest)
            if target is not None:
                yield _Address(f"/{move.old}{rest}", quote(target if rest else f"{target.rstrip('/')}/"))


def _subscribed(config: Config, manifest: Manifest) -> Iterator[_Address]:
    for record in manifest.documents:
        if record.subscribed:
            yield _Address(f"/{record.path}", f"{config.base_url}{quote(record.path)}")


def _json_feeds(manifest: Manifest) -> Iterator[str]:
    for record in manifest.documents:
        if record.subscribed == "json":
            folder, slash, _ = record.path.rpartition("/")
            yield f"/{folder}/*.json" if slash else f"/{record.path}"


def _checked(setup: _Setup) -> _Setup:
    """The same; raises HostingError where a line or worse would end in it."""
    _check_lines((setup.base_url, setup.prefix, setup.hub or ""))
    for addresses in (setup.redirects, setup.archives, setup.gone, setup.subscribed):
        _check_lines(text for address in addresses for text in (address.path, address.target))
    return setup


def _check_lines(values: Iterable[str]) -> None:
    for value in values:
        if _NOT_WRITABLE.search(value):
            expected = "expected neither in a server's configuration"
            raise HostingError(f"{quoted(value)} holds a control character or what is not UTF-8; {expected}")


def _extensions() -> dict[str, list[str]]:
    """The extensions of each media type."""
    found: dict[str, list[str]] = defaultdict(list)
    for extension, type_ in TYPES.items():
        found[type_].append(extension)
    return dict(found)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("feeds.serving.hosting"),
        autoescape=False,  # noqa: S701  # no HTML: each value is quoted for the server that reads it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    names = "nginx caddy caddy_folder caddy_output caddy_pattern apache apache_substitution apache_header toml pattern"
    environment.filters |= {name: getattr(quoting, name) for name in names.split()}
    environment.tests |= {"plain": quoting.is_plain}
    environment.globals |= {
        "charset": CHARSET,
        "coding_extensions": EXTENSIONS,
        "content_types": {extension: content_type(type_) for extension, type_ in TYPES.items()},
        "extensions": _extensions(),
        "formats": ALL_FORMATS,
        "manifest": MANIFEST,
        "manifest_type": media_type(MANIFEST),
        "shared": [extension for extension, type_ in TYPES.items() if type_ in SHARED],
        "text_types": sorted({media_type(MANIFEST), *filter(is_text, TYPES.values())}),
    }
    return environment
