"""The documents of a site: rendered where they are not what they should be, and put in their places, in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol

import msgspec

from feeds.digests import digest_of
from feeds.http.codings import compressed, original
from feeds.http.headers import headers_of
from feeds.http.media_types import JSON
from feeds.models import SubscriptionList
from feeds.output.publisher import WrittenDocument, publish, write_document
from feeds.pipeline.plan import RenderJob, decide, feed_of
from feeds.pipeline.published import SITE, Previous, digest_of_records, of_parts, outlines_of, state_of
from feeds.selection.plans import site_paths
from feeds.text.urls import absolute_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from feeds.catalog.protocol import Catalog
    from feeds.models import Document, Entry
    from feeds.output.publisher import Published
    from feeds.pipeline.ingest import IngestResult
    from feeds.pipeline.plan import Site
    from feeds.progress import Track


#: What is to be rendered, and which of its documents, all of them without a choice.
Item = tuple[RenderJob, Collection[str] | None]

#: What was put in its place of each item, in their order.
Render = Callable[[Sequence[Item]], Iterator[list[WrittenDocument]]]

#: The documents that were put in their places, each with the signature of what it shows.
_Noted = list[tuple[WrittenDocument, bytes]]


class Rendering(Protocol):
    """A way to render feeds: given Site.of_entries and how many feeds there are, a map from jobs to what was put."""

    def __call__(self, site: Site, count: int, /) -> AbstractContextManager[Render]: ...


def publish_site(
    catalog: Catalog, site: Site, refreshed: IngestResult, rendering: Rendering, *, track: Track
) -> tuple[Published, int]:
    """Publish what changed; what was done, and how many feeds there are."""
    previous = Previous(site.output, catalog)
    decision = decide(catalog, site, refreshed, previous)
    kept, todo = decision.kept, decision.todo
    feeds = decision.feeds
    paths = [path for job in todo for path in job.paths]
    lists = site_paths(site.config)
    if not todo and previous.is_right(SITE, lists, digest_of([_subscriptions(site, kept), decision.rendering])):
        kept = [*kept, *previous.kept(SITE)]
    else:
        paths += lists
    noted: _Noted = []
    with rendering(site.of_entries, len(todo)) as render:
        puts = _write_feeds(track(_rendered(todo, previous, render), len(todo), "Publishing"), noted)
        if paths:
            puts = chain(puts, _write_lists(site, previous, decision.rendering, kept, noted))
            puts = _after(chain(_write_assets(site, previous, kept), _write_added(todo, previous, render)), puts)
        published = publish(
            site.output,
            paths,
            puts,
            kept=kept,
            known=previous.stamps,
            headers=headers_of(JSON, None, site.config),
            dry_run=site.is_dry_run,
        )
    if not site.is_dry_run:
        rows = [(put.record.path, signature, put.stamp) for put, signature in noted]
        catalog.set_documents(site.output.key, rows, published.removed)
        catalog.set_state(state_of(site.output), [*decision.state, digest_of_records(published.documents)])
    return published, feeds


def render_job(item: Item, entries: Sequence[Entry], site: Site) -> list[WrittenDocument]:
    """Render a feed with these entries, in all its formats or those that are wanted, and put the documents in place."""
    from feeds.render.documents import render_documents  # noqa: PLC0415  # takes long, and many runs render nothing

    job, paths = item
    documents = render_documents(feed_of(job, entries, site))
    wanted = (one for one in documents if paths is None or one.path in paths)
    return list(_write_all(wanted, site, job.new))


def _rendered(
    todo: Sequence[RenderJob], previous: Previous, render: Render
) -> Iterator[tuple[RenderJob, list[WrittenDocument]]]:
    """The jobs done, in this order: archives that are new, those that name them, the feeds, which name both.

    What is known to readers is not to name what is not there yet. Several processes work on one of these at a time.
    """
    archives = [job for job in todo if job.segment.month]
    unknown = [job for job in archives if not previous.has_any(job.paths)]
    known = [job for job in archives if previous.has_any(job.paths)]
    for jobs in (unknown, known, [job for job in todo if not job.segment.month]):
        yield from zip(jobs, render([(_without_added(job, previous), None) for job in jobs]), strict=True)


def _without_added(job: RenderJob, previous: Previous) -> RenderJob:
    """The job when `_put_added` has put what it does, which so is new no more, nor are the copies of that."""
    added = previous.added(job.paths)
    return replace(job, new=tuple(path for path in job.new if original(path) not in added)) if added else job


def _write_assets(site: Site, previous: Previous, kept: Sequence[WrittenDocument]) -> Iterator[WrittenDocument]:
    """What pages and feeds lead to, where it is not there: as where pages are new on a site that has feeds."""
    if site.config.has_pages and not previous.has_assets():
        from feeds.render.documents import render_assets  # noqa: PLC0415  # as below

        yield from _write_all(render_assets(_subscriptions(site, kept)), site)


def _write_added(todo: Iterable[RenderJob], previous: Previous, render: Render) -> Iterator[WrittenDocument]:
    """What is new beside what readers know of the same feed, which is to name it: a format, a page, another path."""
    for puts in render([(job, paths) for job in todo if (paths := previous.added(job.paths))]):
        yield from puts


def _after(first: Iterable[WrittenDocument], puts: Iterable[WrittenDocument]) -> Iterator[WrittenDocument]:
    """The documents as they are put in their places after what they lead to, which is among them once more."""
    written = {put.record.path for put in first if put.is_written}
    for put in puts:
        yield msgspec.structs.replace(put, is_written=True) if put.record.path in written else put


def _write_feeds(
    rendered: Iterable[tuple[RenderJob, list[WrittenDocument]]], noted: _Noted
) -> Iterator[WrittenDocument]:
    """The documents of feeds as they are put in their places, each noted."""
    for job, puts in rendered:
        noted.extend((put, job.signature) for put in puts)
        yield from puts


def _write_lists(
    site: Site, previous: Previous, rendering: bytes, kept: Sequence[WrittenDocument], noted: _Noted
) -> Iterator[WrittenDocument]:
    """What the site has beside its feeds, put in its place when all of these are, each document noted."""
    subscriptions = _subscriptions(site, (*kept, *(put for put, _ in noted)))
    signature = digest_of([subscriptions, rendering])
    if previous.is_right(SITE, site_paths(site.config), signature):
        yield from previous.kept(SITE)
        return
    from feeds.render.documents import render_site  # noqa: PLC0415  # as below

    for put in _write_all(render_site(subscriptions), site):
        noted.append((put, signature))
        yield put


def _subscriptions(site: Site, puts: Iterable[WrittenDocument]) -> SubscriptionList:
    """The list of the feeds that these documents show."""
    about = site.config.site
    return SubscriptionList(
        title=about.title,
        description=about.description,
        base_url=site.config.base_url,
        language=about.language,
        outlines=tuple(outlines_of(of_parts(put.record for put in puts))),
        has_pages=site.config.has_pages,
        icon=absolute_url(about.icon) if about.icon else None,
        rights=about.rights,
    )


def _write_all(documents: Iterable[Document], site: Site, new: Collection[str] = ()) -> Iterator[WrittenDocument]:
    """The documents as they are put in their places, each after its compressed copies, which so are never older."""
    for document in documents:
        for file in (*compressed(document, site.config.codings), document):
            headers = headers_of(file.media_type, file.coding, site.config)
            yield write_document(site.output, file, headers, dry_run=site.is_dry_run, is_new=file.path in new)
