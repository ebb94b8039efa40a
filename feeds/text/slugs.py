"""Case folding for comparing names, and slugs for URLs."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_KEY_CACHE_SIZE = 10_000
#: Everything but letters, digits, hyphens and combining marks. `\w` lacks the marks, which Hindi and Thai need.
_NOT_IN_SLUG = re.compile(
    r"[^-\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1"
    r"\u0eb4-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3\u200c\u200d]+"
)
#: Symbols spelled out, so that C, C++ and C# get different slugs.
_SPELLED_OUT = (
    (re.compile(r"\+"), " plus "),
    (re.compile(r"(?<=\w)#"), " sharp "),
    (re.compile(r"&"), " and "),
    (re.compile(r"(?:^|(?<=\s))\.(?=\w)"), "dot "),
)


def folded(text: str) -> str:
    """Return `text` folded for compatibility caseless matching (Unicode, section 3.13, D146).

    Texts that differ only in case or in compatibility forms fold to the same text. Some file systems treat such names
    as one.
    """
    if text.isascii():
        return text.lower()
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


@lru_cache(_KEY_CACHE_SIZE)
def topic_key(name: str) -> str:
    """Return the key of a topic: its folded name with white space collapsed."""
    return " ".join(folded(name).split())


def slug_of(name: str) -> str:
    """Return a readable URL segment for `name`, which may be empty."""
    from slugify import slugify  # noqa: PLC0415  # slow, and the command line needs only `folded` at its start

    for pattern, words in _SPELLED_OUT:
        name = pattern.sub(words, name)
    return slugify(name, allow_unicode=True, regex_pattern=_NOT_IN_SLUG).strip("-_\u200c\u200d")
