"""The course of events once more, in arrays, for numba; only `compiled` imports it.

The story is that of the pages of `engine`, told independently: places are rows of
two tables (`ni` whole numbers, `nf` reals), events are (time, key, aux) on a calendar
queue, and the arithmetic is that of `rules` and `random_streams`, compiled from the
same source. Arrays that turn out too small set a flag, and the caller runs the replica
again with larger ones, which changes nothing, as draws are keyed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chronicle.simulation.compiled.base import (
    BARE,
    BESIEGER,
    BUCKETS,
    CAPACITY,
    CHANGED,
    DEADLINE,
    EXPECTED,
    EXTRA,
    FROM,
    FULL,
    GARRISON,
    GENERATION,
    HEAP,
    HOLDS,
    INFINITE,
    LIVE,
    NI,
    OUTCOME,
    OWNER,
    P_CEASE,
    P_COLLAPSE,
    P_DELAY,
    P_NEGOTIATE,
    P_RISING,
    RISEN,
    ROWS,
    START,
    STEP,
    STREAM_COUNT,
    SUPPLIED,
    TRUCES,
    WEIGHT,
    ZERO,
    Floats,
    ModelArrays,
    Workspace,
    _njit,
    exp,
    jit,
    pop,
    push,
    refill,
    stream_key,
    word,
)
from chronicle.simulation.compiled.ceasefires import truce_until
from chronicle.simulation.compiled.displacement import prepare_ways, settle
from chronicle.simulation.compiled.event_list import besiege_until, march, note
from chronicle.simulation.compiled.front import arrival, take
from chronicle.simulation.compiled.orders import judge_supply, order
from chronicle.simulation.rules import (
    ARRIVAL,
    CAPTURED,
    HELD,
    ONWARD,
    ORDER,
    QUIET,
    RISING,
    SIEGE_END,
    STEPS,
    SUPPLY,
    TRANSFERRED,
    TRUCE_END,
    UPRISING,
)

__all__ = ["replicas"]


@jit
def begin(
    b: ModelArrays, workspace: Workspace, th: Floats, horizon: float, with_people: bool,
    slots: int,
    fall_day: NDArray[np.int16], fall_kind: NDArray[np.int8],
    fall_from: NDArray[np.int32],
) -> None:  # fmt: skip
    """Make all arrays ready for a replica, and put its first events on the queue.

    Long as it names each array once; it has no branch that is not a loop's.
    """
    ht, hk, ha, c, rt, ri = (
        workspace.ht,
        workspace.hk,
        workspace.ha,
        workspace.c,
        workspace.rt,
        workspace.ri,
    )
    ni, nf, ai, af, tf, ti = (
        workspace.ni,
        workspace.nf,
        workspace.ai,
        workspace.af,
        workspace.tf,
        workspace.ti,
    )
    st, sk, sa, sc = workspace.st, workspace.sk, workspace.sa, workspace.sc
    best, found, sourced, keys = (
        workspace.best,
        workspace.found,
        workspace.sourced,
        workspace.keys,
    )
    people, ring, state = workspace.people, workspace.ring, workspace.state
    n = b.population.size
    c[:] = 0
    room = (ht.size - 1) >> 1
    ht[2 * room] = BUCKETS / horizon
    ha[3 * room :] = 0
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
        nf[v, EXTRA] = 0.0
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
    c[TRUCES] = b.ceasefires.shape[0]
    for k in range(c[TRUCES]):
        tf[k, 0] = b.ceasefires[k, 0]
        tf[k, 1] = b.ceasefires[k, 1]
    ti[:] = 0
    for i in range(b.dated_int.shape[0]):
        push(ht, hk, ha, c, b.dated_real[i, 0], ORDER << 48 | i, i)
    if b.sources.shape[0]:
        judge_supply(
            b, rt, ri, c, ni, th, st, sk, sa, sc, best, found, sourced, b.begin
        )
        push(ht, hk, ha, c, 0.0 if b.begin < 0.0 else 1.0, SUPPLY << 48, ZERO)
    for v in range(n):
        a = ni[v, OWNER]
        out = th[P_DELAY] if np.isnan(b.taken[v]) else b.taken[v]
        how = QUIET if np.isnan(b.taken[v]) and b.fresh[v] == 0 else ONWARD
        if a >= 0:
            for i in range(b.first[v], b.first[v + 1]):
                w = b.target[i]
                if b.relation[a, ni[w, OWNER]] & 1:
                    march(
                        b, ht, hk, ha, c, ni, nf, th, keys, horizon,
                        out, w, v, b.edge[i], a, 0, how,
                    )  # fmt: skip
    if with_people:
        for v in range(n):
            people[0, v] = b.population[v]
            people[1, v] = b.displaced[v]
            people[2, v] = 0.0
            state[v] = 0
        ring[:slots] = 0.0


def _sources() -> int:
    """A number for the sources that are compiled into `replicas`.

    Numba keeps compiled code by the date of one file, and would go on using it after
    another of these changed.
    """
    digest = hashlib.blake2b(digest_size=7)
    here = Path(__file__).parent
    rooms = here.parent
    for name in ("random_streams", "rules", "parameters", "engine/displacement"):
        digest.update((rooms / f"{name}.py").read_bytes())
    for file in sorted(here.glob("*.py")):
        digest.update(file.read_bytes())
    return int.from_bytes(digest.digest(), "big") | 1


def _compiled(sources: int) -> Callable[..., int]:
    """`replicas`, kept on disk, and running without the interpreter's lock."""

    def replicas(
        b: ModelArrays, workspace: Workspace, thetas: Floats, seed: np.uint64,
        first: int, count: int, horizon: float, with_people: bool,
        fall_day: NDArray[np.int16], fall_kind: NDArray[np.int8],
        fall_from: NDArray[np.int32], final: NDArray[np.int8], displaced: Floats,
        returned: Floats,
        hosted: NDArray[np.float32], by_day: NDArray[np.float32],
    ) -> int:  # fmt: skip
        """Run replicas *first* … and write each into its row of the results.

        *thetas* has one row for all or one for each. *by_day* may be empty. Returns how
        many changes the last replica made (only the first `workspace.rt.size` are
        written down), -`CROWDED` when there was too little room on the queue, or
        -`ENDLESS` when replica `c[ROWS]` made too many of them.

        All in one function: numba optimizes what a function calls once more with it,
        so that one for a replica and another for many would take twice as long.
        """
        if sources == 0:  # so that what was compiled of other sources is not used
            return -2
        ht, hk, ha, c, rt, ri = (
            workspace.ht,
            workspace.hk,
            workspace.ha,
            workspace.c,
            workspace.rt,
            workspace.ri,
        )
        ni, nf, ai, af, tf, ti = (
            workspace.ni,
            workspace.nf,
            workspace.ai,
            workspace.af,
            workspace.tf,
            workspace.ti,
        )
        st, sk, sa, sc = workspace.st, workspace.sk, workspace.sa, workspace.sc
        best, found, sourced, keys = (
            workspace.best,
            workspace.found,
            workspace.sourced,
            workspace.keys,
        )
        people, ring, state = workspace.people, workspace.ring, workspace.state
        parties, table, scratch = workspace.parties, workspace.table, workspace.scratch
        score, factor, weight, delay = (
            workspace.score,
            workspace.factor,
            workspace.weight,
            workspace.delay,
        )
        n = b.population.size
        slots = word(1)
        previous = word(-1)
        for r in range(count):
            row = r if thetas.shape[0] > 1 else 0
            th = thetas[row]
            if row != previous:
                for i in range(STEPS + 1):
                    table[i] = exp(-th[P_COLLAPSE] * i / STEPS)
                if with_people:
                    slots = prepare_ways(b, th, horizon, weight, delay)
                previous = row
            for k in range(STREAM_COUNT):
                keys[k] = stream_key(seed, first + r, k)
            begin(
                b, workspace, th, horizon, with_people, slots, fall_day[r],
                fall_kind[r], fall_from[r],
            )  # fmt: skip
            day = word(1)
            away = 0.0
            while not c[FULL]:
                refill(ht, hk, ha, c)
                due = ht[0] if c[HEAP] else INFINITE
                if with_people and due > day:
                    if day > horizon:
                        break
                    away, back = settle(
                        b, th, ni, nf, people, ring, state, score, factor, weight,
                        delay, slots, scratch, day, away,
                    )  # fmt: skip
                    displaced[r, day - 1] = away
                    returned[r, day - 1] = back
                    if by_day.shape[0]:
                        for v in range(n):
                            by_day[r, day - 1, v] = people[1, v]
                    day += 1
                    continue
                if not c[HEAP]:
                    break
                t, key, aux = pop(ht, hk, ha, c)
                kind = key >> 48
                # `take` has one call site: what is to be taken is set here, if any.
                v, taker, how, u = (key >> 24) & 0xFFFFFF, -2, CAPTURED, -1
                if kind == ARRIVAL:
                    if arrival(
                        b, ht, hk, ha, c, rt, ri, ni, nf, ai, af, tf, ti, parties, th,
                        keys, table, horizon, t, key, aux,
                    ):  # fmt: skip
                        taker, how = (aux >> 1) & 0xFF, TRANSFERRED
                        u = (key & 0xFFFFFF) - 1
                elif kind == SIEGE_END:
                    if ni[v, GENERATION] == aux:
                        a = ni[v, BESIEGER]
                        o = ni[v, OWNER]
                        since, until = -INFINITE, -INFINITE
                        if c[LIVE]:
                            since, until = truce_until(tf, ti, parties, c, a, o)
                        if until > t:
                            besiege_until(
                                ht, hk, ha, c, ni, nf, horizon, v, until + (t - since)
                            )
                        else:
                            taker, how, u = a, ni[v, OUTCOME], ni[v, FROM]
                elif kind == RISING:
                    a, o = aux & 255, aux >> 8
                    if ni[v, OWNER] == o:
                        until = b.confirmed[v]
                        if c[LIVE]:
                            rest = truce_until(tf, ti, parties, c, a, o)[1]
                            until = max(until, rest)
                        if until > t:
                            if until <= horizon:
                                push(ht, hk, ha, c, until, key, aux)
                        else:
                            taker, how = a, UPRISING
                elif kind == SUPPLY:
                    judge_supply(
                        b, rt, ri, c, ni, th, st, sk, sa, sc, best, found, sourced, t
                    )
                    if t + 1.0 <= horizon:
                        push(ht, hk, ha, c, t + 1.0, key, ZERO)
                elif kind == TRUCE_END:
                    ti[key & 0xFFFFFFFFFFFF] = 2
                    c[LIVE] -= 1
                    note(rt, ri, c, t, -1, -1, HELD, aux, -1)
                elif order(
                    b, ht, hk, ha, c, rt, ri, ni, nf, tf, ti, th, keys, horizon, t, aux
                ):
                    v, taker = b.dated_int[aux, 1], b.dated_int[aux, 2]
                    how = TRANSFERRED
                if taker > -2:
                    take(
                        b, ht, hk, ha, c, rt, ri, ni, nf, ai, af, tf, ti, th, keys,
                        horizon, fall_day[r], fall_kind[r], fall_from[r], v, taker, how,
                        u, t,
                    )  # fmt: skip
            if c[FULL]:
                workspace.c[ROWS] = first + r
                return -int(c[FULL])
            for v in range(n):
                final[r, v] = ni[v, OWNER]
                if with_people:
                    hosted[r, v] = people[1, v]
        return int(c[ROWS])

    compiled: Callable[..., int] = _njit(cache=True, nogil=True, **BARE)(replicas)
    return compiled


replicas = _compiled(_sources())
