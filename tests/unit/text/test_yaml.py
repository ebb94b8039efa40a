"""YAML with line numbers: which words mean what, where values stand, and what is said of what is not YAML."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.content.articles import parse_article
from feeds.errors import Diagnostic
from feeds.text.yaml import YamlError, load_article_yaml, load_yaml
from feeds.text.yaml_loaders import ArticleLoader, ConfigLoader
from feeds.text.yaml_positions import Positions
from tests.support.clocks import within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from feeds.errors import Keys

LOADERS = [pytest.param(ArticleLoader, id="article"), pytest.param(ConfigLoader, id="config")]

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


#: Whole numbers and fractions that take long to read, or that Python reads and does not write.
LONG_NUMBERS = [
    *("1" * 5000, f"0x{'f' * 4000}", f"0{'7' * 7000}", f"0b{'1' * 17_000}", f"1{':1' * 3000}"),
    f"1{':1' * 100_000}",
    f"1{'_' * 5000}1",
    f"1.{'1' * 5000}",
    f"1{':1' * 3000}.5",
]


@pytest.mark.parametrize(
    ("written", "article", "config"),
    [
        pytest.param("off", "off", "off", id="off"),
        pytest.param("No", "No", "No", id="No"),
        pytest.param("yes", "yes", "yes", id="yes"),
        pytest.param("on", "on", "on", id="on"),
        pytest.param("y", "y", "y", id="y"),
        pytest.param("true", True, True, id="true"),
        pytest.param("False", False, False, id="False"),
        pytest.param("~", None, None, id="tilde"),
        pytest.param("null", None, None, id="null"),
        pytest.param("", None, None, id="nothing"),
        pytest.param("100", 100, 100, id="whole number"),
        pytest.param("-5", -5, -5, id="negative number"),
        pytest.param("1.5", 1.5, 1.5, id="fraction"),
        pytest.param("'100'", "100", "100", id="quoted number"),
        pytest.param("12:30", "12:30", "12:30", id="time of day"),
        pytest.param("010", 10, 10, id="leading zero"),
        pytest.param("1_000", "1_000", "1_000", id="underscore"),
        pytest.param("2020-06-10", "2020-06-10", "2020-06-10", id="date"),
        pytest.param("2020-13-45", "2020-13-45", "2020-13-45", id="date that no calendar has"),
        pytest.param(
            "2020-06-10T23:09:00Z",
            "2020-06-10T23:09:00Z",
            "2020-06-10T23:09:00Z",
            id="timestamp",
        ),
        pytest.param("2020-06-10T25:09:00Z", "2020-06-10T25:09:00Z", "2020-06-10T25:09:00Z", id="hour 25"),
        pytest.param("2020-06-10T23:09:00+99:00", *["2020-06-10T23:09:00+99:00"] * 2, id="offset that no place has"),
        pytest.param("=", "=", "=", id="equals sign"),
        pytest.param("0x_", "0x_", "0x_", id="no digit"),
        pytest.param("!!int x", "x", "x", id="tagged whole number"),
        pytest.param("!!int ''", "", "", id="tagged whole number, empty"),
        pytest.param("!!float ''", "", "", id="tagged number, empty"),
        pytest.param("!!bool maybe", "maybe", "maybe", id="tagged boolean"),
        pytest.param("!!timestamp soon", "soon", "soon", id="tagged timestamp"),
        pytest.param("1" * 40, int("1" * 40), int("1" * 40), id="40 digits"),
        pytest.param("1" * 41, "1" * 41, "1" * 41, id="41 digits"),
        *(pytest.param(number, number, number, id=number[:4]) for number in LONG_NUMBERS),
    ],
)
def test_a_word_means_what_the_file_is_for(written: str, article: object, config: object) -> None:
    with within(seconds=5):
        found = [load_yaml(f"key: {written}", loader) for loader in (ArticleLoader, ConfigLoader)]
    assert found == [{"key": article}, {"key": config}]


def test_a_tagged_mapping_may_stand_for_a_text() -> None:
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
def test_a_long_number_is_read_and_said_to_be_one(front_matter: str, number: str) -> None:
    """By PyYAML, which is asked where there is a tag; the other parser takes none for a number."""
    text = f"---\nx: !!str a\nwebUrl: https://a.example/\n{front_matter.format(number)}\n---\n"
    with within(seconds=5):
        parsed = parse_article(text.encode(), path="a.md", modified=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert all(len(str(mistake)) < 300 for mistake in parsed.mistakes)


@pytest.mark.parametrize("key", ["2024", "1.50", "true", "null", "~", "off", "2020-06-10", "="])
def test_a_key_of_the_configuration_is_the_text_that_it_is(key: str) -> None:
    assert load_yaml(f"topics: {{{key}: {{slug: a}}}}", ConfigLoader) == {"topics": {key: {"slug": "a"}}}


@pytest.mark.parametrize("loader", LOADERS)
def test_merge_keys_are_merged(loader: type[yaml.SafeLoader]) -> None:
    text = "topics: &limits {limit: 5}\nproviders: {<<: *limits, min_entries: 1}"
    assert load_yaml(text, loader)["providers"] == {"limit": 5, "min_entries": 1}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param(
            "a: 1\nb: [x\nc: 2",
            3,
            "while parsing a flow sequence did not find expected ',' or ']'",
            id="list without end",
        ),
        pytest.param(
            'a: 1\nb: "x\nc: 2\n',
            2,
            "while scanning a quoted scalar found unexpected end of stream",
            id="quote without end",
        ),
        pytest.param(
            "a: 1\nb: x: y",
            2,
            "a colon in a text; expected the text in quotes, or the key at the indentation of the others",
            id="two colons",
        ),
        pytest.param(
            "a: 1\n\tb: 2",
            2,
            "a tab; expected spaces",
            id="tab",
        ),
        pytest.param(
            'a: 1\nb: "\\q"',
            2,
            "while parsing a quoted scalar found unknown escape character",
            id="unknown escape",
        ),
        pytest.param("a: 1\nb: *c", 2, "found undefined alias", id="unknown alias"),
        pytest.param(
            "a: 1\n---\nb: 2",
            2,
            "expected a single document in the stream but found another document",
            id="two documents",
        ),
        pytest.param(
            "a: 1\nb: !!python/name:os.system",
            2,
            "could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'",
            id="Python object",
        ),
        pytest.param("a: 1\n? [b]\n: 2", 2, "while constructing a mapping found unhashable key", id="list for a key"),
        pytest.param("a: 1\nb: !!set [c]", 2, "expected a mapping node, but found sequence", id="list tagged as a set"),
        pytest.param(
            "a: 1\nb: !!map [c]", 2, "expected a mapping node, but found sequence", id="list tagged as a mapping"
        ),
        pytest.param("é: 1\nb: \x07", 2, "the character U+0007 is not allowed", id="control character"),
    ],
)
def test_what_is_not_yaml_is_reported_with_its_line(
    loader: type[yaml.SafeLoader], text: str, line: int, message: str
) -> None:
    with pytest.raises(YamlError) as caught:
        load_yaml(text, loader)
    assert (caught.value.line, str(caught.value)) == (line, f"not valid YAML: {message}")


#: A few hundred bytes each; twenty levels of ten stand for 10^20.
ALIASES = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))
MERGES = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 20))
EMPTY_MERGES = MERGES.replace("{k: v}", "{}")
WIDE_MERGES = f"a: &a {{{', '.join(f'k{n}: v' for n in range(300))}}}\nb:\n" + "- <<: *a\n" * 400


#: Chains of which the last is looked at first: a key that is there twice, one that is further out.
LONG_CHAIN = "x: 1\na0: &a0 [b]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 800)) + "x: *a799\n"
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


def test_what_merge_keys_name_again_and_again_is_looked_into_once() -> None:
    assert load_yaml(EMPTY_MERGES, ArticleLoader)["a19"] == {}
    assert Positions(EMPTY_MERGES, ArticleLoader).scalar(("a19", "k")) is None


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(ALIASES, 7, id="deep"),
        pytest.param(f"a: &a [{'b, ' * 2000}]\nc: [{'*a, ' * 2000}]", 2, id="wide"),
        pytest.param(f"\n\na: &a {'x' * 10_000}\nb:\n  c: [{'*a, ' * 2000}]", 5, id="long"),
        pytest.param(f"a: &a {'x' * 9000}\nb: [{'*a, ' * 99}]\nc: [{'*a, ' * 99}]", 1, id="long, two halves"),
        pytest.param(f"b: !!omap [c: 1]\n{ALIASES}b: !!omap [c: *a19]", 22, id="ordered mapping"),
        pytest.param(f"a: &a !!set {{{', '.join(map(str, range(2000)))}}}\nb: [{'*a, ' * 2000}]", 2, id="set"),
    ],
)
def test_aliases_that_multiply_are_an_error(loader: type[yaml.SafeLoader], text: str, line: int) -> None:
    message = r"^not valid YAML here: aliases \(\*\) bring in more than 1000000 characters$"
    with pytest.raises(YamlError, match=message) as caught:
        load_yaml(text, loader)
    assert caught.value.line == line


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: 1\nb: &a [*a]", 2, id="list"),
        pytest.param("a: &a\n  b: {c: *a}", 2, id="mappings"),
        pytest.param("a: &a\n- b\n- - *a\n  - b", 3, id="list in a list"),
        pytest.param("a: 1\nb: &a !!pairs [b: *a]", 2, id="pairs"),
    ],
)
def test_what_is_nested_in_itself_is_an_error(loader: type[yaml.SafeLoader], text: str, line: int) -> None:
    with pytest.raises(YamlError, match=r"^not valid YAML here: nested in itself$") as caught:
        load_yaml(text, loader)
    assert caught.value.line == line


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(LONG_CHAIN, 102, id="last first"),
        pytest.param(LONG_CHAIN.replace("x: 1\n", ""), 101, id="first first"),
        pytest.param(f"a: &a {'[' * 60}{']' * 60}\nb:\n- {'[' * 40}*a{']' * 40}", 2, id="two halves"),
    ],
)
def test_levels_of_aliases_count(loader: type[yaml.SafeLoader], text: str, line: int) -> None:
    with pytest.raises(YamlError, match=r"^not valid YAML here: nested more than 100 levels deep$") as caught:
        load_yaml(text, loader)
    assert caught.value.line == line


@pytest.mark.parametrize("loader", LOADERS)
def test_aliases_may_be_many(loader: type[yaml.SafeLoader]) -> None:
    value = load_yaml(f"a: &a [{'b, ' * 900}]\nc: [{'*a, ' * 900}]", loader)
    assert len(value["c"]) == 900
    assert value["c"][899] == ["b"] * 900


@pytest.mark.parametrize("loader", ["ArticleLoader", "ConfigLoader"])
@pytest.mark.parametrize("opening", ["- ", "[", "{a: "], ids=["block list", "list", "mapping"])
def test_nesting_without_end_is_an_error_and_not_a_crash(loader: str, opening: str) -> None:
    code = (
        f"from feeds.text.yaml import YamlError, load_yaml; from feeds.text.yaml_loaders import {loader}\n"
        f"try: load_yaml({opening!r} * 200_000, {loader})\n"
        "except YamlError as error: print(error.line)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1\n")


#: Ways to nest: what a level begins with, given its indentation, and what it ends with.
NESTED: dict[str, Callable[[int], tuple[str, str]]] = {
    "a list in a mapping, at its indentation": lambda level: (
        "\n" + " " * (level // 2) + ("-" if level % 2 else "a:"),
        "",
    ),
    "mappings": lambda level: ("\n" + " " * level + "a:", ""),
    "lists": lambda level: ("\n" + " " * level + "-", ""),
    "lists in one line": lambda level: (("\n" if level == 0 else "") + "- ", ""),
    "keys in one line": lambda level: (("\n" if level == 0 else "") + "? ", ""),
    "values behind a colon": lambda level: (
        "\n" + "  " * (level // 2) + ("? a\n" + "  " * (level // 2) + ":" if level % 2 == 0 else "-"),
        "",
    ),
    "lists with brackets": lambda _: ("[", "]"),
    "mappings with braces": lambda _: ("{a: ", "}"),
    "pairs without braces": lambda level: ("[" if level % 2 == 0 else "a: ", "]" if level % 2 == 0 else ""),
}


def nested_in(way: str, levels: int, other: str, other_levels: int) -> str:
    """So many levels of front matter, of which the outermost is a mapping."""
    pieces = [NESTED[way](level) for level in range(levels)] + [NESTED[other](level) for level in range(other_levels)]
    return f"x: {''.join(start for start, _ in pieces)} b{''.join(end for _, end in reversed(pieces))}"


def levels_of(text: str) -> int:
    depths = [0]
    for event in yaml.parse(text):
        step = isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        depths.append(depths[-1] + step)
    return max(depths)


@pytest.mark.parametrize("way", NESTED)
@pytest.mark.parametrize("other", ["lists with brackets", "mappings with braces", "pairs without braces"])
def test_levels_are_counted_however_they_are_written(way: str, other: str) -> None:
    """By whichever parser reads it; of what neither takes, nothing is to be said."""
    tried = 0
    for levels, other_levels in ((0, 4), (3, 0), (4, 0), (5, 6), (20, 20), (49, 50), (98, 0), (99, 0), (100, 0)):
        text = nested_in(way, levels, other, other_levels)
        try:
            depth = levels_of(text)
        except yaml.YAMLError:
            continue
        for deepest in {4, 100, depth - 1, depth, depth + 1} & set(range(4, 101)):
            try:
                load_article_yaml(text, deepest)
            except YamlError as error:
                is_too_deep = "levels deep" in str(error)
                assert is_too_deep or "unhashable" in str(error)  # noqa: PT017  # either may be
                assert (depth > deepest) is is_too_deep
            else:
                assert depth <= deepest
            tried += 1
    assert tried > 5


@settings(deadline=None)
@given(st.text() | st.text(alphabet="ab01:-?!&*[]{}<>=|%@#'\"\\\n \t.,~", max_size=30))
@example("a: !!bool maybe")
@example("a: !!timestamp soon")
@pytest.mark.parametrize("loader", LOADERS)
def test_any_text_is_a_value_or_a_yaml_error(loader: type[yaml.SafeLoader], text: str) -> None:
    try:
        value = load_yaml(text, loader)
    except YamlError as error:
        assert 1 <= error.line <= len(text.splitlines()) + 1  # noqa: PT017  # both outcomes are right
    else:
        assert value is None or isinstance(value, str | int | float | list | dict | set | bytes | dt.date)


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
def test_the_line_of_what_is_at_keys(keys: Keys, line: int) -> None:
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
def test_a_scalar_is_found_as_it_is_written(keys: Keys, written: str | None) -> None:
    text = "date: 2020-06-10T23:09:00Z\nnumber: 0x1F\nword: Off\nnothing:\nlist: [a, 1e3]\n"
    assert Positions(text, ArticleLoader).scalar(keys) == written


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


def test_an_alias_is_no_duplicate_and_may_lead_back() -> None:
    positions = Positions("a: &a\n  b: *a\n  c: 1\n  c: 2\nd: *a", ConfigLoader)
    assert list(positions.duplicate_keys()) == [Diagnostic(("a", "c"), "the key is there twice; expected it once")]


@pytest.mark.parametrize(
    ("text", "line", "scalar"),
    [
        pytest.param("base: &base\n  a: one\nitem:\n  <<: *base\n", 2, "one", id="merged"),
        pytest.param("base: &base\n  a: one\nitem:\n  a: two\n  <<: *base\n", 4, "two", id="overridden"),
        pytest.param("one: &one {a: one}\ntwo: &two {a: two}\nitem:\n  <<: [*two, *one]\n", 2, "two", id="of a list"),
        pytest.param("base: &base\n  b: one\nitem:\n  <<: *base\n", 3, None, id="not there"),
    ],
)
def test_a_merged_value_is_found_where_it_stands(text: str, line: int, scalar: str | None) -> None:
    positions = Positions(text, ConfigLoader)
    assert (positions.line(("item", "a")), positions.scalar(("item", "a"))) == (line, scalar)


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "b", "1", "true", "no", "x y"]), inner, min_size=1, max_size=3)
        ),
        max_leaves=12,
    )


def leaves_of(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, str):
        yield keys, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves_of(item, (*keys, key))


@settings(deadline=None)
@given(nested(st.from_regex(r"w[a-z]{5,9}", fullmatch=True)))
def test_every_value_is_found_on_the_line_that_holds_it(value: Any) -> None:
    text = "# first\n" + yaml.safe_dump(value, default_flow_style=False)
    positions = Positions(text, ConfigLoader)
    assert load_yaml(text, ConfigLoader) == value
    for keys, leaf in leaves_of(value):
        assert positions.scalar(keys) == leaf
        assert leaf in text.splitlines()[positions.line(keys) - 1]


#: Front matter that YAML 1.1 and 1.2, or two parsers, might read each in its way.
ODD = [
    "title: A\n--- {title: B}",
    "title: A\n---x: B",
    "title: yes",
    "title: No",
    "title: on",
    "title: ~",
    "title: null",
    "title: 010",
    "title: 0x1F",
    "title: 1_000",
    "title: 1e3",
    "title: 1.50",
    "title: .5",
    "title: .inf",
    "title: 12:30",
    "title: 99999999999999999999",
    "title: +1",
    "title: 2020-06-10",
    "title: =",
    "title: 'a: b'",
    'title: "a\\tb"',
    'title: "\\x41\\u00e9"',
    "title: a #b",
    "title: a#b",
    "title: |\n  a\n   b\n",
    "title: >-\n  a\n  b\n\n  c",
    "title: a\n  b",
    "title: 'it''s'",
    "title: ä 漢 🤖",
    "? title\n: T",
    "title: !!str 5",
    "title: !foo T",
    "title: &a T\nexcerpt: *a",
    "title: T\ntitle: U",
    "<<: {title: T}",
    "title: [a, b]",
    "title: {a: b}",
    "title:\t T",
    "title: T \t",
    "{title: T}",
    "title: a, *b*",
    "title: 50% & more",
    "title: Fish & Chips!",
    "published: yes",
    "published: No",
    "published: off",
    "published: 0",
    "published: 'false'",
    "published: !!bool no",
    "quality: 010",
    "quality: 0o10",
    "quality: 60.5",
    "quality: 1_0",
    "quality: '60'",
    "quality: 6e1",
    "quality: -5",
    "publishedDateTime: 2020-06-10",
    "publishedDateTime: 2020-6-1",
    "publishedDateTime: 2020-06-10 23:09:00 -5",
    "publishedDateTime: 2020-06-10t23:09:00.5z",
    "publishedDateTime: 2020-06-10  23:09:00",
    "publishedDateTime: 2020",
    "publishedDateTime: 2020-02-30",
    "publishedDateTime: '2020-06-10T23:09:00+02:00'",
    "publishedDateTime: 20200610",
    "topics: [yes, 1, 2020-06-10, ~, 'a']",
    "topics: AI",
    "topics:\n- a\n- b",
    "topics: []",
    "images: [{url: /a, width: 1e2}]",
    "provider: {name: yes, domain: 1.0}",
    "related: [{title: 1.0, webUrl: https://e.com}]",
    "title: T\n...\nmore",
    "%YAML 1.1",
    "title: a: b",
    "title: @a",
    "title: [a",
    "\ttitle: T",
    "title: T\n bad",
    "- a",
    "5",
    "",
    "title: 'a",
    "title: <<: a",
    f"title: {'[' * 99}{']' * 99}",
    f"title: {'[' * 101}{']' * 101}",
    f"title:{''.join(chr(10) + ' ' * level + 'a:' for level in range(1, 98))} 1",
    f"title:{''.join(chr(10) + ' ' * level + 'a:' for level in range(1, 102))} 1",
    f"title: {'- ' * 101}",
]

#: What yaml12 alone takes: a tab where indentation does not matter.
BETTER = {"\ttitle: T"}


def article_of(front_matter: str, load: Callable[[str, int], Any]) -> tuple[Any, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feeds.content.articles.load_article_yaml", load)
        time = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        parsed = parse_article(f"---\n{front_matter}\n---\n".encode(), path="a.md", modified=time)
    return parsed.article, [(mistake.line, mistake.message.replace("'", "")) for mistake in parsed.mistakes]


def test_what_only_one_parser_takes_is_read_and_reported_in_the_first_line() -> None:
    article, mistakes = article_of("title: T\n: 1, a: b\nheat: x", load_article_yaml)
    assert article.title == "T"
    assert mistakes == [(1, "heat is x; expected a whole number")]


@pytest.mark.parametrize("front_matter", ODD)
def test_both_parsers_read_the_same_article(front_matter: str) -> None:
    fast = article_of(front_matter, load_article_yaml)
    slow = article_of(front_matter, lambda text, _: load_yaml(text, ArticleLoader))
    assert (fast == slow) is (front_matter not in BETTER)


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(["title", "excerpt", "webUrl", "topics", "quality", "published", "publishedDateTime", "x"]),
        nested(st.text(max_size=12) | st.integers() | st.booleans() | st.none() | st.dates()),
        max_size=4,
    ),
    st.sampled_from([None, True]),
)
def test_both_parsers_read_the_same_article_of_any_values(values: dict[str, Any], style: bool | None) -> None:
    front_matter = yaml.safe_dump(values, allow_unicode=True, default_flow_style=style)
    fast = article_of(front_matter, load_article_yaml)
    assert fast == article_of(front_matter, lambda text, _: load_yaml(text, ArticleLoader))


@given(st.text(alphabet=st.sampled_from("ab:- \n'\"[]{}#|>?,~0\t%"), max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_front_matter_is_read_or_a_mistake(text: str) -> None:
    article, mistakes = article_of(text, load_article_yaml)
    assert article is not None or mistakes
