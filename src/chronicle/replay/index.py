"""The index of control: which entry decides, on any day, as known at any position.

    by settlement     alder ▕ entries by (day, time, position, known_from) ▏ birch ▕ …
                      day said known_from known_to …; for blocks of 32 and of 1,024
                      entries the least known_from and the greatest known_to
    world             what stands now, by day: place said known, with a checkpoint of
                      all settlements after some of the days
    news              what was the latest when it was recorded, by position: place said
                      known day, with a checkpoint after some thousand positions

`said` is a code for a side, that is who holds a place and how; `known` is `known_from`
of an entry. Days are ranks among the days that occur.

The state on day V as known at position K is read off one of two edges of the plane of
(V, K), and mended where the edge is not what was asked:

*World*, the edge K = now. Copy the last checkpoint up to V, lay the entries up to V
over it. An entry that was taken back later is not among them; if it would have decided
on some day, it left its `known_to` there as a warning, with a minus sign. Where
abs(known) > K something was not known yet, or still believed: that place is looked up.

*News*, the edge V = for ever. Copy the last checkpoint up to K, lay over it what was
recorded up to K and later in the world than all before. Where `day` > V, or the entry
was taken back (minus sign), that place is looked up.

Questions about the past as we see it now have nothing to look up in *world*, questions
about what was the latest at a time nothing in *news*; the one with less to do is taken.

*Looking up* a place is a binary search for its last entry up to V, then steps back to
one with known_from <= K < known_to, over whole blocks that have none.

Days are whole, so checkpoints of *world* stand between days and most questions have
little or nothing to lay over. Only the last entry of a place on a day can decide, so
*world* holds no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.columns import Int32, UInt8

__all__ = [
    "BLOCK",
    "Codes",
    "Index",
    "Rows",
    "Searched",
    "find",
    "last_visible",
    "ranks_upto",
    "winners",
]

BLOCK = 32  # entries; blocks of blocks are BLOCK * BLOCK
Rows = NDArray[np.intp]
Codes = NDArray[np.integer]  # as narrow as the number of codes allows


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The arrays drawn above; all are contiguous and little-endian.

    `side_actor` and `side_status` say what the codes of `said` mean; code 0 is
    *unknown*, which is also what was never reported. `rank[d]` days occur up to day
    number `calendar[0] + d`. `published` is a day number less `calendar[1]`, or 0 where
    there is none. `bits` is the rank of the time of day, plus 4 for a baseline.

    The first `world_end[j]` entries of *world* are of the first `j` days, and
    `world_row[j]` is the last checkpoint among them, made of `world_start` entries.
    Checkpoint `r` of *news* stands at position `r * news_every[0]` and is made of
    `news_start[r]` entries.

    `remark`, `remark_root` and `remark_row` are the positions of remarks that bear on
    control, those of their claims, and their hot records; bit *n* of `remark_bit` says
    whether there is one at position *n*.
    """

    side_actor: Int32
    side_status: UInt8
    calendar: Int32
    days: Int32
    rank: Int32
    start: Int32
    day: Codes
    said: Codes
    known_from: Int32
    known_to: Int32
    source: Codes
    grade: UInt8
    published: Codes
    bits: UInt8
    near_from: Int32
    near_to: Int32
    far_from: Int32
    far_to: Int32
    world_end: Int32
    world_place: Codes
    world_said: Codes
    world_known: Int32
    world_row: Int32
    world_start: Int32
    world_checkpoint_said: Codes
    world_checkpoint_known: Int32
    news_every: Int32
    news_place: Codes
    news_said: Codes
    news_known: Int32
    news_day: Codes
    news_start: Int32
    news_checkpoint_said: Codes
    news_checkpoint_known: Int32
    news_checkpoint_day: Codes
    remark: Int32
    remark_root: Int32
    remark_row: NDArray[np.void]
    remark_bit: UInt8

    @property
    def settlements(self) -> int:
        """How many settlement codes there are."""
        return len(self.start) - 1

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays together."""
        return sum(int(getattr(self, name).nbytes) for name in self.__slots__)

    def upto(self, on: int) -> int:
        """How many of the days are no later than day number *on*."""
        if not len(self.rank):
            return 0
        at = on - int(self.calendar[0])
        return 0 if at < 0 else int(self.rank[min(at, len(self.rank) - 1)])

    def root(self, known: Int32) -> Int32:
        """The positions of the claims whose entries events at *known* made."""
        if not len(self.remark):
            return known
        byte = np.minimum(known >> 3, len(self.remark_bit) - 1)
        rows = np.flatnonzero(self.remark_bit[byte] & (np.uint8(1) << (known & 7)))
        told = known[rows]
        at = np.minimum(np.searchsorted(self.remark, told), len(self.remark) - 1)
        found = known.copy()
        found[rows] = np.where(self.remark[at] == told, self.remark_root[at], told)
        return found


class Searched(Protocol):
    """Entries by settlement, as far as looking up needs them."""

    @property
    def start(self) -> Int32: ...
    @property
    def day(self) -> Codes: ...
    @property
    def known_from(self) -> Int32: ...
    @property
    def known_to(self) -> Int32: ...
    @property
    def near_from(self) -> Int32: ...
    @property
    def near_to(self) -> Int32: ...
    @property
    def far_from(self) -> Int32: ...
    @property
    def far_to(self) -> Int32: ...


def ranks_upto(index: Index, on: NDArray[np.integer]) -> Int32:
    """`Index.upto` for many days at once."""
    if not len(index.rank):
        return np.zeros(len(on), np.int32)
    at = np.asarray(on, np.int64) - int(index.calendar[0])
    found = index.rank[np.clip(at, 0, len(index.rank) - 1)]
    return np.where(at < 0, np.int32(0), found)


def winners(index: Index, on: int, position: int) -> tuple[Codes, Int32]:
    """For each settlement what is said of it on day *on*, known at *position*.

    Gives codes of sides, and for each the position of the event that made the deciding
    entry (0: none); a negative number is a position of no meaning, and the entry can
    be had from `find`.
    """
    upto = index.upto(on)
    said, known = _world(index, upto)
    late = np.flatnonzero(np.abs(known) > position)
    if late.size > index.settlements // 64:
        other_said, other_known, day = _news(index, position)
        other_late = np.flatnonzero((day >= upto) | (other_known < 0))
        if other_late.size < late.size:
            said, known, late = other_said, other_known, other_late
    if late.size:
        found = last_visible(index, late, np.full(len(late), upto), position)
        none = found < 0
        said[late] = np.where(none, 0, index.said[found])
        known[late] = np.where(none, 0, index.known_from[found])
    return said, known


def _world(index: Index, upto: int) -> tuple[Codes, Int32]:
    row = index.world_row[upto]
    said = index.world_checkpoint_said[row].copy()
    known = index.world_checkpoint_known[row].copy()
    part = slice(index.world_start[row], index.world_end[upto])
    lay_world(
        said,
        known,
        index.world_place[part],
        index.world_said[part],
        index.world_known[part],
    )
    return said, known


def lay_world(
    said: Codes, known: Int32, place: Codes, new_said: Codes, new_known: Int32
) -> None:
    """Lay entries of *world* over a state; warnings stay even where they are outdated.

    A warning too many costs a look, one too few a wrong answer.
    """
    stands = new_known > 0
    said[place[stands]] = new_said[stands]  # of equals the last stays
    known[place[stands]] = new_known[stands]
    warned = place[~stands]
    if len(warned):
        known[warned] = -np.abs(known[warned])
        np.minimum.at(known, warned, new_known[~stands])


def _news(index: Index, position: int) -> tuple[Codes, Int32, Codes]:
    row = min(position // int(index.news_every[0]), len(index.news_start) - 1)
    said = index.news_checkpoint_said[row].copy()
    known = index.news_checkpoint_known[row].copy()
    day = index.news_checkpoint_day[row].copy()
    after = int(index.news_start[row])
    last = row + 1 == len(index.news_start)
    end = len(index.news_known) if last else int(index.news_start[row + 1])
    end = after + int(
        np.searchsorted(np.abs(index.news_known[after:end]), position, "right")
    )
    place = index.news_place[after:end]
    said[place] = index.news_said[after:end]
    known[place] = index.news_known[after:end]
    day[place] = index.news_day[after:end]
    return said, known, day


def find(index: Index, places: NDArray[np.integer], on: int, position: int) -> Rows:
    """The deciding entries of some places on a day; -1 for none."""
    return last_visible(index, places, np.full(len(places), index.upto(on)), position)


def last_visible(
    index: Searched,
    places: NDArray[np.integer],
    upto: NDArray[np.integer],
    position: NDArray[np.integer] | int,
) -> Rows:
    """The last entry of each place with a day below *upto* that was known; -1: none.

    All places at once: a binary search, then steps back that shrink to those that have
    not arrived. *places*, *upto* and *position* go together.
    """
    places = places.astype(np.intp)
    position = np.broadcast_to(np.asarray(position, np.int64), places.shape)
    first = index.start[places].astype(np.intp)
    low, high = first.copy(), index.start[places + 1].astype(np.intp)
    while (open_ := np.flatnonzero(low < high)).size:
        middle = (low[open_] + high[open_]) >> 1
        early = index.day[middle] < upto[open_]
        low[open_[early]] = middle[early] + 1
        high[open_[~early]] = middle[~early]
    at = low - 1
    going = np.flatnonzero(at >= first)
    while going.size:
        i, p = at[going], position[going]
        hidden = (index.known_from[i] > p) | (index.known_to[i] <= p)
        going, i, p = going[hidden], i[hidden], p[hidden]
        at[going] = i - _steps(index, i, p)
        going = going[at[going] >= first[going]]
    return np.where(at >= first, at, -1)


def _steps(index: Searched, i: Rows, position: NDArray[np.integer]) -> Rows:
    """How far back the next entry is that may be visible: past blocks without any."""
    step = np.ones(len(i), np.intp)
    for blocks_from, blocks_to, size in (
        (index.near_from, index.near_to, BLOCK),
        (index.far_from, index.far_to, BLOCK * BLOCK),
    ):
        block = i // size
        none = (blocks_from[block] > position) | (blocks_to[block] <= position)
        step = np.where(none, i - block * size + 1, step)
    return step
