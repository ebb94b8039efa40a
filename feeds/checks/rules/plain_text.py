"""Plain texts that programs take for HTML (RSS profile, character data)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.documents import line_of
from feeds.checks.rules.rule import Rule
from feeds.errors import quoted
from feeds.render.xml import END_TAG, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from feeds.checks.documents import ValidationResult
    from feeds.checks.formats.schema import Lines


RULES = (
    Rule(
        "markup-in-plain-text",
        "warning",
        "A title, name or other plain text is one that programs take for HTML, or is written so that they may.",
        "Some decode it twice: `<b>` in a title is gone, or bold.",
        "RSS profile, character data; docs/formats.md",
    ),
)
#: The start of a character reference that no program takes for one of HTML.
_HEXADECIMAL = "&#x"


def validate_plain_texts(elements: Iterable[etree._Element], lines: Lines, result: ValidationResult) -> None:
    """Note the texts that are taken for HTML, except in elements whose type is `html`."""
    for element in elements:
        if element.get("type") != "html":
            name = str(element.tag).rpartition("}")[2]
            _validate(f"<{name}>", element.text or "", line_of(element), lines, result)


def validate_plain_attribute(
    root: etree._Element, name: str, attribute: str, lines: Lines, result: ValidationResult
) -> None:
    """Note the values of an attribute of the elements `name` that are taken for HTML."""
    for element in root.iter(name):
        value = element.get(attribute)
        if value:
            what = f"{attribute} of <{name.rpartition('}')[2]}>"
            _validate(what, value, line_of(element), lines, result)


def _validate(what: str, value: str, line: int, lines: Lines, result: ValidationResult) -> None:
    if "</" in value and (tag := END_TAG.search(value)):
        result.note(line, "markup-in-plain-text", f"{what} is {quoted(value)}; expected nothing like {tag[0]}")
        return
    reference = REFERENCE.search(value) if "&" in value else None
    if reference and _HEXADECIMAL not in lines.part(line, line + value.count("\n")):
        message = f"{what} is {quoted(value)}; expected {reference[0]} as &#x26;{reference[0][1:]}"
        result.note(line, "markup-in-plain-text", message)
