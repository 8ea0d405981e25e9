"""Which reports a lens needs to see, so that the plain lens says what it says of all.

Columns choose, `chronicle.domain.lenses` judges. Of a settlement are chosen the reports
that the lens may let decide; the run of equal ones that ends there, and the one before
it, which says otherwise; whatever else it weighs; and the others of the deciding day,
which say whether it is disputed. A report more does no harm: each lens is the same on
any selection that holds these.

Reports are read backwards from the day asked about, a stretch at a time, until what was
read holds all of these. So a question costs what it looks at, and not the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.columns import Int32, UInt8
from chronicle.replay.index import Index, Rows
from chronicle.replay.lenses import (
    ColumnLens,
    ballots,
    best_of_day,
    spans_of,
    with_most_sources,
)
from chronicle.replay.standing import EffectiveColumns, View

__all__ = ["Candidates", "Decided", "candidates", "first_from"]

STRETCH = 16  # reports of a settlement that are read first
FURTHER = 4  # times as many are read of those where they did not suffice
MOST = 1 << 30  # more than any settlement has
PART = 1 << 20  # reports that are held at a time
CHOSEN = frozenset({"latest", "graded", "majority", "source", "cautious"})
_ALL = np.iinfo(np.int64).min  # the first day of a stretch that is everything
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The positions of the chosen reports, and the last day spoken of by settlement.

    `last` goes with the settlements asked about: the day number of the last report that
    is no baseline, or the least number of its type.
    """

    position: Int32
    last: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """All reports of some settlements from a day on; *first_day* is one for each."""

    places: Rows
    first_day: Int64
    reports: EffectiveColumns


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Which of some reports a lens lets decide, of the settlements that have such.

    `line` are the rows of the reports that the lens sees. `first` and `last` count
    among them: the run of equals that ends with the deciding report, and `whole` says
    that the one before it was seen. `group` counts the settlements of the reports.
    """

    reports: EffectiveColumns
    ends: Rows
    line: Rows
    group: Rows
    first: Rows
    last: Rows
    whole: NDArray[np.bool_]

    @property
    def chosen(self) -> Rows:
        """The rows of the deciding reports."""
        return self.line[self.last]


Take = Callable[[Decided, NDArray[np.bool_]], None]
"""Takes what decides, and of which settlements of the reports it is settled."""


def candidates(
    view: View,
    places: Rows,
    lens: ColumnLens,
    grades: UInt8 | None,
    take: Take | None = None,
) -> Candidates:
    """What *lens* needs of *places*, codes that increase.

    *grades* are the default reliabilities of sources, as `Replay.grades` gives them.
    *take* is told what decides, a part of the settlements at a time; not of a lens that
    columns do not know.
    """
    chosen: list[Int32] = []
    last = np.full(len(places), _ALL, np.int64)
    todo = np.arange(len(places))
    width = STRETCH if lens.rule != "majority" else MOST
    while todo.size:
        more = []
        for some in _parts(view.index, places, todo, width):
            stretch = _stretch(view, places[some], width)
            found, done = _choose(stretch, lens, grades, take)
            chosen.append(found.position)
            last[some[done]] = found.last[done]
            more.append(some[~done])
        todo = np.concatenate(more)
        width = min(width * FURTHER, MOST)
    empty = np.empty(0, np.int32)
    return Candidates(np.unique(np.concatenate([empty, *chosen])), last)


def _parts(index: Index, places: Rows, todo: Rows, width: int) -> list[Rows]:
    """*todo* in pieces that are not too much at once."""
    count = np.zeros(len(places), np.int64)
    inside = places < index.settlements
    count[inside] = np.diff(index.start)[places[inside]]
    upto = np.cumsum(np.minimum(count[todo], width)) // PART
    return np.split(todo, np.flatnonzero(np.diff(upto)) + 1)


def _stretch(view: View, places: Rows, width: int) -> Stretch:
    """The last *width* reports of each of *places*, and the rest of the first day."""
    index = view.index
    first_day = np.full(len(places), _ALL, np.int64)
    inside = np.flatnonzero(places < index.settlements)
    codes = places[inside]
    begin = index.start[codes].astype(np.intp)
    upto = np.full(len(codes), index.upto(view.on))
    end = first_from(index.day, begin, index.start[codes + 1].astype(np.intp), upto)
    low = np.maximum(end - width, begin)
    cut = np.flatnonzero(low > begin)
    low[cut] = first_from(index.day, begin[cut], low[cut], index.day[low[cut]])
    cut = cut[low[cut] > begin[cut]]
    first_day[inside[cut]] = index.days[index.day[low[cut]]]
    rows, number = spans_of(low, end - 1)
    reports = view.standing(rows, codes[number].astype(np.int32))
    if any(map(len, view.others)):
        reports = reports.take(_within(reports, places, first_day))
    return Stretch(places, first_day, reports)


def first_from(
    days: NDArray[np.generic], low: Rows, high: Rows, day: NDArray[np.generic]
) -> Rows:
    """The first row of each `[low, high)` whose day is not below its *day*, else high.

    In each of the spans *days* do not decrease.
    """
    low, high = low.copy(), high.copy()
    while (open_ := np.flatnonzero(low < high)).size:
        middle = (low[open_] + high[open_]) >> 1
        early = days[middle] < day[open_]
        low[open_[early]] = middle[early] + 1
        high[open_[~early]] = middle[~early]
    return low


def _within(
    reports: EffectiveColumns, places: Rows, first_day: Int64
) -> NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(places, reports.place), len(places) - 1)
    found: NDArray[np.bool_] = places[at] == reports.place
    return found & (reports.valid >= first_day[at])


def _choose(
    stretch: Stretch, lens: ColumnLens, grades: UInt8 | None, take: Take | None
) -> tuple[Candidates, NDArray[np.bool_]]:
    """What is needed of a stretch, and of which settlements it was all there."""
    reports, whole = stretch.reports, stretch.first_day == _ALL
    done = whole.copy()
    last = np.full(len(whole), _ALL, np.int64)
    if not len(reports):
        return Candidates(np.empty(0, np.int32), last), done
    begins = np.flatnonzero(np.diff(reports.place, prepend=-1))
    ends = np.append(begins[1:], len(reports)) - 1
    group = np.repeat(np.arange(len(ends)), ends - begins + 1)
    at = np.searchsorted(stretch.places, reports.place[begins])
    needed = np.zeros(len(reports), np.bool_)
    decided = _mark(reports, ends, group, lens, grades, needed)
    closed = np.zeros(len(ends), np.bool_)
    if decided is not None:
        closed[decided.group] = decided.whole
    if lens.rule == "cautious":
        window = reports.valid[ends].astype(np.int64) - lens.days
        needed |= reports.valid >= window[group]
        closed &= stretch.first_day[at] <= window
    spoken = np.where(~reports.baseline, np.arange(len(reports)), -1)
    newest = np.maximum.reduceat(spoken, begins)
    last[at] = np.where(newest < 0, _ALL, reports.valid[newest].astype(np.int64))
    done[at] |= closed & (newest >= 0)
    if take is not None and decided is not None:
        take(decided, done[at])
    return Candidates(reports.position[needed & done[at][group]], last), done


def _mark(
    reports: EffectiveColumns,
    ends: Rows,
    group: Rows,
    lens: ColumnLens,
    grades: UInt8 | None,
    needed: NDArray[np.bool_],
) -> Decided | None:
    """Mark what may decide, its run and its day; None for a lens not known here."""
    if lens.rule not in CHOSEN:  # all of the place, and the plain lens reads it all
        needed[:] = True
        return None
    needed[ends] = True  # that anything was said at all
    line = np.arange(len(reports))  # the reports that the lens sees
    chosen = ends
    groups = np.arange(len(ends))  # of the chosen
    if lens.rule == "graded":
        chosen = best_of_day(reports, ends, grades)
        needed |= reports.valid == reports.valid[ends][group]
    elif lens.rule == "majority":
        chosen = with_most_sources(reports, ends)
        needed[ballots(reports, ends)[0]] = True
    elif lens.rule == "source":
        line = np.flatnonzero(reports.source == lens.source)
        own = np.flatnonzero(np.diff(group[line], append=len(ends)))
        chosen, groups = line[own], group[line[own]]
    day = np.full(len(ends), _ALL, np.int64)
    day[groups] = reports.valid[chosen]
    needed |= reports.valid == day[group]
    start, broken = _runs(reports.place[line], reports.said[line])
    at = np.searchsorted(line, chosen)
    rows, _ = spans_of(start[at], at)
    needed[line[rows]] = True
    whole = broken[at]
    return Decided(reports, ends, line, groups, start[at] + whole, at, whole)


def _runs(place: Int32, said: NDArray[np.generic]) -> tuple[Rows, NDArray[np.bool_]]:
    """For each report the one before its run of equals, and whether there is one.

    Where there is none it is the first of the run.
    """
    number = np.arange(len(place))
    other = np.append(True, np.diff(place) != 0)[: len(place)]
    breaks = other | np.append(True, np.diff(said) != 0)[: len(place)]
    start = np.maximum.accumulate(np.where(breaks, number, 0))
    broken = ~other[start] if len(place) else other
    return start - broken, broken
