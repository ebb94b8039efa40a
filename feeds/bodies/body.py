"""The body of an article: Markdown or HTML, parsed to a tree, transformed for readers, and made safe."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from feeds.bodies.context import BodyContext
from feeds.bodies.markdown import render_body
from feeds.bodies.transformations.code import clean_code
from feeds.bodies.transformations.embeds import link_embeds
from feeds.bodies.transformations.fragments import keep_fragments
from feeds.bodies.transformations.hidden import remove_hidden
from feeds.bodies.transformations.images import show_images
from feeds.bodies.transformations.math import write_formulas
from feeds.bodies.transformations.media import link_media
from feeds.bodies.transformations.structure import keep_structure
from feeds.text.urls import resolve_reference

if TYPE_CHECKING:
    from turbohtml import Element

    from feeds.bodies.tree import Note

#: In this order: formulas hide a copy of themselves, and lazy images have frames and images in `noscript`.
_TRANSFORMATIONS = (
    *(write_formulas, remove_hidden, clean_code, show_images, link_embeds, link_media, keep_structure, keep_fragments),
)

#: Characters of a body whose notes have lines. The lines of Markdown are found by rendering it again.
_MAX_LOCATED = 100_000


def render_entry_body(body: str, context: BodyContext, note: Note = lambda _: None) -> str:
    """Return the body of an article as safe HTML, in which relative URLs follow the URL of the entry.

    What is replaced or left out is noted in `context`. `note` receives what was simplified because it takes too long.
    """
    resolve = partial(resolve_reference, base=context.url)
    html = render_body(body, resolve, note, partial(_transform, context=context))
    if context.notes and len(body) <= _MAX_LOCATED:
        again = BodyContext(context.url)
        render_body(body, resolve, transform=partial(_transform, context=again), with_lines=True)
        context.notes = again.notes
    return html


def _transform(root: Element, context: BodyContext) -> None:
    for transformation in _TRANSFORMATIONS:
        transformation(root, context)
