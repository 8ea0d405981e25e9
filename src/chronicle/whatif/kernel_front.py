"""The rules of the front for the compiled engine; `front.py` is the plain twin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronicle.whatif import rules
from chronicle.whatif.kernel_base import (
    BESIEGER,
    CAPACITY,
    CEASEFIRE,
    CHANGED,
    CLOSE,
    CONTESTS,
    CORRIDOR,
    DEADLINE,
    EXPECTED,
    FIGHTING,
    FROM,
    GARRISON,
    GENERATION,
    HEAP,
    HOLDS,
    INFINITE,
    K_CEASE,
    K_COUNTER,
    K_HOLD,
    K_NEGOTIATE,
    K_REPULSE,
    K_RISING,
    K_TRANSFER,
    K_TRAVEL,
    K_WAIT,
    LIVE,
    MARKED,
    OTHERS,
    OUTCOME,
    OWNER,
    P_BREAK,
    P_CEASE_DAYS,
    P_COUNTER,
    P_HOLD,
    P_PRESSURE,
    P_RATE,
    P_REINFORCEMENT,
    P_REPULSE,
    P_RISING_DAYS,
    P_SIGMA,
    P_SPEED,
    P_SUPPLY_HOLD,
    P_SUPPLY_KM,
    P_SUPPLY_SPEED,
    P_TRANSFER,
    P_WAIT,
    REINFORCE,
    REOPEN,
    RISEN,
    ROWS,
    START,
    STEP,
    SUPPLIED,
    TRANSFER,
    TRUCE_DONE,
    TRUCES,
    WEIGHT,
    Board,
    Bytes,
    Floats,
    Integers,
    Words,
    exp,
    inline,
    jit,
    log,
    normal_of,
    pop,
    push,
    push_heap,
    uniform,
)
from chronicle.whatif.rules import (
    ARRIVAL,
    CAPACITY_SET,
    CAPTURED,
    CEASEFIRE_BEGAN,
    CEASEFIRE_BROKEN,
    CEASEFIRE_ENDED,
    CONTESTED,
    CORRIDOR_OPENED,
    HELD,
    REINFORCED,
    REPULSED,
    RISING,
    ROUTE_CLOSED,
    ROUTE_REOPENED,
    SIEGE,
    SIEGE_END,
    SUPPLY_CUT,
    SUPPLY_RESTORED,
    TRANSFERRED,
    TRUCE_END,
)

hold_days, lost_step = jit(rules.hold_days), jit(rules.lost_step)
pressed, travel_days = jit(rules.pressed), jit(rules.travel_days)
patience_days, day_of = jit(rules.patience_days), jit(rules.day_of)


@jit
def note(
    rt: Floats, ri: Integers, c: Integers,
    t: float, v: int, a: int, status: int, kind: int, u: int,
) -> None:  # fmt: skip
    """Write a change down where there is room, count it anyway."""
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


@inline
def march(
    b: Board, ht: Floats, hk: Integers, ha: Integers, c: Integers, ni: Integers,
    nf: Floats, th: Floats, keys: Words, horizon: float,
    t: float, v: int, u: int, e: int, a: int, counter: int,
) -> None:  # fmt: skip
    """A force of *a* sets out from *u* to *v*."""
    if b.gates.shape[0]:
        t = next_open(b.gate_first, b.gates, e, t)
    z = normal_of(uniform(keys[K_TRAVEL], b.edge_entity[e], 0))
    days = travel_days(b.km[e], b.factor[e], th[P_SPEED], exp(th[P_SIGMA] * z))
    if ni[u, SUPPLIED] == 0:
        days = days / th[P_SUPPLY_SPEED]
    send(ht, hk, ha, c, ni, nf, horizon, t + days, v, u, e, a, counter)


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


@jit
def truce_until(
    tf: Floats, ti: Integers, parties: Bytes, c: Integers, a: int, d: int
) -> tuple[float, float]:
    """Start and end of the last of the ceasefires between two; zeros if none."""
    since = until = 0.0
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


@inline
def take(
    b: Board, ht: Floats, hk: Integers, ha: Integers, c: Integers, rt: Floats,
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
        fall_day[v] = day_of(t)
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
                    x = -log(uniform(keys[K_RISING], b.entity[w], 0))
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
                    t, to, origin, b.edge[i], who, 0,
                )  # fmt: skip


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
def arrival(
    b: Board, ht: Floats, hk: Integers, ha: Integers, c: Integers, rt: Floats,
    ri: Integers, ni: Integers, nf: Floats, ai: Integers, af: Floats, tf: Floats,
    ti: Integers, parties: Bytes, th: Floats, keys: Words, table: Floats,
    horizon: float, t: float, key: int, aux: int,
) -> bool:  # fmt: skip
    """An arrival; True when the place is handed over at once (the caller takes it)."""
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
    if b.gates.shape[0]:
        at = next_open(b.gate_first, b.gates, e, t)
        if at > t:
            defer(ht, hk, ha, c, ni, nf, horizon, t, at, v, u, e, a, counter)
            return False
    if c[LIVE]:
        until = truce_until(tf, ti, parties, c, a, d)[1]
        if until > t:
            defer(ht, hk, ha, c, ni, nf, horizon, t, until, v, u, e, a, counter)
            return False
    if ni[v, BESIEGER] >= 0:
        if ni[v, BESIEGER] == a and th[P_PRESSURE] > 0.0:
            left = pressed(nf[v, DEADLINE] - t, ni[v, OTHERS], th[P_PRESSURE])
            ni[v, OTHERS] += 1
            besiege_until(ht, hk, ha, c, ni, nf, horizon, v, t + left)
        return False
    n = ni[v, CONTESTS]
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
            march(b, ht, hk, ha, c, ni, nf, th, keys, horizon, t, u, v, e, d, 1)
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
    ni[v, FIGHTING] = 1
    ni[v, MARKED] = 1
    note(rt, ri, c, t, v, d, CONTESTED, SIEGE, u)
    besiege_until(ht, hk, ha, c, ni, nf, horizon, v, t + days)
    return False


@jit
def judge_supply(
    b: Board, rt: Floats, ri: Integers, c: Integers, ni: Integers, th: Floats,
    st: Floats, sk: Integers, sa: Integers, sc: Integers, best: Floats,
    found: Bytes, sourced: Bytes, t: float,
) -> None:  # fmt: skip
    """`supply.in_supply`, and note what it changes; *st* … *sc* are a second heap."""
    n = ni.shape[0]
    found[:] = 0
    sourced[:] = 0
    for i in range(b.sources.shape[0]):
        sourced[b.sides[b.sources[i, 1]]] = 1
    for v in range(n):
        o = ni[v, OWNER]
        if o < 0 or not sourced[b.sides[o]]:
            found[v] = 1
    for side in range(b.sides.size):
        if not sourced[side]:
            continue
        best[:] = INFINITE
        sc[HEAP] = 0
        for i in range(b.sources.shape[0]):
            v = b.sources[i, 0]
            o = ni[v, OWNER]
            if b.sides[b.sources[i, 1]] == side and o >= 0 and b.sides[o] == side:
                best[v] = 0.0
                push_heap(st, sk, sa, sc, st.size, 0.0, v, 0)
        while sc[HEAP]:
            km, v, _ = pop(st, sk, sa, sc)
            if km > best[v]:
                continue
            found[v] = 1
            if ni[v, BESIEGER] >= 0:
                continue
            for i in range(b.first[v], b.first[v + 1]):
                w, e = b.target[i], b.edge[i]
                o = ni[w, OWNER]
                if o < 0 or b.sides[o] != side:
                    continue
                if b.gates.shape[0] and next_open(b.gate_first, b.gates, e, t) != t:
                    continue
                far = km + b.km[e]
                if far <= th[P_SUPPLY_KM] and far < best[w]:
                    best[w] = far
                    push_heap(st, sk, sa, sc, st.size, far, w, 0)
    for v in range(n):
        if found[v] != ni[v, SUPPLIED]:
            ni[v, SUPPLIED] = found[v]
            kind = SUPPLY_RESTORED if found[v] else SUPPLY_CUT
            status = CONTESTED if ni[v, BESIEGER] >= 0 else HELD
            note(rt, ri, c, t, v, ni[v, OWNER], status, kind, -1)


@jit
def order(
    b: Board, ht: Floats, hk: Integers, ha: Integers, c: Integers, rt: Floats,
    ri: Integers, ni: Integers, nf: Floats, tf: Floats, ti: Integers, th: Floats,
    keys: Words, horizon: float, t: float, number: int,
) -> bool:  # fmt: skip
    """A dated order; True when it hands a place over (the caller takes it)."""
    kind, v = b.dated_int[number, 0], b.dated_int[number, 1]
    other = b.dated_int[number, 2]
    value = b.dated_real[number, 1]
    if kind == CEASEFIRE:
        begin_truce(ht, hk, ha, c, rt, ri, tf, ti, th, keys, horizon, other, t)
    elif kind == CLOSE:
        note(rt, ri, c, t, v, -1, HELD, ROUTE_CLOSED, other)
    elif kind == CORRIDOR:
        note(rt, ri, c, t, v, -1, HELD, CORRIDOR_OPENED, other)
    elif kind == REOPEN:
        note(rt, ri, c, t, v, -1, HELD, ROUTE_REOPENED, other)
    elif kind == TRANSFER:
        return bool(ni[v, OWNER] != other)
    else:
        status = CONTESTED if ni[v, BESIEGER] >= 0 else HELD
        what = CAPACITY_SET
        if kind == REINFORCE:
            what = REINFORCED
            nf[v, GARRISON] *= value
            if ni[v, BESIEGER] >= 0:
                left = (nf[v, DEADLINE] - t) * value
                besiege_until(ht, hk, ha, c, ni, nf, horizon, v, t + left)
        else:
            nf[v, CAPACITY] = value
        note(rt, ri, c, t, v, ni[v, OWNER], status, what, -1)
    return False
