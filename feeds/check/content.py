"""The HTML of entries and pages: what no reader should be given, and the addresses in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser

from feeds.errors import shown

#: What runs, frames, loads or styles; readers drop it, or ought to.
_UNSAFE = frozenset(
    "script iframe frame frameset object embed applet style link meta base form svg math template noscript".split()
)
#: Elements without an end (HTML, 13.1.2).
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
#: Elements of which HTML lets the end be left out (13.1.2.4).
_OPEN = frozenset("li dt dd p rt rp optgroup option thead tbody tfoot tr td th colgroup caption".split())
_KNOWN = frozenset(
    "a abbr acronym address article aside audio b bdi bdo big blockquote body br button caption center cite code col "
    "colgroup data datalist dd del details dfn dialog div dl dt em fieldset figcaption figure footer font h1 h2 h3 h4 "
    "h5 h6 head header hgroup hr html i img input ins kbd label legend li main map mark menu meter nav ol optgroup "
    "option output p picture pre progress q rp rt ruby s samp search section select small source span strike strong "
    "sub summary sup table tbody td textarea tfoot th thead time title tr track tt u ul var video wbr".split()
)
_ADDRESSES = frozenset({"href", "src", "cite", "poster", "action", "formaction", "data", "srcset", "background"})
_SAFE = re.compile(r"(?:https?://[^\s/?#]|mailto:\S+@)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
#: A tag as the sanitiser writes it, with attributes that can do no harm beyond where they lead.
_SOUND_TAG = re.compile(
    r"<(/?)([a-z][a-z0-9]*)"
    r'((?: (?:href|src|alt|title|width|height|datetime|lang|dir|cite|hreflang|colspan|rowspan|start)="[^"<>]*")*)>'
)
_ADDRESS = re.compile(r' (href|src|cite)="([^"]*)"')
#: Of how many texts is remembered what is wrong with them: an entry is in several feeds, in three formats.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class JudgedHtml:
    """What is wrong in a text, each with the line in it, from 0, and the rule; and the pictures that it shows."""

    wrong: tuple[tuple[int, str, str], ...]
    pictures: frozenset[str]


_SOUND = JudgedHtml((), frozenset())


@lru_cache(_REMEMBERED)
def judge_html(html: str) -> JudgedHtml:
    """What is wrong with the content of an entry."""
    if "<" not in html:
        return _SOUND
    pictures = _pictures_if_sound(html)
    if pictures is not None:
        return JudgedHtml((), pictures)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    for line, tag in reader.open:
        reader.note(line, "unbalanced-html", f"<{tag}> has no end; expected </{tag}>")
    return JudgedHtml(tuple(sorted(reader.wrong)), frozenset(reader.pictures))


def _pictures_if_sound(html: str) -> frozenset[str] | None:
    """The pictures of a text in which nothing is wrong, None where that is not clear.

    Most texts are of this kind: balanced, with no attributes but common ones, all in quotes and in lower case, which is
    seen in a fifth of the time that a parser takes.
    """
    tags = _SOUND_TAG.findall(html)
    if len(tags) != html.count("<"):
        return None
    is_open: list[str] = []
    for end, tag, _ in tags:
        if end:
            if not is_open or is_open.pop() != tag:
                return None
        elif tag not in _KNOWN or tag in _UNSAFE:
            return None
        elif tag not in _VOID:
            is_open.append(tag)
    addresses = [(tag, match) for _, tag, attributes in tags if attributes for match in _ADDRESS.findall(attributes)]
    if is_open or not all(_SAFE.match(unescape(value)) for _, (_, value) in addresses):
        return None
    return frozenset(unescape(value) for tag, (name, value) in addresses if (tag, name) == ("img", "src"))


class _Reader(HTMLParser):
    """Reads the content of an entry, and notes what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[tuple[int, str, str]] = []
        self.pictures: set[str] = set()
        self.open: list[tuple[int, str]] = []

    def note(self, line: int, rule: str, message: str) -> None:
        self.wrong.append((line, rule, message))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0] - 1
        if tag in _UNSAFE:
            self.note(line, "unsafe-html", f"<{tag}> is in the content; expected nothing that runs, frames or styles")
        elif tag not in _KNOWN:
            self.note(line, "unknown-html", f"<{tag}> is no element of HTML; expected one, or &lt; for the character")
        for name, value in attrs:
            self._judge_attribute(line, tag, name, value or "")
        if tag not in _VOID:
            self.open.append((line, tag))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # HTML passes over the slash

    def handle_endtag(self, tag: str) -> None:
        line = self.getpos()[0] - 1
        while self.open and self.open[-1][1] != tag and self.open[-1][1] in _OPEN and self._is_open(tag):
            self.open.pop()
        if self.open and self.open[-1][1] == tag:
            self.open.pop()
        elif tag not in _VOID:
            self.note(line, "unbalanced-html", f"</{tag}> closes nothing; expected <{tag}> before it")

    def _is_open(self, tag: str) -> bool:
        return any(name == tag for _, name in self.open)

    def _judge_attribute(self, line: int, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name == "style":
            self.note(line, "unsafe-html", f"<{tag}> has {name}; expected nothing that runs or styles")
        if name not in _ADDRESSES:
            return
        if tag == "img" and name == "src":
            self.pictures.add(value)
        if _SAFE.match(value.strip()):
            return
        if _SCHEME.match(value.strip()):
            self.note(line, "unsafe-html", f"{name} of <{tag}> is {shown(value)}; expected an http or https address")
        else:
            self.note(line, "relative-address", f"{name} of <{tag}> is {shown(value)}; expected an absolute address")
