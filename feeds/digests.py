"""One digest for every comparison of values with what they were before."""

from __future__ import annotations

import hashlib

import msgspec

_encoder = msgspec.msgpack.Encoder()


def digest_of(value: object) -> bytes:
    """A digest of 16 bytes (BLAKE2b) of a value that MessagePack can hold; equal values have equal digests."""
    return hashlib.blake2b(_encoder.encode(value), digest_size=16).digest()
