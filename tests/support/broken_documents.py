"""A sound site, and its documents broken on purpose: one rule a row."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.site import Site

CONFIGURATION = """\
site:
  title: Fish & Wire
  url: https://feeds.example.com/
  description: All of it
  author: {name: Ed Itor, email: editor@example.com, uri: https://www.example.com/}
  icon: https://www.example.com/icon.png
  rights: © Fish & Wire
  hub: https://hub.example.net/
source: {articles: [../articles]}
archives: month
compress: [gzip, br]
feeds:
  all: {limit: 2}
  providers: {min_entries: 1}
providers:
  a.example: {title: The A & B, feed: https://a.example/feed.xml}
"""
ARTICLE = """\
title: Cod & <b> chips
excerpt: What is said of it.
webUrl: https://a.example/story
originalUrl: https://b.example/paper
publishedDateTime: 2026-05-01T08:30:00Z
updatedDateTime: 2026-05-02T08:30:00Z
provider: {name: A, domain: a.example, authors: [{name: Jo Cod, url: https://a.example/jo}]}
topics: [Energy, R&D]
images:
  - {url: https://img.example/one.jpg?w=1&h=2, width: 1200, height: 630, length: 2048, title: A cod}
  - {url: https://img.example/two.png}
related:
  - {title: Elsewhere, webUrl: https://c.example/else, publishedDateTime: 2026-04-02T12:00:00Z}
"""


def publish_sound(site: Site) -> None:
    """Publish a site that has something of everything."""
    site.configure(CONFIGURATION)
    site.article("a.md", ARTICLE, "A body with a [link](https://a.example/more).\n")
    site.article("b.md", "title: B\nwebUrl: https://a.example/b\npublishedDateTime: 2026-03-01\ntopics: [Energy]")
    site.regenerate()


@dataclass(frozen=True)
class Broken:
    """A document that is broken: which rule it is against then, which others necessarily, and how it is broken."""

    rule: str
    path: str
    change: Callable[[str], str]
    also: tuple[str, ...] = ()
    what: str = ""

    @property
    def id(self) -> str:
        return "-".join(filter(None, (self.rule, self.path.rpartition(".")[2], self.what)))


def swap(old: str, new: str) -> Callable[[str], str]:
    """Put a text in the place of the first of another, which has to be there."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def sub(pattern: str, new: str) -> Callable[[str], str]:
    """Put a text in the place of what the pattern finds first, which has to be something."""

    def change(text: str) -> str:
        changed, count = re.subn(pattern, new, text, count=1, flags=re.DOTALL)
        assert count
        return changed

    return change


def before_body(html: str) -> Callable[[str], str]:
    """Put HTML before the body of the first entry, written as the format writes it."""

    def change(text: str) -> str:
        for body, written in (("&lt;p&gt;A body", escape(html, quote=False)), ("<p>A body", json.dumps(html)[1:-1])):
            if body in text:
                return text.replace(body, written + body, 1)
        raise AssertionError(text)

    return change


RSS, ATOM, JSON, OPML, PAGE = "all.rss", "all.atom", "all.json", "feeds.opml", "all/index.html"
MONTH_RSS, MONTH_ATOM = "all/archive/2026-04.rss", "all/archive/2026-04.atom"
PUBLISHED = "<pubDate>Fri, 01 May 2026 08:30:00 +0000</pubDate>"
UPDATED = "<updated>2026-05-02T08:30:00+00:00</updated>\n    <author>"
GUID = '<guid isPermaLink="false">https://a.example/story</guid>'
ENTRY_ID = "<id>https://a.example/story</id>"
ENCLOSED = '<enclosure url="https://img.example/one.jpg?w=1&amp;h=2'
ENCLOSURE = '<enclosure url="https://img.example/one.jpg?w=1&amp;h=2" length="2048" type="image/jpeg"/>'
THUMBNAIL = '<media:thumbnail url="https://img.example/one.jpg?w=1&amp;h=2" width="1200" height="630"/>'
STEPS = "https://feeds.example.com/all"
ARCHIVE = f"{STEPS}/archive"
COMPLETE = '<fh:complete xmlns:fh="http://purl.org/syndication/history/1.0"/>'
CREATOR = "<dc:creator>Jo Cod</dc:creator>"
#: HTML that browsers read otherwise than it is written.
IRREGULAR = {
    "table": "<p>x<table><tr><td>y</td></tr></table></p>",
    "cell": "<td>x</td>",
    "row": "<tr><td>x</td></tr>",
    "link": '<a href="https://x.example/"><a href="https://y.example/">x</a></a>',
    "paragraph": "<p><p>x</p></p>",
    "heading": "<h1><h2>x</h2></h1>",
    "button": "<button><button>x</button></button>",
    "break": "x</br>y",
    "attribute": '<a href="https://x.example/" href="https://y.example/">x</a>',
    "value": '<b title="a"b">x</b>',
    "bracket": "a < b",
    "ampersand": "AT&T; x",
    "reference": "&bogus;",
    "semicolon": "&copy 2020",
    "null": "&#0;",
    "control": "&#x80;",
    "surrogate": "&#xD800;",
    "beyond": "&#1114112;",
    "declaration": "<!DOCTYPE html>",
    "instruction": "<?php x ?>",
    "section": "<![CDATA[x]]>",
    "marked section": "<![nonsense[x]]>",
    "end of comment": "<!-- a --!> b -->",
    "comment": "<!-->x",
    "dashes": "<!-- a -- b -->",
}

BROKEN = (
    # Bytes
    Broken("not-utf-8", RSS, swap("UTF-8", "ISO-8859-1")),
    Broken("not-utf-8", ATOM, swap(" encoding='UTF-8'", ""), what="undeclared"),
    Broken("not-utf-8", JSON, swap("All of it", "All of \udce9"), what="bytes"),
    Broken("not-utf-8", RSS, swap("All of it", "All of \udce9"), what="bytes"),
    *(Broken("not-utf-8", path, lambda text: f"\ufeff{text}", what="mark") for path in (RSS, OPML, JSON)),
    *(Broken("xml-not-well-formed", path, lambda _: "", also=also, what="empty")
      for path, also in ((RSS, ()), (OPML, ()))),
    Broken("json-not-well-formed", JSON, lambda _: "", what="empty"),
    Broken("not-utf-8", PAGE, swap("All of it", "All of \udce9")),
    Broken("doubtful-character", RSS, swap("What is said", "What\x85 is\x96 said")),
    Broken("doubtful-character", ATOM, swap("What is said", "What is \ufffd said")),
    *(Broken("doubtful-character", path, swap("What is said", f"What {character} is said"), what=ascii(character)[1:-1])
      for path in (RSS, ATOM) for character in ("\x85", "\U0001fffe", "&#x85;", "&#146;", "&#xFFFD;", "&#xFDD0;")),
    Broken("doubtful-character", OPML, swap('text="R &amp; D"', 'text="R &#x92; D"'), what="reference"),
    Broken("doubtful-character", JSON, swap("What is said", "What is \ufffd said")),
    Broken("xml-not-well-formed", RSS, swap("</channel>", "")),
    Broken("xml-not-well-formed", ATOM, swap("What is said", "What &nbsp; is said"), what="entity"),
    Broken("xml-not-well-formed", RSS, swap("What is said", "What \x01 is said"), what="character"),
    Broken("xml-not-well-formed", ATOM, swap("<media:thumbnail", "<undeclared:thumbnail"), what="prefix"),
    Broken("xml-not-well-formed", OPML, swap("<body>", "<body")),
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
    Broken("json-not-well-formed", JSON, swap('"items": [', '"items": [,')),
    # Elements
    Broken("unknown-element", RSS, swap(GUID, f"{GUID}<author>Jo</author>")),
    Broken("unknown-element", RSS, swap(GUID, f"{GUID}<nonsense/>"), what="unheard of"),
    Broken("unknown-element", ATOM, swap("<summary>", "<excerpt>x</excerpt><summary>")),
    Broken("unknown-element", ATOM, swap("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"), what="namespace"),
    Broken("unknown-element", RSS, swap("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss"),
           also=("picture-differs",), what="media"),
    Broken("unknown-element", OPML, swap("<head>", "<head><color>red</color>")),
    Broken("missing-element", RSS, sub("<title>.*?</title>", ""), also=("channel-image-differs",), what="title"),
    Broken("missing-element", RSS, swap("<description>All of it</description>", ""), what="description"),
    Broken("missing-element", RSS, swap(GUID, ""), also=("formats-differ",), what="guid"),
    Broken("missing-element", RSS, swap(PUBLISHED, ""), what="date"),
    Broken("missing-element", ATOM, swap(UPDATED, "<author>"), what="date"),
    Broken("missing-element", ATOM, swap(ENTRY_ID, ""), also=("formats-differ",), what="id"),
    Broken("missing-element", ATOM, sub("<content.*?</content>", ""), also=("picture-differs",), what="content"),
    Broken("missing-element", ATOM,
           lambda text: re.sub("<author>.*?</author>", "", text, flags=re.DOTALL), what="author"),
    Broken("missing-element", ATOM, swap("<name>Jo Cod</name>", ""), what="name"),
    Broken("missing-element", ATOM, sub(r'<link rel="alternate"[^>]*story"/>', ""), what="alternate"),
    Broken("missing-element", OPML, sub("<title>.*?</title>", "")),
    Broken("duplicate-element", RSS, swap(PUBLISHED, PUBLISHED * 2)),
    Broken("duplicate-element", RSS, swap("<ttl>", "<ttl>5</ttl><ttl>"), what="channel"),
    Broken("duplicate-element", ATOM, swap(UPDATED, UPDATED.replace("<author>", "") + UPDATED)),
    Broken("misplaced-element", RSS, swap("</channel>", "<category>x</category></channel>"), also=("unknown-element",)),
    Broken("misplaced-element", RSS, lambda text: _moved_behind(text, "<ttl>60</ttl>", "</channel>"), what="ttl"),
    Broken("misplaced-element", ATOM,
           lambda text: _moved_behind(text, "<rights>© Fish &amp; Wire</rights>", "</feed>")),
    Broken("unknown-attribute", RSS, swap("<guid ", '<guid colour="red" ')),
    Broken("unknown-attribute", ATOM, swap("<summary>", '<summary colour="red">')),
    Broken("unknown-attribute", OPML, swap("<outline text", '<outline colour="red" text')),
    Broken("missing-attribute", RSS, swap(' length="2048" type', " type"), what="length"),
    Broken("missing-attribute", RSS, swap(' type="image/jpeg"/>', "/>"), what="type"),
    Broken("missing-attribute", RSS, swap(' version="2.0"', ""), what="version"),
    Broken("missing-attribute", ATOM, swap(' href="https://b.example/paper"', "")),
    Broken("missing-attribute", ATOM, swap('rel="enclosure" type="image/jpeg"', 'rel="enclosure"'), what="type"),
    Broken("missing-attribute", OPML, sub(' text="[^"]*" title', " title")),
    Broken("unexpected-text", RSS, swap("<item>", "<item>stray")),
    Broken("unexpected-text", ATOM, swap("<entry>", "stray<entry>")),
    Broken("unexpected-text", ATOM, sub(r'(<link [^>]*rel="self"[^>]*)/>', r"\1>text</link>"), what="link"),
    Broken("empty-text", RSS, swap(CREATOR, "<dc:creator> </dc:creator>")),
    Broken("empty-text", RSS, sub("(<item>.*?)<title>.*?</title>", r"\1<title/>"), what="title"),
    Broken("empty-text", ATOM, swap("<name>Jo Cod</name>", "<name/>")),
    Broken("wrong-version", RSS, swap('version="2.0"', 'version="0.91"')),
    Broken("wrong-version", OPML, swap('version="2.0"', 'version="3.0"')),
    Broken("bad-outline", OPML, swap('type="rss"', 'type="feed"')),
    Broken("bad-outline", OPML, swap('version="RSS2"', 'version="RSS7"'), what="version"),
    # Values
    Broken("bad-address", RSS, swap("<link>https://a.example/story", "<link>https://a.example/sto ry")),
    Broken("bad-address", RSS, swap("<link>https://a.example/story", "<link>https://a.example/größe"), what="letters"),
    Broken("bad-address", RSS, swap("<link>https://a.example/story", "<link>javascript:alert(1)"), what="scheme"),
    Broken("bad-address", ATOM, swap('href="https://b.example/paper"', 'href="https://b.example/&lt;paper"')),
    Broken("bad-address", ATOM, swap("<uri>https://a.example/jo", "<uri>https:// a.example/jo"), what="person"),
    Broken("bad-address", JSON, swap('"url": "https://a.example/story"', '"url": "https://a.example/sto ry"')),
    Broken("name-like-html", OPML, swap('text="R &amp; D"', 'text="R&amp;D"')),
    Broken("name-like-html", OPML, swap('title="Fish &amp; Wire"', 'title="&lt;b&gt;Wire"'), what="element"),
    Broken("name-like-html", OPML, swap("<title>Fish &amp; Wire", "<title>AI &lt;b&gt;Wire"), what="title"),
    Broken("name-like-html", OPML, swap('text="Topics"', 'text="&amp;bogus;"'), what="group"),
    Broken("missing-element", OPML, sub("<body>.*</body>", "<body/>"), also=("unlisted-feed",), what="outline"),
    Broken("bad-address", OPML, swap('xmlUrl="https://feeds.example.com/all.rss"', 'xmlUrl="mailto:a@b.example"'),
           also=("unlisted-feed",)),
    Broken("relative-address", RSS, swap("<link>https://a.example/story", "<link>/story")),
    Broken("relative-address", ATOM, swap('rel="via" href="https://b.example/paper"', 'rel="via" href="/paper"')),
    Broken("relative-address", RSS, swap("https://a.example/more", "more"), what="content"),
    Broken("relative-address", JSON, swap("https://a.example/more", "more")),
    Broken("bad-id", ATOM, swap(ENTRY_ID, "<id>story</id>"), also=("formats-differ",)),
    Broken("bad-id", ATOM, swap(ENTRY_ID, "<id>urn:uuid:7</id>"), also=("formats-differ",), what="uuid"),
    Broken("bad-id", ATOM, swap(ENTRY_ID, "<id>tag:a.example:x</id>"), also=("formats-differ",), what="tag"),
    Broken("bad-id", JSON, swap('"id": "https://a.example/story"', '"id": "story"'), also=("formats-differ",)),
    Broken("id-not-normal", ATOM, swap(ENTRY_ID, "<id>https://A.example:443/story</id>"), also=("formats-differ",)),
    Broken("duplicate-id", RSS, sub(r"(<item>.*?</item>)", r"\1\1")),
    Broken("duplicate-id", ATOM, sub(r"(<entry>.*?</entry>)", r"\1\1")),
    Broken("duplicate-id", JSON, lambda text: text.replace("https://c.example/else", "https://a.example/story"),
           also=("formats-differ", "count-differs")),
    Broken("guid-is-no-address", RSS, swap('isPermaLink="false"', 'isPermaLink="true"')),
    Broken("bad-date", RSS, swap("Fri, 01 May", "Mon, 01 May"), what="weekday"),
    Broken("bad-date", RSS, swap(PUBLISHED, "<pubDate>2026-05-01</pubDate>")),
    Broken("bad-date", RSS, swap("01 May 2026 08:30:00 +0000", "01 May 2026 25:30:00 +0000"), what="hour"),
    Broken("bad-date", ATOM, swap(UPDATED, UPDATED.replace("T", " "))),
    Broken("bad-date", ATOM, swap(UPDATED, UPDATED.replace("05-02", "02-30")), what="day"),
    Broken("bad-date", RSS, swap("<atom:updated>2026", "<atom:updated>26"), what="atom"),
    Broken("bad-date", JSON, swap('"date_published": "2026-05-01T08:30:00Z"', '"date_published": "yesterday"')),
    Broken("future-date", RSS, swap("Fri, 01 May 2026", "Sat, 01 May 2060")),
    Broken("future-date", ATOM, swap(UPDATED, UPDATED.replace("2026", "2060"))),
    Broken("future-date", JSON, swap('"date_published": "2026', '"date_published": "2060')),
    Broken("old-date", RSS, swap("Fri, 01 May 2026", "Thu, 01 May 1980")),
    Broken("bad-number", RSS, swap('length="2048" type', 'length="big" type'), what="length"),
    Broken("bad-number", RSS, swap("<ttl>60", "<ttl>0")),
    Broken("bad-number", RSS, swap("<ttl>60", f"<ttl>{'9' * 5000}"), what="digits"),
    Broken("bad-number", ATOM, swap('length="2048"', 'length="-1"')),
    Broken("bad-number", ATOM, sub(r'(<media:content [^>]*width=")1200', r"\g<1>wide"), what="width"),
    Broken("bad-number", RSS, sub(r'(<media:content [^>]*fileSize=")2048', r"\g<1>0"), what="fileSize 0"),
    Broken("empty-text", ATOM, sub("<subtitle>[^<]*", "<subtitle>"), what="subtitle"),
    Broken("empty-text", ATOM, sub("<rights>[^<]*", "<rights>"), what="rights"),
    Broken("bad-media-type", RSS, swap(' type="image/jpeg"/>', ' type="jpeg"/>')),
    Broken("bad-media-type", ATOM, swap('rel="enclosure" type="image/jpeg"', 'rel="enclosure" type="jpeg"')),
    Broken("bad-media-type", JSON, swap('"mime_type": "image/png"', '"mime_type": "png"')),
    Broken("bad-language", RSS, swap("<language>en", "<language>english, mostly")),
    Broken("bad-language", ATOM, swap('xml:lang="en"', 'xml:lang="e"')),
    Broken("bad-language", JSON, swap('"language": "en"', '"language": "e"')),
    Broken("bad-email", RSS, swap("editor@example.com (Ed Itor)", "editor@example.com")),
    Broken("bad-email", RSS, swap("editor@example.com (Ed Itor)", "Ed Itor"), what="name only"),
    Broken("bad-email", ATOM, swap("editor@example.com", "editor")),
    Broken("bad-text-type", ATOM, swap('<content type="html"', '<content type="rich"')),
    Broken("bad-text-type", RSS, swap('<media:title type="plain"', '<media:title type="text"')),
    Broken("bad-medium", RSS, swap('medium="image"', 'medium="picture"')),
    Broken("bad-medium", ATOM, swap('medium="image"', 'medium="video"'), what="type"),
    Broken("markup-in-plain-text", RSS, swap("&#x3C;b", "&lt;b")),
    Broken("markup-in-plain-text", RSS, sub("<title>Fish &#x26; Wire</title>", "<title>Fish &amp;amp; Wire</title>"),
           also=("channel-image-differs",), what="channel"),
    *(Broken("markup-in-plain-text", ATOM, sub(f"<{name}>", f"<{name}>{said}"), what=f"{what} in {name}")
      for name in ("title", "subtitle", "summary", "rights", "name")
      for what, said in (("tag", "&lt;b&gt;A&lt;/b&gt; "), ("reference", "&amp;nbsp;"))),
    Broken("markup-in-plain-text", ATOM, swap('label="Energy"', 'label="&lt;/b>"'), what="label"),
    Broken("markup-in-plain-text", ATOM, swap('label="Energy"', 'label="&amp;copy 2020"'), what="reference in label"),
    Broken("markup-in-plain-text", ATOM, swap('title="Elsewhere"', 'title="&lt;/b>"'), what="link"),
    Broken("markup-in-plain-text", ATOM, swap('title="Elsewhere"', 'title="&amp;#8217;"'), what="reference in link"),
    Broken("markup-in-plain-text", ATOM, sub("(<source>.*?<title>)", r"\1&lt;/b>"), what="source"),
    *(Broken("markup-in-plain-text", path, swap('<media:title type="plain">', f'<media:title type="plain">{said}'),
             what=f"{what} in media")
      for path in (RSS, ATOM) for what, said in (("tag", "&#x3C;b>A&#x3C;/b>"), ("reference", "&amp;nbsp;"))),
    Broken("markup-in-plain-text", RSS, swap('<media:title type="plain">', '<media:title type="plain">&lt;b> '),
           what="element in media"),
    *(Broken("markup-in-plain-text", RSS, sub(f"<item>(.*?)<{name}([^>]*)>", rf"<item>\1<{name}\2>&#x3C;b>A&#x3C;/b> "),
             what=f"tag in {name}") for name in ("title", "category", "source", "dc:creator")),
    *(Broken("markup-in-plain-text", RSS, sub(f"<{name}>", f"<{name}>&#x3C;b>A&#x3C;/b> "), also=also,
             what=f"tag in {name} of the channel")
      for name, also in (("title", ("channel-image-differs",)), ("description", ()), ("copyright", ()))),
    Broken("markup-in-plain-text", RSS, swap("(Ed Itor)", "(Ed &#x3C;/b> Itor)"), what="editor"),
    Broken("markup-in-plain-text", RSS, swap("<description>All", "<description>&lt;b> All"), what="description"),
    Broken("markup-in-plain-text", RSS, swap("<description>All", "<description>&amp;nbsp; All"), what="reference"),
    # Links
    Broken("self-link", RSS, swap("all.rss", "other.rss"), also=("dead-link",)),
    Broken("self-link", RSS, sub(r"<atom:link [^>]*rel=\"self\"[^>]*/>", ""), what="missing"),
    Broken("self-link", ATOM, sub(r"<link [^>]*rel=\"self\"[^>]*/>", ""), what="missing"),
    Broken("self-link", ATOM, swap("https://feeds.example.com/all.atom", "all.atom"), also=("relative-address",)),
    Broken("self-link", JSON, swap('"feed_url": "https://feeds.example.com/all', '"feed_url": "https://x.example/all')),
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
                          ("another feed", f"{STEPS}.atom"), ("elsewhere", "https://x.example/2026-03.atom"))),
    Broken("bad-history", MONTH_ATOM, swap(f'{STEPS}.atom" rel="current', f'{ARCHIVE}/2026-04.atom" rel="current'),
           what="to itself"),
    Broken("bad-history", MONTH_RSS, sub(r'(<atom:link [^>]*rel="prev-archive"[^>]*/>)', r"\1\1"), what="twice"),
    Broken("bad-history", MONTH_RSS, swap('rel="prev-archive"', 'rel="next-archive"'), what="turned round"),
    Broken("bad-history", RSS, sub(r'<atom:link [^>]*rel="prev-archive"[^>]*/>', ""), what="no archive"),
    Broken("bad-history", ATOM, swap("/archive/2026-04.atom", "/archive/2026-03.atom"), what="a month left out"),
    Broken("bad-history", JSON, sub('"next_url": "[^"]*",', ""), what="no archive"),
    Broken("bad-history", JSON, swap("/archive/2026-04.json", ".json"), what="itself"),
    # RSS
    Broken("content-before-description", RSS,
           sub(r"(<description>What is said[^<]*</description>)\s*(<content:encoded>.*?</content:encoded>)", r"\2\1")),
    Broken("several-enclosures", RSS, swap(ENCLOSURE, ENCLOSURE * 2)),
    Broken("channel-image-differs", RSS, sub(r"(<image>.*?<link>)[^<]*", r"\1https://x.example/"), what="link"),
    Broken("channel-image-differs", RSS, sub(r"(<image>.*?<title>)[^<]*", r"\1Other"), what="title"),
    Broken("channel-image-type", RSS, swap("icon.png</url>", "icon.webp</url>")),
    Broken("channel-image-type", RSS, swap("icon.png</url>", "icon.webp#x</url>"), what="fragment"),
    Broken("channel-image-type", RSS, swap("icon.png</url>", "icon?of=x.svg</url>"), what="query"),
    # Pictures and HTML
    Broken("picture-differs", RSS, swap(ENCLOSURE, "")),
    Broken("picture-differs", RSS, swap(ENCLOSURE, ENCLOSURE.replace("one.jpg", "other.jpg")), what="enclosure"),
    Broken("picture-differs", RSS, swap(THUMBNAIL, THUMBNAIL.replace("one.jpg", "other.jpg")), what="thumbnail"),
    Broken("picture-differs", ATOM,
           swap('media:content url="https://img.example/one', 'media:content url="https://x.example/one')),
    Broken("picture-differs", ATOM, swap("src=\"https://img.example/two", "src=\"https://img.example/too"), what="img"),
    Broken("picture-differs", JSON, swap('"image": "https://img.example/one', '"image": "https://img.example/other')),
    Broken("unsafe-html", RSS, swap("&lt;p&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;&lt;p&gt;"), what="script"),
    Broken("unsafe-html", RSS, swap("&lt;p&gt;", "&lt;iframe src=\"https://x.example/\"&gt;&lt;/iframe&gt;&lt;p&gt;"),
           what="frame"),
    Broken("unsafe-html", ATOM, swap("&lt;p&gt;", "&lt;p onclick=\"alert(1)\"&gt;"), what="handler"),
    Broken("unsafe-html", ATOM, swap("&lt;p&gt;", "&lt;p style=\"position: fixed\"&gt;"), what="style"),
    Broken("unsafe-html", ATOM, swap("href=\"https://a.example/more", "href=\"javascript:alert(1)//"), what="address"),
    Broken("unsafe-html", JSON, swap("<p>", "<p onclick='alert(1)'>")),
    Broken("unsafe-html", PAGE, swap("<main", "<main onclick=\"alert(1)\"")),
    Broken("unsafe-html", PAGE, swap("</main>", "<script>alert(1)</script></main>"), what="script"),
    Broken("unbalanced-html", RSS, swap("&lt;p&gt;", "&lt;p&gt;&lt;b&gt;")),
    Broken("unbalanced-html", ATOM, swap("&lt;p&gt;", "&lt;/b&gt;&lt;p&gt;")),
    Broken("unknown-html", ATOM, swap("&lt;p&gt;", "&lt;name&gt;&lt;/name&gt;&lt;p&gt;")),
    Broken("unknown-html", RSS, swap("&lt;p&gt;", "&lt;title&gt;x&lt;/title&gt;&lt;p&gt;"), what="title"),
    Broken("unknown-html", ATOM, before_body("<html><body>x</body></html>"), what="page"),
    *(Broken("irregular-html", path, before_body(html), what=what)
      for (what, html), path in zip(IRREGULAR.items(), cycle((ATOM, RSS)))),
    Broken("irregular-html", JSON, before_body(IRREGULAR["table"])),
    Broken("irregular-html", RSS, swap("What is said of it.", "What is said of it.&lt;!-- x"), what="open comment"),
    Broken("irregular-html", RSS, swap("What is said of it.", 'What is said of it.&lt;b title="x'), what="open tag"),
    Broken("unsafe-html", ATOM, before_body("<!--><script>alert(1)</script>-->"), what="comment"),
    Broken("unsafe-html", RSS, before_body("<!---><script>alert(1)</script>-->"), what="comment"),
    Broken("unsafe-html", JSON, before_body("<!-- --!><script>alert(1)</script><!-- -->"), what="comment"),
    Broken("unsafe-html", ATOM,
           before_body('<img srcset="https://a.example/x 1x,javascript:alert(1) 2x" src="https://a.example/">'),
           what="srcset"),
    Broken("unsafe-html", RSS, before_body('<a href="java&#9;script:alert(1)">x</a>'), what="tab"),
    Broken("unsafe-html", ATOM, before_body('<iframe srcdoc="x"></iframe>'), what="srcdoc"),
    Broken("unsafe-html", RSS, before_body('<a ping="https://a.example/ javascript:x" href="https://a.example/">x</a>'),
           what="ping"),
    Broken("relative-address", ATOM, before_body('<img srcset="/x.png 2x" src="https://a.example/">'), what="srcset"),
    Broken("picture-differs", JSON, swap('src=\\"https://img.example/two', 'src=\\"https://img.example/0\\" '
           'src=\\"https://img.example/two'), also=("irregular-html",), what="hidden"),
    *(Broken("irregular-html", ATOM, sub(f"<{name}>", f'<{name} type="html">a &lt; '), what=f"{name} as HTML")
      for name in ("title", "subtitle", "summary", "rights")),
    Broken("unbalanced-html", ATOM, sub("(<source>.*?)<title>", r'\1<title type="html">&lt;b&gt;'), what="source"),
    Broken("unbalanced-html", RSS, swap('<media:title type="plain">', '<media:title type="html">&lt;b&gt;'),
           what="media"),
    Broken("unsafe-html", ATOM, swap("<summary>", '<summary type="html">&lt;script&gt;&lt;/script&gt;'),
           what="summary"),
    # JSON Feed
    Broken("json-missing-key", JSON, sub(r'"content_html": "(?:[^"\\]|\\.)*",', ""), also=("picture-differs",)),
    Broken("json-missing-key", JSON, swap('"title": "Fish & Wire",', ""), what="title"),
    Broken("json-duplicate-key", JSON, swap('"title": "Fish', '"title": "Other",\n  "title": "Fish')),
    Broken("json-duplicate-key", JSON, swap('"id": "https://a', '"id": "https://b.example/",\n      "id": "https://a'),
           what="item"),
    Broken("json-unknown-key", JSON, swap('"title": "Fish', '"colour": "red",\n  "title": "Fish')),
    Broken("json-wrong-value", JSON, swap("https://jsonfeed.org/version/1.1", "https://jsonfeed.org/version/9")),
    Broken("json-wrong-value", JSON, swap('"size_in_bytes": 2048', '"size_in_bytes": "2048"'), what="number"),
    Broken("json-wrong-value", JSON, swap('"title": "Elsewhere"', '"title": ""'), what="empty"),
    # Pages
    Broken("page-without-name", PAGE, sub("<title>.*?</title>", "<title></title>")),
    Broken("page-without-name", PAGE, sub("<html[^>]*>", "<html>"), what="language"),
    Broken("page-without-policy", PAGE, swap('http-equiv="Content-Security-Policy"', 'name="policy"')),
    Broken("page-without-policy", PAGE, sub('(Content-Security-Policy" content=")[^"]*', r"\1default-src *"),
           what="loose"),
    Broken("page-without-policy", PAGE, swap("script-src 'self'", "script-src 'self' 'unsafe-inline'"), what="inline"),
    *(Broken("unsafe-html", PAGE, swap("</main>", f"{html}</main>"), what=what) for what, html in (
        ("script of others", '<script src="http://evil.example/x.js"></script>'),
        ("another script of ours", '<script src="../all.json"></script>'),
        ("refresh", '<meta http-equiv="refresh" content="0; url=https://evil.example/">'),
        ("refresh in time", '<meta http-equiv="refresh" content="9">'),
        ("header", '<meta http-equiv="set-cookie" content="a=b">'),
        ("tab", '<a href="java\tscript:alert(1)">x</a>'), ("control", '<a href="\x01javascript:alert(1)">x</a>'),
        ("data", '<a href="data:text/html,x">x</a>'), ("form", '<form action="javascript:alert(1)"></form>'),
        ("comment", "<!--><script>alert(1)</script>-->"), ("marked section", "<![nonsense[x]]>"),
        ("end of comment", "<!-- --!><script>alert(1)</script><!-- -->"), ("instruction", "<?x?>"),
        ("text area", '<textarea><p title="</textarea><script>alert(1)</script>"></p>'), ("frame", "<iframe></iframe>"),
        ("link in a picture", '<svg><a xlink:href="javascript:alert(1)"></a></svg>'), ("style", "<style></style>"))),
    *(Broken("bad-address", PAGE, swap("</main>", f'<a href="{address}">x</a></main>'), what=address)
      for address in ("https://[x/", "//a\u2100b/")),
    # Between documents
    Broken("dead-link", ATOM, swap("all.json", "gone.json")),
    Broken("dead-link", PAGE, swap('href="../all.atom"', 'href="../gone.atom"')),
    Broken("dead-link", JSON,
           swap('"next_url": "https://feeds.example.com/all/archive/', '"next_url": "https://feeds.example.com/x/'),
           also=("bad-history",)),
    Broken("unlisted-feed", OPML,
           sub(r'<outline [^>]*xmlUrl="https://feeds.example.com/topics/energy.rss"[^>]*/>', "")),
    Broken("formats-differ", JSON, lambda text: text.replace("https://c.example/else", "https://d.example/else")),
    Broken("count-differs", RSS, sub(r"(</item>).*?</item>", r"\1"), also=("formats-differ",)),
    # Addresses, ids and e-mail addresses that look right
    *(Broken("unusual-host", RSS, swap(ENCLOSED, f'<enclosure url="{address}'), also=("picture-differs",), what=address)
      for address in ("http://localhost/one.jpg", "https://img/one.jpg", "https://img_1.example/one.jpg",
                      "https://me@img.example/one.jpg", "https://img.example./one.jpg", "https://img.example?one.jpg",
                      "https://[2001:db8::1]/one.jpg")),
    Broken("unusual-host", RSS, swap("<link>https://a.example/story", "<link>https://[2001:db8::1]/story"),
           what="link"),
    *(Broken("bad-address", path, swap(old, new), also=also, what=f"brackets {number}")
      for number, (path, old, new, also) in enumerate((
          (RSS, "<link>https://a.example/story", "<link>https://a.example/[story]", ()),
          (RSS, 'href="https://b.example/paper"', 'href="https://b.example/paper?a[]=1"', ()),
          (RSS, "icon.png</url>", "[icon].png</url>", ()),
          (ATOM, "<uri>https://a.example/jo", "<uri>https://a.example/[jo]", ()),
          (ATOM, 'href="https://b.example/paper"', 'href="https://b.example/paper#[x"', ()),
          (OPML, 'htmlUrl="https://feeds.example.com/all/"', 'htmlUrl="https://feeds.example.com/[all]/"',
           ("dead-link",))))),
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
    *(Broken("bad-email", path, swap("editor@example.com", email), what=email)
      for path in (ATOM, RSS)
      for email in ("a@b", "mailto:a@b.example", "a,b@c.example", "a@[192.0.2.1]", "a@é.example", "a..b@c.example")),
    Broken("bad-email", RSS, swap("(Ed Itor)", "(Ed) Itor)"), what="brackets"),
    # What else the feed validator has a message for
    Broken("missing-attribute", OPML, swap(' xmlUrl="https://feeds.example.com/all.rss"', ""),
           also=("unlisted-feed",), what="xmlUrl"),
    Broken("missing-attribute", OPML, swap(' title="Fish &amp; Wire"', ""), what="title"),
    Broken("missing-attribute", OPML, swap('type="rss" ', ""), what="outline type"),
    Broken("missing-attribute", RSS, swap("<enclosure url=\"https://img.example/one.jpg?w=1&amp;h=2\"", "<enclosure"),
           also=("picture-differs",), what="enclosure"),
    Broken("bad-id", ATOM, swap(ENTRY_ID, "<id>urn:x</id>"), also=("formats-differ",), what="urn"),
    Broken("bad-id", ATOM,
           swap(ENTRY_ID, "<id> https://a.example/story </id>"), also=("formats-differ",), what="space"),
    Broken("id-not-normal", ATOM, swap(ENTRY_ID, "<id>https://a.example</id>"), also=("formats-differ",), what="path"),
    Broken("bad-id", RSS, swap(GUID, GUID.replace("https://a.example/story", "a story")), also=("formats-differ",)),
    Broken("guid-is-no-address", RSS, swap('isPermaLink="false"', 'isPermaLink="no"'), what="word"),
    Broken("missing-attribute", RSS, swap(' isPermaLink="false"', ""), what="guid"),
    Broken("bad-email", RSS, swap("editor@example.com (Ed Itor)", "Ed Itor editor@example.com"), what="order"),
    Broken("bad-date", RSS, swap("Fri, 01 May 2026", "Fri, 01 May 26"), what="year"),
    Broken("bad-date", RSS, swap("01 May 2026 08:30:00 +0000", "01 May 2026 24:00:00 +0000"), what="midnight"),
    Broken("bad-date", RSS, swap("Fri, 01 May 2026 08:30:00 +0000", "05/01/2026"), what="slashes"),
    Broken("bad-date", RSS, swap("Fri, 01 May 2026", "Freitag, 01 Mai 2026"), what="language"),
    Broken("bad-number", RSS, swap('length="2048" type', 'length="" type'), what="no length"),
    Broken("bad-number", RSS, swap('length="2048" type', 'length="-1" type'), what="negative"),
    Broken("bad-number", RSS, sub(r'(<media:content [^>]*fileSize=")2048', r"\g<1>2 KB"), what="fileSize"),
    Broken("bad-number", RSS, sub(r'(<media:thumbnail [^>]*height=")630', r"\g<1>0"), what="height"),
    Broken("bad-address", RSS, swap('<enclosure url="https://', '<enclosure url="ftp://'),
           also=("picture-differs",), what="enclosure"),
    Broken("bad-address", RSS, swap('category domain="https://', 'category domain="https:// '), what="domain"),
    Broken("bad-address", ATOM, swap('scheme="https://', 'scheme="https:// '), what="scheme"),
    Broken("bad-address", ATOM, swap("<icon>https://", "<icon>https:// "), what="icon"),
    Broken("empty-text", ATOM, sub(r'(<link rel="enclosure"[^>]*)title="[^"]*"', r'\1title=""'), what="attribute"),
    Broken("empty-text", ATOM, sub(r'(<category [^>]*)label="[^"]*"', r'\1label=""'), what="label"),
    Broken("bad-text-type", ATOM, swap('<content type="html"', '<content type="xhtml"'), what="xhtml"),
    Broken("bad-text-type", ATOM, swap("<summary>", '<summary type="markdown">'), what="summary"),
    Broken("missing-element", ATOM,
           lambda text: re.sub("<content.*?</content>|<summary.*?</summary>", "", text, flags=re.DOTALL),
           also=("picture-differs",), what="all content"),
    Broken("missing-element", ATOM, sub(r"(<source>.*?)<updated>.*?</updated>", r"\1"), what="source"),
    Broken("missing-element", ATOM, sub("<id>.*?</id>", ""), what="feed id"),
    Broken("missing-element", ATOM, sub("<title>.*?</title>", ""), what="feed title"),
    Broken("missing-element", RSS, swap("<link>https://feeds.example.com/all/</link>", ""),
           also=("channel-image-differs",), what="link"),
    Broken("missing-element", RSS, sub("<url>.*?</url>", ""), what="image url"),
    Broken("missing-element", OPML, sub("<head>.*?</head>", ""), what="head"),
    Broken("missing-element", OPML, sub("<body>.*?</body>", ""), also=("unlisted-feed",), what="body"),
    Broken("unknown-element", RSS, swap(GUID, f"{GUID}<dc:date>2026-05-01</dc:date>"), what="two dates"),
    Broken("unknown-element", RSS, swap("<ttl>", "<dc:creator>x</dc:creator><ttl>"), what="two editors"),
    Broken("unknown-element", RSS, swap("<ttl>", "<textInput/><ttl>"), what="textInput"),
    Broken("unknown-element", RSS, swap("<ttl>", "<blink>x</blink><ttl>"), what="blink"),
    Broken("unknown-element", ATOM, swap("<summary>", '<b xmlns="">x</b><summary>'), what="no namespace"),
    Broken("unknown-element", RSS, swap("<title>Elsewhere</title>", "<title>Else<b>where</b></title>"), what="mixed"),
    Broken("not-utf-8", RSS, swap("<?xml", "\n<?xml"), what="blank line"),
    Broken("xml-not-well-formed", RSS, swap(' version="2.0"', ' version="2.0" version="2.0"'), what="attributes"),
    Broken("not-utf-8", RSS, swap("UTF-8", "klingon"), what="unheard of"),
    Broken("unusual-prefix", RSS,
           lambda text: text.replace("xmlns:dc", "xmlns:dublin").replace("dc:creator", "dublin:creator"), what="dc"),
    Broken("bad-history", ATOM, swap('<link href="https://feeds.example.com/all/archive',
           f'{COMPLETE}<link rel="current" href="https://feeds.example.com/all.rss"/>'
           '<link href="https://feeds.example.com/all/archive'), what="complete with current"),
    Broken("unsafe-html", RSS, swap("What is said of it.", "&lt;object&gt;&lt;/object&gt;"), what="description"),
    Broken("self-link", RSS, swap('href="https://feeds.example.com/all.rss"', 'href="https://x.example/all.rss"'),
           what="elsewhere"),
    Broken("missing-element", RSS,
           lambda text: re.sub("(<item>.*?)<title>.*?</title>\\s*<link>(.*?)</link>\\s*<description>.*?</description>",
                               r"\1<link>\2</link>", text, count=1, flags=re.DOTALL), what="title and description"),
    Broken("missing-element", ATOM,
           lambda text: re.sub('<link rel="alternate"[^>]*/>|<content.*?</content>', "", text, flags=re.DOTALL),
           also=("picture-differs",), what="content and alternate"),
    Broken("xml-not-well-formed", ATOM, swap("<?xml version='1.0'", "<?xml version='1.1'"), what="version"),
    Broken("email-in-name", ATOM, swap("<name>Jo Cod</name>", "<name>Jo &lt;jo@a.example&gt;</name>")),
    Broken("email-in-name", RSS, swap(CREATOR, "<dc:creator>Jo &#x3C;jo@a.example></dc:creator>")),
    Broken("unknown-element", RSS, swap("http://purl.org/dc/elements/1.1/", "https://x.example/dc"), what="reserved"),
    Broken("bad-history", MONTH_ATOM, lambda text: re.sub('<link [^>]*rel="(?:prev|next)-archive"[^>]*/>', "", text),
           what="archive alone"),
    Broken("bad-text-type", ATOM, swap('<content type="html"', '<content type="image/png"'), what="picture"),
    Broken("unknown-attribute", ATOM, swap('<content type="html"', '<content type="html" src="https://x.example/"'),
           what="source"),
    Broken("unknown-attribute", RSS, swap("<item>", '<item xmlns:x="https://x.example/" x:a="1">'), what="extension"),
    Broken("wrong-version", RSS, swap('version="2.0"', 'version="7"'), what="unheard of"),
    Broken("relative-address", ATOM, swap("<icon>https://www.example.com", "<icon>"), what="icon"),
    Broken("guid-is-no-address", RSS, swap(GUID, '<guid isPermaLink="true">a story</guid>'),
           also=("bad-id", "formats-differ"), what="no address"),
)  # fmt: skip


def _moved_behind(text: str, part: str, end: str) -> str:
    """Move a part of the text before its end."""
    assert part in text
    return text.replace(part, "", 1).replace(end, part + end, 1)
