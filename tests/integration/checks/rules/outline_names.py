"""Names in the list of feeds."""

from __future__ import annotations

from tests.support.rule_examples import Broken, swap
from tests.support.sound_site import OPML

EXAMPLES = (
    Broken("name-like-html", OPML, swap('text="R &amp; D"', 'text="R&amp;D"')),
    Broken("name-like-html", OPML, swap('title="Fish &amp; Wire"', 'title="&lt;b&gt;Wire"'), what="element"),
    Broken("name-like-html", OPML, swap("<title>Fish &amp; Wire", "<title>AI &lt;b&gt;Wire"), what="title"),
    Broken("name-like-html", OPML, swap('text="Topics"', 'text="&amp;bogus;"'), what="group"),
)  # fmt: skip
