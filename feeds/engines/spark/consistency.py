"""By what the machines of a cluster tell that they all have the same: code, and folders."""

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
    """By what a machine knows that it has what the first one has: its code, and the catalog in a folder.

    In that the first one put an empty file, the `token` of this run.
    """

    code: str
    token: str

    def check(self, catalog: Folder) -> None:
        """Raise ProcessError where this machine has another."""
        check_code(self.code)
        if catalog.read(self.token) is None:
            raise ProcessError(f"{catalog}: has not what this run put there; {_EXPECTED}")


@cache
def code_fingerprint() -> str:
    """What tells the code that articles are read and documents rendered with from other code."""
    return fingerprint((*READING_PACKAGES, *RENDERING_PACKAGES))


def check_code(code: str) -> None:
    """Raise ProcessError where this machine has other code than the first one."""
    if code_fingerprint() != code:
        raise ProcessError("a machine of the cluster has not the Python, feeds or packages that the first one has")
