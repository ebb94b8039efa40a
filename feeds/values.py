"""The base class of values that stay inside a run."""

from __future__ import annotations

import msgspec


class PlainValue(msgspec.Struct, frozen=True):
    """A frozen value that is never encoded; `msgspec.structs.replace` copies it with changes.

    A dataclass would do the same, but its definition takes half a millisecond in every process.
    """
