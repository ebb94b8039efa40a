"""Notify a WebSub hub that feeds changed (https://www.w3.org/TR/websub/).

The specification leaves the request to the publisher and the hub (section 6). In practice it is a form with
`hub.mode=publish` and the feed's URL. PubSubHubbub hubs read the URL from `hub.url`, others from `hub.topic`, so the
form has both. Each feed gets its own request: given several URLs, some hubs use only the first, the last or ten of
them, and respond as if they had accepted all.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from feeds.errors import mask_credentials
from feeds.http.client import TIMED_OUT, USER_AGENT, failure_reason, first_line, status_line
from feeds.http.public import PrivateAddressError, connect, is_allowed_ip
from feeds.text.urls import absolute_url

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

    from urllib3 import BaseHTTPResponse


#: The URL of a feed, and why the hub did not accept the notification; None if it did.
Delivery = tuple[str, str | None]

#: Requests for one attempt: the first, and those that follow a redirect.
_MAX_REQUESTS = 5

#: Bytes of a response body to read.
_MAX_BODY = 4096


@dataclass(frozen=True, kw_only=True)
class NotifyLimits:
    """How long notifying a hub may take, in seconds, and how many requests run at a time.

    `total` limits the notification of all feeds. `pauses` are the waiting times before each attempt for one feed.
    """

    total: float = 10
    connect_timeout: float = 3
    read_timeout: float = 5
    pauses: tuple[float, ...] = (0.0, 0.5, 1.0)
    threads: int = 4


#: The limits after a run, which must not take long.
DEFAULT_LIMITS = NotifyLimits()

#: The limits of `feeds ping`, which does nothing else.
PING_LIMITS = NotifyLimits(total=60)


@dataclass(frozen=True, kw_only=True)
class _Result:
    """The result of an attempt. `reason` says why it failed; None if it did not.

    `is_unanswered`: the hub could not be reached, or did not respond in time. `is_temporary`: another attempt may
    succeed, in `retry_after` seconds if the hub says so.
    """

    reason: str | None
    is_unanswered: bool = False
    is_temporary: bool = False
    retry_after: float | None = None


def notify_hub(hub_url: str, topic_urls: Sequence[str], limits: NotifyLimits | None = None) -> Iterator[Delivery]:
    """Notify the hub of each topic URL and yield each delivery when it is complete, within `limits` (DEFAULT_LIMITS).

    When the time is over, or if the hub is unreachable, all topic URLs that are left are yielded with that reason.
    Threads that are still waiting, as for a DNS lookup, are daemons and do not keep the process alive.
    """
    unanswered = dict.fromkeys(topic_urls)
    notifier = _Notifier(hub_url, topic_urls, limits or DEFAULT_LIMITS)
    for topic_url, reason in notifier.deliveries():
        unanswered.pop(topic_url, None)
        yield topic_url, reason
    for topic_url in unanswered:
        yield topic_url, notifier.stop_reason


class _PublicConnection(HTTPConnection):
    """A connection to a public address, also if it has another one when the name is resolved again."""

    def _new_conn(self) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else DEFAULT_LIMITS.connect_timeout
        return connect(self.host, self.port or self.default_port, timeout, partial(is_allowed_ip, ()))


class _PublicSecureConnection(_PublicConnection, HTTPSConnection):
    """The same with TLS."""


class _PublicPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicSecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PublicSecureConnection


class _Notifier:
    """The threads that notify a hub, and the state that they share."""

    def __init__(self, hub_url: str, topic_urls: Sequence[str], limits: NotifyLimits) -> None:
        self.stop_reason = TIMED_OUT
        self._hub_url = hub_url
        self._limits = limits
        self._deadline = time.monotonic() + limits.total
        self._pending = deque(topic_urls)
        self._threads = min(limits.threads, len(self._pending))
        self._deliveries: SimpleQueue[Delivery | None] = SimpleQueue()
        self._is_over = Event()
        self._has_responded = False
        self._not_before = 0.0
        headers = {"User-Agent": USER_AGENT, "Accept": "text/plain, */*"}
        self._pool = urllib3.PoolManager(maxsize=limits.threads, retries=False, headers=headers)
        self._public_pool = urllib3.PoolManager(maxsize=limits.threads, retries=False, headers=headers)
        self._public_pool.pool_classes_by_scheme = {"http": _PublicPool, "https": _PublicSecurePool}

    def deliveries(self) -> Iterator[Delivery]:
        """Yield each delivery when it is complete, until all threads have ended or the time is over."""
        for _ in range(self._threads):
            Thread(target=self._work, name="hub", daemon=True).start()
        working = self._threads
        try:
            while working:
                delivery = self._deliveries.get(timeout=max(0.0, self._remaining()))
                if delivery is None:
                    working -= 1
                else:
                    yield delivery
        except Empty:
            pass
        finally:
            self._is_over.set()

    def _work(self) -> None:
        """Notify the hub of one topic URL after the other, then put None to say that the thread has ended."""
        try:
            while not self._is_over.is_set():
                try:
                    topic_url = self._pending.popleft()
                except IndexError:
                    break
                result = self._notify(topic_url)
                self._deliveries.put((topic_url, result.reason))
                if result.is_unanswered and not self._has_responded:
                    self._stop(result.reason)
        finally:
            self._deliveries.put(None)

    def _notify(self, topic_url: str) -> _Result:
        """Notify the hub of a topic URL, in several attempts if the error may be temporary."""
        result = _Result(reason=self.stop_reason)
        for pause in self._limits.pauses:
            if not self._wait(pause):
                break
            result = self._attempt(topic_url)
            if result.retry_after is not None:  # it applies to all topic URLs
                self._not_before = max(self._not_before, time.monotonic() + result.retry_after)
                if result.retry_after >= self._remaining():
                    self._stop(result.reason)
            if not result.is_temporary:
                break
        return result

    def _wait(self, pause: float) -> bool:
        """Wait that long, and until the hub accepts requests again. Return False if there is no time left for that."""
        pause = max(pause, self._not_before - time.monotonic())
        return pause < self._remaining() and not self._is_over.wait(max(0.0, pause))

    def _stop(self, reason: str | None) -> None:
        """Stop all threads: the topic URLs that are left fail for this reason."""
        self.stop_reason = reason or self.stop_reason
        self._is_over.set()

    def _remaining(self) -> float:
        return self._deadline - time.monotonic()

    def _attempt(self, topic_url: str) -> _Result:
        """Send the form once and return the result, whatever happens."""
        try:
            return self._send(topic_url)
        except PrivateAddressError:
            return _Result(reason="redirected to an address that is not public")
        except (HTTPError, OSError, ValueError) as error:  # ValueError: an invalid URL or host name
            if isinstance(error, HTTPTimeoutError) and not isinstance(error, NewConnectionError):
                return _Result(reason=TIMED_OUT, is_unanswered=True)
            return _Result(reason=failure_reason(error), is_unanswered=True, is_temporary=True)

    def _send(self, topic_url: str) -> _Result:
        """Send the form, also to where a 307 or 308 redirects (RFC 9110, 15.4.8 and 15.4.9).

        The configured hub may be in a private network, but no redirect leads from its host into one.
        """
        form = urlencode({"hub.mode": "publish", "hub.url": topic_url, "hub.topic": topic_url})
        url = self._hub_url
        for _ in range(_MAX_REQUESTS):
            remaining = max(0.01, self._remaining())
            is_hub = _origin(url) == _origin(self._hub_url)
            response = (self._pool if is_hub else self._public_pool).request(
                "POST",
                url,
                body=form,
                headers={**self._pool.headers, "Content-Type": "application/x-www-form-urlencoded"},
                timeout=urllib3.Timeout(
                    connect=min(self._limits.connect_timeout, remaining), read=min(self._limits.read_timeout, remaining)
                ),
                redirect=False,
                preload_content=False,
            )
            result = _read_result(response, shows_text=is_hub)
            location = response.headers.get("Location")
            if response.status not in {307, 308} or not location:
                self._has_responded = True
                return result
            target = absolute_url(location, url)
            if not target:
                return _Result(reason="redirected to an address that is not of http or https")
            if url.startswith("https:") and not target.startswith("https:"):
                return _Result(reason="redirected from https to http")
            url = target
        return _Result(reason="redirected too often")


def _origin(url: str) -> str:
    """Return the scheme, host and port of a URL. The URL parser is that of redirects, whatever the URL looks like."""
    scheme, _, rest = (absolute_url(url) or url).partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _read_result(response: BaseHTTPResponse, *, shows_text: bool) -> _Result:
    """Return what a response means; its text is part of the reason if `shows_text`.

    A short body is read to its end, so that the connection can be reused.
    """
    body = b""
    with contextlib.suppress(HTTPError, OSError):
        body = response.read(_MAX_BODY)
    response.close()
    status = response.status
    if 200 <= status < 300:
        return _Result(reason=None)
    reason = status_line(status)
    if 300 <= status < 400 and shows_text:
        return _Result(reason=reason + _detail(response.headers.get("Location", "")))
    if shows_text and response.headers.get("Content-Type", "").startswith("text/plain"):
        reason += _detail(body.decode(errors="replace"))
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
        return _Result(reason=reason, is_temporary=True, retry_after=_retry_after(response))
    return _Result(reason=reason)


def _detail(text: str) -> str:
    """Return the first line of a hub's text after a colon, without credentials, or nothing if it is not printable."""
    line = first_line(mask_credentials(text))
    return f": {line}" if line else ""


def _retry_after(response: BaseHTTPResponse) -> float | None:
    """Return the seconds of `Retry-After`, None if it is missing or invalid (RFC 9110, 10.2.3)."""
    try:
        return urllib3.Retry().get_retry_after(response)
    except (HTTPError, ValueError, OverflowError):
        return None
