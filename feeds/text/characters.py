"""Characters and lines of plain text: control characters, HTML entities, white space, cutting."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

#: From the first noncharacter beyond the first plane on, inside of a character class: a range is found in a tenth of
#: the time of the 32 characters in it that are none.
BEYOND = "\U0001fffe-\U0010ffff"

#: What XML 1.0 forbids, and the controls and noncharacters that it discourages and validators warn of.
_CONTROLS = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff{BEYOND}]")

_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_SPACE = re.compile(r"\s+")


def remove_controls(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids or discourages (section 2.2); NEL is a line break."""
    if text.isprintable() or not _CONTROLS.search(text):
        return text
    return _CONTROLS.sub(_kept, text.replace("\x85", "\n"))


def is_letter_beyond(character: str) -> bool:
    """Whether a character is beyond the first plane, and none of the last two of its own, which are no characters."""
    return character > "\uffff" and ord(character) & 0xFFFE != 0xFFFE


def _kept(match: re.Match[str]) -> str:
    return match[0] if is_letter_beyond(match[0]) else ""


def decode_entities(text: str) -> str:
    """`text` with its HTML entities decoded once. What only looks like one (`?a=1&copy=2`) stays."""
    return _ENTITY.sub(_decode, text) if "&" in text else text


def clean_line(text: str) -> str:
    """A title or a name as plain text: entities decoded, white space folded, no control characters."""
    if text.isprintable() and "  " not in text and "&" not in text:
        return text.strip()  # what is printable has no white space but spaces
    return _SPACE.sub(" ", remove_controls(decode_entities(text))).strip()


def shorten(text: str, width: int) -> str:
    """`text` cut after a word at `width` characters at most, with an ellipsis where something is missing."""
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    if text[width - 1] != " ":
        head, _, tail = cut.rpartition(" ")
        cut = head if head and len(tail) < width // 2 else cut
    return cut.rstrip(" ,;:–-") + "…"


def _decode(match: re.Match[str]) -> str:
    name = match[1]
    return unescape(match[0]) if name.startswith("#") or f"{name};" in html5 else match[0]
