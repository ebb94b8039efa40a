"""Structure that style sheets and forms express, in attributes and text that readers keep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Text

from feeds.bodies.tree import attribute

if TYPE_CHECKING:
    from turbohtml import Element

    from feeds.bodies.context import BodyContext

_ALIGNMENT = re.compile(r"(?:^|;)\s*text-align\s*:\s*(left|right|center)\b", re.IGNORECASE)
_CELLS = ("td", "th")


def keep_structure(root: Element, _: BodyContext) -> None:
    """Write check boxes as characters, and the alignment of table cells as an attribute."""
    for box in list(root.iter_elements("input")):
        if attribute(box, "type").lower() == "checkbox":
            box.replace_with(Text("☑ " if "checked" in box.attrs else "☐ "))
    for cell in root.iter_elements(_CELLS):
        alignment = _ALIGNMENT.search(attribute(cell, "style"))
        if alignment:
            cell.attrs["align"] = alignment[1].lower()
