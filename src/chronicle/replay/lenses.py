"""Lenses over columns: the rules of `chronicle.domain.lenses`, all places at once.

A lens is asked for its verdict at some of the reports: as if the report at an *end*
were the last one of its settlement. For a state these are the last reports; for a
series, the last report of each settlement and day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.events import STATUSES
from chronicle.domain.lenses import (
    CREDIBILITY_ORDER,
    RELIABILITY_ORDER,
    parse_lens,
)
from chronicle.errors import UsageError
from chronicle.replay.columns import Int32, UInt8
from chronicle.replay.index import Rows
from chronicle.replay.standing import EffectiveColumns
from chronicle.store.columnar import NOBODY

__all__ = [
    "ColumnLens",
    "Verdicts",
    "ballots",
    "best_of_day",
    "day_ends",
    "doubtful",
    "last_rows",
    "lens_named",
    "spans_of",
    "verdicts",
    "with_most_sources",
]

_CONTESTED = STATUSES.index("contested")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLens:
    """A lens by its rule; `source` is a code, `days` those of *cautious*."""

    rule: str
    source: int = NOBODY
    days: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """For each end the report that decides, and the side that the lens sees."""

    chosen: Rows
    actor: Int32
    status: UInt8


def lens_named(name: str, source: int | None = None) -> ColumnLens:
    """The lens of that name; *source* is the code of the source in `source:ID`.

    Raises `UsageError` as `chronicle.domain.lenses.parse_lens` does. A source without
    a code has never said anything.
    """
    full = parse_lens(name).name
    if full.startswith("source:"):
        return ColumnLens(rule="source", source=NOBODY if source is None else source)
    rule, _, days = full.partition(":")
    return ColumnLens(rule=rule, days=int(days or 0))


def last_rows(reports: EffectiveColumns) -> Rows:
    """The last report of each settlement that has any."""
    return np.flatnonzero(np.append(np.diff(reports.place) != 0, True)[: len(reports)])


def day_ends(reports: EffectiveColumns) -> Rows:
    """The last report of each settlement and day."""
    new = (np.diff(reports.place) != 0) | (np.diff(reports.valid) != 0)
    return np.flatnonzero(np.append(new, True)[: len(reports)])


def verdicts(
    reports: EffectiveColumns, ends: Rows, lens: ColumnLens, grades: UInt8 | None = None
) -> Verdicts:
    """What *lens* makes of *reports* at each of *ends*, which increase.

    *grades* holds the default reliability of each source code (1-6 for A-F, 0 none).
    For `source` the reports must be of that source only, and for `majority` the ends
    must be of different settlements.
    """
    if lens.rule == "graded":
        chosen = ends.copy()
        before = np.maximum(ends - 1, 0)
        several = (before < ends) & (reports.valid[before] == reports.valid[ends])
        several &= reports.place[before] == reports.place[ends]
        chosen[several] = best_of_day(reports, ends[several], grades)
    elif lens.rule == "majority":
        chosen = with_most_sources(reports, ends)
    elif lens.rule in ("latest", "source", "cautious"):
        chosen = ends
    else:
        raise UsageError(f"panels and series cannot be seen through {lens.rule!r} yet")
    said = reports.said[chosen]
    actor, status = reports.side_actor[said], reports.side_status[said]
    if lens.rule == "cautious":
        unsure = doubtful(reports, ends, lens.days)
        actor = np.where(unsure, np.int32(NOBODY), actor)
        status = np.where(unsure, np.uint8(_CONTESTED), status)
    return Verdicts(chosen, actor, status)


def spans_of(first: Rows, ends: Rows) -> tuple[Rows, Rows]:
    """All rows of the spans `[first, end]`, and the number of the span of each."""
    count = ends - first + 1
    number = np.repeat(np.arange(len(ends)), count)
    offset = np.arange(len(number)) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(first, count) + offset, number


def _first_rows(
    reports: EffectiveColumns, ends: Rows, days: NDArray[np.generic]
) -> Rows:
    """For each end its settlement's first report of a day not before *days*."""
    low = int(reports.valid.min(initial=0))
    place = reports.place.astype(np.int64) << 32
    key = place + (reports.valid.astype(np.int64) - low)
    wanted = np.maximum(np.asarray(days, np.int64) - low, 0)
    found: Rows = np.searchsorted(key, place[ends] + wanted)
    return found


def grade_ranks(reports: EffectiveColumns, grades: UInt8 | None) -> NDArray[np.int64]:
    """`domain.lenses.grade_key` as one number a report, the best the least."""
    letter = reports.grade >> np.uint8(3)
    if grades is not None and len(grades):
        inside = reports.source < len(grades)
        default = np.where(inside, grades[np.where(inside, reports.source, 0)], 0)
        letter = np.where(letter == 0, default, letter)
    worth = [RELIABILITY_ORDER.index(letter) for letter in "FABCDEF"]
    told = [CREDIBILITY_ORDER.index(number or 6) for number in range(8 - 1)]
    credibility = np.append(told, told[0])[reports.grade & np.uint8(7)]
    rank: NDArray[np.int64] = credibility * 8 + np.array(worth)[letter]
    return rank


def best_of_day(reports: EffectiveColumns, ends: Rows, grades: UInt8 | None) -> Rows:
    if not len(ends):
        return ends
    first = _first_rows(reports, ends, reports.valid[ends])
    rows, number = spans_of(first, ends)
    rank = grade_ranks(reports.take(rows), grades)
    best = np.minimum.reduceat(rank, np.flatnonzero(np.diff(number, prepend=-1)))
    equal = np.flatnonzero(rank == best[number])
    chosen = np.empty(len(ends), np.intp)
    chosen[number[equal]] = rows[equal]  # of equals the latest stays
    return chosen


def doubtful(reports: EffectiveColumns, ends: Rows, days: int) -> NDArray[np.bool_]:
    """Whether another source said otherwise in the last *days* days."""
    first = _first_rows(reports, ends, reports.valid[ends].astype(np.int64) - days)
    rows, number = spans_of(first, ends)
    last = ends[number]
    against = reports.said[rows] != reports.said[last]
    against &= reports.source[rows] != reports.source[last]
    against &= ~reports.baseline[rows]
    found: NDArray[np.bool_] = np.bincount(
        number, weights=against, minlength=len(ends)
    ).astype(np.bool_)
    return found


def ballots(reports: EffectiveColumns, ends: Rows) -> tuple[Rows, Rows]:
    """The rows that vote at each end, and the number of the end of each.

    A source's ballot is its last report; baselines vote when nobody else does.
    """
    first = _first_rows(reports, ends, np.full(len(ends), reports.valid.min()))
    rows, number = spans_of(first, ends)
    told = ~reports.baseline[rows]
    anybody = np.bincount(number, weights=told, minlength=len(ends)) > 0
    votes = told | ~anybody[number]
    rows, number = rows[votes], number[votes]
    cast = last_of(number, reports.source[rows])
    return rows[cast], number[cast]


def with_most_sources(reports: EffectiveColumns, ends: Rows) -> Rows:
    """The last ballot of the side with most; of equals the one reported last."""
    if not len(ends):
        return ends
    rows, number = ballots(reports, ends)
    said = reports.said[rows].astype(np.int64)
    key = number * (int(said.max()) + 1) + said
    side, inverse, votes = np.unique(key, return_inverse=True, return_counts=True)
    last = np.zeros(len(side), np.intp)
    np.maximum.at(last, inverse, rows)
    span = side // (int(said.max()) + 1)
    order = np.lexsort((last, votes, span))
    chosen = np.empty(len(ends), np.intp)
    chosen[span[order]] = last[order]  # most votes, then the latest, come last
    return chosen


def last_of(number: Rows, code: Int32) -> Rows:
    """In order, the last row of each (number, code); numbers do not decrease."""
    width = int(code.max(initial=0)) + 1
    table = (int(number[-1]) + 1) * width
    key = number * width + code
    if table <= max(4 * len(key), 1 << 20):
        last = np.full(table, -1, np.intp)
        last[key] = np.arange(len(key))  # of equals the last stays
        return np.sort(last[last >= 0])
    order = np.argsort(key, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(key[order]) != 0, True))
    return np.sort(order[ends])
