"""HTML pages. formats/pages.py checks them; what runs in a page is a matter of html.py."""

from __future__ import annotations

from feeds.checks.rules.rule import Rule

RULES = (
    Rule(
        "page-without-name",
        "error",
        "A page has no title or no language.",
        "Screen readers cannot say what it is, nor in which language to read it.",
        "WCAG 2.2, 2.4.2 and 3.1.1",
    ),
    Rule(
        "page-without-policy",
        "error",
        "A page has no Content-Security-Policy, or another one than ours.",
        "Should anything slip in that runs, browsers would run it.",
        "Content Security Policy Level 3",
    ),
)
