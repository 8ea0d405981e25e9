"""The last day on which anybody spoke of a place, of anything but control."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.events import ControlReported
from chronicle.domain.questions import Clocks
from chronicle.domain.state import fold
from chronicle.domain.timeline import as_of
from chronicle.replay.choosing import first_from
from chronicle.replay.columns import (
    FOREVER,
    REDACTED,
    RETRACTED,
    Columns,
    Int32,
)
from chronicle.replay.delta import first_of_chain
from chronicle.replay.family import with_remarks
from chronicle.replay.index import Rows
from chronicle.replay.ledger import SPEAKING, Ledger
from chronicle.replay.lenses import spans_of
from chronicle.replay.links import among
from chronicle.replay.versions import resolve, roots, targets
from chronicle.store.columnar import NO_DAY, NOBODY, day_number
from chronicle.store.log import EventLog

__all__ = ["NEVER", "last_spoken"]

STRETCH = 8  # reports of a place that are looked at first
NEVER = np.iinfo(np.int64).min
_ROUTE = SPEAKING[2]


def last_spoken(
    log: EventLog, ledger: Ledger, later: Columns, clocks: Clocks, ids: list[str]
) -> NDArray[np.int64]:
    """For each settlement code the number of the last such day, `NEVER` for none.

    *later* are the events from the ledger's head to the position asked, *ids* those of
    the settlements by code.
    """
    last = np.full(len(ids), NEVER, np.int64)
    unsure = _unsure(ledger, later, clocks)
    _look_back(ledger, clocks, unsure, last)
    _look_at(later, clocks, unsure, last)
    if len(unsure):
        codes = {id_: code for code, id_ in enumerate(ids)}
        events = with_remarks(log, unsure, clocks.position)
        told = [
            one
            for one in as_of(events, clocks.on, clocks.published_by)
            if not isinstance(one.claim, ControlReported)
        ]
        for id_, day in fold(told).last.items():
            if id_ in codes:
                last[codes[id_]] = max(last[codes[id_]], day_number(day))
    return last


def _unsure(ledger: Ledger, later: Columns, clocks: Clocks) -> Int32:
    """Reports of which columns do not say how they stand; they are read instead.

    Those that an amendment changed where only payloads tell; those with remarks that
    were published too late; those of which the ledger does not know all remarks.
    """
    found: list[NDArray[np.integer]] = [ledger.loose]
    if clocks.published_by is not None:
        by = day_number(clocks.published_by)
        late = (ledger.remark_told != NO_DAY) & (ledger.remark_told > by)
        found.append(ledger.remark_root[late])
    remarks = np.flatnonzero((later.kind >= RETRACTED) & (later.kind <= REDACTED))
    if remarks.size:
        inner = targets(later, remarks)
        root, _ = roots(later, remarks, inner)
        inside = root[root >= 0]
        found.append(later.position[inside[np.isin(later.kind[inside], SPEAKING)]])
        outer = later.amount[first_of_chain(later, remarks, inner)][root < 0]
        outer = outer[outer > 0].astype(np.int32)
        chained = among(outer, ledger.remark)
        if chained.any():
            at = np.searchsorted(ledger.remark, outer[chained])
            outer[chained] = ledger.remark_root[at]
        found.append(outer)
    every = np.unique(np.concatenate(found)).astype(np.int32)
    return every[every <= clocks.position]


def _seen(clocks: Clocks, published: Int32) -> NDArray[np.bool_]:
    if clocks.published_by is None:
        return np.ones(len(published), np.bool_)
    by = day_number(clocks.published_by)
    found: NDArray[np.bool_] = (published != NO_DAY) & (published <= by)
    return found


def _look_back(
    ledger: Ledger, clocks: Clocks, unsure: Int32, last: NDArray[np.int64]
) -> None:
    """Of each settlement the entries backwards from the day, until one counts."""
    todo: Rows = np.arange(min(ledger.settlements, len(last)))
    begin = ledger.start[todo].astype(np.intp)
    end = ledger.start[todo + 1].astype(np.intp)
    day = np.full(len(todo), day_number(clocks.on) + 1, np.int64)
    end = first_from(ledger.day, begin, end, day)
    width = STRETCH
    while todo.size:
        low = np.maximum(end - width, begin)
        rows, number = spans_of(low, end - 1)
        seen = (ledger.known_from[rows] <= clocks.position) & (
            ledger.known_to[rows] > clocks.position
        )
        seen &= _seen(clocks, ledger.published[rows])
        seen &= ~among(ledger.claim[rows], unsure)
        newest = np.full(len(todo), -1, np.intp)
        np.maximum.at(newest, number[seen], rows[seen])
        there = newest >= 0
        last[todo[there]] = ledger.day[newest[there]]
        more = ~there & (low > begin)
        todo, begin, end = todo[more], begin[more], low[more]
        width *= STRETCH


def _look_at(
    later: Columns, clocks: Clocks, unsure: Int32, last: NDArray[np.int64]
) -> None:
    """The events that the ledger has not; those with remarks are unsure."""
    for kind in SPEAKING:
        entries = resolve(later, kind)
        seen = (entries.known_to == FOREVER) & (entries.valid <= day_number(clocks.on))
        seen &= _seen(clocks, entries.published) & ~among(entries.position, unsure)
        entries = entries.take(seen)
        ends = [entries.place]
        if kind == _ROUTE:
            ends.append(later.other[entries.row])
        for place in ends:
            there = place != NOBODY
            np.maximum.at(last, place[there], entries.valid[there])
