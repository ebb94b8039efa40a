"""XML that is not well-formed, and its namespaces."""

from __future__ import annotations

import re

from tests.support.rule_examples import Broken, swap
from tests.support.sound_site import ATOM, OPML, RSS

EXAMPLES = (
    *(Broken("xml-not-well-formed", path, lambda _: "", also=also, what="empty")
      for path, also in ((RSS, ()), (OPML, ()))),
    Broken("xml-not-well-formed", RSS, swap("</channel>", "")),
    Broken("xml-not-well-formed", ATOM, swap("What is said", "What &nbsp; is said"), what="entity"),
    Broken("xml-not-well-formed", RSS, swap("What is said", "What \x01 is said"), what="character"),
    Broken("xml-not-well-formed", ATOM, swap("<media:thumbnail", "<undeclared:thumbnail"), what="prefix"),
    Broken("xml-not-well-formed", OPML, swap("<body>", "<body")),
    Broken("xml-not-well-formed", RSS, swap(' version="2.0"', ' version="2.0" version="2.0"'), what="attributes"),
    Broken("xml-not-well-formed", ATOM, swap("<?xml version='1.0'", "<?xml version='1.1'"), what="version"),
    Broken("xml-doctype", RSS, swap("<rss", '<!DOCTYPE rss [<!ENTITY a "b">]>\n<rss')),
    Broken("unused-namespace", RSS, swap("<rss ", '<rss xmlns:x="https://x.example/" ')),
    Broken("unused-namespace", RSS, swap("<item>", '<item xmlns:x="https://x.example/">'), what="inside"),
    Broken("unused-namespace", ATOM, swap("<entry>", '<entry xmlns:xhtml="http://www.w3.org/1999/xhtml">'),
           what="inside"),
    Broken("unusual-prefix", ATOM, lambda text: re.sub(r"<(/?)(?!/|[a-z]+:|[?!])", r"<\1atom:", text).replace(
           "xmlns=", "xmlns:atom="), what="own"),
    Broken("unusual-prefix", ATOM, lambda text: re.sub(r"<(/?)(?!/|[a-z]+:|[?!])", r"<\1x:", text).replace(
           "xmlns=", "xmlns:x="), what="another of its own"),
    Broken("unusual-prefix", ATOM,
           swap("<media:thumbnail", '<mrss:thumbnail xmlns:mrss="http://search.yahoo.com/mrss/"'), what="inside"),
    Broken("unusual-prefix", RSS, lambda text: text.replace("xmlns:media", "xmlns:mrss").replace("media:", "mrss:")),
    Broken("unusual-prefix", RSS,
           lambda text: text.replace("xmlns:dc", "xmlns:dublin").replace("dc:creator", "dublin:creator"), what="dc"),
)  # fmt: skip
