"""Rectangles of the lens *latest*: which version decides where in the plane of clocks.

The plane of one settlement has days of the world one way and positions of the log the
other. A version that becomes known cuts its predecessor short from that position on;
one that falls gives its days back. What decides is constant inside a rectangle
`[valid_from, valid_to) × [known_from, known_to)`, so a state is one lookup.

    day      │        ▲ blue, told at 9        rectangles   valid        known
      ...    │ red    │ blue                   red          [1, ∞)       [5, 9)
      4      │ ─ ─ ─ ─┼─────                   red          [1, 4)       [9, ∞)
      1      │ red    │ red                    blue         [4, ∞)       [9, ∞)
             └─5──────9─────▶ position

Each version is told once and falls at most once, so there are about two rectangles for
each. The plain twin is the fold: `tests/archive` holds the two against each other.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.columns import FOREVER, Int32
from chronicle.replay.versions import Entries

__all__ = ["NO_END", "Rectangles", "rectangles"]

NO_END = 2_932_896  # the day number of 9999-12-31, which stands for *for ever*


@dataclass(frozen=True, slots=True, eq=False)
class Rectangles:
    """`entry` is the row of the version that decides; spans are half-open.

    `valid_to` is a day number, `NO_END` where no later report is known; `known_to` is
    `FOREVER` where it is still so.
    """

    entry: NDArray[np.int64]
    valid_to: Int32
    known_from: Int32
    known_to: Int32

    def __len__(self) -> int:
        return len(self.entry)


def rectangles(entries: Entries) -> Rectangles:
    """The rectangles of all places among *entries*, in order of place and closing.

    *entries* must hold all versions of each of their places.
    """
    made = _Made()
    count = len(entries)
    if not count:
        return made.result()
    # Told and fallen: at one position what falls goes before what is told in its stead.
    falls = np.flatnonzero(entries.known_to != FOREVER)
    row = np.concatenate([falls, np.arange(count)])
    told = np.concatenate([np.zeros(len(falls), np.bool_), np.ones(count, np.bool_)])
    at = np.where(told, entries.known_from[row], entries.known_to[row])
    place = entries.place[row]
    order = np.lexsort((entries.position[row], told, at, place))
    row, told, at, place = row[order], told[order], at[order], place[order]
    key = (entries.valid.astype(np.int64) << 2 | entries.time) << 32 | entries.position
    starts = np.flatnonzero(np.append(True, place[1:] != place[:-1]))
    keys = key[row]
    ends = np.append(starts[1:], len(row))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        _one_place(
            row[start:end].tolist(),
            told[start:end].tolist(),
            at[start:end].tolist(),
            keys[start:end].tolist(),
            made,
        )
    return made.result()


class _Made:
    """Rectangles as they are closed."""

    def __init__(self) -> None:
        self.entry, self.valid_to = array("q"), array("i")
        self.known_from, self.known_to = array("i"), array("i")

    def close(self, entry: int, valid_to: int, known_from: int, known_to: int) -> None:
        self.entry.append(entry)
        self.valid_to.append(valid_to)
        self.known_from.append(known_from)
        self.known_to.append(known_to)

    def result(self) -> Rectangles:
        return Rectangles(
            np.frombuffer(self.entry, np.int64)
            if self.entry
            else np.empty(0, np.int64),
            *(
                np.frombuffer(column, np.int32) if column else np.empty(0, np.int32)
                for column in (self.valid_to, self.known_from, self.known_to)
            ),
        )


def _one_place(
    rows: list[int], told: list[bool], at: list[int], keys: list[int], made: _Made
) -> None:
    """Close the rectangles of one place, whose happenings are given in order of *at*.

    The day of a key is `key >> 34`. A version of the same day as the next in order has
    no days of its own: its span is empty, and it is never written.
    """
    line: list[int] = []  # keys of the versions that stand, in order
    held: list[int] = []  # of each the row
    since: list[int] = []  # of each the position from which its span is as it is
    for row, tells, position, key in zip(rows, told, at, keys, strict=True):
        i = bisect_left(line, key)
        day = key >> 34
        if tells:
            after = line[i] >> 34 if i < len(line) else NO_END
            if i and day < after:  # the one before loses the days [day, after)
                _shut(made, line, held, since, i - 1, after, position)
            line.insert(i, key)
            held.insert(i, row)
            since.insert(i, position)
        else:
            after = line[i + 1] >> 34 if i + 1 < len(line) else NO_END
            if day < after:
                if since[i] < position:
                    made.close(held[i], after, since[i], position)
                if i:
                    _shut(made, line, held, since, i - 1, day, position)
            del line[i], held[i], since[i]
    for i, key in enumerate(line):
        after = line[i + 1] >> 34 if i + 1 < len(line) else NO_END
        if key >> 34 < after:
            made.close(held[i], after, since[i], FOREVER)


def _shut(
    made: _Made,
    line: list[int],
    held: list[int],
    since: list[int],
    i: int,
    valid_to: int,
    position: int,
) -> None:
    """The span of version *i* ended at *valid_to* up to *position*, and is now another.

    One that began at this very position was never seen and is not written.
    """
    if line[i] >> 34 < valid_to and since[i] < position:
        made.close(held[i], valid_to, since[i], position)
    since[i] = position
