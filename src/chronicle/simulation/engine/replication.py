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

BEATEN, HANDED_OVER, AGAIN = -1.0, -2.0, -3.0
"""In place of the days of a first siege: what happens instead, or it is over."""

__all__ = [
    "AGAIN", "BEATEN", "HANDED_OVER", "Adjacency", "Replication", "adjacency_of",
    "check_horizon", "replication_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Adjacency:
    """The terrain as Python lists, made once and shared by all replicas.

    `links[v]` are pairs (target, edge), `ways[v]` their targets alone, `spans[v]` where
    they lie in the arrays of `network`. `relation[a][b]` has bit 1 if a attacks b and
    bit 2 if b attacks a; index -1 is nobody. `fronts` are the links along which a
    holder attacks at the branch, as (origin, target).
    """

    network: Network
    population: list[int]
    entity: list[int]
    links: list[tuple[tuple[int, int], ...]]
    ways: list[tuple[int, ...]]
    spans: list[slice]
    fronts: list[tuple[int, int]]
    relation: list[list[int]]
    start: list[int]


def adjacency_of(network: Network) -> Adjacency:
    """Lay out *terrain* for the engines in plain Python."""

    spans = [slice(lo, hi) for lo, hi in pairwise(network.first.tolist())]
    targets, edges = network.link_target.tolist(), network.link_edge.tolist()
    # One number object for each row and edge: those that are used often stay near.
    rows, numbers = range(network.count), range(len(network.distance_km))
    targets = list(map(list(rows).__getitem__, targets))
    edges = list(map(list(numbers).__getitem__, edges))
    ways = [tuple(targets[span]) for span in spans]
    links = [
        tuple(zip(way, edges[span], strict=True))
        for way, span in zip(ways, spans, strict=True)
    ]
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
        (v, w)
        for v, way in enumerate(ways)
        for w in way
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
        network.entity.tolist(),
        links,
        ways,
        spans,
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

    def first_sieges(self) -> list[float]:
        """`patience_days` of the first siege of each place, or what happens instead."""
        p, size = self.parameters, self.adjacency.network.size
        drawn = self._drawn_of("hold", True)
        days = np.asarray(patience_days(size, p.hold_days, drawn))  # type: ignore[arg-type]
        days = np.where(self._drawn_of("repulse") < p.repulse, BEATEN, days)
        days = np.where(self._drawn_of("transfer") < p.transfer, HANDED_OVER, days)
        found: list[float] = days.tolist()
        return found

    def first_parleys(self) -> list[float]:
        """Days until the first besieged of each place, if they negotiate, give up."""
        rate = self.parameters.transfer_rate
        if rate <= 0.0:
            return []
        found: list[float] = (self._drawn_of("negotiation", True) / rate).tolist()
        return found

    def days_by_way(self) -> list[tuple[float, ...]]:
        """*days* along `adjacency.ways`."""
        days = tuple(self.days[self.adjacency.network.link_edge].tolist())
        return list(map(days.__getitem__, self.adjacency.spans))

    def waits_by_way(self) -> list[tuple[float, ...]]:
        """*onward* along `adjacency.ways`."""
        days = tuple(self.onward[self.adjacency.network.link_edge].tolist())
        return list(map(days.__getitem__, self.adjacency.spans))

    def fate(self, v: int, occurrence: int) -> float:
        """What a contest of a place comes to: 0.0, `BEATEN` or `HANDED_OVER`."""
        if self.luck("transfer", v, occurrence) < self.parameters.transfer:
            return HANDED_OVER
        if self.luck("repulse", v, occurrence) < self.parameters.repulse:
            return BEATEN
        return 0.0

    def patience(self, v: int, occurrence: int) -> float:
        """`rules.patience_days` of a siege."""
        size, mean = float(self.adjacency.network.size[v]), self.parameters.hold_days
        return patience_days(size, mean, self.wait("hold", v, occurrence))

    def _drawn_of(
        self, stream: str, exponential: bool = False, occurrence: int = 0
    ) -> NDArray[np.float64]:
        entity = self.adjacency.network.entity
        found = uniform_array(self.keys[stream], entity, occurrence)
        return -log_array(found) if exponential else found

    def _draw_all(self, stream: str, occurrence: int, exponential: bool) -> list[float]:
        """First draws are wanted by most places: make them all at once."""
        drawn: list[float] = self._drawn_of(stream, exponential, occurrence).tolist()
        self._drawn[stream, occurrence] = drawn
        return drawn


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
