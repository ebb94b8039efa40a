"""Texts: HTML and Markdown made safe HTML, and both made plain text.

The sanitiser is ammonia (nh3), the Markdown parser markdown-it-py; what is here says what they may let through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from html import escape, unescape
from html.entities import html5
from typing import TYPE_CHECKING

import nh3

from feeds.nesting import DEEPEST, TOO_DEEP, depth, is_too_deep

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

#: Given an address as written, the absolute one, or None to drop it.
Resolve = Callable[[str], str | None]
#: Told of what is beyond what is rendered, in words that follow what it is about.
Note = Callable[[str], object]

#: From the first noncharacter beyond the first plane on, inside of a character class: a range is found in a tenth of
#: the time of the 32 characters in it that are none.
BEYOND = "\U0001fffe-\U0010ffff"
#: What XML 1.0 forbids, and the controls and noncharacters that it discourages and validators warn of.
_CONTROLS = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff{BEYOND}]")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<[^<>]*>")
_TAG_START = re.compile(r"[A-Za-z/!?]")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n)++")
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
#: As parsers of HTML see them: letters beyond ASCII have no case, and are no white space.
_DROPPED_TAG = rf"({'|'.join(sorted(_DROPPED))})[\s/>]"
_DROPPED_START = re.compile(rf"<(?={_DROPPED_TAG})", re.IGNORECASE | re.ASCII)
_DROPPED_END = re.compile(rf"</{_DROPPED_TAG}", re.IGNORECASE | re.ASCII)
#: The sanitiser takes the square of the length of a text or an attribute that has & or a no-break space in it.
_LONGEST_TEXT = 4_000
#: What parts texts for it, wherever parsers move them, and is dropped: a comment, and an element that there is not.
_PARTING = "<?><x-></x->"
_LONGEST_ATTRIBUTE = 20_000
#: What a reference to a character (`&eacute;`) is shorter than.
_LONGEST_ENTITY = 40
#: What Markdown takes 5 µs for, counted as often as that, and lines by the memory that they take.
_MARKS = {"\n": 16, "[": 8, "*": 4, "_": 4} | dict.fromkeys("!#&<\\`|~", 2)
_MOST_MARKS = 1_000_000
#: As often as that, a cell of a table. Each row is given all that the first one has, also where it has not so many.
_OF_A_CELL = 8
#: What may be the row of a table that says how many columns it has, in lists and quotations, too.
_COLUMNS = re.compile(r"^[ \t>*+\d.)|:-]++$", re.MULTILINE)
#: Characters of addresses and titles that a body may say once and refer to again and again, if it is no longer itself.
_MOST_REFERRED = 100_000
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
    html = _unclosed_as_text(remove_controls(text))
    # The sanitiser escapes every other < and >, so what looks like a tag then is a block's.
    return clean_line(_TAG.sub(" ", html if is_too_deep(html) else _clean_in_pieces(_blocks_cleaner(), html)))


def safe_html(html: str, resolve: Resolve, note: Note = lambda _: None) -> str:
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
    return nh3.Cleaner(tags=set(_BLOCKS), clean_content_tags=set(_DROPPED), attributes={"*": set()}, link_rel=None)


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


def render_body(body: str, resolve: Resolve, note: Note = lambda _: None) -> str:
    """Safe HTML of an article's body, which is Markdown, HTML or both.

    What is beyond what is rendered in bounded time is shown in a simpler way, and `note` is told.
    """
    if not body.strip():
        return ""
    if _PLAIN_BODY.fullmatch(body):
        return "\n".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPH_BREAK.split(body))
    if _is_html(body):
        return safe_html(body, resolve, note)
    try:
        html = _rendered(body.replace("\0", ""))  # which Markdown shows as a lost character
    except _TooMuchError as error:
        note(f"{error}; it is taken for paragraphs of HTML")
        html = "\n".join(f"<p>{text}</p>" for text in _BLANK_LINES.split(body) if text.strip())
    return safe_html(html, resolve, note)


class _TooMuchError(Exception):
    """Markdown takes too long for a body, or makes too much of it: why."""


def _rendered(body: str) -> str:
    """What Markdown makes of a body, not safe yet; raises _TooMuchError."""
    marks = _marks(body)
    if marks > _MOST_MARKS:
        raise _TooMuchError(
            f"has {marks:,} lines, cells and marks of Markdown, as they are counted; expected {_MOST_MARKS:,} at most"
        )
    parser = _markdown(indented_code=not _BLOCK_START.match(body))
    seen: dict[str, Any] = {}
    tokens = parser.parse(body, seen)
    most = max(len(body), _MOST_REFERRED)
    if seen.get("references") and (referred := _referred(tokens)) > most:
        raise _TooMuchError(f"refers to addresses and titles of {referred:,} characters; expected {most:,} at most")
    rendered: str = parser.renderer.render(tokens, parser.options, seen)
    return rendered


def _referred(tokens: Iterable[Token]) -> int:
    """How many characters the attributes of links and images have."""
    inline = (one for token in tokens for one in token.children or ())
    return sum(len(str(value)) for one in inline for value in one.attrs.values())


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
    return all(_HTML_BLOCK_START.match(text) for text in _BLANK_LINES.split(body) if text.strip())


def _marks(body: str) -> int:
    """How much there is in a body that Markdown takes long for; of a little, nothing."""
    marks = 0
    if len(body) * max(_MARKS.values()) > _MOST_MARKS:
        marks = sum(weight * body.count(mark) for mark, weight in _MARKS.items())
    if (body.count("|") + 1) * (body.count("\n") + 1) * _OF_A_CELL > _MOST_MARKS:
        marks += _OF_A_CELL * sum(map(_cells, _BLANK_LINES.split(body)))
    return marks


def _cells(chunk: str) -> int:
    """How many cells the tables between two empty lines have at most."""
    columns = max((row.count("|") for row in _COLUMNS.findall(chunk)), default=0)
    return (columns + 1) * (chunk.count("\n") + 1) if columns else 0


@cache
def _markdown(*, indented_code: bool) -> MarkdownIt:
    """CommonMark with tables. HTML from content systems is indented at will, so there indents are not code."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  # takes long, and many runs read no article

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return parser if indented_code else parser.disable("code")


def _decode(match: re.Match[str]) -> str:
    name = match[1]
    return unescape(match[0]) if name.startswith("#") or f"{name};" in html5 else match[0]
