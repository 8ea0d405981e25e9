"""What was recorded after the index was made: folded when a question is asked.

Nothing is inserted into the index. New entries are kept beside it, few and sorted; an
entry of the index that was taken back gets its `known_to` in memory, which changes no
answer about positions up to the index's head. A question about a later position looks
up the places that the tail has *touched* and takes the later of both winners.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.build import blocks, sides_of
from chronicle.replay.columns import (
    CONTROL,
    FOREVER,
    REDACTED,
    RETRACTED,
    Columns,
    Int32,
    UInt8,
    join,
)
from chronicle.replay.index import Codes, Index, Rows, find, last_visible
from chronicle.replay.versions import Entries, resolve, roots, targets
from chronicle.store.columnar import DTYPE, NO_DAY

__all__ = [
    "Tail",
    "first_of_chain",
    "follow",
    "group_of",
    "later_of",
    "lay_tail",
]


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Entries of the tail in the form in which those of an index are looked up."""

    start: Int32
    day: Int32  # day numbers, which serve as ranks
    known_from: Int32
    known_to: Int32
    near_from: Int32
    near_to: Int32
    far_from: Int32
    far_to: Int32


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """Events after position `head` of an index, and what they come to.

    `entries` are in order of (place, day, time, position, known_from), and `said` are
    their codes among the sides here, which begin with those of the index. `remark` and
    `remark_root` go with those rows of `columns` that are remarks on control.
    """

    head: int
    columns: Columns
    entries: Entries
    lookup: Lookup
    said: NDArray[np.int64]
    side_actor: Int32
    side_status: UInt8
    touched: Rows
    settlements: int
    remark: Rows
    remark_root: Int32


def follow(index: Index, head: int, columns: Columns) -> Tail:
    """The tail of an index that stands for *head* positions; *columns* come next.

    Sets `known_to` of entries of the index that the tail takes back.
    """
    remark, root = _remarks(index, columns)
    before = np.unique(root[root <= head])
    group = group_of(index, None, before)
    entries = resolve(join([group, columns]) if len(group) else columns)
    closed = (entries.known_from <= head) & (entries.known_to != FOREVER)
    closed &= entries.known_to > head
    at = _entries_at(index, entries.known_from[closed])
    index.known_to[at] = entries.known_to[closed]
    new = entries.take(entries.known_from > head)
    order = np.lexsort((new.known_from, new.position, new.time, new.valid, new.place))
    new = new.take(order)
    sides = index.side_actor, index.side_status
    said, side_actor, side_status = sides_of(new.status, new.actor, sides)
    places = np.searchsorted(index.start, at, "right") - 1
    settlements = max(index.settlements, columns.settlements())
    return Tail(
        head=head,
        columns=columns,
        entries=new,
        lookup=_lookup(new, settlements),
        said=said,
        side_actor=side_actor,
        side_status=side_status,
        touched=np.union1d(places, new.place).astype(np.intp),
        settlements=settlements,
        remark=remark,
        remark_root=root,
    )


def _lookup(entries: Entries, settlements: int) -> Lookup:
    start = np.searchsorted(entries.place, np.arange(settlements + 1))
    near = blocks(entries.known_from, entries.known_to)
    return Lookup(
        start.astype(np.int32),
        entries.valid,
        entries.known_from,
        entries.known_to,
        *near,
        *blocks(*near),
    )


def _remarks(index: Index, columns: Columns) -> tuple[Rows, Int32]:
    """Rows that are remarks on control, and the positions of their claims."""
    rows = np.flatnonzero((columns.kind >= RETRACTED) & (columns.kind <= REDACTED))
    inner = targets(columns, rows)
    root, _ = roots(columns, rows, inner)
    # the end of a chain that starts among these rows: a claim here, or a remark on
    # something older
    end = np.where(root >= 0, root, -1)
    position = np.where(end >= 0, columns.position[end], 0).astype(np.int64)
    first = first_of_chain(columns, rows, inner)
    older = root < 0
    position[older] = columns.amount[first[older]]
    position[position < 0] = 0
    old = position.astype(np.int32)
    position = np.where(older, index.root(old), old).astype(np.int32)
    control = (end >= 0) & (columns.kind[end] == CONTROL)
    if not older.any():
        return rows[control], position[control]
    flag = np.zeros(int(position.max(initial=0)) + 1, np.bool_)
    flag[position[older]] = True
    known = index.known_from[index.known_from < len(flag)]
    is_entry = np.zeros(len(flag), np.bool_)
    is_entry[known[flag[known]]] = True
    control |= older & is_entry[position]  # claims of other kinds have no entry
    return rows[control], position[control]


def first_of_chain(columns: Columns, rows: Rows, inner: Rows) -> Rows:
    """For each remark the first one of its chain that is among these rows."""
    number = np.full(len(columns) + 1, -1, np.intp)
    number[rows] = np.arange(len(rows))
    at = np.arange(len(rows))
    step = np.where(inner >= 0, number[inner], -1)
    while (going := np.flatnonzero(step[at] >= 0)).size:
        at[going] = step[at[going]]
    return rows[at]


def _entries_at(index: Index, known_from: Int32) -> Rows:
    """Where in the index the entries with these `known_from` are, in their order."""
    if not len(known_from):
        return np.empty(0, np.intp)
    wanted = np.full(int(known_from.max()) + 1, -1, np.int64)
    wanted[known_from] = np.arange(len(known_from))
    near = np.flatnonzero(index.known_from < len(wanted))
    number = wanted[index.known_from[near]]
    found = np.full(len(known_from), -1, np.intp)
    found[number[number >= 0]] = near[number >= 0]
    return found


def group_of(index: Index, tail: Tail | None, claims: Int32) -> Columns:
    """The control reports at positions *claims* as first told, and remarks on them."""
    old = claims if tail is None else claims[claims <= tail.head]
    parts = []
    if len(old):
        about = np.isin(index.remark_root, old)
        remarks = index.remark_row[about]
        told = _as_first_told(index, _entries_at(index, old.astype(np.int32)))
        names = [f.name for f in fields(Columns)[1:]]
        both = Columns(
            np.concatenate([told.position, index.remark[about]]),
            *(np.concatenate([getattr(told, n), remarks[n]]) for n in names),
        )
        parts.append(both.take(np.argsort(both.position, kind="stable")))
    if tail is not None:
        mine = np.zeros(len(tail.columns), np.bool_)
        mine[tail.remark[np.isin(tail.remark_root, claims)]] = True
        mine |= np.isin(tail.columns.position, claims)
        parts.append(tail.columns.take(mine))
    return join(parts)


def _as_first_told(index: Index, at: Rows) -> Columns:
    """Hot records of control reports, from their first entries in the index."""
    said = index.said[at]
    told = {name: np.zeros(len(at), dtype) for name, dtype in DTYPE}
    told["kind"][:] = CONTROL
    told["status"] = index.side_status[said]
    told["time"] = index.bits[at] & np.uint8(3)
    told["grade"] = index.grade[at]
    told["flags"][:] = index.bits[at] >> np.uint8(2)
    told["place"][:] = np.searchsorted(index.start, at, "right") - 1
    told["actor"] = index.side_actor[said]
    told["source"][:] = index.source[at]
    told["valid"] = index.days[index.day[at]]
    published = index.published[at].astype(np.int32)
    told["published"] = np.where(
        published > 0, published + index.calendar[1], np.int32(NO_DAY)
    )
    told["amount"][:] = -1
    return Columns(index.known_from[at], *(told[name] for name, _ in DTYPE))


def lay_tail(
    index: Index,
    tail: Tail,
    on: int,
    position: int,
    state: tuple[Codes, Int32],
    look_up: Callable[[Index, Rows, int, int], NDArray[Any]] = find,
) -> tuple[Codes, Int32]:
    """The winners of an index with those of the tail laid over, where later.

    *state* has room for the settlements of the tail, and is changed.
    """
    said, known = state
    wide: Any = np.min_scalar_type(len(tail.side_actor))
    said = said.astype(np.promote_types(said.dtype, wide), copy=False)
    places = tail.touched
    if not places.size:
        return said, known
    at = np.full(len(places), -1, np.intp)
    old = places < index.settlements
    if old.any():
        at[old] = look_up(index, places[old], on, position)
    said[places], known[places] = later_of(
        index, tail, at, places, np.full(len(places), on), position
    )
    return said, known


def later_of(
    index: Index,
    tail: Tail,
    at: Rows,
    places: Rows,
    on: NDArray[Any],
    position: NDArray[Any] | int,
) -> tuple[NDArray[np.int64], Int32]:
    """What the later of two entries says: that of the index at *at*, the tail's own.

    Gives codes of the tail's sides, and `known_from`; 0 and 0 where neither has any.
    *places*, *on* and *position* go together.
    """
    new = last_visible(tail.lookup, places, on + 1, position)
    old = at >= 0
    if not len(index.day):
        said, known = np.zeros(len(at), np.int64), np.zeros(len(at), np.int32)
    else:
        said = np.where(old, index.said[at], 0).astype(np.int64)
        known = np.where(old, index.known_from[at], np.int32(0))
    wins = np.flatnonzero(new >= 0)
    wins = wins[~_later(index, at[wins], tail.entries, new[wins])]
    said[wins] = tail.said[new[wins]]
    known[wins] = tail.entries.known_from[new[wins]]
    return said, known


def _later(index: Index, at: Rows, new: Entries, rows: Rows) -> NDArray[np.bool_]:
    """Whether entries of the index (-1: none) are later than entries of the tail."""
    there = at >= 0
    if not there.any():
        return there
    valid = index.days[index.day[at]]
    time = index.bits[at] & np.uint8(3)
    root = index.root(index.known_from[at])
    day = valid - new.valid[rows]
    clock = time.astype(np.int32) - new.time[rows]
    order = root - new.position[rows]
    later: NDArray[np.bool_] = (day > 0) | (
        (day == 0) & ((clock > 0) | ((clock == 0) & (order > 0)))
    )
    return later & there
