"""Addresses of object stores, such as `s3://bucket/feeds`, and their schemes. What is behind them is in `storage`."""

from __future__ import annotations

import re

from feeds.errors import mask_credentials

#: The schemes of addresses, each with what is to be installed for it.
EXTRAS = {"s3": "s3", "gs": "gs", "gcs": "gs", "abfs": "abfs", "abfss": "abfs", "az": "abfs", "memory": "memory"}

_ADDRESS = r"([a-z][a-z0-9+.-]*)://([^/?#]+)(/[^?#]*)?"  # compiled where there is one

_EXPECTED = "expected an address such as s3://bucket/folder"


def is_address(place: str) -> bool:
    """Whether that is the address of an object store, and no path."""
    return "://" in place


def wrong_address(address: str) -> str | None:
    """What is wrong with the address of a folder, as a part of a sentence; that it is there is not asked."""
    if mask_credentials(address) != address:
        return "has credentials in it; expected them where the other clients of the store find them"
    found = re.fullmatch(_ADDRESS, address, re.IGNORECASE)
    if not found:
        return f"is no address of an object store; {_EXPECTED}"
    scheme, path = found[1].lower(), found[3] or ""
    if scheme not in EXTRAS:
        return f"has the scheme {scheme}; expected one of {', '.join(sorted(EXTRAS))}"
    parts = path.strip("/").split("/") if path.strip("/") else []
    has_odd_parts = "//" in path or not {".", ".."}.isdisjoint(parts)
    return "has empty parts or dots for parts; expected none" if has_odd_parts else None
