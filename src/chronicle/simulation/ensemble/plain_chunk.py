"""A chunk of replicas without numba, with the results of the compiled engine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.simulation.compiled.engine import Results, Stopped
from chronicle.simulation.engine.replication import Adjacency, replication_of
from chronicle.simulation.interventions import Orders
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.rules import (
    CAPTURED,
    TRANSFERRED,
    UPRISING,
    fall_day_of,
)

__all__ = ["run_chunk_plainly"]


def run_chunk_plainly(
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
    engine: str = "heap",
    hooks: Sequence[Any] = (),
    processes: Sequence[Any] = (),
    stop: threading.Event | None = None,
) -> Results:
    """`run_chunk` without numba, on the bare heap or on SimPy; the same bits."""
    from chronicle.simulation.engine.simulation import Simulation

    network: Network = adjacency.network
    found = Results.empty(count, network.count, int(horizon), people, by_day)
    for r in range(count):
        parameters = Parameters.from_vector(thetas[r if len(thetas) > 1 else 0])
        replication = replication_of(
            adjacency,
            parameters,
            seed=seed,
            replica=first + r,
            horizon=horizon,
            orders=orders,
        )
        run = Simulation(
            adjacency,
            seed=seed,
            horizon=horizon,
            hooks=hooks,
            processes=processes,
            people=people,
            engine="simpy" if engine == "simpy" else "heap",
            replication=replication,
        )
        # Day by day, where somebody may want it stopped or to know of each day.
        for day in range(1, int(horizon) + 1) if by_day or stop is not None else ():
            if stop is not None and stop.is_set():
                raise Stopped
            run.until(day)
            if by_day and run.people is not None:
                found.hosted_by_day[r, day - 1] = run.people.guests
        run.until()
        for at, v, _, _, kind, u in run.state.rows:
            fell = kind in (CAPTURED, TRANSFERRED, UPRISING)
            if fell and not found.fall_day[r, v]:
                found.fall_day[r, v] = fall_day_of(at)
                found.fall_kind[r, v] = kind
                found.fall_from[r, v] = u
        found.final[r] = run.state.owner
        if run.people is not None:
            found.displaced[r] = run.people.displaced
            found.returned[r] = run.people.returned
            found.hosted[r] = run.people.guests
    return found
