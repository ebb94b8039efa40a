"""What the WebSub hub knows of the feeds: remembered beside the catalog, and brought up to date after each run.

A topic is an address to which people subscribe: a feed in one format. The digest of each that the hub was told of is
remembered, and it is told of those that have another one. So nothing is lost where the hub is down, a run is killed or
somebody else uploads what was published, and nothing is told twice.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from feeds.errors import ConfigError, HubError, LocatedDiagnostic
from feeds.models import document_address
from feeds.output.manifest import read_manifest
from feeds.storage.addresses import is_address
from feeds.storage.files import read_regular, replace_file
from feeds.storage.folder import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from feeds.config.schema import Config
    from feeds.output.manifest import DocumentRecord
    from feeds.storage.folder import Folder
    from feeds.websub.client import Delivery


#: Seconds that telling may take after a run, and where it is all that is to be done.
LIMIT = 10

PING_LIMIT = 60

_VERSION = 1

_NOT_SET = "site.hub: is not there; expected the address of a WebSub hub"


class HubReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a hub was told.

    `told` are the addresses of the feeds of which it was, `waiting` those of which it is still to be told, `reason` is
    why, as most of them have it: None where nothing went wrong, because nobody tried.
    """

    hub: str
    told: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Hub:
    """A hub, the file in which is remembered what it knows, and the output folder that this is about."""

    address: str
    file: Path
    output: Folder

    @property
    def key(self) -> str:
        """The output folder as the file names it: from where the file is, so that both can move together."""
        if is_address(self.output.key):
            return self.output.key
        try:
            return os.path.relpath(self.output.key, self.file.parent.resolve())
        except ValueError:  # they are on different drives
            return self.output.key


@dataclass(frozen=True)
class Notification:
    """The digests of topics, by address: those that a hub was told, and those that are published."""

    hub: Hub
    told: Mapping[str, str]
    published: Mapping[str, str]

    @property
    def waiting(self) -> tuple[str, ...]:
        """What is to be told. The order is another with each change: where time is short, none is always the last."""
        waiting = (topic for topic, digest in self.published.items() if self.told.get(topic) != digest)
        return tuple(sorted(waiting, key=lambda topic: (self.published[topic], topic)))


class _Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the file holds: which hub, and the digests that it was told, by output folder and address."""

    version: int = _VERSION
    hub: str
    told: dict[str, dict[str, str]]


def hub_of(config: Config, output: Folder, cache: Path) -> Hub | None:
    """The configured hub, None where there is none."""
    return Hub(config.hub, cache / f"{config.path.stem}.hub.json", output) if config.hub else None


def topic_digests(records: Iterable[DocumentRecord], base_url: str) -> dict[str, str]:
    """The digests of all that people subscribe to, by address."""
    return {
        document_address(base_url, record.feed, record.subscribed): record.digest
        for record in records
        if record.subscribed
    }


def recall_notified(hub: Hub, before: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    """The digests that the hub was told. Where that is not known, it is to know what was published `before` a run.

    That is remembered at once, so that what a run that is killed wrote counts as news for the next one.
    """
    known = _read(hub).get(hub.key)
    if known is not None:
        return known
    told = before()
    _remember(hub, told)
    return told


def ping(
    config: Config, *, output: Path | str | None = None, cache: Path | str | None = None, everything: bool = False
) -> HubReport:
    """Tell the hub of what was published and it was not told of; of all feeds, if `everything`.

    Raises ConfigError where no hub is configured, HubError where it is not known what the hub was told, and
    PublishError where the manifest cannot be read.
    """
    hub = hub_of(config, open_folder(output or config.default_output), Path(cache or config.default_cache))
    if hub is None:
        raise ConfigError([LocatedDiagnostic(config.path.name, 0, _NOT_SET, "not-configured")])
    published = topic_digests(read_manifest(hub.output).documents, config.base_url)
    told = {} if everything else _read(hub).get(hub.key)
    if told is None:
        raise HubError(f"{hub.file} does not say what {hub.address} was told; publish first, or `feeds ping --all`")
    return notify(Notification(hub, told, published), PING_LIMIT)


def defer(notice: Notification) -> HubReport:
    """The report where the hub is not to be told now."""
    return HubReport(hub=notice.hub.address, waiting=tuple(sorted(notice.waiting)))


def notify(notice: Notification, limit: float = LIMIT) -> HubReport:
    """Tell the hub what it does not know yet, for `limit` seconds at most, and remember what it was told."""
    waiting = notice.waiting
    known = {topic: digest for topic, digest in notice.told.items() if topic in notice.published}
    reasons: dict[str, str] = {}
    try:
        for topic, reason in _deliveries(notice.hub, waiting, limit):
            if reason is None:
                known[topic] = notice.published[topic]
            else:
                reasons[topic] = reason
    finally:  # also where that is interrupted
        trouble = _remember(notice.hub, known)
    return HubReport(
        hub=notice.hub.address,
        told=tuple(sorted(topic for topic in waiting if topic not in reasons)),
        waiting=tuple(sorted(reasons)),
        reason=Counter(reasons.values()).most_common(1)[0][0] if reasons else trouble,
    )


def _deliveries(hub: Hub, waiting: Sequence[str], limit: float) -> Iterable[Delivery]:
    if not waiting:
        return ()
    from feeds.websub.client import notify_hub  # noqa: PLC0415  # most runs have nothing to tell

    return notify_hub(hub.address, waiting, limit)


def _read(hub: Hub) -> dict[str, dict[str, str]]:
    """The digests that the hub was told, by output folder; nothing where there is no file about it.

    Where the file is damaged, or cannot be read, it counts as told of nothing: better twice than never.
    """
    try:
        memory = msgspec.json.decode(read_regular(hub.file), type=_Memory)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {hub.key: {}}
    return memory.told if (memory.version, memory.hub) == (_VERSION, hub.address) else {}


def _remember(hub: Hub, told: Mapping[str, str]) -> str | None:
    """Remember what the hub was told, whole or not at all; why that failed."""
    before = _read(hub)
    if before.get(hub.key) == told:
        return None
    others = {key: digests for key, digests in before.items() if is_address(key) or (hub.file.parent / key).is_dir()}
    memory = _Memory(hub=hub.address, told={**others, hub.key: dict(sorted(told.items()))})
    try:
        hub.file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(hub.file, msgspec.json.format(msgspec.json.encode(memory), indent=1) + b"\n")
    except OSError as error:
        return f"{hub.file}: cannot be written: {error.strerror}"
    return None
