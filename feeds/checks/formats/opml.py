"""The list of feeds, OPML 2.0 (http://opml.org/spec2.opml)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.checks.formats.result import Judged
from feeds.checks.formats.schema import Shape, judge_shape, line_of, parse_root
from feeds.checks.formats.values import address, name_in_opml, one_of

if TYPE_CHECKING:
    from feeds.checks.formats.result import About


_SHAPES = {
    "opml": Shape({"head": "1", "body": "1"}, {"version!": one_of("wrong-version", "2.0")}),
    "head": Shape({"title": "1"}),
    "title": Shape(text=name_in_opml),
    "body": Shape({"outline": "+"}),
    "body/outline": Shape({"outline": "*"}, {"text!": name_in_opml}),
    "outline/outline": Shape(
        attributes={
            "type!": one_of("bad-outline", "rss"),
            "text!": name_in_opml,
            "title!": name_in_opml,
            "xmlUrl!": address,
            "htmlUrl": address,
            "version": one_of("bad-outline", "RSS2"),
        }
    ),
}


def judge_opml(body: bytes, about: About) -> Judged:
    """What is wrong with a list of feeds."""
    judged = Judged(about.path)
    parsed = parse_root(body, "opml", judged)
    if parsed is None:
        return judged
    root, lines = parsed
    judge_shape(root, _SHAPES, "", about, lines, judged)
    for outline in root.iter("outline"):
        for name in ("xmlUrl", "htmlUrl"):
            if outline.get(name):
                judged.links.append((line_of(outline), outline.get(name, "")))
    return judged
