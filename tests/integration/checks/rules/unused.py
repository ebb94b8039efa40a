"""Topics, providers and feeds of the configuration that have no entry."""

from __future__ import annotations

from tests.support.rule_examples import CONFIGURATION, BrokenConfiguration

EXAMPLES = (
    BrokenConfiguration("unused-topic", f"{CONFIGURATION}topics: {{Enrgy: {{title: E}}}}\n"),
    BrokenConfiguration("unused-provider", f"{CONFIGURATION}providers: {{b.example: {{title: B}}}}\n"),
    BrokenConfiguration("provider-spelling", f"{CONFIGURATION}providers: {{WWW.a.example: {{title: A}}}}\n"),
    BrokenConfiguration("empty-feed", f"{CONFIGURATION}feeds: {{custom: [{{path: good, min_quality: 90}}]}}\n"),
)
