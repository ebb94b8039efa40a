"""Precompressed files: their content, and that it does not depend on the Python that makes them."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import brotli
import pytest

from feeds.http.codings import precompress
from feeds.models import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from feeds.models import Coding

DOCUMENT = Document(path="topics/ai.rss", media_type="application/rss+xml", body=b"<rss/>" * 999, title="AI", feed="ai")


@pytest.mark.parametrize(
    ("coding", "path", "decompress"),
    [("gzip", "topics/ai.rss.gz", gzip.decompress), ("br", "topics/ai.rss.br", brotli.decompress)],
)
def test_a_precompressed_file_contains_the_document(
    coding: Coding, path: str, decompress: Callable[[bytes], bytes]
) -> None:
    (file,) = precompress(DOCUMENT, [coding])
    assert (file.path, file.coding, file.media_type, file.feed) == (path, coding, "application/rss+xml", "ai")
    assert decompress(file.body) == DOCUMENT.body
    assert len(file.body) < len(DOCUMENT.body) / 10


def test_there_is_a_file_for_each_coding() -> None:
    assert [file.coding for file in precompress(DOCUMENT, ["br", "gzip"])] == ["br", "gzip"]
    assert not list(precompress(DOCUMENT, []))


def test_gzip_has_no_modification_time() -> None:
    """RFC 1952, 2.3.1: MTIME is 0, which means no time, and FNAME is not set."""
    (file,) = precompress(DOCUMENT, ["gzip"])
    assert file.body[3:8] == bytes(5)
    assert zlib.decompress(file.body, 31) == DOCUMENT.body
