"""Texts: HTML and Markdown made safe HTML, and both made plain text.

The sanitiser is ammonia (nh3), the Markdown parser markdown-it-py; what is here says what they may let through.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from html import unescape
from html.entities import html5
from typing import TYPE_CHECKING

import nh3

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

#: Given an address as written, the absolute one, or None to drop it.
Resolve = Callable[[str], str | None]

#: From the first noncharacter beyond the first plane on, inside of a character class: a range is found in a tenth of
#: the time of the 32 characters in it that are none.
BEYOND = "\U0001fffe-\U0010ffff"
#: What XML 1.0 forbids, and the controls and noncharacters that it discourages and validators warn of.
_CONTROLS = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff{BEYOND}]")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<[^>]*>")
_CHUNK = re.compile(r"\n[ \t]*\n")
#: Lines that begin with a letter and hold nothing that Markdown or HTML could mean something with: mere paragraphs.
_PLAIN_LINE = r"[^\W\d_](?:[A-Za-z0-9 .,;:?'\"()%/$-]++|[^\W_]|[€’‘“”–—…])*+(?<! )"
_PLAIN_BODY = re.compile(rf"{_PLAIN_LINE}(?:\n+{_PLAIN_LINE})*")
_PARAGRAPH_BREAK = re.compile(r"\n{2,}")
_MAILTO = re.compile(r"mailto:[^\s@]+@[^\s@]+", re.IGNORECASE)

_BLOCKS = frozenset(
    "address article aside blockquote br dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li "
    "main ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_INLINE = frozenset(
    "a abbr audio b bdi caption cite code col colgroup data del dfn em i img ins kbd mark picture q rp rt ruby s samp "
    "small source span strike strong sub sup time u var video wbr".split()
)
#: What goes with all that is in it.
_DROPPED = frozenset("iframe math noembed noframes noscript script style svg template textarea title".split())
_MEDIA = frozenset("audio img picture video".split())
_OLD = frozenset(
    "acronym applet big body button center embed font form head html input label map nav object tt".split()
)


def _tags(names: frozenset[str]) -> str:
    return rf"</?(?:{'|'.join(sorted(names))})(?=[\s/>])"


_HTML = re.compile(rf"<!--|{_tags(_BLOCKS | _INLINE | _DROPPED | _OLD)}[^<>]*>", re.IGNORECASE)
_BLOCK_START = re.compile(rf"\s*(?:<!--|{_tags(_BLOCKS | _DROPPED | _MEDIA | {'center', 'form'})})", re.IGNORECASE)
#: Where CommonMark begins a block of HTML that lasts to the next empty line (section 4.6, condition 6).
_HTML_BLOCK_START = re.compile(rf"\s*{_tags(_BLOCKS - {'br'} | {'center', 'form'})}", re.IGNORECASE)
_DROPPED_START = re.compile(rf"<(?=({'|'.join(sorted(_DROPPED))})[\s/>])", re.IGNORECASE)
#: Tags that stay open until they are closed. The sanitiser's time grows with the square of how many are open.
_NESTING = re.compile(
    r"<(/?)(?!(?:area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p|param|source|t[drh]|track|wbr)[\s/>])"
    r"([a-z][^\s/>]*)"
)
#: Browsers nest elements 512 deep and no deeper.
_DEEPEST = 512
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
_resolve: ContextVar[Resolve] = ContextVar("resolve")
_ADDRESSES = frozenset({"href", "src", "cite", "poster"})
_NUMBERS = frozenset({"width", "height", "colspan", "rowspan", "span", "start"})


def remove_controls(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids or discourages (section 2.2); NEL is a line break."""
    if text.isprintable() or not _CONTROLS.search(text):
        return text
    return _CONTROLS.sub(_kept, text.replace("\x85", "\n"))


def is_letter_beyond(character: str) -> bool:
    """Whether a character is beyond the first plane, and none of the last two of its own, which are no characters."""
    return character > "\uffff" and ord(character) & 0xFFFE != 0xFFFE


def _kept(match: re.Match[str]) -> str:
    return match[0] if is_letter_beyond(match[0]) else ""


def decode_entities(text: str) -> str:
    """`text` with its HTML entities decoded once. What only looks like one (`?a=1&copy=2`) stays."""
    return _ENTITY.sub(_decode, text) if "&" in text else text


def clean_line(text: str) -> str:
    """A title or a name as plain text: entities decoded, white space folded, no control characters."""
    if text.isprintable() and "  " not in text and "&" not in text:
        return text.strip()  # what is printable has no white space but spaces
    return _SPACE.sub(" ", remove_controls(decode_entities(text))).strip()


def plain_text(text: str) -> str:
    """What a person reads of `text`, which may hold HTML: its tags go, and with them scripts and styles."""
    if "<" not in text or not _HTML.search(text):
        return clean_line(text)
    if _is_too_deep(text):
        return clean_line(_TAG.sub(" ", text))
    cleaned = _blocks_cleaner().clean(remove_controls(_unclosed_as_text(text)))
    # The sanitiser escapes every other < and >, so what looks like a tag now is a block's.
    return clean_line(_TAG.sub(" ", cleaned))


def safe_html(html: str, resolve: Resolve) -> str:
    """`html` balanced and with nothing that runs, frames or points nowhere; addresses are what `resolve` makes them."""

    def clean(html: str) -> str:
        cleaned = _html_cleaner().clean(remove_controls(html))
        cleaned = _PRE_START.sub(r"\1\n\n", remove_controls(cleaned))
        return _IMAGE_OF_NOTHING.sub("", cleaned).strip()

    token = _resolve.set(resolve)
    try:
        html = _unclosed_as_text(html)
        if _is_too_deep(html):
            return clean(_TAG.sub(" ", html))
        # Without an element that went, what was in it may nest in a way that HTML does not have: hence a second look.
        return clean(clean(html))
    finally:
        _resolve.reset(token)


@cache
def _html_cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_BLOCKS | _INLINE),
        clean_content_tags=set(_DROPPED),
        attributes=_ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


@cache
def _blocks_cleaner() -> nh3.Cleaner:
    """Leaves the tags of blocks only."""
    return nh3.Cleaner(tags=set(_BLOCKS), clean_content_tags=set(_DROPPED), attributes={}, link_rel=None)


def _keep(tag: str, attribute: str, value: str) -> str | None:
    """What an attribute becomes; None where it goes."""
    if attribute in _ADDRESSES:
        is_mail = tag == "a" and _MAILTO.fullmatch(value)
        return value if is_mail else _resolve.get()(value)
    return value if attribute not in _NUMBERS or value.isdecimal() else None


def _unclosed_as_text(html: str) -> str:
    """`html` with the names of elements that somebody only writes of, `the <title> element`, as text.

    What is in such an element is dropped: one that is never closed would take all that follows with it.
    """
    lower = html.lower()
    return _DROPPED_START.sub(
        lambda match: "&lt;" if lower.rfind(f"</{match[1].lower()}") < match.start() else "<", html
    )


def _is_too_deep(html: str) -> bool:
    """Whether elements are nested in a way that nobody wrote to be read."""
    if html.count("<") <= _DEEPEST:
        return False
    depth = 0
    is_open: Counter[str] = Counter()
    for end, name in _NESTING.findall(html.lower()):
        step = 1 if not end else -1 if is_open[name] else 0
        is_open[name] += step
        depth += step
        if depth > _DEEPEST:
            return True
    return False


def render_body(body: str, resolve: Resolve) -> str:
    """Safe HTML of an article's body, which is Markdown, HTML or both."""
    if not body.strip():
        return ""
    if _PLAIN_BODY.fullmatch(body):
        return "\n".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPH_BREAK.split(body))
    if _is_html(body):
        return safe_html(body, resolve)
    body = body.replace("\0", "")  # which Markdown shows as a lost character
    return safe_html(_markdown(indented_code=not _BLOCK_START.match(body)).render(body), resolve)


def shorten(text: str, width: int) -> str:
    """`text` cut after a word at `width` characters at most, with an ellipsis where something is missing."""
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    if text[width - 1] != " ":
        head, _, tail = cut.rpartition(" ")
        cut = head if head and len(tail) < width // 2 else cut
    return cut.rstrip(" ,;:–-") + "…"


def _is_html(body: str) -> bool:
    """Whether every chunk between empty lines is a block of HTML, so that there is no Markdown to render."""
    return all(_HTML_BLOCK_START.match(chunk) for chunk in _CHUNK.split(body) if chunk.strip())


@cache
def _markdown(*, indented_code: bool) -> MarkdownIt:
    """CommonMark with tables. HTML from content systems is indented at will, so there indents are not code."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  # takes long, and many runs read no article

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return parser if indented_code else parser.disable("code")


def _decode(match: re.Match[str]) -> str:
    name = match[1]
    return unescape(match[0]) if name.startswith("#") or f"{name};" in html5 else match[0]
