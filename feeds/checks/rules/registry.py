"""The table of rules: all that `feeds check` may find, whom it hurts, and where it is written."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from feeds.checks.rules.documents import OF_DOCUMENTS
from feeds.checks.rules.sources import OF_SOURCES

if TYPE_CHECKING:
    from feeds.checks.rules.rule import Level, Rule


RULES: dict[str, Rule] = {rule.id: rule for rule in (*OF_SOURCES, *OF_DOCUMENTS)}


def level_of(rule_id: str) -> Level:
    """The level of a rule; what belongs to none is not to be passed over."""
    rule = RULES.get(rule_id)
    return rule.level if rule else "error"


def nearest_rules(name: str) -> list[str]:
    """The ids that look most like `name`."""
    within = [rule_id for rule_id in RULES if name and name in rule_id]
    return within or difflib.get_close_matches(name, RULES, n=3, cutoff=0.4)
