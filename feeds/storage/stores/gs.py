"""Google Cloud Storage (gcsfs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = ("gs", "gcs")
EXTRA = "gs"


def write_options(headers: Mapping[str, str]) -> dict[str, Any]:
    """The content type, and the other headers as fixed-key metadata."""
    metadata = {name.lower().replace("-", "_"): value for name, value in headers.items()}
    content_type = metadata.pop("content_type", "application/octet-stream")
    return {"content_type": content_type, "fixed_key_metadata": metadata}
