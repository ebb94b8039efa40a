"""Plain texts in which programs see HTML, if they are not written so that they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.formats.schema import line_of
from feeds.errors import shown
from feeds.render.xml import END_TAG, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from feeds.checks.formats.lines import Lines
    from feeds.checks.formats.result import Judged


#: How a reference to a character begins that is not taken for one of HTML (RSS profile, character data).
_HEXADECIMAL = "&#x"


def judge_plain_texts(elements: Iterable[etree._Element], lines: Lines, judged: Judged) -> None:
    """Note the texts of elements, but for those that are HTML, that are taken for HTML."""
    for element in elements:
        if element.get("type") != "html":
            name = str(element.tag).rpartition("}")[2]
            _judge(f"<{name}>", element.text or "", line_of(element), lines, judged)


def judge_plain_attribute(root: etree._Element, name: str, attribute: str, lines: Lines, judged: Judged) -> None:
    """Note the attributes of elements with this name that are taken for HTML."""
    for element in root.iter(name):
        value = element.get(attribute)
        if value:
            what = f"{attribute} of <{name.rpartition('}')[2]}>"
            _judge(what, value, line_of(element), lines, judged)


def _judge(what: str, value: str, line: int, lines: Lines, judged: Judged) -> None:
    if "</" in value and (tag := END_TAG.search(value)):
        judged.note(line, "markup-in-plain-text", f"{what} is {shown(value)}; expected nothing like {tag[0]}")
        return
    reference = REFERENCE.search(value) if "&" in value else None
    if reference and _HEXADECIMAL not in lines.part(line, line + value.count("\n")):
        message = f"{what} is {shown(value)}; expected {reference[0]} as &#x26;{reference[0][1:]}"
        judged.note(line, "markup-in-plain-text", message)
