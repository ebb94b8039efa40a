"""Untrusted HTML made safe HTML or plain text. This module configures the sanitizer, ammonia (nh3).

The HTML is parsed to a tree, from which what no reader shows is removed. The sanitizer receives the HTML of that tree,
so that it takes a time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

import nh3

from feeds.bodies.elements import BLOCKS, DROPPED, FORMATTING, INLINE, UNWRAPPED, tag_pattern
from feeds.bodies.selfclosed import close_selfclosed
from feeds.bodies.tree import Note, parse_html
from feeds.text.characters import clean_line, remove_controls

if TYPE_CHECKING:
    from turbohtml import Element

#: Returns the absolute form of a URL as written, or None to remove it.
ResolveUrl = Callable[[str], str | None]
#: Changes a tree in place.
Transform = Callable[["Element"], None]
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir", "title", "id"},
    "a": {"href", "hreflang"},
    "audio": {"src", "controls", "preload"},
    "blockquote": {"cite"},
    "code": {"class"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "img": {"src", "alt", "width", "height"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "pre": {"class"},
    "q": {"cite"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "scope", "align"},
    "time": {"datetime"},
    "video": {"src", "poster", "controls", "preload", "width", "height"},
}
#: Obsolete elements whose content has no tags and references.
_TEXT_ONLY = ("plaintext", "xmp")
_URL_ATTRIBUTES = frozenset({"href", "src", "cite", "poster"})
_NUMBER_ATTRIBUTES = frozenset({"width", "height", "colspan", "rowspan", "span", "start", "value"})
_MAX_ATTRIBUTE = 20_000
#: Addresses of people: of e-mail and of telephones (RFC 3966).
_CONTACT = re.compile(r"mailto:[^\s@]+@[^\s@]+|tel:[+(]?[\d(][\d().-]*(?:;[\w.=-]+)*", re.IGNORECASE)
_LANGUAGE_CLASS = re.compile(r"language-[\w+#.-]+")

_HTML = re.compile(rf"<!--|{tag_pattern(BLOCKS | INLINE | DROPPED | UNWRAPPED)}[^<>]*>", re.IGNORECASE)
#: In the HTML of a tree without text-only elements, every other angle bracket in a text or an attribute is escaped.
_TAG = re.compile(r"<(?:!--.*?--|/?([^\s/>]*)[^>]*)>", re.DOTALL)
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
#: Every character reference (`&eacute;`) is shorter.
_MAX_ENTITY = 40

#: The URL resolver of the text that is being sanitized, set for one call of `safe_html`. A cleaner of its own for each
#: resolver would take ten times as long to create as to use.
_resolve: ContextVar[ResolveUrl] = ContextVar("resolve")


def plain_text(text: str) -> str:
    """Return what a person reads in `text`, which may be HTML: one line without tags, scripts and styles."""
    if "<" not in text or not _HTML.search(text):
        return clean_line(text)
    html = _shown(parse_html(_closed(text))).inner_html
    return clean_line(_TAG.sub(lambda match: " " if match[1] in BLOCKS else "", html))


def safe_html(
    html: str, resolve: ResolveUrl, note: Note = lambda _: None, transform: Transform = lambda _: None
) -> str:
    """Return `html` well-formed, without scripts, frames and unknown elements, and with URLs as `resolve` returns them.

    `transform` may change the tree before anything else does. HTML that would become too long or is nested too deeply
    loses tags, and `note` receives the reason.
    """
    shown = _shown_html(html, lambda reason: note(f"{reason}; their tags are left out"), transform)
    token = _resolve.set(resolve)
    try:
        cleaned = _clean_html(shown)
        # The content of a removed element may be nested as HTML does not allow.
        parsed = parse_html(cleaned).inner_html
        return cleaned if parsed == cleaned else _clean_html(parsed)
    finally:
        _resolve.reset(token)


def _shown_html(html: str, note: Note, transform: Transform) -> str:
    root = parse_html(_closed(html), note)
    transform(root)
    _shown(root)
    _set_attributes(root)
    return root.inner_html


def _closed(html: str) -> str:
    """Return HTML without control characters in which elements without an end do not contain all that follows."""
    return _escape_unclosed(close_selfclosed(remove_controls(html)))


def _shown(root: Element) -> Element:
    """Remove what readers do not show from a tree, and return the tree."""
    for element in list(root.iter_elements(DROPPED)):
        if element.parent is not None:  # it is not in another one
            element.decompose()
    for element in list(root.iter_elements(_TEXT_ONLY)):
        element.tag = "pre"
    return root


def _set_attributes(root: Element) -> None:
    """Remove attributes that the sanitizer would compare for long, and add those that it would add in any order."""
    for element in root.iter_elements(FORMATTING):
        for name in set(element.attrs).difference(_ATTRIBUTES["*"], _ATTRIBUTES.get(element.tag, ())):
            del element.attrs[name]
    for element in root.iter_elements(("audio", "video")):  # nothing plays them by itself
        element.attrs.update(controls="", preload="none")


@cache
def _html_cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(BLOCKS | INLINE),
        clean_content_tags=set(DROPPED),
        attributes=_ATTRIBUTES,
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    """Return the new value of an attribute, or None to remove it."""
    if len(value) > _MAX_ATTRIBUTE:
        return None
    if attribute in _URL_ATTRIBUTES:
        is_contact = tag == "a" and _CONTACT.fullmatch(value)
        return value if is_contact else _resolve.get()(value)
    if attribute == "class":
        return value if _LANGUAGE_CLASS.fullmatch(value) else None
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
    """Return the HTML of a tree sanitized, without control characters. The sanitizer receives long texts in pieces."""
    if len(html) > MAX_PIECE:
        text, *parts = html.split("<")
        html = "<".join([_split_text(text), *map(_split_part, parts)])
    cleaned = remove_controls(_html_cleaner().clean(html))
    return _IMAGE_WITHOUT_SRC.sub("", _PRE_START.sub(r"\1\n\n", cleaned)).strip()


def _split_part(part: str) -> str:
    """Return the part after a `<` with its text in pieces. In a comment, separators do no harm."""
    if len(part) <= MAX_PIECE:
        return part
    tag, end, text = part.partition(">")
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
