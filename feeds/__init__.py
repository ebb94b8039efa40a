"""feeds: from a folder of articles to RSS, Atom and JSON feeds.

    import feeds

    config = feeds.load_config("config/feeds.yaml")
    report = feeds.regenerate(config)
    print(report.written, "documents written")

The public names are those in `__all__`. Each is imported on first use, so that `import feeds` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from feeds._version import __version__

if TYPE_CHECKING:
    from feeds.build import Report, probe, regenerate
    from feeds.checks.report import CheckReport, check
    from feeds.config.loader import load_config
    from feeds.config.schema import Config
    from feeds.errors import (
        CatalogError,
        ConfigError,
        EmptiedError,
        FeedsError,
        HostingError,
        HubError,
        LocatedDiagnostic,
        LockedError,
        Mistake,
        OptionsError,
        ProcessError,
        PruneError,
        PublishError,
        ServeError,
        StrictError,
        WatchError,
    )
    from feeds.overview import Overview, survey
    from feeds.pipeline.images import ImagesReport
    from feeds.run import RunOptions
    from feeds.watcher import watch
    from feeds.websub.hub import HubReport, ping

__all__ = [
    "CatalogError",
    "CheckReport",
    "Config",
    "ConfigError",
    "EmptiedError",
    "FeedsError",
    "HostingError",
    "HubError",
    "HubReport",
    "ImagesReport",
    "LocatedDiagnostic",
    "LockedError",
    "Mistake",
    "OptionsError",
    "Overview",
    "ProcessError",
    "PruneError",
    "PublishError",
    "Report",
    "RunOptions",
    "ServeError",
    "StrictError",
    "WatchError",
    "__version__",
    "check",
    "load_config",
    "ping",
    "probe",
    "regenerate",
    "survey",
    "watch",
]

_HOMES = {
    "CatalogError": "feeds.errors",
    "CheckReport": "feeds.checks.report",
    "Config": "feeds.config.schema",
    "ConfigError": "feeds.errors",
    "EmptiedError": "feeds.errors",
    "FeedsError": "feeds.errors",
    "HostingError": "feeds.errors",
    "HubError": "feeds.errors",
    "HubReport": "feeds.websub.hub",
    "ImagesReport": "feeds.pipeline.images",
    "LocatedDiagnostic": "feeds.errors",
    "Mistake": "feeds.errors",
    "OptionsError": "feeds.errors",
    "Overview": "feeds.overview",
    "ProcessError": "feeds.errors",
    "LockedError": "feeds.errors",
    "PruneError": "feeds.errors",
    "PublishError": "feeds.errors",
    "Report": "feeds.build",
    "RunOptions": "feeds.run",
    "ServeError": "feeds.errors",
    "StrictError": "feeds.errors",
    "WatchError": "feeds.errors",
    "check": "feeds.checks.report",
    "load_config": "feeds.config.loader",
    "ping": "feeds.websub.hub",
    "probe": "feeds.build",
    "regenerate": "feeds.build",
    "survey": "feeds.overview",
    "watch": "feeds.watcher",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
