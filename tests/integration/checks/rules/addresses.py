"""URLs in documents."""

from __future__ import annotations

from tests.support.rule_examples import Broken, before_body, swap
from tests.support.sound_site import ATOM, ENCLOSED, JSON, OPML, PAGE, RSS

EXAMPLES = (
    Broken("bad-address", RSS, swap("<link>https://a.example/story", "<link>https://a.example/sto ry")),
    Broken("bad-address", RSS, swap("<link>https://a.example/story", "<link>https://a.example/größe"), what="letters"),
    Broken("bad-address", RSS, swap("<link>https://a.example/story", "<link>javascript:alert(1)"), what="scheme"),
    Broken("bad-address", ATOM, swap('href="https://b.example/paper"', 'href="https://b.example/&lt;paper"')),
    Broken("bad-address", ATOM, swap("<uri>https://a.example/jo", "<uri>https:// a.example/jo"), what="person"),
    Broken("bad-address", JSON, swap('"url": "https://a.example/story"', '"url": "https://a.example/sto ry"')),
    Broken("bad-address", OPML, swap('xmlUrl="https://feeds.example.com/all.rss"', 'xmlUrl="mailto:a@b.example"'),
           also=("unlisted-feed",)),
    *(Broken("bad-address", PAGE, swap("</main>", f'<a href="{address}">x</a></main>'), what=address)
      for address in ("https://[x/", "//a\u2100b/")),
    *(Broken("bad-address", path, swap(old, new), also=also, what=f"brackets {number}")
      for number, (path, old, new, also) in enumerate((
          (RSS, "<link>https://a.example/story", "<link>https://a.example/[story]", ()),
          (RSS, 'href="https://b.example/paper"', 'href="https://b.example/paper?a[]=1"', ()),
          (RSS, "icon.png</url>", "[icon].png</url>", ()),
          (ATOM, "<uri>https://a.example/jo", "<uri>https://a.example/[jo]", ()),
          (ATOM, 'href="https://b.example/paper"', 'href="https://b.example/paper#[x"', ()),
          (OPML, 'htmlUrl="https://feeds.example.com/all/"', 'htmlUrl="https://feeds.example.com/[all]/"',
           ("dead-link",))))),
    Broken("bad-address", RSS, swap('<enclosure url="https://', '<enclosure url="ftp://'),
           also=("picture-differs",), what="enclosure"),
    Broken("bad-address", RSS, swap('category domain="https://', 'category domain="https:// '), what="domain"),
    Broken("bad-address", ATOM, swap('scheme="https://', 'scheme="https:// '), what="scheme"),
    Broken("bad-address", ATOM, swap("<icon>https://", "<icon>https:// "), what="icon"),
    *(Broken("unusual-host", RSS, swap(ENCLOSED, f'<enclosure url="{address}'), also=("picture-differs",), what=address)
      for address in ("http://localhost/one.jpg", "https://img/one.jpg", "https://img_1.example/one.jpg",
                      "https://me@img.example/one.jpg", "https://img.example./one.jpg", "https://img.example?one.jpg",
                      "https://[2001:db8::1]/one.jpg")),
    Broken("unusual-host", RSS, swap("<link>https://a.example/story", "<link>https://[2001:db8::1]/story"),
           what="link"),
    Broken("relative-address", RSS, swap("<link>https://a.example/story", "<link>/story")),
    Broken("relative-address", ATOM, swap('rel="via" href="https://b.example/paper"', 'rel="via" href="/paper"')),
    Broken("relative-address", RSS, swap("https://a.example/more", "more"), what="content"),
    Broken("relative-address", JSON, swap("https://a.example/more", "more")),
    Broken("relative-address", ATOM, before_body('<img srcset="/x.png 2x" src="https://a.example/">'), what="srcset"),
    Broken("relative-address", ATOM, swap("<icon>https://www.example.com", "<icon>"), what="icon"),
)  # fmt: skip
