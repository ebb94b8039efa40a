"""Ids of feeds and entries (RFC 4287, 4.2.6): IRIs in their normal form, as readers compare them letter by letter."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable


#: The rule of `feeds check` that an id is against, and what was expected.
Wrong = tuple[str, str]

#: Ids are the same in many feeds.
_REMEMBERED = 50_000

_FORBIDDEN = re.compile(r"[\s<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})")

_IRI = re.compile(r"([a-z][a-z0-9+.-]*):(.+)", re.IGNORECASE)

_HTTP = re.compile(
    r"(https?)://(?:[^/?#@]*@)?([^/?#@:\[\]]+|\[[0-9a-f:.]+\])(?::(\d*))?(/[^?#]*)?(?:\?[^#]*)?(?:#.*)?", re.IGNORECASE
)

#: RFC 4151, 2.1.
_TAG = re.compile(
    r"tag:(?:[a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:[a-z0-9._~:/?@!$&'()*+,;=%#-]*", re.IGNORECASE
)

_TAGGING = re.compile(r"tag:[a-z0-9.@_-]+,")

#: RFC 8141, 2; what there may be in one since that, validators that go by RFC 2141 do not know.
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:[a-z0-9._~:/?@!$&'()*+,;=%#-]+", re.IGNORECASE)

_OLD_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:(?:[a-z0-9()+,.:=@;$_!*'-]|%[0-9a-f]{2})+", re.IGNORECASE)

_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_MAILTO = re.compile(r"mailto:[a-z0-9._~-]+@[a-z0-9.-]+", re.IGNORECASE)

#: Registered schemes (https://www.iana.org/assignments/uri-schemes) that what is published may be identified with.
_SCHEMES = frozenset("cid data ftp http https info mailto mid news nntp sip sips tag tel urn xmpp".split())

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")

#: An escape that decodes to another one.
_TWICE = re.compile(r"%25[0-9A-Fa-f]{2}")

_UNRESERVED = frozenset(f"{string.ascii_letters}{string.digits}-._~")

_NOT_NORMAL = "an IRI in its normal form (RFC 3986, 6.2.2)"


def is_iri(value: str) -> bool:
    """Whether `value` is an IRI, and one of its scheme."""
    wrong = check_iri(value)
    return wrong is None or wrong[0] != "bad-id"


@lru_cache(_REMEMBERED)
def check_iri(value: str) -> Wrong | None:
    """What is wrong or doubtful with an id."""
    match = _IRI.fullmatch(value)
    if not match or _FORBIDDEN.search(value):
        return "bad-id", "an IRI (RFC 3987)"
    scheme = match[1].lower()
    wrong = _OF_SCHEME.get(scheme, _check_other)(value)
    if wrong:
        return wrong
    if scheme not in _SCHEMES:
        return "unusual-scheme", "a scheme that is registered, such as https, urn or tag"
    if not value.isascii():
        return "id-not-normal", "a URI, with escapes and xn-- for letters beyond ASCII, which validators ask for"
    return None if match[1] == scheme and _has_normal_escapes(match[2]) else ("id-not-normal", _NOT_NORMAL)


def _has_normal_escapes(text: str) -> bool:
    """Whether escapes are as RFC 3986, 6.2.2, has them, and of letters as RFC 3987, 5.3.2.2, asks for them."""
    if "%" not in text:
        return True
    escapes = _ESCAPE.findall(text)
    if _TWICE.search(text) or any(each != each.upper() or chr(int(each, 16)) in _UNRESERVED for each in escapes):
        return False
    try:
        return unicodedata.is_normalized("NFC", unquote_to_bytes(text).decode())
    except UnicodeDecodeError:
        return False


def _check_http(value: str) -> Wrong | None:
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


def _check_tag(value: str) -> Wrong | None:
    if not _TAG.fullmatch(value):
        return "bad-id", "a tag such as tag:example.com,2020:story (RFC 4151)"
    return None if _TAGGING.match(value) else ("id-not-normal", "a tag in lower case up to its date (RFC 4151, 2.4)")


def _check_urn(value: str) -> Wrong | None:
    if value.lower().startswith("urn:uuid:"):
        return None if _UUID.fullmatch(value) else ("bad-id", "a UUID such as urn:uuid:… with its 36 characters")
    if not _URN.fullmatch(value):
        return "bad-id", "a URN such as urn:isbn:0451450523 (RFC 8141)"
    return None if _OLD_URN.fullmatch(value) else ("id-not-normal", "a URN as RFC 2141 has it, which all know")


def _check_mailto(value: str) -> Wrong | None:
    return None if _MAILTO.fullmatch(value) else ("id-not-normal", "mailto: with nothing but an e-mail address")


def _check_other(value: str) -> Wrong | None:
    return ("bad-id", "an IRI without square brackets (RFC 3987, 2.2)") if "[" in value or "]" in value else None


_OF_SCHEME: dict[str, Callable[[str], Wrong | None]] = {
    "http": _check_http,
    "https": _check_http,
    "tag": _check_tag,
    "urn": _check_urn,
    "mailto": _check_mailto,
}
