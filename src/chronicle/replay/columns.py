"""Hot records as columns: a bulk copy, no object per event.

A hot record is 48 bytes wide, a column is read alone. `read` turns the one into the
other in pieces that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import BudgetExceeded, Damaged
from chronicle.store.columnar import DTYPE, KINDS, NOBODY, WIDTH

__all__ = [
    "AMENDED",
    "CONTROL",
    "DISPLACEMENT",
    "FOREVER",
    "LINKED",
    "REDACTED",
    "RETRACTED",
    "Columns",
    "Int32",
    "UInt8",
    "blank",
    "join",
    "read",
]

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
UInt16 = NDArray[np.uint16]

CONTROL = KINDS["control-reported"]
DISPLACEMENT = KINDS["displacement-reported"]
RETRACTED = KINDS["report-retracted"]
AMENDED = KINDS["report-amended"]
LINKED = KINDS["reports-linked"]
REDACTED = KINDS["report-redacted"]

FOREVER = (1 << 31) - 1  # a position that no log reaches: positions are int32 here
_PIECE = 1 << 14  # rows; 768 KiB, less than a core's own cache


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The fields of hot records as contiguous arrays, with the positions of the rows.

    `position` increases; it is dense for a stretch of log and has gaps for a selection.
    The other names and types are those of `chronicle.store.columnar.DTYPE`.
    """

    position: Int32
    kind: UInt8
    status: UInt8
    time: UInt8
    grade: UInt8
    flags: UInt16
    mask: UInt16
    place: Int32
    actor: Int32
    source: Int32
    valid: Int32
    published: Int32
    other: Int32
    since: Int32
    until: Int32
    amount: Int64

    def __len__(self) -> int:
        return len(self.position)

    @property
    def nbytes(self) -> int:
        """Bytes of all columns together."""
        return sum(int(getattr(self, f.name).nbytes) for f in fields(self))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Columns:
        """Some of the rows, by index, mask or slice."""
        return Columns(*(getattr(self, f.name)[rows] for f in fields(self)))

    def settlements(self) -> int:
        """One more than the greatest settlement code in the rows."""
        most = int(self.place.max(initial=NOBODY))
        other = self.other[np.isin(self.kind, (3, 13))]  # routes have two ends
        return max(most, int(other.max(initial=NOBODY))) + 1


def blank(first: int, rows: int) -> Columns:
    """Columns yet to be filled, whose rows stand at positions from *first* on."""
    types = dict(DTYPE)
    return Columns(
        np.arange(first, first + rows, dtype=np.int32),
        *(np.empty(rows, types[f.name]) for f in fields(Columns)[1:]),
    )


def read(pieces: Iterable[bytes], after: int = 0) -> Columns:
    """The columns of joined hot records; the first row stands at position *after* + 1.

    Raises `Damaged` for a piece that is not a whole number of records, and
    `BudgetExceeded` for a log of more than 2,147,483,646 events.
    """
    held = [piece for piece in pieces if piece]
    if any(len(piece) % WIDTH for piece in held):
        raise Damaged(f"a piece of the log is no multiple of {WIDTH} bytes")
    rows = sum(len(piece) for piece in held) // WIDTH
    if after + rows >= FOREVER:
        raise BudgetExceeded("replay counts positions up to 2,147,483,646")
    columns = blank(after + 1, rows)
    names = [f.name for f in fields(Columns)[1:]]
    done = 0
    for piece in held:
        records = np.frombuffer(piece, np.dtype(DTYPE))
        for start in range(0, len(records), _PIECE):
            part = records[start : start + _PIECE]
            for name in names:
                getattr(columns, name)[done : done + len(part)] = part[name]
            done += len(part)
    return columns


def join(parts: Iterable[Columns]) -> Columns:
    """Columns one after the other; the caller sees to it that positions increase."""
    held = list(parts)
    if len(held) == 1:
        return held[0]
    if not held:
        return blank(1, 0)
    return Columns(
        *(np.concatenate([getattr(c, f.name) for c in held]) for f in fields(Columns))
    )
