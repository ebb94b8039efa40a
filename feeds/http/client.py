"""What requests have in common: who asks, and why one failed."""

from __future__ import annotations

from http import HTTPStatus

from urllib3.exceptions import ProtocolError

from feeds._version import __version__

#: Who asks (RFC 9110, 10.1.5).
USER_AGENT = f"feeds/{__version__}"

TIMED_OUT = "timed out"

#: Characters of what a server says beside its status.
_MOST_SHOWN = 100


def status_line(status: int) -> str:
    """A status with what it means: `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def first_line(said: str) -> str:
    """The first line, not too much of it; nothing if it is not fit to be shown."""
    line = said.strip().partition("\n")[0].strip()[:_MOST_SHOWN]
    return line if line.isprintable() else ""


def why(error: Exception) -> str:
    """What the system says, without what is about objects of Python."""
    for cause in (error.__cause__, *error.args):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    if isinstance(error, ProtocolError):
        return "the connection broke, or what came is not HTTP"
    return first_line(str(error)) or type(error).__name__
