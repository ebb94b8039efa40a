"""Amazon S3 and compatible stores (s3fs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = ("s3",)
EXTRA = "s3"


def write_options(headers: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of PutObject, such as `ContentType`."""
    return {name.replace("-", ""): value for name, value in headers.items()}
