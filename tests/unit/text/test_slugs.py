"""Names folded for comparison."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.text.slugs import folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vision", "vision"),
        ("Straße", "STRASSE"),
        ("é", "e\u0301"),
        ("ﬁ", "fi"),
        ("\u212a", "k"),
        ("Σ", "ς"),
        ("Å", "\u212b"),
        ("ＡＩ", "ai"),
        ("ŉ", "ʼN"),
    ],
)
def test_names_that_may_be_one_file_fold_to_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("ı", "i"), ("C", "C+"), ("é", "e"), ("漢", "汉")])
def test_names_of_different_files_stay_different(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(unicodedata.normalize("NFD", text)) == folded(unicodedata.normalize("NFC", text)) == folded(text)
