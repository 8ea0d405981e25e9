"""What is forecast and scored: on which day each settlement falls, or that it does not.

A settlement is *at risk* when the defending side holds it at the end of the branch day.
Its arrival is the number of days from there to the day on which it is first out of the
defender's hands: day 1 is the day after the branch, and a time inside a day counts as
the day that it is in. Infinity is *never within the horizon*, an outcome like any
other: a settlement that stands is scored as one that falls. An arrival on the last day
of the horizon is inside it, a later one is *never*.

A forecast is either samples, a row per replica, or chances, a row per settlement with
the probability that it has fallen by the end of day 0, 1, … up to the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chronicle.errors import UsageError
from chronicle.simulation.random_streams import stable_id

__all__ = [
    "NEVER",
    "Arrivals",
    "Forecast",
    "chances_by_day",
    "checked_chances",
    "checked_horizon",
    "checked_observed",
    "checked_samples",
    "entities_of",
    "from_fall_days",
    "whole_days",
    "whole_horizon",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NEVER = math.inf
_MOMENT = 1e-6  # days, about 0.1 s: what a sum of float32 durations may be off by


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """What came to pass, for each settlement at risk (P): `observed` days or NEVER.

    `already` are those that were out at the branch, as one knows now, though nobody had
    said so by then: their arrival is day 0, which no forecast is right about that takes
    what was reported for what was.
    """

    settlements: tuple[str, ...]
    observed: Floats
    horizon: float
    already: Bools

    def __len__(self) -> int:
        return len(self.settlements)

    def take(self, chosen: Bools) -> Arrivals:
        """The settlements for which *chosen* (P) holds."""
        return Arrivals(
            settlements=_taken(self.settlements, chosen),
            observed=self.observed[chosen],
            horizon=self.horizon,
            already=self.already[chosen],
        )


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Arrivals of `settlements` as `samples` (R, P) or as `chances` (P, days + 1).

    Exactly one of the two is given. `parameters` are those that were fitted, for the
    reader.
    """

    name: str
    settlements: tuple[str, ...]
    samples: Floats | None = None
    chances: Floats | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.samples is None) == (self.chances is None):
            raise UsageError(f"forecast {self.name!r}: give either samples or chances")

    def by_day(self, horizon: float) -> Floats:
        """The chances (P, days + 1) of having fallen by the end of day 0, 1, …"""
        if self.chances is not None:
            return checked_chances(self.chances, len(self.settlements), horizon)
        assert self.samples is not None
        checked = checked_samples(self.samples, len(self.settlements), horizon)
        return chances_by_day(checked, horizon)

    def take(self, chosen: Bools) -> Forecast:
        """The forecast of the settlements for which *chosen* (P) holds."""
        return Forecast(
            name=self.name,
            settlements=_taken(self.settlements, chosen),
            samples=None if self.samples is None else self.samples[:, chosen],
            chances=None if self.chances is None else self.chances[chosen],
            parameters=self.parameters,
        )


def _taken(settlements: Sequence[str], chosen: Bools) -> tuple[str, ...]:
    return tuple(s for s, keep in zip(settlements, chosen, strict=True) if keep)


def checked_horizon(horizon: float) -> float:
    """*horizon* in days; raises `UsageError` unless it is finite and 0 or more."""
    if not math.isfinite(horizon) or horizon < 0:
        raise UsageError(f"horizon: {horizon!r} is no number of days")
    return float(horizon)


def whole_horizon(horizon: float) -> int:
    """*horizon*, which scores by day need to be a whole number of days."""
    if checked_horizon(horizon) != int(horizon):
        raise UsageError(f"horizon: {horizon!r} is not a whole number of days")
    return int(horizon)


def checked_observed(observed: ArrayLike, horizon: float) -> Floats:
    """*observed* (P) with NEVER for what came after the horizon.

    Raises `UsageError` for another shape, NaN, and days before the branch.
    """
    days = np.asarray(observed, dtype=np.float64)
    if days.ndim != 1:
        raise UsageError(f"observed must be one day per settlement, not {days.shape}")
    return _censored(days, checked_horizon(horizon), "observed")


def checked_samples(samples: ArrayLike, places: int, horizon: float) -> Floats:
    """*samples* (R, P), at least one replica, with NEVER for what is after the horizon.

    Raises `UsageError` for another shape, NaN, and days before the branch.
    """
    days = np.asarray(samples, dtype=np.float64)
    if days.ndim != 2 or days.shape[1] != places or not len(days):
        raise UsageError(
            f"samples must be replicas by {places} settlements, not {days.shape}"
        )
    return _censored(days, checked_horizon(horizon), "samples")


def _censored(days: Floats, horizon: float, name: str) -> Floats:
    if np.isnan(days).any() or (days < 0).any():
        raise UsageError(f"{name}: an arrival is 0 days or more, or infinity for never")
    censored: Floats = np.where(days > horizon + _MOMENT, NEVER, days)
    return censored


def checked_chances(chances: ArrayLike, places: int, horizon: float) -> Floats:
    """*chances* (P, days + 1); raises `UsageError` unless rows rise within [0, 1]."""
    shape = places, whole_horizon(horizon) + 1
    found = np.asarray(chances, dtype=np.float64)
    if found.shape != shape:
        raise UsageError(f"chances must be of shape {shape}, not {found.shape}")
    # Written so that NaN fails too; sums of chances may pass 1 by their rounding.
    if not (np.all(found >= 0) and np.all(found <= 1 + 1e-9)):
        raise UsageError("chances: a probability is between 0 and 1")
    if np.any(np.diff(found, axis=1) < -1e-9):
        raise UsageError("chances: the chance of having fallen never sinks")
    clipped: Floats = np.minimum(found, 1.0)
    return clipped


def whole_days(times: ArrayLike) -> Floats:
    """The day that each time is in: 0.2 and 1 are in day 1, NEVER stays NEVER.

    A time less than a millionth of a day past midnight counts as midnight, so that the
    rounding of a sum of durations moves nothing into the next day.
    """
    days: Floats = np.ceil(np.asarray(times, dtype=np.float64) - _MOMENT)
    # np.ceil gives -0.0 for a time just before 0.
    return days + 0.0


def from_fall_days(fall_day: ArrayLike) -> Floats:
    """Samples from whole days as ensembles give them: 0 is *never*, -1 is day 0."""
    days = np.asarray(fall_day)
    counted = np.maximum(days, 0).astype(np.float64)
    found: Floats = np.where(days == 0, NEVER, counted)
    return found


def chances_by_day(samples: Floats, horizon: float) -> Floats:
    """The share of replicas (P, days + 1) that have fallen by the end of each day."""
    days = range(whole_horizon(horizon) + 1)
    arrived = whole_days(samples)
    shares: Floats = np.stack([(arrived <= day).mean(axis=0) for day in days], axis=1)
    return shares


def entities_of(settlements: Sequence[str]) -> NDArray[np.uint64]:
    """The stable ids that draws are keyed by, whatever the order of the rows."""
    return np.array([stable_id(id_) for id_ in settlements], dtype=np.uint64)
