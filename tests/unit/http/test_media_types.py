"""Media types of published files."""

from __future__ import annotations

import pytest

from feeds.http.media_types import content_type, media_type


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("all.rss", "application/rss+xml; charset=utf-8"),
        ("topics/ai.atom", "application/atom+xml; charset=utf-8"),
        ("topics/ai.json", "application/feed+json; charset=utf-8"),
        ("feeds.json", "application/json; charset=utf-8"),
        ("topics/feeds.json", "application/feed+json; charset=utf-8"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("assets/page.js", "text/javascript; charset=utf-8"),
        ("assets/page.css", "text/css; charset=utf-8"),
        ("logo.svg", "image/svg+xml; charset=utf-8"),
        ("logo.PNG", "image/png"),
        ("favicon.ico", "image/vnd.microsoft.icon"),
        ("CNAME", "application/octet-stream"),
        ("v1.rss/file", "application/octet-stream"),
    ],
)
def test_a_file_has_the_type_that_its_name_says_and_texts_have_a_charset(path: str, expected: str) -> None:
    assert content_type(media_type(path)) == expected
