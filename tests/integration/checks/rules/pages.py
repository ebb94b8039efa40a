"""Pages."""

from __future__ import annotations

from tests.support.rule_examples import Broken, sub, swap
from tests.support.sound_site import PAGE

EXAMPLES = (
    Broken("page-without-name", PAGE, sub("<title>.*?</title>", "<title></title>")),
    Broken("page-without-name", PAGE, sub("<html[^>]*>", "<html>"), what="language"),
    Broken("page-without-policy", PAGE, swap('http-equiv="Content-Security-Policy"', 'name="policy"')),
    Broken("page-without-policy", PAGE, sub('(Content-Security-Policy" content=")[^"]*', r"\1default-src *"),
           what="loose"),
    Broken("page-without-policy", PAGE, swap("script-src 'self'", "script-src 'self' 'unsafe-inline'"), what="inline"),
)  # fmt: skip
