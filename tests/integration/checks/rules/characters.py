"""Bytes that are not UTF-8, and characters that readers do not show."""

from __future__ import annotations

from tests.support.rule_examples import Broken, swap
from tests.support.sound_site import ATOM, JSON, OPML, PAGE, RSS

EXAMPLES = (
    Broken("not-utf-8", RSS, swap("UTF-8", "ISO-8859-1")),
    Broken("not-utf-8", ATOM, swap(" encoding='UTF-8'", ""), what="undeclared"),
    Broken("not-utf-8", JSON, swap("All of it", "All of \udce9"), what="bytes"),
    Broken("not-utf-8", RSS, swap("All of it", "All of \udce9"), what="bytes"),
    *(Broken("not-utf-8", path, lambda text: f"\ufeff{text}", what="mark") for path in (RSS, OPML, JSON)),
    Broken("not-utf-8", PAGE, swap("All of it", "All of \udce9")),
    Broken("not-utf-8", RSS, swap("<?xml", "\n<?xml"), what="blank line"),
    Broken("not-utf-8", RSS, swap("UTF-8", "klingon"), what="unheard of"),
    Broken("doubtful-character", RSS, swap("What is said", "What\x85 is\x96 said")),
    Broken("doubtful-character", ATOM, swap("What is said", "What is \ufffd said")),
    *(Broken("doubtful-character", path, swap("What is said", f"What {character} is said"), what=ascii(character)[1:-1])
      for path in (RSS, ATOM) for character in ("\x85", "\U0001fffe", "&#x85;", "&#146;", "&#xFFFD;", "&#xFDD0;")),
    Broken("doubtful-character", OPML, swap('text="R &amp; D"', 'text="R &#x92; D"'), what="reference"),
    Broken("doubtful-character", JSON, swap("What is said", "What is \ufffd said")),
)  # fmt: skip
