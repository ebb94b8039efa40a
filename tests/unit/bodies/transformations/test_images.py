"""Images that scripts or browsers choose."""

from __future__ import annotations

import re

import pytest

from feeds.bodies.transformations.images import show_images
from tests.support.bodies import transform

PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


def sources(html: str) -> list[str]:
    """The URLs of the images that are left, in order."""
    shown, _ = transform(html, show_images)
    assert not re.search("<noscript|<picture|<source", shown)
    return re.findall(r'<img\b[^>]*? src="([^"]*)"', shown)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<img src=a.jpg>", ["a.jpg"]),
        (f'<img src="{PLACEHOLDER}" data-src=a.jpg>', ["a.jpg"]),
        ("<img src=blank.gif data-src=a.jpg>", ["a.jpg"]),
        ("<img src=blank.gif data-original=a.jpg>", ["a.jpg"]),
        ("<img data-lazy-src=' a.jpg '>", ["a.jpg"]),
        ('<img src=blank.gif data-srcset="s.jpg 480w, l.jpg 1200w">', ["l.jpg"]),
        ('<img srcset="s.jpg 480w, l.jpg 1200w">', ["l.jpg"]),
        ('<img srcset="a.jpg, b.jpg 2x">', ["b.jpg"]),
        ('<img srcset="a.jpg">', ["a.jpg"]),
        ('<img srcset="https://c.example/w_1,h_2/a.jpg 1x, b.jpg 1.5x">', ["b.jpg"]),
        ('<img src=a.jpg srcset="b.jpg 2x">', ["a.jpg"]),
        ('<picture><source srcset="a.webp 1x, b.webp 2x"><img src=c.jpg></picture>', ["c.jpg"]),
        ('<picture><source srcset="a.webp"><img alt=x></picture>', ["a.webp"]),
        ('<picture><source data-srcset="a.webp"><img src="data:x"></picture>', ["a.webp"]),
        ("<picture></picture>x", []),
        (f'<img src="{PLACEHOLDER}" data-src=a.jpg><noscript><img src=a.jpg></noscript>', ["a.jpg"]),
        (f'<img src="{PLACEHOLDER}"> <noscript><img src=a.jpg></noscript>', ["a.jpg"]),
        ("<img src=blank.gif data-src=a.jpg?w=1><noscript><img src=a.jpg></noscript>", ["a.jpg?w=1"]),
        ("<noscript><img src=a.jpg></noscript>", ["a.jpg"]),
        ("<img src=a.jpg>x<noscript><img src=b.jpg></noscript>", ["a.jpg", "b.jpg"]),
    ],
)
def test_each_image_has_the_url_that_a_browser_would_load(html: str, expected: list[str]) -> None:
    assert sources(html) == expected


@pytest.mark.parametrize("html", [f'<img src="{PLACEHOLDER}">', "<img src=' DATA:image/png,x '>"])
def test_an_image_in_the_text_is_removed_and_reported(html: str) -> None:
    assert transform(f"a{html}b", show_images) == ("ab", ["image-removed"])


@pytest.mark.parametrize("html", ["<img>", "<img alt=x>", "<img src=''>"])
def test_an_image_of_nothing_is_removed(html: str) -> None:
    assert transform(f"a{html}b", show_images) == ("ab", [])


@pytest.mark.parametrize(
    ("noscript", "left"),
    [
        ("Please turn on JavaScript.", ""),
        ("<a href=x>The film</a>", '<a href="x">The film</a>'),
        ('<iframe src="x"></iframe>', '<iframe src="x"></iframe>'),
    ],
)
def test_a_noscript_without_an_image(noscript: str, left: str) -> None:
    assert transform(f"a<noscript>{noscript}</noscript>b", show_images) == (f"a{left}b", [])
