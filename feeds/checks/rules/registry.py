"""All rules of `feeds check`, collected from the modules of this package.

A new rule is one new module. `RULES` holds its texts: what it finds, whom that harms, where it is specified. One of two
functions holds its check; the registry finds it by its name:

- `check_document(document: ParsedDocument) -> Iterator[Problem]` checks each published document, in any format;
- `check_site(config: Config, examination: Examination) -> Iterator[Diagnostic]` checks configuration and articles.

`EXAMPLES` holds documents with the problems that `check_document` finds in them; a test runs them. ids.py is a model.

Modules such as dates.py check single values or elements; the formats in feeds/checks/formats/ call these checks, and
their examples are in tests/integration/checks/rules/. docs/checks.md lists all rules; a test compares the list.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING

from feeds.checks import rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from feeds.checks.documents import ParsedDocument, Problem
    from feeds.checks.rules.rule import Example, Level, Rule
    from feeds.config.schema import Config
    from feeds.errors import Diagnostic
    from feeds.overview import Examination


_NOT_SUBJECTS = frozenset({"registry", "rule"})
#: The modules in the order of `feeds check --explain`. Others follow by name.
_ORDER = (
    *(
        "configuration",
        "unused",
        "articles",
        "bodies",
        "files",
        "consistency",
        "outline_names",
        "characters",
        "xml_documents",
    ),
    *("elements", "addresses", "ids", "dates", "values", "people", "media", "plain_text", "links", "rss_profile"),
    *("images", "html", "json_feed", "pages"),
)


def _import_modules() -> Iterator[ModuleType]:
    names = {module.name for module in pkgutil.iter_modules(rules.__path__)} - _NOT_SUBJECTS
    for name in (*_ORDER, *sorted(names.difference(_ORDER))):
        yield importlib.import_module(f"{rules.__name__}.{name}")


_MODULES = tuple(_import_modules())
RULES: dict[str, Rule] = {rule.id: rule for module in _MODULES for rule in module.RULES}
#: The examples of each module that has `check_document`, by its name.
EXAMPLES: dict[str, tuple[Example, ...]] = {
    module.__name__: module.EXAMPLES for module in _MODULES if hasattr(module, "check_document")
}
_DOCUMENT_CHECKS = tuple(module.check_document for module in _MODULES if hasattr(module, "check_document"))
_SITE_CHECKS = tuple(module.check_site for module in _MODULES if hasattr(module, "check_site"))


def check_document(document: ParsedDocument) -> Iterator[Problem]:
    """Yield the problems that `check_document` of all modules finds."""
    for check in _DOCUMENT_CHECKS:
        yield from check(document)


def check_site(config: Config, examination: Examination) -> Iterator[Diagnostic]:
    """Yield the diagnostics that `check_site` of all modules finds."""
    for check in _SITE_CHECKS:
        yield from check(config, examination)


def level_of(rule_id: str) -> Level:
    """Return the level of a rule, `error` if there is no such rule."""
    rule = RULES.get(rule_id)
    return rule.level if rule else "error"


def nearest_rules(name: str) -> list[str]:
    """Return the ids that contain `name`, else the three that are most similar to it."""
    within = [rule_id for rule_id in RULES if name and name in rule_id]
    return within or difflib.get_close_matches(name, RULES, n=3, cutoff=0.4)
