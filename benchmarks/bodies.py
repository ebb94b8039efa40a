"""The cost of bodies of 1 MB that repeat one construct of HTML or Markdown.

python -m benchmarks.bodies               each construct in a process of its own: seconds and memory
python -m benchmarks.bodies --search 60   what takes longest of HTML by chance, and what loses tags without need
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import sys
import time

import click
from turbohtml import parse_fragment

from benchmarks.measure import measure
from feeds.bodies.markdown import render_body
from feeds.bodies.sanitizer import plain_text, safe_html

_SIZE = 1_000_000
_MANY = " ".join(f"a{number}" for number in range(100))
_VERY_MANY = " ".join(f"{chr(97 + number % 26)}{number:x}" for number in range(9_000))
_LONG = f"[a]: http://x/{'y' * 8_000}\n\n"
_WIDE = f"|{'a|' * 220}\n|{'-|' * 220}\n" + "|b\n" * 297 + "\n"
_BREAKS = "x<br>" * 100_000
#: What is repeated, up to the size, with a number for %d.
_UNITS = [
    *("&", "![", "[", "*[", "*", "_", "**a", "`", "``a", "~", "<", "<b ", "<b>", "<div>", "<p>", "<b x=1>", "</b>"),
    *("<!--", "<![CDATA[", "\n> - ", "> ", "- a\n", "- a\n\n", "1. ", "#\n", "a|b\n-|-\n", "|", "| a | b |\n", "\\"),
    *("\\[", "`[", "[<", "a& ", "&amp;", "&#", "&#x26;", "<a href=x>", "<table>", "<tr><td>", "<svg><path>", "<math>"),
    *("<select>", "http://a", "www.a.b ", "a@b.c ", "[a](b) ", "[a]: b\n", "[a][a] ", "![a](b) ", "***a***", "~~a"),
    *("    a\n", "\t", "a\n", "\n", "<x-y>", "<a><b><i>", "<p><b title=%d>", "<li>", "<font color=%d>", "<td>"),
    *("<style>", "<script>", "</p>", "\u00a0", "\u00e9", "a ", "<b title='", "<img src=x>", "<img ", "<pre>\n", "]]>"),
    *("<details>", "<template>", "<?", "<title>", "(", "[a](", "<http://", "\"'", "--", "...", "<b>a</b>", "<p>a</p>"),
    *("<p>a <em>b</em> <a href=http://c/d>e</a></p>\n\n", "# a\n\nb *c* [d](http://e/f)\n\n", "<b></b>", "<br>"),
    *("<html a%d></html>", "<html a%d>", "<b></i>", f"<b {_MANY} x%d>", f"<b {_MANY}></b>", f"<img {_MANY}>", _WIDE),
    *(f"<b {_VERY_MANY}>", "<table><tr><td>a</td></tr></table>", "| a | b |\n|---|---|\n| c | d |\n\n", "<p>a<br>b"),
]
#: And what is before what is repeated.
_CONSTRUCTS = [("", unit) for unit in _UNITS] + [
    *(("<table>", unit) for unit in ("x<br>", "<br>", "x<b></b>", "x<a></a><hr>", "x&", "x<!---->", "<svg></svg>")),
    *(("<table>", unit) for unit in ("<tr><td>a<br>b</td><td><b>c</b></td></tr>\n", "<tr><td>a<td><b>c</b>\n")),
    *((_BREAKS, unit) for unit in ("<table>x</table>", "<table></table>", "<b><p></b></p>", "<i><p></i>")),
    *((f"{_BREAKS}<table>", unit) for unit in ("x&", "x<tr>", "x<!---->")),
    *((_LONG, unit) for unit in ("[a] ", "![b][a] ", "- [a]\n")),
    *(("<div>" * 6_000, unit) for unit in ("<hr>", "<br>", "</b>")),
    *(("<b x=%d>" * 900, unit) for unit in (f"<b {_MANY}></b>", "<i></i>", "<p>")),
]
_NAMES = (
    "a b i font nobr span ruby rt p div li ul dd dt dl h1 pre object button form table tr td th tbody caption select "
    "option svg math g foreignObject desc title center x-y col br input marquee applet details html"
).split()


def repeated(unit: str, size: int) -> str:
    """About so many characters of it, `%d` each time another number."""
    count = max(size // len(unit.replace("%d", "00000")), 1)
    return "".join(unit.replace("%d", str(number)) for number in range(count))


def _body(before: str, unit: str) -> str:
    start = repeated("<b x=%d>", len(before)) if "%d" in before else before
    return start + repeated(unit, _SIZE - len(start))


def _measure(number: int) -> dict[str, object]:
    body = _body(*_CONSTRUCTS[number])
    notes: list[str] = []
    begun = time.process_time()
    html = render_body(body, str, notes.append)
    rendered = time.process_time()
    plain_text(body)
    over = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"body": rendered - begun, "text": over - rendered, "memory": memory, "html": len(html), "notes": notes}


def _sweep() -> None:
    for number, (before, unit) in enumerate(_CONSTRUCTS):
        command = [sys.executable, "-m", "benchmarks.bodies", "--one", str(number)]
        cost = json.loads(measure(command).output)
        named = repr(before[:12] + "…" * (len(before) > 12))
        costs = f"{cost['body']:6.2f} s {cost['text']:6.2f} s {cost['memory']:5} MB {cost['html']:9,}"
        click.echo(f"{costs} {named} {unit[:40]!r} {''.join(cost['notes'])[:40]}")


def _by_chance(chance: random.Random) -> str:
    """HTML of up to 1 MB: some tags, and a few more again and again."""

    def tag() -> str:
        name = chance.choice(_NAMES)
        return chance.choice([f"<{name}>", f"<{name} x=%d>", f"</{name}>", "x"])

    before = "".join(tag().replace("%d", "0") for _ in range(chance.choice((0, 0, 3))))
    repeated_first = repeated(tag(), chance.choice((0, 0, 5_000, 50_000)))
    unit = "".join(tag() for _ in range(chance.randint(1, 6)))
    return before + repeated_first + repeated(unit, chance.choice((30_000, 300_000, _SIZE - len(repeated_first))))


def _search(seconds: float) -> None:
    """Print what takes longest, and the smallest trees that lose tags since they would be too large."""
    chance = random.Random()
    worst, quickest = 0.0, math.inf
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        html = _by_chance(chance)
        notes: list[str] = []
        begun = time.process_time()
        safe_html(html, str, notes.append)
        taken = time.process_time() - begun
        named = f"{len(html):9,} {html[:40]!r}…{html[-60:]!r}"
        if taken > worst:
            worst = taken
            click.echo(f"{worst:6.2f} s {named} {''.join(notes)[:40]}")
        if any(note.startswith("repeats") for note in notes) and (parsed := _parsing_time(html)) < quickest:
            quickest = parsed
            click.echo(f"{quickest:6.2f} s if it were not simplified {named}")


def _parsing_time(html: str) -> float:
    """The seconds that a parser takes for the whole tree."""
    begun = time.process_time()
    parse_fragment(html)
    return time.process_time() - begun


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bodies")
    parser.add_argument("--one", type=int, help="one construct, as JSON")
    parser.add_argument("--search", type=float, metavar="SECONDS", help="try HTML by chance")
    asked = parser.parse_args()
    if asked.one is not None:
        click.echo(json.dumps(_measure(asked.one)))
    elif asked.search:
        _search(asked.search)
    else:
        _sweep()


if __name__ == "__main__":
    main()
