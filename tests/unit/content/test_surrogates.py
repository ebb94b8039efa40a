"""Characters beyond the basic plane in double-quoted YAML as JSON writers escape them: as surrogate pairs."""

from __future__ import annotations

import json

import pytest

from feeds.content.articles import parse_article
from tests.support.clocks import within
from tests.support.site import NOW

EMOJI = "A \N{GRINNING FACE} \N{MUSICAL SYMBOL G CLEF}"
HEAD = "webUrl: https://a.example/a\npublishedDateTime: 2026-05-01\n"


def title_of(line: str) -> str | None:
    parsed = parse_article(f"---\n{HEAD}{line}\n---\nbody".encode(), path="a.md", modified=NOW)
    return parsed.article.title if parsed.article else None


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("title: " + json.dumps(EMOJI), EMOJI),
        ('title: "\\uD83D\\uDE00"', "\N{GRINNING FACE}"),
        ('title: "a\\\\\\ud83d\\ude00"', "a\\\N{GRINNING FACE}"),
        ("title: 'a \\ud83d\\ude00'", "a \\ud83d\\ude00"),
        ("title: a \\ud83d\\ude00", "a \\ud83d\\ude00"),
        ('title: "\\uD83D\\U0000dE00"', "\N{GRINNING FACE}"),
        ('title: "\\U0000d83d\\ude00"', "\N{GRINNING FACE}"),
        ('title: "a \\ud83d\\\n  \\ude00"', "a \N{GRINNING FACE}"),
        ('title: >-\n  \\ud83d\\ude00\nexcerpt: "\\ud83d\\ude00"', "\\ud83d\\ude00"),
        ('title: \'"\\ud83d\\ude00"\'\nexcerpt: "\\ud83d\\ude00"', '"\\ud83d\\ude00"'),
        ('title: a "\\ud83d\\ude00"\nexcerpt: "\\ud83d\\ude00"', 'a "\\ud83d\\ude00"'),
        ('title: T # "\\ud83d\\ude00"\nexcerpt: "\\ud83d\\ude00"', "T"),
        ('title: "\\ud83d"', None),
        ('title: "\\ude00\\ud83d"', None),
    ],
)
def test_a_pair_is_one_character(line: str, title: str | None) -> None:
    assert title_of(line) == title


def test_diagnostics_beside_a_pair_have_their_line() -> None:
    text = f'---\n{HEAD}title: "\\ud83d\\\n  \\ude00"\nquality: high\n---\nbody'
    parsed = parse_article(text.encode(), path="a.md", modified=NOW)
    assert [one.line for one in parsed.diagnostics] == [6]


def test_pairs_beside_deep_nesting_take_no_quadratic_time() -> None:
    """PyYAML looks through all open brackets at each token."""
    with within(seconds=5):
        assert title_of('title: "\\ud83d\\ude00"\ndeep: ' + "[" * 300_000) is None
