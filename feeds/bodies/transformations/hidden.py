"""Hidden content: removed, because readers drop the attributes and styles that hide it (HTML, 6.1; WAI-ARIA, 6.6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feeds.bodies.tree import attribute

if TYPE_CHECKING:
    from turbohtml import Element

    from feeds.bodies.context import BodyContext

#: Declarations that hide an element with all that it contains. Newsletters have a font size of 0 around other text, and
#: pages an opacity of 0 until a script shows what scrolls in.
_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)\s*(?:!\s*important\s*)?(?:;|$)",
    re.IGNORECASE,
)
#: Elements whose content `hidden` does not concern: they show nothing, or are handled elsewhere.
_OTHERS = frozenset({"img", "noscript", "script", "style", "template"})


def remove_hidden(root: Element, context: BodyContext) -> None:
    """Remove elements that browsers do not show, and copies for the eye only (`aria-hidden`)."""
    for element in list(root.iter_elements()):
        if _is_hidden(element) and element.tag not in _OTHERS:
            if element.text.strip():
                context.note("hidden-removed", f"<{element.tag}> is hidden; it is left out", element)
            element.decompose()


def _is_hidden(element: Element) -> bool:
    if "hidden" in element.attrs and attribute(element, "hidden") != "until-found":
        return True
    if attribute(element, "aria-hidden") == "true":
        return True
    return _HIDING.search(attribute(element, "style")) is not None
