"""Addresses: made absolute and valid, and reduced to the form that identifies a story.

Parsing is that of the browsers (WHATWG URL); what it leaves in that RFC 3986 does not allow is percent-encoded, so
that every reader and validator takes the address.
"""

from __future__ import annotations

import re

import can_ada

from feeds.markup import decode_entities

_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")
#: The usual case, which needs no work: a lower-case host, and characters that are allowed everywhere.
_PLAIN = re.compile(r"https?://[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+/(?:[A-Za-z0-9_~!$*,;:@+=?&-]|\.(?!\.?(?:/|$))|/)*")
#: An address whose scheme was left out: `//host/path`, `www.host/path` or `host.com/path`.
_NO_SCHEME = re.compile(r"(?://|www\.|(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|io)(?=[/:?#]|$))", re.IGNORECASE)
_NOT_ALLOWED = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_TRACKING = re.compile(
    r"(?:utm_[^=]*|fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh"
    r"|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|vero_id|oly_anon_id|oly_enc_id|wickedid|rb_clickid|s_cid)(?:=|$)",
    re.IGNORECASE,
)


def absolute_url(value: str, base: str | None = None) -> str | None:
    """The http or https address that `value` stands for, valid by RFC 3986; None where there is none.

    HTML entities are decoded and spaces and letters beyond ASCII encoded. A relative address is resolved against
    `base`; without one it stands for nothing.
    """
    value = decode_entities(value).strip()
    if _PLAIN.fullmatch(value):
        return value
    if _NO_SCHEME.match(value):
        value = "https://" + value.removeprefix("//")
    parsed = _parse(value, base)
    if parsed is None or parsed.protocol not in {"http:", "https:"} or not _HOST.fullmatch(parsed.hostname):
        return None
    origin = f"{parsed.protocol}//{parsed.host}"
    return origin + _NOT_ALLOWED.sub(_encode, f"{parsed.pathname}{parsed.search}{parsed.hash}")


def canonical_url(url: str) -> str:
    """What identifies the story at `url`, an address that `absolute_url` gave.

    https, the host without `www.` and default port, no fragment, no tracking parameters, no trailing slash, escapes in
    their normal form (RFC 3986, 6.2.2); the rest of the query as it is.
    """
    parsed = can_ada.parse(url)
    port = f":{parsed.port}" if parsed.port else ""
    host = _without_www(parsed.hostname).rstrip(".")
    path = parsed.pathname.rstrip("/")
    parameters = parsed.search.removeprefix("?").split("&")
    query = "&".join(parameter for parameter in parameters if parameter and not _TRACKING.match(parameter))
    rest = _NOT_ALLOWED.sub(_encode, path + (f"?{query}" if query else ""))
    if not rest.startswith("/"):
        rest = "/" + rest
    return f"https://{host}{_default_port(port)}{_ESCAPE.sub(_normal_escape, rest)}"


def domain_of(url: str) -> str:
    """The domain of the provider at `url`, an address that `absolute_url` gave: its host without `www.`."""
    return _without_www(can_ada.parse(url).hostname).rstrip(".")


def valid_domain(text: str) -> str | None:
    """The domain that `text` stands for, a host or an address; None where it is neither."""
    url = absolute_url(text if "//" in text else f"https://{text}")
    return domain_of(url) if url and "%" not in text else None


def _parse(value: str, base: str | None) -> can_ada.URL | None:
    try:
        return can_ada.parse(base) + value if base else can_ada.parse(value)
    except (ValueError, UnicodeEncodeError):
        return None


def _without_www(host: str) -> str:
    rest = host.removeprefix("www.")
    return rest if "." in rest else host


def _default_port(port: str) -> str:
    return "" if port in {":80", ":443"} else port


def _encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
