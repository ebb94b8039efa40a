"""Structure in forms and style sheets."""

from __future__ import annotations

import pytest

from feeds.bodies.transformations.structure import keep_structure
from tests.support.bodies import transform


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<li><input type="checkbox" checked disabled> a</li>', "<li>☑  a</li>"),
        ('<li><input type="CHECKBOX"> a</li>', "<li>☐  a</li>"),
        ("<input type=text>", '<input type="text">'),
        (
            '<table><tr><td style="text-align:right">a</td></tr></table>',
            '<table><tbody><tr><td style="text-align:right" align="right">a</td></tr></tbody></table>',
        ),
        (
            '<table><tr><th style="color:red; text-align: center">a</th></tr></table>',
            '<table><tbody><tr><th style="color:red; text-align: center" align="center">a</th></tr></tbody></table>',
        ),
    ],
)
def test_structure_is_kept_in_text_and_attributes(html: str, expected: str) -> None:
    assert transform(html, keep_structure) == (expected, [])
