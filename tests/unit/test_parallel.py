"""Mapping in this process, and the threshold of the garbage collector during a run."""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack

import pytest

from feeds.parallel import available_jobs, process_map, rare_collections


@pytest.mark.parametrize("jobs", [-1, 0, 1])
def test_one_job_works_in_this_process(jobs: int) -> None:
    with process_map(jobs, lambda number: (number, os.getpid())) as map_:
        assert list(map_([3, 1, 2])) == [(3, os.getpid()), (1, os.getpid()), (2, os.getpid())]


def test_items_are_mapped_when_their_results_are_needed() -> None:
    done: list[int] = []
    with process_map(1, done.append) as map_:
        results = map_([1, 2, 3])
        assert done == []
        next(results)
        assert done == [1]


def test_there_is_a_processor() -> None:
    assert available_jobs() >= 1


def test_garbage_is_collected_less_often_until_the_last_of_several_runs_ends() -> None:
    before = gc.get_threshold()
    first, second = ExitStack(), ExitStack()
    first.enter_context(rare_collections())
    during = gc.get_threshold()
    assert during[0] > before[0]
    second.enter_context(rare_collections())
    first.close()
    assert gc.get_threshold() == during
    second.close()
    assert gc.get_threshold() == before


def test_an_error_in_a_run_restores_the_threshold() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="own"), rare_collections():
        raise ValueError("own")
    assert gc.get_threshold() == before
