"""Characters and lines of plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.text.characters import clean_line, decode_entities, remove_controls, shorten
from tests.support.vectors import CONTROLS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&amp;", "&"),
        ("&#038;", "&"),
        ("&#x26;", "&"),
        ("&#X26;", "&"),
        ("&eacute;", "é"),
        ("&NotEqualTilde;", "≂̸"),
        ("&amp;amp;", "&amp;"),
        ("&copy", "&copy"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("&not;in", "¬in"),
        ("&bogus;", "&bogus;"),
        ("&;", "&;"),
        ("&#;", "&#;"),
        ("&#99999999;", "&#99999999;"),
        ("&#128;", "€"),
        ("a & b; c", "a & b; c"),
        ("no entity", "no entity"),
    ],
)
def test_entities_are_decoded_once(text: str, expected: str) -> None:
    assert decode_entities(text) == expected


@pytest.mark.parametrize("character", [pytest.param(each, id=f"U+{ord(each):04X}") for each in CONTROLS])
def test_characters_that_xml_forbids_or_discourages_are_removed(character: str) -> None:
    assert remove_controls(f"a{character}b") == "ab"


@pytest.mark.parametrize(
    "text",
    ["", "a", "a\tb\nc\rd", "é日😀", "\u00a0\u200b\u2028\ufeff", "\ue000\ufffd", "\U0001f600", "a\n\U00020000"],
)
def test_characters_that_xml_allows_stay(text: str) -> None:
    assert remove_controls(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(" a\n\n b\t", "a b", id="white space"),
        pytest.param("A &amp; B", "A & B", id="entities"),
        pytest.param("<b>A</b>", "<b>A</b>", id="markup is text"),
        pytest.param("a&#1;b\x00", "ab", id="control characters"),
        pytest.param("a&NewLine;b", "a b", id="encoded line break"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_line_is_cleaned(text: str, expected: str) -> None:
    assert clean_line(text) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        pytest.param("one two", 7, "one two", id="fits"),
        pytest.param("one two three", 12, "one two…", id="cut after a word"),
        pytest.param("one two three", 8, "one two…", id="as many words as fit"),
        pytest.param("one two three", 7, "one…", id="the ellipsis counts"),
        pytest.param("one, two; three", 10, "one, two…", id="no punctuation before the ellipsis"),
        pytest.param("abcdefghij", 5, "abcd…", id="one long word"),
        pytest.param("a bcdefghijkl", 9, "a bcdefg…", id="a long word after a short one"),
        pytest.param("", 5, "", id="empty"),
        pytest.param("ab", 1, "…", id="no room"),
    ],
)
def test_a_text_is_shortened_after_a_word(text: str, width: int, expected: str) -> None:
    assert shorten(text, width) == expected


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_shortened_text_fits(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width
    assert short == text or text.startswith(short.removesuffix("…"))
