"""Bytes and characters: UTF-8, and characters that readers do not show."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from feeds.checks.rules.rule import Rule
from feeds.text.characters import SUPPLEMENTARY_RANGE, is_supplementary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.checks.documents import ValidationResult


RULES = (
    Rule(
        "not-utf-8",
        "error",
        "A document is not UTF-8, or does not say so.",
        "Readers guess, and show other letters.",
        "XML 1.0, 4.3.3; RFC 8259, 8.1",
    ),
    Rule(
        "doubtful-character",
        "warning",
        "A text has a control character, or the character that stands for a lost one.",
        "Readers show a box or nothing; validators warn of it.",
        "XML 1.0, 2.2",
    ),
)
#: Characters that XML 1.0 allows and discourages (2.2), and U+FFFD, which replaces a lost character.
_DISCOURAGED = f"\x7f-\x9f\ufdd0-\ufdef\ufffd{SUPPLEMENTARY_RANGE}"
_DOUBTFUL = re.compile(f"[{_DISCOURAGED}]")
#: JSON allows also those that XML forbids.
_DOUBTFUL_IN_JSON = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff{_DISCOURAGED}]")
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")


def decode_utf8(body: bytes, result: ValidationResult) -> str | None:
    """Return the text of a document; None, with a diagnostic, if it is not UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        result.note(line, "not-utf-8", f"byte 0x{body[error.start]:02x} is not UTF-8; expected UTF-8")
        return None


def doubtful_in_xml(text: str) -> Iterator[tuple[int, str]]:
    """Yield the position of each doubtful character in an XML document, and a message; references count, too."""
    for match in _DOUBTFUL.finditer(text):
        if not is_supplementary(match[0]):
            yield match.start(), _message(match[0])
    for match in _REFERENCE.finditer(text):
        number = int(match[1], 16) if match[1] else int(match[2])
        character = chr(min(number, sys.maxunicode))
        if _DOUBTFUL.match(character) and not is_supplementary(character):
            yield match.start(), _message(character)


def doubtful_in_json(text: str) -> list[str]:
    """Return a message for each doubtful character in a text of a JSON document."""
    return [_message(match[0]) for match in _DOUBTFUL_IN_JSON.finditer(text) if not is_supplementary(match[0])]


def _message(character: str) -> str:
    return f"there is U+{ord(character):04X}; expected none that shows nothing"
