"""Look for bytes for which something does not hold, led by which lines of our code they reach.

    python -m fuzz article -max_total_time=60 .fuzz/article tests/corpus/article

What follows the name of the oracle is libFuzzer's. atheris has wheels for Linux on x86-64. Of what is written in other
languages (nh3, can_ada, yaml12, libyaml, lxml) it sees nothing, but what our code does with it.
"""

from __future__ import annotations

import sys

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("atheris is not installed; `make fuzz` does that, on Linux on x86-64")

with atheris.instrument_imports(include=["feeds", "markdown_it", "slugify"]):
    from fuzz.oracles import ORACLES

    for oracle in ORACLES.values():  # what is imported where it is needed is to be led by, too
        oracle(b"---\ntitle: A\nwebUrl: https://a.example/\npublishedDateTime: 2026-01-01\n---\n*A* <b>b</b>\n\n- c")


def main() -> None:
    """Give made-up bytes to the oracle that the first argument names, until it raises or the time is over."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in ORACLES:
        sys.exit(f"{name!r} is no oracle; expected one of {', '.join(ORACLES)}")
    atheris.Setup([sys.argv[0], *sys.argv[2:]], ORACLES[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
