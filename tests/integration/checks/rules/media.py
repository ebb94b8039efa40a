"""Types of texts and media."""

from __future__ import annotations

from tests.support.rule_examples import Broken, swap
from tests.support.sound_site import ATOM, RSS

EXAMPLES = (
    Broken("bad-text-type", ATOM, swap('<content type="html"', '<content type="rich"')),
    Broken("bad-text-type", RSS, swap('<media:title type="plain"', '<media:title type="text"')),
    Broken("bad-text-type", ATOM, swap('<content type="html"', '<content type="xhtml"'), what="xhtml"),
    Broken("bad-text-type", ATOM, swap("<summary>", '<summary type="markdown">'), what="summary"),
    Broken("bad-text-type", ATOM, swap('<content type="html"', '<content type="image/png"'), what="picture"),
    Broken("bad-medium", RSS, swap('medium="image"', 'medium="picture"')),
    Broken("bad-medium", ATOM, swap('medium="image"', 'medium="video"'), what="type"),
)  # fmt: skip
