"""Whether texts of one thing again and again take longer than their length: whoever writes them costs what others do.

python -m benchmarks.growth    what takes more than its length, and 1 as the exit code where anything does

Each part of reading an article is tried by itself, with more and more, up to 1 MB, which is what a file may have.
"""

from __future__ import annotations

import datetime as dt
import gc
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from benchmarks.bodies import repeated
from feeds.bodies.markdown import render_body
from feeds.bodies.sanitizer import plain_text, safe_html
from feeds.content.articles import parse_article
from feeds.text.characters import clean_line
from feeds.text.slugs import slug_of, topic_key
from feeds.text.urls import absolute_url, canonical_url, valid_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: How often a text is read again that takes too long; the quickest counts.
_AGAIN = 2
#: Eight times the size takes eight times the time, as its square 64 times.
_LARGER = 8
_MOST = 24
#: Seconds that tell nothing, and a few characters more than a file may have.
_LITTLE = 0.1
_LONGEST = 1_024_000
_NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)

_HTML = (
    *("&", "&amp;", "\u00a9", "\u00a0x", "&#", "&aaaa", "<", "<a", "<!--", "<?", "<![CDATA[", "</a>", "</", "<b "),
    *("<b a=", "<b a='", "<b a=b ", "<b>", "</b>", "<b><i>", "<b>x</b>", "<p>", "<p>x", "<div>", "<b><p>"),
    *("<li><dd>", "<table>", "<td>", "<td><table>", "<a href=x>", "<font>", "<nobr>", "<form>", "<select>"),
    *("<ruby><rt>", "<svg>", "<svg ", "<math><mi>", "<template>", "<x-y>", "<pre>\n", "<img src=x>", "<img "),
    *("<script>", "<script></script>", "<title>", "</title>", "<title></title>", "<textarea>", "<div><!--</div>-->"),
    *('<div title="</div>">', "<br>", "\u0130<title>", "<b><object></b></object>", "<i><table></i></table>"),
    *("<p><b title=%d>x</p>", "<b title=%d>", "<div <x>>", "a>b", "<svg><source>"),
    *("<form><object></form></object></form>", "<noscript><b></noscript>", "<a<b>", "<plaintext>"),
)
_MARKDOWN = (
    *("&", "&amp;", "![", "[", "](", "[a](", "[a]: ", "[a]:\n", "[a]: b\n", "[a\n]: b\n", "![[]", "[[]]", "[](<>)"),
    *("[%d]: b\n", "*", "**", "_", "*a ", "a_", "*a_", "***a**", "*a **b ", "~~", "~a~", "`", "``a`", "`a``", "`["),
    *("[`", "<[", "[<", "\\", "\\[", "> ", "> a\nb\n", "- ", "- a\n\n", "  - ", "\n* - ", "1. ", "1) a\n", "\n1. > "),
    *("+ a\n- b\n", "#", "# a\n", "a\n=\n", "a\n---\n", "|", "|a", "a|b\n-|-\n", "|a|\n|-|\n|b|\n", "    a\n", "\t"),
    *("\n \n", "a  \n", "```\n", "<https://a", "<a@b.c>", "<b\n", "<div>\n\n", "</div>\n\n", "\n\n<b", "<!-- \n\n"),
    *("<?\n", "[a][b]", "![a](b)", "[![a](b)](c)", "a\\\n"),
)
_ADDRESSES = (
    *("a", "a.", "a-", "-", "_", "/", "?", "&", "&a", "&amp;", "&#38;", "#", "%", "%2", "%2e%2e/", "../", ":", "@"),
    *("\\", "\u00e9", "xn--", "[", "\u3002", "utm_", "&utm_=", " ", "1.", "0x", "www.", "&nosuchentity;", "aaaa."),
    *("-_a.", "__."),
)
_TEXTS = (
    *("a", "a ", "-", "_", "'", "&", "&amp;", "#", "a#", "+", "C++ ", ".", ". ", "\u0301", "\u00e9", "\u6f22", "1,"),
    *("\u00df", "\u0130", "\u200d", "&#1;", "a'", "&a;", "\U0001f916", "\ufdfa", "\n", " \u00a0"),
)
_YAML = (
    *("a: b\n", "- a\n", "? a\n", "\n", "# c\n", "a\n", "'", '"', "\\", "|\n", "a: |\n b\n", "[a]\n", "{a: b}\n"),
    *("!a ", "&a a\n", "<<: {a: b}\n", "a: 2020-01-01\n", "\t", "- - a\n", "a:\n- b\n", "---\n", "---x\n", "a: ''\n"),
    *("k%d: a\n", "k%d: &a%d a\n", "x: 1:1\n", ":1", "0", "x: 1_0\n", "title: [a]\n", "\u0085", "{a: ["),
    *("- a: [b, c]\n", "['a', \"b\"], "),
)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A part of reading an article: its name, what it does with a text, how much is tried first, what is repeated."""

    name: str
    read: Callable[[str], object]
    size: int
    units: Sequence[str]


def growth(seconds: Callable[[int], float], size: int) -> str | None:
    """Where what a text takes grows faster than its length, from a size up to what a file may have.

    `seconds` says what a size takes. Where that grows from one to eight times as much, the next ones tell: after a step
    (a text that is long enough to be looked at more closely) they take longer still, and no more than their length;
    what is refused beyond some length takes less, and excuses nothing.
    """
    taken: dict[int, float] = {}
    found: list[str] = []
    longest = 0.0
    while size <= _LONGEST:
        taken[size] = seconds(size)
        most = max(_MOST * taken.get(size // _LARGER, taken[size]), _LITTLE)
        if taken[size] > most:
            taken[size] = min(taken[size], *(seconds(size) for _ in range(_AGAIN)))
        if taken[size] > most:
            longest = max(taken[size], longest)
            found.append(f"{size:,} takes {taken[size]:.2f} s, an eighth {taken[size // _LARGER]:.3f} s")
        elif taken[size] >= longest:
            found.clear()
        size *= 2
    return "; ".join(found) or None


def _seconds(read: Callable[[str], object], unit: str, size: int) -> float:
    """The processor time for a text of that size."""
    text = repeated(unit, size)
    begun = time.thread_time()
    read(text)
    return time.thread_time() - begun


def _resolved(address: str) -> str | None:
    return absolute_url(address, "https://www.example.com/")


def _identified(text: str) -> None:
    for address in (text, f"https://a.example/{text}", f"https://a.example/?{text}", f"www.{text}"):
        found = absolute_url(address)
        if found:
            canonical_url(found)


def _provider(text: str) -> None:
    for domain in (text, f"{text}.__", f"https://{text}"):
        valid_domain.__wrapped__(domain)


def _named(text: str) -> None:
    clean_line(text)
    topic_key.__wrapped__(text)
    slug_of(text)


def _front_matter(text: str) -> None:
    story = "title: A\nwebUrl: https://a.example/\npublishedDateTime: 2026-01-01"
    for before in ("", "x: ", 'x: "', "x: [", "topics:\n", "updatedDateTime: '", "t: !!str a\nquality: 1"):
        parse_article(f"---\n{story}\n{before}{text}\n---\n".encode(), path="a.md", modified=_NOW)


#: What reads text of others, each with what it could stumble over.
TRIALS = (
    Trial(name="html", read=lambda text: safe_html(text, _resolved), size=32_000, units=_HTML),
    Trial(
        name="html in a table",
        read=lambda text: safe_html(f"<p title='>'>a < b</p><table>{text}", _resolved),
        size=32_000,
        units=("&amp;", "\u00a9", " ", "x"),
    ),
    Trial(name="plain text", read=lambda text: plain_text(f"<p>{text}"), size=32_000, units=_HTML),
    Trial(name="body", read=lambda text: render_body(text, _resolved), size=4_000, units=_MARKDOWN),
    Trial(
        name="body of Markdown", read=lambda text: render_body(f"*a* {text}", _resolved), size=4_000, units=_MARKDOWN
    ),
    Trial(name="address", read=_identified, size=16_000, units=_ADDRESSES),
    Trial(name="provider", read=_provider, size=1_000, units=_ADDRESSES),
    Trial(name="name", read=_named, size=16_000, units=_TEXTS),
    Trial(name="front matter", read=_front_matter, size=4_000, units=_YAML),
)


def _found() -> Iterator[str]:
    for trial in TRIALS:
        for unit in trial.units:
            if grown := growth(partial(_seconds, trial.read, unit), trial.size):
                yield f"{trial.name} of {unit!r}: {grown}"


def main() -> None:
    """Measure, and print what grows faster than its length."""
    gc.disable()
    wrong = 0
    for said in _found():
        click.echo(said)
        wrong += 1
    click.echo(f"{wrong} of {sum(len(trial.units) for trial in TRIALS)} trials take longer than their length")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
