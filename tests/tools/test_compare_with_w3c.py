"""The comparison with the W3C feed validator, with a small module in place of the validator."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.support.rule_examples import Broken, read_examples
from tests.tools.compare_with_w3c import compare

if TYPE_CHECKING:
    from pathlib import Path

#: Warns of a document with fewer than two `<guid`, and has information about every document.
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
    ids = {"missing-element-rss-guid", "bad-outline-opml", "bad-date-json"}
    rows = [row for row in read_examples() if isinstance(row, Broken) and row.id in ids]
    sound, compared = compare(str(tmp_path), sys.executable, rows)
    assert "all.rss" in sound
    assert set(map(tuple, sound.values())) == {()}
    assert [(row.name, row.verdict, row.theirs) for row in compared] == [
        ("missing-element-rss-guid", "both", ["warning MissingGuid"]),
        ("bad-outline-opml", "feeds check", []),
    ]
    assert compared[0].ours == ["formats-differ", "missing-element"]
