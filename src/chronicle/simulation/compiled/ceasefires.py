"""Ceasefires for the compiled engine; `ceasefires.py` is the plain twin."""

from __future__ import annotations

import numpy as np

from chronicle.simulation.compiled.base import (
    INFINITE,
    K_CEASE,
    LIVE,
    P_BREAK,
    TRUCES,
    Bytes,
    Floats,
    Integers,
    Words,
    jit,
    log,
    push,
    uniform,
)
from chronicle.simulation.compiled.event_list import note
from chronicle.simulation.rules import (
    CEASEFIRE_BEGAN,
    CEASEFIRE_BROKEN,
    CEASEFIRE_ENDED,
    HELD,
    TRUCE_END,
)


@jit
def truce_until(
    tf: Floats, ti: Integers, parties: Bytes, c: Integers, a: int, d: int
) -> tuple[float, float]:
    """Start and end of the last of the ceasefires between two; long past if none."""
    since = until = -INFINITE
    if d < 0:
        return since, until
    for k in range(c[TRUCES]):
        if ti[k] == 1 and tf[k, 1] > until and parties[k, a] and parties[k, d]:
            since = tf[k, 0]
            until = tf[k, 1]
    return since, until


@jit
def begin_truce(
    ht: Floats, hk: Integers, ha: Integers, c: Integers, rt: Floats, ri: Integers,
    tf: Floats, ti: Integers, th: Floats, keys: Words, horizon: float, k: int, t: float,
) -> None:  # fmt: skip
    """A ceasefire begins, and whether it will break is drawn."""
    until = tf[k, 1]
    kind = CEASEFIRE_ENDED
    if th[P_BREAK] > 0.0:
        broken = t + -log(uniform(keys[K_CEASE], np.uint64(0), k)) / th[P_BREAK]
        if broken < until:
            until = broken
            kind = CEASEFIRE_BROKEN
    tf[k, 0] = t
    tf[k, 1] = until
    ti[k] = 1
    c[LIVE] += 1
    note(rt, ri, c, t, -1, -1, HELD, CEASEFIRE_BEGAN, -1)
    if until <= horizon:
        push(ht, hk, ha, c, until, TRUCE_END << 48 | k, kind)
