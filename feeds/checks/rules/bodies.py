"""What is published in another form than in the body of an article, because readers do not show it."""

from __future__ import annotations

from feeds.checks.rules.rule import Rule

RULES = (
    Rule(
        "embed-replaced",
        "note",
        "A frame or an embed is replaced by a link with its title, and with the thumbnail of a known service.",
        "Readers remove frames, and an entry may be nothing else.",
        "docs/formats.md, HTML",
    ),
    Rule(
        "formula-replaced",
        "note",
        "A formula in MathML is replaced by its TeX, or by a line of text.",
        "Few readers show MathML, and some show its parts in another order.",
        "docs/formats.md, HTML",
    ),
    Rule(
        "hidden-removed",
        "note",
        "An element that browsers do not show is left out.",
        "Readers drop the attributes and styles that hide it, so it would be shown.",
        "docs/formats.md, HTML",
    ),
    Rule(
        "image-removed",
        "note",
        "An image that stands in the text itself (`data:`) is left out.",
        "Readers remove such images, or load them with each list of entries. Link a file instead.",
        "docs/formats.md, HTML",
    ),
    Rule(
        "media-removed",
        "note",
        "An audio or video element without a file is left out.",
        "Nothing could be played.",
        "docs/formats.md, HTML",
    ),
)
