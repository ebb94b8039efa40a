"""Addresses: made absolute and valid, and reduced to the form that identifies a story.

Parsing is that of the browsers (WHATWG URL); what it leaves in that RFC 3986 does not allow is percent-encoded, so
that every reader and validator takes the address.
"""

from __future__ import annotations

import re
from functools import lru_cache

import can_ada

from feeds.text.characters import decode_entities

_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")

#: Of a label there is one way only to be read, lest those of a long name be tried in all combinations.
_LABEL = r"[_-]*[a-z0-9][a-z0-9_-]*"

_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]")

_WWW = re.compile(r"(?:www\.)+")

_IPV4 = re.compile(r"\d+(?:\.\d+){3}")

#: The usual case, which needs no work: a lower-case host, and characters that are allowed everywhere.
_PLAIN = re.compile(
    r"https?://[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+/(?:[A-Za-z0-9_~!$*,;:@+=?&/-]++|\.(?!\.?(?:[/?]|$)))*+(?<!\?)"
)

#: An address whose scheme was left out: `//host/path`, `www.host/path` or `host.com/path`.
_NO_SCHEME = re.compile(r"(?://|www\.|(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|io)(?=[/:?#]|$))", re.IGNORECASE)

#: An ampersand, encoded once or several times over.
_AMPERSAND = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+", re.IGNORECASE)

_NOT_ALLOWED = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]")

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

_TRACKING = re.compile(
    r"(?:utm_[^=]*|fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh"
    r"|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|vero_id|oly_anon_id|oly_enc_id|wickedid|rb_clickid|s_cid)(?:=|$)",
    re.IGNORECASE,
)

#: Of how many domains is remembered whether they are valid: providers publish many stories.
_REMEMBERED = 10_000


def absolute_url(value: str, base: str | None = None) -> str | None:
    """The http or https address that `value` stands for, valid by RFC 3986; None where there is none.

    HTML entities are decoded, however often they were encoded, and spaces and letters beyond ASCII are encoded. A
    relative address is resolved against `base`; without one, or as a mere fragment, it stands for nothing. Nor does
    what would come out as an address with entities still in it: whoever decoded it would be led elsewhere.
    """
    value = _decoded(value)
    address = value if _PLAIN.fullmatch(value) and "xn--" not in value else _resolved(value, base)
    return address if address and _decoded(address) == address else None


def is_relative(value: str) -> bool:
    """Whether `value`, no address by itself, would be one with a base."""
    return (
        "://" not in value and absolute_url(value) is None and absolute_url(value, "https://example.com/") is not None
    )


def canonical_url(url: str) -> str:
    """What identifies the story at `url`, an address that `absolute_url` gave.

    https, the host without `www.` and default port, no fragment, no tracking parameters, no trailing slash, escapes in
    their normal form (RFC 3986, 6.2.2); the rest of the query as it is.
    """
    if _PLAIN.fullmatch(url):  # and so is in its normal form
        host, _, rest = url.partition("://")[2].partition("/")
        path, _, query = rest.partition("?")
        return _canonical(_without_www(host), f"/{path}", query)
    parsed = can_ada.parse(url)
    port = f":{parsed.port}" if parsed.port not in {"", "80", "443"} else ""
    return _canonical(f"{_domain(parsed)}{port}", _normal(parsed.pathname), _normal(parsed.search).removeprefix("?"))


def domain_of(url: str) -> str:
    """The domain of the provider at `url`, an address that `absolute_url` gave: its host without `www.`."""
    return _domain(can_ada.parse(url))


@lru_cache(_REMEMBERED)
def valid_domain(text: str) -> str | None:
    """The domain that `text` stands for, a host or an address; None where it is neither."""
    if (text.startswith("/") and not text.startswith("//")) or "%" in text:
        return None
    url = absolute_url(text if "//" in text else f"https://{text}")
    domain = domain_of(url) if url else ""
    is_number = _IPV4.fullmatch(domain) and domain not in text  # to a browser, 12 is 0.0.0.12
    return domain if _DOMAIN.fullmatch(domain) and not is_number else None


def _decoded(value: str) -> str:
    return decode_entities(_AMPERSAND.sub("&", value)) if "&" in value else value


def _resolved(value: str, base: str | None) -> str | None:
    value = value.strip()
    if not value or value.startswith("#"):
        return None
    if _NO_SCHEME.match(value):
        value = "https://" + value.removeprefix("//")
    parsed = _parse(value, base)
    if parsed is None or parsed.protocol not in {"http:", "https:"} or not _HOST.fullmatch(parsed.hostname):
        return None
    fragment = parsed.hash[:1] + parsed.hash[1:].replace("#", "%23")
    rest = _NOT_ALLOWED.sub(_encode, f"{parsed.pathname}{parsed.search}{fragment}")
    return f"{parsed.protocol}//{parsed.host}{rest}"


def _parse(value: str, base: str | None) -> can_ada.URL | None:
    try:
        return can_ada.parse(base) + value if base else can_ada.parse(value)
    except (ValueError, TypeError):  # TypeError: a lone surrogate is no text to it
        return None


def _domain(url: can_ada.URL) -> str:
    return _without_www(url.hostname.rstrip("."))


def _without_www(host: str) -> str:
    """The host without `www.`, which stays where it is the domain itself."""
    found = _WWW.match(host)
    if not found:
        return host
    rest = host[found.end() :]
    return rest if "." in rest else f"www.{rest}"


def _canonical(host: str, path: str, query: str) -> str:
    address = f"https://{host}{path.rstrip('/') or '/'}"
    kept = [parameter for parameter in query.split("&") if parameter and not _TRACKING.match(parameter)]
    return f"{address}?{'&'.join(kept)}" if kept else address


def _normal(part: str) -> str:
    """A path or query in its normal form."""
    return _ESCAPE.sub(_normal_escape, _NOT_ALLOWED.sub(_encode, part))


def _encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
