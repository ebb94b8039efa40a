"""Single values of documents, held against what the specifications say of them.

Each check gives the rule that a value is against and what was expected, or nothing where it is right.
"""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from feeds.config.schema import EMAIL_PATTERN
from feeds.http.image_types import is_media_type
from feeds.text.iris import check_iri

if TYPE_CHECKING:
    from collections.abc import Callable


#: The rule that a value is against, and what was expected.
Wrong = tuple[str, str]

#: Addresses and media types are the same in many entries.
_REMEMBERED = 50_000

#: RFC 3986, 2 and 3.2: what an address may be written with; square brackets only around a host that is a number.
_ADDRESS = re.compile(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)

_HTTP = re.compile(r"https?://(?:[^/?#@\s]+@)?([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d+)?(?=[/?#]|$)", re.IGNORECASE)

#: An address whose host has a public name, or the number of one.
_PUBLIC = re.compile(r"https?://(?:(?:[a-z0-9-]+\.)+|(?:\d{1,3}\.){3})[a-z0-9][a-z0-9-]*(?::\d+)?/", re.IGNORECASE)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

#: RFC 5322, 3.3, with the seconds and with an offset, which RSS readers understand best.
_RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d (?:[+-]\d{4}|GMT)"
)

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

_EMAIL = re.compile(EMAIL_PATTERN)

_CONTACT = re.compile(rf"{EMAIL_PATTERN[1:-1]} \((?P<name>.+)\)")

#: What is quoted in a comment (RFC 5322, 3.2.2), and a comment within it.
_QUOTED = re.compile(r"\\.")

_COMMENT = re.compile(r"\([^()]*\)")

_MAIL = re.compile(r"<[^@\s<>]+@[^@\s<>]+>")

_LIKE_HTML = re.compile(r"<|&[^\s&]")

#: With more of them no program holds a number.
_MOST_DIGITS = 18

#: Before this year there were no feeds, and validators take a date for a mistake.
_FIRST_YEAR = 1990

#: How far a clock may be ahead.
_GRACE = dt.timedelta(minutes=10)


def address(value: str, _: dt.datetime) -> Wrong | None:
    """An absolute http or https address, valid by RFC 3986."""
    return _address(value)


@lru_cache(_REMEMBERED)
def _address(value: str) -> Wrong | None:
    if not _SCHEME.match(value):
        return "relative-address", "an absolute address"
    match = _HTTP.match(value)
    if not match or not _ADDRESS.fullmatch(value[: match.start(1)] + value[match.end(1) :]):
        return "bad-address", "an http or https address, valid by RFC 3986"
    return ("unusual-host", "the name of a host") if match[1].startswith("[") else None


def enclosure_address(value: str, _: dt.datetime) -> Wrong | None:
    """An address from which everybody can download."""
    wrong = _address(value)
    if not wrong and not _PUBLIC.match(value):
        return "unusual-host", "a public name, such as img.example.com, and a path"
    return wrong


def uri(value: str, now: dt.datetime) -> Wrong | None:
    """An address, or how to write to somebody."""
    if value.startswith("mailto:"):
        return email(value.removeprefix("mailto:"), now)
    return _address(value)


def identity(value: str, _: dt.datetime) -> Wrong | None:
    """The id of a feed or an entry."""
    return check_iri(value)


def rfc822(value: str, now: dt.datetime) -> Wrong | None:
    """RFC 5322, 3.3, with a day of the week that is that of the date."""
    form = "a date such as Wed, 10 Jun 2020 23:09:00 +0000, with the right day of the week"
    match = _RFC822.fullmatch(value)
    try:
        time = parsedate_to_datetime(value) if match else None
    except ValueError:
        time = None
    if match is None or time is None or time.tzinfo is None or _DAYS[time.weekday()] != match[1]:
        return "bad-date", form
    return _plausible(time, now)


def rfc3339(value: str, now: dt.datetime) -> Wrong | None:
    form = "a date and time such as 2020-06-10T23:09:00Z (RFC 3339)"
    if not _RFC3339.fullmatch(value):
        return "bad-date", form
    try:
        return _plausible(dt.datetime.fromisoformat(value), now)
    except ValueError:
        return "bad-date", form


def _plausible(time: dt.datetime, now: dt.datetime) -> Wrong | None:
    if time.year < _FIRST_YEAR:
        return "old-date", f"a date since {_FIRST_YEAR}"
    return ("future-date", "no date in the future") if time > now + _GRACE else None


def count(value: str, _: dt.datetime) -> Wrong | None:
    is_right = value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS
    return None if is_right else ("bad-number", "a whole number, 0 or more")


def positive(value: str, now: dt.datetime) -> Wrong | None:
    return count(value, now) or (None if int(value) else ("bad-number", "a whole number, 1 or more"))


def media_type(value: str, _: dt.datetime) -> Wrong | None:
    return None if is_media_type(value.lower()) else ("bad-media-type", "a media type such as image/jpeg")


def language(value: str, _: dt.datetime) -> Wrong | None:
    return None if _LANGUAGE.fullmatch(value) else ("bad-language", "a language tag such as en or pt-BR (BCP 47)")


def contact(value: str, _: dt.datetime) -> Wrong | None:
    match = _CONTACT.fullmatch(value)
    if not match:
        return "bad-email", "an e-mail address with a name: a@example.com (Ada)"
    name, before = _QUOTED.sub("", match["name"]), ""
    while name != before:
        name, before = _COMMENT.sub("", name), name
    return ("bad-email", "a name with as many ) as (") if "(" in name or ")" in name else None


def email(value: str, _: dt.datetime) -> Wrong | None:
    return None if _EMAIL.fullmatch(value) else ("bad-email", "an e-mail address")


def person_name(value: str, now: dt.datetime) -> Wrong | None:
    """What somebody is called, without an address that programs would write to."""
    return some_text(value, now) or (("email-in-name", "a name without an address") if _MAIL.search(value) else None)


def some_text(value: str, _: dt.datetime) -> Wrong | None:
    return None if value.strip() else ("empty-text", "some text")


def name_in_opml(value: str, now: dt.datetime) -> Wrong | None:
    """A name that is the same to who takes it for HTML."""
    return ("name-like-html", "no < in it, and a space after &") if _LIKE_HTML.search(value) else some_text(value, now)


def any_text(_value: str, _now: dt.datetime) -> Wrong | None:
    return None


def one_of(rule: str, *values: str) -> Callable[[str, dt.datetime], Wrong | None]:
    """The check for one of these values."""
    wrong = rule, " or ".join(filter(None, (", ".join(values[:-1]), values[-1])))

    def check(value: str, _: dt.datetime) -> Wrong | None:
        return None if value in values else wrong

    return check
