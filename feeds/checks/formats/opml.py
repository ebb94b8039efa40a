"""The list of feeds, OPML 2.0 (http://opml.org/spec2.opml)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.formats.result import ValidationResult
from feeds.checks.formats.schema import ElementRule, line_of, parse_root, validate_element
from feeds.checks.formats.values import address, name_in_opml, one_of

if TYPE_CHECKING:
    from feeds.checks.formats.result import DocumentContext


_ELEMENTS = {
    "opml": ElementRule({"head": "1", "body": "1"}, {"version!": one_of("wrong-version", "2.0")}),
    "head": ElementRule({"title": "1"}),
    "title": ElementRule(text=name_in_opml),
    "body": ElementRule({"outline": "+"}),
    "body/outline": ElementRule({"outline": "*"}, {"text!": name_in_opml}),
    "outline/outline": ElementRule(
        attributes={
            "type!": one_of("bad-outline", "rss"),
            "text!": name_in_opml,
            "title!": name_in_opml,
            "xmlUrl!": address,
            "htmlUrl": address,
            "version": one_of("bad-outline", "RSS2"),
        }
    ),
}


def validate_opml(body: bytes, context: DocumentContext) -> ValidationResult:
    """What is wrong with a list of feeds."""
    result = ValidationResult(context.path)
    parsed = parse_root(body, "opml", result)
    if parsed is None:
        return result
    root, lines = parsed
    validate_element(root, _ELEMENTS, "", context, lines, result)
    for outline in root.iter("outline"):
        for name in ("xmlUrl", "htmlUrl"):
            if outline.get(name):
                result.links.append((line_of(outline), outline.get(name, "")))
    return result
