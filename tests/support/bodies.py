"""Transformations of bodies, tried on HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.bodies.context import BodyContext
from feeds.bodies.tree import parse_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from turbohtml import Element


def transform(html: str, transformation: Callable[[Element, BodyContext], None]) -> tuple[str, list[str]]:
    """The HTML after a transformation, and the rules of its notes."""
    root, context = parse_html(html), BodyContext("https://a.example/story")
    transformation(root, context)
    return root.inner_html, list(context.notes)
