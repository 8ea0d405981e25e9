"""The course of events once more, in arrays, for numba; only `compiled` imports it.

The story is `front.py`'s and `people.py`'s, told independently: places are rows of two
tables (`ni` whole numbers, `nf` reals), events sit on a heap of (time, key, aux), and
the arithmetic is that of `rules` and `draws`, compiled from the same source. Arrays
that turn out too small set a flag, and the caller runs the replica again with larger
ones, which changes nothing, as draws are keyed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from chronicle.whatif import draws, rules
from chronicle.whatif.parameters import INDEX
from chronicle.whatif.people import LEAST_GROUP
from chronicle.whatif.rules import (
    ABROAD,
    ARRIVAL,
    CAMP,
    CAPACITY_SET,
    CAPTURED,
    CEASEFIRE_BEGAN,
    CEASEFIRE_BROKEN,
    CEASEFIRE_ENDED,
    CONTESTED,
    CORRIDOR_OPENED,
    HELD,
    ORDER,
    REINFORCED,
    REPULSED,
    RISING,
    ROUTE_CLOSED,
    ROUTE_REOPENED,
    SIEGE,
    SIEGE_END,
    SITE,
    STEPS,
    SUPPLY,
    SUPPLY_CUT,
    SUPPLY_RESTORED,
    TRANSFERRED,
    TRUCE_END,
    UPRISING,
)

__all__ = ["Board", "replicas", "uniform"]

F = TypeVar("F", bound=Callable[..., Any])
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]


_njit: Any = numba.njit


def jit(function: F) -> F:
    """Compile for use by other compiled functions; no allocation, no counting.

    Counting the references to every array that is handed on would cost more than the
    work. All arrays belong to `replicas`, which outlives the calls.
    """
    compiled: F = _njit(cache=True, nogil=True, _nrt=False)(function)
    return compiled


def inline(function: F) -> F:
    """Compile into whoever calls it: handing a dozen arrays on takes longer."""
    compiled: F = _njit(inline="always", _nrt=False)(function)
    return compiled


def jit_entry(function: F) -> F:
    """Compile the way in: keep on disk, release the interpreter's lock."""
    compiled: F = _njit(cache=True, nogil=True)(function)
    return compiled


exp, log = jit(draws.exp), jit(draws.log)
_centre, _near, _far = jit(draws._centre), jit(draws._near), jit(draws._far)
hold_days, lost_step = jit(rules.hold_days), jit(rules.lost_step)
pressed, travel_days = jit(rules.pressed), jit(rules.travel_days)
patience_days, day_of = jit(rules.patience_days), jit(rules.day_of)

INFINITE = np.inf

# Columns of `ni`, whole numbers by settlement.
OWNER, BESIEGER, FROM, OUTCOME, GENERATION, CONTESTS, OTHERS, SUPPLIED = range(8)
FIGHTING, MARKED = range(8, 10)
NI = 10
# Columns of `nf`, reals by settlement.
DEADLINE, GARRISON, EXPECTED, CHANGED, WEIGHT, CAPACITY = range(6)
NF = 6
# Columns of `ai`, by actor; the last row is nobody.
START, HOLDS, STEP, RISEN = range(4)
# Counters.
HEAP, ROWS, FULL, TRUCE_DONE, TRUCES, LIVE = range(6)
# Dated orders.
CLOSE, CORRIDOR, REOPEN, CEASEFIRE, TRANSFER, REINFORCE, ROOM = range(7)
ORDER_KINDS = {
    "close_route": CLOSE,
    "open_corridor": CORRIDOR,
    "reopen": REOPEN,
    "ceasefire": CEASEFIRE,
    "transfer": TRANSFER,
    "reinforce": REINFORCE,
    "capacity": ROOM,
}

P_SPEED, P_SIGMA = INDEX["speed_km_day"], INDEX["speed_sigma"]
P_HOLD, P_DELAY = INDEX["hold_days"], INDEX["delay_days"]
P_COLLAPSE, P_PRESSURE = INDEX["collapse"], INDEX["pressure"]
P_RISING, P_RISING_DAYS = INDEX["rising_threshold"], INDEX["rising_days"]
P_REPULSE, P_WAIT = INDEX["repulse"], INDEX["repulse_wait_days"]
P_COUNTER, P_REINFORCEMENT = INDEX["counterattack"], INDEX["reinforcement"]
P_TRANSFER, P_NEGOTIATE = INDEX["transfer"], INDEX["transfer_threshold"]
P_RATE, P_SUPPLY_KM = INDEX["transfer_rate"], INDEX["supply_km"]
P_SUPPLY_SPEED, P_SUPPLY_HOLD = INDEX["supply_speed"], INDEX["supply_hold"]
P_CEASE, P_CEASE_DAYS = INDEX["ceasefire_threshold"], INDEX["ceasefire_days"]
P_BREAK = INDEX["ceasefire_break"]
P_PUSH, P_PEACEFUL = INDEX["push"], INDEX["push_peaceful"]
P_ANTICIPATION, P_AFTERMATH = INDEX["anticipation_days"], INDEX["aftermath_days"]
P_PEOPLE_KM, P_TOWN = INDEX["people_km_day"], INDEX["move_town"]
P_CAMP, P_CONFLICT = INDEX["move_camp"], INDEX["move_conflict"]
P_WEIGHT, P_SOFTENING = INDEX["conflict_weight"], INDEX["softening_km"]
P_EXPONENT, P_BUFFER = INDEX["distance_exponent"], INDEX["capacity_buffer"]
P_PULL = INDEX["corridor_pull"]
P_AFTER, P_RETURN = INDEX["return_after_days"], INDEX["return_rate"]

K_TRAVEL, K_HOLD = draws.STREAMS["travel"], draws.STREAMS["hold"]
K_TRANSFER, K_REPULSE = draws.STREAMS["transfer"], draws.STREAMS["repulse"]
K_WAIT, K_COUNTER = draws.STREAMS["wait"], draws.STREAMS["counterattack"]
K_NEGOTIATE, K_RISING = draws.STREAMS["negotiation"], draws.STREAMS["rising"]
K_CEASE = draws.STREAMS["ceasefire"]
STREAM_COUNT = 12
REPLICA, STREAM = np.uint64(draws._REPLICA), np.uint64(draws._STREAM)
OCCURRENCE = np.uint64(draws._OCCURRENCE)
MIX_1, MIX_2 = np.uint64(draws._MIX_1), np.uint64(draws._MIX_2)
ONE = np.uint64(1)


class Board(NamedTuple):
    """The terrain and the orders, as `compiled.board_of` lays them out."""

    population: Integers
    entity: Words
    size: Floats
    kind: Integers
    owner: Integers
    displaced: Floats
    capacity: Floats
    edge_entity: Words
    km: Floats
    factor: Floats
    first: Integers
    target: Integers
    edge: Integers
    relation: Integers
    start: Integers
    sides: Integers
    sources: Integers
    risings: Integers
    gate_first: Integers
    gates: Floats
    path_edges: Integers
    path_first: Integers
    paths: Floats
    corridor_edges: Integers
    corridor_first: Integers
    corridors: Floats
    hold_first: Integers
    holds: Floats
    truces: Floats
    parties: Bytes
    dated_int: Integers
    dated_real: Floats
    limited: Integers


@jit
def _mix(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * MIX_1
    z = (z ^ (z >> np.uint64(27))) * MIX_2
    return z ^ (z >> np.uint64(31))


@jit
def stream_key(seed: np.uint64, replica: int, stream: int) -> np.uint64:
    """`draws.stream_key` in machine words."""
    z = _mix(seed + REPLICA * (np.uint64(replica) + ONE))
    return _mix(z + STREAM * (np.uint64(stream) + ONE))


@jit
def uniform(key: np.uint64, entity: np.uint64, occurrence: int) -> float:
    """`draws.uniform` in machine words."""
    z = _mix(key ^ entity)
    z = _mix(z + OCCURRENCE * (np.uint64(occurrence) + ONE))
    return (float(z >> np.uint64(12)) + 0.5) * 2.220446049250313e-16


@jit
def normal_of(p: float) -> float:
    """`draws.normal_of`, whose helpers are compiled here."""
    q = p - 0.5
    if abs(q) <= 0.425:
        return float(_centre(q))
    tail = p if q < 0.0 else 1.0 - p
    r = np.sqrt(-log(tail))
    x = float(_near(r - 1.6) if r <= 5.0 else _far(r - 5.0))
    return -x if q < 0.0 else x


@jit
def push(
    ht: Floats, hk: Integers, ha: Integers, c: Integers, t: float, key: int, aux: int
) -> None:
    """Add an entry to the binary heap, or flag that it is full."""
    i = c[HEAP]
    if i >= ht.size:
        c[FULL] = 1
        return
    c[HEAP] = i + 1
    while i > 0:
        up = (i - 1) >> 1
        if ht[up] < t or (
            ht[up] == t and (hk[up] < key or (hk[up] == key and ha[up] <= aux))
        ):
            break
        ht[i] = ht[up]
        hk[i] = hk[up]
        ha[i] = ha[up]
        i = up
    ht[i] = t
    hk[i] = key
    ha[i] = aux


@jit
def pop(ht: Floats, hk: Integers, ha: Integers, c: Integers) -> tuple[float, int, int]:
    """Take the least entry off the heap."""
    t0, k0, a0 = ht[0], hk[0], ha[0]
    m = c[HEAP] - 1
    c[HEAP] = m
    t, key, aux = ht[m], hk[m], ha[m]
    i = 0
    while True:
        j = 2 * i + 1
        if j >= m:
            break
        k = j + 1
        if k < m and (
            ht[k] < ht[j]
            or (
                ht[k] == ht[j] and (hk[k] < hk[j] or (hk[k] == hk[j] and ha[k] < ha[j]))
            )
        ):
            j = k
        if t < ht[j] or (
            t == ht[j] and (key < hk[j] or (key == hk[j] and aux <= ha[j]))
        ):
            break
        ht[i] = ht[j]
        hk[i] = hk[j]
        ha[i] = ha[j]
        i = j
    ht[i] = t
    hk[i] = key
    ha[i] = aux
    return t0, k0, a0


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
                push(st, sk, sa, sc, 0.0, v, 0)
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
                    push(st, sk, sa, sc, far, w, 0)
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


@jit
def prepare_ways(
    b: Board, th: Floats, horizon: float, weight: Floats, delay: Integers
) -> int:
    """`people.ways_of` by link; returns the number of slots of the ring."""
    longest = 1
    exponent = th[P_EXPONENT]
    for i in range(b.edge.size):
        km = b.km[b.edge[i]]
        base = th[P_SOFTENING] + km
        weight[i] = 1.0 / base if exponent == 1.0 else exp(-exponent * log(base))
        delay[i] = int(km / th[P_PEOPLE_KM]) + 1
        longest = max(longest, delay[i])
    slots = min(longest, int(horizon) + 1) + 1
    for i in range(b.edge.size):
        delay[i] = min(delay[i], slots - 1)
    return slots


@jit
def come_back(
    b: Board, th: Floats, nf: Floats, state: Bytes, people: Floats, day: int
) -> float:
    """Step 2 of a day of people; returns how many came home."""
    rate = th[P_RETURN]
    if rate <= 0.0:
        return 0.0
    n = b.population.size
    wanted = 0.0
    for v in range(n):
        if (
            people[2, v] > 0.0
            and not state[v] & 2
            and day - nf[v, CHANGED] > th[P_AFTER]
        ):
            wanted += rate * people[2, v]
    if wanted <= 0.0:
        return 0.0
    there = 0.0
    for v in range(n):
        if people[1, v] > 0.0 and b.kind[v] != ABROAD:
            there += people[1, v]
    if there <= 0.0:
        return 0.0
    share = wanted / there
    over = 1.0
    if share > 1.0:
        over = share
        share = 1.0
        wanted = there
    for v in range(n):
        if people[1, v] > 0.0 and b.kind[v] != ABROAD:
            people[1, v] -= people[1, v] * share
        if (
            people[2, v] > 0.0
            and not state[v] & 2
            and day - nf[v, CHANGED] > th[P_AFTER]
        ):
            back = rate * people[2, v]
            if over > 1.0:
                back = back / over
            people[0, v] += back
            people[2, v] -= back
    return wanted


@jit
def passable(b: Board, th: Floats, day: int, factor: Floats) -> None:
    """`People._passable`, for the edges that are not always open."""
    t = day - 1.0
    for j in range(b.path_edges.size):
        factor[b.path_edges[j]] = 0.0
        for i in range(b.path_first[j], b.path_first[j + 1]):
            if b.paths[i, 0] <= t < b.paths[i, 1]:
                factor[b.path_edges[j]] = 1.0
    for j in range(b.corridor_edges.size):
        e = b.corridor_edges[j]
        gated = False
        for i in range(b.path_edges.size):
            gated = gated or b.path_edges[i] == e
        if not gated:
            factor[e] = 1.0
        for i in range(b.corridor_first[j], b.corridor_first[j + 1]):
            if b.corridors[i, 0] <= t < b.corridors[i, 1]:
                factor[e] *= th[P_PULL]


@jit
def settle(
    b: Board, th: Floats, ni: Integers, nf: Floats, people: Floats, ring: Floats,
    state: Bytes, score: Floats, factor: Floats, weight: Floats, delay: Integers,
    slots: int, scratch: Floats, day: int, before: float,
) -> tuple[float, float]:  # fmt: skip
    """One day of people; returns those away from home and those who came back.

    Rows of *people* are residents, guests, away; bits of *state* are conflict,
    stirred, peaceful.
    """
    n = b.population.size
    slot = day % slots
    for v in range(n):
        people[1, v] += ring[slot, v]
        ring[slot, v] = 0.0
    for v in range(n):
        if not ni[v, MARKED]:
            continue
        fighting = ni[v, FIGHTING] != 0
        recent = day - nf[v, CHANGED] <= th[P_AFTERMATH]
        warned = nf[v, EXPECTED] - th[P_ANTICIPATION] <= day
        violent = nf[v, WEIGHT] != 0.0
        bits = 0
        if fighting or (recent and violent):
            bits |= 1
        if fighting or recent or warned:
            bits |= 2
        if recent and not fighting and not violent:
            bits |= 4
        state[v] = bits
    back = come_back(b, th, nf, state, people, day)
    left = 0.0
    for v in range(n):
        if state[v] & 2:
            rate = th[P_PUSH]
            if state[v] & 4:
                rate = th[P_PUSH] * th[P_PEACEFUL]
            leaving = rate * people[0, v]
            people[0, v] -= leaving
            people[2, v] += leaving
            people[1, v] += leaving
            left += leaving
    for v in range(n):
        score[v] = 0.0 if b.kind[v] == SITE else 1.0
        if state[v] & 1:
            score[v] = score[v] * th[P_WEIGHT]
    for i in range(b.limited.size):
        v = b.limited[i]
        load, capacity = people[1, v], nf[v, CAPACITY]
        if load >= capacity:
            score[v] = 0.0
        elif load > th[P_BUFFER] * capacity:
            score[v] *= (capacity - load) / (capacity * (1.0 - th[P_BUFFER]))
    gated = b.path_edges.size > 0 or b.corridor_edges.size > 0
    if gated:
        passable(b, th, day, factor)
    first, target, edge = b.first, b.target, b.edge
    for v in range(n):
        if people[1, v] < LEAST_GROUP:
            continue
        kind = b.kind[v]
        chance = th[P_TOWN]
        if kind == ABROAD:
            chance = 0.0
        elif state[v] & 1:
            chance = th[P_CONFLICT]
        elif kind == CAMP:
            chance = th[P_CAMP]
        if chance <= 0.0:
            continue
        lo, hi = first[v], first[v + 1]
        whole = 0.0
        for i in range(lo, hi):
            share = weight[i] * score[target[i]]
            if gated:
                share = share * factor[edge[i]]
            scratch[i - lo] = share
            whole += share
        if whole <= 0.0:
            continue
        moving = people[1, v] * chance
        each = moving / whole
        for i in range(lo, hi):
            at = slot + delay[i]
            if at >= slots:
                at -= slots
            ring[at, target[i]] += each * scratch[i - lo]
        people[1, v] -= moving
    return before - back + left, back


@jit
def one(
    b: Board, th: Floats, keys: Words, table: Floats, horizon: float,
    ht: Floats, hk: Integers, ha: Integers, c: Integers, rt: Floats, ri: Integers,
    ni: Integers, nf: Floats, ai: Integers, af: Floats, tf: Floats, ti: Integers,
    parties: Bytes, st: Floats, sk: Integers, sa: Integers, sc: Integers,
    best: Floats, found: Bytes, sourced: Bytes, with_people: bool, people: Floats,
    ring: Floats, state: Bytes,
    score: Floats, factor: Floats, weight: Floats, delay: Integers, slots: int,
    scratch: Floats, displaced: Floats, returned: Floats, hosted: Floats,
    fall_day: NDArray[np.int16],
    fall_kind: NDArray[np.int8], fall_from: NDArray[np.int32],
) -> None:  # fmt: skip
    """One replica from the branch to the horizon, all arrays made ready here."""
    n = b.population.size
    c[:] = 0
    for v in range(n):
        for j in range(NI):
            ni[v, j] = 0
        ni[v, OWNER] = b.owner[v]
        ni[v, BESIEGER] = -1
        ni[v, FROM] = -1
        fall_day[v] = 0
        fall_kind[v] = -1
        fall_from[v] = -1
        ni[v, SUPPLIED] = 1
        nf[v, DEADLINE] = 0.0
        nf[v, GARRISON] = 1.0
        nf[v, EXPECTED] = INFINITE
        nf[v, CHANGED] = -INFINITE
        nf[v, WEIGHT] = 0.0
        nf[v, CAPACITY] = b.capacity[v]
    for a in range(ai.shape[0]):
        ai[a, START] = b.start[a]
        ai[a, HOLDS] = b.start[a]
        ai[a, STEP] = 0
        ai[a, RISEN] = 0
        af[a, 0] = th[P_RISING] * b.start[a]
        af[a, 1] = th[P_CEASE] * b.start[a]
        af[a, 2] = th[P_NEGOTIATE] * b.start[a]
    c[TRUCES] = b.truces.shape[0]
    for k in range(c[TRUCES]):
        tf[k, 0] = b.truces[k, 0]
        tf[k, 1] = b.truces[k, 1]
    ti[:] = 0
    for i in range(b.dated_int.shape[0]):
        push(ht, hk, ha, c, b.dated_real[i, 0], ORDER << 48 | i, i)
    if b.sources.shape[0]:
        judge_supply(b, rt, ri, c, ni, th, st, sk, sa, sc, best, found, sourced, 0.0)
        push(ht, hk, ha, c, 1.0, SUPPLY << 48, 0)
    for v in range(n):
        a = ni[v, OWNER]
        if a >= 0:
            for i in range(b.first[v], b.first[v + 1]):
                w = b.target[i]
                if b.relation[a, ni[w, OWNER]] & 1:
                    march(
                        b, ht, hk, ha, c, ni, nf, th, keys, horizon,
                        th[P_DELAY], w, v, b.edge[i], a, 0,
                    )  # fmt: skip
    if with_people:
        for v in range(n):
            people[0, v] = b.population[v]
            people[1, v] = b.displaced[v]
            people[2, v] = 0.0
            state[v] = 0
        ring[:slots] = 0.0
    day = 1
    away = 0.0
    while not c[FULL]:
        due = ht[0] if c[HEAP] else INFINITE
        if with_people and due > day:
            if day > horizon:
                break
            away, back = settle(
                b, th, ni, nf, people, ring, state, score, factor, weight, delay,
                slots, scratch, day, away,
            )  # fmt: skip
            displaced[day - 1] = away
            returned[day - 1] = back
            if hosted.shape[0]:
                for v in range(n):
                    hosted[day - 1, v] = people[1, v]
            day += 1
            continue
        if not c[HEAP]:
            break
        t, key, aux = pop(ht, hk, ha, c)
        kind = key >> 48
        # `take` has one call site: what is to be taken, if anything, is set here.
        v, taker, how, u = (key >> 24) & 0xFFFFFF, -2, CAPTURED, -1
        if kind == ARRIVAL:
            if arrival(
                b, ht, hk, ha, c, rt, ri, ni, nf, ai, af, tf, ti, parties, th, keys,
                table, horizon, t, key, aux,
            ):  # fmt: skip
                taker, how, u = (aux >> 1) & 0xFF, TRANSFERRED, (key & 0xFFFFFF) - 1
        elif kind == SIEGE_END:
            if ni[v, GENERATION] == aux:
                a = ni[v, BESIEGER]
                since, until = 0.0, 0.0
                if c[LIVE]:
                    since, until = truce_until(tf, ti, parties, c, a, ni[v, OWNER])
                if until > t:
                    besiege_until(
                        ht, hk, ha, c, ni, nf, horizon, v, until + (t - since)
                    )
                else:
                    taker, how, u = a, ni[v, OUTCOME], ni[v, FROM]
        elif kind == RISING:
            a, d = aux & 255, aux >> 8
            if ni[v, OWNER] == d:
                until = truce_until(tf, ti, parties, c, a, d)[1] if c[LIVE] else 0.0
                if until > t:
                    if until <= horizon:
                        push(ht, hk, ha, c, until, key, aux)
                else:
                    taker, how = a, UPRISING
        elif kind == SUPPLY:
            judge_supply(b, rt, ri, c, ni, th, st, sk, sa, sc, best, found, sourced, t)
            if t + 1.0 <= horizon:
                push(ht, hk, ha, c, t + 1.0, key, 0)
        elif kind == TRUCE_END:
            ti[key & 0xFFFFFFFFFFFF] = 2
            c[LIVE] -= 1
            note(rt, ri, c, t, -1, -1, HELD, aux, -1)
        elif order(b, ht, hk, ha, c, rt, ri, ni, nf, tf, ti, th, keys, horizon, t, aux):
            v, taker = b.dated_int[aux, 1], b.dated_int[aux, 2]
            how = TRANSFERRED
        if taker > -2:
            take(
                b, ht, hk, ha, c, rt, ri, ni, nf, ai, af, tf, ti, th, keys, horizon,
                fall_day, fall_kind, fall_from, v, taker, how, u, t,
            )  # fmt: skip


@jit_entry
def replicas(
    b: Board, thetas: Floats, seed: np.uint64, first: int, count: int, horizon: float,
    with_people: bool, room: int, fall_day: NDArray[np.int16],
    fall_kind: NDArray[np.int8], fall_from: NDArray[np.int32],
    final: NDArray[np.int8], displaced: Floats, returned: Floats,
    hosted: NDArray[np.float32], by_day: NDArray[np.float32], rt: Floats, ri: Integers,
) -> int:  # fmt: skip
    """Run replicas *first* … and write each into its row of the results.

    *thetas* has one row for all or one for each. *by_day* may be empty. Returns how
    many changes the last replica made (only the first `rt.size` are written down), or
    -1 when *room* on the heap was too little.
    """
    n = b.population.size
    m = b.km.size
    actors = b.start.size
    ht, hk, ha = np.empty(room), np.empty(room, np.int64), np.empty(room, np.int64)
    c, sc = np.zeros(8, np.int64), np.zeros(8, np.int64)
    ni, nf = np.zeros((n, NI), np.int64), np.zeros((n, NF))
    ai, af = np.zeros((actors, 4), np.int64), np.zeros((actors, 3))
    truces = b.truces.shape[0]
    tf, ti = np.zeros((truces + 1, 2)), np.zeros(truces + 1, np.int64)
    parties = np.ones((truces + 1, actors), np.uint8)
    parties[:truces] = b.parties
    spare = n + 2 * m + 1 if b.sources.shape[0] else 1
    st, sk, sa = np.empty(spare), np.empty(spare, np.int64), np.empty(spare, np.int64)
    best, found = np.empty(n), np.zeros(n, np.uint8)
    sourced = np.zeros(actors, np.uint8)
    table = np.empty(STEPS + 1)
    keys = np.zeros(STREAM_COUNT, np.uint64)
    weight, delay, slots = np.empty(2 * m), np.empty(2 * m, np.int64), 1
    factor = np.ones(m)
    people = np.zeros((3, n if with_people else 0))
    state, score = np.zeros(n, np.uint8), np.ones(n)
    degree = 1
    for v in range(n):
        degree = max(degree, b.first[v + 1] - b.first[v])
    scratch = np.empty(degree)
    ring = np.zeros((1, n if with_people else 0))
    days = np.zeros((int(horizon) if by_day.shape[0] else 0, n))
    previous = -1
    for r in range(count):
        row = r if thetas.shape[0] > 1 else 0
        th = thetas[row]
        if row != previous:
            for i in range(STEPS + 1):
                table[i] = exp(-th[P_COLLAPSE] * i / STEPS)
            if with_people:
                slots = prepare_ways(b, th, horizon, weight, delay)
                if ring.shape[0] < slots:
                    ring = np.zeros((slots, n))
            previous = row
        for k in range(STREAM_COUNT):
            keys[k] = stream_key(seed, first + r, k)
        one(
            b, th, keys, table, horizon, ht, hk, ha, c, rt, ri, ni, nf, ai, af, tf,
            ti, parties, st, sk, sa, sc, best, found, sourced, with_people, people,
            ring, state, score, factor, weight, delay, slots, scratch, displaced[r],
            returned[r], days, fall_day[r], fall_kind[r], fall_from[r],
        )  # fmt: skip
        if c[FULL]:
            return -1
        for v in range(n):
            final[r, v] = ni[v, OWNER]
            if with_people:
                hosted[r, v] = people[1, v]
        if by_day.shape[0]:
            for d in range(days.shape[0]):
                for v in range(n):
                    by_day[r, d, v] = days[d, v]
    return int(c[ROWS])
