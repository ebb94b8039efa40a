"""Channels and items that differ from the RSS profile."""

from __future__ import annotations

from tests.support.rule_examples import Broken, sub, swap
from tests.support.sound_site import ENCLOSURE, RSS

EXAMPLES = (
    Broken("content-before-description", RSS,
           sub(r"(<description>What is said[^<]*</description>)\s*(<content:encoded>.*?</content:encoded>)", r"\2\1")),
    Broken("several-enclosures", RSS, swap(ENCLOSURE, ENCLOSURE * 2)),
    Broken("channel-image-differs", RSS, sub(r"(<image>.*?<link>)[^<]*", r"\1https://x.example/"), what="link"),
    Broken("channel-image-differs", RSS, sub(r"(<image>.*?<title>)[^<]*", r"\1Other"), what="title"),
    Broken("channel-image-type", RSS, swap("icon.png</url>", "icon.webp</url>")),
    Broken("channel-image-type", RSS, swap("icon.png</url>", "icon.webp#x</url>"), what="fragment"),
    Broken("channel-image-type", RSS, swap("icon.png</url>", "icon?of=x.svg</url>"), what="query"),
)  # fmt: skip
