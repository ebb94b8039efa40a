"""OPML 2.0 (http://opml.org/spec2.opml): a subscription list, which feed readers import."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from feeds.models import document_address, page_address
from feeds.render.entries import group_outlines

if TYPE_CHECKING:
    from feeds.models import Outline, SubscriptionList


#: The attribute `version` of a subscription; what is not RSS has none.
_VERSIONS = {"rss": "RSS2"}

#: What is at the start of a reference in HTML, or is taken for a mistake in one, with the space before it.
_REFERENCE = re.compile(r" ?&(?=[^\s&])")

_ANGLES = str.maketrans("<>", "‹›")


def render(subscriptions: SubscriptionList) -> bytes:
    """The feeds that have entries, by kind, each in the first of its formats; all of them where none has any.

    A body has an outline at least: that of a site without feeds is named like the site.
    """
    title = _unlike_html(subscriptions.title)
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = title
    body = etree.SubElement(opml, "body")
    listed = [outline for outline in subscriptions.outlines if outline.entries] or subscriptions.outlines
    for label, outlines in group_outlines(listed) or [(title, [])]:
        group = etree.SubElement(body, "outline", text=label)
        for outline in outlines:
            etree.SubElement(group, "outline", _attributes(outline, subscriptions))
    document: bytes = etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return document


def _attributes(outline: Outline, subscriptions: SubscriptionList) -> dict[str, str]:
    """A subscription; of a feed in Atom, too, the type is rss."""
    base, format_ = subscriptions.base_url, outline.formats[0]
    found = {
        "type": "rss",
        "text": _unlike_html(outline.name),
        "title": _unlike_html(outline.title),
        "xmlUrl": document_address(base, outline.path, format_),
        "htmlUrl": page_address(base, outline.path) if subscriptions.has_pages else base,
        "version": _VERSIONS.get(format_),
    }
    return {name: value for name, value in found.items() if value}


def _unlike_html(name: str) -> str:
    """A name that is the same to who takes it for HTML, as outliners do (Outline elements), and to feed readers."""
    if "<" in name:
        name = name.translate(_ANGLES)
    return _REFERENCE.sub(" & ", name).strip() if "&" in name else name
