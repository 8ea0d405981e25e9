"""Orders and supply, as in `orders.py` and `supply.py` of `engine`."""

from __future__ import annotations

from chronicle.simulation.compiled.base import (
    BESIEGER,
    CAPACITY,
    CEASEFIRE,
    CLOSE,
    CORRIDOR,
    DEADLINE,
    EXTRA,
    GARRISON,
    HEAP,
    INFINITE,
    OWNER,
    P_SUPPLY_KM,
    REINFORCE,
    REOPEN,
    SUPPLIED,
    TRANSFER,
    ZERO,
    Bytes,
    Floats,
    Integers,
    ModelArrays,
    Words,
    jit,
    pop,
    push_heap,
    word,
)
from chronicle.simulation.compiled.ceasefires import begin_truce
from chronicle.simulation.compiled.event_list import besiege_until, next_open, note
from chronicle.simulation.rules import (
    CAPACITY_SET,
    CONTESTED,
    CORRIDOR_OPENED,
    HELD,
    REINFORCED,
    ROUTE_CLOSED,
    ROUTE_REOPENED,
    SUPPLY_CUT,
    SUPPLY_RESTORED,
)


@jit
def judge_supply(
    b: ModelArrays, rt: Floats, ri: Integers, c: Integers, ni: Integers, th: Floats,
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
                push_heap(st, sk, sa, sc, st.size, 0.0, v, ZERO)
        while sc[HEAP]:
            km, v, _ = pop(st, sk, sa, sc)
            if km > best[v]:
                continue
            found[v] = 1
            if ni[v, BESIEGER] >= 0:
                continue
            for i in range(b.first[v], b.first[v + 1]):
                w, e = word(b.target[i]), word(b.edge[i])
                o = ni[w, OWNER]
                if o < 0 or b.sides[o] != side:
                    continue
                if b.gates.shape[0] and next_open(b.gate_first, b.gates, e, t) != t:
                    continue
                far = km + b.km[e]
                if far <= th[P_SUPPLY_KM] and far < best[w]:
                    best[w] = far
                    push_heap(st, sk, sa, sc, st.size, far, w, ZERO)
    for v in range(n):
        if found[v] != ni[v, SUPPLIED]:
            ni[v, SUPPLIED] = found[v]
            kind = SUPPLY_RESTORED if found[v] else SUPPLY_CUT
            status = CONTESTED if ni[v, BESIEGER] >= 0 else HELD
            note(rt, ri, c, t, v, ni[v, OWNER], status, kind, -1)


@jit
def order(
    b: ModelArrays, ht: Floats, hk: Integers, ha: Integers, c: Integers, rt: Floats,
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
                nf[v, EXTRA] *= value
                besiege_until(ht, hk, ha, c, ni, nf, horizon, v, t + left)
        else:
            nf[v, CAPACITY] = value
        note(rt, ri, c, t, v, ni[v, OWNER], status, what, -1)
    return False
