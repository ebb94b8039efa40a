"""IRIs as ids of feeds and entries (RFC 4287, 4.2.6), in normal form: readers compare ids character by character."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from feeds.text.urls import PERCENT_ENCODED, UNRESERVED

if TYPE_CHECKING:
    from collections.abc import Callable

#: The rule of `feeds check` that an id breaks, and what the rule expects.
Violation = tuple[str, str]

#: The same ids occur in many feeds.
_IRI_CACHE_SIZE = 50_000
_FORBIDDEN = re.compile(r"[\s<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})")
_IRI = re.compile(r"([a-z][a-z0-9+.-]*):(.+)", re.IGNORECASE)
_HTTP = re.compile(
    r"(https?)://(?:[^/?#@]*@)?([^/?#@:\[\]]+|\[[0-9a-f:.]+\])(?::(\d*))?(/[^?#]*)?(?:\?[^#]*)?(?:#.*)?", re.IGNORECASE
)
#: RFC 4151, 2.1; its authority and date in lower case are the normal form (2.4).
_TAG = re.compile(
    r"tag:(?:[a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:[a-z0-9._~:/?@!$&'()*+,;=%#-]*", re.IGNORECASE
)
_LOWER_CASE_TAG = re.compile(r"tag:[a-z0-9.@_-]+,")
#: RFC 8141, 2, and the narrower syntax of RFC 2141, which some validators still apply.
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:[a-z0-9._~:/?@!$&'()*+,;=%#-]+", re.IGNORECASE)
_RFC2141_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:(?:[a-z0-9()+,.:=@;$_!*'-]|%[0-9a-f]{2})+", re.IGNORECASE)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:[a-z0-9._~-]+@[a-z0-9.-]+", re.IGNORECASE)
#: The registered schemes that can identify a publication (https://www.iana.org/assignments/uri-schemes).
_SCHEMES = frozenset("cid data ftp http https info mailto mid news nntp sip sips tag tel urn xmpp".split())
#: A percent-encoded percent sign in front of two hexadecimal digits.
_ENCODED_TWICE = re.compile(r"%25[0-9A-Fa-f]{2}")
_NOT_NORMAL = "an IRI in its normal form (RFC 3986, 6.2.2)"


def is_iri(value: str) -> bool:
    """Whether `value` is an IRI (RFC 3987) that follows the syntax of its scheme."""
    violation = check_iri(value)
    return violation is None or violation[0] != "bad-id"


@lru_cache(_IRI_CACHE_SIZE)
def check_iri(value: str) -> Violation | None:
    """Return the first rule that an id breaks, or None."""
    match = _IRI.fullmatch(value)
    if not match or _FORBIDDEN.search(value):
        return "bad-id", "an IRI (RFC 3987)"
    scheme = match[1].lower()
    violation = _SCHEME_CHECKS.get(scheme, _check_other)(value)
    if violation:
        return violation
    if scheme not in _SCHEMES:
        return "unusual-scheme", "a scheme that is registered, such as https, urn or tag"
    if not value.isascii():
        return "id-not-normal", "a URI, with escapes and xn-- for letters beyond ASCII, which validators ask for"
    return None if match[1] == scheme and _has_normal_escapes(match[2]) else ("id-not-normal", _NOT_NORMAL)


def _has_normal_escapes(text: str) -> bool:
    """Whether percent-encoding is in normal form (RFC 3986, 6.2.2), and its text in NFC (RFC 3987, 5.3.2.2)."""
    if "%" not in text:
        return True
    escapes = PERCENT_ENCODED.findall(text)
    if _ENCODED_TWICE.search(text) or any(
        digits != digits.upper() or chr(int(digits, 16)) in UNRESERVED for digits in escapes
    ):
        return False
    try:
        return unicodedata.is_normalized("NFC", unquote_to_bytes(text).decode())
    except UnicodeDecodeError:
        return False


def _check_http(value: str) -> Violation | None:
    match = _HTTP.fullmatch(value)
    if not match:
        return "bad-id", "an IRI with a host (RFC 9110, 4.2)"
    scheme, host, port, path = match.groups()
    if "[" in value[match.end(2) :] or "]" in value[match.end(2) :]:
        return "bad-id", "an IRI without square brackets but around a host (RFC 3987, 2.2)"
    if host.startswith("["):
        return "unusual-host", "the name of a host"
    is_normal = (
        host == host.lower()
        and not host.endswith(".")
        and port not in {"", "80" if scheme.lower() == "http" else "443"}
        and path
        and not {".", ".."} & set(path.split("/"))
    )
    return None if is_normal else ("id-not-normal", _NOT_NORMAL)


def _check_tag(value: str) -> Violation | None:
    if not _TAG.fullmatch(value):
        return "bad-id", "a tag such as tag:example.com,2020:story (RFC 4151)"
    is_normal = _LOWER_CASE_TAG.match(value)
    return None if is_normal else ("id-not-normal", "a tag in lower case up to its date (RFC 4151, 2.4)")


def _check_urn(value: str) -> Violation | None:
    if value.lower().startswith("urn:uuid:"):
        return None if _UUID.fullmatch(value) else ("bad-id", "a UUID such as urn:uuid:… with its 36 characters")
    if not _URN.fullmatch(value):
        return "bad-id", "a URN such as urn:isbn:0451450523 (RFC 8141)"
    return None if _RFC2141_URN.fullmatch(value) else ("id-not-normal", "a URN as RFC 2141 has it, which all know")


def _check_mailto(value: str) -> Violation | None:
    return None if _MAILTO.fullmatch(value) else ("id-not-normal", "mailto: with nothing but an e-mail address")


def _check_other(value: str) -> Violation | None:
    return ("bad-id", "an IRI without square brackets (RFC 3987, 2.2)") if "[" in value or "]" in value else None


_SCHEME_CHECKS: dict[str, Callable[[str], Violation | None]] = {
    "http": _check_http,
    "https": _check_http,
    "tag": _check_tag,
    "urn": _check_urn,
    "mailto": _check_mailto,
}
