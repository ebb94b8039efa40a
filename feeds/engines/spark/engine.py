"""The engine of a cluster (Apache Spark): the connection to it, and a catalog in a folder that its machines reach."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from feeds.catalog.schema import DamagedCatalogError
from feeds.engines.spark.catalog import ClusterCatalog
from feeds.engines.spark.partitions import CatalogRoot, read_root
from feeds.engines.spark.stages import SparkWork
from feeds.errors import CatalogError, FeedsError, ProcessError, PublishError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark import SparkContext

    from feeds.catalog.protocol import ReadingFingerprint
    from feeds.progress import Track
    from feeds.storage.folder import Folder


_APPLICATION = "feeds"

#: Unless somebody chose otherwise. Java only passes bytes on: it need not spend as much on compiling itself as the
#: tasks take, nor open a file for each part of what a task gives away.
_SETTINGS = {
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.shuffle.sort.bypassMergeThreshold": "1",
}

#: Seconds that another run has to end.
_PATIENCE = 60

#: How an error of ours ends the traceback of a task.
_OURS = re.compile(r"^(?:feeds\.[a-z0-9_.]+)\.(?P<name>[A-Za-z]+Error): (?P<message>.+)$", re.MULTILINE)


class SparkEngine:
    """A cluster that Spark knows by the address `master`, or by what `spark-submit` says, and a catalog in a folder."""

    def __init__(self, folder: Folder, master: str | None, track: Track) -> None:
        self._folder = folder
        self._master = master
        self._track = track

    @contextmanager
    def opened(self, reading: ReadingFingerprint, *, anew: bool, looks: bool) -> Iterator[SparkWork]:  # noqa: ARG002
        with self._locked():
            root = read_root(self._folder)
            is_new = anew or root is None or root.reading != reading or root.is_outgrown
            with self._work(_successor(root, reading) if root and is_new else root, reading, is_new=is_new) as work:
                if root and not anew and root.reading.code != reading.code:
                    work.catalog.damage = f"{self._folder}: the cache is of another version"
                yield work

    @contextmanager
    def opened_anew(self, reading: ReadingFingerprint, *, looks: bool) -> Iterator[SparkWork]:  # noqa: ARG002
        with self._locked():
            root = None
            with suppress(DamagedCatalogError):
                root = read_root(self._folder)
            with self._work(_successor(root, reading) if root else None, reading, is_new=True) as work:
                yield work

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other runs out of the catalog while this lasts, where it is in a folder that has locks."""
        with ExitStack() as held:
            try:
                held.enter_context(self._folder.locked(_PATIENCE))
            except PublishError as error:
                raise CatalogError(f"{self._folder}: the cache cannot be used: another run uses it") from error
            yield

    @contextmanager
    def _work(self, root: CatalogRoot | None, reading: ReadingFingerprint, *, is_new: bool) -> Iterator[SparkWork]:
        catalog = ClusterCatalog(self._folder, root or CatalogRoot(reading=reading, buckets=0), is_new=is_new)
        with _errors(), _connected(self._master) as context:
            work = SparkWork(catalog, context, self._track)
            try:
                yield work
            finally:
                work.release()


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith(("\t", " "))]
    return next((line for line in reversed(lines) if "Error" in line), lines[0] if lines else "no reason is given")


def _successor(root: CatalogRoot, reading: ReadingFingerprint) -> CatalogRoot:
    """What is left of a catalog whose files are to be read again: where there were articles, and what was published."""
    return CatalogRoot(reading=reading, buckets=0, roots=root.roots, run=root.run)


@contextmanager
def _connected(master: str | None) -> Iterator[SparkContext]:
    """The connection to the cluster; one that was there before is not ended."""
    from pyspark import SparkContext  # noqa: PLC0415  # where it is asked for only

    was_there = SparkContext._active_spark_context is not None  # noqa: SLF001  # there is no other way to know
    context = _context(master)
    try:
        yield context
    finally:
        if not was_there:
            context.stop()


def _context(master: str | None) -> SparkContext:
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415  # as above

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    SparkContext._ensure_initialized()  # noqa: SLF001  # else what spark-defaults.conf says is not known yet
    settings = SparkConf().setAppName(_APPLICATION)
    for name, value in _SETTINGS.items():
        settings.setIfMissing(name, value)
    settings.set("spark.ui.showConsoleProgress", "false")  # it is ours to show
    if master:
        settings.setMaster(master)
    context = SparkContext.getOrCreate(settings)
    context.setLogLevel("ERROR")
    return context


@contextmanager
def _errors() -> Iterator[None]:
    """What goes wrong on the cluster, or on the way to it, as errors of ours. What a task raises comes as text."""
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


def _error_of(said: str) -> FeedsError:
    """The error of ours that a text is about, which is the traceback of a task or says what is wrong in a line."""
    ours = _OURS.search(said)
    if ours and ours["name"] == DamagedCatalogError.__name__:
        return DamagedCatalogError(ours["message"])
    return ProcessError(ours["message"] if ours else f"the cluster could not do it: {_last_line(said)}")
