"""URLs made absolute and valid, and reduced to the canonical form that identifies a story.

URLs are parsed as browsers do (WHATWG URL). Characters that this parser leaves and RFC 3986 does not allow are
percent-encoded, so that every reader and validator accepts the URL.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache

import can_ada

from feeds.text.characters import decode_entities

#: A percent-encoded byte (RFC 3986, 2.1), and the characters that need no encoding (2.3).
PERCENT_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset(f"{string.ascii_letters}{string.digits}-._~")
_NOT_ALLOWED = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]")

_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")
#: A label matches in one way only; otherwise a long name would be tried in every combination.
_LABEL = r"[_-]*[a-z0-9][a-z0-9_-]*"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]")
_WWW = re.compile(r"(?:www\.)+")
_IPV4 = re.compile(r"\d+(?:\.\d+){3}")
#: The usual URL, which is valid as it is: a lower-case host, and characters that are allowed everywhere.
_PLAIN = re.compile(
    r"https?://[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+/(?:[A-Za-z0-9_~!$*,;:@+=?&/-]++|\.(?!\.?(?:[/?]|$)))*+(?<!\?)"
)
#: A URL without its scheme: `//host/path`, `www.host/path` or `host.com/path`.
_NO_SCHEME = re.compile(r"(?://|www\.|(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|io)(?=[/:?#]|$))", re.IGNORECASE)
#: An ampersand that was encoded once or several times.
_AMPERSAND = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+", re.IGNORECASE)
_TRACKING = re.compile(
    r"(?:utm_[^=]*|fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh"
    r"|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|vero_id|oly_anon_id|oly_enc_id|wickedid|rb_clickid|s_cid)(?:=|$)",
    re.IGNORECASE,
)
#: Providers publish many stories.
_DOMAIN_CACHE_SIZE = 10_000


def absolute_url(value: str, base: str | None = None) -> str | None:
    """Return the absolute http or https URL that `value` stands for, valid by RFC 3986, or None.

    HTML entities are decoded, also if they were encoded several times; spaces and non-ASCII characters are
    percent-encoded. A relative URL is resolved against `base`. Without a base it gives None, and so does a mere
    fragment, or a URL in which entities would remain: a program that decodes them would reach another URL.
    """
    value = _decode(value)
    url = value if _PLAIN.fullmatch(value) and "xn--" not in value else _resolve(value, base)
    return url if url and _decode(url) == url else None


def resolve_reference(reference: str, base: str) -> str | None:
    """Return the http or https URL of a reference in the document at `base` (RFC 3986, 5), valid by RFC 3986, or None.

    It is read as browsers read it: `readme.org` is a file beside the document, and `#part` a part of it.
    """
    url = _join(reference.strip(), base)
    return url if url and _decode(url) == url else None


def is_relative(value: str) -> bool:
    """Whether `value` is a URL only together with a base."""
    return (
        "://" not in value and absolute_url(value) is None and absolute_url(value, "https://example.com/") is not None
    )


def canonical_url(url: str) -> str:
    """Return the canonical form of `url`, a result of `absolute_url`. It identifies the story.

    https; no `www.`, default port, fragment, tracking parameters or trailing slash; percent-encoding in normal form
    (RFC 3986, 6.2.2); the other parameters of the query in their order.
    """
    if _PLAIN.fullmatch(url):  # its percent-encoding is in normal form: it has none
        host, _, rest = url.partition("://")[2].partition("/")
        path, _, query = rest.partition("?")
        return _join_canonical(_without_www(host), f"/{path}", query)
    parsed = can_ada.parse(url)
    port = f":{parsed.port}" if parsed.port not in {"", "80", "443"} else ""
    query = _normalize_escapes(parsed.search).removeprefix("?")
    return _join_canonical(f"{_domain(parsed)}{port}", _normalize_escapes(parsed.pathname), query)


def domain_of(url: str) -> str:
    """Return the provider's domain of `url`, a result of `absolute_url`: the host without `www.`."""
    return _domain(can_ada.parse(url))


@lru_cache(_DOMAIN_CACHE_SIZE)
def valid_domain(text: str) -> str | None:
    """Return the domain that `text`, a host or a URL, stands for, or None if it is neither."""
    if (text.startswith("/") and not text.startswith("//")) or "%" in text:
        return None
    url = absolute_url(text if "//" in text else f"https://{text}")
    domain = domain_of(url) if url else ""
    is_number = _IPV4.fullmatch(domain) and domain not in text  # browsers read 12 as 0.0.0.12
    return domain if _DOMAIN.fullmatch(domain) and not is_number else None


def _decode(value: str) -> str:
    return decode_entities(_AMPERSAND.sub("&", value)) if "&" in value else value


def _resolve(value: str, base: str | None) -> str | None:
    value = value.strip()
    if not value or value.startswith("#"):
        return None
    if _NO_SCHEME.match(value):
        value = "https://" + value.removeprefix("//")
    return _join(value, base)


def _join(value: str, base: str | None) -> str | None:
    try:
        parsed = can_ada.parse(base) + value if base else can_ada.parse(value)
    except (ValueError, TypeError):  # TypeError: can_ada does not accept a lone surrogate
        return None
    if parsed.protocol not in {"http:", "https:"} or not _HOST.fullmatch(parsed.hostname):
        return None
    fragment = parsed.hash[:1] + parsed.hash[1:].replace("#", "%23")
    rest = _NOT_ALLOWED.sub(_percent_encode, f"{parsed.pathname}{parsed.search}{fragment}")
    return f"{parsed.protocol}//{parsed.host}{rest}"


def _domain(url: can_ada.URL) -> str:
    return _without_www(url.hostname.rstrip("."))


def _without_www(host: str) -> str:
    """Return the host without `www.`, unless that is the domain itself (`www.com`)."""
    match = _WWW.match(host)
    if not match:
        return host
    rest = host[match.end() :]
    return rest if "." in rest else f"www.{rest}"


def _join_canonical(host: str, path: str, query: str) -> str:
    url = f"https://{host}{path.rstrip('/') or '/'}"
    kept = [parameter for parameter in query.split("&") if parameter and not _TRACKING.match(parameter)]
    return f"{url}?{'&'.join(kept)}" if kept else url


def _normalize_escapes(part: str) -> str:
    """Return a path or a query with its percent-encoding in normal form (RFC 3986, 6.2.2)."""
    return PERCENT_ENCODED.sub(_normalize_escape, _NOT_ALLOWED.sub(_percent_encode, part))


def _percent_encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _normalize_escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in UNRESERVED else match[0].upper()
