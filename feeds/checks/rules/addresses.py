"""URLs in documents (RFC 3986). Those in HTML are a matter of html.py."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from feeds.checks.rules.rule import Rule

if TYPE_CHECKING:
    import datetime as dt

    from feeds.text.iris import Violation


RULES = (
    Rule(
        "bad-address",
        "error",
        "An address is not valid, or neither http nor https.",
        "Readers cannot open it, and validators refuse it.",
        "RFC 3986",
    ),
    Rule(
        "unusual-host",
        "warning",
        "A host is a number of IPv6; that of an enclosure has no public name, or the address has a user or no path.",
        "Others cannot download from `localhost`, and validators refuse names without a dot, with `_` or a dot behind.",
        "RSS 2.0 specification, <enclosure>; the feed validator's InvalidURLAttribute",
    ),
    Rule(
        "relative-address",
        "error",
        "An address is relative.",
        "A reader shows the entry far from the page that it is relative to.",
        "RSS profile, <description>; RFC 4287, 3.1.1.2",
    ),
)
#: The same URLs occur in many entries and feeds.
_CACHE_SIZE = 50_000
#: RFC 3986, 3.1.
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
#: The characters of a URL (RFC 3986, 2); square brackets only surround an IPv6 address (3.2.2).
_CHARACTERS = re.compile(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_HTTP = re.compile(r"https?://(?:[^/?#@\s]+@)?([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d+)?(?=[/?#]|$)", re.IGNORECASE)
#: A URL whose host is a public name or an IPv4 address, with a path.
_PUBLIC = re.compile(r"https?://(?:(?:[a-z0-9-]+\.)+|(?:\d{1,3}\.){3})[a-z0-9][a-z0-9-]*(?::\d+)?/", re.IGNORECASE)


def address(value: str, _: dt.datetime) -> Violation | None:
    """An absolute http or https URL."""
    return _check_address(value)


@lru_cache(_CACHE_SIZE)
def _check_address(value: str) -> Violation | None:
    if not SCHEME.match(value):
        return "relative-address", "an absolute address"
    match = _HTTP.match(value)
    if not match or not _CHARACTERS.fullmatch(value[: match.start(1)] + value[match.end(1) :]):
        return "bad-address", "an http or https address, valid by RFC 3986"
    return ("unusual-host", "the name of a host") if match[1].startswith("[") else None


def enclosure_address(value: str, _: dt.datetime) -> Violation | None:
    """The URL of an enclosure, from which everybody can download."""
    violation = _check_address(value)
    if not violation and not _PUBLIC.match(value):
        return "unusual-host", "a public name, such as img.example.com, and a path"
    return violation
