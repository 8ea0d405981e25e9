"""What a replica starts with: terrain as lists, orders, and the draws made beforehand.

The draws that nearly every place needs once (the road, the first siege) are made for
all at once; later ones are made when they are needed, from the same keys.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import InputError
from chronicle.simulation.interventions import Intervention, Orders, orders_of
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.random_streams import (
    STREAMS,
    exp_array,
    log,
    log_array,
    normal_of_array,
    stream_key,
    uniform,
    uniform_array,
)
from chronicle.simulation.rules import (
    collapse_table,
    culmination,
    patience_days,
    travel_days,
)

STANDS, BEATEN, HANDED_OVER = range(3)
"""What a contest comes to: a siege, or what happens instead of one."""

__all__ = [
    "BEATEN", "HANDED_OVER", "STANDS", "Adjacency", "Replication", "adjacency_of",
    "check_horizon", "replication_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Adjacency:
    """The terrain as Python lists, made once and shared by all replicas.

    `links[v]` are pairs (target, edge). `relation[a][b]` has bit 1 if a attacks b and
    bit 2 if b attacks a; index -1 is nobody. `start` are the people that each actor
    holds at the branch. `fronts` are the links along which a holder attacks then, as
    (origin, target, edge).
    """

    network: Network
    population: list[int]
    size: list[float]
    entity: list[int]
    links: list[tuple[tuple[int, int], ...]]
    fronts: list[tuple[int, int, int]]
    relation: list[list[int]]
    start: list[int]


def adjacency_of(network: Network) -> Adjacency:
    """Lay out *terrain* for the engines in plain Python."""
    # One number object for each row and edge: those that are used often stay near.
    rows, edges = list(range(network.count)), list(range(len(network.distance_km)))
    pairs = [
        (rows[w], edges[edge])
        for w, edge in zip(
            network.link_target.tolist(), network.link_edge.tolist(), strict=True
        )
    ]
    links = [tuple(pairs[lo:hi]) for lo, hi in pairwise(network.first.tolist())]
    size = len(network.actors)
    relation = [
        [
            (1 if a < size and network.attacks[a, b] else 0)
            + (2 if b < size and network.attacks[b, a] else 0)
            for b in range(size + 1)
        ]
        for a in range(size + 1)
    ]
    owner = network.controller.tolist()
    fronts = [
        (v, w, edge)
        for v, around in enumerate(links)
        for w, edge in around
        if owner[v] >= 0 and relation[owner[v]][owner[w]] & 1
    ]
    start = np.bincount(
        np.where(network.controller < 0, size, network.controller),
        network.population,
        size + 1,
    )
    return Adjacency(
        network,
        network.population.tolist(),
        network.size.tolist(),
        network.entity.tolist(),
        links,
        fronts,
        relation,
        [int(people) for people in start],
    )


@dataclass(frozen=True, slots=True)
class Replication:
    """One replica, ready to run; *days* on the road by edge are inf where a line holds.

    By edge too are the days that an attack along a *quiet* route waits, and one that
    goes *onward* from a place just taken. None sets out after *stop*.
    """

    adjacency: Adjacency
    parameters: Parameters
    orders: Orders
    seed: int
    replica: int
    horizon: float
    keys: dict[str, int]
    days: NDArray[np.float64]
    quiet: NDArray[np.float64]
    onward: NDArray[np.float64]
    stop: float
    collapse: list[float]
    _drawn: dict[tuple[str, int], list[float]] = field(default_factory=dict)

    @property
    def travel(self) -> list[float]:
        """*days* as a list, made once."""
        found = self._drawn.get(("travel", 0))
        if found is None:
            found = self._drawn["travel", 0] = self.days.tolist()
        return found

    def luck(self, stream: str, v: int, occurrence: int) -> float:
        """The uniform draw of a place, in (0, 1)."""
        if occurrence > 1:
            return uniform(self.keys[stream], self.adjacency.entity[v], occurrence)
        found = self._drawn.get((stream, occurrence))
        return (found or self._draw_all(stream, occurrence, False))[v]

    def wait(self, stream: str, v: int, occurrence: int) -> float:
        """The draw of Exp(1) of a place; a stream is used for one of the two only."""
        if occurrence > 1:
            return -log(
                uniform(self.keys[stream], self.adjacency.entity[v], occurrence)
            )
        found = self._drawn.get((stream, occurrence))
        return (found or self._draw_all(stream, occurrence, True))[v]

    def fate(self, v: int, occurrence: int) -> int:
        """What a contest of a place comes to: `STANDS`, `BEATEN` or `HANDED_OVER`."""
        if self.luck("transfer", v, occurrence) < self.parameters.transfer:
            return HANDED_OVER
        if self.luck("repulse", v, occurrence) < self.parameters.repulse:
            return BEATEN
        return STANDS

    def patience(self, v: int, occurrence: int) -> float:
        """`rules.patience_days` of a siege."""
        size, mean = self.adjacency.size[v], self.parameters.hold_days
        return patience_days(size, mean, self.wait("hold", v, occurrence))

    def _draw_all(self, stream: str, occurrence: int, exponential: bool) -> list[float]:
        """First draws are wanted by most places: make them all at once."""
        entity = self.adjacency.network.entity
        drawn = uniform_array(self.keys[stream], entity, occurrence)
        found: list[float] = (-log_array(drawn) if exponential else drawn).tolist()
        self._drawn[stream, occurrence] = found
        return found


def check_horizon(horizon: float) -> float:
    """Whole days, so that the last day's people are settled on it."""
    days = float(horizon) if isinstance(horizon, Real) else math.nan
    if not (1 <= days <= 3650 and days.is_integer()):
        raise InputError(f"horizon {horizon!r}: whole days, 1 to 3650")
    return days


def replication_of(
    adjacency: Adjacency,
    parameters: Parameters,
    interventions: Sequence[Intervention] = (),
    *,
    seed: int,
    replica: int = 0,
    horizon: float,
    orders: Orders | None = None,
) -> Replication:
    """Check and prepare one replica; *orders* spares laying them out again."""
    horizon = check_horizon(horizon)
    if not 0 <= seed < 1 << 64 or not 0 <= replica < 1 << 32:
        raise InputError(f"seed {seed} or replica {replica} is negative or too large")
    network = adjacency.network
    keys = {n: stream_key(seed, replica, s) for n, s in STREAMS.items()}
    p = parameters
    normal = normal_of_array(uniform_array(keys["travel"], network.edge_entity))
    spread = exp_array(p.speed_sigma * normal)
    days = travel_days(
        network.distance_km,  # type: ignore[arg-type]
        network.road_factor,  # type: ignore[arg-type]
        p.speed_km_day,
        spread,  # type: ignore[arg-type]
    )
    entity = network.edge_entity
    blocked = uniform_array(keys["line"], entity) < p.lines
    quiet = -log_array(uniform_array(keys["quiet"], entity)) * p.quiet_days
    goes_on = uniform_array(keys["axis"], entity) < p.momentum
    return Replication(
        adjacency,
        parameters,
        orders_of(network, interventions, horizon) if orders is None else orders,
        seed,
        replica,
        horizon,
        keys,
        np.where(blocked, np.inf, days),
        quiet,
        np.where(goes_on, 0.0, quiet),
        culmination(p.culmination_days, -log(uniform(keys["culmination"], 0))),
        collapse_table(p.collapse),
    )
