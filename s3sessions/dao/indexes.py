"""The indexes that a list shows, in order: as runs, for a packed history shows very many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator


class Indexes:
    """A set of indexes in ascending order."""

    __slots__ = ("_runs", "_starts")

    def __init__(self, indexes: Iterable[int], blocks: Iterable[range] = ()) -> None:
        """Join what is given; `indexes` are in ascending order, `blocks` may overlap them."""
        runs = [*_runs(indexes), *blocks]
        runs.sort(key=lambda run: run.start)
        self._runs = _joined(runs)
        self._starts = [run.start for run in self._runs]

    def __contains__(self, index: int) -> bool:
        at = bisect_right(self._starts, index)
        return at > 0 and index in self._runs[at - 1]

    def __iter__(self) -> Iterator[int]:
        for run in self._runs:
            yield from run

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    @property
    def greatest(self) -> int | None:
        """The last one; None where there is none."""
        return self._runs[-1][-1] if self._runs else None

    @property
    def end(self) -> int:
        """The index above the last one; 0 where there is none."""
        return self._runs[-1].stop if self._runs else 0

    def since(self, start: int) -> Indexes:
        """Give those from `start` on."""
        return Indexes(
            (), [range(max(start, r.start), r.stop) for r in self._runs if r.stop > start]
        )

    def newest(self, count: int) -> list[int]:
        """Give the last `count` of them, or all there are."""
        found: list[int] = []
        for run in reversed(self._runs):
            if len(found) >= count:
                break
            found[:0] = run[max(0, len(run) - (count - len(found))) :]
        return found

    def before(self, index: int, count: int) -> list[int]:
        """Give the last `count` of those below an index."""
        below = [range(run.start, min(index, run.stop)) for run in self._runs if run.start < index]
        return Indexes((), below).newest(count)


def _runs(indexes: Iterable[int]) -> Iterator[range]:
    start = stop = -1
    for index in indexes:
        if index != stop:
            if stop >= 0:
                yield range(start, stop)
            start = index
        stop = index + 1
    if stop >= 0:
        yield range(start, stop)


def _joined(runs: Iterable[range]) -> list[range]:
    joined: list[range] = []
    for run in runs:
        if joined and run.start <= joined[-1].stop:
            joined[-1] = range(joined[-1].start, max(joined[-1].stop, run.stop))
        else:
            joined.append(run)
    return joined
