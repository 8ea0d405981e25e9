"""A hazard that falls excite, fitted across fronts: places follow where others fell.

A point process whose events raise the rate of further ones nearby and for a while
(Hawkes 1971, "Spectra of some self-exciting and mutually exciting point processes",
Biometrika 58:83-90; Ogata 1998 for space and time), cut down to what a record of fronts
can tell. The hazard of a place is a sum of `TERMS` with coefficients of 0 or more,
which `chronicle train` fits over a league, never the case at hand. Distances are in
medians of the record's open routes, as one list names each village and another only
cities.

Nobody knows at what pace a front will move, so that pace is a factor common to all
places, exponential with mean 1. Given it places fall independently; without it a place
whose hazard adds up to H has fallen with chance H / (1 + H), and places fall together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from chronicle.simulation.random_streams import stream_key, uniform, uniform_array
from chronicle.verification.chance import INVERSE, PACE
from chronicle.verification.distances import Reach, Roads
from chronicle.verification.outcomes import NEVER, Forecast, entities_of, whole_horizon
from chronicle.verification.reference_forecasts import Past

__all__ = [
    "SELF_EXCITING",
    "TERMS",
    "Exposure",
    "draw_together",
    "exposure_of",
    "lasting",
    "self_exciting",
]

Floats = NDArray[np.float64]

SELF_EXCITING = "self-exciting"
"""What this member is called in a pool."""

TERMS = ("front", "depth", "pressed", "falls", "pace")
"""What the coefficients are of, each by how far a place is from what attackers hold:

    front    near it, within about a median route
    depth    near it, within about three
    pressed  the share of the neighbours by road that they hold
    falls    places near this one that fell in the last weeks, the last days most
    pace     falls of the last weeks for each place near the front, times `pressed`

The last two fade within days of the branch, the others last.
"""

WINDOW_DAYS = 28  # of falls that count; their weight is 2 % then
MEMORY_DAYS = 7.0  # in which the weight of a fall goes down to 1 / e
FADING_DAYS = 10.0  # the same of the terms that fade, from the branch on
UNITS = {"front": 0.005, "depth": 0.005, "pressed": 0.01}  # so that fits are of order 1
_FADE = np.array([False, False, False, True, True])
_WITHIN = 8.0  # medians of routes: farther off a fall counts for nothing
_LEAST_KM = 1e-3  # SciPy takes a route of no length for none
_BLOCK = 64  # falls at a time, so that many places need no matrix of all pairs


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """What the hazard of each place at risk (P) depends on: `terms` (P, K), a day."""

    settlements: tuple[str, ...]
    terms: Floats

    def cumulative(self, coefficients: Floats, horizon: float) -> Floats:
        """The hazard added up to the end of day 0, 1, … (P, days + 1)."""
        found: Floats = (self.terms * coefficients) @ lasting(horizon)
        return found


def lasting(horizon: float) -> Floats:
    """For how many days each term counts (K) by the end of day 0, 1, …"""
    days = np.arange(whole_horizon(horizon) + 1.0)
    fading = FADING_DAYS * -np.expm1(-days / FADING_DAYS)
    found: Floats = np.where(_FADE[:, None], fading, days)
    return found


def exposure_of(past: Past, roads: Roads, reach: Reach) -> Exposure:
    """What of *past* the hazard of each place at risk depends on.

    Without a route nothing is near anything, and all terms are 0.
    """
    at_risk = np.flatnonzero(past.at_risk)
    if not len(roads.distance_km):
        nothing = np.zeros((len(at_risk), len(TERMS)))
        return Exposure(settlements=past.targets, terms=nothing)
    unit = max(float(np.median(roads.distance_km)), _LEAST_KM)
    hostile = past.hostile[-1]
    away = reach(hostile)[at_risk] / unit
    pressed = _pressed(roads, hostile)[at_risk]
    flips = past.flips[-WINDOW_DAYS:]
    day, fell = np.nonzero(flips)
    weight = np.exp(-(len(flips) - 1.0 - day) / MEMORY_DAYS) / MEMORY_DAYS
    near = np.exp(-away / 2)
    pace = float(weight.sum()) / max(float(near.sum()), 1.0)
    columns = {
        "front": UNITS["front"] * np.exp(-away),
        "depth": UNITS["depth"] * np.exp(-away / 3),
        "pressed": UNITS["pressed"] * pressed,
        "falls": _falls_near(at_risk, fell, weight, roads, unit),
        "pace": pace * near * pressed,
    }
    terms = np.stack([columns[name] for name in TERMS], axis=1)
    return Exposure(settlements=past.targets, terms=terms)


def _pressed(roads: Roads, hostile: NDArray[np.bool_]) -> Floats:
    """The share of the neighbours of each place (N) that attackers hold."""
    ends = np.concatenate([roads.a, roads.b])
    others = np.concatenate([roads.b, roads.a])
    degree = np.bincount(ends, minlength=roads.places)
    theirs = np.bincount(ends, weights=hostile[others], minlength=roads.places)
    share: Floats = theirs / np.maximum(degree, 1)
    return share


def _falls_near(
    at_risk: NDArray[np.intp],
    fell: NDArray[np.intp],
    weight: Floats,
    roads: Roads,
    unit: float,
) -> Floats:
    """The weights of all falls at each place at risk, by how near by road they were."""
    found = np.zeros(len(at_risk))
    shape = roads.places, roads.places
    length = np.maximum(roads.distance_km, _LEAST_KM)
    # Of two routes between the same places the sparse matrix would add the lengths.
    order = np.lexsort((length, roads.b, roads.a))
    pairs = np.stack([roads.a, roads.b])[:, order]
    _, first = np.unique(pairs, axis=1, return_index=True)
    a, b = pairs[:, first]
    graph = csr_array((length[order][first], (a, b)), shape=shape)
    for start in range(0, len(fell), _BLOCK):
        rows = slice(start, start + _BLOCK)
        away = dijkstra(graph, directed=False, indices=fell[rows], limit=_WITHIN * unit)
        found += weight[rows] @ np.exp(-away[:, at_risk] / unit)
    return found


def self_exciting(
    exposure: Exposure, horizon: float, coefficients: Mapping[str, float]
) -> Forecast:
    """The chances by day that *coefficients*, by term, give; exact."""
    factors = np.array([coefficients.get(name, 0.0) for name in TERMS])
    hazard = exposure.cumulative(factors, horizon)
    return Forecast(
        name=SELF_EXCITING,
        settlements=exposure.settlements,
        chances=hazard / (1.0 + hazard),
        parameters=dict(coefficients),
    )


def draw_together(
    forecast: Forecast, horizon: float, replicas: int, seed: int = 0
) -> Forecast:
    """Samples of such a forecast, in which all places of a replica share its pace.

    The pace is keyed by replica, the draw of a place by replica and settlement.
    """
    chances = forecast.by_day(horizon)
    hazard = chances / np.maximum(1.0 - chances, 1e-12)
    entities = entities_of(forecast.settlements)
    samples = np.empty((replicas, len(entities)))
    for replica in range(replicas):
        pace = -np.log1p(-uniform(stream_key(seed, replica, PACE), 0))
        wanted = -np.log1p(-uniform_array(stream_key(seed, replica, INVERSE), entities))
        day = (pace * hazard < wanted[:, None]).sum(axis=1)
        samples[replica] = np.where(day < hazard.shape[1], day, NEVER)
    return Forecast(
        name=forecast.name,
        settlements=forecast.settlements,
        samples=samples,
        parameters=forecast.parameters,
    )
