"""Links within a body: to the page of the entry, with the ids that they lead to; anchors of headings are removed.

Readers that show footnotes in place look for a link with a fragment and for the element with that id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from turbohtml import Element

from feeds.bodies.tree import attribute

if TYPE_CHECKING:
    from feeds.bodies.context import BodyContext

_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
#: What anchors of headings show: signs, and private characters of icon fonts.
_SIGNS = frozenset("¶#§∞⚓🔗\ufe0f\u200b")


def keep_fragments(root: Element, _: BodyContext) -> None:
    """Remove anchors of headings, and all ids but those that a link in the body leads to."""
    for link in list(root.iter_elements("a")):
        if _is_heading_anchor(link):
            link.decompose()
    targets = {unquote(attribute(link, "href")[1:]) for link in root.iter_elements("a") if _is_fragment(link)}
    for element in root.iter_elements():
        name = attribute(element, "id") or (attribute(element, "name") if element.tag == "a" else "")
        if name in targets:
            element.attrs["id"] = name
        elif "id" in element.attrs:
            del element.attrs["id"]


def _is_fragment(link: Element) -> bool:
    return len(attribute(link, "href")) > 1 and attribute(link, "href").startswith("#")


def _is_heading_anchor(link: Element) -> bool:
    """Whether a link in a heading leads to the heading, and shows nothing but a sign."""
    parent = link.parent
    is_in_heading = isinstance(parent, Element) and parent.tag in _HEADINGS
    text = link.text.strip()
    return (
        is_in_heading
        and _is_fragment(link)
        and all(character in _SIGNS or "\ue000" <= character <= "\uf8ff" for character in text)
    )
