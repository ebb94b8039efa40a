"""Audio and video."""

from __future__ import annotations

import pytest

from feeds.bodies.transformations.media import link_media
from tests.support.bodies import transform


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<audio src=a/b.mp3></audio>", '<audio src="a/b.mp3" controls=""><a href="a/b.mp3">b.mp3</a></audio>'),
        (
            "<video src=a.mp4 controls title=Film></video>",
            '<video src="a.mp4" controls="" title="Film"><a href="a.mp4">Film</a></video>',
        ),
        (
            "<video data-src=a.mp4></video>",
            '<video data-src="a.mp4" controls="" src="a.mp4"><a href="a.mp4">a.mp4</a></video>',
        ),
        (
            "<video><source src=a.webm><source src=b.mp4></video>",
            '<video controls=""><source src="a.webm"><source src="b.mp4"><a href="a.webm">a.webm</a></video>',
        ),
        ("<audio src=a><a href=b>c</a></audio>", '<audio src="a" controls=""><a href="b">c</a></audio>'),
    ],
)
def test_media_have_controls_and_a_link(html: str, expected: str) -> None:
    assert transform(html, link_media) == (expected, [])


def test_media_without_a_file_are_removed_and_reported() -> None:
    assert transform("a<video></video>b", link_media) == ("ab", ["media-removed"])
