"""Inputs that the fuzzer found or started with: all invariants hold for them (`make fuzz` looks for more)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from feeds.content.articles import ParsedArticle
from feeds.models import Document
from fuzz import oracles
from fuzz.oracles import ORACLES
from tests.support.paths import CORPUS

if TYPE_CHECKING:
    from pathlib import Path

NOT_XML = Document(path="latest.rss", media_type="application/rss+xml", body=b"<rss>", title="")
INPUTS = [path for oracle in ORACLES for path in sorted((CORPUS / oracle).iterdir())]


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_all_holds_for_an_input_of_the_corpus(path: Path) -> None:
    ORACLES[path.parent.name](path.read_bytes())


def test_every_oracle_has_a_corpus() -> None:
    assert {path.parent.name for path in INPUTS} == ORACLES.keys() == {path.name for path in CORPUS.iterdir()}


@pytest.mark.parametrize(
    ("oracle", "function", "broken"),
    [
        pytest.param("html", "safe_html", lambda text, _: text, id="a sanitiser that leaves all"),
        pytest.param("html", "render_body", lambda text, _: f"<p onclick=x>{len(text)}</p>", id="a body that runs"),
        pytest.param("html", "plain_text", lambda text: text, id="a text with controls"),
        pytest.param("address", "absolute_url", lambda text, *_: text, id="any address"),
        pytest.param("address", "canonical_url", lambda url: url, id="an address that identifies nothing"),
        pytest.param("address", "valid_domain", lambda text: text, id="any domain"),
        pytest.param("article", "parse_article", lambda *_, **__: ParsedArticle(None), id="nothing, and no reason"),
        pytest.param("article", "_documents", lambda _: [], id="no documents"),
        pytest.param("article", "_documents", lambda _: [NOT_XML] * 3, id="documents that are not well-formed"),
    ],
)
def test_the_corpus_finds_what_is_broken(
    oracle: str, function: str, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oracles, function, broken)
    contents = [path.read_bytes() for path in INPUTS if path.parent.name == oracle]
    with pytest.raises((AssertionError, etree.XMLSyntaxError)):
        any(map(ORACLES[oracle], contents))
