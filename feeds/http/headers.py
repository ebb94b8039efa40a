"""Headers of published documents (RFC 9110 and 9111)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.http.media_types import content_type

if TYPE_CHECKING:
    from feeds.config.schema import Config
    from feeds.models import Coding


def cache_control(config: Config) -> str:
    """The header Cache-Control (RFC 9111, 5.2): what `site.ttl` says, in seconds."""
    return f"max-age={config.site.ttl * 60}"


def headers_of(media_type: str, coding: Coding | None, config: Config) -> dict[str, str]:
    """What is to be said with a document by a store that keeps it; a compressed copy is of the type of its document."""
    said = {"Content-Type": content_type(media_type), "Cache-Control": cache_control(config)}
    return {**said, "Content-Encoding": coding} if coding else said
