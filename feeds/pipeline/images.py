"""The images that feeds show, and what is known of them: asked for where it is not, and kept in `enclosures.lock`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from feeds.digests import digest_of
from feeds.errors import ConfigError, LocatedDiagnostic
from feeds.images.lock import check_writable, digest_of_images, is_stale, lock_beside, read_lock, write_lock
from feeds.pipeline.plan import shown_images
from feeds.progress import PROBING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feeds.catalog.protocol import Catalog
    from feeds.config.schema import Config
    from feeds.images.connections import ProbeRequest, ProbeResult
    from feeds.images.lock import ImageInfo
    from feeds.pipeline.ingest import IngestResult
    from feeds.pipeline.plan import Site
    from feeds.progress import Track


#: What the catalog keeps under it: the epoch at which nothing was left to ask, what was known, by which configuration.
_STATE = "images"

#: Seconds after which answers are kept, so that a run that is killed asks nobody twice.
_KEEP_EVERY = 5


class ImagesReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking: how many images something is known of, how many were asked for now.

    `failed` is why one that was asked for has no answer, by its address. `is_offline`: there is no network, so that
    nothing of it is kept.
    """

    known: int
    asked: int = 0
    failed: dict[str, str] = {}
    is_offline: bool = False


def with_known_images(site: Site) -> Site:
    """The site with what is known of images; nobody is asked. Raises ConfigError where the file is damaged."""
    return replace(site, facts=read_lock(lock_beside(site.config.path)))


def with_probed_images(
    catalog: Catalog, site: Site, refreshed: IngestResult, *, everything: bool, track: Track
) -> tuple[Site, ImagesReport]:
    """The site with what is known of the images that its feeds show, and what came of asking for the rest.

    Those of which nothing is known are asked for, and those whose answer is old; with `everything`, all. Of what is old
    and no feed shows nothing is kept. Raises ConfigError where the file of facts is damaged, PublishError where it
    cannot be written.
    """
    site = with_known_images(site)
    known, settings = dict(site.facts or {}), site.config.enclosures
    old = {address for address, facts in known.items() if everything or is_stale(facts, site.now, settings)}
    settled = catalog.state(_STATE) == [refreshed.before, _state(site.config, known)]
    shown = _shown(catalog, site, None if old or not settled else refreshed)
    asked = {address: has_size for address, has_size in shown.items() if address in old or address not in known}
    for address in old - shown.keys():
        del known[address]
    requests = list(_requests(asked, known))
    results = _probe(requests, site, known, track)
    report = _report(known, results)
    if not report.is_offline:
        catalog.set_state(_STATE, [refreshed.epoch, _state(site.config, known)])
    return replace(site, facts=known), report


def check_probing_enabled(config: Config) -> None:
    """Raise ConfigError where the configuration does not want images to be asked for."""
    if config.enclosures.probe == "off":
        raise ConfigError(
            [
                LocatedDiagnostic(
                    str(config.path), 0, "enclosures.probe is off; expected on to ask for images", "not-configured"
                )
            ]
        )


def _shown(catalog: Catalog, site: Site, refreshed: IngestResult | None) -> dict[str, bool]:
    """The images that feeds show, or those that were touched, and whether all who name one know its size in pixels."""
    shown: dict[str, bool] = {}
    for address, has_size in shown_images(catalog, site, refreshed.touched.feeds if refreshed else None):
        shown[address] = shown.get(address, True) and has_size
    return shown


def _requests(asked: Mapping[str, bool], known: Mapping[str, ImageInfo]) -> Iterator[ProbeRequest]:
    from feeds.images.connections import ProbeRequest  # noqa: PLC0415  # most runs ask nobody

    for address, has_size in asked.items():
        yield ProbeRequest(address=address, known=known.get(address), needs_size=not has_size)


def _probe(
    requests: Sequence[ProbeRequest], site: Site, known: dict[str, ImageInfo], track: Track
) -> list[ProbeResult]:
    """Put the questions, and keep the answers, also those of a run that is stopped; without a network, none."""
    if not requests:
        _keep(site, known)
        return []
    from feeds.images.probe import probe_images  # noqa: PLC0415  # as above

    check_writable(lock_beside(site.config.path))
    results: list[ProbeResult] = []
    probing = probe_images(requests, site.now, site.config.enclosures.allow_private)
    kept = time.monotonic()
    try:
        for result in track(probing, len(requests), PROBING):
            results.append(result)
            if time.monotonic() - kept > _KEEP_EVERY and not _is_offline(results):
                _keep(site, known | _facts_of(results))
                kept = time.monotonic()
    finally:
        if not _is_offline(results):
            known |= _facts_of(results)
        _keep(site, known)
    return results


def _facts_of(results: Iterable[ProbeResult]) -> dict[str, ImageInfo]:
    return {result.facts.address: result.facts for result in results}


def _keep(site: Site, known: Mapping[str, ImageInfo]) -> None:
    """Write what is known, if that is news, and with it what others have written since it was read."""
    if known == site.facts:
        return
    lock = lock_beside(site.config.path)
    found, read = read_lock(lock), site.facts or {}
    news = {address: facts for address, facts in found.items() if facts != read.get(address)}
    newer = {address: facts for address, facts in news.items() if _is_newer(facts, known.get(address))}
    write_lock(lock, {**known, **newer}.values())


def _is_newer(facts: ImageInfo, other: ImageInfo | None) -> bool:
    return other is None or facts.asked > other.asked


def _is_offline(results: Sequence[ProbeResult]) -> bool:
    """Whether there was no network for any of those who were to be asked."""
    asked = [result for result in results if result.is_asked]
    return bool(asked) and all(result.is_offline for result in asked)


def _report(known: Mapping[str, ImageInfo], results: Sequence[ProbeResult]) -> ImagesReport:
    return ImagesReport(
        known=len(known),
        asked=len(results),
        failed={result.facts.address: result.facts.failed for result in results if result.facts.failed},
        is_offline=_is_offline(results),
    )


def _state(config: Config, known: Mapping[str, ImageInfo]) -> bytes:
    """What stands for all images that there are being known of, for as long as no story is touched."""
    said = msgspec.structs.asdict(config) | {"path": None, "articles": None}
    return digest_of([said, digest_of_images(sorted(known), known)])
