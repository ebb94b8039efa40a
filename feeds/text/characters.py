"""Characters and lines of plain text: control characters, HTML entities, white space, shortening."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

#: Supplementary code points from the first noncharacter (U+1FFFE) on, for use inside a character class. One range
#: matches in a tenth of the time of its 32 noncharacters; `is_supplementary` tells them from the characters in it.
SUPPLEMENTARY_RANGE = "\U0001fffe-\U0010ffff"
#: Characters that XML 1.0 forbids (section 2.2), and controls and noncharacters that it discourages: validators warn.
_CONTROLS = re.compile(
    f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff{SUPPLEMENTARY_RANGE}]"
)
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def remove_controls(text: str) -> str:
    """Return `text` without the characters that XML 1.0 forbids or discourages (section 2.2).

    NEL (U+0085) becomes a line feed.
    """
    if text.isprintable() or not _CONTROLS.search(text):
        return text
    return _CONTROLS.sub(lambda match: match[0] if is_supplementary(match[0]) else "", text.replace("\x85", "\n"))


def is_supplementary(character: str) -> bool:
    """Whether `character` is a supplementary character: above U+FFFF and not one of its plane's two noncharacters."""
    return character > "\uffff" and ord(character) & 0xFFFE != 0xFFFE


def decode_entities(text: str) -> str:
    """Return `text` with its HTML entities decoded once. Text that only resembles one (`?a=1&copy=2`) stays."""
    return _ENTITY.sub(_decode_entity, text) if "&" in text else text


def clean_line(text: str) -> str:
    """Return a title or a name as one line: entities decoded, white space collapsed, control characters removed."""
    if text.isprintable() and "  " not in text and "&" not in text:
        return text.strip()  # the only white space that is printable is the space
    return " ".join(remove_controls(decode_entities(text)).split())


def shorten(text: str, width: int) -> str:
    """Return `text`, cut after a word to at most `width` characters. An ellipsis marks a cut and counts as one."""
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    if text[width - 1] != " ":
        head, _, tail = cut.rpartition(" ")
        cut = head if head and len(tail) < width // 2 else cut
    return cut.rstrip(" ,;:–-") + "…"


def _decode_entity(match: re.Match[str]) -> str:
    name = match[1]
    return unescape(match[0]) if name.startswith("#") else html5.get(f"{name};", match[0])
