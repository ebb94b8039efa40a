"""Images that differ between the places where readers look for them."""

from __future__ import annotations

from tests.support.rule_examples import Broken, swap
from tests.support.sound_site import ATOM, ENCLOSURE, JSON, RSS, THUMBNAIL

EXAMPLES = (
    Broken("picture-differs", RSS, swap(ENCLOSURE, "")),
    Broken("picture-differs", RSS, swap(ENCLOSURE, ENCLOSURE.replace("one.jpg", "other.jpg")), what="enclosure"),
    Broken("picture-differs", RSS, swap(THUMBNAIL, THUMBNAIL.replace("one.jpg", "other.jpg")), what="thumbnail"),
    Broken("picture-differs", ATOM,
           swap('media:content url="https://img.example/one', 'media:content url="https://x.example/one')),
    Broken("picture-differs", ATOM, swap("src=\"https://img.example/two", "src=\"https://img.example/too"), what="img"),
    Broken("picture-differs", JSON, swap('"image": "https://img.example/one', '"image": "https://img.example/other')),
    Broken("picture-differs", JSON, swap('src=\\"https://img.example/two', 'src=\\"https://img.example/0\\" '
           'src=\\"https://img.example/two'), also=("irregular-html",), what="hidden"),
)  # fmt: skip
