"""How far each settlement is from the nearest of some places."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import UsageError
from chronicle.simulation.roads import road_graph

__all__ = ["Reach", "Roads", "by_road"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

Reach = Callable[[Bools], Floats]
"""From chosen places (N) to the distance in km of each place from the nearest of them.

0 for the chosen themselves; infinity where none can be reached.
"""


@dataclass(frozen=True, kw_only=True)
class Roads:
    """Undirected roads (M) between the rows `a` and `b` of `places` settlements."""

    places: int
    a: Integers
    b: Integers
    distance_km: Floats

    def __post_init__(self) -> None:
        ends = np.concatenate([self.a, self.b])
        if not len(self.a) == len(self.b) == len(self.distance_km):
            raise UsageError("roads: as many ends a, ends b and distances are wanted")
        if ends.size and (ends.min() < 0 or ends.max() >= self.places):
            raise UsageError(f"roads: an end is no row of {self.places} settlements")
        if not np.all(self.distance_km >= 0):
            raise UsageError("roads: a distance is 0 km or more")


def by_road(roads: Roads) -> Reach:
    """Shortest paths along *roads* from the nearest chosen place (Dijkstra 1959)."""
    graph = road_graph(roads.places, roads.a, roads.b, roads.distance_km)

    def reach(chosen: Bools) -> Floats:
        from scipy.sparse.csgraph import dijkstra

        goals = np.flatnonzero(chosen)
        if not len(goals):
            return np.full(roads.places, math.inf)
        nearest: Floats = dijkstra(graph, indices=goals, min_only=True)
        return nearest

    return reach
