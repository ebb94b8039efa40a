"""The state of the WebSub hub: what it was notified of, kept beside the catalog and updated after each run.

WebSub calls the URL of a feed in one format a topic. The state holds the digest of each document that the hub was
notified of, and the hub is notified of those whose digest has changed. So no notification is lost if the hub is down, a
run is killed or someone else uploads the output, and none is sent twice.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from feeds.errors import ConfigError, HubError, LocatedDiagnostic
from feeds.models import document_address
from feeds.output.manifest import read_manifest
from feeds.storage.addresses import is_address
from feeds.storage.files import read_regular, replace_file
from feeds.storage.folder import open_folder
from feeds.storage.names import display_path
from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from feeds.config.schema import Config
    from feeds.output.manifest import DocumentRecord
    from feeds.storage.folder import Folder
    from feeds.websub.client import NotifyLimits


_VERSION = 1

_NOT_SET = "site.hub: is not there; expected the address of a WebSub hub"


class HubReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of notifying a hub.

    `told` are the URLs of the feeds that the hub accepted, `waiting` those that are left. `reason` is the most frequent
    reason for that; None if no attempt failed. If only the state could not be written, `reason` says so.
    """

    hub: str
    told: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    reason: str | None = None


class Hub(PlainValue, frozen=True):
    """A hub, the file with its state, and the output folder whose feeds it is notified of."""

    url: str
    state_path: Path
    output: Folder

    @property
    def label(self) -> str:
        """The path of the state in messages."""
        return display_path(str(self.state_path))

    @property
    def key(self) -> str:
        """The output folder as the state names it: relative to its file, so that both can be moved together."""
        if is_address(self.output.key):
            return self.output.key
        try:
            return os.path.relpath(self.output.key, self.state_path.parent.resolve())
        except ValueError:  # they are on different drives
            return self.output.key


class Notification(PlainValue, frozen=True):
    """The digests that a hub was notified of and those that are published, both by topic URL."""

    hub: Hub
    notified: Mapping[str, str]
    published: Mapping[str, str]

    @property
    def waiting(self) -> tuple[str, ...]:
        """The topic URLs to send, ordered by digest: if time is short, no feed is always the last one."""
        changed = [url for url, digest in self.published.items() if self.notified.get(url) != digest]
        return tuple(sorted(changed, key=lambda url: (self.published[url], url)))


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the state file: the hub, and the digests by output folder and topic URL."""

    version: int = _VERSION
    hub: str
    notified: dict[str, dict[str, str]] = msgspec.field(name="told")


def hub_of(config: Config, output: Folder, cache: Path) -> Hub | None:
    """Return the configured hub; None if there is none."""
    return Hub(config.hub, cache / f"{config.path.stem}.hub.json", output) if config.hub else None


def topic_digests(records: Iterable[DocumentRecord], base_url: str) -> dict[str, str]:
    """Return the digests of all documents that people subscribe to, by topic URL."""
    return {
        document_address(base_url, record.feed, record.subscribed): record.digest
        for record in records
        if record.subscribed
    }


def recall_notified(hub: Hub, published_before: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    """Return the digests that the hub was notified of; if that is unknown, those that were published before the run.

    The latter are written at once: if this run is killed, the next one notifies the hub of what it had published.
    """
    known = read_notified(hub).get(hub.key)
    if known is not None:
        return known
    notified = published_before()
    write_notified(hub, notified)
    return notified


def ping(
    config: Config, *, output: Path | str | None = None, cache: Path | str | None = None, everything: bool = False
) -> HubReport:
    """Notify the hub of published feeds that changed since it was notified; of all feeds if `everything`.

    Raises ConfigError if no hub is configured, HubError if it is unknown what the hub was notified of, and PublishError
    if the manifest cannot be read.
    """
    from feeds.websub.client import PING_LIMITS  # noqa: PLC0415  # most runs do not notify

    hub = hub_of(config, open_folder(output or config.default_output), Path(cache or config.default_cache))
    if hub is None:
        raise ConfigError([LocatedDiagnostic(display_path(str(config.path)), 0, _NOT_SET, "not-configured")])
    published = topic_digests(read_manifest(hub.output).documents, config.base_url)
    notified = {} if everything else read_notified(hub).get(hub.key)
    if notified is None:
        raise HubError(f"{hub.label} does not say what {hub.url} was told; publish first, or `feeds ping --all`")
    return notify(Notification(hub, notified, published), PING_LIMITS)


def defer(notification: Notification) -> HubReport:
    """Return the report of a run that does not notify the hub."""
    return HubReport(hub=notification.hub.url, waiting=tuple(sorted(notification.waiting)))


def notify(notification: Notification, limits: NotifyLimits | None = None) -> HubReport:
    """Notify the hub of the feeds that changed, within `limits` (client.DEFAULT_LIMITS), and write the new state."""
    hub, published, waiting = notification.hub, notification.published, notification.waiting
    notified = {url: digest for url, digest in notification.notified.items() if url in published}
    reasons: dict[str, str] = {}
    try:
        if waiting:
            from feeds.websub.client import notify_hub  # noqa: PLC0415  # most runs do not notify

            for topic_url, reason in notify_hub(hub.url, waiting, limits):
                if reason is None:
                    notified[topic_url] = published[topic_url]
                else:
                    reasons[topic_url] = reason
    finally:  # keeps what the hub accepted before an interruption
        write_failure = write_notified(hub, notified)
    return HubReport(
        hub=hub.url,
        told=tuple(sorted(url for url in waiting if url not in reasons)),
        waiting=tuple(sorted(reasons)),
        reason=Counter(reasons.values()).most_common(1)[0][0] if reasons else write_failure,
    )


def read_notified(hub: Hub) -> dict[str, dict[str, str]]:
    """Return the digests that the hub was notified of, by output folder and topic URL; empty if there is no state.

    If the state is damaged or cannot be read, the hub counts as notified of nothing: better twice than never.
    """
    try:
        state = msgspec.json.decode(read_regular(hub.state_path), type=_State)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {hub.key: {}}
    return state.notified if (state.version, state.hub) == (_VERSION, hub.url) else {}


def write_notified(hub: Hub, notified: Mapping[str, str]) -> str | None:
    """Replace the digests of the output folder atomically, and drop those of folders that no longer exist.

    Return why the state could not be written; None if it was.
    """
    before = read_notified(hub)
    if before.get(hub.key) == notified:
        return None
    folder = hub.state_path.parent
    others = {key: digests for key, digests in before.items() if is_address(key) or (folder / key).is_dir()}
    state = _State(hub=hub.url, notified={**others, hub.key: dict(sorted(notified.items()))})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(hub.state_path, msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n")
    except OSError as error:
        return f"{hub.label}: cannot be written: {error.strerror}"
    return None
