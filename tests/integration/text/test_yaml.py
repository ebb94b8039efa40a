"""Nesting that could crash the process, so that each test starts its own."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("loader", ["ArticleLoader", "ConfigLoader"])
@pytest.mark.parametrize("opening", ["- ", "[", "{a: "], ids=["block list", "list", "mapping"])
def test_unlimited_nesting_is_an_error_and_not_a_crash(loader: str, opening: str) -> None:
    code = (
        f"from feeds.text.yaml import YamlError, load_yaml; from feeds.text.yaml_loaders import {loader}\n"
        f"try: load_yaml({opening!r} * 200_000, {loader})\n"
        "except YamlError as error: print(error.line)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1\n")
