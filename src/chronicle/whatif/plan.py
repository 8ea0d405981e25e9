"""What a replica starts with: terrain as lists, orders, and the draws made beforehand.

The draws that nearly every place needs once (the road, the first siege) are made for
all at once; later ones are made when they are needed, from the same keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from chronicle.errors import InputError
from chronicle.whatif.draws import (
    STREAMS,
    exp_array,
    log,
    log_array,
    normal_of_array,
    stream_key,
    uniform,
    uniform_array,
)
from chronicle.whatif.interventions import Intervention, Orders, orders_of
from chronicle.whatif.parameters import Parameters
from chronicle.whatif.rules import collapse_table, travel_days
from chronicle.whatif.terrain import Terrain

__all__ = ["Chart", "Plan", "chart_of", "check_horizon", "plan_of"]


@dataclass(frozen=True, slots=True)
class Chart:
    """The terrain as Python lists, made once and shared by all replicas.

    `links[v]` are pairs (target, edge). `relation[a][b]` has bit 1 if a attacks b and
    bit 2 if b attacks a; index -1 is nobody.
    """

    terrain: Terrain
    population: list[int]
    entity: list[int]
    links: list[tuple[tuple[int, int], ...]]
    relation: list[list[int]]
    start: list[int]


def chart_of(terrain: Terrain) -> Chart:
    """Lay out *terrain* for the engines in plain Python."""

    first = terrain.first.tolist()
    targets, edges = terrain.link_target.tolist(), terrain.link_edge.tolist()
    links = [
        tuple(zip(targets[lo:hi], edges[lo:hi], strict=True))
        for lo, hi in pairwise(first)
    ]
    size = len(terrain.actors)
    relation = [
        [
            (1 if a < size and terrain.attacks[a, b] else 0)
            + (2 if b < size and terrain.attacks[b, a] else 0)
            for b in range(size + 1)
        ]
        for a in range(size + 1)
    ]
    start = np.bincount(
        np.where(terrain.controller < 0, size, terrain.controller),
        terrain.population,
        size + 1,
    )
    return Chart(
        terrain,
        terrain.population.tolist(),
        terrain.entity.tolist(),
        links,
        relation,
        [int(people) for people in start],
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """One replica, ready to run."""

    chart: Chart
    parameters: Parameters
    orders: Orders
    seed: int
    replica: int
    horizon: float
    keys: dict[str, int]
    travel: list[float]
    collapse: list[float]
    _drawn: dict[tuple[str, int], list[float]] = field(default_factory=dict)

    def luck(self, stream: str, v: int, occurrence: int) -> float:
        """The uniform draw of a place, in (0, 1)."""
        if occurrence > 1:
            return uniform(self.keys[stream], self.chart.entity[v], occurrence)
        found = self._drawn.get((stream, occurrence))
        return (found or self._draw_all(stream, occurrence, False))[v]

    def wait(self, stream: str, v: int, occurrence: int) -> float:
        """The draw of Exp(1) of a place; a stream is used for one of the two only."""
        if occurrence > 1:
            return -log(uniform(self.keys[stream], self.chart.entity[v], occurrence))
        found = self._drawn.get((stream, occurrence))
        return (found or self._draw_all(stream, occurrence, True))[v]

    def first_luck(self, stream: str) -> list[float]:
        """The first draws of `luck`, by place."""
        return self._drawn.get((stream, 0)) or self._draw_all(stream, 0, False)

    def first_wait(self, stream: str) -> list[float]:
        """The first draws of `wait`, by place."""
        return self._drawn.get((stream, 0)) or self._draw_all(stream, 0, True)

    def _draw_all(self, stream: str, occurrence: int, exponential: bool) -> list[float]:
        """First draws are wanted by most places: make them all at once."""
        entity = self.chart.terrain.entity
        found = uniform_array(self.keys[stream], entity, occurrence)
        drawn: list[float] = (-log_array(found) if exponential else found).tolist()
        self._drawn[stream, occurrence] = drawn
        return drawn


def check_horizon(horizon: float) -> float:
    """Whole days, so that the last day's people are settled on it."""
    if not (1 <= horizon <= 3650 and float(horizon).is_integer()):
        raise InputError(f"horizon {horizon!r}: whole days, 1 to 3650")
    return float(horizon)


def plan_of(
    chart: Chart,
    parameters: Parameters,
    interventions: Sequence[Intervention] = (),
    *,
    seed: int,
    replica: int = 0,
    horizon: float,
    orders: Orders | None = None,
) -> Plan:
    """Check and prepare one replica; *orders* spares laying them out again."""
    horizon = check_horizon(horizon)
    if not 0 <= seed < 1 << 64 or not 0 <= replica < 1 << 32:
        raise InputError(f"seed {seed} or replica {replica} is negative or too large")
    terrain = chart.terrain
    keys = {n: stream_key(seed, replica, s) for n, s in STREAMS.items()}
    p = parameters
    normal = normal_of_array(uniform_array(keys["travel"], terrain.edge_entity))
    spread = exp_array(p.speed_sigma * normal)
    travel = travel_days(
        terrain.distance_km,  # type: ignore[arg-type]
        terrain.road_factor,  # type: ignore[arg-type]
        p.speed_km_day,
        spread,  # type: ignore[arg-type]
    )
    return Plan(
        chart,
        parameters,
        orders_of(terrain, interventions, horizon) if orders is None else orders,
        seed,
        replica,
        horizon,
        keys,
        np.asarray(travel).tolist(),
        collapse_table(p.collapse),
    )
