"""The compiled engine: the same rules, draws and changes, many replicas a second.

Needs the extra `fast`; without it the same callbacks run on a bare heap, slower and
with the same results. Either way `run_chunk` gives the same bits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import MissingExtra
from chronicle.simulation.engine.contests import too_many_changes
from chronicle.simulation.engine.replication import Adjacency
from chronicle.simulation.interventions import Orders
from chronicle.simulation.network import Spans
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.rules import (
    Change,
    day_of,
    most_changes,
)

if TYPE_CHECKING:
    from chronicle.simulation.compiled.base import ModelArrays

__all__ = [
    "Results",
    "Stopped",
    "changes_of",
    "has_numba",
    "run_chunk",
    "warm_up",
]

PATIENCE_SECONDS = 0.2
"""About how long compiled code runs before an interrupt is heeded; but always at least
one replica."""

NEVER = 0
"""`Results.fall_day` of a place that never changed hands."""


@cache
def has_numba() -> bool:
    """Whether the extra `fast` is installed."""
    return find_spec("numba") is not None


def need_numba() -> None:
    """Refuse with the command that installs it."""
    if not has_numba():
        otherwise = "engine 'heap' gives the same results without"
        raise MissingExtra("the compiled engine needs numba", "fast", otherwise)


class Stopped(Exception):
    """A chunk was given up as its *stop* was set; nobody waits for its results."""


@dataclass(frozen=True, slots=True)
class Results:
    """What replicas come to, a row each: `R` replicas, `n` settlements, `D` days.

    `fall_day[R, n]` is the day on which a place first changed hands, `NEVER` (0) if it
    did not, `OUT` (-1) if it had by the branch; `fall_kind` indexes `rules.CHANGES`, -1
    for never; `fall_from` is the row that the attack came from, -1 for none; `final`
    the holder at the horizon. `displaced[R, D]` are people away from home at the end of
    each day, `returned` those who came back on it, `hosted[R, n]` the displaced at each
    place at the horizon, and `hosted_by_day[R, D, n]` at the end of each day, if asked
    for.
    """

    fall_day: NDArray[np.int16]
    fall_kind: NDArray[np.int8]
    fall_from: NDArray[np.int32]
    final: NDArray[np.int8]
    displaced: NDArray[np.float64]
    returned: NDArray[np.float64]
    hosted: NDArray[np.float32]
    hosted_by_day: NDArray[np.float32]

    @classmethod
    def empty(
        cls, replicas: int, settlements: int, days: int, people: bool, by_day: bool
    ) -> Results:
        """Arrays to be written to."""
        r, n, d = replicas, settlements, days
        return cls(
            np.zeros((r, n), np.int16),
            np.full((r, n), -1, np.int8),
            np.full((r, n), -1, np.int32),
            np.zeros((r, n), np.int8),
            np.zeros((r, d if people else 0)),
            np.zeros((r, d if people else 0)),
            np.zeros((r, n if people else 0), np.float32),
            np.zeros((r, d, n) if people and by_day else (0, 0, 0), np.float32),
        )

    def arrays(self) -> list[NDArray[Any]]:
        """All of them, in the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]

    def part(self, first: int, count: int) -> Results:
        """A view of *count* replicas from *first*, to be written to."""
        return Results(*(array[first : first + count] for array in self.arrays()))

    @classmethod
    def joined(cls, parts: Sequence[Results]) -> Results:
        """The rows of all *parts*, in order."""
        return cls(
            *(
                np.concatenate([getattr(part, field.name) for part in parts])
                for field in fields(cls)
            )
        )


def _rows(spans: Mapping[int, Spans], count: int) -> tuple[Any, Any]:
    """Spans by row in compressed form: (first, array of since and until)."""
    first = np.zeros(count + 1, np.int64)
    flat: list[tuple[float, ...]] = []
    for row in range(count):
        # A row that is never open has to differ from one that always is.
        flat += spans[row] or ((np.inf, np.inf),) if row in spans else ()
        first[row + 1] = len(flat)
    return first, np.array(flat, np.float64).reshape(len(flat), 2)


def _some(spans: Mapping[int, Spans]) -> tuple[Any, Any, Any]:
    """Rows that have spans, and those: (rows, first, spans)."""
    rows = sorted(spans)
    first, flat = _rows({i: spans[row] for i, row in enumerate(rows)}, len(rows))
    return np.array(rows, np.int64), first, flat


def board_of(adjacency: Adjacency, orders: Orders) -> ModelArrays:
    """The network and orders as arrays for the kernel."""
    from chronicle.simulation.compiled.base import ORDER_KINDS, ModelArrays

    network = adjacency.network
    actors = len(network.actors)
    gate_first, gates = _rows(orders.gates, len(network.distance_km))
    hold_first = np.zeros(network.count + 1, np.int64)
    holds: list[tuple[float, float, float]] = []
    for row in range(network.count):
        holds += [(h.since, h.until, h.days) for h in orders.holds.get(row, ())]
        hold_first[row + 1] = len(holds)
    parties = np.zeros((len(orders.ceasefires), actors + 1), np.uint8)
    for number, truce in enumerate(orders.ceasefires):
        parties[number, list(truce.parties) if truce.parties else slice(None)] = 1
    limited = set(np.flatnonzero(np.isfinite(network.capacity)).tolist())
    limited |= {place for _, kind, place, _, _ in orders.dated if kind == "capacity"}
    guests = network.displaced.copy()
    guests[np.isnan(guests)] = 0.0
    return ModelArrays(
        network.population,
        network.entity,
        network.size,
        network.kind,
        network.controller,
        guests,
        network.capacity,
        network.edge_entity,
        network.distance_km,
        network.road_factor,
        network.first,
        network.link_target.astype(np.int32),
        network.link_edge.astype(np.int32),
        np.array(adjacency.relation, np.int64),
        np.array(adjacency.start, np.int64),
        network.sides,
        np.array(network.sources, np.int64).reshape(len(network.sources), 2),
        np.array(network.risings, np.int64).reshape(len(network.risings), 2),
        gate_first,
        gates,
        *_some(orders.paths),
        *_some(orders.corridors),
        hold_first,
        np.array(holds, np.float64).reshape(len(holds), 3),
        np.array([(t.since, t.until) for t in orders.ceasefires]).reshape(-1, 2),
        parties,
        np.array(
            [(ORDER_KINDS[k], v, other) for _, k, v, other, _ in orders.dated], np.int64
        ).reshape(-1, 3),
        np.array([(day, value) for day, *_, value in orders.dated]).reshape(-1, 2),
        np.array(sorted(limited), np.int64),
        network.taken,
        network.confirmed,
        network.fresh.astype(np.uint8),
        network.begin,
    )


def run_chunk(
    adjacency: Adjacency,
    orders: Orders,
    thetas: NDArray[np.float64],
    *,
    seed: int,
    first: int,
    count: int,
    horizon: float,
    people: bool = True,
    by_day: bool = False,
    board: ModelArrays | None = None,
    stop: threading.Event | None = None,
) -> Results:
    """Run *count* replicas from *first* with numba; *thetas* has 1 or *count* rows.

    In slices of about `PATIENCE_SECONDS`, as compiled code heeds no interrupt. Raises
    `Stopped` soon after *stop* is set, `BudgetExceeded` for a replica without end.
    """
    found = Results.empty(count, adjacency.network.count, int(horizon), people, by_day)
    board = board or board_of(adjacency, orders)
    done, size = 0, 1
    while done < count:
        if stop is not None and stop.is_set():
            raise Stopped
        size = min(size, count - done)
        own = thetas if len(thetas) == 1 else thetas[done : done + size]
        part = found.part(done, size)
        begun = time.perf_counter()
        _call(
            adjacency, orders, own, seed, first + done, size, horizon, people, part, 0,
            board,
        )  # fmt: skip
        done += size
        each = (time.perf_counter() - begun) / size
        size = max(1, min(8 * size, int(PATIENCE_SECONDS / max(each, 1e-9))))
    return found


def changes_of(
    adjacency: Adjacency,
    parameters: Parameters,
    orders: Orders,
    *,
    seed: int,
    replica: int,
    horizon: float,
    people: bool = True,
) -> tuple[list[Change], Results]:
    """All changes of one replica by the compiled engine, and its row of results."""
    theta = parameters.vector().reshape(1, -1)
    found = Results.empty(1, adjacency.network.count, int(horizon), people, False)
    rows, times, codes = 4 * adjacency.network.count + 64, np.empty(0), np.empty((0, 5))
    made = rows + 1
    while made > rows:
        rows = max(rows, made)
        made, times, codes = _call(
            adjacency,
            orders,
            theta,
            seed,
            replica,
            1,
            horizon,
            people,
            found,
            rows,
            None,
        )
    entries = zip(times[:made].tolist(), codes[:made].tolist(), strict=True)
    return [Change(day_of(time), time, *row) for time, row in entries], found


def _call(
    adjacency: Adjacency,
    orders: Orders,
    thetas: NDArray[np.float64],
    seed: int,
    first: int,
    count: int,
    horizon: float,
    people: bool,
    found: Results,
    rows: int,
    board: ModelArrays | None,
) -> tuple[int, Any, Any]:
    """Call the kernel until its heap is large enough."""
    need_numba()
    from chronicle.simulation.compiled import kernel
    from chronicle.simulation.compiled.base import ENDLESS, ROWS
    from chronicle.simulation.compiled.workspace import desk_of

    board = board or board_of(adjacency, orders)
    thetas = np.ascontiguousarray(thetas, np.float64)
    room = len(board.target) + adjacency.network.count + len(orders.dated) + 64
    while True:
        workspace = desk_of(board, thetas, horizon, people, room, rows)
        made = kernel.replicas(
            board,
            workspace,
            thetas,
            np.uint64(seed),
            first,
            count,
            float(horizon),
            people,
            found.fall_day,
            found.fall_kind,
            found.fall_from,
            found.final,
            found.displaced,
            found.returned,
            found.hosted,
            found.hosted_by_day,
        )
        if made >= 0:
            return made, workspace.rt, workspace.ri
        if made == -ENDLESS:
            most = most_changes(adjacency.network.count)
            raise too_many_changes(int(workspace.c[ROWS]), most)
        room *= 4


def warm_up(
    adjacency: Adjacency, orders: Orders, horizon: float, people: bool = True
) -> None:
    """Compile, or load what was compiled before, ahead of threads and of timings."""
    theta = Parameters().vector().reshape(1, -1)
    run_chunk(
        adjacency,
        orders,
        theta,
        seed=0,
        first=0,
        count=1,
        horizon=horizon,
        people=people,
    )
