"""Audio and video: with controls, and with a link for readers that do not play them (HTML, 4.8.8 and 4.8.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from turbohtml import Element, Text

from feeds.bodies.tree import attribute

if TYPE_CHECKING:
    from feeds.bodies.context import BodyContext


def link_media(root: Element, context: BodyContext) -> None:
    """Give audio and video controls, their own URL, and a link as the content that is shown if they cannot play."""
    for media in list(root.iter_elements(("audio", "video"))):
        sources = [attribute(one, "src") or attribute(one, "data-src") for one in media.iter_elements("source")]
        url = attribute(media, "src") or attribute(media, "data-src") or next(filter(None, sources), "")
        if not url:
            context.note("media-removed", f"<{media.tag}> has no file that plays; it is left out", media)
            media.decompose()
            continue
        media.attrs["controls"] = ""
        if not any(sources):
            media.attrs["src"] = url
        if next(media.iter_elements("a"), None) is None:
            file_name = unquote(urlsplit(url).path.rpartition("/")[2])
            label = attribute(media, "title") or attribute(media, "aria-label") or file_name or url
            media.append(Element("a", {"href": url}, [Text(label)]))
