"""Links within a body."""

from __future__ import annotations

import pytest

from feeds.bodies.transformations.fragments import keep_fragments
from tests.support.bodies import transform


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="#n">1</a><p id="n">x</p><p id="o">y</p>', '<a href="#n">1</a><p id="n">x</p><p>y</p>'),
        ('<a href="#caf%C3%A9">1</a><p id="café">x</p>', '<a href="#caf%C3%A9">1</a><p id="café">x</p>'),
        ('<a href="#n">1</a><a name="n">x</a>', '<a href="#n">1</a><a name="n" id="n">x</a>'),
        ('<a href="x#n">1</a><p id="n">x</p>', '<a href="x#n">1</a><p>x</p>'),
        ('<h2 id="m">More <a href="#m">¶</a></h2>', "<h2>More </h2>"),
        ('<h2 id="m">More<a class="hash-link" href="#m" title="x">\u200b</a></h2>', "<h2>More</h2>"),
        ('<h2 id="m"><a href="#m"></a>More</h2>', "<h2>More</h2>"),
        ('<h2 id="m"><a href="#m">More</a></h2>', '<h2 id="m"><a href="#m">More</a></h2>'),
        ('<p><a href="#m">¶</a></p><h2 id="m">x</h2>', '<p><a href="#m">¶</a></p><h2 id="m">x</h2>'),
    ],
)
def test_ids_that_links_need_stay_and_anchors_of_headings_go(html: str, expected: str) -> None:
    assert transform(html, keep_fragments) == (expected, [])
