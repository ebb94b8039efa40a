"""Fixtures that all tests share."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from feeds import parallel
from tests.support.site import Site

if TYPE_CHECKING:
    from pathlib import Path

pytest.register_assert_rewrite(
    "tests.support.cases", "tests.support.discovery_contract", "tests.support.folder_contract"
)

# `ci` has the settings of Hypothesis, and is what `make test` runs; `dev` has fewer examples, for `make quick`.
# HYPOTHESIS_PROFILE chooses. Test modules read the profile when they are imported, which is after this.
settings.register_profile("ci")
settings.register_profile("dev", max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Unless the environment says how many: one more than there are processors, for tests wait for servers."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else parallel.available_jobs() + 1


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An empty site with the smallest configuration, in the working directory."""
    monkeypatch.chdir(tmp_path)
    site = Site(tmp_path)
    (tmp_path / "articles").mkdir()
    site.configure(
        """\
        site: {title: Test Wire, url: https://feeds.example.com/}
        source: {articles: [../articles]}
        pages: off
        """
    )
    return site


#: Those of pytest-xdist, which the command does not have.
_THREADS = frozenset(threading.enumerate())


@pytest.fixture(autouse=True)
def _processes_as_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork beside the threads of pytest-xdist, and that of fsspec, which waits for ever after it was used.

    Others may hold locks that nobody returns then.
    """
    others = (thread for thread in threading.enumerate() if thread.name != "fsspecIO")
    if sys.platform == "linux" and _THREADS.issuperset(others):
        monkeypatch.setattr(parallel, "start_method", lambda: "fork")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-cases", action="store_true", help="write what the cases publish into their expected/")


@pytest.fixture
def update_cases(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-cases"))
