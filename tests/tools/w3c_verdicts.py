"""The W3C feed validator, run on its own: documents in on standard input, its messages out, both as JSON.

It is no dependency of ours and needs libraries that we do not have, so `compare_with_w3c.py` starts this with a Python
that has them: `python w3c_verdicts.py FOLDER`, where FOLDER is a copy of https://github.com/w3c/feedvalidator.
"""

from __future__ import annotations

import importlib
import json
import socket
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    sys.path.insert(0, str(Path(sys.argv[1]) / "src"))
    validator = importlib.import_module("feedvalidator")
    levels = {"error": validator.logging.Error, "warning": validator.logging.Warning}
    socket.gethostbyname = lambda _: "127.0.0.1"  # whether a host is there is not what is compared
    documents: list[tuple[str, str]] = json.load(sys.stdin)
    json.dump([_verdict(validator, levels, address, text) for address, text in documents], sys.stdout)


def _verdict(validator: Any, levels: dict[str, Any], address: str, text: str) -> list[str]:
    """What the validator reports, as `level class`; what it only tells is left out."""
    body = text.encode(errors="surrogateescape")
    events = validator.validateString(body, firstOccurrenceOnly=0, base=address)["loggedEvents"]
    found = ((level, event) for event in events for level, kind in levels.items() if isinstance(event, kind))
    return sorted({f"{level} {type(event).__name__}" for level, event in found})


if __name__ == "__main__":
    main()
