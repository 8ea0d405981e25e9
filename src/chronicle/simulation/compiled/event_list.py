"""What is to happen; `marches.py` and `schedule.py` of `engine` are the twins."""

from __future__ import annotations

import numpy as np

from chronicle.simulation import rules
from chronicle.simulation.compiled.base import (
    DEADLINE,
    EXPECTED,
    GENERATION,
    INFINITE,
    K_AXIS,
    K_CULMINATION,
    K_LINE,
    K_QUIET,
    K_TRAVEL,
    MARKED,
    P_CULMINATION,
    P_LINES,
    P_MOMENTUM,
    P_QUIET,
    P_SIGMA,
    P_SPEED,
    P_SUPPLY_SPEED,
    ROWS,
    SUPPLIED,
    ZERO,
    Floats,
    Integers,
    ModelArrays,
    Words,
    exp,
    inline,
    jit,
    log,
    normal_of,
    push,
    uniform,
    word,
)
from chronicle.simulation.rules import ARRIVAL, AT_ONCE, QUIET, SIEGE_END

travel_days, culmination = jit(rules.travel_days), jit(rules.culmination)


@inline
def note(
    rt: Floats, ri: Integers, c: Integers,
    t: float, v: int, a: int, status: int, kind: int, u: int,
) -> None:  # fmt: skip
    """Write a change down where there is room, count it anyway."""
    write(
        rt, ri, c, t, word(v), word(a), word(status), word(kind),
        word(u),
    )  # fmt: skip


@jit
def write(
    rt: Floats, ri: Integers, c: Integers,
    t: float, v: int, a: int, status: int, kind: int, u: int,
) -> None:  # fmt: skip
    i = c[ROWS]
    c[ROWS] = i + 1
    if i < rt.size:
        rt[i] = t
        ri[i, 0] = v
        ri[i, 1] = a
        ri[i, 2] = status
        ri[i, 3] = kind
        ri[i, 4] = u


@jit
def next_open(first: Integers, spans: Floats, e: int, t: float) -> float:
    """`rules.next_open`; an edge without spans is always open."""
    lo, hi = first[e], first[e + 1]
    if lo == hi:
        return t
    for i in range(lo, hi):
        if t < spans[i, 1]:
            return float(max(spans[i, 0], t))
    return float(INFINITE)


@inline
def send(
    ht: Floats, hk: Integers, ha: Integers, c: Integers, ni: Integers, nf: Floats,
    horizon: float, t: float, v: int, u: int, e: int, a: int, counter: int,
) -> None:  # fmt: skip
    """Put an arrival on the heap and warn the people there."""
    ni[v, MARKED] = 1
    nf[v, EXPECTED] = min(nf[v, EXPECTED], t)
    if t <= horizon:
        key = ARRIVAL << 48 | v << 24 | (u + 1)
        push(ht, hk, ha, c, t, key, e << 9 | a << 1 | counter)


@jit
def departure(th: Floats, keys: Words, entity: np.uint64, t: float, how: int) -> float:
    """When an attack sets out along a route; infinity for never."""
    if how == QUIET or uniform(keys[K_AXIS], entity, ZERO) >= th[P_MOMENTUM]:
        t = t + -log(uniform(keys[K_QUIET], entity, ZERO)) * th[P_QUIET]
    stop = culmination(
        th[P_CULMINATION], -log(uniform(keys[K_CULMINATION], np.uint64(0), ZERO))
    )
    return float(INFINITE if t > stop else t)


@inline
def march(
    b: ModelArrays, ht: Floats, hk: Integers, ha: Integers, c: Integers, ni: Integers,
    nf: Floats, th: Floats, keys: Words, horizon: float,
    t: float, v: int, u: int, e: int, a: int, counter: int, how: int,
) -> None:  # fmt: skip
    """A force of *a* sets out from *u* to *v*; *how* as in `rules`."""
    if how != AT_ONCE:
        t = departure(th, keys, b.edge_entity[e], t, how)
    if b.gates.shape[0]:
        t = next_open(b.gate_first, b.gates, word(e), t)
    z = normal_of(uniform(keys[K_TRAVEL], b.edge_entity[e], ZERO))
    days = travel_days(b.km[e], b.factor[e], th[P_SPEED], exp(th[P_SIGMA] * z))
    if uniform(keys[K_LINE], b.edge_entity[e], ZERO) < th[P_LINES]:
        days = INFINITE
    if ni[u, SUPPLIED] == 0:
        days = days / th[P_SUPPLY_SPEED]
    send(ht, hk, ha, c, ni, nf, horizon, t + days, v, u, e, a, counter)


@inline
def defer(
    ht: Floats, hk: Integers, ha: Integers, c: Integers, ni: Integers, nf: Floats,
    horizon: float, now: float, t: float, v: int, u: int, e: int, a: int, counter: int,
) -> None:  # fmt: skip
    """A force before the walls waits, and people there know until when."""
    if nf[v, EXPECTED] <= now:
        nf[v, EXPECTED] = INFINITE
    send(ht, hk, ha, c, ni, nf, horizon, t, v, u, e, a, counter)


@inline
def besiege_until(
    ht: Floats, hk: Integers, ha: Integers, c: Integers, ni: Integers, nf: Floats,
    horizon: float, v: int, t: float,
) -> None:  # fmt: skip
    """The siege of *v* ends at *t*, whatever was planned before."""
    nf[v, DEADLINE] = t
    ni[v, GENERATION] += 1
    if t <= horizon:
        push(ht, hk, ha, c, t, SIEGE_END << 48 | v << 24, ni[v, GENERATION])
