"""The documents of a site: rendered where they are not current, and written in an order that readers can rely on.

No document refers to one that is not written yet. Assets and new documents of known feeds are written first, then new
archives, other archives, feeds, and at last the lists of feeds.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from feeds.digests import digest_of
from feeds.http.codings import document_of, precompress
from feeds.models import SubscriptionList
from feeds.output.publisher import WrittenDocument, publish, write_document
from feeds.pipeline.plan import RenderJob, feed_of
from feeds.pipeline.published import SITE, by_part, digest_of_records, outlines_of, state_key
from feeds.text.urls import absolute_url

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from feeds.models import Document, Entry
    from feeds.output.publisher import Published
    from feeds.pipeline.plan import RenderDecision, Site, Snapshot
    from feeds.pipeline.published import PublishedState
    from feeds.progress import Track
    from feeds.storage.folder import Folder


class RenderTask(NamedTuple):
    """A job, and the paths of the documents that are wanted of it, or None for all."""

    job: RenderJob
    paths: frozenset[str] | None = None


class Render(Protocol):
    """Render and write the documents of tasks, and yield those of each task in order.

    A stage begins when the one before is finished; tasks of one stage may run at the same time.
    """

    def __call__(
        self, site: Site, stages: Sequence[Sequence[RenderTask]], /
    ) -> Generator[list[WrittenDocument], None, None]: ...


#: Written documents, each with the signature of what it shows.
_Signed = list[tuple[WrittenDocument, bytes]]


def publish_site(snapshot: Snapshot, decision: RenderDecision, render: Render, track: Track) -> Published:
    """Publish what is not current."""
    site, published = snapshot.site, snapshot.published
    paths = [path for job in decision.jobs for path in job.paths]
    kept = decision.kept
    if not decision.jobs and published.is_current(SITE, decision.lists, _list_signature(site, kept, decision)):
        kept = [*kept, *published.kept(SITE)]
    else:
        paths += decision.lists
    signed: _Signed = []
    written = _write(snapshot, decision, render, track, signed) if paths else iter(())
    result = publish(site.output, published.output, paths, written, kept=kept)
    rows = [(document.record.path, signature, document.version) for document, signature in signed]
    snapshot.catalog.set_documents(site.output.key, rows, result.removed)
    snapshot.catalog.set_state(state_key(site.output), [*decision.state, digest_of_records(result.documents)])
    return result


def render_task(task: RenderTask, entries: Sequence[Entry], site: Site) -> list[WrittenDocument]:
    """Render a feed with these entries, in all wanted formats, and write the documents."""
    from feeds.render.documents import render_documents  # noqa: PLC0415  # slow, and many runs render nothing

    documents = render_documents(feed_of(task.job, entries, site))
    wanted = (document for document in documents if task.paths is None or document.path in task.paths)
    return list(_write_documents(wanted, site, site.output.assume_absent(task.job.absent)))


def _write(
    snapshot: Snapshot, decision: RenderDecision, render: Render, track: Track, signed: _Signed
) -> Iterator[WrittenDocument]:
    """Write everything that is not current. Documents that are written early are rendered again in their turn."""
    site, published = snapshot.site, snapshot.published
    added = [RenderTask(job, frozenset(paths)) for job in decision.jobs if (paths := published.added(job.paths))]
    archives = [job for job in decision.jobs if job.segment.month]
    stages = [
        [job for job in archives if not published.has_any(job.paths)],
        [job for job in archives if published.has_any(job.paths)],
        [job for job in decision.jobs if not job.segment.month],
    ]
    jobs = [job for stage in stages for job in stage]
    early = set(_written_paths(_write_assets(snapshot, decision)))
    tasks = [[RenderTask(_without_added(job, published)) for job in stage] for stage in stages]
    with closing(render(site.for_rendering, [added, *tasks])) as results:
        early |= {path for documents in islice(results, len(added)) for path in _written_paths(documents)}
        for job, documents in zip(jobs, track(results, len(jobs), "Publishing"), strict=True):
            signed.extend((document, job.signature) for document in documents)
            yield from _mark_written(documents, early)
    yield from _mark_written(_write_lists(snapshot, decision, signed), early)


def _without_added(job: RenderJob, published: PublishedState) -> RenderJob:
    """The job when added documents are written: they and their precompressed files are not absent any more."""
    added = published.added(job.paths)
    return (
        msgspec.structs.replace(job, absent=tuple(path for path in job.absent if document_of(path) not in added))
        if added
        else job
    )


def _written_paths(documents: Iterable[WrittenDocument]) -> Iterator[str]:
    return (document.record.path for document in documents if document.is_written)


def _mark_written(documents: Iterable[WrittenDocument], early: set[str]) -> Iterator[WrittenDocument]:
    """Count documents that were written early as written."""
    for document in documents:
        yield msgspec.structs.replace(document, is_written=True) if document.record.path in early else document


def _write_assets(snapshot: Snapshot, decision: RenderDecision) -> Iterator[WrittenDocument]:
    """Write the assets that pages and feeds refer to, if they are missing or changed."""
    site = snapshot.site
    if site.config.has_pages and not snapshot.published.has_intact_assets():
        from feeds.render.documents import render_assets  # noqa: PLC0415  # as above

        assets = render_assets(_subscriptions(site, decision.kept))
        yield from _write_documents(_wanted(assets, decision), site, site.output)


def _write_lists(snapshot: Snapshot, decision: RenderDecision, signed: _Signed) -> Iterator[WrittenDocument]:
    """Write the documents of the site, after those of all feeds."""
    site, published = snapshot.site, snapshot.published
    feeds = [*decision.kept, *(document for document, _ in signed)]
    signature = _list_signature(site, feeds, decision)
    if published.is_current(SITE, decision.lists, signature):
        yield from published.kept(SITE)
        return
    from feeds.render.documents import render_site  # noqa: PLC0415  # as above

    for document in _write_documents(_wanted(render_site(_subscriptions(site, feeds)), decision), site, site.output):
        signed.append((document, signature))
        yield document


def _wanted(documents: Iterable[Document], decision: RenderDecision) -> Iterator[Document]:
    """The documents of the site that the decision lists."""
    return (document for document in documents if document.path in decision.lists)


def _list_signature(site: Site, documents: Iterable[WrittenDocument], decision: RenderDecision) -> bytes:
    """The signature of the documents that list these documents of feeds."""
    return digest_of([_subscriptions(site, documents), decision.rendering])


def _subscriptions(site: Site, documents: Iterable[WrittenDocument]) -> SubscriptionList:
    """The list of the feeds that these documents show."""
    settings = site.config.site
    return SubscriptionList(
        title=settings.title,
        description=settings.description,
        base_url=site.config.base_url,
        language=settings.language,
        outlines=tuple(outlines_of(by_part(document.record for document in documents))),
        has_pages=site.config.has_pages,
        icon=absolute_url(settings.icon) if settings.icon else None,
        rights=settings.rights,
    )


def _write_documents(documents: Iterable[Document], site: Site, output: Folder) -> Iterator[WrittenDocument]:
    """Write documents, each after its precompressed files, which are never older."""
    for document in documents:
        for file in (*precompress(document, site.config.codings), document):
            yield write_document(output, file)
