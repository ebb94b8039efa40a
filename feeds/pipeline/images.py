"""The images that feeds show: probed if nothing is known of them, and kept in `enclosures.lock`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.digests import digest_of
from feeds.errors import ConfigError, LocatedDiagnostic, mask_credentials
from feeds.images.lock import check_writable, digest_of_images, is_stale, lock_beside, read_lock, write_lock
from feeds.images.requests import ProbeRequest
from feeds.pipeline.plan import shown_images
from feeds.progress import PROBING
from feeds.storage.names import display_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from feeds.config.schema import Config
    from feeds.images.lock import ImageInfo
    from feeds.images.requests import ProbeResult
    from feeds.pipeline.ingest import IngestResult
    from feeds.pipeline.plan import Site, Snapshot
    from feeds.progress import Track

#: The catalog's state: the epoch at which every image was known, and a digest of the configuration and the metadata.
_STATE = "images"
#: Seconds between writes of results, so that a killed run probes nothing twice.
SAVE_INTERVAL = 5


class ImagesReport(msgspec.Struct, frozen=True, kw_only=True):
    """The number of known images, and of those probed in this run.

    `failed` has the reason of each failure by URL. Without a network (`is_offline`) no result is kept.
    """

    known: int
    asked: int = 0
    failed: dict[str, str] = {}
    is_offline: bool = False


def check_probing_enabled(config: Config) -> None:
    """Raise ConfigError if the configuration does not enable probing."""
    if config.enclosures.probe == "off":
        message = "enclosures.probe is off; expected on to ask for images"
        raise ConfigError([LocatedDiagnostic(display_path(str(config.path)), 0, message, "not-configured")])


def with_known_images(site: Site) -> Site:
    """The site with the metadata in the lock file; raises ConfigError if that is damaged."""
    return msgspec.structs.replace(site, images=read_lock(lock_beside(site.config.path)))


def with_probed_images(snapshot: Snapshot, *, everything: bool, track: Track) -> tuple[Site, ImagesReport]:
    """The site with the metadata of the images that its feeds show, and the report.

    Unknown images and stale metadata are probed, or `everything`. Stale metadata of images that no feed shows is
    dropped. Raises ConfigError if the lock file is damaged, PublishError if it cannot be written.
    """
    catalog, ingested, site = snapshot.catalog, snapshot.ingested, with_known_images(snapshot.site)
    known = dict(site.images or {})
    stale = {url for url, image in known.items() if everything or is_stale(image, site.now, site.config.enclosures)}
    is_settled = catalog.state(_STATE, list[Any]) == [ingested.before, _state(site.config, known)]
    shown = _sizes_known(snapshot, None if stale or not is_settled else ingested)
    requests = [
        ProbeRequest(url=url, known=known.get(url), needs_size=not has_size)
        for url, has_size in shown.items()
        if url in stale or url not in known
    ]
    for url in stale - shown.keys():
        del known[url]
    results = _probe(requests, site, known, track)
    report = _report(known, results)
    if not report.is_offline:
        catalog.set_state(_STATE, [ingested.epoch, _state(site.config, known)])
    return msgspec.structs.replace(site, images=known), report


def _sizes_known(snapshot: Snapshot, only_touched: IngestResult | None) -> dict[str, bool]:
    """The images that feeds, or only touched ones, show, and whether every article with one knows its size."""
    shown: dict[str, bool] = {}
    for url, has_size in shown_images(snapshot, only_touched.touched.feeds if only_touched else None):
        shown[url] = shown.get(url, True) and has_size
    return shown


def _probe(
    requests: Sequence[ProbeRequest], site: Site, known: dict[str, ImageInfo], track: Track
) -> list[ProbeResult]:
    """Probe images and keep the results, even if the run is stopped; without a network, keep none."""
    if not requests:
        _save(site, known)
        return []
    from feeds.images.probe import probe_images  # noqa: PLC0415  # most runs probe nothing

    check_writable(lock_beside(site.config.path))
    results: list[ProbeResult] = []
    probing = probe_images(requests, site.now, site.config.enclosures.allow_private)
    saved = time.monotonic()
    try:
        for result in track(probing, len(requests), PROBING):
            results.append(result)
            if time.monotonic() - saved > SAVE_INTERVAL and not _is_offline(results):
                _save(site, known | _images(results))
                saved = time.monotonic()
    finally:
        if not _is_offline(results):
            known |= _images(results)
        _save(site, known)
    return results


def _images(results: Iterable[ProbeResult]) -> dict[str, ImageInfo]:
    return {result.image.url: result.image for result in results}


def _save(site: Site, known: Mapping[str, ImageInfo]) -> None:
    """Write the lock file if it changes, with what others wrote to it since it was read."""
    if known == site.images:
        return
    lock = lock_beside(site.config.path)
    read = site.images or {}
    others = {url: image for url, image in read_lock(lock).items() if image != read.get(url)}
    newer = {url: image for url, image in others.items() if url not in known or image.probed_at > known[url].probed_at}
    write_lock(lock, {**known, **newer}.values())


def _is_offline(results: Sequence[ProbeResult]) -> bool:
    """Whether no request found a network."""
    tried = [result for result in results if not result.is_blocked]
    return bool(tried) and all(result.is_offline for result in tried)


def _report(known: Mapping[str, ImageInfo], results: Sequence[ProbeResult]) -> ImagesReport:
    return ImagesReport(
        known=len(known),
        asked=len(results),
        failed={mask_credentials(result.image.url): result.image.failed for result in results if result.image.failed},
        is_offline=_is_offline(results),
    )


def _state(config: Config, known: Mapping[str, ImageInfo]) -> bytes:
    """A digest that stands for complete metadata, as long as no story is touched."""
    digest_input = msgspec.structs.asdict(config) | {"path": None, "articles": None}
    return digest_of([digest_input, digest_of_images(sorted(known), known)])
