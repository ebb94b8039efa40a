"""Probe requests, their results, and the limits of probing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections import deque

    from feeds.images.lock import ImageInfo


class ProbeLimits(PlainValue, frozen=True, kw_only=True):
    """How long probing may take. All times are in seconds.

    `total_timeout` limits one probe: its HEAD and GET requests and their redirects. `poll_interval` is the time between
    two checks for overdue probes.

    A host is abandoned after `max_unanswered` probes in a row without a response. It is also abandoned when its
    probes have spent more than `max_excess` in requests, not counting the first `free_time` of each. Otherwise, a
    host whose responses always arrive just in time could take hours.
    """

    connect_timeout: float = 5
    read_timeout: float = 5
    total_timeout: float = 20
    poll_interval: float = 0.25
    max_unanswered: int = 3
    free_time: float = 1
    max_excess: float = 300


DEFAULT_LIMITS = ProbeLimits()


class ProbeRequest(PlainValue, frozen=True, kw_only=True):
    """An image to probe and its known metadata. `needs_size`: some article does not give its size in pixels."""

    url: str
    known: ImageInfo | None = None
    needs_size: bool = False


class ProbeResult(PlainValue, frozen=True):
    """The metadata of an image after probing it.

    `is_offline`: there was no network. `is_blocked`: the host may not be contacted, because no IP address is public.
    """

    image: ImageInfo
    is_offline: bool = False
    is_blocked: bool = False


class ProbeError(Exception):
    """A probe that yields no metadata, because the response has none or the host may not be contacted.

    `is_dead`: the server says that there is no such image. `stops_host`: the host must not be probed again in this run.
    """

    def __init__(
        self, reason: str, *, is_dead: bool = False, stops_host: bool = False, is_blocked: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_dead = is_dead
        self.stops_host = stops_host
        self.is_blocked = is_blocked


@dataclass
class HostQueue:
    """The probe requests that are left for a host.

    `unanswered` counts the latest probes in a row without a response. `excess` is the time that requests took beyond
    `ProbeLimits.free_time`, in seconds. `stopped` is the result that ended probing the host: all requests that are left
    fail for the same reason.
    """

    requests: deque[ProbeRequest]
    unanswered: int = 0
    excess: float = 0
    stopped: ProbeResult | None = None
