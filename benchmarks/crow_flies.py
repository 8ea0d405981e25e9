"""How far each settlement is from the nearest of some: great circles."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from chronicle.verification.distances import Bools, Floats, Reach

__all__ = ["EARTH_RADIUS_KM", "as_the_crow_flies"]

EARTH_RADIUS_KM = 6371.0088
"""The mean radius of the earth (IUGG; Moritz 2000, Journal of Geodesy 74:128-133)."""

_BLOCK = 512  # rows at a time, so that many places do not need a matrix of all pairs


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
