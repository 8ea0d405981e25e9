"""Forecasts that any forecaster must beat, fitted on the past and nothing else.

    nothing_changes        everything stays as it is
    constant_radius        the front moves at one speed, to the day
    constant_radius_spread the same, with the errors that it made in the past
    neighbours_flip        each day a place next to a flipped one flips with chance p
    constant_hazard        each day each place falls with the same chance p

All that they know is a `Past`: the caller builds it from what was published by the
branch date. What falls later, and which places that will be, is no argument of theirs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import UsageError
from chronicle.simulation.random_streams import stream_key, uniform, uniform_array
from chronicle.verification.chance import FLIP, INVERSE
from chronicle.verification.distances import Reach, Roads
from chronicle.verification.outcomes import (
    NEVER,
    Forecast,
    checked_chances,
    entities_of,
    whole_days,
    whole_horizon,
)

__all__ = [
    "Past",
    "constant_hazard",
    "constant_radius",
    "constant_radius_spread",
    "draw",
    "neighbours_flip",
    "neighbours_flip_plain",
    "nothing_changes",
    "reference_forecasts",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Past:
    """Who held what at the end of each day (D + 1) until the branch, which is the last.

    `defended[d, n]` where the defender held settlement n, `hostile[d, n]` where an
    attacker did; the rest is neither. A place *flips* on a day at whose end it is out
    of the defender's hands, when it was in them the day before.
    """

    settlements: tuple[str, ...]
    defended: Bools
    hostile: Bools

    def __post_init__(self) -> None:
        shape = self.defended.shape
        if len(shape) != 2 or not shape[0] or shape[1] != len(self.settlements):
            raise UsageError(
                f"past must be days by {len(self.settlements)} settlements, not {shape}"
            )
        if self.hostile.shape != shape or np.any(self.defended & self.hostile):
            raise UsageError("past: a place is defended, hostile or neither, not both")

    @property
    def at_risk(self) -> Bools:
        """The settlements (N) that the defender holds at the branch."""
        at_branch: Bools = self.defended[-1]
        return at_branch

    @property
    def targets(self) -> tuple[str, ...]:
        """The ids of those at risk (P)."""
        rows = np.flatnonzero(self.at_risk)
        return tuple(self.settlements[row] for row in rows)

    @property
    def flips(self) -> Bools:
        """Which settlements flipped on day 1, 2, … (D, N)."""
        flipped: Bools = self.defended[:-1] & ~self.defended[1:]
        return flipped


def nothing_changes(past: Past) -> Forecast:
    """Every settlement at risk stays as it is: one replica of NEVER."""
    return Forecast(
        name="nothing changes",
        settlements=past.targets,
        samples=np.full((1, len(past.targets)), NEVER),
    )


def constant_radius(past: Past, reach: Reach) -> Forecast:
    """Places fall when a front of constant speed has come the distance; one replica.

    The front starts from the places that attackers hold at the branch. Its speed is the
    median, over the places that have flipped, of their distance from what attackers
    held on the first day over the days that it took. Nothing arrives before day 1, and
    without a past arrival nothing arrives.
    """
    speed, _ = _paces(past, reach)
    days = _travel_days(past, reach, speed)
    return Forecast(
        name="constant-speed radius",
        settlements=past.targets,
        samples=np.maximum(whole_days(days), 1.0)[None, :],
        parameters={"speed_km_per_day": speed},
    )


def constant_radius_spread(past: Past, reach: Reach) -> Forecast:
    """`constant_radius` with its past errors: a replica for each past arrival.

    In a replica every travel takes as many times longer or shorter than at the median
    speed as that arrival did.
    """
    speed, slower = _paces(past, reach)
    days = _travel_days(past, reach, speed)
    return Forecast(
        name="constant-speed radius, spread",
        settlements=past.targets,
        samples=np.maximum(whole_days(slower[:, None] * days), 1.0),
        parameters={"speed_km_per_day": speed, "past_arrivals": float(len(slower))},
    )


def _paces(past: Past, reach: Reach) -> tuple[float, Floats]:
    """The median speed in km a day, and how much longer each past arrival took."""
    flips = past.flips
    if not flips.any():
        return 0.0, np.ones(1)
    flipped, day = flips.any(axis=0), flips.argmax(axis=0) + 1.0
    km = reach(past.hostile[0])
    known = flipped & np.isfinite(km) & (km > 0)
    if not known.any():
        return 0.0, np.ones(1)
    speeds = km[known] / day[known]
    speed = float(np.median(speeds))
    return speed, np.sort(speed / speeds)


def _travel_days(past: Past, reach: Reach, speed: float) -> Floats:
    km = reach(past.hostile[-1])[past.at_risk]
    if speed == 0.0:
        return np.full(len(km), NEVER)
    days: Floats = km / speed
    return days


def constant_hazard(past: Past, horizon: float) -> Forecast:
    """Each day each settlement falls with the same chance p; exact.

    p is the flips over the days that places were at risk, the maximum of the likelihood
    of independent days (0 without a past). By the end of day d a place has fallen with
    chance 1 - (1 - p)^d.
    """
    days = whole_horizon(horizon)
    at_risk = int(past.defended[:-1].sum())
    p = int(past.flips.sum()) / at_risk if at_risk else 0.0
    chances = 1.0 - (1.0 - p) ** np.arange(days + 1.0)
    return Forecast(
        name="constant hazard",
        settlements=past.targets,
        chances=np.tile(chances, (len(past.targets), 1)),
        parameters={"hazard_per_day": p},
    )


def neighbours_flip(
    past: Past, roads: Roads, horizon: float, *, replicas: int = 1000, seed: int = 0
) -> Forecast:
    """Each day a place at risk next to a flipped or hostile one flips with chance p.

    *Next to* is one road away, at the end of the day before. p is the flips of places
    so exposed over their days of exposure, the maximum of the likelihood (0 without
    any); flips of places that were not exposed are beyond this model and do not count.
    It is a contact process without recovery (Harris 1974, "Contact interactions on a
    lattice", Annals of Probability 2:969-988) in steps of a day. There is no closed
    form, so it is simulated, with draws keyed by replica, settlement and day.
    """
    days, p = _days_and_chance(past, roads, horizon, replicas)
    source, first, touched = _links(roads)
    entities = entities_of(past.settlements)
    flipped = np.tile(past.hostile[-1], (replicas, 1))
    arrival = np.full(flipped.shape, NEVER)
    keys = [stream_key(seed, replica, FLIP) for replica in range(replicas)]
    for day in range(1, days + 1):
        exposed = np.zeros_like(flipped)
        if len(touched):
            near = np.logical_or.reduceat(flipped[:, source], first, axis=1)
            exposed[:, touched] = near
        exposed &= past.at_risk & ~flipped
        for replica in np.flatnonzero(exposed.any(axis=1)):
            rows = np.flatnonzero(exposed[replica])
            falls = rows[uniform_array(keys[replica], entities[rows], day) < p]
            arrival[replica, falls] = day
            flipped[replica, falls] = True
    return _flip_forecast(past, arrival, p)


def neighbours_flip_plain(
    past: Past, roads: Roads, horizon: float, *, replicas: int = 1000, seed: int = 0
) -> Forecast:
    """`neighbours_flip`, one place at a time."""
    days, p = _days_and_chance(past, roads, horizon, replicas)
    entities = entities_of(past.settlements).tolist()
    near: list[set[int]] = [set() for _ in past.settlements]
    for a, b in zip(roads.a.tolist(), roads.b.tolist(), strict=True):
        near[a].add(b)
        near[b].add(a)
    arrival = np.full((replicas, len(past.settlements)), NEVER)
    for replica in range(replicas):
        key = stream_key(seed, replica, FLIP)
        flipped = set(np.flatnonzero(past.hostile[-1]).tolist())
        for day in range(1, days + 1):
            falls = [
                row
                for row in np.flatnonzero(past.at_risk).tolist()
                if row not in flipped
                and near[row] & flipped
                and uniform(key, entities[row], day) < p
            ]
            arrival[replica, falls] = day
            flipped.update(falls)
    return _flip_forecast(past, arrival, p)


def _days_and_chance(
    past: Past, roads: Roads, horizon: float, replicas: int
) -> tuple[int, float]:
    if roads.places != len(past.settlements):
        raise UsageError(
            f"roads of {roads.places} settlements, past of {len(past.settlements)}"
        )
    if replicas < 1:
        raise UsageError(f"replicas: {replicas!r} is none")
    days = whole_horizon(horizon)
    near = np.zeros_like(past.defended)
    for from_, to in ((roads.a, roads.b), (roads.b, roads.a)):
        # `at` because a place may be the end of many roads.
        np.logical_or.at(near.T, to, past.hostile.T[from_])
    exposed = past.defended[:-1] & near[:-1]
    exposures = int(exposed.sum())
    flips = int((exposed & past.flips).sum())
    return days, flips / exposures if exposures else 0.0


def _links(roads: Roads) -> tuple[NDArray[np.int64], ...]:
    """Directed links by target: their sources, where targets start, which targets."""
    source = np.concatenate([roads.a, roads.b])
    target = np.concatenate([roads.b, roads.a])
    by_target = np.argsort(target, kind="stable")
    touched, first = np.unique(target[by_target], return_index=True)
    return source[by_target], first, touched


def _flip_forecast(past: Past, arrival: Floats, p: float) -> Forecast:
    return Forecast(
        name="neighbours flip",
        settlements=past.targets,
        samples=arrival[:, past.at_risk],
        parameters={"chance_per_day": p},
    )


def reference_forecasts(
    past: Past,
    roads: Roads,
    reach: Reach,
    horizon: float,
    *,
    replicas: int = 1000,
    seed: int = 0,
) -> tuple[Forecast, ...]:
    """All of the above, in the order of the list at the top."""
    return (
        nothing_changes(past),
        constant_radius(past, reach),
        constant_radius_spread(past, reach),
        neighbours_flip(past, roads, horizon, replicas=replicas, seed=seed),
        constant_hazard(past, horizon),
    )


def draw(forecast: Forecast, horizon: float, replicas: int, seed: int = 0) -> Forecast:
    """Samples of an exact forecast, by inversion of its distribution.

    The draw of a settlement in a replica is keyed by both; settlements are independent.
    """
    if forecast.chances is None:
        raise UsageError(f"forecast {forecast.name!r} consists of samples already")
    chances = checked_chances(forecast.chances, len(forecast.settlements), horizon)
    entities = entities_of(forecast.settlements)
    samples = np.empty((replicas, len(entities)))
    for replica in range(replicas):
        u = uniform_array(stream_key(seed, replica, INVERSE), entities)
        day = (chances < u[:, None]).sum(axis=1)
        samples[replica] = np.where(day < chances.shape[1], day, math.inf)
    return Forecast(
        name=forecast.name,
        settlements=forecast.settlements,
        samples=samples,
        parameters=forecast.parameters,
    )
