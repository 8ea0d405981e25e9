"""The control reports that stand on a day as known at a position, as columns.

This is what a lens sees; and `published_by`, the sources' own clock, is a cut through
them and not through the log: a claim counts when its source had published it (or when
it is a baseline), a remark unless its source published it later.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.build import sides_of
from chronicle.replay.columns import (
    AMENDED,
    FOREVER,
    REDACTED,
    Columns,
    Int32,
    UInt8,
)
from chronicle.replay.delta import Tail, group_of
from chronicle.replay.index import Index, Rows, find
from chronicle.replay.versions import Entries, resolve
from chronicle.store.columnar import NO_DAY

__all__ = ["EffectiveColumns", "View", "recent_rows", "standing", "view_of"]


@dataclass(frozen=True, slots=True, eq=False)
class EffectiveColumns:
    """Reports in order of (place, day, time of day, position).

    `valid` are day numbers; `said` codes of `side_actor` and `side_status`; `known` is
    the position of the event that made the report what it is, and `position` its own.
    `time` is the rank of the time of day.
    """

    place: Int32
    valid: Int32
    said: NDArray[np.generic]
    known: Int32
    position: Int32
    source: Int32
    grade: UInt8
    baseline: NDArray[np.bool_]
    time: UInt8
    side_actor: Int32
    side_status: UInt8
    settlements: int

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: NDArray[np.generic]) -> EffectiveColumns:
        """Some of the reports, in their order."""
        columns = [getattr(self, f.name) for f in fields(self)]
        return EffectiveColumns(*(column[rows] for column in columns[:9]), *columns[9:])


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What stands on a day as known at a position, before anybody has looked.

    `others` are reports that the index has not, or has otherwise: those of the tail,
    and those with remarks that were published too late, told anew without them.
    `left_out` says by `known_from` which entries of the index those stand for.
    """

    index: Index
    on: int
    position: int
    published_by: int | None
    others: list[Entries]
    left_out: NDArray[np.bool_]

    def standing(
        self, rows: Rows | None = None, places: Int32 | None = None
    ) -> EffectiveColumns:
        """The reports; with *rows*, of the entries of the index only those.

        *places* are the settlements of *rows*, where they are known.
        """
        index = self.index
        part: Any = slice(None) if rows is None else rows
        seen = (index.known_from[part] <= self.position) & (
            index.known_to[part] > self.position
        )
        seen &= index.day[part] < index.upto(self.on)
        if self.published_by is not None:
            bar = min(max(self.published_by - int(index.calendar[1]), 0), 1 << 31)
            told = index.published[part] > 0
            early = told & (index.published[part] <= bar)
            seen &= early | (~told & (index.bits[part] >= 4))
        rows = np.flatnonzero(seen) if rows is None else rows[seen]
        if places is not None:
            places = places[seen]
        elif len(rows) < index.settlements:
            places = (np.searchsorted(index.start, rows, "right") - 1).astype(np.int32)
        else:
            places = _places(index)[rows]
        if len(self.left_out):
            kept = ~_among(index.known_from[rows], self.left_out)
            rows, places = rows[kept], places[kept]
        known = index.known_from[rows]
        main = EffectiveColumns(
            places,
            index.days[index.day[rows]],
            index.said[rows],
            known,
            index.root(known),
            index.source[rows].astype(np.int32),
            index.grade[rows],
            index.bits[rows] >= 4,
            index.bits[rows] & np.uint8(3),
            index.side_actor,
            index.side_status,
            index.settlements,
        )
        if not any(map(len, self.others)):
            return main
        return _with(main, self.others)


def view_of(
    index: Index,
    tail: Tail | None,
    on: int,
    position: int,
    published_by: int | None = None,
) -> View:
    """The view on day *on* as known at *position*, published by a day number."""
    others = [] if tail is None else [tail.entries]
    left_out = np.zeros(0, np.bool_)  # by known_from: told anew with fewer remarks
    if published_by is not None:
        late = _published_later(index, tail, position, published_by)
        if len(late):
            group = group_of(index, tail, late)
            left_out = np.zeros(position + 1, np.bool_)
            left_out[group.position[group.position <= position]] = True
            others = [e.take(~_among(e.known_from, left_out)) for e in others]
            others.append(_retold(group, position, published_by))
    others = [_visible(e, on, position, published_by) for e in others]
    return View(index, on, position, published_by, others, left_out)


def standing(
    index: Index,
    tail: Tail | None,
    on: int,
    position: int,
    published_by: int | None = None,
    rows: Rows | None = None,
) -> EffectiveColumns:
    """What stands on day *on* as known at *position*, published by a day number.

    With *rows*, only those entries of the index are looked at.
    """
    return view_of(index, tail, on, position, published_by).standing(rows)


def recent_rows(index: Index, on: int, position: int, days: int) -> Rows:
    """The entries of each settlement that are dated in the last *days* days reported.

    The last day is that of the deciding entry. These are all that the lenses which
    look back a fixed number of days can ask for.
    """
    places = np.arange(index.settlements)
    last = find(index, places, on, position)
    places, last = places[last >= 0], last[last >= 0]
    first_day = index.days[index.day[last]].astype(np.int64) - days
    low, high = index.start[places].astype(np.intp), last.copy()
    while (open_ := np.flatnonzero(low < high)).size:  # the first of the window
        middle = (low[open_] + high[open_]) >> 1
        early = index.days[index.day[middle]] < first_day[open_]
        low[open_[early]] = middle[early] + 1
        high[open_[~early]] = middle[~early]
    count = last - low + 1
    offset = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    rows: Rows = np.repeat(low, count) + offset
    return rows


def _places(index: Index) -> Int32:
    codes = np.arange(index.settlements, dtype=np.int32)
    return np.repeat(codes, np.diff(index.start))


def _among(known: Int32, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if not len(flags):
        return np.zeros(len(known), np.bool_)
    inside: NDArray[np.bool_] = known < len(flags)
    return inside & flags[np.where(inside, known, 0)]


def _published_on(kind: UInt8, published: Int32, since: Int32) -> Int32:
    """When remarks were published; an amendment's day makes way for the report's."""
    found: Int32 = np.where(kind == AMENDED, since, published)
    return found


def _late(rows: Any, position: Int32, upto: int, day: int) -> NDArray[np.bool_]:
    """Remarks up to a position that were published after a day. Redactions count."""
    told = _published_on(rows["kind"], rows["published"], rows["since"])
    late: NDArray[np.bool_] = (position <= upto) & (told != NO_DAY) & (told > day)
    late &= rows["kind"] != REDACTED
    return late


def _published_later(
    index: Index, tail: Tail | None, position: int, published_by: int
) -> Int32:
    """The claims with remarks that do not count yet."""
    late = _late(index.remark_row, index.remark, position, published_by)
    claims = index.remark_root[late]
    if tail is not None and len(tail.remark):
        names = ("kind", "published", "since")
        rows = {n: getattr(tail.columns, n)[tail.remark] for n in names}
        where = tail.columns.position[tail.remark]
        late = _late(rows, where, position, published_by)
        claims = np.concatenate([claims, tail.remark_root[late]])
    return np.unique(claims)


def _retold(group: Columns, position: int, published_by: int) -> Entries:
    rows = {n: getattr(group, n) for n in ("kind", "published", "since")}
    remark = group.kind >= 6
    late = remark & _late(rows, group.position, position, published_by)
    entries = resolve(group.take(~late & (group.position <= position)))
    return entries.take(entries.known_to == FOREVER)


def _visible(
    entries: Entries, on: int, position: int, published_by: int | None
) -> Entries:
    seen = (entries.known_from <= position) & (position < entries.known_to)
    seen &= entries.valid <= on
    if published_by is not None:
        told = entries.published != NO_DAY
        early = entries.published <= published_by
        seen &= np.where(told, early, entries.baseline)
    return entries.take(seen)


def _with(main: EffectiveColumns, others: list[Entries]) -> EffectiveColumns:
    """Reports of the index and others, in one order."""
    sides: list[Any] = [main.side_actor, main.side_status]
    said: list[Any] = [main.said.astype(np.int64)]
    for entries in others:
        codes, *sides[:] = sides_of(entries.status, entries.actor, (sides[0], sides[1]))
        said.append(codes)

    def both(mine: NDArray[Any], name: str) -> NDArray[Any]:
        return np.concatenate([mine, *(getattr(e, name) for e in others)])

    place, valid = both(main.place, "place"), both(main.valid, "valid")
    position, time = both(main.position, "position"), both(main.time, "time")
    order = np.lexsort((position, time, valid, place))
    joined = EffectiveColumns(
        place,
        valid,
        np.concatenate(said),
        both(main.known, "known_from"),
        position,
        both(main.source, "source"),
        both(main.grade, "grade"),
        both(main.baseline, "baseline"),
        time,
        sides[0],
        sides[1],
        max(main.settlements, int(place.max(initial=-1)) + 1),
    )
    return joined.take(order)
