"""How far each settlement is from the nearest of some places."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chronicle.errors import UsageError

__all__ = ["EARTH_RADIUS_KM", "Reach", "Roads", "as_the_crow_flies", "by_road"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

Reach = Callable[[Bools], Floats]
"""From chosen places (N) to the distance in km of each place from the nearest of them.

0 for the chosen themselves; infinity where none can be reached.
"""

EARTH_RADIUS_KM = 6371.0088
"""The mean radius of the earth (IUGG; Moritz 2000, Journal of Geodesy 74:128-133)."""

_BLOCK = 512  # rows at a time, so that many places do not need a matrix of all pairs


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


def as_the_crow_flies(latitude: ArrayLike, longitude: ArrayLike) -> Reach:
    """Great circles (haversine formula) between places (N) in degrees (WGS 84).

    A place without coordinates (NaN) is out of reach of all.
    """
    north = np.radians(np.asarray(latitude, dtype=np.float64))
    east = np.radians(np.asarray(longitude, dtype=np.float64))

    def reach(chosen: Bools) -> Floats:
        nearest = np.full(len(north), math.inf)
        goals = np.flatnonzero(chosen)
        if not len(goals):
            return nearest
        for start in range(0, len(north), _BLOCK):
            rows = slice(start, start + _BLOCK)
            up = np.sin((north[rows, None] - north[None, goals]) / 2) ** 2
            along = np.sin((east[rows, None] - east[None, goals]) / 2) ** 2
            shrink = np.cos(north[rows, None]) * np.cos(north[None, goals])
            half = np.sqrt(np.minimum(up + shrink * along, 1.0))
            away = 2 * EARTH_RADIUS_KM * np.arcsin(half)
            nearest[rows] = np.where(np.isnan(away), math.inf, away).min(axis=1)
        return nearest

    return reach


def by_road(roads: Roads) -> Reach:
    """Shortest paths along *roads* from the nearest chosen place (Dijkstra 1959)."""
    links: list[list[tuple[int, float]]] = [[] for _ in range(roads.places)]
    ends = zip(
        roads.a.tolist(), roads.b.tolist(), roads.distance_km.tolist(), strict=True
    )
    for a, b, km in ends:
        links[a].append((b, km))
        links[b].append((a, km))

    def reach(chosen: Bools) -> Floats:
        nearest = [math.inf] * roads.places
        queue = [(0.0, row) for row in np.flatnonzero(chosen).tolist()]
        heapify(queue)
        while queue:
            km, row = heappop(queue)
            if km >= nearest[row]:
                continue
            nearest[row] = km
            for other, further in links[row]:
                if km + further < nearest[other]:
                    heappush(queue, (km + further, other))
        return np.array(nearest)

    return reach
