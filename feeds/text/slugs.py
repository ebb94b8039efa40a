"""Names folded for comparison, and slugs for addresses."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from slugify import slugify


def folded(text: str) -> str:
    """What texts have in common that differ in case and compatibility forms only, which some file systems take for one.

    Compatibility caseless matching (Unicode, section 3.13, D146).
    """
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


#: Letters and the marks that belong to them, which `\w` leaves out: without them Hindi or Thai cannot be read.
_NOT_IN_SLUG = re.compile(
    r"[^-\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1"
    r"\u0eb4-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3\u200c\u200d]+"
)

_SPOKEN = (
    (re.compile(r"\+"), " plus "),
    (re.compile(r"(?<=\w)#"), " sharp "),
    (re.compile(r"&"), " and "),
    (re.compile(r"(?:^|(?<=\s))\.(?=\w)"), "dot "),
)


@lru_cache(10_000)
def topic_key(name: str) -> str:
    """What identifies a topic: its name without regard to case, white space and compatibility forms."""
    return " ".join(folded(name).split())


def slug_of(name: str) -> str:
    """A readable part of an address for `name`; it may be empty."""
    for pattern, spoken in _SPOKEN:
        name = pattern.sub(spoken, name)
    return slugify(name, allow_unicode=True, regex_pattern=_NOT_IN_SLUG).strip("-_\u200c\u200d")
