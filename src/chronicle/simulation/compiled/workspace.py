"""The arrays that replicas are worked out on; only `compiled` imports it.

They are made here and not where they are used: numba compiles that much less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronicle.simulation.compiled.base import (
    BUCKETS,
    NF,
    NI,
    P_PEOPLE_KM,
    STREAM_COUNT,
    ModelArrays,
    Workspace,
)
from chronicle.simulation.rules import STEPS

__all__ = ["desk_of"]


def desk_of(
    board: ModelArrays,
    thetas: NDArray[np.float64],
    horizon: float,
    people: bool,
    room: int,
    rows: int,
) -> Workspace:
    """What *thetas* are worked out on, with *room* on the queue.

    Of the changes of the last replica *rows* are written down.
    """
    n, m, actors = board.population.size, board.km.size, board.start.size
    hosts = n if people else 0
    ceasefires = len(board.ceasefires)
    parties = np.ones((ceasefires + 1, actors), np.uint8)  # the last is of everybody
    parties[:ceasefires] = board.parties
    spare = n + 2 * m + 1 if len(board.sources) else 1
    # As many as `people.ways_of` has for the setting with the slowest people.
    longest = board.km.max(initial=0.0) / thetas[:, P_PEOPLE_KM].min()
    slots = min(int(longest), int(horizon)) + 2
    return Workspace(
        ht=np.empty(2 * room + 1),
        hk=np.empty(2 * room, np.int64),
        ha=np.empty(3 * room + BUCKETS, np.int64),
        c=np.zeros(10, np.int64),
        ni=np.zeros((n, NI), np.int64),
        nf=np.zeros((n, NF)),
        ai=np.zeros((actors, 4), np.int64),
        af=np.zeros((actors, 3)),
        tf=np.zeros((ceasefires + 1, 2)),
        ti=np.zeros(ceasefires + 1, np.int64),
        parties=parties,
        st=np.empty(spare),
        sk=np.empty(spare, np.int64),
        sa=np.empty(spare, np.int64),
        sc=np.zeros(10, np.int64),
        best=np.empty(n),
        found=np.zeros(n, np.uint8),
        sourced=np.zeros(actors, np.uint8),
        table=np.empty(STEPS + 1),
        keys=np.zeros(STREAM_COUNT, np.uint64),
        people=np.zeros((3, hosts)),
        ring=np.zeros((slots, hosts)),
        state=np.zeros(n, np.uint8),
        score=np.ones(n),
        factor=np.ones(m),
        weight=np.empty(2 * m),
        delay=np.empty(2 * m, np.int32),
        scratch=np.empty(int(np.diff(board.first).max(initial=1))),
        rt=np.empty(rows),
        ri=np.empty((rows, 5), np.int64),
    )
