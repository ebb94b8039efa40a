"""Compare `feeds check` with the W3C feed validator on every broken document: `make compare-w3c W3C=FOLDER`.

FOLDER is a copy of https://github.com/w3c/feedvalidator, and W3C_PYTHON a Python with its requirements. Nothing is
downloaded. docs/checks.md holds the output.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.rule_examples import Broken, read_examples
from tests.support.site import Site
from tests.support.sound_site import BASE, publish_sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Messages that do not depend on how a document is written.
_IGNORED = frozenset({"DuplicateUpdated", "UnknownHost"})
#: The extensions of the formats that the validator reads.
_EXTENSIONS = (".rss", ".atom", ".opml")


@dataclass
class Row:
    """A broken document: the rules that it breaks, and the messages of the validator."""

    rule: str
    name: str
    path: str
    text: str
    ours: list[str]
    theirs: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        found = bool(self.ours), bool(self.theirs)
        return {(True, True): "both", (True, False): "feeds check", (False, True): "validator"}.get(found, "nobody")


def main() -> None:
    folder, python = sys.argv[1:3]
    sound, rows = compare(folder, python, [each for each in read_examples() if isinstance(each, Broken)])
    for path, verdict in sound.items():
        _print(f"sound {path}: {', '.join(verdict) or 'nothing'}")
    for row in rows:
        _print(f"{row.name}: found by {row.verdict}; {', '.join(row.ours)}; {', '.join(row.theirs) or '–'}")
    for line in _totals(rows):
        _print(line)


def compare(folder: str, python: str, broken: Sequence[Broken]) -> tuple[dict[str, list[str]], list[Row]]:
    """Return the validator's messages about the sound documents by path, and the results about the broken ones."""
    with tempfile.TemporaryDirectory() as temporary:
        site = Site(Path(temporary))
        publish_sound(site)
        sound = {path: body.decode() for path, body in site.documents().items() if path.endswith(_EXTENSIONS)}
        rows = [_row(site.output, each) for each in broken if each.path.endswith(_EXTENSIONS)]
    documents = [*sound.items(), *((row.path, row.text) for row in rows)]
    verdicts = _verdicts(folder, python, [(f"{BASE}{path}", text) for path, text in documents])
    for row, verdict in zip(rows, verdicts[len(sound) :], strict=True):
        row.theirs = verdict
    return dict(zip(sound, verdicts, strict=False)), rows


def _row(output: Path, broken: Broken) -> Row:
    text, rules = broken.apply(output)
    return Row(broken.rule, broken.id, broken.path, text, sorted(rules))


def _verdicts(folder: str, python: str, documents: list[tuple[str, str]]) -> list[list[str]]:
    driver = Path(__file__).with_name("w3c_verdicts.py")
    result = subprocess.run(
        [python, str(driver), folder], input=json.dumps(documents), capture_output=True, text=True, check=False
    )
    if result.returncode:
        sys.exit(result.stderr)
    found: list[list[str]] = json.loads(result.stdout)
    return [[message for message in verdict if message.split()[1] not in _IGNORED] for verdict in found]


def _totals(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the rows of the table in docs/checks.md, without the explanations of differences, and the sums."""
    by_rule: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_rule[row.rule].append(row)
    for rule, found in by_rule.items():
        both = sum(row.verdict == "both" for row in found)
        names = ", ".join(f"`{name}`" for name in _classes(found)) or "–"
        yield f"| `{rule}` | {len(found)} | {both} | {names} |"
    sums = {verdict: sum(row.verdict == verdict for row in rows) for verdict in ("both", "feeds check", "validator")}
    sums |= {"rows": len(rows), "classes": len(_classes(rows))}
    yield ", ".join(f"{name}: {count}" for name, count in sums.items())


def _classes(rows: Sequence[Row]) -> list[str]:
    return sorted({message.split()[1] for row in rows for message in row.theirs})


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
