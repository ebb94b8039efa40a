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
from feeds.errors import quoted
from feeds.text.characters import BEYOND, is_letter_beyond

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from feeds.checks.formats.result import DocumentContext, ValidationResult
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
class ElementRule:
    """What an element may be: which elements are in it and how often (`1`, `?`, `*`, `+`), its attributes, its text.

    A name ends in `!` where the attribute must be there. Without a `text` there is none.
    """

    children: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Check] = field(default_factory=dict)
    text: Check | None = None


def parse_xml(body: bytes, result: ValidationResult) -> tuple[etree._Element, Lines] | None:
    """The root of the document and its lines; None where it is none.

    Nothing outside of it is read, and no entity is expanded.
    """
    try:
        lines = Lines(body.decode())
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        result.note(line, "not-utf-8", f"byte 0x{body[error.start]:02x} is not UTF-8; expected UTF-8")
        return None
    if body.startswith(codecs.BOM_UTF8):
        result.note(1, "not-utf-8", "there is a byte order mark before the declaration; expected none")
        return None
    if not body.strip():
        result.note(0, "xml-not-well-formed", "the document is empty; expected a feed")
        return None
    declared = _ENCODING.match(body)
    if declared is None or declared[1].upper() != b"UTF-8":
        there = quoted(declared[1].decode()) if declared else "nothing"
        result.note(1, "not-utf-8", f"the declared encoding is {there}; expected UTF-8")
        return None
    for position, character in _doubtful(lines.text):
        message = f"there is U+{ord(character):04X}; expected none that shows nothing"
        result.note(lines.number(position), "doubtful-character", message)
    if not body.startswith((b"<?xml version='1.0'", b'<?xml version="1.0"')):
        result.note(1, "xml-not-well-formed", "the declared version of XML is another one; expected 1.0")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        result.note(error.lineno or 1, "xml-not-well-formed", f"not well-formed XML: {error.msg}")
        return None
    if root.getroottree().docinfo.doctype:
        result.note(1, "xml-doctype", "there is a document type declaration; expected none")
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


def parse_root(body: bytes, tag: str, result: ValidationResult) -> tuple[etree._Element, Lines] | None:
    """As for `parse_xml`, of a document whose root has this name; None where it has another one."""
    parsed = parse_xml(body, result)
    if parsed and parsed[0].tag != tag:
        message = f"the document is <{parsed[0].tag!s}>; expected <{tag}>"
        result.note(line_of(parsed[0]), "unknown-element", message)
        parsed = None
    result.is_readable = parsed is not None
    return parsed


def validate_element(
    root: etree._Element,
    rules: Mapping[str, ElementRule],
    default: str,
    context: DocumentContext,
    lines: Lines,
    result: ValidationResult,
) -> None:
    """Note all that is not as the shapes have it. `default` is the namespace that has no prefix in their names."""
    walk = _Walk(rules, default, context, result)
    walk.validate(root, name_of(root, default))
    declaring: Iterable[etree._Element] = [root]
    if lines.text.count("xmlns") > len(root.nsmap):  # not only there, or it is a word in a text
        declaring = root.iter(etree.Element)
    for element in declaring:
        _validate_namespaces(element, default, walk.namespaces, result)


def _validate_namespaces(
    element: etree._Element, default: str, used: Collection[str], result: ValidationResult
) -> None:
    """Note the namespaces that an element declares and nothing uses, or that have another prefix than usual."""
    parent = element.getparent()
    known = parent.nsmap if parent is not None else {}
    for prefix, namespace in element.nsmap.items():
        expected = None if namespace == default else PREFIXES.get(namespace, prefix)
        if not namespace or known.get(prefix) == namespace:
            continue
        if namespace not in used:
            message = f"the namespace {namespace} is declared and not used"
            result.note(line_of(element), "unused-namespace", message)
        elif prefix != expected:
            message = f"the prefix of {namespace} is {prefix}; expected {expected or 'none'}"
            result.note(line_of(element), "unusual-prefix", message)


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

    def __init__(
        self, rules: Mapping[str, ElementRule], default: str, context: DocumentContext, result: ValidationResult
    ) -> None:
        self._shapes = rules
        self._default = default
        self._now = context.now
        self._validated = result
        self._met: set[object] = set()
        self.namespaces: set[str] = set()

    def validate(self, element: etree._Element, name: str, parent: str = "") -> None:
        """Judge an element; a shape for it below its parent, as in `item/title`, beats that for it anywhere."""
        rule = self._shapes.get(f"{parent}/{name}") or self._shapes.get(name)
        if rule is None:
            self._note(element, "unknown-element", f"<{name}> is not expected here")
            return
        self._meet(element.tag)
        if element.attrib or rule.attributes:
            self._validate_attributes(element, name, rule)
        self._validate_text(element, name, rule)
        counts = dict.fromkeys(rule.children, 0)
        for child in element.iterchildren():
            if not isinstance(child.tag, str):
                self._validate_other(child)
                continue
            child_name = _name(child.tag, self._default)
            if child_name not in counts:
                self._meet(child.tag)
                self._note(child, "unknown-element", f"<{child_name}> in <{name}> is not expected")
                continue
            counts[child_name] += 1
            if counts[child_name] > 1 and rule.children[child_name] in "1?":
                wrong = "several-enclosures" if child_name == "enclosure" else "duplicate-element"
                self._note(child, wrong, f"<{name}> has more than one <{child_name}>; expected one")
            self.validate(child, child_name, name)
        for child_name, often in rule.children.items():
            if often in "1+" and not counts[child_name]:
                self._note(element, "missing-element", f"<{name}> has no <{child_name}>; expected one")

    def _meet(self, name: object) -> None:
        """Keep the namespace of an element or an attribute that is used."""
        if name not in self._met:
            self._met.add(name)
            namespace, brace, _ = str(name).removeprefix("{").partition("}")
            self.namespaces |= {namespace} if brace else set()

    def _validate_other(self, node: etree._Element) -> None:
        """Comments do no harm; an entity that is not resolved would be nothing to a reader."""
        if isinstance(node, etree._Entity):  # noqa: SLF001  # lxml has no other name for it
            self._note(node, "xml-not-well-formed", f"the entity {node.text} is not declared; expected a character")

    def _validate_attributes(self, element: etree._Element, name: str, rule: ElementRule) -> None:
        given = 0
        for key, check in rule.attributes.items():
            bare = key.removesuffix("!")
            value = element.get(_clark(bare))
            if value is not None:
                given += 1
                self._validate_value(element, name, value, check, bare)
            elif key != bare:
                self._note(element, "missing-attribute", f"<{name}> has no {bare}; expected one")
        if given == len(element.attrib) and ":" not in "".join(rule.attributes):
            return
        known = {key.removesuffix("!") for key in rule.attributes}
        for attribute in map(str, element.attrib):
            self._meet(attribute)
            if _name(attribute) not in known:
                self._note(element, "unknown-attribute", f"{_name(attribute)} of <{name}> is not expected")

    def _validate_text(self, element: etree._Element, name: str, rule: ElementRule) -> None:
        if rule.text is None:
            text = (element.text or "") + "".join([child.tail or "" for child in element])
            if text and not text.isspace():
                self._note(element, "unexpected-text", f"there is text in <{name}>; expected elements only")
        elif rule.text is not any_text:
            self._validate_value(element, name, element.text or "", rule.text)

    def _validate_value(
        self, element: etree._Element, name: str, value: str, check: Check, attribute: str = ""
    ) -> None:
        wrong = check(value, self._now)
        if wrong:
            rule, expected = wrong
            what = f"{attribute} of <{name}>" if attribute else f"<{name}>"
            self._note(element, rule, f"{what} is {quoted(value)}; expected {expected}")

    def _note(self, element: etree._Element, rule: str, message: str) -> None:
        self._validated.note(element.sourceline or 0, rule, message)


def line_of(element: etree._Element) -> int:
    return element.sourceline or 0


def texts_of(element: etree._Element, name: str) -> list[str]:
    """The texts of the elements with this name, in Clark notation, in an element."""
    return [child.text or "" for child in element.iterchildren(name)]
