"""A state of a long log without an object per event: columns choose, the fold decides.

The answer of the lens *latest* on a place hangs on few reports: the last one, the run
of equal ones that ends with it, the others of its day, and those that a dispute names.
Columns find them, in bulk; only they are decoded, and the plain fold judges them as
ever. The plain twin is
`state.state_of`, and `tests/test_quick.py` holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.corrections import ReportsLinked
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import OtherEvidence, State, fold, judge
from chronicle.domain.timeline import (
    RecordedEvent,
    as_of,
    effective_claims,
)
from chronicle.domain.vocabulary import NAMELESS, STATUSES
from chronicle.errors import Damaged
from chronicle.replay.bounds import checked
from chronicle.replay.columns import FOREVER, LINKED, Columns, read
from chronicle.replay.versions import Entries, resolve
from chronicle.store.columnar import NOBODY, day_number
from chronicle.store.log import EventLog
from chronicle.store.register import recorded_of

__all__ = ["quick_state"]

_EPOCH = date(1970, 1, 1)
_REMARKS = (
    "report-retracted",
    "report-amended",
    "reports-linked",
    "report-redacted",
)
_OTHER_CLAIMS = (
    "displacement-reported",
    "incident-reported",
    "route-status-reported",
    "support-reported",
    "legend-reported",
)
_NAMELESS = [STATUSES.index(word) for word in NAMELESS]
Rows = NDArray[np.intp]


def quick_state(log: EventLog, on: date, position: int) -> State:
    """The state on a day as known at a position, through the lens *latest*.

    Equal to `state_of` in every place and reference. `links` are those that dispute or
    bear on a report that decides. `heard` is gathered when it
    is asked for; of control it holds the reports that decide, and those of their day.
    """
    store = log.store
    columns = read(checked(store.columnar(0, position), 0, store.codes))
    if len(columns) != position:
        raise Damaged(f"{position:,} events, but {len(columns):,} hot records")
    day = day_number(on)
    entries = resolve(columns)
    entries = entries.take((entries.known_to > position) & (entries.valid <= day))
    needed = columns_that_decide(entries)
    links = np.flatnonzero((columns.kind == LINKED) & ((columns.flags & 4) != 0))
    told = set(entries.position[needed].tolist())
    told |= set(columns.position[links].tolist())
    told |= _disputing(log, set(columns.position[links].tolist()), position)
    chosen = list(_with_remarks(log, told, position))
    told_of = replace(
        fold(as_of(chosen, on)), last=_last_heard(log, columns, entries, on, position)
    )
    return judge(
        replace(told_of, load=lambda: _other(log, on, position)),
        on,
        parse_lens("latest"),
        log.references(position),
        links=effective_claims(chosen).links,
        position=position,
    )


def _disputing(log: EventLog, links: set[int], upto_: int) -> set[int]:
    """The positions of the reports that the links at some positions name.

    One that is long past may still dispute one that decides.
    """
    found = (recorded_of(row).event for row in _rows_at(log, links))
    linked = [event for event in found if isinstance(event, ReportsLinked)]
    named = {id_ for link in linked for id_ in (link.report, link.other)}
    rows = log.store.reports(sorted(named)).values()
    return {row.position for row in rows if row.position <= upto_}


def columns_that_decide(entries: Entries) -> Rows:
    """The entries on which the verdicts of *latest* and their disputes hang.

    Of each place, in order: the last entry, those before it up to the first that says
    otherwise, and all that are of the last one's day.
    """
    if not len(entries):
        return np.empty(0, np.intp)
    rows = np.lexsort((entries.position, entries.time, entries.valid, entries.place))
    place, valid = entries.place[rows], entries.valid[rows]
    # the sides of `lenses.side`, for which an amendment may leave an actor without use
    actor = np.where(np.isin(entries.status, _NAMELESS), NOBODY, entries.actor)
    said = entries.status[rows].astype(np.int64) << 32 | (
        actor[rows].astype(np.int64) & 0xFFFFFFFF
    )
    last = np.flatnonzero(np.append(place[1:] != place[:-1], True))
    breaks = np.append(True, (place[1:] != place[:-1]) | (said[1:] != said[:-1]))
    run = np.maximum.accumulate(np.where(breaks, np.arange(len(rows)), 0))
    group = np.searchsorted(last, np.arange(len(rows)))
    needed = np.arange(len(rows)) >= run[last][group]
    needed |= valid == valid[last][group]
    # one more before, which says otherwise: what is older is no part of the run
    first = np.flatnonzero(needed & np.append(True, ~needed[:-1]))
    before = first[(first > 0)] - 1
    needed[before[place[before] == place[before + 1]]] = True
    chosen: Rows = rows[needed]
    return chosen


def _with_remarks(
    log: EventLog, positions: set[int], upto_: int
) -> Iterator[RecordedEvent]:
    """The events at *positions*, and all remarks on them, and on those, in order."""
    rows = {row.position: row for row in _rows_at(log, positions)}
    todo = [row.report for row in rows.values() if row.report]
    while todo:
        about = [row for row in log.store.remarks_on(todo) if row.position <= upto_]
        todo = [r.report for r in about if r.report and r.position not in rows]
        rows |= {row.position: row for row in about}
    return (recorded_of(rows[position]) for position in sorted(rows))


def _rows_at(log: EventLog, positions: set[int]) -> Iterator[Any]:
    """The rows at some positions, read in runs where they lie close together."""
    wanted = sorted(positions)
    start = 0
    for index in range(1, len(wanted) + 1):
        if index == len(wanted) or wanted[index] - wanted[index - 1] > GAP:
            run = log.store.rows(wanted[start] - 1, wanted[index - 1])
            yield from (row for row in run if row.position in positions)
            start = index


GAP = 16  # rows that are cheaper to read over than to seek past


def _last_heard(
    log: EventLog, columns: Columns, entries: Entries, on: date, position: int
) -> dict[str, date]:
    """The last day up to *on* of which anybody said anything, by settlement id."""
    ids = log.store.codes("settlement")
    latest = np.full(len(ids), np.iinfo(np.int32).min, np.int64)
    spoken = ~entries.baseline
    np.maximum.at(latest, entries.place[spoken], entries.valid[spoken])
    in_part: set[int] = set()  # amended in fields that only the payload has
    for kind in (1, 2, 3):  # displacement, incident, route status
        others = resolve(columns, kind)
        others = others.take(others.known_to == FOREVER)
        in_part |= set(others.position[others.partial].tolist())
        others = others.take(~others.partial & (others.valid <= day_number(on)))
        for place in (others.place, _far_end(columns, others, kind)):
            there = place != NOBODY
            np.maximum.at(latest, place[there], others.valid[there])
    heard = {
        id_: _EPOCH + timedelta(days=int(number))
        for id_, number in zip(ids, latest, strict=True)
        if number > np.iinfo(np.int32).min
    }
    told = fold(as_of(_with_remarks(log, in_part, position), on))
    for id_, day in told.last.items():
        heard[id_] = max(day, heard.get(id_, day))
    return heard


def _far_end(columns: Columns, entries: Entries, kind: int) -> NDArray[Any]:
    """The other settlement of a route; nobody for other kinds."""
    if kind == 3:
        return columns.other[entries.row]
    return np.full(len(entries), NOBODY, np.int32)


def _other(log: EventLog, on: date, position: int) -> OtherEvidence:
    """What was said of anything but control: every event of those kinds is decoded."""
    rows = log.recorded(upto=position, types=(*_OTHER_CLAIMS, *_REMARKS))
    return fold(as_of(rows, on)).other
