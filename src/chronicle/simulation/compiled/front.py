"""Arrivals and changes of hands for the compiled engine.

`contests.py`, `captures.py` and `losses.py` in `engine` are the plain twins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronicle.simulation import rules
from chronicle.simulation.compiled.base import (
    BESIEGER,
    CHANGED,
    CONTESTS,
    DEADLINE,
    ENDLESS,
    EXPECTED,
    EXTRA,
    FIGHTING,
    FROM,
    FULL,
    GARRISON,
    GENERATION,
    HOLDS,
    INFINITE,
    K_COUNTER,
    K_HOLD,
    K_NEGOTIATE,
    K_REPULSE,
    K_RISING,
    K_TRANSFER,
    K_WAIT,
    LIVE,
    MARKED,
    OTHERS,
    OUTCOME,
    OWNER,
    P_CEASE_DAYS,
    P_COUNTER,
    P_HOLD,
    P_PRESSURE,
    P_RATE,
    P_REINFORCEMENT,
    P_REPULSE,
    P_RISING_DAYS,
    P_SUPPLY_HOLD,
    P_TRANSFER,
    P_WAIT,
    RISEN,
    ROWS,
    START,
    STEP,
    SUPPLIED,
    TRUCE_DONE,
    TRUCES,
    WEIGHT,
    ZERO,
    Bytes,
    Floats,
    Integers,
    ModelArrays,
    Words,
    inline,
    jit,
    log,
    push,
    uniform,
)
from chronicle.simulation.compiled.ceasefires import begin_truce, truce_until
from chronicle.simulation.compiled.event_list import (
    besiege_until,
    defer,
    march,
    next_open,
    note,
    send,
)
from chronicle.simulation.rules import (
    AT_ONCE,
    CAPTURED,
    CONTESTED,
    HELD,
    ONWARD,
    QUIET,
    REPULSED,
    RISING,
    SIEGE,
    TRANSFERRED,
)

hold_days, lost_step = jit(rules.hold_days), jit(rules.lost_step)
pressed, patience_days = jit(rules.pressed), jit(rules.patience_days)
most_changes = jit(rules.most_changes)
fall_day_of = jit(rules.fall_day_of)


@inline
def take(
    b: ModelArrays, ht: Floats, hk: Integers, ha: Integers, c: Integers, rt: Floats,
    ri: Integers, ni: Integers, nf: Floats, ai: Integers, af: Floats, tf: Floats,
    ti: Integers, th: Floats, keys: Words, horizon: float, fall_day: NDArray[np.int16],
    fall_kind: NDArray[np.int8], fall_from: NDArray[np.int32],
    v: int, a: int, kind: int, u: int, t: float,
) -> None:  # fmt: skip
    """*v* comes under *a*: losses, what they bring on, and the new fronts."""
    d = ni[v, OWNER]
    ni[v, OWNER] = a
    ni[v, BESIEGER] = -1
    ni[v, GENERATION] += 1
    ni[v, FIGHTING] = 0
    ni[v, MARKED] = 1
    if fall_day[v] == 0:
        fall_day[v] = fall_day_of(t)
        fall_kind[v] = kind
        fall_from[v] = u
    nf[v, GARRISON] = 1.0
    nf[v, EXPECTED] = INFINITE
    nf[v, CHANGED] = t
    nf[v, WEIGHT] = 0.0 if kind == TRANSFERRED else 1.0
    note(rt, ri, c, t, v, a, HELD, kind, u)
    ai[a, HOLDS] += b.population[v]
    ai[d, HOLDS] -= b.population[v]
    if d >= 0:
        ai[d, STEP] = lost_step(ai[d, START], ai[d, HOLDS])
        lost = ai[d, START] - ai[d, HOLDS]
        if lost > af[d, 0] and ai[d, RISEN] == 0:
            ai[d, RISEN] = 1
            for i in range(b.risings.shape[0]):
                w, riser = b.risings[i, 0], b.risings[i, 1]
                if ni[w, OWNER] == d and b.relation[riser, d] & 1:
                    x = -log(uniform(keys[K_RISING], b.entity[w], ZERO))
                    at = t + x * th[P_RISING_DAYS]
                    if at <= horizon:
                        push(ht, hk, ha, c, at, RISING << 48 | w << 24, d << 8 | riser)
        if lost > af[d, 1] and c[TRUCE_DONE] == 0:
            c[TRUCE_DONE] = 1
            k = c[TRUCES]
            c[TRUCES] = k + 1
            tf[k, 0] = t
            tf[k, 1] = t + th[P_CEASE_DAYS]
            begin_truce(ht, hk, ha, c, rt, ri, tf, ti, th, keys, horizon, k, t)
    if a >= 0:
        ai[a, STEP] = lost_step(ai[a, START], ai[a, HOLDS])
    for i in range(b.first[v], b.first[v + 1]):
        w = b.target[i]
        o = ni[w, OWNER]
        if o == a:
            continue
        bits = b.relation[a, o]
        # One call site for both directions keeps the compiled code small.
        for way in range(1, 3):
            if bits & way:
                to, origin, who = (w, v, a) if way == 1 else (v, w, o)
                march(
                    b, ht, hk, ha, c, ni, nf, th, keys, horizon,
                    t, to, origin, b.edge[i], who, 0, ONWARD if way == 1 else QUIET,
                )  # fmt: skip


@inline
def arrival(
    b: ModelArrays, ht: Floats, hk: Integers, ha: Integers, c: Integers, rt: Floats,
    ri: Integers, ni: Integers, nf: Floats, ai: Integers, af: Floats, tf: Floats,
    ti: Integers, parties: Bytes, th: Floats, keys: Words, table: Floats,
    horizon: float, t: float, key: int, aux: int,
) -> bool:  # fmt: skip
    """An arrival; True when the place is handed over at once (the caller takes it).

    All in one function: numba copies it into its one caller, with what it calls.
    """
    v, u = (key >> 24) & 0xFFFFFF, (key & 0xFFFFFF) - 1
    e, a, counter = aux >> 9, (aux >> 1) & 0xFF, aux & 1
    d = ni[v, OWNER]
    if d == a:
        return False
    mask = 3 if counter else 1
    if ni[u, OWNER] != a or not b.relation[a, d] & mask:
        if nf[v, EXPECTED] <= t:
            nf[v, EXPECTED] = INFINITE
        return False
    at = b.confirmed[v]
    if at <= t and b.gates.shape[0]:
        at = next_open(b.gate_first, b.gates, e, t)
    if at <= t and c[LIVE]:
        at = truce_until(tf, ti, parties, c, a, d)[1]
    if at > t:
        defer(ht, hk, ha, c, ni, nf, horizon, t, at, v, u, e, a, counter)
        return False
    if ni[v, BESIEGER] >= 0:
        if ni[v, BESIEGER] == a and th[P_PRESSURE] > 0.0:
            left = nf[v, DEADLINE] - t
            left = pressed(left, nf[v, EXTRA], ni[v, OTHERS], th[P_PRESSURE])
            ni[v, OTHERS] += 1
            besiege_until(ht, hk, ha, c, ni, nf, horizon, v, t + left)
        return False
    n = ni[v, CONTESTS]
    if n and c[ROWS] > most_changes(b.population.size):
        c[FULL] = ENDLESS
        return False
    ni[v, CONTESTS] = n + 1
    entity = b.entity[v]
    extra = 0.0
    for i in range(b.hold_first[v], b.hold_first[v + 1]):
        if b.holds[i, 0] <= t < b.holds[i, 1]:
            extra += b.holds[i, 2]
    if uniform(keys[K_TRANSFER], entity, n) < th[P_TRANSFER]:
        if extra == 0.0:
            return True
        days = extra
        kind = TRANSFERRED
    elif uniform(keys[K_REPULSE], entity, n) < th[P_REPULSE]:
        nf[v, GARRISON] *= 1.0 + th[P_REINFORCEMENT]
        note(rt, ri, c, t, v, d, HELD, REPULSED, u)
        wait = -log(uniform(keys[K_WAIT], entity, n)) * th[P_WAIT]
        nf[v, EXPECTED] = INFINITE
        send(ht, hk, ha, c, ni, nf, horizon, t + wait, v, u, e, a, counter)
        if d >= 0 and uniform(keys[K_COUNTER], entity, n) < th[P_COUNTER]:
            march(
                b, ht, hk, ha, c, ni, nf, th, keys, horizon, t, u, v, e, d, 1, AT_ONCE
            )
        return False
    else:
        x = -log(uniform(keys[K_HOLD], entity, n))
        base = patience_days(b.size[v], th[P_HOLD], x)
        supply = 1.0 if ni[v, SUPPLIED] else th[P_SUPPLY_HOLD]
        days = hold_days(base, table[ai[d, STEP]], nf[v, GARRISON], supply, extra)
        kind = CAPTURED
        if d >= 0 and ai[d, START] - ai[d, HOLDS] > af[d, 2] and th[P_RATE] > 0.0:
            x = -log(uniform(keys[K_NEGOTIATE], entity, n))
            wait = x / th[P_RATE] + extra
            if wait < days:
                days = wait
                kind = TRANSFERRED
    ni[v, BESIEGER] = a
    ni[v, FROM] = u
    ni[v, OUTCOME] = kind
    ni[v, OTHERS] = 0
    nf[v, EXTRA] = extra
    ni[v, FIGHTING] = 1
    ni[v, MARKED] = 1
    note(rt, ri, c, t, v, d, CONTESTED, SIEGE, u)
    besiege_until(ht, hk, ha, c, ni, nf, horizon, v, t + days)
    return False
