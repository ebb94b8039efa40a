"""Hidden content."""

from __future__ import annotations

import pytest

from feeds.bodies.transformations.hidden import remove_hidden
from tests.support.bodies import transform


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>x</p>",
        '<p hidden="">x</p>',
        '<div style="display:none;max-height:0">x</div>',
        '<div style="color: red; DISPLAY : none !important">x</div>',
        '<span style="visibility:hidden">x</span>',
        '<div style="mso-hide:all">x</div>',
        '<span aria-hidden="true">x</span>',
        "<div hidden><p>x</p><img src=a></div>",
    ],
)
def test_hidden_content_is_removed_and_reported(hidden: str) -> None:
    assert transform(f"<p>a</p>{hidden}<p>b</p>", remove_hidden) == ("<p>a</p><p>b</p>", ["hidden-removed"])


@pytest.mark.parametrize(
    "shown",
    [
        '<p style="display:block">x</p>',
        '<p style="--display:none-of">x</p>',
        '<div hidden="until-found">x</div>',
        '<span aria-hidden="false">x</span>',
        '<td style="font-size:0px;padding:0"><div style="font-size:13px">x</div></td>',
        '<p style="opacity:0">x</p>',
        '<img aria-hidden="true" src="a">',
        "<p title=hidden>x</p>",
    ],
)
def test_other_content_stays(shown: str) -> None:
    html, rules = transform(shown, remove_hidden)
    assert "x" in html or "img" in html
    assert rules == []


def test_what_is_hidden_and_empty_is_not_reported() -> None:
    assert transform('<p>a<span aria-hidden="true"></span></p>', remove_hidden) == ("<p>a</p>", [])
