"""The interface of an engine, which reads, merges and renders in a run. Every engine gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Generator, Sequence
    from contextlib import AbstractContextManager

    from feeds.catalog.protocol import Catalog, ReadingFingerprint
    from feeds.config.schema import Config
    from feeds.output.publisher import WrittenDocument
    from feeds.pipeline.ingest import IngestResult
    from feeds.pipeline.plan import Site
    from feeds.pipeline.publish import RenderTask
    from feeds.selection.membership import MembershipRules


class Engine(Protocol):
    """An engine with its catalog open."""

    @property
    def catalog(self) -> Catalog: ...

    def refresh(self, config: Config, rules: MembershipRules, now: dt.datetime) -> IngestResult:
        """Bring the catalog up to date with the archive as of `now`."""

    def render(
        self, site: Site, stages: Sequence[Sequence[RenderTask]], /
    ) -> Generator[list[WrittenDocument], None, None]:
        """Render and write the documents of tasks; see pipeline.publish.Render."""


class EngineOpener(Protocol):
    """The way to open an engine."""

    def open(self, fingerprint: ReadingFingerprint, *, fresh: bool, read_only: bool) -> AbstractContextManager[Engine]:
        """Open the engine. A `fresh` catalog is empty; changes of a `read_only` one are not kept.

        Raises DamagedCatalogError, also while the engine is open, if the catalog is damaged.
        """

    def discard_catalog(self) -> None:
        """Remove what is damaged of the catalog, so that a fresh one can be opened."""
