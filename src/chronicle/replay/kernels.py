"""The same questions as in `index`, compiled: needs the extra `fast` (numba).

Importing this module imports numba, which takes longer than most questions; so it is
imported by the first question to a large index and never for a small one. Compiled code
is cached on disk by numba. The plain twins are `index.winners` and
`index.last_visible`.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# Types of compiled functions are numba's own affair; what is public here has them.

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from chronicle.replay.index import BLOCK, Codes, Index

__all__ = ["find", "points", "winners"]

F = TypeVar("F", bound=Callable[..., object])
_FAR = BLOCK * BLOCK


def _compiled(function: F) -> F:
    return cast(F, numba.njit(cache=True, nogil=True)(function))


@_compiled
def _first_after(values, low, high, wanted):
    """The first place in `[low, high)` of sorted values with one not below *wanted*."""
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def _look_up(start, day, known_from, known_to, blocks, place, upto, position):
    """The last entry of *place* before rank *upto* known at *position*, or -1."""
    near_from, near_to, far_from, far_to = blocks
    first = start[place]
    i = _first_after(day, first, start[place + 1], upto) - 1
    while i >= first:
        if known_from[i] <= position < known_to[i]:
            return i
        far = i // _FAR
        near = i // BLOCK
        if far_from[far] > position or far_to[far] <= position:
            i = far * _FAR - 1
        elif near_from[near] > position or near_to[near] <= position:
            i = near * BLOCK - 1
        else:
            i -= 1
    return -1


@_compiled
def _world(said_before, known_before, place, new_said, new_known, position):
    """Lay entries of *world* over a checkpoint; the state and how many are late."""
    said, known = said_before.copy(), known_before.copy()
    for i in range(len(place)):
        here = place[i]
        if new_known[i] > 0:
            said[here] = new_said[i]
            known[here] = new_known[i]
        else:
            known[here] = min(-abs(known[here]), new_known[i])
    late = 0
    for here in range(len(known)):
        late += abs(known[here]) > position
    return said, known, late


@_compiled
def _news(start, position, row, news, checkpoints, said, known, day):
    """Lay the news up to *position* over checkpoint *row*; the number to look up."""
    place, new_said, new_known, new_day = news
    said[:] = checkpoints[0][row]
    known[:] = checkpoints[1][row]
    day[:] = checkpoints[2][row]
    i = start[row]
    while i < len(new_known) and abs(new_known[i]) <= position:
        here = place[i]
        said[here] = new_said[i]
        known[here] = new_known[i]
        day[here] = new_day[i]
        i += 1


@_compiled
def _unfit(known, day, upto):
    count = 0
    for place in range(len(known)):
        count += (day[place] >= upto) | (known[place] < 0)
    return count


@_compiled
def _mend(by_place, blocks, news, news_rows, every, upto, position, late, said, known):
    """Make a state of *world* one as known at *position*; *late* places differ."""
    start, day, told, known_from, known_to = by_place
    if late > len(known) // 64:
        other_said, other_known = np.empty_like(said), np.empty_like(known)
        other_day = np.empty(len(said), news[3].dtype)
        row = min(position // every, len(news_rows[0]) - 1)
        _news(
            news_rows[0], position, row, news, news_rows[1:],
            other_said, other_known, other_day,
        )  # fmt: skip
        if _unfit(other_known, other_day, upto) < late:
            said[:] = other_said
            for place in range(len(known)):
                fits = (other_day[place] < upto) & (other_known[place] >= 0)
                # what does not fit is marked as later than all that is known
                known[place] = other_known[place] if fits else position + 1
    for place in range(len(known)):
        if abs(known[place]) > position:
            i = _look_up(
                start, day, known_from, known_to, blocks, place, upto, position
            )
            said[place] = told[i] if i >= 0 else 0
            known[place] = known_from[i] if i >= 0 else 0


@_compiled
def _points(
    start, day, known_from, known_to, blocks, calendar, rank,
    places, on, position, out,
):  # fmt: skip
    for n in range(len(places)):
        at = on[n] - calendar
        if at < 0 or len(rank) == 0:
            out[n] = -1
            continue
        upto = rank[min(at, len(rank) - 1)]
        out[n] = _look_up(
            start, day, known_from, known_to, blocks, places[n], upto, position[n]
        )


def _blocks(index: Index) -> tuple[NDArray[np.generic], ...]:
    return index.near_from, index.near_to, index.far_from, index.far_to


def winners(index: Index, on: int, position: int) -> tuple[Codes, NDArray[np.int32]]:
    """`index.winners`, in one or two passes."""
    upto = index.upto(on)
    row = index.world_row[upto]
    after, end = index.world_start[row], index.world_end[upto]
    said, known, late = _world(
        index.world_checkpoint_said[row],
        index.world_checkpoint_known[row],
        index.world_place[after:end],
        index.world_said[after:end],
        index.world_known[after:end],
        position,
    )
    if late:  # the arrays of the other pass take as long to hand over as this one
        _mend(
            (index.start, index.day, index.said, index.known_from, index.known_to),
            _blocks(index),
            (index.news_place, index.news_said, index.news_known, index.news_day),
            (
                index.news_start,
                index.news_checkpoint_said,
                index.news_checkpoint_known,
                index.news_checkpoint_day,
            ),
            int(index.news_every[0]),
            upto,
            position,
            late,
            said,
            known,
        )
    return said, known


def points(
    index: Index,
    places: NDArray[np.generic],
    on: NDArray[np.generic],
    position: NDArray[np.generic],
) -> NDArray[np.int32]:
    """`index.last_visible` by days, one question after the other."""
    out = np.empty(len(places), np.int32)
    _points(
        index.start,
        index.day,
        index.known_from,
        index.known_to,
        _blocks(index),
        int(index.calendar[0]),
        index.rank,
        np.ascontiguousarray(places, np.int32),
        np.ascontiguousarray(on, np.int32),
        np.ascontiguousarray(position, np.int32),
        out,
    )
    return out


def find(
    index: Index, places: NDArray[np.generic], on: int, position: int
) -> NDArray[np.int32]:
    """`index.find`, one place after the other."""
    ons, positions = np.full(len(places), on), np.full(len(places), position)
    return points(index, places, ons, positions)
