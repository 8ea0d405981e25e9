"""A report and all that was said of it, found by columns: positions, then events."""

from __future__ import annotations

import numpy as np

from chronicle.domain.timeline import RecordedEvent
from chronicle.replay.columns import REDACTED, RETRACTED, Columns, Int32
from chronicle.replay.delta import Tail
from chronicle.replay.index import Index
from chronicle.replay.links import among
from chronicle.replay.versions import roots, targets
from chronicle.store.log import EventLog
from chronicle.store.register import recorded_of

__all__ = [
    "events_at",
    "of_kind",
    "remarks_on",
    "told_of",
    "with_remarks",
]


def remarks_on(index: Index, tail: Tail | None, claims: Int32, position: int) -> Int32:
    """The remarks on control reports at *claims*, and on those, up to a position."""
    found = index.remark[among(index.remark_root, claims)]
    if tail is not None:
        later = tail.columns.position[tail.remark]
        found = np.concatenate([found, later[among(tail.remark_root, claims)]])
    return found[found <= position]


def told_of(index: Index, tail: Tail | None, place: int, position: int) -> Int32:
    """The control reports that ever told of a settlement, as first told or amended."""
    known = np.empty(0, np.int32)
    if place < index.settlements:
        known = index.known_from[index.start[place] : index.start[place + 1]]
    roots = index.root(known[known <= position])
    if tail is not None:
        mine = (tail.entries.place == place) & (tail.entries.known_from <= position)
        roots = np.concatenate([roots, tail.entries.position[mine]])
    return np.unique(roots)


def of_kind(columns: Columns, kind: int, first: int, last: int) -> Int32:
    """Claims of a kind of the days from *first* to *last*, and remarks on such.

    Those with remarks are there whatever their day; what stands is for others to judge.
    """
    remarks = np.flatnonzero((columns.kind >= RETRACTED) & (columns.kind <= REDACTED))
    root, _ = roots(columns, remarks, targets(columns, remarks))
    mine = (root >= 0) & (columns.kind[root] == kind)
    days = (columns.valid >= first) & (columns.valid <= last)
    rows = (columns.kind == kind) & days
    rows[root[mine]] = rows[remarks[mine]] = True
    found: Int32 = columns.position[rows]
    return found


def events_at(log: EventLog, positions: Int32) -> list[RecordedEvent]:
    """The events at some positions, in order."""
    return [recorded_of(row) for row in log.store.rows_at(positions.tolist())]


def with_remarks(log: EventLog, positions: Int32, upto: int) -> list[RecordedEvent]:
    """The events at some positions, all remarks on them, and on those, in order."""
    rows = {row.position: row for row in log.store.rows_at(positions.tolist())}
    todo = [row.report for row in rows.values() if row.report]
    while todo:
        about = [row for row in log.store.remarks_on(todo) if row.position <= upto]
        todo = [r.report for r in about if r.report and r.position not in rows]
        rows |= {row.position: row for row in about}
    return [recorded_of(rows[position]) for position in sorted(rows)]
