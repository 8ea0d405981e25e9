"""A day of people for the compiled engine; `people.py` is the plain twin."""

from __future__ import annotations

from chronicle.simulation.compiled.base import (
    CAPACITY,
    CHANGED,
    EXPECTED,
    FIGHTING,
    MARKED,
    P_AFTER,
    P_AFTERMATH,
    P_ANTICIPATION,
    P_BUFFER,
    P_CAMP,
    P_CONFLICT,
    P_EXPONENT,
    P_PEACEFUL,
    P_PEOPLE_KM,
    P_PULL,
    P_PUSH,
    P_RETURN,
    P_SOFTENING,
    P_TOWN,
    P_WEIGHT,
    WEIGHT,
    Bytes,
    Floats,
    Integers,
    ModelArrays,
    Shorts,
    exp,
    inline,
    jit,
    log,
)
from chronicle.simulation.engine.displacement import LEAST_GROUP
from chronicle.simulation.rules import (
    ABROAD,
    CAMP,
    SITE,
)


@jit
def prepare_ways(
    b: ModelArrays, th: Floats, horizon: float, weight: Floats, delay: Shorts
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


@inline
def come_back(
    b: ModelArrays, th: Floats, nf: Floats, state: Bytes, people: Floats, day: int
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


@inline
def passable(b: ModelArrays, th: Floats, day: int, factor: Floats) -> None:
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
    b: ModelArrays, th: Floats, ni: Integers, nf: Floats, people: Floats, ring: Floats,
    state: Bytes, score: Floats, factor: Floats, weight: Floats, delay: Shorts,
    slots: int, scratch: Floats, day: int, before: float,
) -> tuple[float, float]:  # fmt: skip
    """One day of people; returns those away from home and those who came back.

    Rows of *people* are residents, guests, away; bits of *state* are conflict,
    stirred, peaceful. All in one loop over the places, which is what makes it fast.
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
