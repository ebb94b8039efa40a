"""Positions of the values in a YAML text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.errors import Diagnostic
from feeds.text.yaml import load_yaml
from feeds.text.yaml_loaders import ArticleLoader, ConfigLoader
from feeds.text.yaml_positions import Positions
from tests.support.strategies import nested_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.errors import Keys

TEXT = """\
# a comment

site:
  title: Test Wire
  url: >
    https://feeds.example.com/
formats: [rss,
  atom]
feeds:
  custom:
    - path: a

    - path: b
      topics: {any: [AI,
                     Robots]}
providers:
  1.50: {}
  007: seven
  true: {title: Yes}
title: first
title: second
"""
#: Mappings that merge ten times ten times … an empty one.
EMPTY_MERGES = "a0: &a0 {}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 20)
)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        pytest.param((), 3, id="whole"),
        pytest.param(("site",), 3, id="mapping"),
        pytest.param(("site", "title"), 4, id="value"),
        pytest.param(("site", "url"), 5, id="block text"),
        pytest.param(("formats", 0), 7, id="first item"),
        pytest.param(("formats", 1), 8, id="item on a line of its own"),
        pytest.param(("feeds", "custom", 1), 13, id="mapping in a list"),
        pytest.param(("feeds", "custom", 1, "path"), 13, id="first key of an item"),
        pytest.param(("feeds", "custom", 1, "topics", "any", 1), 15, id="deep"),
        pytest.param(("providers", "1.50"), 17, id="key that could be a fraction"),
        pytest.param(("providers", "007"), 18, id="key that could be a number"),
        pytest.param(("providers", "true", "title"), 19, id="below a key that could be a boolean"),
        pytest.param(("title",), 21, id="last of two"),
        pytest.param(("site", "language"), 3, id="missing key is where its mapping is"),
        pytest.param(("formats", 7), 7, id="missing item is where its list is"),
        pytest.param(("site", "title", "deeper"), 4, id="below a value is where the value is"),
        pytest.param(("nowhere", "deep"), 3, id="missing section is where the whole is"),
    ],
)
def test_the_line_of_a_value(keys: Keys, line: int) -> None:
    assert Positions(TEXT, ConfigLoader).line(keys) == line


@pytest.mark.parametrize("text", ["", "# only a comment\n"], ids=["nothing", "comment"])
def test_a_text_without_a_value_has_one_line(text: str) -> None:
    assert Positions(text, ConfigLoader).line(("site",)) == 1


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        pytest.param(("date",), "2020-06-10T23:09:00Z", id="timestamp"),
        pytest.param(("number",), "0x1F", id="number"),
        pytest.param(("word",), "Off", id="boolean"),
        pytest.param(("nothing",), "", id="nothing"),
        pytest.param(("list", 1), "1e3", id="item"),
        pytest.param(("list",), None, id="list"),
        pytest.param((), None, id="mapping"),
        pytest.param(("missing",), None, id="missing"),
        pytest.param(("list", 2), None, id="missing item"),
    ],
)
def test_a_scalar_is_found_as_written(keys: Keys, written: str | None) -> None:
    text = "date: 2020-06-10T23:09:00Z\nnumber: 0x1F\nword: Off\nnothing:\nlist: [a, 1e3]\n"
    assert Positions(text, ArticleLoader).scalar(keys) == written


@pytest.mark.parametrize(
    ("text", "line", "scalar"),
    [
        pytest.param("base: &base\n  a: one\nitem:\n  <<: *base\n", 2, "one", id="merged"),
        pytest.param("base: &base\n  a: one\nitem:\n  a: two\n  <<: *base\n", 4, "two", id="overridden"),
        pytest.param("one: &one {a: one}\ntwo: &two {a: two}\nitem:\n  <<: [*two, *one]\n", 2, "two", id="of a list"),
        pytest.param("base: &base\n  b: one\nitem:\n  <<: *base\n", 3, None, id="not there"),
    ],
)
def test_a_merged_value_is_found_at_its_source(text: str, line: int, scalar: str | None) -> None:
    positions = Positions(text, ConfigLoader)
    assert (positions.line(("item", "a")), positions.scalar(("item", "a"))) == (line, scalar)


def test_repeatedly_merged_mappings_are_searched_once() -> None:
    assert load_yaml(EMPTY_MERGES, ArticleLoader)["a19"] == {}
    assert Positions(EMPTY_MERGES, ArticleLoader).scalar(("a19", "k")) is None


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param("a: 1\nb: 2", [], id="none"),
        pytest.param("a: 1\na: 1", [("a",)], id="same value"),
        pytest.param("a: 1\n'a': 2", [("a",)], id="one quoted"),
        pytest.param("a: {b: 1, b: 2}", [("a", "b")], id="nested"),
        pytest.param("a: [{b: 1}, {b: 1, b: 2}]", [("a", 1, "b")], id="in a list"),
        pytest.param("a: 1\nb: {a: 1}", [], id="on two levels"),
        pytest.param("a: 1\nA: 1", [], id="other case"),
        pytest.param("", [], id="empty"),
    ],
)
def test_duplicate_keys_are_found(text: str, keys: list[Keys]) -> None:
    found = list(Positions(text, ConfigLoader).duplicate_keys())
    assert found == [Diagnostic(key, "the key is there twice; expected it once") for key in keys]


def test_an_alias_is_no_duplicate_and_may_be_circular() -> None:
    positions = Positions("a: &a\n  b: *a\n  c: 1\n  c: 2\nd: *a", ConfigLoader)
    assert list(positions.duplicate_keys()) == [Diagnostic(("a", "c"), "the key is there twice; expected it once")]


def leaves_of(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, str):
        yield keys, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves_of(item, (*keys, key))


@settings(deadline=None)
@given(nested_values(st.from_regex(r"w[a-z]{5,9}", fullmatch=True)))
def test_every_value_is_found_on_its_line(value: Any) -> None:
    text = "# first\n" + yaml.safe_dump(value, default_flow_style=False)
    positions = Positions(text, ConfigLoader)
    assert load_yaml(text, ConfigLoader) == value
    for keys, leaf in leaves_of(value):
        assert positions.scalar(keys) == leaf
        assert leaf in text.splitlines()[positions.line(keys) - 1]
