"""XML documents held against tables: which elements and attributes there may be where, and what they may hold."""

from __future__ import annotations

import codecs
import re
import sys
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from lxml import etree

from feeds.checks.formats.lines import Lines
from feeds.checks.formats.values import any_text
from feeds.errors import shown
from feeds.text.characters import BEYOND, is_letter_beyond

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from feeds.checks.formats.result import About, Judged
    from feeds.checks.formats.values import Wrong

    Check = Callable[[str, dt.datetime], Wrong | None]


#: The prefixes that readers know, some of which look for them and not for the namespaces.
PREFIXES = {
    "http://www.w3.org/2005/Atom": "atom",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://search.yahoo.com/mrss/": "media",
    "http://purl.org/syndication/history/1.0": "fh",
    "http://www.w3.org/XML/1998/namespace": "xml",
}

_NAMESPACES = {prefix: namespace for namespace, prefix in PREFIXES.items()}

#: What XML 1.0 allows and discourages (2.2), and what stands for a character that was lost.
_DISCOURAGED = re.compile(f"[\x7f-\x9f\ufdd0-\ufdef\ufffd{BEYOND}]")

_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")

_ENCODING = re.compile(rb"""^<\?xml[^>]*\sencoding=["']([A-Za-z0-9._-]+)["']""")


@dataclass(frozen=True, slots=True)
class Shape:
    """What an element may be: which elements are in it and how often (`1`, `?`, `*`, `+`), its attributes, its text.

    A name ends in `!` where the attribute must be there. Without a `text` there is none.
    """

    children: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Check] = field(default_factory=dict)
    text: Check | None = None


def parse_xml(body: bytes, judged: Judged) -> tuple[etree._Element, Lines] | None:
    """The root of the document and its lines; None where it is none.

    Nothing outside of it is read, and no entity is expanded.
    """
    try:
        lines = Lines(body.decode())
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        judged.note(line, "not-utf-8", f"byte 0x{body[error.start]:02x} is not UTF-8; expected UTF-8")
        return None
    if body.startswith(codecs.BOM_UTF8):
        judged.note(1, "not-utf-8", "there is a byte order mark before the declaration; expected none")
        return None
    if not body.strip():
        judged.note(0, "xml-not-well-formed", "the document is empty; expected a feed")
        return None
    declared = _ENCODING.match(body)
    if declared is None or declared[1].upper() != b"UTF-8":
        there = shown(declared[1].decode()) if declared else "nothing"
        judged.note(1, "not-utf-8", f"the declared encoding is {there}; expected UTF-8")
        return None
    for position, character in _doubtful(lines.text):
        message = f"there is U+{ord(character):04X}; expected none that shows nothing"
        judged.note(lines.number(position), "doubtful-character", message)
    if not body.startswith((b"<?xml version='1.0'", b'<?xml version="1.0"')):
        judged.note(1, "xml-not-well-formed", "the declared version of XML is another one; expected 1.0")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        judged.note(error.lineno or 1, "xml-not-well-formed", f"not well-formed XML: {error.msg}")
        return None
    if root.getroottree().docinfo.doctype:
        judged.note(1, "xml-doctype", "there is a document type declaration; expected none")
    return root, lines


def _doubtful(text: str) -> Iterator[tuple[int, str]]:
    """The discouraged characters of a text and their places, also those that are written as references."""
    for found in _DISCOURAGED.finditer(text):
        if not is_letter_beyond(found[0]):
            yield found.start(), found[0]
    for found in _REFERENCE.finditer(text):
        number = int(found[1], 16) if found[1] else int(found[2])
        character = chr(min(number, sys.maxunicode))
        if _DISCOURAGED.match(character) and not is_letter_beyond(character):
            yield found.start(), character


def parse_root(body: bytes, tag: str, judged: Judged) -> tuple[etree._Element, Lines] | None:
    """As for `parse_xml`, of a document whose root has this name; None where it has another one."""
    parsed = parse_xml(body, judged)
    if parsed and parsed[0].tag != tag:
        message = f"the document is <{parsed[0].tag!s}>; expected <{tag}>"
        judged.note(line_of(parsed[0]), "unknown-element", message)
        parsed = None
    judged.is_readable = parsed is not None
    return parsed


def judge_shape(
    root: etree._Element, shapes: Mapping[str, Shape], default: str, about: About, lines: Lines, judged: Judged
) -> None:
    """Note all that is not as the shapes have it. `default` is the namespace that has no prefix in their names."""
    walk = _Walk(shapes, default, about, judged)
    walk.judge(root, name_of(root, default))
    declaring: Iterable[etree._Element] = [root]
    if lines.text.count("xmlns") > len(root.nsmap):  # not only there, or it is a word in a text
        declaring = root.iter(etree.Element)
    for element in declaring:
        _judge_namespaces(element, default, walk.namespaces, judged)


def _judge_namespaces(element: etree._Element, default: str, used: Collection[str], judged: Judged) -> None:
    """Note the namespaces that an element declares and nothing uses, or that have another prefix than usual."""
    parent = element.getparent()
    known = parent.nsmap if parent is not None else {}
    for prefix, namespace in element.nsmap.items():
        expected = None if namespace == default else PREFIXES.get(namespace, prefix)
        if not namespace or known.get(prefix) == namespace:
            continue
        if namespace not in used:
            message = f"the namespace {namespace} is declared and not used"
            judged.note(line_of(element), "unused-namespace", message)
        elif prefix != expected:
            message = f"the prefix of {namespace} is {prefix}; expected {expected or 'none'}"
            judged.note(line_of(element), "unusual-prefix", message)


def name_of(element: etree._Element, default: str) -> str:
    """The name of an element with the usual prefix, without one in the namespace `default`."""
    return _name(str(element.tag), default)


@cache
def _name(tag: str, default: str = "") -> str:
    if not tag.startswith("{"):
        return f":{tag}" if default else tag
    namespace, _, local = tag[1:].partition("}")
    if namespace == default:
        return local
    return f"{PREFIXES[namespace]}:{local}" if namespace in PREFIXES else tag


@cache
def _clark(name: str) -> str:
    """The name of an attribute as lxml has it."""
    prefix, colon, local = name.rpartition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}" if colon else name


class _Walk:
    """A look at all elements of a document; `namespaces` are those that it met."""

    def __init__(self, shapes: Mapping[str, Shape], default: str, about: About, judged: Judged) -> None:
        self._shapes = shapes
        self._default = default
        self._now = about.now
        self._judged = judged
        self._met: set[object] = set()
        self.namespaces: set[str] = set()

    def judge(self, element: etree._Element, name: str, parent: str = "") -> None:
        """Judge an element; a shape for it below its parent, as in `item/title`, beats that for it anywhere."""
        shape = self._shapes.get(f"{parent}/{name}") or self._shapes.get(name)
        if shape is None:
            self._note(element, "unknown-element", f"<{name}> is not expected here")
            return
        self._meet(element.tag)
        if element.attrib or shape.attributes:
            self._judge_attributes(element, name, shape)
        self._judge_text(element, name, shape)
        counts = dict.fromkeys(shape.children, 0)
        for child in element.iterchildren():
            if not isinstance(child.tag, str):
                self._judge_other(child)
                continue
            child_name = _name(child.tag, self._default)
            if child_name not in counts:
                self._meet(child.tag)
                self._note(child, "unknown-element", f"<{child_name}> in <{name}> is not expected")
                continue
            counts[child_name] += 1
            if counts[child_name] > 1 and shape.children[child_name] in "1?":
                rule = "several-enclosures" if child_name == "enclosure" else "duplicate-element"
                self._note(child, rule, f"<{name}> has more than one <{child_name}>; expected one")
            self.judge(child, child_name, name)
        for child_name, often in shape.children.items():
            if often in "1+" and not counts[child_name]:
                self._note(element, "missing-element", f"<{name}> has no <{child_name}>; expected one")

    def _meet(self, name: object) -> None:
        """Keep the namespace of an element or an attribute that is used."""
        if name not in self._met:
            self._met.add(name)
            namespace, brace, _ = str(name).removeprefix("{").partition("}")
            self.namespaces |= {namespace} if brace else set()

    def _judge_other(self, node: etree._Element) -> None:
        """Comments do no harm; an entity that is not resolved would be nothing to a reader."""
        if isinstance(node, etree._Entity):  # noqa: SLF001  # lxml has no other name for it
            self._note(node, "xml-not-well-formed", f"the entity {node.text} is not declared; expected a character")

    def _judge_attributes(self, element: etree._Element, name: str, shape: Shape) -> None:
        given = 0
        for key, check in shape.attributes.items():
            bare = key.removesuffix("!")
            value = element.get(_clark(bare))
            if value is not None:
                given += 1
                self._judge_value(element, name, value, check, bare)
            elif key != bare:
                self._note(element, "missing-attribute", f"<{name}> has no {bare}; expected one")
        if given == len(element.attrib) and ":" not in "".join(shape.attributes):
            return
        known = {key.removesuffix("!") for key in shape.attributes}
        for attribute in map(str, element.attrib):
            self._meet(attribute)
            if _name(attribute) not in known:
                self._note(element, "unknown-attribute", f"{_name(attribute)} of <{name}> is not expected")

    def _judge_text(self, element: etree._Element, name: str, shape: Shape) -> None:
        if shape.text is None:
            text = (element.text or "") + "".join([child.tail or "" for child in element])
            if text and not text.isspace():
                self._note(element, "unexpected-text", f"there is text in <{name}>; expected elements only")
        elif shape.text is not any_text:
            self._judge_value(element, name, element.text or "", shape.text)

    def _judge_value(self, element: etree._Element, name: str, value: str, check: Check, attribute: str = "") -> None:
        wrong = check(value, self._now)
        if wrong:
            rule, expected = wrong
            what = f"{attribute} of <{name}>" if attribute else f"<{name}>"
            self._note(element, rule, f"{what} is {shown(value)}; expected {expected}")

    def _note(self, element: etree._Element, rule: str, message: str) -> None:
        self._judged.note(element.sourceline or 0, rule, message)


def line_of(element: etree._Element) -> int:
    return element.sourceline or 0


def texts_of(element: etree._Element, name: str) -> list[str]:
    """The texts of the elements with this name, in Clark notation, in an element."""
    return [child.text or "" for child in element.iterchildren(name)]
