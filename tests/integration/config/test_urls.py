"""URLs of the configuration in published documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.configs import SOURCE

if TYPE_CHECKING:
    from tests.support.site import Site as SiteFolder


@pytest.mark.parametrize(
    ("of_site", "sections"),
    [
        pytest.param("icon: https://e.com/grün", "", id="icon"),
        pytest.param("logo: https://e.com/grün", "", id="logo"),
        pytest.param("author: {name: A, uri: https://e.com/grün}", "", id="author"),
        pytest.param("", "topics: {AI: {icon: https://e.com/grün}}", id="topic icon"),
        pytest.param("", "providers: {a.example: {icon: https://e.com/grün}}", id="provider icon"),
        pytest.param("", "providers: {a.example: {feed: https://e.com/grün}}", id="provider feed"),
        pytest.param("", "feeds: {custom: [{path: a, icon: https://e.com/grün}]}", id="custom feed icon"),
    ],
)
def test_addresses_of_the_configuration_are_published_in_their_valid_form(
    site: SiteFolder, of_site: str, sections: str
) -> None:
    for name in ("one", "two"):
        story = f"title: {name}\nwebUrl: https://a.example/{name}\npublishedDateTime: 2026-05-01\ntopics: [AI]"
        site.article(f"{name}.md", story)
    site.configure(f"site:\n  title: T\n  url: https://e.com/\n  {of_site}\n{SOURCE}{sections}")
    site.regenerate()
    published = b"".join(site.documents().values())
    assert b"https://e.com/gr%C3%BCn" in published
    assert "grün".encode() not in published
