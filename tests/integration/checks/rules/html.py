"""HTML in entries and pages."""

from __future__ import annotations

from itertools import cycle

from tests.support.rule_examples import Broken, before_body, sub, swap
from tests.support.sound_site import ATOM, JSON, PAGE, RSS

#: HTML that browsers read in another way than it is written.
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

EXAMPLES = (
    Broken("unsafe-html", RSS, swap("&lt;p&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;&lt;p&gt;"), what="script"),
    Broken("unsafe-html", RSS, swap("&lt;p&gt;", "&lt;iframe src=\"https://x.example/\"&gt;&lt;/iframe&gt;&lt;p&gt;"),
           what="frame"),
    Broken("unsafe-html", ATOM, swap("&lt;p&gt;", "&lt;p onclick=\"alert(1)\"&gt;"), what="handler"),
    Broken("unsafe-html", ATOM, swap("&lt;p&gt;", "&lt;p style=\"position: fixed\"&gt;"), what="style"),
    Broken("unsafe-html", ATOM, swap("href=\"https://a.example/more", "href=\"javascript:alert(1)//"), what="address"),
    Broken("unsafe-html", JSON, swap("<p>", "<p onclick='alert(1)'>")),
    Broken("unsafe-html", PAGE, swap("<main", "<main onclick=\"alert(1)\"")),
    Broken("unsafe-html", PAGE, swap("</main>", "<script>alert(1)</script></main>"), what="script"),
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
    Broken("unsafe-html", ATOM, swap("<summary>", '<summary type="html">&lt;script&gt;&lt;/script&gt;'),
           what="summary"),
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
    Broken("unsafe-html", RSS, swap("What is said of it.", "&lt;object&gt;&lt;/object&gt;"), what="description"),
    Broken("unbalanced-html", RSS, swap("&lt;p&gt;", "&lt;p&gt;&lt;b&gt;")),
    Broken("unbalanced-html", ATOM, swap("&lt;p&gt;", "&lt;/b&gt;&lt;p&gt;")),
    Broken("unbalanced-html", RSS, swap("<description>All", "<description>&lt;b> All"), what="channel"),
    Broken("unbalanced-html", ATOM, sub("(<source>.*?)<title>", r'\1<title type="html">&lt;b&gt;'), what="source"),
    Broken("unbalanced-html", RSS, swap('<media:title type="plain">', '<media:title type="html">&lt;b&gt;'),
           what="media"),
    Broken("unknown-html", ATOM, swap("&lt;p&gt;", "&lt;name&gt;&lt;/name&gt;&lt;p&gt;")),
    Broken("unknown-html", RSS, swap("&lt;p&gt;", "&lt;title&gt;x&lt;/title&gt;&lt;p&gt;"), what="title"),
    Broken("unknown-html", ATOM, before_body("<html><body>x</body></html>"), what="page"),
    *(Broken("irregular-html", path, before_body(html), what=what)
      for (what, html), path in zip(IRREGULAR.items(), cycle((ATOM, RSS)))),
    Broken("irregular-html", JSON, before_body(IRREGULAR["table"])),
    Broken("irregular-html", RSS, swap("What is said of it.", "What is said of it.&lt;!-- x"), what="open comment"),
    Broken("irregular-html", RSS, swap("What is said of it.", 'What is said of it.&lt;b title="x'), what="open tag"),
    *(Broken("irregular-html", ATOM, sub(f"<{name}>", f'<{name} type="html">a &lt; '), what=f"{name} as HTML")
      for name in ("title", "subtitle", "summary", "rights")),
)  # fmt: skip
