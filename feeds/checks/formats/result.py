"""What is known of a document before it is judged, and what comes of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from feeds.errors import LocatedDiagnostic

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """A document: its `path`, the `address` that it is to name as its own, the month of history that it shows.

    `now` is the time after which nothing in it is to be dated; `base_url` is where the site is served. `history` are
    the addresses that it is to name of its feed's history, by the relation of RFC 5005.
    """

    path: str
    address: str
    base_url: str
    now: dt.datetime
    month: str = ""
    history: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ValidationResult:
    """What came of a document: what is wrong, and what other documents are to be held against.

    `pictures` has, by the id of each entry in their order, the addresses of its pictures; `links` has the line and the
    address of each link that may lead to another document of the site. Without `is_readable`, nothing else is known.
    """

    path: str
    mistakes: list[LocatedDiagnostic] = field(default_factory=list)
    images: dict[str, tuple[str, ...]] = field(default_factory=dict)
    links: list[tuple[int, str]] = field(default_factory=list)
    is_readable: bool = True

    def note(self, line: int, rule: str, message: str) -> None:
        self.mistakes.append(LocatedDiagnostic(self.path, line, message, rule))

    def note_entry(self, line: int, id_: str, images: tuple[str, ...]) -> None:
        """Keep an entry; an id that another one has is a mistake."""
        if id_ in self.images:
            self.note(line, "duplicate-id", f"{id_!r} is the id of two entries; expected one of its own")
        self.images[id_] = images
