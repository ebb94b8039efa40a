"""Compressed copies: what they hold, and that they are the same wherever they are made."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import brotli
import pytest

from feeds.http.codings import compressed
from feeds.models import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from feeds.models import Coding

DOCUMENT = Document(path="topics/ai.rss", media_type="application/rss+xml", body=b"<rss/>" * 999, title="AI", feed="ai")


@pytest.mark.parametrize(
    ("coding", "path", "decompress"),
    [("gzip", "topics/ai.rss.gz", gzip.decompress), ("br", "topics/ai.rss.br", brotli.decompress)],
)
def test_a_copy_holds_the_document(coding: Coding, path: str, decompress: Callable[[bytes], bytes]) -> None:
    (copy,) = compressed(DOCUMENT, [coding])
    assert (copy.path, copy.coding, copy.media_type, copy.feed) == (path, coding, "application/rss+xml", "ai")
    assert decompress(copy.body) == DOCUMENT.body
    assert len(copy.body) < len(DOCUMENT.body) / 10


def test_there_is_a_copy_in_each_coding() -> None:
    assert [copy.coding for copy in compressed(DOCUMENT, ["br", "gzip"])] == ["br", "gzip"]
    assert not list(compressed(DOCUMENT, []))


def test_a_gzip_copy_tells_no_time() -> None:
    """RFC 1952, 2.3.1: MTIME 0 is no time, and FNAME is not set."""
    (copy,) = compressed(DOCUMENT, ["gzip"])
    assert copy.body[3:8] == bytes(5)
    assert zlib.decompress(copy.body, 31) == DOCUMENT.body
