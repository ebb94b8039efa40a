"""Texts: HTML and Markdown made safe HTML, and both made plain text.

The sanitiser is ammonia (nh3), the Markdown parser markdown-it-py; what is here says what they may let through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from html import escape

import nh3

from feeds.text.characters import clean_line, remove_controls
from feeds.text.html_cost import DEEPEST, TOO_DEEP, depth, is_too_deep

#: Given an address as written, the absolute one, or None to drop it.
ResolveUrl = Callable[[str], str | None]

#: Told of what is beyond what is rendered, in words that follow what it is about.
Note = Callable[[str], object]

_TAG = re.compile(r"<[^<>]*>")

_TAG_START = re.compile(r"[A-Za-z/!?]")

_MAILTO = re.compile(r"mailto:[^\s@]+@[^\s@]+", re.IGNORECASE)

BLOCKS = frozenset(
    "address article aside blockquote br dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li "
    "main ol p pre section summary table tbody td tfoot th thead tr ul".split()
)

_INLINE = frozenset(
    "a abbr audio b bdi caption cite code col colgroup data del dfn em i img ins kbd mark picture q rp rt ruby s samp "
    "small source span strike strong sub sup time u var video wbr".split()
)

#: What goes with all that is in it.
DROPPED = frozenset("iframe math noembed noframes noscript script style svg template textarea title".split())

_OLD = frozenset(
    "acronym applet big body button center embed font form head html input label map nav object tt".split()
)


def tag_pattern(names: frozenset[str]) -> str:
    return rf"</?(?:{'|'.join(sorted(names))})(?=[\s/>])"


_HTML = re.compile(rf"<!--|{tag_pattern(BLOCKS | _INLINE | DROPPED | _OLD)}[^<>]*>", re.IGNORECASE)

#: As parsers of HTML see them: letters beyond ASCII have no case, and are no white space.
_DROPPED_TAG = rf"({'|'.join(sorted(DROPPED))})[\s/>]"

_DROPPED_START = re.compile(rf"<(?={_DROPPED_TAG})", re.IGNORECASE | re.ASCII)

_DROPPED_END = re.compile(rf"</{_DROPPED_TAG}", re.IGNORECASE | re.ASCII)

#: The sanitiser takes the square of the length of a text or an attribute that has & or a no-break space in it.
_LONGEST_TEXT = 4_000

#: What parts texts for it, wherever parsers move them, and is dropped: a comment, and an element that there is not.
_PARTING = "<?><x-></x->"

_LONGEST_ATTRIBUTE = 20_000

#: What a reference to a character (`&eacute;`) is shorter than.
_LONGEST_ENTITY = 40

#: HTML ignores a line break at the start of <pre>, so one that counts needs another before it.
_PRE_START = re.compile(r"(<pre[^>]*>)\n")

#: In what the sanitiser gives, quotes and angle brackets are escaped within attributes.
_IMAGE_OF_NOTHING = re.compile(r'<img(?![^>]* src=")[^>]*>')

_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src", "controls"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "img": {"src", "alt", "width", "height"},
    "ins": {"cite", "datetime"},
    "ol": {"start", "reversed"},
    "q": {"cite"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "video": {"src", "poster", "controls", "width", "height"},
}

#: How the text that is being cleaned has its addresses resolved: a cleaner takes ten times as long to make as to use.
_resolve: ContextVar[ResolveUrl] = ContextVar("resolve")

_ADDRESSES = frozenset({"href", "src", "cite", "poster"})

_NUMBERS = frozenset({"width", "height", "colspan", "rowspan", "span", "start"})


def plain_text(text: str) -> str:
    """What a person reads of `text`, which may hold HTML: its tags go, and with them scripts and styles."""
    if "<" not in text or not _HTML.search(text):
        return clean_line(text)
    html = _unclosed_as_text(remove_controls(text))
    # The sanitiser escapes every other < and >, so what looks like a tag then is a block's.
    return clean_line(_TAG.sub(" ", html if is_too_deep(html) else _clean_in_pieces(_blocks_cleaner(), html)))


def safe_html(html: str, resolve: ResolveUrl, note: Note = lambda _: None) -> str:
    """`html` balanced and with nothing that runs, frames or points nowhere; addresses are what `resolve` makes them.

    Where it is nested too deeply, its tags go, and `note` is told.
    """

    def clean(html: str) -> str:
        cleaned = _PRE_START.sub(r"\1\n\n", _clean_in_pieces(_html_cleaner(), html))
        return _IMAGE_OF_NOTHING.sub("", cleaned).strip()

    html = _unclosed_as_text(remove_controls(html))
    token = _resolve.set(resolve)
    try:
        if not is_too_deep(html):
            # Without an element that went, what was in it may nest in a way that HTML does not have: so once more.
            cleaned = clean(clean(html))
            if cleaned.count("</") <= DEEPEST or depth(cleaned) <= DEEPEST:
                return cleaned
        note(f"{TOO_DEEP}; its tags are left out")
        return clean(_TAG.sub(" ", html).replace("<", "&lt;"))
    finally:
        _resolve.reset(token)


@cache
def _html_cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(BLOCKS | _INLINE),
        clean_content_tags=set(DROPPED),
        attributes=_ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


@cache
def _blocks_cleaner() -> nh3.Cleaner:
    """Leaves the tags of blocks only."""
    return nh3.Cleaner(tags=set(BLOCKS), clean_content_tags=set(DROPPED), attributes={"*": set()}, link_rel=None)


def _keep(tag: str, attribute: str, value: str) -> str | None:
    """What an attribute becomes; None where it goes."""
    if len(value) > _LONGEST_ATTRIBUTE:
        return None
    if attribute in _ADDRESSES:
        is_mail = tag == "a" and _MAILTO.fullmatch(value)
        return value if is_mail else _resolve.get()(value)
    return value if attribute not in _NUMBERS or value.isdecimal() else None


def _unclosed_as_text(html: str) -> str:
    """`html` with the names of elements that somebody only writes of, `the <title> element`, as text.

    What is in such an element is dropped: one that is never closed would take all that follows with it.
    """
    if not _DROPPED_START.search(html):
        return html
    last = {match[1].lower(): match.start() for match in _DROPPED_END.finditer(html)}
    return _DROPPED_START.sub(lambda match: "&lt;" if last.get(match[1].lower(), -1) < match.start() else "<", html)


def _clean_in_pieces(cleaner: nh3.Cleaner, html: str) -> str:
    """What the sanitiser makes of `html`, without control characters; it is given long texts in pieces."""
    if len(html) <= _LONGEST_TEXT:
        return remove_controls(cleaner.clean(html))
    text, *parts = html.split("<")
    cleaned = cleaner.clean("<".join([_text_in_pieces(text), *map(_part_in_pieces, parts)]))
    return remove_controls(cleaned.replace(escape(_PARTING), ""))  # as it is in old elements that hold text only


def _part_in_pieces(part: str) -> str:
    """What begins behind a `<`, with its text in pieces; within an attribute or a comment they do no harm."""
    if len(part) <= _LONGEST_TEXT:
        return part
    tag, end, text = part.partition(">") if _TAG_START.match(part) else ("", "", part)
    return f"{tag}{end}{_text_in_pieces(text)}"


def _text_in_pieces(text: str) -> str:
    pieces = []
    start = 0
    while start + _LONGEST_TEXT < len(text):
        end = start + _LONGEST_TEXT
        entity = text.rfind("&", end - _LONGEST_ENTITY, end)
        pieces.append(text[start : entity if entity >= 0 else end])
        start += len(pieces[-1])
    return _PARTING.join([*pieces, text[start:]])
