"""The parts of the modules of this package: the text of a rule, checks of values, examples."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from feeds.checks.documents import DocumentContext
from feeds.text.iris import Violation

if TYPE_CHECKING:
    from feeds.checks.documents import ParsedDocument, Problem


#: `error`: something is not published, or readers or validators refuse it. `warning`: it is doubtful. `note`: it is
#: published in another form, because readers do not show it as it is.
Level = Literal["error", "warning", "note"]
#: Checks a value at a time; returns None if it is right.
ValueCheck = Callable[[str, dt.datetime], Violation | None]


class Rule(msgspec.Struct, frozen=True):
    """A rule: its stable id, what it finds, whom that harms and how, and the specification or behaviour behind it."""

    id: str
    level: Level
    what: str
    why: str
    reference: str


@dataclass(frozen=True)
class Example:
    """A document, and the problems that the `check_document` of its module finds in it."""

    document: ParsedDocument
    problems: tuple[Problem, ...]


#: The context of the documents of examples.
EXAMPLE_CONTEXT = DocumentContext(
    "all.rss",
    "https://feeds.example.com/all.rss",
    "https://feeds.example.com/",
    dt.datetime(2026, 6, 1, tzinfo=dt.UTC),
)
