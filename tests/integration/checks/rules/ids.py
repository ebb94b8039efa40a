"""Ids of feeds and entries."""

from __future__ import annotations

from tests.support.rule_examples import Broken, sub, swap
from tests.support.sound_site import ATOM, ENTRY_ID, GUID, JSON, RSS

EXAMPLES = (
    Broken("bad-id", ATOM, swap(ENTRY_ID, "<id>story</id>"), also=("formats-differ",)),
    Broken("bad-id", ATOM, swap(ENTRY_ID, "<id>urn:uuid:7</id>"), also=("formats-differ",), what="uuid"),
    Broken("bad-id", ATOM, swap(ENTRY_ID, "<id>tag:a.example:x</id>"), also=("formats-differ",), what="tag"),
    Broken("bad-id", JSON, swap('"id": "https://a.example/story"', '"id": "story"'), also=("formats-differ",)),
    *(Broken(rule, ATOM, swap(ENTRY_ID, f"<id>{given}</id>"), also=("formats-differ",), what=given)
      for rule, given in (
          *(("id-not-normal", f"https://a.example/{path}") for path in (
              "%7ex", "%c3%a9", "caf%E9", "e%CC%81", "%2541", "x?a=%7e", "x#%7e", "é")),
          ("id-not-normal", "https://é.example/"), ("id-not-normal", "https://a.example./x"),
          ("id-not-normal", "URN:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), ("id-not-normal", "urn:x-y:a/b"),
          ("id-not-normal", "tag:A.example,2020:x"), ("id-not-normal", "mailto:A+b@a.example"),
          ("bad-id", "https://a.example/[x]"), ("bad-id", "https://a.example/%zz"), ("bad-id", "urn:x-y:[a]"),
          ("bad-id", "mailto:"), ("bad-id", "info:a[b]"), ("unusual-host", "https://[2001:db8::1]/x"),
          ("unusual-scheme", "doi:10.1000/182"), ("unusual-scheme", "javascript:alert(1)"),
          ("unusual-scheme", "feed://a.example/x"))),
    Broken("bad-id", ATOM, swap(ENTRY_ID, "<id>urn:x</id>"), also=("formats-differ",), what="urn"),
    Broken("bad-id", ATOM,
           swap(ENTRY_ID, "<id> https://a.example/story </id>"), also=("formats-differ",), what="space"),
    Broken("bad-id", RSS, swap(GUID, GUID.replace("https://a.example/story", "a story")), also=("formats-differ",)),
    Broken("id-not-normal", ATOM, swap(ENTRY_ID, "<id>https://A.example:443/story</id>"), also=("formats-differ",)),
    Broken("id-not-normal", ATOM, swap(ENTRY_ID, "<id>https://a.example</id>"), also=("formats-differ",), what="path"),
    Broken("duplicate-id", RSS, sub(r"(<item>.*?</item>)", r"\1\1")),
    Broken("duplicate-id", ATOM, sub(r"(<entry>.*?</entry>)", r"\1\1")),
    Broken("duplicate-id", JSON, lambda text: text.replace("https://c.example/else", "https://a.example/story"),
           also=("formats-differ", "count-differs")),
    Broken("guid-is-no-address", RSS, swap('isPermaLink="false"', 'isPermaLink="true"')),
    Broken("guid-is-no-address", RSS, swap('isPermaLink="false"', 'isPermaLink="no"'), what="word"),
    Broken("guid-is-no-address", RSS, swap(GUID, '<guid isPermaLink="true">a story</guid>'),
           also=("bad-id", "formats-differ"), what="no address"),
)  # fmt: skip
