"""Where things are in the checkout."""

from __future__ import annotations

from pathlib import Path

import feeds

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
CASES = TESTS / "cases"
CORPUS = TESTS / "corpus"
SCHEMAS = TESTS / "schemas"
PACKAGE = Path(feeds.__file__).parent
