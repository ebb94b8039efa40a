"""Documents that do not agree with each other or with the manifest."""

from __future__ import annotations

from tests.support.rule_examples import Broken, sub, swap
from tests.support.sound_site import ATOM, JSON, OPML, PAGE, RSS

EXAMPLES = (
    Broken("count-differs", RSS, sub(r"(</item>).*?</item>", r"\1"), also=("formats-differ",)),
    Broken("formats-differ", JSON, lambda text: text.replace("https://c.example/else", "https://d.example/else")),
    Broken("dead-link", ATOM, swap("all.json", "gone.json")),
    Broken("dead-link", PAGE, swap('href="../all.atom"', 'href="../gone.atom"')),
    Broken("dead-link", JSON,
           swap('"next_url": "https://feeds.example.com/all/archive/', '"next_url": "https://feeds.example.com/x/'),
           also=("bad-history",)),
    Broken("unlisted-feed", OPML,
           sub(r'<outline [^>]*xmlUrl="https://feeds.example.com/topics/energy.rss"[^>]*/>', "")),
)  # fmt: skip
