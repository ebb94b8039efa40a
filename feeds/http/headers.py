"""Headers of published documents (RFC 9110 and 9111)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.http.media_types import content_type

if TYPE_CHECKING:
    from feeds.config.schema import Config
    from feeds.models import Coding


def cache_control(config: Config) -> str:
    """Return the value of the Cache-Control header (RFC 9111, 5.2): `site.ttl`, in seconds."""
    return f"max-age={config.site.ttl * 60}"


def headers_of(media_type: str, coding: Coding | None, config: Config) -> dict[str, str]:
    """Return the headers that an object store keeps with a file. A precompressed file has its document's media type."""
    headers = {"Content-Type": content_type(media_type), "Cache-Control": cache_control(config)}
    return {**headers, "Content-Encoding": coding} if coding else headers
