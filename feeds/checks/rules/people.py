"""Persons: their e-mail addresses, URIs and names (RFC 4287, 3.2; RSS profile, e-mail addresses)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeds.checks.rules.addresses import address
from feeds.checks.rules.elements import some_text
from feeds.checks.rules.rule import Rule
from feeds.config.schema import EMAIL_PATTERN

if TYPE_CHECKING:
    import datetime as dt

    from feeds.text.iris import Violation


RULES = (
    Rule(
        "bad-email",
        "error",
        "An e-mail address is none, or has no name in RSS.",
        "Validators refuse it, and nobody can write.",
        "RSS profile, e-mail addresses; RFC 4287, 3.2.3",
    ),
    Rule(
        "email-in-name",
        "warning",
        "The name of an author has an e-mail address in it.",
        "Programs that gather addresses find it; readers show a name that is none.",
        "RFC 4287, 3.2.1; the feed validator's ContainsEmail",
    ),
)
_EMAIL = re.compile(EMAIL_PATTERN)
_CONTACT = re.compile(rf"{EMAIL_PATTERN[1:-1]} \((?P<name>.+)\)")
#: A quoted pair in a comment (RFC 5322, 3.2.2), and a comment.
_QUOTED_PAIR = re.compile(r"\\.")
_COMMENT = re.compile(r"\([^()]*\)")
_MAILBOX = re.compile(r"<[^@\s<>]+@[^@\s<>]+>")


def contact(value: str, _: dt.datetime) -> Violation | None:
    """A person in RSS: an e-mail address, and the name as a comment behind it."""
    match = _CONTACT.fullmatch(value)
    if not match:
        return "bad-email", "an e-mail address with a name: a@example.com (Ada)"
    name, before = _QUOTED_PAIR.sub("", match["name"]), ""
    while name != before:
        name, before = _COMMENT.sub("", name), name
    return ("bad-email", "a name with as many ) as (") if "(" in name or ")" in name else None


def email(value: str, _: dt.datetime) -> Violation | None:
    return None if _EMAIL.fullmatch(value) else ("bad-email", "an e-mail address")


def uri(value: str, now: dt.datetime) -> Violation | None:
    """The page of a person, or `mailto:` and an e-mail address."""
    if value.startswith("mailto:"):
        return email(value.removeprefix("mailto:"), now)
    return address(value, now)


def person_name(value: str, now: dt.datetime) -> Violation | None:
    """A name without an e-mail address."""
    return some_text(value, now) or (("email-in-name", "a name without an address") if _MAILBOX.search(value) else None)
