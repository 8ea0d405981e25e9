"""Links between reports: what says that two tell of one change, or dispute each other.

A link bears on both of its reports, of whatever kind, place or fate they are. So it is
found by either end; and as it stands or falls with the remarks on itself alone, those
are kept with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.columns import (
    CONTROL,
    LINKED,
    REDACTED,
    RETRACTED,
    Columns,
    Int32,
)
from chronicle.replay.versions import roots, targets

__all__ = ["Links", "among", "bearing_on", "links_of", "rivalled"]

_DISPUTES = 4  # of the flags of a link


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The links of a stretch of log, and remarks; all are positions but *link_rival*.

    `link_report` and `link_other` are the ends of `link`. `link_rival` says that it
    disputes, and that no end is known to be of something else than control.
    `link_remark` speaks of `link_remark_on`: a link, or a remark on one, and so on.
    """

    link: Int32
    link_report: Int32
    link_other: Int32
    link_rival: NDArray[np.bool_]
    link_remark: Int32
    link_remark_on: Int32


def links_of(columns: Columns) -> Links:
    """The links among *columns*, and all remarks that may be on links.

    Those are out whose chain ends, among *columns*, at something that is no link.
    """
    links = np.flatnonzero(columns.kind == LINKED)
    remarks = np.flatnonzero(
        (columns.kind >= RETRACTED)
        & (columns.kind <= REDACTED)
        & (columns.kind != LINKED)
    )
    end, _ = roots(columns, remarks, targets(columns, remarks))
    remarks = remarks[(end < 0) | (columns.kind[end] == LINKED)]
    rival = (columns.flags[links] & _DISPUTES) != 0
    report, other = columns.amount[links].astype(np.int32), columns.other[links]
    rival &= _may_be_control(columns, report) & _may_be_control(columns, other)
    return Links(
        columns.position[links],
        report,
        other,
        rival,
        columns.position[remarks],
        columns.amount[remarks].astype(np.int32),
    )


def _may_be_control(columns: Columns, position: Int32) -> NDArray[np.bool_]:
    """Whether the events at some positions are of control, or not among *columns*."""
    if not len(columns):
        return np.ones(len(position), np.bool_)
    row = np.minimum(np.searchsorted(columns.position, position), len(columns) - 1)
    found: NDArray[np.bool_] = (columns.position[row] != position) | (
        columns.kind[row] == CONTROL
    )
    return found


def among(values: NDArray[np.integer], held: Int32) -> NDArray[np.bool_]:
    """Which of *values* are among *held*, which increase."""
    if not len(held):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(held, values), len(held) - 1)
    found: NDArray[np.bool_] = held[at] == values
    return found


def bearing_on(
    stretches: Sequence[Links], claims: Int32, position: int
) -> tuple[Int32, Int32]:
    """The links on reports at *claims*, as known at *position*, with what they need.

    *claims* increase. Gives the control reports that such links set against them, of
    any day; and the positions of the links, of the remarks on them, and on those.
    """
    rivals, links = [], []
    for some in stretches:
        first, second = among(some.link_report, claims), among(some.link_other, claims)
        known = some.link <= position
        links.append(some.link[(first | second) & known])
        known &= some.link_rival
        rivals.append(some.link_other[first & known])
        rivals.append(some.link_report[second & known])
    found = _joined(links)
    todo = found
    while todo.size:
        further = [s.link_remark[among(s.link_remark_on, todo)] for s in stretches]
        todo = _joined(further)
        found = np.union1d(found, todo)
    return _joined(rivals), found[found <= position]


def rivalled(stretches: Sequence[Links], claims: Int32, position: int) -> Int32:
    """Which reports at *claims*, which increase, links may set another against."""
    found = []
    for some in stretches:
        known = some.link_rival & (some.link <= position)
        ends = some.link_report[known], some.link_other[known]
        found += [end[among(end, claims)] for end in ends]
    return _joined(found)


def _joined(parts: Sequence[Int32]) -> Int32:
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)
