"""How far a cluster is with what it was asked for."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from feeds.progress import untracked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark import SparkContext, StatusTracker

    from feeds.progress import Track


#: Between two looks at what is done, in seconds.
_INTERVAL = 0.25


@contextmanager
def following(context: SparkContext, track: Track, label: str) -> Iterator[None]:
    """Show how many tasks are done of those that are asked for while this lasts, if that is shown to anybody."""
    if track is untracked:
        yield
        return
    ended, failed = Event(), Event()
    thread = Thread(target=_follow_if_it_can, args=(context.statusTracker(), track, label, ended, failed), daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        failed.set()
        raise
    finally:
        ended.set()
        thread.join()


def _follow_if_it_can(tracker: StatusTracker, track: Track, label: str, ended: Event, failed: Event) -> None:
    """Where the cluster does not say it is not shown: whoever waits for it hears what is wrong."""
    from py4j.protocol import Py4JError  # noqa: PLC0415  # where there is a cluster only

    with suppress(Py4JError, OSError):
        _follow(tracker, track, label, ended, failed)


def _follow(tracker: StatusTracker, track: Track, label: str, ended: Event, failed: Event) -> None:
    """The stages of a job are known when it begins; one whose result was there before has no task to do."""
    while not (stages := _stages(tracker)):
        if ended.wait(_INTERVAL):
            return
    sizes = [tracker.getStageInfo(stage) for stage in stages]
    total = sum(size.numTasks for size in sizes if size)
    for _ in track(_done(tracker, stages, total, ended, failed), total, label):
        pass


def _stages(tracker: StatusTracker) -> list[int]:
    jobs = [tracker.getJobInfo(job) for job in tracker.getActiveJobsIds()]
    return [stage for job in jobs if job for stage in job.stageIds]


def _done(tracker: StatusTracker, stages: list[int], total: int, ended: Event, failed: Event) -> Iterator[None]:
    """Something for each task as it is done; for all of them at the end, if it is a good one."""
    told = 0
    while told < total:
        if ended.wait(_INTERVAL):
            if failed.is_set():
                return
            done = total
        else:
            done = sum(info.numCompletedTasks for info in map(tracker.getStageInfo, stages) if info)
        for _ in range(told, min(done, total)):
            yield
        told = max(told, min(done, total))
