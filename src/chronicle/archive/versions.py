"""Versions of claims on all three clocks, from columns, some settlements at a time.

`replay.versions` has the world and the record's clock, with every remark counted as
soon as it is recorded. On the sources' clock a remark counts from the day on which it
was published, so a claim with dated remarks has other versions before each of these
days. They are told here as rows of their own, `[published_from, published_to)`:

    published_to = NO_END     every remark counts: the rows of all who do not ask for
                              the sources' clock, and of its last days
    published_to = a day      as it was before the remark of that day was published
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chronicle.archive.rectangles import NO_END
from chronicle.replay.bounds import checked
from chronicle.replay.columns import (
    AMENDED,
    CONTROL,
    FOREVER,
    LINKED,
    REDACTED,
    RETRACTED,
    Columns,
    Int32,
    join,
    read,
)
from chronicle.replay.versions import Entries, from_told, roots, targets
from chronicle.replay.versions_plain import Told, retell
from chronicle.store.columnar import MASK, NO_DAY, WIDTH
from chronicle.store.protocol import Store

__all__ = ["ALWAYS", "Versions", "columns_of", "ranges", "versions"]

ALWAYS = -719_162  # the day number of 0001-01-01: a baseline was always published
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Versions:
    """Entries, each with the span of the sources' clock over which it is so."""

    entries: Entries
    published_from: Int32
    published_to: Int32

    def __len__(self) -> int:
        return len(self.entries)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Versions:
        """Some of them, by index or by a mask."""
        return Versions(
            self.entries.take(rows), self.published_from[rows], self.published_to[rows]
        )


def versions(columns: Columns, plain: Entries, kind: int = CONTROL) -> Versions:
    """All versions of the claims of *kind* among *columns*; *plain* is `resolve` of
    them.

    What a prefix of the log says never changes with what is recorded later, but that
    open ends close: so a later archive only closes rows of an earlier one, and adds.
    """
    own = _own_day(plain)
    found = Versions(plain, own, np.full(len(plain), NO_END, np.int32))
    remarks, root, _ = _dated_remarks(columns, kind)
    if not remarks.size:
        return found
    dated = np.unique(root)
    apart = np.isin(plain.row, dated)
    boxes = list(_boxes(columns, dated, kind))
    told = from_told(box.told for box in boxes)
    begins = np.array([box.published_from for box in boxes], np.int32)
    ends = np.array([box.published_to for box in boxes], np.int32)
    begins = np.maximum(begins, _own_day(told))
    # what no day of the sources' clock sees is kept only for those who do not ask for
    # it
    seen = (ends == NO_END) | (begins < ends)
    return _both(found.take(~apart), Versions(told, begins, ends).take(seen))


class _Box(NamedTuple):
    """A version over a span of positions, which it holds, and of the sources' clock."""

    told: Told
    published_from: int
    published_to: int


def _boxes(columns: Columns, dated: Rows, kind: int) -> Iterator[_Box]:
    """The versions of claims on which remarks with a day of publication were made.

    From each remark on, as recorded, the days of publication that are known by then cut
    the sources' clock into spans; in each the remarks count that were published by
    then. Spans that go on as they were are one.
    """
    whole = _roots_of_all(columns)
    of_dated = np.flatnonzero(np.isin(whole, dated))
    order = of_dated[np.argsort(whole[of_dated], kind="stable")]
    starts = np.flatnonzero(np.diff(whole[order], prepend=-1))
    for group in np.split(order, starts[1:]):
        open_: list[_Box] = []
        positions = columns.position[group].tolist()
        days = _published(columns, group)
        for n, position in enumerate(positions, 1):
            going = []
            bars = np.unique(days[:n][days[:n] != NO_DAY]).tolist()
            for begin, end in pairwise([ALWAYS, *bars, NO_END]):
                heard = group[:n][(days[:n] < end) | (end == NO_END)]
                last = list(retell(columns, heard, kind))[-1:]
                going += [
                    _Box(one._replace(known_from=position), begin, end)
                    for one in last
                    if one.known_to == FOREVER
                ]
            same = {_what(box): box for box in open_}
            kept = [same.get(_what(box), box) for box in going]
            for box in open_:
                if box not in kept:
                    yield box._replace(told=box.told._replace(known_to=position))
            open_ = kept
        yield from open_


def _what(box: _Box) -> _Box:
    return box._replace(told=box.told._replace(known_from=0))


def _published(columns: Columns, rows: Rows) -> NDArray[np.int64]:
    """The days on which remarks were published; `NO_DAY` for claims and redactions.

    The hot record of an amendment has its own day in `since`, because `published` makes
    way for the new one of the report. A redaction counts on every day.
    """
    kind = columns.kind[rows]
    day = np.where(kind == AMENDED, columns.since[rows], columns.published[rows])
    none = (kind < RETRACTED) | (kind == REDACTED)
    return np.where(none, NO_DAY, day).astype(np.int64)


def _own_day(entries: Entries) -> Int32:
    """The first day of the sources' clock on which a claim is heard.

    One without a day of publication never is, unless it is a baseline.
    """
    undated = np.where(entries.baseline, ALWAYS, NO_END)
    own = np.where(entries.published == NO_DAY, undated, entries.published)
    return own.astype(np.int32)


def _both(one: Versions, other: Versions) -> Versions:
    entries = Entries(
        *(
            np.concatenate(
                [getattr(one.entries, f.name), getattr(other.entries, f.name)]
            )
            for f in fields(Entries)
        )
    )
    return Versions(
        entries,
        np.concatenate([one.published_from, other.published_from]),
        np.concatenate([one.published_to, other.published_to]),
    )


def _roots_of_all(columns: Columns) -> Rows:
    """The claim that each row is or speaks of in the end; -1 for none."""
    found = np.full(len(columns), -1, np.intp)
    claims = np.flatnonzero(columns.kind < RETRACTED)
    found[claims] = claims
    remarks = _remarks(columns)
    found[remarks] = roots(columns, remarks, targets(columns, remarks))[0]
    return found


def _remarks(columns: Columns) -> Rows:
    return np.flatnonzero((columns.kind >= RETRACTED) & (columns.kind <= REDACTED))


def _dated_remarks(columns: Columns, kind: int) -> tuple[Rows, Rows, NDArray[np.int64]]:
    """The dated remarks on claims of *kind*, the claims, and the days."""
    remarks = _remarks(columns)
    root = roots(columns, remarks, targets(columns, remarks))[0]
    published = _published(columns, remarks)
    good = (published != NO_DAY) & (root >= 0)
    good[good] = columns.kind[root[good]] == kind
    return remarks[good], root[good], published[good]


def ranges(store: Store, head: int, rank: Int32, most: int) -> list[tuple[int, int]]:
    """Spans of ranks of settlements, each with about *most* claims of control.

    A settlement is never cut, so one of more than *most* claims is a span of its own.
    """
    counts = np.zeros(len(rank), np.int64)
    for piece in _pieces(store, head):
        told = piece.place[piece.kind == CONTROL]
        np.add.at(counts, rank[told], 1)
    found, start, held = [], 0, 0
    for at, count in enumerate(counts.tolist()):
        if held and held + count > most:
            found.append((start, at))
            start, held = at, 0
        held += count
    found.append((start, len(rank)))
    return found


def columns_of(
    store: Store, head: int, kind: int, rank: Int32 | None, span: tuple[int, int]
) -> Columns:
    """The claims of *kind* of a span of ranks (None: all), and all remarks but links.

    A claim that an amendment may have moved to another settlement is in every span.
    """
    parts, moved = [], []
    for piece in _pieces(store, head):
        remark = (piece.kind >= RETRACTED) & (piece.kind <= REDACTED)
        remark &= piece.kind != LINKED
        wanted = piece.kind == kind
        if rank is not None:
            moves = remark & (piece.kind == AMENDED)
            moves &= (piece.mask & MASK["settlement"]) != 0
            moved.extend(piece.amount[moves].tolist())
            claims = np.flatnonzero(wanted)
            at = rank[piece.place[claims]]
            wanted[claims] = (at >= span[0]) & (at < span[1])
        parts.append(piece.take(wanted | remark))
    columns = join(parts)
    if not moved:
        return columns
    missing = np.setdiff1d(np.array(moved, np.int32), columns.position)
    return _with(store, columns, missing, kind)


def _with(store: Store, columns: Columns, positions: Int32, kind: int) -> Columns:
    """*columns* and the claims of *kind* at other *positions*, in log order."""
    extra = []
    for position in positions.tolist():
        one = read(store.columnar(position - 1, position), position - 1)
        if len(one) and int(one.kind[0]) == kind:
            extra.append(one)
    if not extra:
        return columns
    both = join([columns, *extra])
    return both.take(np.argsort(both.position, kind="stable"))


def _pieces(store: Store, head: int) -> Iterator[Columns]:
    """The hot records up to *head* as columns, a block at a time."""
    after = 0
    for piece in checked(store.columnar(0, head), 0, store.codes):
        yield read([piece], after)
        after += len(piece) // WIDTH
