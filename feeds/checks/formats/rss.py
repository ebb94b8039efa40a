"""RSS 2.0 documents: https://www.rssboard.org/rss-specification and https://www.rssboard.org/rss-profile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeds.checks.formats.links import ATTRIBUTES, judge_entry_links, judge_feed_links
from feeds.checks.formats.media import (
    CONTENT_ATTRIBUTES,
    THUMBNAIL_ATTRIBUTES,
    TITLE_ATTRIBUTES,
    TITLE_TEXT,
    judge_pictures,
    note_html,
)
from feeds.checks.formats.plain_text import judge_plain_texts
from feeds.checks.formats.result import Judged
from feeds.checks.formats.schema import Shape, judge_shape, line_of, parse_root
from feeds.checks.formats.values import (
    address,
    any_text,
    contact,
    count,
    enclosure_address,
    identity,
    language,
    media_type,
    one_of,
    person_name,
    positive,
    rfc822,
    rfc3339,
    some_text,
)
from feeds.errors import shown
from feeds.http.image_types import image_type as type_of
from feeds.render.entries import MEDIA
from feeds.render.rss import DC

if TYPE_CHECKING:
    from lxml import etree

    from feeds.checks.formats.lines import Lines
    from feeds.checks.formats.result import About


_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"

_SHAPES = {
    "rss": Shape({"channel": "1"}, {"version!": one_of("wrong-version", "2.0")}),
    "channel": Shape(
        dict.fromkeys(("title", "link", "description", "lastBuildDate"), "1")
        | dict.fromkeys(("copyright", "docs", "generator", "image", "language", "managingEditor", "ttl"), "?")
        | {"fh:archive": "?", "fh:complete": "?", "atom:link": "*", "item": "*"}
    ),
    "title": Shape(text=some_text),
    "link": Shape(text=address),
    "channel/description": Shape(text=some_text),
    "lastBuildDate": Shape(text=rfc822),
    "copyright": Shape(text=any_text),
    "docs": Shape(text=address),
    "generator": Shape(text=any_text),
    "language": Shape(text=language),
    "managingEditor": Shape(text=contact),
    "ttl": Shape(text=positive),
    "image": Shape({"url": "1", "title": "1", "link": "1"}),
    "url": Shape(text=address),
    "fh:archive": Shape(),
    "fh:complete": Shape(),
    "atom:link": Shape(attributes=ATTRIBUTES),
    "item": Shape(
        dict.fromkeys(("title", "link", "description", "content:encoded", "guid", "pubDate", "atom:updated"), "1")
        | {"enclosure": "?", "source": "?", "media:thumbnail": "?"}
        | dict.fromkeys(("category", "dc:creator", "atom:link", "media:content"), "*")
    ),
    "item/description": Shape(text=some_text),
    "content:encoded": Shape(text=some_text),
    "guid": Shape(attributes={"isPermaLink!": one_of("guid-is-no-address", "false")}, text=identity),
    "category": Shape(attributes={"domain": address}, text=some_text),
    "enclosure": Shape(attributes={"url!": enclosure_address, "length!": count, "type!": media_type}),
    "pubDate": Shape(text=rfc822),
    "source": Shape(attributes={"url!": address}, text=some_text),
    "dc:creator": Shape(text=person_name),
    "atom:updated": Shape(text=rfc3339),
    "media:content": Shape({"media:title": "?"}, CONTENT_ATTRIBUTES),
    "media:title": Shape(attributes=TITLE_ATTRIBUTES, text=TITLE_TEXT),
    "media:thumbnail": Shape(attributes=THUMBNAIL_ATTRIBUTES),
}

#: RSS profile, character data: what readers may take for HTML in these is written in a way that is none.
_PLAIN = re.compile(
    r"<(title|category|dc:creator|source|copyright|managingEditor|generator|media:title(?! type=.html.))\b[^>]*>"
    r"([^<]*&(?:lt|amp);|<!\[CDATA\[)"
)

_PLAIN_DESCRIPTION = re.compile(r"<(description)\b[^>]*>([^<]*&(?:lt|amp);|<!\[CDATA\[)")

#: What there is no HTML in. The description of a channel is another thing than that of an item.
_PLAIN_TEXTS = (
    *("title", "category", "source", "copyright", "managingEditor", "generator"),
    *(f"{{{DC}}}creator", f"{{{MEDIA}}}title"),
)

_IMAGES = frozenset({"png", "jpg", "jpeg", "gif"})

_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif"})

#: What looks like the extension of a file, also of an address as a whole, to who does not know what a query is.
_ENDING = re.compile(r"\.(\w+)$")


def judge_rss(body: bytes, about: About) -> Judged:
    """What is wrong with an RSS document."""
    judged = Judged(about.path)
    parsed = parse_root(body, "rss", judged)
    if parsed is None:
        return judged
    root, lines = parsed
    judge_shape(root, _SHAPES, "", about, lines, judged)
    _judge_character_data(lines, judged)
    judge_plain_texts(root.iter(*_PLAIN_TEXTS), lines, judged)
    for channel in root.iterchildren("channel"):
        judge_plain_texts(channel.iterchildren("description"), lines, judged)
        judge_feed_links(channel, "rss", about, judged)
        _judge_image(channel, judged)
        _judge_order(channel, judged)
        judged.links += [(line_of(link), link.text or "") for link in channel.iterchildren("link")]
        for item in channel.iterchildren("item"):
            _judge_item(item, judged)
    return judged


def _judge_character_data(lines: Lines, judged: Judged) -> None:
    head = lines.text.partition("<item>")[0]
    for found in (*_PLAIN.finditer(lines.text), *_PLAIN_DESCRIPTION.finditer(head)):
        message = f"<{found[1]}> has &lt;, &amp; or CDATA; expected &#x3C; and &#x26;, which no reader takes for HTML"
        judged.note(lines.number(found.start()), "markup-in-plain-text", message)


def _judge_image(channel: etree._Element, judged: Judged) -> None:
    """RSS profile, <image>: the title and the link of the image are those of the channel."""
    for image in channel.iterchildren("image"):
        for name in ("title", "link"):
            if image.findtext(name, "") != channel.findtext(name, ""):
                message = f"<{name}> of <image> is not that of <channel>; expected the same"
                judged.note(line_of(image), "channel-image-differs", message)
        url = image.findtext("url", "")
        ending = _ENDING.search(url)
        if type_of(url) not in _IMAGE_TYPES or (ending and ending[1].lower() not in _IMAGES):
            judged.note(line_of(image), "channel-image-type", f"<url> is {shown(url)}; expected a PNG, JPEG or GIF")


def _judge_order(channel: etree._Element, judged: Judged) -> None:
    """RSS profile, <channel>: what is said of the channel comes before its items."""
    items = False
    for child in channel.iterchildren("*"):
        if child.tag == "item":
            items = True
        elif items:
            message = f"<{child.tag!s}> comes behind an <item>; expected it before all items"
            judged.note(line_of(child), "misplaced-element", message)


def _judge_item(item: etree._Element, judged: Judged) -> None:
    judge_entry_links(item, judged)
    names = [child.tag for child in item.iterchildren()]
    if "description" in names and _CONTENT in names and names.index("description") > names.index(_CONTENT):
        message = "<description> comes behind <content:encoded>; expected it before"
        judged.note(line_of(item), "content-before-description", message)
    content = item.find(_CONTENT)
    html = (content.text or "") if content is not None else ""
    line = line_of(content) if content is not None else line_of(item)
    note_html(html, line, judged)
    description = item.find("description")
    if description is not None:
        note_html(description.text or "", line_of(description), judged)
    enclosures = [(each.get("url", ""), each.get("type", "")) for each in item.iterchildren("enclosure")]
    pictures = judge_pictures(item, enclosures, html, line, judged)
    if pictures and not enclosures:
        message = "the item has pictures and no <enclosure>; expected one, which newsletter tools look for"
        judged.note(line_of(item), "picture-differs", message)
    judged.note_entry(line_of(item), item.findtext("guid", ""), pictures)
