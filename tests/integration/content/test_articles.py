"""Articles that could kill the process that parses them."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_without_end_does_not_kill_the_process(opening: str) -> None:
    code = textwrap.dedent(
        """\
        import datetime, sys
        from feeds.content.articles import parse_article
        content = f"---\\ntitle: T\\nx:\\n  {sys.argv[1] * 100_000}\\n---\\n".encode()
        parsed = parse_article(content, path="a.md", modified=datetime.datetime.now(datetime.UTC))
        print(len(parsed.diagnostics))
        """
    )
    run = subprocess.run([sys.executable, "-c", code, opening], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "1\n", "")
