"""Elements written as XML 1.0, and put into a document that feedgen made.

An element is a line, or several of which the inner ones are indented. To make thirty elements an entry with lxml takes
four times as long as to write them. Most texts have nothing to escape, and to see that takes a quarter of the time.
"""

from __future__ import annotations

import re
from html import escape
from html.entities import name2codepoint
from typing import TYPE_CHECKING

from lxml.etree import Entity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree


#: What programs take for HTML in a text that is none: an end tag, or a reference, with its semicolon or without.
END_TAG = re.compile(r"</\w+>")

REFERENCE = re.compile(rf"&(?:#\w|\w*[\d_]|(?:apos|{'|'.join(name2codepoint)})\b)\w*")

_SPECIAL = re.compile("([&<])")

_REFERENCES = {"&": "#x26", "<": "#x3C"}


def text(value: str) -> str:
    """`value` as the text of an element (section 2.4)."""
    if "&" in value or "<" in value or ">" in value or "\r" in value:
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return value


def plain(value: str) -> str:
    """Plain text in which readers might see HTML: the RSS profile has `&` and `<` as hexadecimal references."""
    if "&" in value or "<" in value or ">" in value or "\r" in value:
        return value.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&gt;").replace("\r", "&#13;")
    return value


def label(value: str) -> str:
    """A name as the text of an element: as `plain` where programs might see a reference in it."""
    return plain(value) if "&" in value and REFERENCE.search(value) else text(value)


def construct(name: str, value: str) -> str:
    """A text construct (RFC 4287, 3.1), which is HTML where programs would take its text for that."""
    if looks_like_html(value):
        return f'<{name} type="html">{html(value)}</{name}>'
    return f"<{name}>{label(value)}</{name}>"


def looks_like_html(value: str) -> bool:
    """Whether there is something in a text that programs take it for HTML by, however it is written."""
    return "</" in value and END_TAG.search(value) is not None


def html(value: str) -> str:
    """Plain text as the HTML that says the same, as the text of an element."""
    return text(escape(value, quote=False))


def attribute(value: str) -> str:
    """`value` within the double quotes of an attribute (section 3.3.3: white space but for spaces is a reference)."""
    return _quoted(text(value))


def label_attribute(value: str) -> str:
    """A name within the double quotes of an attribute, as `label` writes it."""
    return _quoted(label(value))


def _quoted(value: str) -> str:
    if '"' in value or "\n" in value or "\t" in value:
        return value.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return value


def write_plain(element: etree._Element) -> None:
    """Write the text of an element as `plain` does."""
    first, *rest = _SPECIAL.split(element.text or "")
    element.text = first
    for special, after in zip(rest[::2], rest[1::2], strict=True):
        reference = Entity(_REFERENCES[special])
        reference.tail = after
        element.append(reference)


def write_label(element: etree._Element) -> None:
    """Write the text of an element as `label` does."""
    if REFERENCE.search(element.text or ""):
        write_plain(element)


def write_construct(element: etree._Element) -> None:
    """Write the text of an element as `construct` does."""
    if looks_like_html(element.text or ""):
        element.text = escape(element.text or "", quote=False)
        element.set("type", "html")
    else:
        write_label(element)


def block(name: str, lines: Iterable[str], depth: int) -> str:
    """An element with elements in it, so many levels below the root."""
    indent = "\n" + "  " * depth
    return f"{indent}<{name}>{indent}  {f'{indent}  '.join(lines)}{indent}</{name}>"


def insert(document: bytes, end_tag: str, blocks: Iterable[str], stylesheet: str | None) -> bytes:
    """The document with the blocks in it, the last that the element with this end tag has, and with a style sheet.

    The style sheet is in CSS (https://www.w3.org/TR/xml-stylesheet/).
    """
    declaration, end, document = document.partition(b"?>\n")
    style = f'<?xml-stylesheet type="text/css" href="{attribute(stylesheet)}"?>\n' if stylesheet else ""
    head, tag, rest = document.rpartition(end_tag.encode())
    inner = head.rstrip()
    content = "".join(blocks).encode()
    return b"".join((declaration, end, style.encode(), inner, content, head[len(inner) :], tag, rest))
