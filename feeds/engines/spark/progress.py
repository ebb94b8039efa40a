"""Progress of the tasks of a cluster."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from feeds.progress import untracked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark import SparkContext, StatusTracker

    from feeds.progress import Track

#: Seconds between queries of the status.
_INTERVAL = 0.25


@contextmanager
def following(context: SparkContext, track: Track, label: str) -> Iterator[None]:
    """Show how many tasks of the jobs that are started meanwhile are done, if progress is shown at all."""
    if track is untracked:
        yield
        return
    ended, failed = Event(), Event()
    thread = Thread(target=_follow, args=(context.statusTracker(), track, label, ended, failed), daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        failed.set()
        raise
    finally:
        ended.set()
        thread.join()


def _follow(tracker: StatusTracker, track: Track, label: str, ended: Event, failed: Event) -> None:
    """Show progress as long as the cluster reports it; errors are those of the caller."""
    from py4j.protocol import Py4JError  # noqa: PLC0415  # optional

    with suppress(Py4JError, OSError):
        stages: list[int] = []
        while not stages:
            if ended.wait(_INTERVAL):
                return
            jobs = [tracker.getJobInfo(job) for job in tracker.getActiveJobsIds()]
            stages = [stage for job in jobs if job for stage in job.stageIds]
        # The stages of a job are known when it starts; one whose result exists has no tasks.
        infos = [tracker.getStageInfo(stage) for stage in stages]
        total = sum(info.numTasks for info in infos if info)
        for _ in track(_completed(tracker, stages, total, ended, failed), total, label):
            pass


def _completed(tracker: StatusTracker, stages: list[int], total: int, ended: Event, failed: Event) -> Iterator[None]:
    """Yield once for each task when it is done; for all of them at the end, unless it failed."""
    shown = 0
    while shown < total:
        if ended.wait(_INTERVAL):
            if failed.is_set():
                return
            done = total
        else:
            done = sum(info.numCompletedTasks for info in map(tracker.getStageInfo, stages) if info)
        for _ in range(shown, min(done, total)):
            yield
        shown = max(shown, min(done, total))
