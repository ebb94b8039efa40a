"""Elements that XHTML and JSX write as empty, such as `<video src="a.mp4" />`, given an end tag.

HTML ignores the slash: the rest of the text would become the content of the element.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from turbohtml import Tokenizer, TokenType

from feeds.bodies.elements import VOID_ELEMENTS

if TYPE_CHECKING:
    from turbohtml import Token

#: A tag whose slash has no meaning, up to the slash.
_VOID = re.compile(rf"<(?:{'|'.join(sorted(VOID_ELEMENTS))})(?:[\s/][^>]*)?", re.IGNORECASE)
#: In these, and in what they contain, the slash has this meaning (HTML, 13.1.2.1).
_FOREIGN = frozenset({"math", "svg"})
_COMPLETE = VOID_ELEMENTS | _FOREIGN


def close_selfclosed(html: str) -> str:
    """Return `html` with an end tag after each start tag with a slash, except void elements and in SVG and MathML."""
    if "/>" not in html:
        return html
    *parts, rest = html.split("/>")
    if all(_VOID.fullmatch(part[part.rfind("<") :]) for part in parts):
        return html
    tokenizer = Tokenizer(resolve_references=False, capture_attributes=False)
    foreign = 0
    pieces = []
    for part in parts:
        pieces.append(f"{part}/>")
        tokens = list(tokenizer.feed(pieces[-1]))
        foreign = max(foreign + sum(map(_levels, tokens)), 0)
        if tokens and _is_selfclosed(tokens[-1]):
            end_tag = f"</{tokens[-1].tag}>"
            deque(tokenizer.feed(end_tag), maxlen=0)  # otherwise, what follows `<script/>` would be a script
            pieces.append("" if foreign else end_tag)
    return "".join([*pieces, rest])


def _is_selfclosed(token: Token) -> bool:
    return token.type is TokenType.START_TAG and token.self_closing and token.tag not in _COMPLETE


def _levels(token: Token) -> int:
    """Return by how many levels of SVG and MathML a token increases the nesting."""
    if token.tag not in _FOREIGN or token.self_closing:
        return 0
    return 1 if token.type is TokenType.START_TAG else -1
