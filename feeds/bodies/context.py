"""What the transformations of a body know of its entry, and what they report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from feeds.bodies.tree import line_of

if TYPE_CHECKING:
    from turbohtml import Element


@dataclass(frozen=True)
class BodyNote:
    """A removal or replacement in a body: its rule, the first line, from 1, a message and a count."""

    rule: str
    line: int
    message: str
    count: int = 1


@dataclass
class BodyContext:
    """The URL of the entry that a body belongs to, which relative URLs in it follow, and the notes so far by rule."""

    url: str
    notes: dict[str, BodyNote] = field(default_factory=dict)

    def note(self, rule: str, message: str, element: Element) -> None:
        """Report a removal or replacement. Of those with one rule, the first one is shown, and all are counted."""
        first = self.notes.get(rule)
        if first is None:
            self.notes[rule] = BodyNote(rule, line_of(element), message)
        else:
            self.notes[rule] = BodyNote(rule, first.line, first.message, first.count + 1)
