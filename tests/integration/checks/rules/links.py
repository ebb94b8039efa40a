"""Links of feeds and their history."""

from __future__ import annotations

import re

from tests.support.rule_examples import Broken, sub, swap
from tests.support.sound_site import ATOM, JSON, MONTH_ATOM, MONTH_RSS, RSS

FEED = "https://feeds.example.com/all"
ARCHIVE = f"{FEED}/archive"
COMPLETE = '<fh:complete xmlns:fh="http://purl.org/syndication/history/1.0"/>'
EXAMPLES = (
    Broken("self-link", RSS, swap("all.rss", "other.rss"), also=("dead-link",)),
    Broken("self-link", RSS, sub(r"<atom:link [^>]*rel=\"self\"[^>]*/>", ""), what="missing"),
    Broken("self-link", ATOM, sub(r"<link [^>]*rel=\"self\"[^>]*/>", ""), what="missing"),
    Broken("self-link", ATOM, swap("https://feeds.example.com/all.atom", "all.atom"), also=("relative-address",)),
    Broken("self-link", JSON, swap('"feed_url": "https://feeds.example.com/all', '"feed_url": "https://x.example/all')),
    Broken("self-link", RSS, swap('href="https://feeds.example.com/all.rss"', 'href="https://x.example/all.rss"'),
           what="elsewhere"),
    Broken("self-type", RSS, swap('rel="self" type="application/rss+xml"', 'rel="self" type="text/html"')),
    Broken("self-type", ATOM, swap('rel="self" type="application/atom+xml"', 'rel="self" type="text/html"')),
    Broken("duplicate-link", ATOM, sub(r'(<link href="[^"]*" rel="alternate" type="text/html"/>)', r"\1\1")),
    Broken("duplicate-link", ATOM, sub(r'(<link rel="alternate" type="text/html" [^>]*/>)', r"\1\1"), what="entry"),
    Broken("duplicate-link", RSS, sub(r'(<atom:link [^>]*rel="self"[^>]*/>)', r"\1\1")),
    Broken("unknown-relation", RSS, swap('rel="via"', 'rel="by way of"')),
    Broken("unknown-relation", ATOM, swap('rel="via"', 'rel="by way of"')),
    Broken("bad-history", ATOM, swap('rel="via"', 'rel="prev-archive"')),
    Broken("bad-history", ATOM, swap("<entry>", f"{COMPLETE}<entry>"), what="complete"),
    Broken("bad-history", MONTH_ATOM, sub(r'<link [^>]*rel="current"[^>]*/>', ""), what="current"),
    Broken("bad-history", MONTH_RSS, swap("<fh:archive/>", ""), also=("unused-namespace",)),
    *(Broken("bad-history", MONTH_ATOM, swap(f'{ARCHIVE}/2026-03.atom" rel="prev', f'{other}" rel="prev'),
             what=what)
      for what, other in (("itself", f"{ARCHIVE}/2026-04.atom"), ("another format", f"{ARCHIVE}/2026-03.rss"),
                          ("another feed", f"{FEED}.atom"), ("elsewhere", "https://x.example/2026-03.atom"))),
    Broken("bad-history", MONTH_ATOM, swap(f'{FEED}.atom" rel="current', f'{ARCHIVE}/2026-04.atom" rel="current'),
           what="to itself"),
    Broken("bad-history", MONTH_RSS, sub(r'(<atom:link [^>]*rel="prev-archive"[^>]*/>)', r"\1\1"), what="twice"),
    Broken("bad-history", MONTH_RSS, swap('rel="prev-archive"', 'rel="next-archive"'), what="turned round"),
    Broken("bad-history", RSS, sub(r'<atom:link [^>]*rel="prev-archive"[^>]*/>', ""), what="no archive"),
    Broken("bad-history", ATOM, swap("/archive/2026-04.atom", "/archive/2026-03.atom"), what="a month left out"),
    Broken("bad-history", JSON, sub('"next_url": "[^"]*",', ""), what="no archive"),
    Broken("bad-history", JSON, swap("/archive/2026-04.json", ".json"), what="itself"),
    Broken("bad-history", ATOM, swap('<link href="https://feeds.example.com/all/archive',
           f'{COMPLETE}<link rel="current" href="https://feeds.example.com/all.rss"/>'
           '<link href="https://feeds.example.com/all/archive'), what="complete with current"),
    Broken("bad-history", MONTH_ATOM, lambda text: re.sub('<link [^>]*rel="(?:prev|next)-archive"[^>]*/>', "", text),
           what="archive alone"),
)  # fmt: skip
