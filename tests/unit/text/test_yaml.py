"""YAML read into values: errors with their lines, bounds on aliases and nesting, and one result from two parsers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.content.articles import parse_article
from feeds.text.yaml import YamlError, load_article_yaml, load_yaml
from feeds.text.yaml_loaders import ArticleLoader, ConfigLoader
from tests.support.strategies import examples, nested_values

if TYPE_CHECKING:
    from collections.abc import Callable

LOADERS = [pytest.param(ArticleLoader, id="article"), pytest.param(ConfigLoader, id="config")]


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
def test_invalid_yaml_is_reported_with_its_line(
    loader: type[yaml.SafeLoader], text: str, line: int, message: str
) -> None:
    with pytest.raises(YamlError) as caught:
        load_yaml(text, loader)
    assert (caught.value.line, str(caught.value)) == (line, f"not valid YAML: {message}")


#: A few hundred bytes. Twenty levels of ten aliases expand to 10^20 values.
ALIASES = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))
#: A chain of aliases whose last link is read first, because the key is there twice.
LONG_CHAIN = "x: 1\na0: &a0 [b]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 800)) + "x: *a799\n"


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
def test_a_value_that_contains_itself_is_an_error(loader: type[yaml.SafeLoader], text: str, line: int) -> None:
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
def test_many_aliases_are_allowed(loader: type[yaml.SafeLoader]) -> None:
    value = load_yaml(f"a: &a [{'b, ' * 900}]\nc: [{'*a, ' * 900}]", loader)
    assert len(value["c"]) == 900
    assert value["c"][899] == ["b"] * 900


#: Ways to nest: the start of a level, which depends on the level, and its end.
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
    """Return front matter with so many levels below its mapping, first in one way, then in another."""
    pieces = [NESTED[way](level) for level in range(levels)] + [NESTED[other](level) for level in range(other_levels)]
    return f"x: {''.join(start for start, _ in pieces)} b{''.join(end for _, end in reversed(pieces))}"


def levels_of(text: str) -> int:
    """Return the number of levels as PyYAML parses them."""
    depths = [0]
    for event in yaml.parse(text):
        step = isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        depths.append(depths[-1] + step)
    return max(depths)


@pytest.mark.parametrize("way", NESTED)
@pytest.mark.parametrize("other", ["lists with brackets", "mappings with braces", "pairs without braces"])
def test_levels_are_counted_however_they_are_written(way: str, other: str) -> None:
    """By the parser that reads the text. Texts that neither parser accepts are passed over."""
    tried = 0
    for levels, other_levels in ((0, 4), (3, 0), (4, 0), (5, 6), (20, 20), (49, 50), (98, 0), (99, 0), (100, 0)):
        text = nested_in(way, levels, other, other_levels)
        try:
            depth = levels_of(text)
        except yaml.YAMLError:
            continue
        for max_depth in {4, 100, depth - 1, depth, depth + 1} & set(range(4, 101)):
            try:
                load_article_yaml(text, max_depth)
            except YamlError as error:
                is_too_deep = "levels deep" in str(error)
                assert is_too_deep or "unhashable" in str(error)  # noqa: PT017  # either may be raised
                assert (depth > max_depth) is is_too_deep
            else:
                assert depth <= max_depth
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
        assert 1 <= error.line <= len(text.splitlines()) + 1  # noqa: PT017  # both outcomes are correct
    else:
        assert value is None or isinstance(value, str | int | float | list | dict | set | bytes | dt.date)


#: Front matter that YAML 1.1 and 1.2, or the two parsers, might read differently.
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
#: Front matter that only yaml12 accepts: a tab where indentation does not matter.
ONLY_YAML12 = {"\ttitle: T"}


def article_of(front_matter: str, load: Callable[[str, int], Any]) -> tuple[Any, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feeds.content.articles.load_article_yaml", load)
        time = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        parsed = parse_article(f"---\n{front_matter}\n---\n".encode(), path="a.md", modified=time)
    return parsed.article, [(mistake.line, mistake.message.replace("'", "")) for mistake in parsed.diagnostics]


def test_text_that_only_yaml12_accepts_is_read_and_reported_in_the_first_line() -> None:
    article, diagnostics = article_of("title: T\n: 1, a: b\nheat: x", load_article_yaml)
    assert article.title == "T"
    assert diagnostics == [(1, "heat is x; expected a whole number")]


@pytest.mark.parametrize("front_matter", ODD)
def test_both_parsers_read_the_same_article(front_matter: str) -> None:
    fast = article_of(front_matter, load_article_yaml)
    slow = article_of(front_matter, lambda text, _: load_yaml(text, ArticleLoader))
    assert (fast == slow) is (front_matter not in ONLY_YAML12)


@settings(deadline=None, max_examples=examples(150))
@given(
    st.dictionaries(
        st.sampled_from(["title", "excerpt", "webUrl", "topics", "quality", "published", "publishedDateTime", "x"]),
        nested_values(st.text(max_size=12) | st.integers() | st.booleans() | st.none() | st.dates()),
        max_size=4,
    ),
    st.sampled_from([None, True]),
)
def test_both_parsers_read_the_same_article_of_any_values(values: dict[str, Any], style: bool | None) -> None:
    front_matter = yaml.safe_dump(values, allow_unicode=True, default_flow_style=style)
    fast = article_of(front_matter, load_article_yaml)
    assert fast == article_of(front_matter, lambda text, _: load_yaml(text, ArticleLoader))


@given(st.text(alphabet=st.sampled_from("ab:- \n'\"[]{}#|>?,~0\t%"), max_size=60))
@settings(deadline=None, max_examples=examples(300))
def test_any_front_matter_is_an_article_or_a_diagnostic(text: str) -> None:
    article, diagnostics = article_of(text, load_article_yaml)
    assert article is not None or diagnostics
