"""The rules as they are collected: their texts, their examples, and that the code uses each of them."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from feeds.checks.rules.elements import one_of
from feeds.checks.rules.registry import EXAMPLES, RULES, level_of, nearest_rules
from tests.support.paths import PACKAGE
from tests.support.site import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feeds.checks.rules.rule import Example

SUBJECTS = [path for path in (PACKAGE / "checks" / "rules").glob("*.py") if "Rule(" in path.read_text(encoding="utf-8")]
#: What makes diagnostics, with the number of its arguments. The last is the rule.
DIAGNOSTICS = {"Diagnostic": 3, "LocatedDiagnostic": 4}


def is_assignment(node: ast.AST, *names: str) -> bool:
    """Whether a statement assigns to one of these names."""
    return isinstance(node, ast.Assign) and any(getattr(target, "id", "") in names for target in node.targets)


def texts_of_rules() -> Iterator[str]:
    """The ids in the texts of rules, as they are written."""
    for path in SUBJECTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Rule":
                yield ast.literal_eval(node.args[0])


def test_rules_are_told_apart_and_explained() -> None:
    assert sorted(texts_of_rules()) == sorted(RULES)
    assert all(rule.what and rule.why and rule.reference for rule in RULES.values())
    assert level_of("never heard of") == "error"


def test_the_nearest_rules_have_the_name_in_theirs_or_look_like_it() -> None:
    assert nearest_rules("picture") == ["picture-differs"]
    assert nearest_rules("bad-dat") == ["bad-date"]
    assert nearest_rules("xyzzy") == []


def rules_in_code() -> set[str]:
    """The ids that diagnostics are made with, wherever that is."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        statements = ast.parse(path.read_text(encoding="utf-8")).body
        code = [node for node in statements if not (path in SUBJECTS and is_assignment(node, "RULES", "EXAMPLES"))]
        for node in (inner for statement in code for inner in ast.walk(statement)):
            if isinstance(node, ast.Call | ast.Tuple | ast.IfExp | ast.Dict | ast.Assign):
                texts = {str(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant)}
                found |= texts & set(RULES)
    return found


def test_the_code_uses_every_rule() -> None:
    assert rules_in_code() == set(RULES)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_diagnostic_names_its_rule(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in DIAGNOSTICS:
            is_whole = any(isinstance(argument, ast.Starred) for argument in node.args)
            assert is_whole or len(node.args) == DIAGNOSTICS[name], f"{path.name}:{node.lineno}"
            rule = node.args[-1]
            assert not isinstance(rule, ast.Constant) or rule.value in RULES, f"{path.name}:{node.lineno}"


#: The examples of rules for parsed documents.
DOCUMENTS = [
    pytest.param(module, example, id=f"{module.rpartition('.')[2]}-{number}")
    for module, examples in EXAMPLES.items()
    for number, example in enumerate(examples)
]


@pytest.mark.parametrize(("module", "example"), DOCUMENTS)
def test_a_check_finds_what_its_example_says(module: str, example: Example) -> None:
    assert tuple(import_module(module).check_document(example.document)) == example.problems


def test_every_check_of_documents_has_an_example_with_a_problem() -> None:
    assert len(EXAMPLES) >= 2
    assert [module for module, examples in EXAMPLES.items() if not any(each.problems for each in examples)] == []


@pytest.mark.parametrize(
    ("values", "expected"), [(("a",), "a"), (("a", "b"), "a or b"), (("a", "b", "c"), "a, b or c")], ids=len
)
def test_what_is_expected_is_said_in_words(values: tuple[str, ...], expected: str) -> None:
    assert one_of("bad-medium", *values)("x", NOW) == ("bad-medium", expected)
