"""JSON Feed 1.1. formats/jsonfeed.py checks the values against its types."""

from __future__ import annotations

from feeds.checks.rules.rule import Rule

RULES = (
    Rule(
        "json-not-well-formed",
        "error",
        "A document is not JSON.",
        "Readers show nothing at all of the feed.",
        "RFC 8259",
    ),
    Rule(
        "json-duplicate-key",
        "error",
        "An object has the same key twice.",
        "Readers take the first or the last.",
        "RFC 8259, 4",
    ),
    Rule(
        "json-missing-key",
        "error",
        "A key that has to be there is missing.",
        "Readers refuse the feed or the item.",
        "JSON Feed 1.1",
    ),
    Rule(
        "json-unknown-key",
        "warning",
        "A key is not one of JSON Feed.",
        "Readers pass over it.",
        "JSON Feed 1.1",
    ),
    Rule(
        "json-wrong-value",
        "error",
        "A value is not of the type that its key has, or empty.",
        "Readers that are strict refuse the feed.",
        "JSON Feed 1.1",
    ),
)
