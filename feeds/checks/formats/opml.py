"""The list of feeds, OPML 2.0 (http://opml.org/spec2.opml)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.documents import ParsedDocument, ValidationResult, line_of
from feeds.checks.formats.schema import ElementRule, conclude, parse_root, validate_element
from feeds.checks.rules.addresses import address
from feeds.checks.rules.elements import one_of
from feeds.checks.rules.outline_names import outline_name

if TYPE_CHECKING:
    from feeds.checks.documents import DocumentContext


_ELEMENTS = {
    "opml": ElementRule({"head": "1", "body": "1"}, {"version!": one_of("wrong-version", "2.0")}),
    "head": ElementRule({"title": "1"}),
    "title": ElementRule(text=outline_name),
    "body": ElementRule({"outline": "+"}),
    "body/outline": ElementRule({"outline": "*"}, {"text!": outline_name}),
    "outline/outline": ElementRule(
        attributes={
            "type!": one_of("bad-outline", "rss"),
            "text!": outline_name,
            "title!": outline_name,
            "xmlUrl!": address,
            "htmlUrl": address,
            "version": one_of("bad-outline", "RSS2"),
        }
    ),
}


def validate_opml(body: bytes, context: DocumentContext) -> ValidationResult:
    result = ValidationResult(context.path)
    parsed = parse_root(body, "opml", result)
    if parsed is None:
        return result
    root, lines = parsed
    validate_element(root, _ELEMENTS, "", context, lines, result)
    links = tuple(
        (line_of(outline), url)
        for outline in root.iter("outline")
        for url in (outline.get("xmlUrl"), outline.get("htmlUrl"))
        if url
    )
    return conclude(ParsedDocument(context=context, format="opml", links=links), result)
