"""XML as such: well-formed documents and their namespaces. formats/schema.py checks them."""

from __future__ import annotations

from feeds.checks.rules.rule import Rule

RULES = (
    Rule(
        "xml-not-well-formed",
        "error",
        "A document is not well-formed XML.",
        "Readers show nothing at all of the feed.",
        "XML 1.0, 2.1",
    ),
    Rule(
        "xml-doctype",
        "error",
        "A document has a document type declaration.",
        "Readers refuse it for safety: it can name files and expand without end.",
        "XML 1.0, 2.8",
    ),
    Rule(
        "unused-namespace",
        "warning",
        "A namespace is declared and not used.",
        "It is a promise that is not kept, and costs bytes in each request.",
        "Namespaces in XML 1.0, 3",
    ),
    Rule(
        "unusual-prefix",
        "warning",
        "A namespace has another prefix than the usual one.",
        "Some readers look for the prefix and not for the namespace; validators warn of it.",
        "RSS profile, namespaces",
    ),
)
