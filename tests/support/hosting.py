"""The web servers that tests start with the configurations of `feeds hosting`, and output that they serve."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.servers import APACHE, CADDY, NGINX, start_apache, start_caddy, start_nginx

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAMS = {"nginx": NGINX, "caddy": CADDY, "apache": APACHE}
#: Start a server in a folder with the text of a configuration.
STARTS: dict[str, Any] = {"nginx": start_nginx, "caddy": start_caddy, "apache": start_apache}


def _skip_if_missing(kind: str) -> pytest.MarkDecorator:
    package = {"apache": "apache2"}.get(kind, kind)
    return pytest.mark.skipif(
        _PROGRAMS[kind] is None, reason=f"{kind} is not installed (Debian: apt-get install {package})"
    )


#: Parameters of a test or fixture: each kind of server, skipped if it is not installed.
EACH = [pytest.param(kind, marks=_skip_if_missing(kind), id=kind) for kind in _PROGRAMS]


def date_back(output: Path) -> None:
    """Set the mtime of all files to the past. Servers may omit Last-Modified for a file that has just changed."""
    for file in output.rglob("*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
