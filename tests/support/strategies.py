"""Parts of the tests that use Hypothesis."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

#: The examples that a test runs under Hypothesis's own settings, which the profile `ci` keeps.
_DEFAULT_EXAMPLES = 100


def examples(count: int) -> int:
    """Return `max_examples` for a test that runs `count` examples in the profile `ci`, and fewer in `dev`."""
    return max(1, count * settings().max_examples // _DEFAULT_EXAMPLES)


def nested_values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for lists and mappings that nest `leaves`, as YAML may hold."""
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "b", "1", "true", "no", "x y"]), inner, min_size=1, max_size=3)
        ),
        max_leaves=12,
    )


any_examples = settings(derandomize=True, deadline=None, max_examples=examples(80), database=None)

#: Text that is special somewhere: in XML, HTML, Markdown, JSON, YAML, URLs or templates.
PIECES = (
    *("<", ">", "&", '"', "'", "\\", "`", "#", "@", "%s", "%zz", "{{", "{0}", "{name}", "...", ":80", "xn--", "null"),
    *("]]>", "<![CDATA[", "<!--", "-->", "<?xml?>", "<b>", "<p>", "</p>", "</title>", "<style>", "<pre>", "<li>"),
    *("&amp;", "&lt;", "&#60;", "&#x3C;", "&#1;", "&#xFFFE;", "&#xD800;", "&#0;", "&nbsp;", "&copy", "&nothing;"),
    *("\x00", "\x08", "\x0b", "\x0c", "\x1b", "\x85", "\u2028", "\u202e", "\ufdd0", "\ufffe", "\uffff", "\U0001fffe"),
    *("\n", "\r\n", "\t", "\n\n", "---\n", "\n---\n", "    ", "2020-06-10", "urn:", "mailto:"),
    *("https://i.example/a.jpg", "http://", "//x", "/a b", "?a=b", "../../etc/passwd", "javascript:alert(1)"),
    *("<script>alert(1)</script>", '<img src=x onerror="alert(1)">', '<a href="javascript:alert(1)">x</a>'),
    *('<iframe src="https://x.example/">', "<svg onload=alert(1)>", "[x](javascript:alert(1))", "![x](data:,x)"),
)


@cache
def pieces(without: str) -> st.SearchStrategy[list[str]]:
    characters = st.characters(codec="utf-8", exclude_characters=without)
    allowed = [piece for piece in PIECES if not set(piece) & set(without)]
    return st.lists(st.one_of(st.text(characters, max_size=12), st.sampled_from(allowed)), max_size=4)


@st.composite
def texts(draw: st.DrawFn, without: str = "") -> str:
    """Text of any characters that UTF-8 can hold but those in `without`, often with special pieces."""
    return "".join(draw(pieces(without)))
