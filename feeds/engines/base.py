"""What does a run's work: the processors of this machine, or others that do the same to the same values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from contextlib import AbstractContextManager

    from feeds.catalog.protocol import Catalog, ReadingFingerprint
    from feeds.config.schema import Config
    from feeds.pipeline.ingest import IngestResult
    from feeds.pipeline.publish import Rendering
    from feeds.selection.membership import MembershipRules


class Work(Protocol):
    """What a run has at hand while it lasts: what is known, a way to bring that up to date, and one to render."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def rendering(self) -> Rendering: ...

    def refresh(self, config: Config, rules: MembershipRules, now: dt.datetime) -> IngestResult:
        """Bring the catalog up to what the article folders hold at the time `now`."""


class Engine(Protocol):
    """How a run is done. Whatever it is, the same archive gives the same bytes."""

    def opened(self, reading: ReadingFingerprint, *, anew: bool, looks: bool) -> AbstractContextManager[Work]:
        """What is at hand for a run; one that only `looks` keeps nothing. `anew` forgets what is known.

        Raises DamagedCatalogError, also while it lasts, where what is known is damaged.
        """

    def opened_anew(self, reading: ReadingFingerprint, *, looks: bool) -> AbstractContextManager[Work]:
        """The same, where what was known turned out to be damaged."""
