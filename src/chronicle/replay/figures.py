"""Figures of displacement over columns: which hold on a day, and their sums.

A sum here is arithmetic over the figures that hold. Whether it may be told, so that
nobody is counted twice, is for `chronicle.domain.displacement` to say, from the
reports.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.events import CATEGORIES, MEASURES
from chronicle.replay.columns import (
    AMENDED,
    DISPLACEMENT,
    REDACTED,
    RETRACTED,
    Columns,
    Int32,
)
from chronicle.replay.versions import Entries, resolve, roots, targets
from chronicle.store.columnar import NO_DAY, NOBODY

__all__ = [
    "Figures",
    "FiguresOn",
    "Sums",
    "figures_on",
    "gather_figures",
    "sums",
    "that_may_hold",
]

_STOCK = MEASURES.index("stock")


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """The displacement reports of a log, those with remarks apart.

    `alone` are entries of reports that no remark speaks of; `spoken` are the others
    with the remarks on them, which are laid on when a question is asked.
    """

    columns: Columns
    alone: Entries
    spoken: Columns


@dataclass(frozen=True, slots=True, eq=False)
class FiguresOn:
    """The figures that hold on a day, in order of (day, position).

    `persons` is -1 where a source gave no number. `partial` marks figures whose
    amendments changed fields that hot records do not hold: read those from the log.
    """

    position: Int32
    measure: NDArray[np.uint8]
    category: NDArray[np.uint16]
    counter: Int32
    area: Int32
    place: Int32
    valid: Int32
    persons: NDArray[np.int64]
    partial: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """One row for each (measure, category, counter, area) of the figures on a day.

    `figures` counts them, `uncounted` those without a number of persons.
    """

    measure: NDArray[np.int64]
    category: NDArray[np.int64]
    counter: NDArray[np.int64]
    area: NDArray[np.int64]
    persons: NDArray[np.int64]
    figures: NDArray[np.int64]
    uncounted: NDArray[np.int64]


def gather_figures(columns: Columns) -> Figures:
    """The figures among *columns*, which are those of a whole log."""
    remarks = np.flatnonzero((columns.kind >= RETRACTED) & (columns.kind <= REDACTED))
    root, _ = roots(columns, remarks, targets(columns, remarks))
    mine = (root >= 0) & (columns.kind[root] == DISPLACEMENT)
    spoken = np.zeros(len(columns), np.bool_)
    spoken[root[mine]] = spoken[remarks[mine]] = True
    kept = columns.take((columns.kind == DISPLACEMENT) & ~spoken)
    return Figures(kept, resolve(kept, DISPLACEMENT), columns.take(spoken))


def figures_on(
    figures: Figures,
    on: int,
    position: int,
    published_by: int | None = None,
    *,
    no_area: int = NOBODY,
    area_of_place: Int32 | None = None,
) -> FiguresOn:
    """The figures that hold on day *on*: the latest stocks, all flows counted by then.

    A stock takes the place of one of an earlier day of the same counter, category and
    area; where the area is *no_area* (the code of the empty name), of the same
    settlement. *area_of_place* gives for a settlement code the code of an area of the
    same name, or -1: a name means the same place in both columns.
    """
    held = [
        (figures.columns, _cut(figures.alone, on, position, published_by)),
    ]
    spoken = figures.spoken
    if len(spoken):
        counts = spoken.position <= position
        if published_by is not None:
            amends = spoken.kind == AMENDED
            told = np.where(amends, spoken.since, spoken.published)
            late = (told != NO_DAY) & (told > published_by)
            late &= (spoken.kind >= RETRACTED) & (spoken.kind != REDACTED)
            counts &= ~late
        part = spoken.take(counts)
        entries = resolve(part, DISPLACEMENT)
        held.append((part, _cut(entries, on, position, published_by)))
    found = _joined(held)
    return _latest_stocks(found, no_area, area_of_place)


def that_may_hold(
    figures: Figures,
    on: int,
    position: int,
    published_by: int | None = None,
    *,
    no_area: int = NOBODY,
    area_of_place: Int32 | None = None,
) -> Int32:
    """The positions of all figures that may hold on day *on*, and of remarks on them.

    Of the reports that nobody spoke of those that hold among themselves: an older one
    holds in no company. All others are for the plain rule to judge.
    """
    alone = [(figures.columns, _cut(figures.alone, on, position, published_by))]
    held = _latest_stocks(_joined(alone), no_area, area_of_place).position
    spoken = figures.spoken.position
    return np.union1d(held, spoken[spoken <= position]).astype(np.int32)


def _cut(entries: Entries, on: int, position: int, published_by: int | None) -> Entries:
    seen = (entries.known_from <= position) & (position < entries.known_to)
    seen &= entries.valid <= on
    if published_by is not None:
        seen &= (entries.published != NO_DAY) & (entries.published <= published_by)
    return entries.take(seen)


def _joined(held: list[tuple[Columns, Entries]]) -> FiguresOn:
    def both(of_columns: str, of_entries: str) -> NDArray[np.int64]:
        return np.concatenate(
            [
                getattr(columns, of_columns)[entries.row]
                if of_columns
                else getattr(entries, of_entries)
                for columns, entries in held
            ]
        )

    position, valid = both("", "position"), both("", "valid")
    order = np.lexsort((position, valid))
    return FiguresOn(
        position[order].astype(np.int32),
        both("status", "")[order].astype(np.uint8),
        both("mask", "")[order].astype(np.uint16),
        both("actor", "")[order].astype(np.int32),
        both("other", "")[order].astype(np.int32),
        both("", "place")[order].astype(np.int32),
        valid[order].astype(np.int32),
        both("amount", "")[order],
        both("", "partial")[order].astype(np.bool_),
    )


def _latest_stocks(
    found: FiguresOn, no_area: int, area_of_place: Int32 | None
) -> FiguresOn:
    stock = np.flatnonzero(found.measure == _STOCK)
    area, place = found.area[stock].astype(np.int64), found.place[stock]
    named = (area == no_area) & (place != NOBODY)
    if area_of_place is not None and len(area_of_place):
        inside = named & (place < len(area_of_place))
        same = np.where(inside, area_of_place[np.where(inside, place, 0)], -1)
        where = np.where(named, np.where(same >= 0, same, -2 - place), area)
    else:
        where = np.where(named, -2 - place.astype(np.int64), area)
    _, where = np.unique(where, return_inverse=True)
    wide = int(where.max(initial=0)) + 1
    key = found.counter[stock].astype(np.int64) * len(CATEGORIES)
    key = (key + found.category[stock]) * wide + where
    _, group = np.unique(key, return_inverse=True)
    newest = np.full(int(group.max(initial=-1)) + 1, NO_DAY, np.int64)
    np.maximum.at(newest, group, found.valid[stock])
    kept = found.measure != _STOCK
    kept[stock] = found.valid[stock] == newest[group]
    return FiguresOn(*(getattr(found, name)[kept] for name in FiguresOn.__slots__))


def sums(found: FiguresOn) -> Sums:
    """The figures that hold on a day, added up by what they count, and where."""
    wide = [len(MEASURES), len(CATEGORIES)]
    wide += [int(c.max(initial=-1)) + 2 for c in (found.counter, found.area)]
    key = found.measure.astype(np.int64)
    key = key * wide[1] + found.category
    key = key * wide[2] + found.counter + 1
    key = key * wide[3] + found.area + 1
    groups, inverse = np.unique(key, return_inverse=True)
    persons = np.zeros(len(groups), np.int64)
    np.add.at(persons, inverse, np.maximum(found.persons, 0))
    none = np.zeros(len(groups), np.int64)
    np.add.at(none, inverse, found.persons < 0)
    rest, area = np.divmod(groups, wide[3])
    rest, counter = np.divmod(rest, wide[2])
    measure, category = np.divmod(rest, wide[1])
    count = np.bincount(inverse, minlength=len(groups)).astype(np.int64)
    return Sums(measure, category, counter - 1, area - 1, persons, count, none)
