"""Numbers, media types and language tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeds.checks.rules.rule import Rule
from feeds.http.enclosure_types import is_media_type

if TYPE_CHECKING:
    import datetime as dt

    from feeds.text.iris import Violation


RULES = (
    Rule(
        "bad-number",
        "error",
        "A number is none, or is negative, or 0 where there is to be something.",
        "Validators refuse it; readers reserve no room for a picture, or too much.",
        "RSS 2.0 specification, <enclosure>, <ttl>; Media RSS 1.5",
    ),
    Rule(
        "bad-media-type",
        "error",
        "A media type is none.",
        "Readers do not know whether they can show or play the file.",
        "RFC 6838, 4.2",
    ),
    Rule(
        "bad-language",
        "error",
        "A language is no language tag.",
        "Readers cannot choose a font, a voice or a translation by it.",
        "BCP 47",
    ),
)
#: No program holds a longer number.
_MAX_DIGITS = 18
#: BCP 47, without its rarer forms.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def count(value: str, _: dt.datetime) -> Violation | None:
    """A whole number, 0 or more."""
    is_number = value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS
    return None if is_number else ("bad-number", "a whole number, 0 or more")


def positive(value: str, now: dt.datetime) -> Violation | None:
    """A whole number, 1 or more."""
    return count(value, now) or (None if int(value) else ("bad-number", "a whole number, 1 or more"))


def media_type(value: str, _: dt.datetime) -> Violation | None:
    return None if is_media_type(value.lower()) else ("bad-media-type", "a media type such as image/jpeg")


def language(value: str, _: dt.datetime) -> Violation | None:
    return None if _LANGUAGE.fullmatch(value) else ("bad-language", "a language tag such as en or pt-BR (BCP 47)")
