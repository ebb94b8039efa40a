"""XML 1.0 elements as text, and their insertion into a document that feedgen made.

An element is one line, or several lines with the inner ones indented. lxml takes four times as long for the thirty
elements of an entry. Most texts have nothing to escape, and looking first is four times as fast.
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


#: Signs by which programs take plain text for HTML: an end tag; a character reference, with or without semicolon.
END_TAG = re.compile(r"</\w+>")

REFERENCE = re.compile(rf"&(?:#\w|\w*[\d_]|(?:apos|{'|'.join(name2codepoint)})\b)\w*")

#: The start of a tag, a comment or a declaration, and anything like a character reference.
_MARKUP = re.compile(r"<[A-Za-z/!?]|&(?:#|\w+;)")

_SPECIAL = re.compile("([&<])")

_REFERENCES = {"&": "#x26", "<": "#x3C"}


def text(value: str) -> str:
    """Escape the text of an element (XML 1.0, 2.4)."""
    if "&" in value or "<" in value or ">" in value or "\r" in value:
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return value


def plain(value: str) -> str:
    """Escape plain text that readers may take for HTML: `&` and `<` as hexadecimal references (RSS Profile)."""
    if "&" in value or "<" in value or ">" in value or "\r" in value:
        return value.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&gt;").replace("\r", "&#13;")
    return value


def label(value: str) -> str:
    """Escape a name as the text of an element. A name that looks like a character reference is escaped as `plain`."""
    return plain(value) if "&" in value and REFERENCE.search(value) else text(value)


def text_construct(name: str, value: str) -> str:
    """Return a text construct (RFC 4287, 3.1), of type html if programs would take its plain text for HTML."""
    if looks_like_html(value):
        return f'<{name} type="html">{html(value)}</{name}>'
    return f"<{name}>{label(value)}</{name}>"


def looks_like_html(value: str) -> bool:
    """Whether plain text has an end tag. Programs take it for HTML, however it is escaped."""
    return "</" in value and END_TAG.search(value) is not None


def looks_like_markup(value: str) -> bool:
    """Whether a program that takes plain text for HTML would read something else than the text."""
    return _MARKUP.search(value) is not None or REFERENCE.search(value) is not None


def html(value: str) -> str:
    """Convert plain text to HTML, and escape that as the text of an element."""
    return text(escape(value, quote=False))


def attribute(value: str) -> str:
    """Escape an attribute value for double quotes. White space other than spaces needs references (XML 1.0, 3.3.3)."""
    return _quoted(text(value))


def label_attribute(value: str) -> str:
    """Escape a name as an attribute value for double quotes, with references as in `label`."""
    return _quoted(label(value))


def _quoted(value: str) -> str:
    if '"' in value or "\n" in value or "\t" in value:
        return value.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return value


def write_plain(element: etree._Element) -> None:
    """Rewrite the text of an lxml element as `plain` escapes it."""
    first, *rest = _SPECIAL.split(element.text or "")
    element.text = first
    for special, after in zip(rest[::2], rest[1::2], strict=True):
        reference = Entity(_REFERENCES[special])
        reference.tail = after
        element.append(reference)


def write_label(element: etree._Element) -> None:
    """Rewrite the text of an lxml element as `label` escapes it."""
    if REFERENCE.search(element.text or ""):
        write_plain(element)


def write_text_construct(element: etree._Element) -> None:
    """Make an lxml element a text construct, as `text_construct` does."""
    if looks_like_html(element.text or ""):
        element.text = escape(element.text or "", quote=False)
        element.set("type", "html")
    else:
        write_label(element)


def block(name: str, lines: Iterable[str], depth: int) -> str:
    """Return an element with the lines of its children, indented for `depth` levels below the root."""
    indent = "\n" + "  " * depth
    return f"{indent}<{name}>{indent}  {f'{indent}  '.join(lines)}{indent}</{name}>"


def insert(document: bytes, end_tag: str, blocks: Iterable[str], stylesheet: str | None) -> bytes:
    """Insert elements before the last `end_tag` of a document in UTF-8.

    `stylesheet` is the URL of a CSS style sheet for the document (https://www.w3.org/TR/xml-stylesheet/).
    """
    declaration, end, document = document.partition(b"?>\n")
    style = f'<?xml-stylesheet type="text/css" href="{attribute(stylesheet)}"?>\n' if stylesheet else ""
    head, tag, rest = document.rpartition(end_tag.encode())
    inner = head.rstrip()
    content = "".join(blocks).encode()
    return b"".join((declaration, end, style.encode(), inner, content, head[len(inner) :], tag, rest))
