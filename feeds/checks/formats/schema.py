"""XML documents: parsed, and checked against a table of the elements and attributes of their format."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from lxml import etree

from feeds.checks.documents import line_of
from feeds.checks.rules.characters import decode_utf8, doubtful_in_xml
from feeds.checks.rules.elements import any_text
from feeds.checks.rules.registry import check_document
from feeds.errors import quoted
from feeds.render import namespaces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from feeds.checks.documents import DocumentContext, ParsedDocument, ValidationResult
    from feeds.checks.rules.rule import ValueCheck


#: The usual prefixes. Some readers look for them instead of the namespaces.
PREFIXES = {
    namespaces.ATOM: "atom",
    namespaces.CONTENT: "content",
    namespaces.DC: "dc",
    namespaces.MEDIA: "media",
    namespaces.HISTORY: "fh",
    namespaces.XML: "xml",
}
_NAMESPACES = {prefix: namespace for namespace, prefix in PREFIXES.items()}
_ENCODING = re.compile(rb"""^<\?xml[^>]*\sencoding=["']([A-Za-z0-9._-]+)["']""")


class Lines:
    """The lines of a text, from 1. They are counted once for all problems of a document."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _ends(self) -> list[int]:
        return [match.end() for match in re.finditer("\n", self.text)]

    def number(self, position: int) -> int:
        """Return the line of a position in the text."""
        return bisect_right(self._ends, position) + 1

    def part(self, first: int, last: int) -> str:
        """Return the text of some lines."""
        ends = [0, *self._ends, len(self.text)]
        return self.text[ends[min(first, len(ends) - 1) - 1] : ends[min(last, len(ends) - 1)]]


@dataclass(frozen=True, slots=True)
class ElementRule:
    """The content of an element: its children and how often they occur (`1`, `?`, `*`, `+`), its attributes, its text.

    The name of an attribute that is required ends in `!`. An element without `text` has no text.
    """

    children: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, ValueCheck] = field(default_factory=dict)
    text: ValueCheck | None = None


def parse_root(body: bytes, tag: str, result: ValidationResult) -> tuple[etree._Element, Lines] | None:
    """Return the root of a document and its lines; None, with a diagnostic, if it is not XML or has another root."""
    parsed = _parse_xml(body, result)
    if parsed and parsed[0].tag != tag:
        message = f"the document is <{parsed[0].tag!s}>; expected <{tag}>"
        result.note(line_of(parsed[0]), "unknown-element", message)
        parsed = None
    result.is_readable = parsed is not None
    return parsed


def _parse_xml(body: bytes, result: ValidationResult) -> tuple[etree._Element, Lines] | None:
    """Parse XML. Nothing outside the document is read, and no entity is expanded."""
    text = decode_utf8(body, result)
    if text is None or not _validate_declaration(body, result):
        return None
    lines = Lines(text)
    for position, message in doubtful_in_xml(text):
        result.note(lines.number(position), "doubtful-character", message)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        result.note(error.lineno or 1, "xml-not-well-formed", f"not well-formed XML: {error.msg}")
        return None
    if root.getroottree().docinfo.doctype:
        result.note(1, "xml-doctype", "there is a document type declaration; expected none")
    return root, lines


def _validate_declaration(body: bytes, result: ValidationResult) -> bool:
    """Whether a document can be read by its XML declaration (XML 1.0, 2.8 and 4.3.3)."""
    if body.startswith(codecs.BOM_UTF8):
        result.note(1, "not-utf-8", "there is a byte order mark before the declaration; expected none")
        return False
    if not body.strip():
        result.note(0, "xml-not-well-formed", "the document is empty; expected a feed")
        return False
    encoding = _ENCODING.match(body)
    if encoding is None or encoding[1].upper() != b"UTF-8":
        there = quoted(encoding[1].decode()) if encoding else "nothing"
        result.note(1, "not-utf-8", f"the declared encoding is {there}; expected UTF-8")
        return False
    if not body.startswith((b"<?xml version='1.0'", b'<?xml version="1.0"')):
        result.note(1, "xml-not-well-formed", "the declared version of XML is another one; expected 1.0")
    return True


def conclude(document: ParsedDocument, result: ValidationResult) -> ValidationResult:
    """Apply the rules that do not depend on the format, and keep what the formats of a feed are compared by."""
    for location, rule, message in check_document(document):
        result.note(location if isinstance(location, int) else 0, rule, message)
    result.enclosures = {entry.id or "": entry.enclosures for entry in document.entries}
    return result


def validate_element(
    root: etree._Element,
    rules: Mapping[str, ElementRule],
    default: str,
    context: DocumentContext,
    lines: Lines,
    result: ValidationResult,
) -> None:
    """Note everything in a document that its table does not allow.

    `rules` has the names of elements with the usual prefix, and without one in the namespace `default`. A rule for
    `item/title` precedes one for `title`.
    """
    walk = _Walk(rules, default, context, result)
    walk.validate(root, _name(str(root.tag), default))
    declaring: Iterable[etree._Element] = [root]
    if lines.text.count("xmlns") > len(root.nsmap):  # in other elements, too, unless it is a word in a text
        declaring = root.iter(etree.Element)
    for element in declaring:
        _validate_namespaces(element, default, walk.namespaces, result)


def _validate_namespaces(
    element: etree._Element, default: str, used: Collection[str], result: ValidationResult
) -> None:
    """Note the namespaces that an element declares and no name uses, or that have an unusual prefix."""
    parent = element.getparent()
    inherited = parent.nsmap if parent is not None else {}
    for prefix, namespace in element.nsmap.items():
        expected = None if namespace == default else PREFIXES.get(namespace, prefix)
        if not namespace or inherited.get(prefix) == namespace:
            continue
        if namespace not in used:
            message = f"the namespace {namespace} is declared and not used"
            result.note(line_of(element), "unused-namespace", message)
        elif prefix != expected:
            message = f"the prefix of {namespace} is {prefix}; expected {expected or 'none'}"
            result.note(line_of(element), "unusual-prefix", message)


@cache
def _name(tag: str, default: str = "") -> str:
    """Return a name in Clark notation with the usual prefix, without one in the namespace `default`."""
    if not tag.startswith("{"):
        return f":{tag}" if default else tag
    namespace, _, local = tag[1:].partition("}")
    if namespace == default:
        return local
    return f"{PREFIXES[namespace]}:{local}" if namespace in PREFIXES else tag


@cache
def _clark(name: str) -> str:
    """Return the name of an attribute in Clark notation, as lxml has it."""
    prefix, colon, local = name.rpartition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}" if colon else name


class _Walk:
    """Checks an element with all elements in it. `namespaces` are those that it has met."""

    def __init__(
        self, rules: Mapping[str, ElementRule], default: str, context: DocumentContext, result: ValidationResult
    ) -> None:
        self._rules = rules
        self._default = default
        self._now = context.now
        self._result = result
        self._met: set[object] = set()
        self.namespaces: set[str] = set()

    def validate(self, element: etree._Element, name: str, parent: str = "") -> None:
        rule = self._rules.get(f"{parent}/{name}") or self._rules.get(name)
        if rule is None:
            self._note(element, "unknown-element", f"<{name}> is not expected here")
            return
        self._meet(element.tag)
        if element.attrib or rule.attributes:
            self._validate_attributes(element, name, rule)
        self._validate_text(element, name, rule)
        if rule.children or len(element):
            self._validate_children(element, name, rule)

    def _validate_children(self, element: etree._Element, name: str, rule: ElementRule) -> None:
        counts = dict.fromkeys(rule.children, 0)
        for child in element.iterchildren():
            if not isinstance(child.tag, str):
                if isinstance(child, etree._Entity):  # noqa: SLF001  # lxml has no public name for it
                    message = f"the entity {child.text} is not declared; expected a character"
                    self._note(child, "xml-not-well-formed", message)
                continue
            child_name = _name(child.tag, self._default)
            if child_name not in counts:
                self._meet(child.tag)
                self._note(child, "unknown-element", f"<{child_name}> in <{name}> is not expected")
                continue
            counts[child_name] += 1
            if counts[child_name] > 1 and rule.children[child_name] in "1?":
                broken = "several-enclosures" if child_name == "enclosure" else "duplicate-element"
                self._note(child, broken, f"<{name}> has more than one <{child_name}>; expected one")
            self.validate(child, child_name, name)
        for child_name, often in rule.children.items():
            if often in "1+" and not counts[child_name]:
                self._note(element, "missing-element", f"<{name}> has no <{child_name}>; expected one")

    def _meet(self, name: object) -> None:
        """Keep the namespace of an element or an attribute as used."""
        if name not in self._met:
            self._met.add(name)
            namespace, brace, _ = str(name).removeprefix("{").partition("}")
            self.namespaces |= {namespace} if brace else set()

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
        self, element: etree._Element, name: str, value: str, check: ValueCheck, attribute: str = ""
    ) -> None:
        violation = check(value, self._now)
        if violation:
            rule, expected = violation
            what = f"{attribute} of <{name}>" if attribute else f"<{name}>"
            self._note(element, rule, f"{what} is {quoted(value)}; expected {expected}")

    def _note(self, element: etree._Element, rule: str, message: str) -> None:
        self._result.note(line_of(element), rule, message)
