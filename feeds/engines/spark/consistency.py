"""Checks that all machines of a cluster have the same code and the same folders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from feeds.catalog.fingerprint import fingerprint
from feeds.errors import ProcessError
from feeds.pipeline.ingest import READING_PACKAGES
from feeds.pipeline.plan import RENDERING_PACKAGES

if TYPE_CHECKING:
    from feeds.storage.folder import Folder

_EXPECTED = "expected a folder that every machine of the cluster reaches, and one run at a time"
NOT_EVERYWHERE = "is not the same on every machine of the cluster; expected a folder that all of them reach"


@dataclass(frozen=True)
class Consistency:
    """The driver's code fingerprint, and the run's `token`: an empty file that it put into the catalog's folder."""

    code: str
    token: str

    def check(self, catalog: Folder) -> None:
        """Raise ProcessError if this machine has other code or another folder."""
        check_code(self.code)
        if catalog.read(self.token) is None:
            raise ProcessError(f"{catalog}: has not what this run put there; {_EXPECTED}")


@cache
def code_fingerprint() -> str:
    """A fingerprint of the code that reads articles and renders documents."""
    return fingerprint((*READING_PACKAGES, *RENDERING_PACKAGES))


def check_code(code: str) -> None:
    """Raise ProcessError if this machine has other code than the driver."""
    if code_fingerprint() != code:
        raise ProcessError("a machine of the cluster has not the Python, feeds or packages that the first one has")
