"""Who held how many places, day by day, as known at one position.

Each verdict of a settlement holds from the day of its report to the day of the next
one, so a series is a sum of steps up and down: no state is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.columns import Int32, UInt8
from chronicle.replay.index import Rows
from chronicle.replay.lenses import (
    ColumnLens,
    Verdicts,
    day_ends,
    last_rows,
    verdicts,
)
from chronicle.replay.standing import EffectiveColumns

__all__ = ["Series", "series"]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """`count[d, s]` settlements were said on `days[d]` to be with side *s*.

    Sides are (`actor[s]`, `status[s]`); settlements that nothing was said of by then
    are in none of them.
    """

    days: Int32
    actor: Int32
    status: UInt8
    count: NDArray[np.int64]

    def by_actor(self, actor: int) -> NDArray[np.int64]:
        """How many settlements *actor* (a code) holds in whatever way, day by day."""
        found: NDArray[np.int64] = self.count[:, self.actor == actor].sum(axis=1)
        return found


def series(
    reports: EffectiveColumns,
    days: Int32,
    lens: ColumnLens,
    grades: UInt8 | None = None,
) -> Series:
    """The counts on *days*, which increase; *reports* reach to the last of them."""
    if lens.rule == "majority":
        return _one_by_one(reports, days, lens, grades)
    ends = day_ends(reports)
    found = verdicts(reports, ends, lens, grades)
    place = reports.place[ends]
    until = np.append(reports.valid[ends][1:], 0).astype(np.int64)
    until[np.append(np.diff(place) != 0, True)[: len(ends)]] = int(days[-1]) + 1
    key, actor, status = _sides(found)
    steps = np.zeros((len(days) + 1, len(actor)), np.int64)
    np.add.at(steps, (np.searchsorted(days, reports.valid[ends]), key), 1)
    np.add.at(steps, (np.searchsorted(days, until[: len(ends)]), key), -1)
    return Series(days, actor, status, np.cumsum(steps, axis=0)[:-1])


def _sides(found: Verdicts) -> tuple[Rows, Int32, UInt8]:
    pair = found.status.astype(np.int64) << 32 | (found.actor.astype(np.int64) + 1)
    sides, key = np.unique(pair, return_inverse=True)
    actor = ((sides & 0xFFFFFFFF) - 1).astype(np.int32)
    return key, actor, (sides >> 32).astype(np.uint8)


def _one_by_one(
    reports: EffectiveColumns, days: Int32, lens: ColumnLens, grades: UInt8 | None
) -> Series:
    """Majorities change with every report: one state a day."""
    told = []
    for day in days:
        early = reports.take(reports.valid <= day)
        told.append(verdicts(early, last_rows(early), lens, grades))
    both = Verdicts(
        np.concatenate([one.chosen for one in told]),
        np.concatenate([one.actor for one in told]),
        np.concatenate([one.status for one in told]),
    )
    key, actor, status = _sides(both)
    row = np.repeat(np.arange(len(days)), [len(one.chosen) for one in told])
    count = np.zeros((len(days), len(actor)), np.int64)
    np.add.at(count, (row, key), 1)
    return Series(days, actor, status, count)
