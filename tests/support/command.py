"""The command line, run within the process of the test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

from feeds.cli.commands import main

if TYPE_CHECKING:
    from click.testing import Result

    from tests.support.site import Site


def run(site: Site, *arguments: str) -> Result:
    """Run `feeds ARGUMENTS` in the folder of a site, and return its exit code and output."""
    before = Path.cwd()
    os.chdir(site.folder)
    try:
        return CliRunner().invoke(main, arguments)
    finally:
        os.chdir(before)
