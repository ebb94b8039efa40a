"""Compressed copies of documents, which web servers send as they are (RFC 9110, 8.4.1).

The same bytes give the same copy, whichever Python it is: what the standard library's gzip writes of the time and the
system depends on its version.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from feeds.models import Coding, Document


#: What a copy is called, behind the name of its document: nginx, Apache and Caddy look for these names.
EXTENSIONS: Mapping[Coding, str] = {"gzip": ".gz", "br": ".br"}

_GZIP_LEVEL = 9

_GZIP_FORMAT = 31  # with the header and the trailer of RFC 1952

#: The levels above take five to five hundred times as long, and save one to nine per cent.
_BROTLI_QUALITY = 8


def compressed(document: Document, codings: Iterable[Coding]) -> Iterator[Document]:
    """A copy of the document in each of the codings."""
    for coding in codings:
        body = compress(document.body, coding)
        yield replace(document, path=document.path + EXTENSIONS[coding], body=body, coding=coding)


def is_copy(path: str) -> bool:
    """Whether a document of ours is a copy of another, by its path."""
    return path.endswith(tuple(EXTENSIONS.values()))


def original(path: str) -> str:
    """The path of what a document is a copy of, its own if it is none."""
    return path.rpartition(".")[0] if is_copy(path) else path


def compress(body: bytes, coding: Coding) -> bytes:
    return _COMPRESSORS[coding](body)


def compress_gzip(body: bytes) -> bytes:
    """RFC 1952, without a time."""
    return zlib.compress(body, _GZIP_LEVEL, _GZIP_FORMAT)


def compress_brotli(body: bytes) -> bytes:
    """RFC 7932."""
    import brotli  # noqa: PLC0415  # not every site compresses

    copy: bytes = brotli.compress(body, quality=_BROTLI_QUALITY)
    return copy


_COMPRESSORS: Mapping[Coding, Callable[[bytes], bytes]] = {"gzip": compress_gzip, "br": compress_brotli}
