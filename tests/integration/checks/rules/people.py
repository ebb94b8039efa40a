"""Persons."""

from __future__ import annotations

from tests.support.rule_examples import Broken, swap
from tests.support.sound_site import ATOM, CREATOR, RSS

EXAMPLES = (
    Broken("bad-email", RSS, swap("editor@example.com (Ed Itor)", "editor@example.com")),
    Broken("bad-email", RSS, swap("editor@example.com (Ed Itor)", "Ed Itor"), what="name only"),
    Broken("bad-email", ATOM, swap("editor@example.com", "editor")),
    *(Broken("bad-email", path, swap("editor@example.com", email), what=email)
      for path in (ATOM, RSS)
      for email in ("a@b", "mailto:a@b.example", "a,b@c.example", "a@[192.0.2.1]", "a@é.example", "a..b@c.example")),
    Broken("bad-email", RSS, swap("(Ed Itor)", "(Ed) Itor)"), what="brackets"),
    Broken("bad-email", RSS, swap("editor@example.com (Ed Itor)", "Ed Itor editor@example.com"), what="order"),
    Broken("email-in-name", ATOM, swap("<name>Jo Cod</name>", "<name>Jo &lt;jo@a.example&gt;</name>")),
    Broken("email-in-name", RSS, swap(CREATOR, "<dc:creator>Jo &#x3C;jo@a.example></dc:creator>")),
)  # fmt: skip
