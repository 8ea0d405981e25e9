"""What the compiled engine is made of: its decorators, tables, draws and queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from chronicle.simulation import random_streams
from chronicle.simulation.parameters import INDEX

F = TypeVar("F", bound=Callable[..., Any])
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shorts = NDArray[np.int32]
Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]

_njit: Any = numba.njit


BARE = {"_nrt": False, "error_model": "numpy"}
"""No allocation, no counting of references, no check for division by zero.

Counting the references to every array that is handed on would cost more than the work:
all arrays belong to who calls `replicas`. And nothing divides by zero: parameters that
are divisors have a least value above it, and everything else is compared first.
"""


def jit(function: F) -> F:
    """Compile for use by other compiled functions, and by those alone.

    Python must not call it: what it would need for that takes a third of the time of
    compiling. A constant is a type of its own to numba, and an `int32` another: calls
    that agree in their types, by `ZERO` or `word`, share what is compiled.
    """
    alone = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: F = _njit(**alone, **BARE)(function)
    return compiled


def inline(function: F) -> F:
    """Compile into whoever calls it: handing a dozen arrays on takes longer."""
    compiled: F = _njit(inline="always", **BARE)(function)
    return compiled


exp, log = jit(random_streams.exp), jit(random_streams.log)
_centre, _near, _far = (
    jit(random_streams._centre),
    jit(random_streams._near),
    jit(random_streams._far),
)

INFINITE = np.inf
word: Callable[[int], int] = np.int64  # type: ignore[assignment]
ZERO = word(0)

# Columns of `ni`, whole numbers by settlement.
OWNER, BESIEGER, FROM, OUTCOME, GENERATION, CONTESTS, OTHERS, SUPPLIED = range(8)
FIGHTING, MARKED = range(8, 10)
NI = 10
# Columns of `nf`, reals by settlement.
DEADLINE, GARRISON, EXPECTED, CHANGED, WEIGHT, CAPACITY, EXTRA = range(7)
NF = 7
# Columns of `ai`, by actor; the last row is nobody.
START, HOLDS, STEP, RISEN = range(4)
# Counters.
HEAP, ROWS, FULL, TRUCE_DONE, TRUCES, LIVE, CURRENT, FREE, USED, WAITING = range(10)

# What `FULL` says: there was too little room on the queue, or the replica is endless.
CROWDED, ENDLESS = 1, 3

BUCKETS = 4096
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
P_QUIET, P_MOMENTUM = INDEX["quiet_days"], INDEX["momentum"]
P_LINES, P_CULMINATION = INDEX["lines"], INDEX["culmination_days"]

K_TRAVEL, K_HOLD = random_streams.STREAMS["travel"], random_streams.STREAMS["hold"]
K_TRANSFER, K_REPULSE = (
    random_streams.STREAMS["transfer"],
    random_streams.STREAMS["repulse"],
)
K_WAIT, K_COUNTER = (
    random_streams.STREAMS["wait"],
    random_streams.STREAMS["counterattack"],
)
K_NEGOTIATE, K_RISING = (
    random_streams.STREAMS["negotiation"],
    random_streams.STREAMS["rising"],
)
K_CEASE = random_streams.STREAMS["ceasefire"]
K_QUIET, K_AXIS = random_streams.STREAMS["quiet"], random_streams.STREAMS["axis"]
K_LINE = random_streams.STREAMS["line"]
K_CULMINATION = random_streams.STREAMS["culmination"]
STREAM_COUNT = 16
REPLICA, STREAM = np.uint64(random_streams._REPLICA), np.uint64(random_streams._STREAM)
OCCURRENCE = np.uint64(random_streams._OCCURRENCE)
MIX_1, MIX_2 = np.uint64(random_streams._MIX_1), np.uint64(random_streams._MIX_2)
ONE = np.uint64(1)


class ModelArrays(NamedTuple):
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
    target: Shorts
    edge: Shorts
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
    ceasefires: Floats
    parties: Bytes
    dated_int: Integers
    dated_real: Floats
    limited: Integers
    taken: Floats
    confirmed: Floats
    fresh: Bytes
    begin: float


class Workspace(NamedTuple):
    """What a replica is worked out on, as `workspace.desk_of` lays it out."""

    ht: Floats
    hk: Integers
    ha: Integers
    c: Integers
    ni: Integers
    nf: Floats
    ai: Integers
    af: Floats
    tf: Floats
    ti: Integers
    parties: Bytes
    st: Floats
    sk: Integers
    sa: Integers
    sc: Integers
    best: Floats
    found: Bytes
    sourced: Bytes
    table: Floats
    keys: Words
    people: Floats
    ring: Floats
    state: Bytes
    score: Floats
    factor: Floats
    weight: Floats
    delay: Shorts
    scratch: Floats
    rt: Floats
    ri: Integers


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
def push_heap(
    ht: Floats, hk: Integers, ha: Integers, c: Integers, room: int,
    t: float, key: int, aux: int,
) -> None:  # fmt: skip
    """Add an entry to the binary heap, or flag that it is full."""
    i = c[HEAP]
    if i >= room:
        c[FULL] = CROWDED
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
def push(
    ht: Floats, hk: Integers, ha: Integers, c: Integers, t: float, key: int, aux: int
) -> None:
    """Add an entry to the queue, or flag that it is full.

    A calendar queue (Brown 1988): entries wait in buckets of time, unsorted, and only
    those of the current bucket are on a heap. The three arrays hold the heap in their
    first *room* places, what waits in the next, and `ha` then the list of each bucket:
    for each waiting place the next, for each bucket the first, both plus one. The last
    of `ht` is the number of buckets a day.
    """
    room = (ht.size - 1) >> 1
    bucket = min(int(t * ht[2 * room]), BUCKETS - 1)
    if bucket <= c[CURRENT]:
        push_heap(ht, hk, ha, c, room, t, key, aux)
        return
    slot = c[FREE]
    if slot:
        c[FREE] = ha[2 * room + slot - 1]
    elif c[USED] < room:
        c[USED] += 1
        slot = c[USED]
    else:
        c[FULL] = CROWDED
        return
    at = room + slot - 1
    ht[at] = t
    hk[at] = key
    ha[at] = aux
    ha[room + at] = ha[3 * room + bucket]
    ha[3 * room + bucket] = slot
    c[WAITING] += 1


@jit
def refill(ht: Floats, hk: Integers, ha: Integers, c: Integers) -> None:
    """Bring the heap the next bucket, if it is empty and there is one."""
    room = (ht.size - 1) >> 1
    while c[HEAP] == 0 and c[WAITING] > 0:
        c[CURRENT] += 1
        slot = ha[3 * room + c[CURRENT]]
        while slot:
            at = room + slot - 1
            push_heap(ht, hk, ha, c, room, ht[at], hk[at], ha[at])
            after = ha[room + at]
            ha[room + at] = c[FREE]
            c[FREE] = slot
            slot = after
            c[WAITING] -= 1


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
