"""What a rule is."""

from __future__ import annotations

from typing import Literal

import msgspec

#: `error`: something is not published, or readers or validators refuse it. `warning`: it is doubtful.
Level = Literal["error", "warning"]


class Rule(msgspec.Struct, frozen=True):
    """A rule: its stable id, what it finds, why that hurts and whom, and the specification or behaviour behind it."""

    id: str
    level: Level
    what: str
    why: str
    reference: str
