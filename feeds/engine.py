"""What does a run's work: the processors of this machine, or others that do the same to the same values."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from feeds.archive import refresh
from feeds.catalog import Catalog, identity
from feeds.documents import rendering_here

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from feeds.archive import Refreshed
    from feeds.catalog import AnyCatalog, Reading
    from feeds.documents import Rendering
    from feeds.membership import Rules
    from feeds.parallel import Track
    from feeds.settings import Config


class Work(Protocol):
    """What a run has at hand while it lasts: what is known, a way to bring that up to date, and one to render."""

    @property
    def catalog(self) -> AnyCatalog: ...

    @property
    def rendering(self) -> Rendering: ...

    def refresh(self, config: Config, rules: Rules, now: dt.datetime) -> Refreshed:
        """Bring the catalog up to what the article folders hold at the time `now`."""


class Engine(Protocol):
    """How a run is done. Whatever it is, the same archive gives the same bytes."""

    def opened(self, reading: Reading, *, anew: bool, looks: bool) -> AbstractContextManager[Work]:
        """What is at hand for a run; one that only `looks` keeps nothing. `anew` forgets what is known.

        Raises DamagedCatalogError, also while it lasts, where what is known is damaged.
        """

    def opened_anew(self, reading: Reading, *, looks: bool) -> AbstractContextManager[Work]:
        """The same, where what was known turned out to be damaged."""


@dataclass(frozen=True)
class LocalWork:
    """What a run on this machine has at hand."""

    catalog: Catalog
    jobs: int
    track: Track

    @property
    def rendering(self) -> Rendering:
        return partial(rendering_here, self.catalog, self.jobs)

    def refresh(self, config: Config, rules: Rules, now: dt.datetime) -> Refreshed:
        return refresh(self.catalog, config, rules, now, jobs=self.jobs, track=self.track)


class LocalEngine:
    """The processors of this machine, and a catalog in a file."""

    def __init__(self, path: Path, jobs: int, track: Track) -> None:
        self._path = path
        self._jobs = jobs
        self._track = track
        self._file = identity(path)

    @contextmanager
    def opened(self, reading: Reading, *, anew: bool, looks: bool) -> Iterator[LocalWork]:
        catalog = Catalog.to_look_at(self._path, reading) if looks else Catalog(self._path, reading, anew=anew)
        with catalog:
            yield LocalWork(catalog, self._jobs, self._track)

    @contextmanager
    def opened_anew(self, reading: Reading, *, looks: bool) -> Iterator[LocalWork]:
        if not looks:
            Catalog.discard(self._path, self._file)
        with Catalog(None if looks else self._path, reading) as catalog:
            yield LocalWork(catalog, self._jobs, self._track)
