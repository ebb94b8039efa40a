"""What is replaced or left out in bodies, because readers do not show it: notes, one per body and kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.errors import LocatedDiagnostic

#: The rules of notes. `feeds check --explain` says what replaces each (feeds/checks/rules/bodies.py).
NOTE_RULES = frozenset(("embed-replaced", "formula-replaced", "hidden-removed", "image-removed", "media-removed"))


def split_notes(
    diagnostics: Iterable[LocatedDiagnostic],
) -> tuple[tuple[LocatedDiagnostic, ...], tuple[LocatedDiagnostic, ...]]:
    """Return the diagnostics that are no notes, and the notes."""
    every = tuple(diagnostics)
    notes = tuple(diagnostic for diagnostic in every if diagnostic.rule in NOTE_RULES)
    return tuple(diagnostic for diagnostic in every if diagnostic.rule not in NOTE_RULES), notes


def count_notes(notes: Iterable[LocatedDiagnostic]) -> dict[str, int]:
    """Return the number of bodies with each kind of note, by rule."""
    return dict(sorted(Counter(note.rule for note in notes).items()))
