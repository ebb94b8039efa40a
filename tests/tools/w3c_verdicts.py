"""Run the W3C feed validator on the documents on standard input, and print its messages, both as JSON.

The validator needs libraries that we do not depend on, so `compare_with_w3c.py` starts this script with a Python that
has them: `python w3c_verdicts.py FOLDER`, where FOLDER is a copy of https://github.com/w3c/feedvalidator.
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
    socket.gethostbyname = lambda _: "127.0.0.1"  # the hosts of examples need not exist
    documents: list[tuple[str, str]] = json.load(sys.stdin)
    json.dump([_verdict(validator, levels, address, text) for address, text in documents], sys.stdout)


def _verdict(validator: Any, levels: dict[str, Any], address: str, text: str) -> list[str]:
    """Return the errors and warnings of the validator as `level class`, without its information."""
    body = text.encode(errors="surrogateescape")
    events = validator.validateString(body, firstOccurrenceOnly=0, base=address)["loggedEvents"]
    found = ((level, event) for event in events for level, kind in levels.items() if isinstance(event, kind))
    return sorted({f"{level} {type(event).__name__}" for level, event in found})


if __name__ == "__main__":
    main()
