"""The names in the list of feeds. OPML allows HTML in them, so programs differ in how they read `<` and `&`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeds.checks.rules.elements import some_text
from feeds.checks.rules.rule import Rule

if TYPE_CHECKING:
    import datetime as dt

    from feeds.text.iris import Violation


RULES = (
    Rule(
        "name-like-html",
        "warning",
        "A name in the list of feeds has what HTML has.",
        "Programs that take it for HTML, as OPML lets them do, show another name than those that do not.",
        "OPML 2.0, Outline elements",
    ),
)
_LIKE_HTML = re.compile(r"<|&[^\s&]")


def outline_name(value: str, now: dt.datetime) -> Violation | None:
    """A name that reads the same as text and as HTML."""
    return ("name-like-html", "no < in it, and a space after &") if _LIKE_HTML.search(value) else some_text(value, now)
