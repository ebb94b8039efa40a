"""The comparison with the W3C feed validator, with something small in the place of the validator."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.support.broken_documents import BROKEN
from tests.tools.compare_with_w3c import compare

if TYPE_CHECKING:
    from pathlib import Path

#: Takes what has no `<guid` for a mistake, and has something to say of everything.
VALIDATOR = """\
class logging:
    class Error: params = {}
    class Warning: params = {}

class MissingGuid(logging.Warning): pass
class DuplicateUpdated(logging.Warning): pass
class ValidURI: pass

def validateString(body, firstOccurrenceOnly, base):
    is_wrong = base.endswith("/all.rss") and body.count(b"<guid") < 2
    return {"loggedEvents": [ValidURI(), DuplicateUpdated(), *([MissingGuid()] if is_wrong else [])]}
"""


def test_both_look_at_the_same_documents(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "feedvalidator.py").write_text(VALIDATOR, encoding="utf-8")
    rows = [row for row in BROKEN if row.id in {"missing-element-rss-guid", "bad-outline-opml", "bad-date-json"}]
    sound, compared = compare(str(tmp_path), sys.executable, rows)
    assert "all.rss" in sound
    assert set(map(tuple, sound.values())) == {()}
    assert [(row.name, row.verdict, row.theirs) for row in compared] == [
        ("missing-element-rss-guid", "both", ["warning MissingGuid"]),
        ("bad-outline-opml", "feeds check", []),
    ]
    assert compared[0].ours == ["formats-differ", "missing-element"]
