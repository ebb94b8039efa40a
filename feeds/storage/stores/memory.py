"""The memory of this process (fsspec), for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = ("memory",)
EXTRA = "memory"


def write_options(headers: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001  # it keeps no headers
    """No options."""
    return {}
