"""What replay answers: the control of all settlements, by code, as columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.columns import Int32, UInt8
from chronicle.replay.index import Codes, Rows

__all__ = ["Control", "changed"]


@dataclass(frozen=True, eq=False)
class Control:
    """Who holds each settlement, how, and which report says so.

    Row *n* is the settlement with code *n*. The columns are worked out from `said` and
    `known` when they are first asked for.
    """

    on: int
    position_asked: int
    said: Codes
    known: Int32
    side_actor: Int32
    side_status: UInt8
    find: Callable[[Rows], Int32] = field(repr=False)
    root: Callable[[Int32], Int32] = field(repr=False)

    def __len__(self) -> int:
        return len(self.said)

    @cached_property
    def actor(self) -> Int32:
        """Actor codes; -1 where nobody is said to hold it."""
        return self.side_actor[self.said]

    @cached_property
    def status(self) -> UInt8:
        """Ranks in `events.STATUSES`; *unknown* also where nothing was reported."""
        return self.side_status[self.said]

    @cached_property
    def decided_by(self) -> Int32:
        """Positions of the events (reports, or remarks on them) that decide; 0 none."""
        unsure = np.flatnonzero(self.known < 0)
        if not unsure.size:
            return self.known
        known = self.known.copy()
        known[unsure] = self.find(unsure)
        return known

    @cached_property
    def position(self) -> NDArray[np.int64]:
        """Positions of the deciding reports; 0 where there is none."""
        return self.root(self.decided_by).astype(np.int64)


def changed(before: Control, after: Control) -> Rows:
    """The codes of settlements on which two states differ in control or status.

    States of one log, on two days (what changed in the world) or as known at two
    positions (what we learned). A settlement that one does not have was unknown in it.
    """
    most = max(len(before), len(after))

    def sides(state: Control) -> NDArray[np.int64]:
        pair = state.side_status.astype(np.int64) << 32
        pair |= state.side_actor.astype(np.int64) + 1
        more = most - len(state)
        none = np.full(more, pair[0])  # the first side is *unknown*
        return np.concatenate([pair[state.said], none])

    return np.flatnonzero(sides(before) != sides(after))
