"""Cutting: where to part the list of a long history, so that each part is about a page.

Names list in byte order (0, 1, 10, 100, 2), and the numbers of messages mostly lack none. So what
was shown tells how many there are where nobody has looked yet. This is a guess by which requests
are sent and never more: what the list holds is what its pages show, wherever they were cut.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from s3sessions.keys import MAX_INDEX, message_index, message_name

Stretch = tuple[str, str | None]
"""Keys behind the first one, up to and with the second; None for the end."""

_MOST_DIGITS: Final = len(str(MAX_INDEX))
# Numbers beyond which to look while their end is unknown, and pages for which it is not looked for.
_PROBES: Final = 3
_FEW_PAGES: Final = 4
_GROWTH: Final = 16


class Numbers:
    """What lists have shown of the numbered messages in one folder, `folder` with its slash."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._count = 0
        self._least = MAX_INDEX + 1
        self._greatest = -1

    def show(self, name: str) -> None:
        """Take note of a name in the folder, once."""
        index = message_index(name)
        if index is not None:
            self._count += 1
            if index < self._least:
                self._least = index
            if index > self._greatest:
                self._greatest = index

    def cuts(self, left: Sequence[Stretch], seen: Sequence[Stretch], page: int) -> list[list[str]]:
        """Part what is left to be listed.

        Args:
            left: where nobody has looked yet.
            seen: where all was shown.
            page: most keys of one page.

        Returns:
            For each of `left` the keys behind which to begin anew, in order; all of messages. None
            where the numbers lack so many that nothing can be told of them.
        """
        known = self._greatest + 1
        if not self._count or self._count < self._between(seen, known) / 2:
            return [[] for _ in left]
        end = self._end(seen)
        probes: list[str] = []
        if end - self._least > max(2 * (known - self._least), self._count + _FEW_PAGES * page):
            probes = [self._key(n) for n in _growing(self._least, known, end)]
            end = known
        # What was shown may be the beginning of anything; it is trusted for so many times as much.
        most = _GROWTH * max(1, self._count // page)
        step = max(page, self._between(left, end) // most)
        return [self._cut(stretch, probes, end, step) for stretch in left]

    def _cut(self, left: Stretch, probes: Sequence[str], end: int, step: int) -> list[str]:
        after, stop = left
        first, last = self._rank(after, end), self._rank(stop, end)
        cuts = {self._key(self._at(rank, end)) for rank in range(first + step, last, step)}
        cuts.update(key for key in probes if key > after and (stop is None or key < stop))
        return sorted(cuts)

    def _end(self, seen: Sequence[Stretch]) -> int:
        """Give the lowest number that is not there, above all that are, where that was seen."""
        for run in _runs(self._greatest + 1, MAX_INDEX + 1):
            places = [(self._place(run, after), self._place(run, stop)) for after, stop in seen]
            found = [run[begin] for begin, end in places if begin < end]
            if found:
                return min(found)
        return MAX_INDEX + 1

    def _between(self, stretches: Sequence[Stretch], end: int) -> int:
        """Tell how many numbers below `end` there would be if none lacked."""
        return sum(self._rank(stop, end) - self._rank(after, end) for after, stop in stretches)

    def _rank(self, key: str | None, end: int) -> int:
        """Tell how many numbers there would be up to and with a key, in byte order."""
        return sum(self._place(run, key) for run in _runs(self._least, end))

    def _place(self, run: range, key: str | None) -> int:
        """Tell how many of a run, in which byte order is that of numbers, come up to a key."""
        return len(run) if key is None else bisect_right(run, key, key=self._key)

    def _at(self, rank: int, end: int) -> int:
        """Give the number that comes at a rank, the first at 1, in byte order."""
        if self._least == 0:
            if rank == 1:
                return 0
            rank -= 1
        number = 0
        while True:
            number = max(1, number * 10)
            while rank > (weight := _beginning_with(number, self._least, end)):
                rank -= weight
                number += 1
            if number >= self._least:
                rank -= 1
            if rank == 0:
                return number

    def _key(self, number: int) -> str:
        return self._folder + message_name(number)


def merged(seen: Iterable[Stretch]) -> list[Stretch]:
    """Give the same stretches, in order, none of which touches another."""
    whole: list[Stretch] = []
    for after, stop in sorted(seen, key=lambda stretch: stretch[0]):
        if whole and (whole[-1][1] is None or after <= whole[-1][1]):
            before, end = whole[-1]
            whole[-1] = (before, None if end is None or stop is None else max(end, stop))
        else:
            whole.append((after, stop))
    return whole


def _runs(begin: int, end: int) -> Iterator[range]:
    """Give the numbers from `begin` to before `end`, those of each length by themselves."""
    for low, high in pairwise([0, *(10**digits for digits in range(1, _MOST_DIGITS + 1))]):
        if run := range(max(begin, low), min(end, high)):
            yield run


def _growing(least: int, known: int, end: int) -> list[int]:
    """Give a few numbers on the way from `known` to `end`, each as much farther as the last."""
    step = ((end - least) / (known - least)) ** (1 / (_PROBES + 1))
    return [least + int((known - least) * step**n) for n in range(1, _PROBES + 1)]


def _beginning_with(digits: int, begin: int, end: int) -> int:
    """Tell how many numbers from `begin` to before `end` begin with these digits."""
    count, width = 0, 1
    while digits * width < end:
        count += max(0, min(end, (digits + 1) * width) - max(begin, digits * width))
        width *= 10
    return count
