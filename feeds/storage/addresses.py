"""URLs of object stores, such as `s3://bucket/feeds`."""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from feeds.errors import mask_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADDRESS = r"([a-z][a-z0-9+.-]*)://([^/?#]+)(/[^?#]*)?"  # compiled when the first URL is checked
_EXPECTED = "expected an address such as s3://bucket/folder"


class Store(Protocol):
    """A module of `feeds.storage.stores`."""

    SCHEMES: tuple[str, ...]
    EXTRA: str

    def write_options(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """The keyword arguments of fsspec's `pipe_file` that give an object its headers."""


@cache
def stores() -> dict[str, Store]:
    """The stores by URL scheme: every module of `feeds.storage.stores`."""
    package = import_module("feeds.storage.stores")
    found: dict[str, Store] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        store: Any = import_module(module.name)
        found |= dict.fromkeys(store.SCHEMES, store)
    return found


def is_address(place: str) -> bool:
    """Whether this is the URL of an object store rather than a path."""
    return "://" in place


def scheme_of(address: str) -> str:
    """The scheme of a URL in lower case."""
    return address.partition("://")[0].lower()


def store_of(address: str) -> Store:
    """The store of a URL whose scheme is known."""
    return stores()[scheme_of(address)]


def wrong_address(address: str) -> str | None:
    """The end of a message about the URL of a folder, or None if it is valid. The folder may not exist."""
    if mask_credentials(address) != address:
        return "has credentials in it; expected them where the other clients of the store find them"
    match = re.fullmatch(_ADDRESS, address, re.IGNORECASE)
    if not match:
        return f"is no address of an object store; {_EXPECTED}"
    scheme, path = match[1].lower(), match[3] or ""
    if scheme not in stores():
        return f"has the scheme {scheme}; expected one of {', '.join(sorted(stores()))}"
    parts = path.strip("/").split("/") if path.strip("/") else []
    has_invalid_parts = "//" in path or not {".", ".."}.isdisjoint(parts)
    return "has empty parts or dots for parts; expected none" if has_invalid_parts else None
