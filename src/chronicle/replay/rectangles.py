"""Control reports as rectangles of two intervals: of the world and of knowledge.

A version of a report says something from its `valid_from` on, until the next report of
the settlement does. Which is the next depends on what was known, so a version becomes
one rectangle for each span of knowledge in which its `valid_to` is the same:

    known ↑    5 ┤ ┌────────┬─ birch, blue ─ …
               4 ┤ │  red   ├────────
               3 ┤ │        └──── red goes on: nobody knows of blue yet ─ …
                 └─┴────────┴──────────▶ valid

Who looks for the rectangle that holds a day and a moment finds the report that decides
then through the lens *latest*, and no other.

Knowledge is counted in *moments*, ranks of the times at which something was recorded:
what was recorded at once became known at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.build import blocks
from chronicle.replay.columns import FOREVER, Int32, UInt8
from chronicle.replay.delta import Tail
from chronicle.replay.index import BLOCK, Codes, Index, Rows
from chronicle.store.columnar import NO_DAY

__all__ = ["Rectangles", "Versions", "rectangles", "told_apart", "versions_in"]


@dataclass(frozen=True, slots=True, eq=False)
class Versions:
    """Versions of control reports by place, day, time of day, position, known_from.

    `valid` and `published` are day numbers, `NO_DAY` for none; `known_from` and
    `known_to` positions, `FOREVER` for what still stands; `position` that of the claim.
    """

    place: Codes
    valid: Int32
    time: UInt8
    known_from: Int32
    known_to: Int32
    position: Int32
    status: UInt8
    actor: Int32
    source: Codes
    grade: UInt8
    published: Int32
    baseline: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: NDArray[np.generic]) -> Versions:
        """Some of the versions, by index or by a mask."""
        return Versions(*(getattr(self, f.name)[rows] for f in fields(self)))


def versions_in(index: Index, tail: Tail | None) -> Versions:
    """The versions of an index, and of what was recorded after it."""
    published = index.published.astype(np.int32) + index.calendar[1]
    published[index.published == 0] = NO_DAY
    places = np.arange(index.settlements, dtype=np.int32)
    found = Versions(
        np.repeat(places, np.diff(index.start)),
        index.days[index.day],
        index.bits & np.uint8(3),
        index.known_from,
        index.known_to,
        index.root(index.known_from),
        index.side_status[index.said],
        index.side_actor[index.said],
        index.source,
        index.grade,
        published,
        index.bits >= 4,
    )
    if tail is None or not len(tail.entries):
        return found
    more = tail.entries
    both = Versions(
        *(
            np.concatenate([getattr(found, name), getattr(more, name)])
            for name in (f.name for f in fields(Versions))
        )
    )
    return both.take(
        np.lexsort((both.known_from, both.position, both.time, both.valid, both.place))
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rectangles:
    """Rows of versions, and for each the bounds that hang on what is known.

    In order of (version, known_from). `known_from` and `known_to` are moments, the
    latter `FOREVER` for what still stands; `valid_to` is a day number, `NO_DAY` where
    nothing follows.
    """

    version: Rows
    known_from: Int32
    known_to: Int32
    valid_to: Int32

    def __len__(self) -> int:
        return len(self.version)


def told_apart(
    versions: Versions, known_from: Int32, known_to: Int32
) -> tuple[Versions, Int32, Int32]:
    """The versions that differ and are known at some moment, with their moments.

    Where an amendment changed nothing that shows, two versions of a report are one.
    """
    seen = known_from < known_to
    if not seen.all():
        versions, known_from, known_to = (
            versions.take(seen),
            known_from[seen],
            known_to[seen],
        )
    alike = np.flatnonzero(versions.position[1:] == versions.position[:-1])
    alike = alike[known_to[alike] == known_from[alike + 1]]
    for name in (f.name for f in fields(Versions) if not f.name.startswith("known")):
        column = getattr(versions, name)
        alike = alike[column[alike] == column[alike + 1]]
    if not alike.size:
        return versions, known_from, known_to
    first, last = np.ones((2, len(versions)), np.bool_)
    first[alike + 1] = last[alike] = False
    return versions.take(first), known_from[first], known_to[last]


def rectangles(
    place: NDArray[np.generic], valid: Int32, known_from: Int32, known_to: Int32
) -> Rectangles:
    """The rectangles of versions in order of place, then of `timeline.order`.

    Each is known at some moment: `known_from` is below `known_to`.
    """
    lookup = _Lookup(place, known_from, known_to)
    rows = np.arange(len(place))
    after = lookup.after(rows, known_from)
    # The version before one that comes or goes has another successor from then on.
    gone = np.flatnonzero(known_to != FOREVER)
    before = np.concatenate(
        [lookup.before(rows, known_from), lookup.before(gone, known_to[gone])]
    )
    moment = np.concatenate([known_from, known_to[gone]])
    next_ = np.concatenate([rows, lookup.after(gone, known_to[gone])])
    changed = np.flatnonzero((before >= 0) & (moment > known_from[before]))
    version = np.concatenate([rows, before[changed]])
    start = np.concatenate([known_from, moment[changed]])
    follows = np.concatenate([after, next_[changed]])
    if len(changed):
        order = np.argsort((version << 32) | start, kind="stable")
        version, start, follows = version[order], start[order], follows[order]
    until = np.where(follows < 0, np.int32(NO_DAY), valid[follows])
    same = (version[1:] == version[:-1]) & (until[1:] == until[:-1])
    kept = np.flatnonzero(np.append(True, ~same)[: len(version)])
    version, start, until = version[kept], start[kept], until[kept]
    end = known_to[version]
    goes_on = np.flatnonzero(version[1:] == version[:-1])
    end[goes_on] = start[goes_on + 1]
    return Rectangles(version, start, end, until)


class _Lookup:
    """The neighbours of versions that are known at a moment; -1 for none."""

    def __init__(
        self, place: NDArray[np.generic], known_from: Int32, known_to: Int32
    ) -> None:
        self._place, self._from, self._to = place, known_from, known_to
        self._blocks: list[tuple[Int32, Int32, int]] = []

    def before(self, rows: Rows, moment: Int32) -> Rows:
        return self._walk(rows, moment, -1)

    def after(self, rows: Rows, moment: Int32) -> Rows:
        return self._walk(rows, moment, 1)

    def _walk(self, rows: Rows, moment: Int32, way: int) -> Rows:
        """Step from *rows* until something known, the end, or another place."""
        found = rows + way
        going, step = np.arange(len(rows)), np.intp(way)
        count = len(self._place)
        while going.size:
            at = found[going]
            out = (at < 0) | (at >= count)
            at[out] = rows[going[out]]  # any row that is there
            out |= self._place[at] != self._place[rows[going]]
            found[going[out]] = -1
            hidden = self._from[at] > moment[going]
            hidden |= self._to[at] <= moment[going]
            hidden &= ~out
            going, at = going[hidden], at[hidden]
            if going.size:
                found[going] = at + step * self._steps(at, moment[going], way)
        return found

    def _steps(self, at: Rows, moment: Int32, way: int) -> Rows:
        """How far to the next that may be known: past whole blocks without any."""
        if not self._blocks:
            near = blocks(self._from, self._to)
            far = blocks(*near)
            self._blocks = [(*near, BLOCK), (*far, BLOCK * BLOCK)]
        steps = np.ones(len(at), np.intp)
        for low, high, size in self._blocks:
            block = at // size
            none = (low[block] > moment) | (high[block] <= moment)
            past = at - block * size + 1 if way < 0 else (block + 1) * size - at
            steps = np.where(none, past, steps)
        return steps
