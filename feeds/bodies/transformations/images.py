"""Images that a script or a choice of the browser would show, made plain images (HTML, 4.8.4).

Lazy images have their URL in an attribute for a script, or a copy in `noscript`. Readers run no scripts, and many know
neither `srcset` nor `picture`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Element, Text

from feeds.bodies.tree import attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.bodies.context import BodyContext

#: Attributes in which scripts keep the URL, or the candidates, of an image that is loaded late.
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-original-src", "data-actualsrc", "data-url")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
#: An image candidate: a URL, and perhaps its width or density (HTML, 4.8.4.2.1).
_CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:\s+([0-9.]+)[wx])?[^,]*(?:,|$)")
_DATA = re.compile(r"\s*data:", re.IGNORECASE)


def show_images(root: Element, context: BodyContext) -> None:
    """Give each image the URL of what a browser would show; remove and report those that have none but `data:`."""
    for picture in list(root.iter_elements("picture")):
        _resolve_picture(picture)
    for noscript in list(root.iter_elements("noscript")):
        _resolve_noscript(noscript)
    for image in list(root.iter_elements("img")):
        url = _url_of(image)
        if url:
            image.attrs["src"] = url
            continue
        if _DATA.match(attribute(image, "src")):
            message = "an image is in the text itself (data:); it is left out; expected a file that is linked"
            context.note("image-removed", message, image)
        image.decompose()


def _resolve_picture(picture: Element) -> None:
    """Put the image of a `picture` in its place, with the URL of a source if it has none itself."""
    image = next(picture.iter_elements("img"), None)
    sources = (
        attribute(source, "srcset") or attribute(source, "data-srcset") for source in picture.iter_elements("source")
    )
    if image is None:
        picture.unwrap()
        return
    if not _url_of(image):
        image.attrs["src"] = next(filter(None, map(_largest, sources)), "")
    picture.replace_with(image)


def _resolve_noscript(noscript: Element) -> None:
    """Put the content of a `noscript` in its place if it shows something, and is no copy of what stands before it."""
    image = next(noscript.iter_elements("img"), None)
    if image is None:
        if next(noscript.iter_elements(("a", "iframe", "video", "audio")), None) is None:
            noscript.decompose()  # it says that there is no script
        else:
            noscript.unwrap()
        return
    before = _image_before(noscript)
    if before is not None and _url_of(before) in {None, _url_of(image)}:
        before.replace_with(image)
        noscript.decompose()
    elif before is not None and _is_lazy(before):
        noscript.decompose()
    else:
        noscript.unwrap()


def _image_before(noscript: Element) -> Element | None:
    """Return the image that directly precedes an element."""
    for node in noscript.previous_siblings:
        if isinstance(node, Text) and not node.data.strip():
            continue
        return node if isinstance(node, Element) and node.tag == "img" else None
    return None


def _url_of(image: Element) -> str | None:
    """Return the URL that a browser would load in the end, or None if it is no URL of a file."""
    for url in _candidates(image):
        if url and not _DATA.match(url):
            return url
    return None


def _candidates(image: Element) -> Iterator[str]:
    yield from (attribute(image, name) for name in _LAZY)
    if not _is_lazy(image):
        yield attribute(image, "src")
    yield from (_largest(attribute(image, name)) for name in _LAZY_SETS)
    yield attribute(image, "src")


def _is_lazy(image: Element) -> bool:
    return any(name in image.attrs for name in (*_LAZY, "data-srcset", "data-lazy-srcset"))


def _largest(candidates: str) -> str:
    """Return the URL of the largest image candidate."""
    found = [(float(size or 1), -number, url) for number, (url, size) in enumerate(_CANDIDATE.findall(candidates))]
    return max(found)[2] if found else ""
