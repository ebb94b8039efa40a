"""HTTP requests: the User-Agent, and short descriptions of responses and errors."""

from __future__ import annotations

from http import HTTPStatus

from urllib3.exceptions import ProtocolError

from feeds._version import __version__

#: The User-Agent header of all requests (RFC 9110, 10.1.5).
USER_AGENT = f"feeds/{__version__}"

TIMED_OUT = "timed out"

#: Characters of a response body that a message shows.
_MAX_SHOWN = 100


def status_line(status: int) -> str:
    """Return a status code with its reason phrase: `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def first_line(text: str) -> str:
    """Return the first line of a text, cut to 100 characters; empty if it is not printable."""
    line = text.strip().partition("\n")[0].strip()[:_MAX_SHOWN]
    return line if line.isprintable() else ""


def failure_reason(error: Exception) -> str:
    """Return the reason for a failed request: the system's message, without the names of Python objects."""
    for cause in (error.__cause__, *error.args):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    if isinstance(error, ProtocolError):
        return "the connection broke, or what came is not HTTP"
    return first_line(str(error)) or type(error).__name__
