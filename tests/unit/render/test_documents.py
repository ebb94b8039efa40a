"""Documents of a feed: one in each format, by the table of formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from feeds.checks.folder import VALIDATORS
from feeds.http.media_types import media_type
from feeds.models import ALL_FORMATS, FORMATS
from feeds.render.documents import render_documents
from tests.support.samples import FEED

if TYPE_CHECKING:
    from feeds.models import Format


def test_every_format_is_in_all_tables() -> None:
    assert set(FORMATS) == set(ALL_FORMATS) == set(VALIDATORS) - {"html", "opml"}


@pytest.mark.parametrize("format_", ALL_FORMATS)
def test_a_feed_has_a_document_in_its_format(format_: Format) -> None:
    (document,) = render_documents(replace(FEED, formats=(format_,)))
    assert document.path == f"topics/ai.{format_}"
    assert document.media_type == FORMATS[format_].media_type == media_type(document.path)
    assert b"A title" in document.body


def test_a_moved_feed_has_the_same_document_at_its_former_path() -> None:
    documents = {document.path: document for document in render_documents(replace(FEED, moved_from=("old/ai",)))}
    assert list(documents) == [f"{path}.{format_}" for format_ in ALL_FORMATS for path in ("topics/ai", "old/ai")]
    assert {document.feed for document in documents.values()} == {"topics/ai"}
    for format_ in ALL_FORMATS:
        assert documents[f"old/ai.{format_}"].body == documents[f"topics/ai.{format_}"].body
