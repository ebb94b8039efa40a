"""Azure Blob Storage (adlfs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = ("abfs", "abfss", "az")
EXTRA = "abfs"


def write_options(headers: Mapping[str, str]) -> dict[str, Any]:
    """The fields of ContentSettings."""
    return {"content_settings": {name.lower().replace("-", "_"): value for name, value in headers.items()}}
