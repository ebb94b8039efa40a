"""Long texts as URLs and domains."""

from __future__ import annotations

import pytest

from feeds.text.urls import absolute_url, canonical_url, valid_domain
from tests.support.clocks import within

BASE = "https://www.example.com/news/2020/"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("&" + "amp;" * 50_000, id="entities in entities"),
        pytest.param("&amp;" * 20_000, id="entities"),
        pytest.param("&" * 100_000, id="ampersands"),
        pytest.param("%" * 100_000, id="percent signs"),
        pytest.param("/." * 50_000, id="dot segments"),
        pytest.param("../" * 30_000, id="upwards"),
        pytest.param("a." * 50_000, id="labels"),
        pytest.param("\ud800" * 100_000, id="lone surrogates"),
    ],
)
def test_long_texts_give_a_url_or_none(text: str) -> None:
    for written in (text, f"https://{text}", f"https://example.com/{text}", f"https://example.com/?{text}"):
        url = absolute_url(written, BASE)
        assert url is None or canonical_url(url)


@pytest.mark.parametrize("label", ["aaaa", "a-_a", "-_a1"])
def test_a_domain_with_many_labels_takes_linear_time(label: str) -> None:
    with within(seconds=5):
        assert valid_domain(f"{'.'.join([label] * 500)}.__") is None


def test_a_host_with_many_www_prefixes_takes_linear_time() -> None:
    """Removing one prefix at a time took 22 s for 1 MB."""
    with within(seconds=5):
        found = absolute_url(f"https://{'www.' * 250_000}a.example/")
        assert found is not None
        canonical_url(found)
