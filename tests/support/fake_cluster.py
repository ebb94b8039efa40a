"""A fake of the parts of Spark that the engine uses, in one process and without Java.

Values are pickled where they would be sent to another machine. Only persisted values are kept: what is used twice is
computed twice, as if a machine was lost. tests/system/test_cluster.py tests Spark itself.
"""

from __future__ import annotations

import pickle
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyspark import StorageLevel

Partitions = list[list[Any]]


class FakeContext:
    """A SparkContext.

    At the shuffle number `lost`, from now on, `when_lost` is called once, as if a machine was lost then. The first half
    of the partitions keeps what was computed before the call. It is computed again for the other half, and once more
    for the last partition.
    """

    defaultParallelism = 2  # noqa: N815  # Spark's name

    def __init__(self) -> None:
        self.when_lost: Callable[[], None] | None = None
        self.lost = 0
        self.broadcasts: list[Any] = []
        self.kept: list[FakeRDD] = []

    def emptyRDD(self) -> FakeRDD:  # noqa: N802  # as above
        return FakeRDD(self, list)

    def parallelize(self, values: Iterable[Any], count: int) -> FakeRDD:
        listed = list(values)
        return FakeRDD(self, lambda: [listed[start::count] for start in range(count)])

    def broadcast(self, value: Any) -> FakeBroadcast:
        self.broadcasts.append(value)
        return FakeBroadcast(value)

    def statusTracker(self) -> FakeContext:  # noqa: N802  # as above
        return self

    def getActiveJobsIds(self) -> list[int]:  # noqa: N802  # as above
        return []

    def shuffle(self, compute: Callable[[], Partitions], spread: Callable[[Partitions], Partitions]) -> Partitions:
        """The computed values spread over new partitions."""
        found = spread(compute())
        self.lost -= self.when_lost is not None
        if self.when_lost and self.lost == 0:
            when_lost, self.when_lost = self.when_lost, None
            when_lost()
            half = len(found) // 2
            found[half:-1] = spread(compute())[half:-1]
            found[-1:] = spread(compute())[-1:]
        return found


class FakeBroadcast:
    """A Broadcast."""

    def __init__(self, value: Any) -> None:
        self._packed = pickle.dumps(value)

    @property
    def value(self) -> Any:
        return pickle.loads(self._packed)  # noqa: S301  # of this process


class FakeRDD:
    """An RDD. `partitioner` is the number of partitions that its keys are spread over by their hash, else 0."""

    def __init__(self, context: FakeContext, compute: Callable[[], Partitions], partitioner: int = 0) -> None:
        self._context = context
        self._compute = compute
        self._partitioner = partitioner

    def map(
        self,
        function: Callable[[Any], Any],
        preservesPartitioning: bool = False,  # noqa: N803  # as above
    ) -> FakeRDD:
        return self._each(lambda _, values: map(function, values), self._partitioner if preservesPartitioning else 0)

    def flatMap(self, function: Callable[[Any], Iterable[Any]]) -> FakeRDD:  # noqa: N802  # as above
        return self._each(lambda _, values: (one for value in values for one in function(value)))

    def mapPartitionsWithIndex(self, function: Callable[[int, Iterator[Any]], Iterable[Any]]) -> FakeRDD:  # noqa: N802
        return self._each(function)

    def union(self, other: FakeRDD) -> FakeRDD:
        return FakeRDD(self._context, lambda: [*self._compute(), *other._compute()])

    def persist(self, level: StorageLevel) -> FakeRDD:
        """Keep the values, which must not be in memory, when they are first computed."""
        assert level.useDisk
        assert not level.useMemory
        self._compute = cache(self._compute)
        self._context.kept.append(self)
        return self

    def unpersist(self) -> FakeRDD:
        self._context.kept.remove(self)
        return self

    def partitionBy(self, count: int, place: Callable[[Any], int] = hash) -> FakeRDD:  # noqa: N802  # as above
        def spread(partitions: Partitions) -> Partitions:
            found: Partitions = [[] for _ in range(count)]
            for key, value in _all(partitions):
                found[place(key) % count].append(_sent((key, value)))
            return found

        partitioner = count if place is hash else 0
        return FakeRDD(self._context, lambda: self._context.shuffle(self._compute, spread), partitioner)

    def groupByKey(self, count: int) -> FakeRDD:  # noqa: N802  # as above
        def spread(partitions: Partitions) -> Partitions:
            found: list[dict[Any, list[Any]]] = [defaultdict(list) for _ in range(count)]
            for key, value in _all(partitions):
                found[hash(key) % count][key].append(_sent(value))
            return [list(group.items()) for group in found]

        return FakeRDD(self._context, lambda: self._context.shuffle(self._compute, spread), count)

    def cogroup(self, other: FakeRDD, numPartitions: int) -> FakeRDD:  # noqa: N803  # as above
        def spread(both: Partitions) -> Partitions:
            found: list[dict[Any, Any]] = [defaultdict(lambda: ([], [])) for _ in range(numPartitions)]
            for number, partitions in enumerate(both):
                for key, value in _all(partitions):
                    found[hash(key) % numPartitions][key][number].append(_sent(value))
            return [list(group.items()) for group in found]

        def compute() -> Partitions:
            return [self._compute(), other._compute()]

        return FakeRDD(self._context, lambda: self._context.shuffle(compute, spread), numPartitions)

    def join(self, other: FakeRDD, numPartitions: int) -> FakeRDD:  # noqa: N803  # as above
        """Join values that are partitioned alike. Spark would shuffle others, even those without a partner."""
        assert self._partitioner == other._partitioner == numPartitions

        def compute() -> Partitions:
            found: Partitions = []
            for mine, others in zip(self._compute(), other._compute(), strict=True):
                found.append([(key, (left, right)) for key, left in mine for name, right in others if name == key])
            return found

        return FakeRDD(self._context, compute, numPartitions)

    def collect(self) -> list[Any]:
        return [_sent(value) for value in _all(self._compute())]

    def _each(self, function: Callable[[int, Iterator[Any]], Iterable[Any]], partitioner: int = 0) -> FakeRDD:
        return FakeRDD(
            self._context,
            lambda: [list(function(number, iter(values))) for number, values in enumerate(self._compute())],
            partitioner,
        )


def _all(partitions: Partitions) -> Iterator[Any]:
    return (value for values in partitions for value in values)


def _sent(value: Any) -> Any:
    """The value as another machine receives it."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # as above
