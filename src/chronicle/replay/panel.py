"""Who held what at the end of each of some days: place by day, from columns.

A verdict holds from the day of its report to the day of the next, so it is worked out
once for each settlement and day reported, and carried on to the days asked about.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.vocabulary import STATUSES
from chronicle.replay.columns import Int32, UInt8
from chronicle.replay.index import Rows
from chronicle.replay.lenses import (
    ColumnLens,
    Verdicts,
    day_ends,
    doubtful,
    last_rows,
    verdicts,
)
from chronicle.replay.standing import EffectiveColumns
from chronicle.store.columnar import NO_DAY, NOBODY

__all__ = ["Panel", "panel"]

_UNKNOWN = STATUSES.index("unknown")


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A row for each of some places and, within it, each of some days.

    `since` is the day from which the lens sees it so, `reported` the last day up to
    then that a report (no baseline) speaks of: day numbers, or `NO_DAY`.
    """

    actor: Int32
    status: UInt8
    since: Int32
    reported: Int32

    def take(self, rows: NDArray[np.integer]) -> Panel:
        """Some of the rows; -1 is the last."""
        return Panel(
            *(np.take(getattr(self, f.name), rows, mode="wrap") for f in fields(self))
        )


def panel(
    reports: EffectiveColumns,
    places: Int32,
    days: Int32,
    lens: ColumnLens,
    grades: UInt8 | None = None,
) -> Panel:
    """The panel of *places* (codes) on *days*, which increase.

    *reports* reach to the last of the days, and for the lens `source` are of it only.
    """
    if lens.rule == "majority":
        return _day_by_day(reports, places, days, lens, grades)
    ends = day_ends(reports)
    cells = _cells(reports.valid[ends], days)
    if len(ends):  # of the days up to one asked about only the last can decide
        place = reports.place[ends]
        same = (cells[1:] == cells[:-1]) & (place[1:] == place[:-1])
        last = np.append(~same, True)
        ends, cells = ends[last], cells[last]
    found = _at_ends(reports, ends, lens, grades)
    return found.take(_carried(reports, ends, cells, places, len(days)))


def _cells(valid: Int32, days: Int32) -> NDArray[np.intp]:
    """For each day the number of the first of *days* that is not before it."""
    calendar = np.arange(days[0], days[-1] + 1)
    table = np.searchsorted(days, calendar)
    found: NDArray[np.intp] = table[np.maximum(valid - days[0], 0)]
    return found


def _at_ends(
    reports: EffectiveColumns, ends: Rows, lens: ColumnLens, grades: UInt8 | None
) -> Panel:
    """What is so at each of *ends*; one more row at the end stands for no report."""
    found = verdicts(reports, ends, lens, grades)
    no_day = np.int32(NO_DAY)
    return Panel(
        np.append(found.actor, np.int32(NOBODY)),
        np.append(found.status, np.uint8(_UNKNOWN)),
        np.append(_since(reports, ends, found, lens), no_day),
        np.append(_reported(reports, ends), no_day),
    )


def _carried(
    reports: EffectiveColumns,
    ends: Rows,
    cells: NDArray[np.intp],
    places: Int32,
    days: int,
) -> NDArray[np.int32]:
    """For each place and day the number of the end that holds then; -1 for none."""
    at = np.full(len(places) * days, -1, np.int32)
    row = np.full(max(reports.settlements, int(places.max(initial=-1)) + 1), -1)
    row[places] = np.arange(len(places))
    rows = row[reports.place[ends]]
    there = np.flatnonzero(rows >= 0)
    if len(there) < len(rows):
        rows, cells = rows[there], cells[there]
    at[rows * days + cells] = there  # of equals the last stays
    by_place = at.reshape(len(places), days)
    found: NDArray[np.int32] = np.maximum.accumulate(by_place, axis=1).reshape(-1)
    return found


def _since(
    reports: EffectiveColumns, ends: Rows, found: Verdicts, lens: ColumnLens
) -> Int32:
    """The day of the first report of the run of equal ones that ends with the chosen.

    What is contested only because sources differ is so from the chosen on.
    """
    if not len(ends):
        return np.zeros(0, np.int32)
    breaks = (np.diff(reports.place) != 0) | (np.diff(reports.said) != 0)
    rows = np.arange(len(reports), dtype=np.int32)
    run = np.maximum.accumulate(np.where(np.append(True, breaks), rows, 0))
    first = run[found.chosen]
    if lens.rule == "cautious":
        first = np.where(doubtful(reports, ends, lens.days), found.chosen, first)
    return reports.valid[first]


def _reported(reports: EffectiveColumns, ends: Rows) -> Int32:
    """The day of the last report of the place up to each end that is no baseline."""
    if not len(reports):
        return np.zeros(0, np.int32)
    last = np.maximum.accumulate(
        np.where(reports.baseline, -1, np.arange(len(reports), dtype=np.int32))
    )[ends]
    there = (last >= 0) & (reports.place[last] == reports.place[ends])
    days: Int32 = np.where(there, reports.valid[last], np.int32(NO_DAY))
    return days


def _day_by_day(
    reports: EffectiveColumns,
    places: Int32,
    days: Int32,
    lens: ColumnLens,
    grades: UInt8 | None,
) -> Panel:
    """Majorities change with every report: one state a day."""
    parts = []
    for day in days:
        early = reports.take(np.flatnonzero(reports.valid <= day))
        ends = last_rows(early)
        at = _carried(early, ends, np.zeros(len(ends), np.intp), places, 1)
        parts.append(_at_ends(early, ends, lens, grades).take(at))
    names = [f.name for f in fields(Panel)]
    return Panel(
        *(np.stack([getattr(p, n) for p in parts], axis=1).ravel() for n in names)
    )
