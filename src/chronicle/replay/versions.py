"""From claims and remarks to entries: what stood of each claim, over which prefixes.

A claim that was never spoken of again stands as it was told from its position on. One
that was amended or retracted becomes several *entries*, each a rectangle: as dated in
the world, and known over the positions `[known_from, known_to)`.

    position   5 told       9 amended      12 retracted    15 retraction retracted
    entries    |-- as told --|-- as amended --|               |-- as amended ----->

Nearly all claims are plain. `resolve` does those, and those with amendments and
retractions that stand themselves, whole columns at a time; only claims with remarks on
remarks go through `retell`, one by one. Which is the same: `tests/test_replay.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.columns import (
    AMENDED,
    CONTROL,
    FOREVER,
    REDACTED,
    RETRACTED,
    Columns,
    Int32,
    UInt8,
)
from chronicle.replay.versions_plain import Told, retell
from chronicle.store.columnar import MASK, OTHER_CHANGE

__all__ = ["Entries", "from_told", "resolve", "roots", "seen_in", "targets"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Claims of one kind as they stood, in order of `(position, known_from)`.

    `position` is that of the claim, whatever was amended later; `known_from` is that of
    the event that made the entry what it is: the claim, an amendment, or a retraction
    of a remark. Both name the entry. `row` is the claim's row in the columns, and
    `partial` says that an amendment changed fields that hot records do not hold.
    """

    place: Int32
    valid: Int32
    time: UInt8
    position: Int32
    known_from: Int32
    known_to: Int32
    status: UInt8
    actor: Int32
    source: Int32
    grade: UInt8
    published: Int32
    baseline: NDArray[np.bool_]
    partial: NDArray[np.bool_]
    row: Int32

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: Rows | NDArray[np.bool_]) -> Entries:
        """Some of the entries, by index or by a mask."""
        return Entries(*(getattr(self, f.name)[rows] for f in fields(self)))


def join_entries(parts: list[Entries]) -> Entries:
    """Entries one after the other, put into their order."""
    held = [part for part in parts if len(part)] or parts[:1]
    if len(held) == 1:
        return held[0]
    columns = [
        np.concatenate([getattr(part, f.name) for part in held])
        for f in fields(Entries)
    ]
    both = Entries(*columns)
    known = both.known_from.astype(np.int64)
    # a stable sort merges what comes in runs, and each part is a run
    return both.take(
        np.argsort((both.position.astype(np.int64) << 32) | known, kind="stable")
    )


def seen_in(kind: int) -> int:
    """The mask of changes that show in an entry of a claim of *kind*."""
    seen = sum(MASK.values())
    return seen if kind == CONTROL else seen | OTHER_CHANGE


def targets(columns: Columns, remarks: Rows) -> Rows:
    """The rows that remarks speak of; -1 for one that is not among *columns*.

    A remark can only speak of what was told before it.
    """
    wanted = columns.amount[remarks]
    if len(columns) and int(columns.position[-1] - columns.position[0]) + 1 == len(
        columns
    ):
        found = wanted - int(columns.position[0])
        good = (found >= 0) & (found < remarks)
    else:
        found = np.searchsorted(columns.position, wanted).astype(np.int64)
        good = found < remarks
        good[good] = columns.position[found[good]] == wanted[good]
    return np.where(good, found, -1).astype(np.intp)


def roots(
    columns: Columns, remarks: Rows, spoken: Rows
) -> tuple[Rows, NDArray[np.bool_]]:
    """The claim at the end of each remark's chain (-1: none), and who is in a chain.

    A remark is *chained* when another remark speaks of it, or it of another.
    """
    number = np.full(len(columns), -1, np.intp)  # row to place among the remarks
    number[remarks] = np.arange(len(remarks))
    parent = np.where(spoken >= 0, number[spoken], -1)
    chained = parent >= 0
    chained[parent[chained]] = True
    root = spoken.copy()
    while (inner := np.flatnonzero(parent >= 0)).size:
        root[inner] = root[parent[inner]]  # twice as far with each turn
        parent[inner] = parent[parent[inner]]
    return root, chained


def resolve(columns: Columns, kind: int = CONTROL) -> Entries:
    """The entries of all claims of *kind* among *columns*."""
    claims = np.flatnonzero(columns.kind == kind)
    remarks = np.flatnonzero((columns.kind >= RETRACTED) & (columns.kind <= REDACTED))
    if not remarks.size:
        return _as_told(columns, claims, np.full(len(claims), FOREVER, np.int32))
    spoken = targets(columns, remarks)
    root, chained = roots(columns, remarks, spoken)
    of_kind = (root >= 0) & (columns.kind[root] == kind)
    tangled = np.zeros(len(columns), np.bool_)  # claims with remarks on remarks
    tangled[root[of_kind & chained]] = True
    plain = of_kind & ~tangled[root]

    fells = plain & np.isin(columns.kind[remarks], (RETRACTED, REDACTED))
    fell = np.full(len(columns), FOREVER, np.int32)
    # backwards, so that of several the first stays
    fell[root[fells][::-1]] = columns.position[remarks[fells]][::-1]

    shows = plain & (columns.kind[remarks] == AMENDED)
    shows &= (columns.mask[remarks] & seen_in(kind)) != 0
    shows &= columns.position[remarks] < fell[root]
    amended = np.zeros(len(columns), np.bool_)
    amended[root[shows]] = True

    alone = claims[~amended[claims] & ~tangled[claims]]
    parts = [_as_told(columns, alone, fell[alone])]
    if shows.any():
        parts.append(_as_amended(columns, remarks[shows], root[shows], fell))
    if tangled.any():
        group = of_kind & tangled[root]
        rows = np.sort(np.concatenate([np.flatnonzero(tangled), remarks[group]]))
        parts.append(from_told(retell(columns, rows, kind)))
    return join_entries(parts)


def _as_told(columns: Columns, claims: Rows, fell: Int32) -> Entries:
    position = columns.position[claims]
    return Entries(
        columns.place[claims],
        columns.valid[claims],
        columns.time[claims],
        position,
        position,
        fell,
        columns.status[claims],
        columns.actor[claims],
        columns.source[claims],
        columns.grade[claims],
        columns.published[claims],
        (columns.flags[claims] & 1) != 0,
        np.zeros(len(claims), np.bool_),
        claims.astype(np.int32),
    )


def _as_amended(columns: Columns, remarks: Rows, root: Rows, fell: Int32) -> Entries:
    """Claims with amendments that all count: each field is carried forward.

    A version is the claim or an amendment; versions stand in order of (claim,
    position). Of each field the last version that sets it is looked up by a running
    maximum over version numbers, which the claim itself starts anew.
    """
    firsts = np.unique(root)
    version = np.concatenate([firsts, remarks])
    claim = np.concatenate([firsts, root])
    order = np.argsort(claim, kind="stable")  # the claim before its amendments
    version, claim = version[order], claim[order]
    first = version == claim
    number = np.arange(len(version))
    mask = columns.mask[version]

    def last(bits: int) -> Rows:
        sets = first | ((mask & bits) != 0)
        carried: Rows = np.maximum.accumulate(np.where(sets, number, 0))
        return carried

    def carry(name: str, field: str) -> Any:
        return getattr(columns, field)[version[last(MASK[name])]]

    known_from = columns.position[version]
    known_to = fell[claim]
    follows = np.flatnonzero(~first)
    known_to[follows - 1] = known_from[follows]
    letter = carry("reliability", "grade") & ~np.uint8(7)
    partial = ~first & ((mask & OTHER_CHANGE) != 0)
    since_first = np.maximum.accumulate(np.where(first, number, 0))
    marked = np.cumsum(partial)
    return Entries(
        carry("settlement", "place"),
        carry("valid_from", "valid"),
        carry("time_of_day", "time"),
        columns.position[claim],
        known_from,
        known_to,
        carry("status", "status"),
        carry("controller", "actor"),
        columns.source[claim],
        letter | (carry("credibility", "grade") & np.uint8(7)),
        carry("published", "published"),
        (columns.flags[claim] & 1) != 0,
        marked > marked[since_first],
        claim.astype(np.int32),
    )


def from_told(told: Iterator[Told]) -> Entries:
    """Entries that were told one by one, as columns, in the order of telling."""
    rows = list(told)
    values: list[object] = list(zip(*rows, strict=True)) if rows else [()] * 14
    types = (np.int32, np.int32, np.uint8, np.int32, np.int32, np.int32, np.uint8)
    more = (np.int32, np.int32, np.uint8, np.int32, np.bool_, np.bool_, np.int32)
    both = zip(values, (*types, *more), strict=True)
    return Entries(*(np.array(column, dtype) for column, dtype in both))
