"""Web servers that serve an output folder on loopback, each as its set-up says."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from feeds.application import Application
from feeds.serve import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from feeds.settings import Config


@contextmanager
def feeds_serve(config: Config, output: Path, port: int) -> Iterator[None]:
    with serving(Application(config, output), "127.0.0.1", port):
        yield


#: By name: what serves the output folder of a configuration at a port.
SERVERS: Mapping[str, Callable[[Config, Path, int], AbstractContextManager[None]]] = {"feeds serve": feeds_serve}
