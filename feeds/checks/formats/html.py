"""The HTML of entries: what no reader should be given, the addresses in it, and whether all read it the same.

What we publish is written as browsers write HTML (HTML, 13.3), so nothing is wrong with what the sanitiser leaves as it
is. All else is looked at twice: as it is written, and as a browser reads it.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape
from html.parser import HTMLParser
from itertools import zip_longest
from typing import TYPE_CHECKING

import nh3

from feeds.errors import quoted
from feeds.text.html_cost import TOO_DEEP, is_too_deep
from feeds.text.html_tokens import VOID_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator


#: What runs, frames, loads or styles; readers drop it, or ought to.
_UNSAFE = frozenset(
    "script iframe frame frameset object embed applet style link meta base form svg math template noscript".split()
)

#: Elements of which HTML lets the end be left out (13.1.2.4).
_OPEN = frozenset("li dt dd p rt rp optgroup option thead tbody tfoot tr td th colgroup caption".split())

#: What there may be in a body.
_KNOWN = frozenset(
    "a abbr acronym address article aside audio b bdi bdo big blockquote br button caption center cite code col "
    "colgroup data datalist dd del details dfn dialog div dl dt em fieldset figcaption figure footer font h1 h2 h3 h4 "
    "h5 h6 header hgroup hr i img input ins kbd label legend li main map mark menu meter nav ol optgroup option output "
    "p picture pre progress q rp rt ruby s samp search section select small source span strike strong sub summary sup "
    "table tbody td textarea tfoot th thead time tr track tt u ul var video wbr".split()
)

#: Attributes that can do no harm beyond where they lead.
_HARMLESS = frozenset(
    "alt cite colspan controls datetime dir height href hreflang lang poster reversed rowspan scope span src start "
    "title type value width".split()
)

#: Attributes that lead somewhere.
ADDRESSES = frozenset(
    "action background cite codebase data formaction href longdesc manifest ping poster src srcset xlink:href".split()
)

#: A candidate of a srcset: an address, and perhaps a size behind it.
_CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:,+(?=\s|$)|\s[^,]*|$)")

_SAFE = re.compile(r"(?:https?://[^\s/?#]|mailto:\S+@)", re.IGNORECASE)

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

#: What browsers do not see in an address (https://url.spec.whatwg.org/#concept-basic-url-parser).
_UNSEEN = str.maketrans("", "", "\t\n\r")

_SCHEMES = {"http", "https", "mailto"}

_CONTROLS = "".join(map(chr, range(33)))

#: A tag with attributes, and an attribute, as the sanitiser writes them.
_TAG = re.compile(r'<([a-z][a-z0-9]*)((?: [a-z]+="[^"]*")+)>')

_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')

_PRE_START = re.compile(r"(<pre[^>]*>)\n+")

#: Characters of a text that a message shows.
_CONTEXT = 40

#: What tells already that a browser reads something else.
_EXPLAINED = frozenset({"unbalanced-html", "unknown-html", "unsafe-html"})

#: Of how many texts is remembered what is wrong with them: an entry is in several feeds, in three formats.
_REMEMBERED = 10_000

#: The line in a text, from 0, the rule and the message.
_Wrong = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class HtmlValidation:
    """What is wrong in a text, each with the line in it, from 0, and the rule; and the pictures that it shows."""

    wrong: tuple[_Wrong, ...]
    images: frozenset[str]


_VALID = HtmlValidation((), frozenset())


@lru_cache(_REMEMBERED)
def validate_html(html: str) -> HtmlValidation:
    """What is wrong with the content of an entry."""
    if "<" not in html and "&" not in html:
        return _VALID
    if is_too_deep(html):
        return _validate_unread(html)
    if _folded(_sanitiser().clean(html)) == _folded(html):
        images = _images_if_safe(html)
        if images is not None:
            return HtmlValidation((), images)
    reader = _Reader(html)
    seen = _browser().clean(html)
    shown_by_browser = _Reader(seen)
    wrong = [*reader.wrong, *_unnoticed(html, seen, reader, shown_by_browser)]
    return HtmlValidation(tuple(sorted(wrong)), frozenset(shown_by_browser.images))


def _validate_unread(html: str) -> HtmlValidation:
    """What is wrong with a text as it is written, where to read it as a browser does may take hours."""
    reader = _Reader(html)
    wrong = [*reader.wrong, (0, "irregular-html", f"{TOO_DEEP}; it is not read as a browser does")]
    return HtmlValidation(tuple(sorted(wrong)), frozenset(reader.images))


@cache
def _sanitiser() -> nh3.Cleaner:
    """Leaves what can do no harm."""
    return nh3.Cleaner(
        tags=set(_KNOWN),
        clean_content_tags=set(),
        attributes={"*": set(_HARMLESS)},
        url_schemes=_SCHEMES,
        link_rel=None,
    )


@cache
def _browser() -> nh3.Cleaner:
    """Leaves all elements that we know and all attributes: what a browser makes of a text, written as it writes it."""
    return nh3.Cleaner(
        tags=set(_KNOWN | _UNSAFE),
        clean_content_tags=set(),
        attributes={},
        generic_attribute_prefixes=set(string.ascii_letters),
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _folded(html: str) -> str:
    """What is written in two ways in one: quotes and spaces in texts, line breaks at the start of `pre`, which go."""
    html = html.replace("&quot;", '"').replace("&#x27;", "'").replace("\xa0", "&nbsp;")
    return _PRE_START.sub(r"\1", html) if "<pre" in html else html


def _images_if_safe(html: str) -> frozenset[str] | None:
    """The pictures of a text as the sanitiser writes it, None where it may lead somewhere that it should not."""
    images = set()
    for tag, attributes in _TAG.findall(html):
        for name, value in _ATTRIBUTE.findall(attributes):
            if name in ADDRESSES and not _SAFE.match(unescape(value)):
                return None
            if tag == "img" and name == "src":
                images.add(unescape(value))
    return frozenset(images)


def _unnoticed(html: str, seen: str, written: _Reader, read: _Reader) -> Iterator[_Wrong]:
    """What only a browser sees in a text, and where it reads something else than is written."""
    one, other = _folded(html), _folded(seen)
    if one == other:
        return
    place = next(index for index, (a, b) in enumerate(zip_longest(one, other)) if a != b)
    line = one.count("\n", 0, place)
    known = {message for _, _, message in written.wrong}
    unsafe = {message for _, rule, message in read.wrong if rule == "unsafe-html"} - known
    for message in sorted(unsafe):
        yield line, "unsafe-html", message
    if not unsafe and not any(rule in _EXPLAINED for _, rule, _ in written.wrong):
        start = max(one.rfind("<", 0, place + 1), place - _CONTEXT // 2, 0)
        there, instead = one[start : start + _CONTEXT], other[start : start + _CONTEXT]
        message = (
            f"a browser reads {quoted(instead)} where {quoted(there)} is written; expected what is read as written"
        )
        yield line, "irregular-html", message


class _Reader(HTMLParser):
    """Reads the content of an entry, and notes what is wrong with it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[_Wrong] = []
        self.images: set[str] = set()
        self._open: list[tuple[int, str]] = []
        self._how_often: Counter[str] = Counter()
        try:
            self.feed(html[: html.rfind(">") + 1])  # behind it there is no whole tag, and Python looks for one long
            self.close()
        except AssertionError as error:  # <![x[: the rest is not read
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
            self._validate_attribute(tag, name, value or "")
        if tag not in VOID_ELEMENTS:
            self._open.append((self.getpos()[0] - 1, tag))
            self._how_often[tag] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # HTML passes over the slash

    def handle_endtag(self, tag: str) -> None:
        if self._how_often[tag]:
            while self._open[-1][1] != tag and self._open[-1][1] in _OPEN:
                self._close_last()
        if self._open and self._open[-1][1] == tag:
            self._close_last()
        elif tag not in VOID_ELEMENTS:
            self._note("unbalanced-html", f"</{tag}> closes nothing; expected <{tag}> before it")

    def _close_last(self) -> None:
        _, tag = self._open.pop()
        self._how_often[tag] -= 1

    def _validate_attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in {"style", "srcdoc"}:
            self._note("unsafe-html", f"<{tag}> has {name}; expected nothing that runs or styles")
        if tag == "img" and name == "src":
            self.images.add(value)
        if name in ADDRESSES:
            for address in _listed(name, value):
                self._validate_url(tag, name, address)

    def _validate_url(self, tag: str, name: str, value: str) -> None:
        read = as_browsers_read(value)
        if _SAFE.match(read):
            return
        if _SCHEME.match(read):
            self._note("unsafe-html", f"{name} of <{tag}> is {quoted(value)}; expected an http or https address")
        else:
            self._note("relative-address", f"{name} of <{tag}> is {quoted(value)}; expected an absolute address")


def as_browsers_read(address: str) -> str:
    """An address without what browsers do not see in it: `java\\tscript:` is a scheme to them."""
    return address.strip(_CONTROLS).translate(_UNSEEN)


def _listed(name: str, value: str) -> list[str]:
    """The addresses of an attribute, which in these two is a list (HTML, 4.8.4.2.1 and 2.3.7)."""
    found = _CANDIDATE.findall(value) if name == "srcset" else value.split() if name == "ping" else [value]
    return found or [""]
