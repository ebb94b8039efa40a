"""Frames and embeds."""

from __future__ import annotations

import re

import pytest

from feeds.bodies.transformations.embeds import link_embeds
from tests.support.bodies import transform

YOUTUBE = "https://www.youtube.com/watch?v=abc-123_x"


def links(html: str) -> list[tuple[str, str]]:
    """The URLs and texts of the links in place of embeds."""
    shown, rules = transform(html, link_embeds)
    assert rules == ["embed-replaced"]
    return re.findall(r'<a href="([^"]*)">([^<]+)</a>', shown)


@pytest.mark.parametrize(
    ("source", "page", "label"),
    [
        ("https://www.youtube.com/embed/abc-123_x", YOUTUBE, "YouTube"),
        ("https://www.youtube-nocookie.com/embed/abc-123_x?rel=0", YOUTUBE, "YouTube"),
        ("//www.youtube.com/embed/abc-123_x", YOUTUBE, "YouTube"),
        ("http://youtube.com/v/abc-123_x", YOUTUBE, "YouTube"),
        ("https://www.youtube.com/embed/videoseries?list=PL1", "https://www.youtube.com/playlist?list=PL1", "YouTube"),
        ("https://player.vimeo.com/video/123?h=9", "https://vimeo.com/123", "Vimeo"),
        ("https://www.dailymotion.com/embed/video/x7", "https://www.dailymotion.com/video/x7", "Dailymotion"),
        ("https://geo.dailymotion.com/player.html?video=x7", "https://www.dailymotion.com/video/x7", "Dailymotion"),
        ("https://open.spotify.com/embed/episode/abc?t=1", "https://open.spotify.com/episode/abc", "Spotify"),
        ("https://codepen.io/ada/embed/xYz?theme=1", "https://codepen.io/ada/pen/xYz", "CodePen"),
        ("https://embed.ted.com/talks/a_talk", "https://www.ted.com/talks/a_talk", "TED"),
        ("https://archive.org/embed/a.b-c", "https://archive.org/details/a.b-c", "Internet Archive"),
        ("https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/a", "https://soundcloud.com/a", "SoundCloud"),
        ("https://www.google.de/maps/embed?pb=1", "https://www.google.de/maps/embed?pb=1", "Google Maps"),
        ("https://www.frames.example/a", "https://www.frames.example/a", "frames.example"),
        ("/player.html", "/player.html", "/player.html"),
    ],
)
def test_a_frame_becomes_a_link_to_its_page(source: str, page: str, label: str) -> None:
    assert links(f'<iframe src="{source}"></iframe>') == [(page, label)]
    assert links(f'<iframe src="{source}" title=" A film "></iframe>') == [(page, "A film")]


def test_a_known_service_gives_a_thumbnail() -> None:
    shown, _ = transform('<iframe src="https://www.youtube.com/embed/abc-123_x" title=T></iframe>', link_embeds)
    assert shown == (
        f'<p><a href="{YOUTUBE}"><img src="https://i.ytimg.com/vi/abc-123_x/hqdefault.jpg" alt="T"></a></p>'
        f'<p><a href="{YOUTUBE}">T</a></p>'
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<object data=/plan.pdf></object>", ("/plan.pdf", "plan.pdf")),
        ("<embed src=a/b%20c.mov>", ("a/b%20c.mov", "b c.mov")),
        ("<iframe data-src=https://f.example/a></iframe>", ("https://f.example/a", "f.example")),
        ('<script src="https://gist.github.com/ada/0af.js"></script>', ("https://gist.github.com/ada/0af", "Gist")),
        ("<object data=a.swf><embed src=b.swf></object>", ("b.swf", "b.swf")),
    ],
)
def test_other_embeds(html: str, expected: tuple[str, str]) -> None:
    assert links(html) == [expected]


def test_an_embed_in_a_paragraph_is_a_link_in_it() -> None:
    shown, _ = transform("<p>See <iframe src=https://f.example/a></iframe>!</p>", link_embeds)
    assert shown == '<p>See <a href="https://f.example/a">f.example</a>!</p>'


@pytest.mark.parametrize("html", ["<iframe></iframe>", "<iframe src='about:blank'></iframe>", "<embed src='data:x'>"])
def test_an_embed_of_nothing_is_removed(html: str) -> None:
    assert transform(f"a{html}b", link_embeds) == ("ab", [])


def test_an_object_with_a_replacement_of_its_own_gives_that() -> None:
    assert transform("<object data=a.svg><img src=a.png></object>", link_embeds) == ('<img src="a.png">', [])
