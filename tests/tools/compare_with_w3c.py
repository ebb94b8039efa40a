"""What the W3C feed validator and `feeds check` say of each broken document: `make compare-w3c W3C=FOLDER`.

FOLDER is a copy of https://github.com/w3c/feedvalidator, and W3C_PYTHON a Python that has what its requirements.txt
names. Nothing is fetched. docs/checks.md has what this prints.
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

from feeds.checks.folder import validate_folder
from feeds.progress import untracked
from tests.integration.checks.test_folder import BASE, rewrite
from tests.support.broken_documents import BROKEN, publish_sound
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.broken_documents import Broken

#: What says nothing of how a document is written.
_PASSED_OVER = frozenset({"DuplicateUpdated", "UnknownHost"})
_READ = (".rss", ".atom", ".opml")


@dataclass
class Row:
    """A broken document: which rules it is against, and what the validator says of it."""

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
    sound, rows = compare(folder, python, BROKEN)
    for path, verdict in sound.items():
        _print(f"sound {path}: {', '.join(verdict) or 'nothing'}")
    for row in rows:
        _print(f"{row.name}: found by {row.verdict}; {', '.join(row.ours)}; {', '.join(row.theirs) or '–'}")
    for line in _totals(rows):
        _print(line)


def compare(folder: str, python: str, broken: Sequence[Broken]) -> tuple[dict[str, list[str]], list[Row]]:
    """What the validator says of the documents of the sound site, and both of them of those that are broken."""
    with tempfile.TemporaryDirectory() as place:
        site = Site(Path(place))
        publish_sound(site)
        sound = {path: body.decode() for path, body in site.documents().items() if path.endswith(_READ)}
        rows = [_row(site.output, each) for each in broken if each.path.endswith(_READ)]
    documents = [*sound.items(), *((row.path, row.text) for row in rows)]
    verdicts = _verdicts(folder, python, [(f"{BASE}{path}", text) for path, text in documents])
    for row, verdict in zip(rows, verdicts[len(sound) :], strict=True):
        row.theirs = verdict
    return dict(zip(sound, verdicts, strict=False)), rows


def _row(output: Path, broken: Broken) -> Row:
    place, manifest = output / broken.path, output / "feeds.json"
    before, listed = place.read_bytes(), manifest.read_bytes()
    try:
        text = broken.change(before.decode())
        rewrite(output, broken.path, text.encode(errors="surrogateescape"))
        mistakes = validate_folder(output, BASE, NOW, jobs=1, track=untracked).mistakes
    finally:
        place.write_bytes(before)
        manifest.write_bytes(listed)
    return Row(broken.rule, broken.id, broken.path, text, sorted({mistake.rule for mistake in mistakes}))


def _verdicts(folder: str, python: str, documents: list[tuple[str, str]]) -> list[list[str]]:
    driver = Path(__file__).with_name("w3c_verdicts.py")
    result = subprocess.run(
        [python, str(driver), folder], input=json.dumps(documents), capture_output=True, text=True, check=False
    )
    if result.returncode:
        sys.exit(result.stderr)
    found: list[list[str]] = json.loads(result.stdout)
    return [[said for said in verdict if said.split()[1] not in _PASSED_OVER] for verdict in found]


def _totals(rows: Sequence[Row]) -> Iterator[str]:
    """The table of docs/checks.md, without what is said there of each difference, and the sums."""
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
    return sorted({said.split()[1] for row in rows for said in row.theirs})


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
