"""Texts of one thing again and again take no longer than their length: whoever writes them costs what others do.

Each part is tried by itself, and with as much as shows what it would be at 1 MB, which is what a file may have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feeds.articles import parse_article
from feeds.markup import clean_line, plain_text, render_body, safe_html
from feeds.taxonomy import slug_of, topic_key
from feeds.urls import absolute_url, canonical_url, valid_domain
from tests.clocks import check_growth
from tests.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

HTML = [
    *(
        "&",
        "&amp;",
        "\u00a9",
        "\u00a0x",
        "&#",
        "&aaaa",
        "<",
        "<a",
        "<!--",
        "<?",
        "<![CDATA[",
        "</a>",
        "</",
        "<b ",
        "<b a=",
    ),
    *(
        "<b a='",
        "<b a=b ",
        "<b>",
        "</b>",
        "<b><i>",
        "<b>x</b>",
        "<p>",
        "<p>x",
        "<div>",
        "<b><p>",
        "<li><dd>",
        "<table>",
    ),
    *("<td>", "<td><table>", "<a href=x>", "<font>", "<nobr>", "<form>", "<select>", "<ruby><rt>", "<svg>", "<svg "),
    *(
        "<math><mi>",
        "<template>",
        "<x-y>",
        "<pre>\n",
        "<img src=x>",
        "<img ",
        "<script>",
        "<script></script>",
        "<title>",
    ),
    *(
        "</title>",
        "<title></title>",
        "<textarea>",
        "<div><!--</div>-->",
        '<div title="</div>">',
        "<br>",
        "\u0130<title>",
    ),
    *("<b><object></b></object>", "<i><table></i></table>", "<p><b title=%d>x</p>", "<b title=%d>", "<div <x>>", "a>b"),
    *("<svg><source>", "<form><object></form></object></form>", "<noscript><b></noscript>", "<a<b>", "<plaintext>"),
]
MARKDOWN = [
    *(
        "&",
        "&amp;",
        "![",
        "[",
        "](",
        "[a](",
        "[a]: ",
        "[a]:\n",
        "[a]: b\n",
        "[a\n]: b\n",
        "![[]",
        "[[]]",
        "[](<>)",
        "[%d]: b\n",
    ),
    *(
        "*",
        "**",
        "_",
        "*a ",
        "a_",
        "*a_",
        "***a**",
        "*a **b ",
        "~~",
        "~a~",
        "`",
        "``a`",
        "`a``",
        "`[",
        "[`",
        "<[",
        "[<",
    ),
    *(
        "\\",
        "\\[",
        "> ",
        "> a\nb\n",
        "- ",
        "- a\n\n",
        "  - ",
        "\n* - ",
        "1. ",
        "1) a\n",
        "\n1. > ",
        "+ a\n- b\n",
        "#",
        "# a\n",
    ),
    *(
        "a\n=\n",
        "a\n---\n",
        "|",
        "|a",
        "a|b\n-|-\n",
        "|a|\n|-|\n|b|\n",
        "    a\n",
        "\t",
        "\n \n",
        "a  \n",
        "```\n",
        "<https://a",
    ),
    *(
        "<a@b.c>",
        "<b\n",
        "<div>\n\n",
        "</div>\n\n",
        "\n\n<b",
        "<!-- \n\n",
        "<?\n",
        "[a][b]",
        "![a](b)",
        "[![a](b)](c)",
        "a\\\n",
    ),
]
ADDRESSES = [
    *(
        "a",
        "a.",
        "a-",
        "-",
        "_",
        "/",
        "?",
        "&",
        "&a",
        "&amp;",
        "&#38;",
        "#",
        "%",
        "%2",
        "%2e%2e/",
        "../",
        ":",
        "@",
        "\\",
    ),
    *(
        "\u00e9",
        "xn--",
        "[",
        "\u3002",
        "utm_",
        "&utm_=",
        " ",
        "1.",
        "0x",
        "www.",
        "&nosuchentity;",
        "aaaa.",
        "-_a.",
        "__.",
    ),
]
TEXTS = [
    *(
        "a",
        "a ",
        "-",
        "_",
        "'",
        "&",
        "&amp;",
        "#",
        "a#",
        "+",
        "C++ ",
        ".",
        ". ",
        "\u0301",
        "\u00e9",
        "\u6f22",
        "1,",
        "\u00df",
    ),
    *("\u0130", "\u200d", "&#1;", "a'", "&a;", "\U0001f916", "\ufdfa", "\n", " \u00a0"),
]
YAML = [
    *(
        "a: b\n",
        "- a\n",
        "? a\n",
        "\n",
        "# c\n",
        "a\n",
        "'",
        '"',
        "\\",
        "|\n",
        "a: |\n b\n",
        "[a]\n",
        "{a: b}\n",
        "!a ",
        "&a a\n",
    ),
    *(
        "<<: {a: b}\n",
        "a: 2020-01-01\n",
        "\t",
        "- - a\n",
        "a:\n- b\n",
        "---\n",
        "---x\n",
        "a: ''\n",
        "k%d: a\n",
        "k%d: &a%d a\n",
    ),
    *("x: 1:1\n", ":1", "0", "x: 1_0\n", "title: [a]\n", "\u0085", "{a: [", "- a: [b, c]\n", "['a', \"b\"], "),
]


def repeated(unit: str, size: int) -> str:
    """So many characters of it, `%d` each time another number."""
    if "%d" not in unit:
        return (unit * (size // len(unit) + 1))[:size]
    return "".join(unit.replace("%d", str(number)) for number in range(size // (len(unit) + 3)))


def resolved(address: str) -> str | None:
    return absolute_url(address, "https://www.example.com/")


def identified(text: str) -> None:
    for address in (text, f"https://a.example/{text}", f"https://a.example/?{text}", f"www.{text}"):
        found = absolute_url(address)
        if found:
            canonical_url(found)


def provider(text: str) -> None:
    for domain in (text, f"{text}.__", f"https://{text}"):
        valid_domain.__wrapped__(domain)


def named(text: str) -> None:
    clean_line(text)
    topic_key.__wrapped__(text)
    slug_of(text)


def front_matter(text: str) -> None:
    story = "title: A\nwebUrl: https://a.example/\npublishedDateTime: 2026-01-01"
    for before in ("", "x: ", 'x: "', "x: [", "topics:\n", "updatedDateTime: '", "t: !!str a\nquality: 1"):
        parse_article(f"---\n{story}\n{before}{text}\n---\n".encode(), path="a.md", modified=NOW)


TRIED: list[tuple[Callable[[str], object], int, list[str]]] = [
    (lambda text: safe_html(text, resolved), 32_000, HTML),
    (lambda text: safe_html(f"<p title='>'>a < b</p><table>{text}", resolved), 32_000, ["&amp;", "\u00a9", " ", "x"]),
    (lambda text: plain_text(f"<p>{text}"), 32_000, HTML),
    (lambda text: render_body(text, resolved), 4_000, MARKDOWN),
    (lambda text: render_body(f"*a* {text}", resolved), 4_000, MARKDOWN),
    (identified, 16_000, ADDRESSES),
    (provider, 1_000, ADDRESSES),
    (named, 16_000, TEXTS),
    (front_matter, 4_000, YAML),
]
NAMES = "html html-in-a-table plain-text body body-of-markdown address provider name front-matter".split()


@pytest.mark.parametrize(
    ("read", "size", "unit"),
    [
        pytest.param(read, size, unit, id=f"{name}-{unit}")
        for name, (read, size, units) in zip(NAMES, TRIED, strict=True)
        for unit in units
    ],
)
def test_a_text_of_one_thing_takes_no_more_than_its_length(read: Callable[[str], object], size: int, unit: str) -> None:
    check_growth(lambda length: read(repeated(unit, length)), size)


@pytest.mark.parametrize(
    ("cost", "is_fine"),
    [
        pytest.param(lambda size: 10 * size, True, id="as the length"),
        pytest.param(lambda size: 10 * size * (1 if size < 150_000 else 5), True, id="a step, then as the length"),
        pytest.param(lambda size: size**2 // 100_000, False, id="as its square"),
        pytest.param(
            lambda size: size**2 // 100_000 if size < 1_000_000 else size, False, id="as its square, then refused"
        ),
    ],
)
def test_the_square_of_a_length_is_noticed(cost: Callable[[int], int], *, is_fine: bool) -> None:
    def run(size: int) -> None:
        sum(range(cost(size)))

    if is_fine:
        check_growth(run, 100_000)
    else:
        with pytest.raises(AssertionError, match="took"):
            check_growth(run, 100_000)
