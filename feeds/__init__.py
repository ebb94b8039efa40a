"""feeds: from a folder of articles to RSS, Atom and JSON feeds.

    import feeds

    config = feeds.load_config("config/feeds.yaml")
    report = feeds.regenerate(config)
    print(report.written, "documents written")

The names below are the public ones. They are imported when they are first used, so that `import feeds` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from feeds._version import __version__

if TYPE_CHECKING:
    from feeds.build import Report, probe, regenerate
    from feeds.config import load_config
    from feeds.errors import (
        CatalogError,
        ConfigError,
        FeedsError,
        HubError,
        Mistake,
        ProcessError,
        PublishError,
        StrictError,
        WatchError,
    )
    from feeds.hub import HubReport, ping
    from feeds.pictures import ImagesReport
    from feeds.settings import Config

__all__ = [
    "CatalogError",
    "Config",
    "ConfigError",
    "FeedsError",
    "HubError",
    "HubReport",
    "ImagesReport",
    "Mistake",
    "ProcessError",
    "PublishError",
    "Report",
    "StrictError",
    "WatchError",
    "__version__",
    "load_config",
    "ping",
    "probe",
    "regenerate",
]

_HOMES = {
    "CatalogError": "feeds.errors",
    "Config": "feeds.settings",
    "ConfigError": "feeds.errors",
    "FeedsError": "feeds.errors",
    "HubError": "feeds.errors",
    "HubReport": "feeds.hub",
    "ImagesReport": "feeds.pictures",
    "Mistake": "feeds.errors",
    "ProcessError": "feeds.errors",
    "PublishError": "feeds.errors",
    "Report": "feeds.build",
    "StrictError": "feeds.errors",
    "WatchError": "feeds.errors",
    "load_config": "feeds.config",
    "ping": "feeds.hub",
    "probe": "feeds.build",
    "regenerate": "feeds.build",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
