"""What Spark does with the stages of the engine, in one process and without Java: its meaning, not its machines.

Values are pickled where they would go from one machine to another. Nothing is kept unless it is asked for, so what is
used twice is computed twice, as where a machine is lost. What Spark itself does is tried in tests/test_cluster.py.
"""

from __future__ import annotations

import pickle
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyspark import StorageLevel

Partitions = list[list[Any]]


class FakeContext:
    """A SparkContext.

    While values are passed on for the `lost`-th time, `when_lost` is called once. What came of them for the first half
    of those who take them stays; for the others it is computed again after that, and for the last one once more.
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
        held = list(values)
        return FakeRDD(self, lambda: [held[start::count] for start in range(count)])

    def broadcast(self, value: Any) -> FakeBroadcast:
        self.broadcasts.append(value)
        return FakeBroadcast(value)

    def statusTracker(self) -> FakeContext:  # noqa: N802  # as above
        return self

    def getActiveJobsIds(self) -> list[int]:  # noqa: N802  # as above
        return []

    def passed_on(self, compute: Callable[[], Partitions], spread: Callable[[Partitions], Partitions]) -> Partitions:
        """What is passed on, as each partition of those that take it finds it."""
        found = spread(compute())
        self.lost -= self.when_lost is not None
        if self.when_lost and self.lost == 0:
            happens, self.when_lost = self.when_lost, None
            happens()
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
    """An RDD, with what the engine asks of one. `spread` is over how many partitions its keys are, 0 for anyhow."""

    def __init__(self, context: FakeContext, compute: Callable[[], Partitions], spread: int = 0) -> None:
        self._context = context
        self._compute = compute
        self._spread = spread

    def map(
        self,
        function: Callable[[Any], Any],
        preservesPartitioning: bool = False,  # noqa: N803  # as above
    ) -> FakeRDD:
        return self._each(lambda _, values: map(function, values), self._spread if preservesPartitioning else 0)

    def flatMap(self, function: Callable[[Any], Iterable[Any]]) -> FakeRDD:  # noqa: N802  # as above
        return self._each(lambda _, values: (one for value in values for one in function(value)))

    def mapPartitionsWithIndex(self, function: Callable[[int, Iterator[Any]], Iterable[Any]]) -> FakeRDD:  # noqa: N802
        return self._each(function)

    def union(self, other: FakeRDD) -> FakeRDD:
        return FakeRDD(self._context, lambda: [*self._compute(), *other._compute()])  # its own kind

    def persist(self, level: StorageLevel) -> FakeRDD:
        """Keep what it has, not in memory, from now on."""
        assert level.useDisk
        assert not level.useMemory
        held: list[Partitions] = []
        computed = self._compute

        def compute() -> Partitions:
            if not held:
                held.append(computed())
            return held[0]

        self._compute = compute
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

        in_places = count if place is hash else 0
        return FakeRDD(self._context, lambda: self._context.passed_on(self._compute, spread), in_places)

    def groupByKey(self, count: int) -> FakeRDD:  # noqa: N802  # as above
        def spread(partitions: Partitions) -> Partitions:
            found: list[dict[Any, list[Any]]] = [defaultdict(list) for _ in range(count)]
            for key, value in _all(partitions):
                found[hash(key) % count][key].append(_sent(value))
            return [list(group.items()) for group in found]

        return FakeRDD(self._context, lambda: self._context.passed_on(self._compute, spread), count)

    def cogroup(self, other: FakeRDD, numPartitions: int) -> FakeRDD:  # noqa: N803  # as above
        def spread(both: Partitions) -> Partitions:
            found: list[dict[Any, Any]] = [defaultdict(lambda: ([], [])) for _ in range(numPartitions)]
            for number, partitions in enumerate(both):
                for key, value in _all(partitions):
                    found[hash(key) % numPartitions][key][number].append(_sent(value))
            return [list(group.items()) for group in found]

        def compute() -> Partitions:
            return [self._compute(), other._compute()]  # its own kind

        return FakeRDD(self._context, lambda: self._context.passed_on(compute, spread), numPartitions)

    def join(self, other: FakeRDD, numPartitions: int) -> FakeRDD:  # noqa: N803  # as above
        """Here of what is in its place: all else is passed on whole for it, however little has a partner."""
        assert self._spread == other._spread == numPartitions

        def compute() -> Partitions:
            found: Partitions = []
            for mine, others in zip(self._compute(), other._compute(), strict=True):
                partners = [(key, left, right) for key, left in mine for name, right in others if name == key]
                found.append([(key, (left, right)) for key, left, right in partners])
            return found

        return FakeRDD(self._context, compute, numPartitions)

    def collect(self) -> list[Any]:
        return [_sent(value) for value in _all(self._compute())]

    def _each(self, function: Callable[[int, Iterator[Any]], Iterable[Any]], spread: int = 0) -> FakeRDD:
        return FakeRDD(
            self._context,
            lambda: [list(function(number, iter(values))) for number, values in enumerate(self._compute())],
            spread,
        )


def _all(partitions: Partitions) -> Iterator[Any]:
    return (value for values in partitions for value in values)


def _sent(value: Any) -> Any:
    """A value as it comes out on another machine."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # as above
