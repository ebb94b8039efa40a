"""Telling a WebSub hub that feeds changed (https://www.w3.org/TR/websub/).

How a publisher does that is left to the two of them there (section 6). In practice it is a form with `hub.mode=publish`
and the feed's address, which the hubs of PubSubHubbub look for in `hub.url` and others in `hub.topic`: it is in both.
There is a request for each feed, because some hubs take the first or the last of several addresses, or ten of them, and
answer as if they had taken all.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, TimeoutError  # noqa: A004  # what urllib3 raises

from feeds.http.client import TIMED_OUT, USER_AGENT, first_line, status_line, why

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from urllib3 import BaseHTTPResponse


#: A topic, an address to which people subscribe, and why the hub did not take it; None where it did.
Delivery = tuple[str, str | None]

_THREADS = 4

#: Seconds.
_CONNECT = 3

_READ = 5

_PAUSES = (0.0, 0.5, 1.0)  # before each attempt

_MOST_REDIRECTS = 5

#: Bytes that are read of what a hub says.
_MOST_READ = 4096


@dataclass(frozen=True, kw_only=True)
class _Reply:
    """What came of a request: why it failed, None if it did not, and whether it may go through after a `pause`.

    A hub that `is_silent` could not be reached, or gave no answer in time.
    """

    reason: str | None
    is_silent: bool = False
    may_pass: bool = False
    pause: float | None = None


def notify_hub(hub: str, topics: Sequence[str], limit: float) -> Iterator[Delivery]:
    """Tell the hub of the topics, a few at a time, and give each answer as it comes, for `limit` seconds at most.

    When that time is over, or the hub turns out to be out of reach, what was not answered has the reason for that.
    Threads that wait longer, for a name to be looked up as it may be, are left alone: they do not keep the process.
    """
    missing = dict.fromkeys(topics)
    notifier = _Notifier(hub, topics, limit)
    for topic, reason in notifier.deliveries():
        missing.pop(topic, None)
        yield topic, reason
    for topic in missing:
        yield topic, notifier.why_over


class _Notifier:
    """What the threads share that tell a hub."""

    def __init__(self, hub: str, topics: Sequence[str], limit: float) -> None:
        self.why_over = TIMED_OUT
        self._hub = hub
        self._deadline = time.monotonic() + limit
        self._todo = deque(topics)
        self._threads = min(_THREADS, len(self._todo))
        self._deliveries: SimpleQueue[Delivery | None] = SimpleQueue()
        self._is_over = Event()
        self._has_answered = False
        self._not_before = 0.0
        self._pool = urllib3.PoolManager(
            maxsize=_THREADS, retries=False, headers={"User-Agent": USER_AGENT, "Accept": "text/plain, */*"}
        )

    def deliveries(self) -> Iterator[Delivery]:
        """Each answer as it comes, until there is none to come or the time is over."""
        for _ in range(self._threads):
            Thread(target=self._work, name="hub", daemon=True).start()
        working = self._threads
        try:
            while working:
                delivery = self._deliveries.get(timeout=max(0.0, self._left()))
                if delivery is None:
                    working -= 1
                else:
                    yield delivery
        except Empty:
            pass
        finally:
            self._is_over.set()

    def _work(self) -> None:
        """Tell of one topic after the other."""
        try:
            while not self._is_over.is_set() and (topic := self._next()):
                reply = self._insist(topic)
                self._deliveries.put((topic, reply.reason))
                if reply.is_silent and not self._has_answered:
                    self._end(reply.reason)
        finally:
            self._deliveries.put(None)

    def _next(self) -> str | None:
        try:
            return self._todo.popleft()
        except IndexError:
            return None

    def _insist(self, topic: str) -> _Reply:
        """Tell of a topic, several times if that may help."""
        reply = _Reply(reason=self.why_over)
        for pause in _PAUSES:
            if not self._wait(pause):
                break
            reply = self._post(topic)
            if reply.pause is not None:  # that is for all topics
                self._not_before = max(self._not_before, time.monotonic() + reply.pause)
                if reply.pause >= self._left():
                    self._end(reply.reason)
            if not reply.may_pass:
                break
        return reply

    def _wait(self, pause: float) -> bool:
        """Wait for so long, and until the hub wants to hear of us again; whether there is time left then."""
        pause = max(pause, self._not_before - time.monotonic())
        return pause < self._left() and not self._is_over.wait(max(0.0, pause))

    def _end(self, reason: str | None) -> None:
        """Leave it at that: what was not told yet is not told."""
        self.why_over = reason or self.why_over
        self._is_over.set()

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _post(self, topic: str) -> _Reply:
        """Send the form once, whatever comes of it."""
        try:
            return self._send(topic)
        except (HTTPError, OSError, ValueError) as error:  # ValueError: no address, or no such name
            if isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError):
                return _Reply(reason=TIMED_OUT, is_silent=True)
            return _Reply(reason=why(error), is_silent=True, may_pass=True)

    def _send(self, topic: str) -> _Reply:
        """Send the form, to where the hub moved if need be (RFC 9110, 15.4.8 and 15.4.9)."""
        form = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic})
        place = self._hub
        for _ in range(_MOST_REDIRECTS):
            response = self._pool.request(
                "POST",
                place,
                body=form,
                headers={**self._pool.headers, "Content-Type": "application/x-www-form-urlencoded"},
                timeout=self._timeout(),
                redirect=False,
                preload_content=False,
            )
            reply = _read_reply(response)
            location = response.headers.get("Location")
            if response.status not in {307, 308} or not location:
                self._has_answered = True
                return reply
            moved = urljoin(place, location)
            if place.startswith("https:") and not moved.startswith("https:"):
                return _Reply(reason="redirected from https to what is not")
            place = moved
        return _Reply(reason="redirected too often")

    def _timeout(self) -> urllib3.Timeout:
        left = max(0.01, self._left())
        return urllib3.Timeout(connect=min(_CONNECT, left), read=min(_READ, left))


def _read_reply(response: BaseHTTPResponse) -> _Reply:
    """What an answer means. It is read to its end, unless that is far, so that the connection serves again."""
    body = b""
    with contextlib.suppress(HTTPError, OSError):
        body = response.read(_MOST_READ)
    response.close()
    status = response.status
    if 200 <= status < 300:
        return _Reply(reason=None)
    reason = status_line(status)
    if 300 <= status < 400:
        return _Reply(reason=reason + _shown(response.headers.get("Location", "")))
    if response.headers.get("Content-Type", "").startswith("text/plain"):
        reason += _shown(body.decode(errors="replace"))
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
        return _Reply(reason=reason, may_pass=True, pause=_retry_after(response))
    return _Reply(reason=reason)


def _retry_after(response: BaseHTTPResponse) -> float | None:
    """For how many seconds the hub wants to hear nothing (RFC 9110, 10.2.3)."""
    try:
        return urllib3.Retry().get_retry_after(response)
    except (HTTPError, ValueError, OverflowError):  # it is no time
        return None


def _shown(said: str) -> str:
    """What a hub says, behind a colon, if it is fit to be shown."""
    line = first_line(said)
    return f": {line}" if line else ""
