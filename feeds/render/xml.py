"""Elements written as XML 1.0, and put into a document that feedgen made.

An element is a line, or several of which the inner ones are indented. To make thirty elements an entry with lxml takes
four times as long as to write them. Most texts have nothing to escape, and to see that takes a quarter of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def attribute(value: str) -> str:
    """`value` within the double quotes of an attribute (section 3.3.3: white space but for spaces is a reference)."""
    value = text(value)
    if '"' in value or "\n" in value or "\t" in value:
        return value.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return value


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
