"""Untrusted HTML made safe HTML or plain text. This module configures the sanitizer, ammonia (nh3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from html import escape

import nh3

from feeds.text.characters import clean_line, remove_controls
from feeds.text.html_cost import MAX_DEPTH, TOO_DEEP, depth, is_too_deep

#: Returns the absolute form of a URL as written, or None to remove it.
ResolveUrl = Callable[[str], str | None]
#: Receives a message about HTML that was simplified. Its grammatical subject is the body.
Note = Callable[[str], object]

BLOCKS = frozenset(
    "address article aside blockquote br dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li "
    "main ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_INLINE = frozenset(
    "a abbr audio b bdi caption cite code col colgroup data del dfn em i img ins kbd mark picture q rp rt ruby s samp "
    "small source span strike strong sub sup time u var video wbr".split()
)
#: Elements that are removed with their content.
DROPPED = frozenset("iframe math noembed noframes noscript script style svg template textarea title".split())
#: Elements whose tags are removed, and whose content stays.
_UNWRAPPED = frozenset(
    "acronym applet big body button center embed font form head html input label map nav object tt".split()
)
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
_URL_ATTRIBUTES = frozenset({"href", "src", "cite", "poster"})
_NUMBER_ATTRIBUTES = frozenset({"width", "height", "colspan", "rowspan", "span", "start"})
_MAX_ATTRIBUTE = 20_000
_MAILTO = re.compile(r"mailto:[^\s@]+@[^\s@]+", re.IGNORECASE)


def tag_pattern(names: frozenset[str]) -> str:
    """Return a regular expression for the start of a tag with one of the names."""
    return rf"</?(?:{'|'.join(sorted(names))})(?=[\s/>])"


_TAG = re.compile(r"<[^<>]*>")
_HTML = re.compile(rf"<!--|{tag_pattern(BLOCKS | _INLINE | DROPPED | _UNWRAPPED)}[^<>]*>", re.IGNORECASE)
#: As HTML parsers match names: non-ASCII letters have no case, and non-ASCII white space is not white space.
_DROPPED_TAG = rf"({'|'.join(sorted(DROPPED))})[\s/>]"
_DROPPED_START = re.compile(rf"<(?={_DROPPED_TAG})", re.IGNORECASE | re.ASCII)
_DROPPED_END = re.compile(rf"</{_DROPPED_TAG}", re.IGNORECASE | re.ASCII)
#: The parser ignores a line feed after <pre>, so a line feed that counts needs another one before it.
_PRE_START = re.compile(r"(<pre[^>]*>)\n")
#: In sanitized HTML, quotes and angle brackets in attributes are escaped.
_IMAGE_WITHOUT_SRC = re.compile(r'<img(?![^>]* src=")[^>]*>')

#: The sanitizer takes quadratic time for a text that holds `&` or a no-break space, so it receives long texts in pieces
#: of at most this length. A comment and an unknown element, which it removes, separate the pieces: at least one of them
#: stays in place wherever parsers move content.
MAX_PIECE = 4_000
_SEPARATOR = "<?><x-></x->"
_TAG_START = re.compile(r"[A-Za-z/!?]")
#: Every character reference (`&eacute;`) is shorter.
_MAX_ENTITY = 40

#: The URL resolver of the text that is being sanitized, set for one call of `safe_html`. A cleaner of its own for each
#: resolver would take ten times as long to create as to use.
_resolve: ContextVar[ResolveUrl] = ContextVar("resolve")


def plain_text(text: str) -> str:
    """Return what a person reads in `text`, which may be HTML: one line without tags, scripts and styles."""
    if "<" not in text or not _HTML.search(text):
        return clean_line(text)
    html = _escape_unclosed(remove_controls(text))
    # The sanitizer escapes all other < and >, so that _TAG then matches only tags of blocks.
    return clean_line(_TAG.sub(" ", html if is_too_deep(html) else _clean(_blocks_cleaner(), html)))


def safe_html(html: str, resolve: ResolveUrl, note: Note = lambda _: None) -> str:
    """Return `html` well-formed, without scripts, frames and unknown elements, and with URLs as `resolve` returns them.

    HTML that is nested too deeply, or may take too long, loses all its tags, and `note` receives the reason.
    """
    html = _escape_unclosed(remove_controls(html))
    token = _resolve.set(resolve)
    try:
        if not is_too_deep(html):
            # The content of a removed element may be nested as HTML does not allow, so clean twice.
            cleaned = _clean_html(_clean_html(html))
            if cleaned.count("</") <= MAX_DEPTH or depth(cleaned) <= MAX_DEPTH:
                return cleaned
        note(f"{TOO_DEEP}; its tags are left out")
        return _clean_html(_TAG.sub(" ", html).replace("<", "&lt;"))
    finally:
        _resolve.reset(token)


@cache
def _html_cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(BLOCKS | _INLINE),
        clean_content_tags=set(DROPPED),
        attributes=_ATTRIBUTES,
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
        set_tag_attribute_values={name: {"controls": "", "preload": "none"} for name in ("audio", "video")},
    )


@cache
def _blocks_cleaner() -> nh3.Cleaner:
    """Return a cleaner that leaves only the tags of blocks."""
    return nh3.Cleaner(tags=set(BLOCKS), clean_content_tags=set(DROPPED), attributes={"*": set()}, link_rel=None)


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    """Return the new value of an attribute, or None to remove it."""
    if len(value) > _MAX_ATTRIBUTE:
        return None
    if attribute in _URL_ATTRIBUTES:
        is_mail = tag == "a" and _MAILTO.fullmatch(value)
        return value if is_mail else _resolve.get()(value)
    return value if attribute not in _NUMBER_ATTRIBUTES or value.isdecimal() else None


def _escape_unclosed(html: str) -> str:
    """Return `html` with `<` escaped where the name of a dropped element is only mentioned: `the <title> element`.

    An element that is never closed would remove everything after it.
    """
    if not _DROPPED_START.search(html):
        return html
    last = {match[1].lower(): match.start() for match in _DROPPED_END.finditer(html)}
    return _DROPPED_START.sub(lambda match: "&lt;" if last.get(match[1].lower(), -1) < match.start() else "<", html)


def _clean_html(html: str) -> str:
    cleaned = _PRE_START.sub(r"\1\n\n", _clean(_html_cleaner(), html))
    return _IMAGE_WITHOUT_SRC.sub("", cleaned).strip()


def _clean(cleaner: nh3.Cleaner, html: str) -> str:
    """Return `html` sanitized, without control characters. The sanitizer receives long texts in pieces."""
    if len(html) <= MAX_PIECE:
        return remove_controls(cleaner.clean(html))
    text, *parts = html.split("<")
    cleaned = cleaner.clean("<".join([_split_text(text), *map(_split_part, parts)]))
    return remove_controls(cleaned.replace(escape(_SEPARATOR), ""))  # obsolete text-only elements escape separators


def _split_part(part: str) -> str:
    """Return the part after a `<` with its text in pieces. In an attribute or a comment, separators do no harm."""
    if len(part) <= MAX_PIECE:
        return part
    tag, end, text = part.partition(">") if _TAG_START.match(part) else ("", "", part)
    return f"{tag}{end}{_split_text(text)}"


def _split_text(text: str) -> str:
    """Return a text with separators between its pieces, none of which cuts a character reference."""
    pieces = []
    start = 0
    while start + MAX_PIECE < len(text):
        end = start + MAX_PIECE
        entity = text.rfind("&", end - _MAX_ENTITY, end)
        pieces.append(text[start : entity if entity >= 0 else end])
        start += len(pieces[-1])
    return _SEPARATOR.join([*pieces, text[start:]])
