"""OPML 2.0 (http://opml.org/spec2.opml): a subscription list that feed readers import."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from feeds.models import document_address, page_address
from feeds.render.entries import group_outlines

if TYPE_CHECKING:
    from feeds.models import Outline, SubscriptionList


#: The attribute `version` of a subscription, which only RSS has.
_VERSIONS = {"rss": "RSS2"}

#: An ampersand that starts an HTML character reference or looks like a malformed one, and the space before it.
_REFERENCE = re.compile(r" ?&(?=[^\s&])")

_ANGLES = str.maketrans("<>", "‹›")


def render(subscriptions: SubscriptionList) -> bytes:
    """Return the feeds that have entries, or all feeds if none has, by kind, each in the first of its formats.

    A body needs at least one outline: a site without feeds has one with the site's title.
    """
    title = _plain_in_html(subscriptions.title)
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = title
    body = etree.SubElement(opml, "body")
    listed = [outline for outline in subscriptions.outlines if outline.entries] or subscriptions.outlines
    for heading, outlines in group_outlines(listed) or [(title, [])]:
        group = etree.SubElement(body, "outline", text=heading)
        for outline in outlines:
            etree.SubElement(group, "outline", _attributes(outline, subscriptions))
    document: bytes = etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return document


def _attributes(outline: Outline, subscriptions: SubscriptionList) -> dict[str, str]:
    """Return the attributes of a subscription. The type of a feed in another format is also `rss`."""
    base, format_ = subscriptions.base_url, outline.formats[0]
    attributes = {
        "type": "rss",
        "text": _plain_in_html(outline.name),
        "title": _plain_in_html(outline.title),
        "xmlUrl": document_address(base, outline.path, format_),
        "htmlUrl": page_address(base, outline.path) if outline.has_page else base,
        "version": _VERSIONS.get(format_),
    }
    return {name: value for name, value in attributes.items() if value}


def _plain_in_html(name: str) -> str:
    """Return a name that reads the same as plain text (feed readers) and as HTML (outliners; Outline elements)."""
    if "<" in name:
        name = name.translate(_ANGLES)
    return _REFERENCE.sub(" & ", name).strip() if "&" in name else name
