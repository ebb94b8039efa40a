"""Numbers, media types and language tags."""

from __future__ import annotations

from tests.support.rule_examples import Broken, sub, swap
from tests.support.sound_site import ATOM, JSON, RSS

EXAMPLES = (
    Broken("bad-number", RSS, swap('length="2048" type', 'length="big" type'), what="length"),
    Broken("bad-number", RSS, swap("<ttl>60", "<ttl>0")),
    Broken("bad-number", RSS, swap("<ttl>60", f"<ttl>{'9' * 5000}"), what="digits"),
    Broken("bad-number", ATOM, swap('length="2048"', 'length="-1"')),
    Broken("bad-number", ATOM, sub(r'(<media:content [^>]*width=")1200', r"\g<1>wide"), what="width"),
    Broken("bad-number", RSS, sub(r'(<media:content [^>]*fileSize=")2048', r"\g<1>0"), what="fileSize 0"),
    Broken("bad-number", RSS, swap('length="2048" type', 'length="" type'), what="no length"),
    Broken("bad-number", RSS, swap('length="2048" type', 'length="-1" type'), what="negative"),
    Broken("bad-number", RSS, sub(r'(<media:content [^>]*fileSize=")2048', r"\g<1>2 KB"), what="fileSize"),
    Broken("bad-number", RSS, sub(r'(<media:thumbnail [^>]*height=")630', r"\g<1>0"), what="height"),
    Broken("bad-media-type", RSS, swap(' type="image/jpeg"/>', ' type="jpeg"/>')),
    Broken("bad-media-type", ATOM, swap('rel="enclosure" type="image/jpeg"', 'rel="enclosure" type="jpeg"')),
    Broken("bad-media-type", JSON, swap('"mime_type": "image/png"', '"mime_type": "png"')),
    Broken("bad-language", RSS, swap("<language>en", "<language>english, mostly")),
    Broken("bad-language", ATOM, swap('xml:lang="en"', 'xml:lang="e"')),
    Broken("bad-language", JSON, swap('"language": "en"', '"language": "e"')),
)  # fmt: skip
