"""Frames and embeds: replaced by a titled link, with the thumbnail that a known service has at a fixed URL.

No reader shows a frame, and an entry may be nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from turbohtml import Element, Text

from feeds.bodies.tree import attribute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.bodies.context import BodyContext

#: Elements that hold phrasing content only, in which no paragraph may stand (HTML, 3.2.5.2.5).
_INLINE_PARENTS = frozenset("a b em figcaption h1 h2 h3 h4 h5 h6 i p q small span strong summary u".split())


class Service(NamedTuple):
    """A service: a pattern of its embeds (host and path), and its page and thumbnail, with `{}` for the key."""

    name: str
    pattern: re.Pattern[str]
    page: str
    thumbnail: str = ""


def _service(name: str, pattern: str, page: str, thumbnail: str = "") -> Service:
    return Service(name, re.compile(rf"(?:www\.)?{pattern}", re.IGNORECASE), page, thumbnail)


_YOUTUBE_THUMBNAIL = "https://i.ytimg.com/vi/{}/hqdefault.jpg"
_SERVICES = (
    _service("YouTube", r"youtube(?:-nocookie)?\.com/embed/videoseries", "https://www.youtube.com/playlist?list={}"),
    _service(
        "YouTube",
        r"(?:m\.)?(?:youtube(?:-nocookie)?\.com/(?:embed|v|shorts|live)|youtu\.be)/([\w-]+)",
        "https://www.youtube.com/watch?v={}",
        _YOUTUBE_THUMBNAIL,
    ),
    _service("Vimeo", r"player\.vimeo\.com/video/(\d+)", "https://vimeo.com/{}"),
    _service(
        "Dailymotion",
        r"(?:geo\.)?dailymotion\.com/(?:embed/video/|player(?:/\w+)?\.html\?video=)(\w+)",
        "https://www.dailymotion.com/video/{}",
        "https://www.dailymotion.com/thumbnail/video/{}",
    ),
    _service("Spotify", r"open\.spotify\.com/embed(?:-podcast)?/(\w+/\w+)", "https://open.spotify.com/{}"),
    _service("CodePen", r"codepen\.io/(\w[\w-]*/)embed/(?:preview/)?(\w+)", "https://codepen.io/{}"),
    _service("CodeSandbox", r"codesandbox\.io/embed/([\w-]+)", "https://codesandbox.io/s/{}"),
    _service("TED", r"embed\.ted\.com/(talks/[\w-]+)", "https://www.ted.com/{}"),
    _service("Bandcamp", r"bandcamp\.com/EmbeddedPlayer", ""),
    _service("SoundCloud", r"w\.soundcloud\.com/player", ""),
    _service("Google Maps", r"google\.[a-z.]+/maps", ""),
    _service("Google Docs", r"docs\.google\.com/", ""),
    _service("Twitter", r"(?:platform\.)?(?:twitter|x)\.com/", ""),
    _service("Instagram", r"instagram\.com/(p/[\w-]+)/embed", "https://www.instagram.com/{}/"),
    _service("TikTok", r"tiktok\.com/embed/", ""),
    _service("Twitch", r"player\.twitch\.tv/", ""),
    _service("Facebook", r"facebook\.com/plugins/", ""),
    _service("Internet Archive", r"archive\.org/embed/([\w.-]+)", "https://archive.org/details/{}"),
    _service("PeerTube", r"[\w.-]+/videos/embed/", ""),
)
#: A part of the pattern of each service, which most addresses do not have.
_ANY_SERVICE = re.compile(
    r"youtu|vimeo|dailymotion|spotify|codepen|codesandbox|ted\.com|bandcamp|soundcloud|google|twitter|x\.com|instagram|tiktok"
    r"|twitch|facebook|archive\.org|/videos/embed/",
    re.IGNORECASE,
)
#: Gists and other code that a script writes into the page.
_GIST = re.compile(r"https?://gist\.github\.com/([\w-]+/)?([0-9a-f]+)\.js", re.IGNORECASE)


def link_embeds(root: Element, context: BodyContext) -> None:
    """Replace each frame, embed and object by a link to what it shows, and each script of a gist by a link to it."""
    for script in list(root.iter_elements("script")):
        if gist := _GIST.match(attribute(script, "src")):
            page = f"https://gist.github.com/{gist[1] or ''}{gist[2]}"
            _replace(script, _links(page, "Gist"), context)
    for element in list(root.iter_elements(("iframe", "embed", "object", "frame"))):
        if element.parent is None:
            continue
        url = attribute(element, "src") or attribute(element, "data-src") or attribute(element, "data")
        if element.tag == "object" and next(element.iter_elements(("img", "a", "iframe", "embed", "video")), None):
            element.unwrap()  # it has its own replacement
        elif not url or url.lower().startswith(("about:", "data:", "javascript:", "blob:")):
            element.decompose()
        else:
            _replace(element, _embed_links(element, url), context)


def _embed_links(element: Element, url: str) -> list[Element]:
    host, name, page, thumbnail = _describe(url)
    title = attribute(element, "title") or attribute(element, "aria-label")
    file_name = _file_name(url) if element.tag in {"embed", "object"} else ""
    return _links(page, title or name or file_name or host or url, thumbnail)


def _describe(url: str) -> tuple[str, str, str, str]:
    """Return the host of an embed, and the name, the page and the thumbnail of its service, or ''."""
    parts = urlsplit(url if "://" in url else f"https:{url}" if url.startswith("//") else url)
    host = (parts.hostname or "").removeprefix("www.")
    address = f"{host}{parts.path}{f'?{parts.query}' if parts.query else ''}"
    for service in _SERVICES if _ANY_SERVICE.search(address) else ():
        if match := service.pattern.match(address):
            key = "".join(match.groups("")) or next(iter(parse_qs(parts.query).get("list", [])), "")
            if not service.page:
                target = next(iter(parse_qs(parts.query).get("url", [])), "")
                return host, service.name, target if target.startswith("http") else url, ""
            if key:
                key = key.replace("/embed/", "/pen/") if service.name != "CodePen" else key.replace("/", "/pen/", 1)
                return host, service.name, service.page.format(key), service.thumbnail.format(key)
    return host, "", url, ""


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _links(page: str, label: str, thumbnail: str = "") -> list[Element]:
    links = []
    if thumbnail:
        image = Element("img", {"src": thumbnail, "alt": label})
        links.append(Element("a", {"href": page}, [image]))
    links.append(Element("a", {"href": page}, [Text(label)]))
    return links


def _replace(element: Element, links: Iterable[Element], context: BodyContext) -> None:
    """Put links in the place of an element: each in a paragraph of its own where one may stand."""
    context.note("embed-replaced", f"<{element.tag}> is replaced by a link", element)
    parent = element.parent
    is_inline = isinstance(parent, Element) and parent.tag in _INLINE_PARENTS
    element.replace_with(*(links if is_inline else [Element("p", None, [link]) for link in links]))
