"""The HTML of entries: what readers must not run, its URLs, and whether all readers read it the same.

We publish HTML as browsers serialize it (HTML, 13.3), so most HTML is the same as that of its tree, and the tree shows
what is in it. All other HTML is read twice: as it is written, and as a browser reads it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from itertools import zip_longest
from typing import TYPE_CHECKING

from feeds.bodies.elements import VOID_ELEMENTS
from feeds.bodies.tree import parse_html
from feeds.checks.rules.addresses import SCHEME
from feeds.checks.rules.rule import Rule
from feeds.errors import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from turbohtml import Element

    from feeds.checks.documents import ValidationResult


RULES = (
    Rule(
        "unsafe-html",
        "error",
        "HTML has a script, a frame, a style, a handler, or an address that runs.",
        "Readers that do not clean it run what somebody else wrote; others show gaps.",
        "docs/formats.md, HTML; RSS profile, <description>",
    ),
    Rule(
        "unbalanced-html",
        "error",
        "A tag in HTML has no end, or an end no tag.",
        "The rest of the reader's page may become bold, a link, or invisible.",
        "HTML, 13.1.2",
    ),
    Rule(
        "unknown-html",
        "error",
        "HTML has an element that HTML has not, or not in a body.",
        "It is mostly text with an angle bracket, which readers swallow.",
        "HTML, 4",
    ),
    Rule(
        "irregular-html",
        "warning",
        "HTML is not written as browsers write it, and is read by them in another way than it is written.",
        "What others read differs: a table in a paragraph, `<` or `&` as a character, a comment that ends too early.",
        "HTML, 13.2 and 13.3",
    ),
)
#: Elements that run, frame, load or style something; readers remove them, or should.
_UNSAFE = frozenset(
    "script iframe frame frameset object embed applet style link meta base form svg math template noscript".split()
)
#: Elements whose end tag may be omitted (HTML, 13.1.2.4).
_OPTIONAL_END = frozenset("li dt dd p rt rp optgroup option thead tbody tfoot tr td th colgroup caption".split())
#: The elements of a body.
_KNOWN = frozenset(
    "a abbr acronym address article aside audio b bdi bdo big blockquote br button caption center cite code col "
    "colgroup data datalist dd del details dfn dialog div dl dt em fieldset figcaption figure footer font h1 h2 h3 h4 "
    "h5 h6 header hgroup hr i img input ins kbd label legend li main map mark menu meter nav ol optgroup option output "
    "p picture pre progress q rp rt ruby s samp search section select small source span strike strong sub summary sup "
    "table tbody td textarea tfoot th thead time tr track tt u ul var video wbr".split()
)
#: Attributes that do no harm, apart from the URLs in them.
_HARMLESS = frozenset(
    "alt cite colspan controls datetime dir height href hreflang lang poster reversed rowspan scope span src start "
    "title type value width".split()
)
#: Attributes whose value is a URL, or a list of URLs.
URL_ATTRIBUTES = frozenset(
    "action background cite codebase data formaction href longdesc manifest ping poster src srcset xlink:href".split()
)
#: An image candidate of a srcset: a URL, and perhaps a descriptor (HTML, 4.8.4.2.1).
_CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:,+(?=\s|$)|\s[^,]*|$)")
_SAFE_URL = re.compile(r"(?:https?://[^\s/?#]|mailto:\S+@)", re.IGNORECASE)
#: Characters that browsers strip from a URL, around it and anywhere (https://url.spec.whatwg.org/#url-parsing).
_C0_OR_SPACE = "".join(map(chr, range(33)))
_TAB_OR_NEWLINE = str.maketrans("", "", "\t\n\r")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PRE_START = re.compile(r"(<pre[^>]*>)\n+")
#: Characters of a text that a message shows.
_MAX_EXCERPT = 40
#: Rules that explain already why a browser reads something else.
_EXPLAINING = frozenset({"unbalanced-html", "unknown-html", "unsafe-html"})
#: An entry occurs in several feeds, in three formats.
_CACHE_SIZE = 10_000

#: A line of the text, from 0, the rule and the message.
_HtmlProblem = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class HtmlValidation:
    """The problems of a text, as line from 0, rule and message; and the URLs of the images that it shows."""

    wrong: tuple[_HtmlProblem, ...]
    images: frozenset[str]


_VALID = HtmlValidation((), frozenset())


def note_html(html: str, line: int, result: ValidationResult) -> None:
    """Note what is wrong with HTML that begins at a line of the document."""
    for offset, rule, message in validate_html(html).wrong:
        result.note(line + offset, rule, message)


@lru_cache(_CACHE_SIZE)
def validate_html(html: str) -> HtmlValidation:
    """Check the content of an entry."""
    if "<" not in html and "&" not in html:
        return _VALID
    simplified: list[str] = []
    root = parse_html(html, simplified.append)
    serialized = _COMMENT.sub("", root.inner_html)
    if _normalize(serialized) == _normalize(html):
        images = _images_if_safe(root)
        if images is not None:
            return HtmlValidation((), images)
    written = _Reader(html)
    if simplified:
        wrong = [(0, "irregular-html", f"{reason}; it is not read as a browser does") for reason in simplified]
        return HtmlValidation(tuple(sorted([*written.wrong, *wrong])), frozenset(written.images))
    read = _Reader(serialized)
    wrong = [*written.wrong, *_differences(html, serialized, written, read)]
    return HtmlValidation(tuple(sorted(wrong)), frozenset(read.images))


def _normalize(html: str) -> str:
    """Write equal HTML equally: quotes and no-break spaces in text, and line feeds after `<pre>`."""
    html = html.replace("&quot;", '"').replace("&#x27;", "'").replace("\xa0", "&nbsp;")
    return _PRE_START.sub(r"\1", html) if "<pre" in html else html


def _images_if_safe(root: Element) -> frozenset[str] | None:
    """The URLs of the images in a tree; None if anything in it may be wrong."""
    images = set()
    for element in root.iter_elements():
        if element.tag not in _KNOWN or not _HARMLESS.issuperset(element.attrs):
            return None
        for name, value in element.attrs.items():
            if name in URL_ATTRIBUTES and not _SAFE_URL.match(str(value)):
                return None
            if element.tag == "img" and name == "src":
                images.add(str(value))
    return frozenset(images)


def _differences(html: str, serialized: str, written: _Reader, read: _Reader) -> Iterator[_HtmlProblem]:
    """Yield what only a browser reads in a text, and where it reads something else than is written."""
    one, other = _normalize(html), _normalize(serialized)
    if one == other:
        return
    position = next(index for index, (a, b) in enumerate(zip_longest(one, other)) if a != b)
    line = one.count("\n", 0, position)
    known = {message for _, _, message in written.wrong}
    unsafe = {message for _, rule, message in read.wrong if rule == "unsafe-html"} - known
    for message in sorted(unsafe):
        yield line, "unsafe-html", message
    if not unsafe and not any(rule in _EXPLAINING for _, rule, _ in written.wrong):
        start = max(one.rfind("<", 0, position + 1), position - _MAX_EXCERPT // 2, 0)
        there, instead = one[start : start + _MAX_EXCERPT], other[start : start + _MAX_EXCERPT]
        message = (
            f"a browser reads {quoted(instead)} where {quoted(there)} is written; expected what is read as written"
        )
        yield line, "irregular-html", message


class _Reader(HTMLParser):
    """Reads the content of an entry as it is written, and collects what is wrong with it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[_HtmlProblem] = []
        self.images: set[str] = set()
        self._open: list[tuple[int, str]] = []
        self._open_tags: Counter[str] = Counter()
        try:
            self.feed(html[: html.rfind(">") + 1])  # no tag ends behind it, and Python would search for one slowly
            self.close()
        except AssertionError as error:  # `<![x[` stops Python's parser
            self._note("irregular-html", f"{error}; expected what is read as written")
        for line, tag in self._open:
            self.wrong.append((line, "unbalanced-html", f"<{tag}> has no end; expected </{tag}>"))

    def _note(self, rule: str, message: str) -> None:
        self.wrong.append((self.getpos()[0] - 1, rule, message))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSAFE:
            self._note("unsafe-html", f"<{tag}> is in the content; expected nothing that runs, frames or styles")
        elif tag not in _KNOWN:
            self._note("unknown-html", f"<{tag}> is no element of a body; expected one, or &lt; for the character")
        for name, value in attrs:
            self._check_attribute(tag, name, value or "")
        if tag not in VOID_ELEMENTS:
            self._open.append((self.getpos()[0] - 1, tag))
            self._open_tags[tag] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # HTML ignores the slash

    def handle_endtag(self, tag: str) -> None:
        if self._open_tags[tag]:
            while self._open[-1][1] != tag and self._open[-1][1] in _OPTIONAL_END:
                self._close_last()
        if self._open and self._open[-1][1] == tag:
            self._close_last()
        elif tag not in VOID_ELEMENTS:
            self._note("unbalanced-html", f"</{tag}> closes nothing; expected <{tag}> before it")

    def _close_last(self) -> None:
        _, tag = self._open.pop()
        self._open_tags[tag] -= 1

    def _check_attribute(self, tag: str, name: str, value: str) -> None:
        if message := active_attribute(tag, name):
            self._note("unsafe-html", message)
        if tag == "img" and name == "src":
            self.images.add(value)
        if name in URL_ATTRIBUTES:
            for url in _urls(name, value):
                self._check_url(tag, name, url)

    def _check_url(self, tag: str, name: str, value: str) -> None:
        url = as_browsers_read(value)
        if _SAFE_URL.match(url):
            return
        if SCHEME.match(url):
            self._note("unsafe-html", f"{name} of <{tag}> is {quoted(value)}; expected an http or https address")
        else:
            self._note("relative-address", f"{name} of <{tag}> is {quoted(value)}; expected an absolute address")


def active_attribute(tag: str, name: str) -> str:
    """Return the message for an attribute that runs or styles something, `` for others."""
    is_active = name.startswith("on") or name in {"style", "srcdoc"}
    return f"<{tag}> has {name}; expected nothing that runs or styles" if is_active else ""


def as_browsers_read(url: str) -> str:
    """Return a URL without the characters that browsers strip: `java\\tscript:` is a scheme to them."""
    return url.strip(_C0_OR_SPACE).translate(_TAB_OR_NEWLINE)


def _urls(name: str, value: str) -> list[str]:
    """The URLs of an attribute; srcset and ping are lists (HTML, 4.8.4.2.1 and 2.3.7)."""
    urls = _CANDIDATE.findall(value) if name == "srcset" else value.split() if name == "ping" else [value]
    return urls or [""]
