"""Content codings (RFC 9110, 8.4.1): precompressed files, which web servers send in place of a document.

The same bytes are compressed to the same file with every Python. The standard library's gzip is not used, because the
time and the system that it writes into the header depend on its version.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from feeds.models import Coding, Document


#: The extension of a precompressed file, after its document's: nginx, Apache and Caddy look for these names.
EXTENSIONS: Mapping[Coding, str] = {"gzip": ".gz", "br": ".br"}

_GZIP_LEVEL = 9

_GZIP_WBITS = 31  # the largest window, with the header and the trailer of RFC 1952

#: Higher levels take 5 to 500 times as long and save 1 to 9 %.
_BROTLI_QUALITY = 8


def precompress(document: Document, codings: Iterable[Coding]) -> Iterator[Document]:
    """Yield the document compressed in each of the content codings."""
    for coding in codings:
        body = compress(document.body, coding)
        yield replace(document, path=document.path + EXTENSIONS[coding], body=body, coding=coding)


def is_precompressed(path: str) -> bool:
    """Whether a published file is a precompressed one, by its path."""
    return path.endswith(tuple(EXTENSIONS.values()))


def document_of(path: str) -> str:
    """Return the path of the document of a precompressed file; the path of another file is returned as it is."""
    return path.rpartition(".")[0] if is_precompressed(path) else path


def compress(body: bytes, coding: Coding) -> bytes:
    return _COMPRESSORS[coding](body)


def compress_gzip(body: bytes) -> bytes:
    """Compress to gzip (RFC 1952), without a modification time."""
    return zlib.compress(body, _GZIP_LEVEL, _GZIP_WBITS)


def compress_brotli(body: bytes) -> bytes:
    """Compress to Brotli (RFC 7932)."""
    import brotli  # noqa: PLC0415  # not every site compresses

    compressed_body: bytes = brotli.compress(body, quality=_BROTLI_QUALITY)
    return compressed_body


_COMPRESSORS: Mapping[Coding, Callable[[bytes], bytes]] = {"gzip": compress_gzip, "br": compress_brotli}
