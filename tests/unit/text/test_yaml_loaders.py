"""Loaders of YAML: the meaning of scalars, and merge keys."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from feeds.content.articles import parse_article
from feeds.text.yaml import YamlError, load_yaml
from feeds.text.yaml_loaders import ArticleLoader, ConfigLoader
from tests.support.clocks import within

if TYPE_CHECKING:
    import yaml

LOADERS = [pytest.param(ArticleLoader, id="article"), pytest.param(ConfigLoader, id="config")]
#: Integers and fractions that take long to parse, or that Python parses and does not print.
LONG_NUMBERS = [
    *("1" * 5000, f"0x{'f' * 4000}", f"0{'7' * 7000}", f"0b{'1' * 17_000}", f"1{':1' * 3000}"),
    f"1{':1' * 100_000}",
    f"1{'_' * 5000}1",
    f"1.{'1' * 5000}",
    f"1{':1' * 3000}.5",
]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("off", "off", id="off"),
        pytest.param("No", "No", id="No"),
        pytest.param("yes", "yes", id="yes"),
        pytest.param("on", "on", id="on"),
        pytest.param("y", "y", id="y"),
        pytest.param("true", True, id="true"),
        pytest.param("False", False, id="False"),
        pytest.param("~", None, id="tilde"),
        pytest.param("null", None, id="null"),
        pytest.param("", None, id="nothing"),
        pytest.param("100", 100, id="whole number"),
        pytest.param("-5", -5, id="negative number"),
        pytest.param("1.5", 1.5, id="fraction"),
        pytest.param("'100'", "100", id="quoted number"),
        pytest.param("12:30", "12:30", id="time of day"),
        pytest.param("1_000", "1_000", id="underscore"),
        pytest.param("2020-06-10", "2020-06-10", id="date"),
        pytest.param("2020-13-45", "2020-13-45", id="impossible date"),
        pytest.param("2020-06-10T23:09:00Z", "2020-06-10T23:09:00Z", id="timestamp"),
        pytest.param("2020-06-10T25:09:00Z", "2020-06-10T25:09:00Z", id="hour 25"),
        pytest.param("2020-06-10T23:09:00+99:00", "2020-06-10T23:09:00+99:00", id="impossible offset"),
        pytest.param("=", "=", id="equals sign"),
        pytest.param("0x_", "0x_", id="no digit"),
        pytest.param("!!int x", "x", id="tagged whole number"),
        pytest.param("!!int ''", "", id="tagged whole number, empty"),
        pytest.param("!!float ''", "", id="tagged number, empty"),
        pytest.param("!!bool maybe", "maybe", id="tagged boolean"),
        pytest.param("!!timestamp soon", "soon", id="tagged timestamp"),
        pytest.param("1" * 40, int("1" * 40), id="40 digits"),
        pytest.param("1" * 41, "1" * 41, id="41 digits"),
        *(pytest.param(number, number, id=number[:4]) for number in LONG_NUMBERS),
    ],
)
def test_a_scalar_has_one_meaning(written: str, expected: object) -> None:
    with within(seconds=5):
        values = [load_yaml(f"key: {written}", loader) for loader in (ArticleLoader, ConfigLoader)]
    assert values == [{"key": expected}] * 2


@pytest.mark.parametrize(
    ("written", "expected"), [("010", 10), ("0o14", 12), ("0x1f", 31), ("1e3", 1000.0), (".inf", float("inf"))]
)
def test_an_unusual_number_is_one_in_front_matter_and_text_in_the_configuration(written: str, expected: float) -> None:
    assert load_yaml(f"key: {written}", ArticleLoader) == {"key": expected}
    assert load_yaml(f"key: {written}", ConfigLoader) == {"key": written}


def test_a_tagged_mapping_with_a_default_value_is_text() -> None:
    assert load_yaml("key: !!int {=: x}", ArticleLoader) == {"key": "x"}  # https://yaml.org/type/value.html


@pytest.mark.parametrize("number", [*LONG_NUMBERS, f"!!int {{=: 0x{'f' * 4000}}}"], ids=lambda number: number[:9])
@pytest.mark.parametrize(
    "front_matter",
    [
        *(f"{field}: {{}}" for field in "quality published updatedDateTime provider images topics title".split()),
        "? {}\n: a",
        "provider: {{authors: [{{url: {}}}]}}",
        "related:\n- ? {}\n  : a",
    ],
)
def test_a_long_number_gives_short_diagnostics(front_matter: str, number: str) -> None:
    """PyYAML reads it, because there is a tag. yaml12 does not read it as a number."""
    text = f"---\nx: !!str a\nwebUrl: https://a.example/\n{front_matter.format(number)}\n---\n"
    with within(seconds=5):
        parsed = parse_article(text.encode(), path="a.md", modified=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert all(len(str(mistake)) < 300 for mistake in parsed.diagnostics)


@pytest.mark.parametrize("key", ["2024", "1.50", "true", "null", "~", "off", "2020-06-10", "="])
def test_keys_of_the_configuration_are_text(key: str) -> None:
    assert load_yaml(f"topics: {{{key}: {{slug: a}}}}", ConfigLoader) == {"topics": {key: {"slug": "a"}}}


@pytest.mark.parametrize("loader", LOADERS)
def test_merge_keys_are_merged(loader: type[yaml.SafeLoader]) -> None:
    text = "topics: &limits {limit: 5}\nproviders: {<<: *limits, min_entries: 1}"
    assert load_yaml(text, loader)["providers"] == {"limit": 5, "min_entries": 1}


#: A few hundred bytes that merge too many keys: 10^20, 120,000, and along a chain of 799 mappings.
MERGES = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 20))
WIDE_MERGES = f"a: &a {{{', '.join(f'k{n}: v' for n in range(300))}}}\nb:\n" + "- <<: *a\n" * 400
MERGED = "".join(f"- &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 800))
CHAIN_OF_MERGES = f"a:\n- &a0 {{k: b}}\n{MERGED}x: {{<<: *a799}}"


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param(MERGES, 6, "bring in more than 100000 keys", id="deep"),
        pytest.param(WIDE_MERGES, 336, "bring in more than 100000 keys", id="wide"),
        pytest.param(CHAIN_OF_MERGES, 702, "lead to one another more than 100 times", id="chain"),
    ],
)
def test_merge_keys_that_multiply_are_an_error(
    loader: type[yaml.SafeLoader], text: str, line: int, problem: str
) -> None:
    with pytest.raises(YamlError, match=rf"^not valid YAML: merge keys \(<<\) {problem}$") as caught:
        load_yaml(text, loader)
    assert caught.value.line == line
