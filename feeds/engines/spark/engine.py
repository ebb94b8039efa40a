"""The engine for a cluster (Apache Spark): its connection, and its catalog in a folder that all machines reach."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from feeds.catalog.schema import DamagedCatalogError
from feeds.engines.spark.catalog import ClusterCatalog
from feeds.engines.spark.partitions import INDEX, CatalogIndex, read_index
from feeds.engines.spark.stages import SparkEngine
from feeds.errors import CatalogError, FeedsError, LockedError, ProcessError, PublishError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark import SparkContext

    from feeds.catalog.protocol import ReadingFingerprint
    from feeds.progress import Track
    from feeds.storage.folder import Folder

_APPLICATION = "feeds"
#: Defaults. Java only passes bytes on: it should not spend more time on compiling itself than the tasks take, nor open
#: a file for each block of a shuffle.
_SETTINGS = {
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.shuffle.sort.bypassMergeThreshold": "1",
}
#: Seconds to wait for another run to end.
LOCK_TIMEOUT = 60
#: The last line of a traceback of a task that raised one of our errors.
_OUR_ERROR = re.compile(r"^(?:feeds\.[a-z0-9_.]+)\.(?P<name>[A-Za-z]+Error): (?P<message>.+)$", re.MULTILINE)


class SparkOpener:
    """A cluster at the URL `master`, or the one of `spark-submit`, and a catalog in a folder."""

    def __init__(self, folder: Folder, master: str | None, track: Track) -> None:
        self._folder = folder
        self._master = master
        self._track = track

    @contextmanager
    def open(
        self,
        fingerprint: ReadingFingerprint,
        *,
        fresh: bool,
        read_only: bool,  # noqa: ARG002  # it always keeps changes
    ) -> Iterator[SparkEngine]:
        with self._locked():
            former = read_index(self._folder)
            is_new = fresh or former is None or former.reading != fingerprint or former.is_outgrown
            index = _new_index(fingerprint, former) if is_new or former is None else former
            catalog = ClusterCatalog(self._folder, index, is_new=is_new)
            with _our_errors(), connect(self._master) as context:
                engine = SparkEngine(catalog, context, self._track)
                try:
                    yield engine
                finally:
                    engine.release()

    def discard_catalog(self) -> None:
        """Remove an index that cannot be read. Otherwise a fresh catalog remembers what this one was of."""
        with self._locked():
            try:
                read_index(self._folder)
            except DamagedCatalogError:
                self._folder.remove(INDEX)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other runs out of the catalog, if its folder has locks."""
        with ExitStack() as held:
            try:
                held.enter_context(self._folder.locked(LOCK_TIMEOUT))
            except LockedError as error:
                raise CatalogError(f"{self._folder}: the cache cannot be used: another run uses it") from error
            except PublishError as error:
                raise CatalogError(f"the cache cannot be used: {error}") from error
            yield


def _new_index(fingerprint: ReadingFingerprint, former: CatalogIndex | None) -> CatalogIndex:
    """An empty index that remembers which sources held articles, and how many runs there were."""
    if former is None:
        return CatalogIndex(reading=fingerprint, buckets=0)
    return CatalogIndex(reading=fingerprint, buckets=0, sources=former.sources, run=former.run)


@contextmanager
def connect(master: str | None) -> Iterator[SparkContext]:
    """Connect to the cluster. A connection that existed before is not closed."""
    from pyspark import SparkContext  # noqa: PLC0415  # optional

    existed = SparkContext._active_spark_context is not None  # noqa: SLF001  # there is no public way
    context = _context(master)
    try:
        yield context
    finally:
        if not existed:
            context.stop()


def _context(master: str | None) -> SparkContext:
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415  # as above

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    SparkContext._ensure_initialized()  # noqa: SLF001  # loads spark-defaults.conf
    settings = SparkConf().setAppName(_APPLICATION)
    for name, value in _SETTINGS.items():
        settings.setIfMissing(name, value)
    settings.set("spark.ui.showConsoleProgress", "false")  # the command line shows progress
    if master:
        settings.setMaster(master)
    context = SparkContext.getOrCreate(settings)
    context.setLogLevel("ERROR")
    return context


@contextmanager
def _our_errors() -> Iterator[None]:
    """Convert errors of the cluster, and of the connection to it. The error of a task arrives as text."""
    try:
        from py4j.protocol import Py4JError, Py4JJavaError  # noqa: PLC0415  # as above
        from pyspark.errors import PySparkException  # noqa: PLC0415  # as above
    except ImportError as error:
        raise ProcessError("PySpark is missing; `pip install 'feeds[spark]'` has it") from error
    try:
        yield
    except Py4JJavaError as error:
        raise _error_of(str(error.java_exception)) from error
    except (Py4JError, PySparkException) as error:
        raise _error_of(str(error)) from error


def _error_of(message: str) -> FeedsError:
    """Our error in the traceback of a task, or one with the reason."""
    ours = _OUR_ERROR.search(message)
    if ours and ours["name"] == DamagedCatalogError.__name__:
        return DamagedCatalogError(ours["message"])
    return ProcessError(ours["message"] if ours else f"the cluster could not do it: {_last_line(message)}")


def _last_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip() and not line.startswith(("\t", " "))]
    return next((line for line in reversed(lines) if "Error" in line), lines[0] if lines else "no reason is given")
