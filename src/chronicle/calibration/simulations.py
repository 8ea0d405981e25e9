"""The bank: simulations of a window of the past, and what can be seen of each.

A window begins with a state and lasts a few whole days. Of what falls in it, only a
share is published by its end, and of the last days less: how late news is comes from
the record, each simulation draws how much is never told, and hides the rest, as that
does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import UsageError
from chronicle.simulation.ensemble.ensemble import Chunk, Ensemble
from chronicle.simulation.ensemble.execute import in_threads
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import INDEX, Parameters
from chronicle.simulation.prior import keys_of, prior_draws, shares_of
from chronicle.simulation.random_streams import (
    stable_id,
    uniform_array,
)
from chronicle.verification.chance import REPORTED as REPORTED_STREAM
from chronicle.verification.distances import Roads, by_road

__all__ = ["FITTED", "LAST_DAYS", "NUISANCE", "PriorSimulations", "Window", "simulate"]

Floats = NDArray[np.float64]

FITTED = (
    *("speed_km_day", "hold_days", "repulse", "repulse_wait_days"),
    *("quiet_days", "momentum", "lines", "delay_days"),
)
"""What a few days of captures say something about; the rest keeps its prior."""

REPORTED = "reported"
REPORTED_RANGE = 0.8, 1.0
"""The prior of the share of falls that is ever published.

How late the others are is not drawn: it is fitted on the record (`reporting`), or the
lateness of news would explain away whatever the model does wrong.
"""

NUISANCE = {REPORTED: REPORTED_RANGE}
"""What is fitted and is of the record, not of the model: names and ranges."""

LAST_DAYS = 10
_CHUNK = 500
_BEYOND = 1.5  # what is out of reach counts as so many times the farthest road


@dataclass(frozen=True)
class Window:
    """The start of a window of *days* days, and which settlements are *at_risk* (n).

    *rules* are parameters that are not drawn; *published* is the share of changes that
    is published within 0, 1, … days, the last for all later ones.
    """

    network: Network
    at_risk: NDArray[np.bool_]
    days: int
    rules: Mapping[str, float]
    published: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if self.days < 1 or not self.at_risk.any():
            raise UsageError(
                "calibration needs a window of one day at least, and settlements that "
                "are at risk at its start"
            )

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The rows (P) of the settlements at risk."""
        return np.flatnonzero(self.at_risk)

    @cached_property
    def km(self) -> Floats:
        """By road (P) from the nearest place that an attacker holds at the start."""
        network = self.network
        roads = Roads(
            places=network.count,
            a=network.edge_a,
            b=network.edge_b,
            distance_km=network.distance_km,
        )
        against = [
            bool(network.attacks[actor].any()) for actor in range(len(network.actors))
        ]
        holds = np.array([c >= 0 and against[c] for c in network.controller.tolist()])
        km = by_road(roads)(holds & ~self.at_risk)[self.rows]
        near = km[np.isfinite(km)]
        if not near.size:
            raise UsageError("no settlement at risk can be reached from an attacker's")
        return np.where(np.isfinite(km), km, _BEYOND * max(1.0, float(near.max())))

    @cached_property
    def people(self) -> Floats:
        """The share (P) that each has of the population at risk."""
        found = self.network.population[self.rows].astype(np.float64)
        return found / max(1.0, float(found.sum()))

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """Routes (2, E) between places at risk, as positions among them."""
        place = np.full(self.network.count, -1)
        place[self.rows] = np.arange(len(self.rows))
        ends = place[np.stack([self.network.edge_a, self.network.edge_b])]
        return ends[:, (ends >= 0).all(axis=0)]

    @property
    def last_days(self) -> int:
        """How many days at the end are counted apart: what goes on is what is next."""
        return min(LAST_DAYS, self.days)

    def counts(self, days: NDArray[np.integer]) -> Floats:
        """Falls (R, 2) of the last days and of the whole window, in square roots.

        Of Poisson counts these all have a standard deviation of about one half.
        """
        last = (days > self.days - self.last_days).sum(axis=1)
        found: Floats = np.sqrt(np.stack([last, (days > 0).sum(axis=1)], axis=1))
        return found

    def features(self, days: NDArray[np.integer]) -> Floats:
        """What is seen, as numbers: *days* (R, P) of published falls, 0 for none.

        The day of each place, censored a day after the end; then, by day, how many
        fell, how many had, the share of the people at risk, how far from the front on
        average and at most; how ragged the front is, and what it left behind.
        """
        unseen = self.days + 1
        when = np.where(days == 0, unseen, days).astype(np.float64)
        parts = [when]
        for day in range(1, self.days + 1):
            now, gone = when == day, when <= day
            count = gone.sum(axis=1)
            mean = (gone @ self.km) / np.maximum(count, 1)
            most = (gone * self.km).max(axis=1)
            behind = (~gone & (self.km < most[:, None] / 2)).sum(axis=1)
            fresh = (now @ self.km) / np.maximum(now.sum(axis=1), 1)
            parts.append(
                np.stack(
                    [
                        np.sqrt(now.sum(axis=1)),
                        np.log1p(count),
                        gone @ self.people,
                        np.sqrt(gone @ self.people),
                        mean,
                        most,
                        fresh,
                        np.log1p(behind),
                    ],
                    axis=1,
                )
            )
        a, b = self.pairs
        gone = when < unseen
        both = gone[:, a] & gone[:, b]
        apart = np.abs(when[:, a] - when[:, b])
        joined = np.maximum(both.sum(axis=1), 1)
        ragged = (gone[:, a] != gone[:, b]).sum(axis=1)
        steps = (apart * both).sum(axis=1) / joined
        parts.append(
            np.stack(
                [
                    np.log1p(both.sum(axis=1)),
                    np.log1p(ragged),
                    ragged / np.maximum(1, 2 * both.sum(axis=1) + ragged),
                    steps,
                    (apart**2 * both).sum(axis=1) / joined,
                    when.min(axis=1),
                ],
                axis=1,
            )
        )
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True, kw_only=True)
class PriorSimulations:
    """Simulations: `parameters` by name, their `shares` (R, K), `days` (R, P) seen."""

    parameters: tuple[str, ...]
    shares: Floats
    days: NDArray[np.int16]
    features: Floats
    engine: str

    def split(self, first: int) -> tuple[PriorSimulations, PriorSimulations]:
        """The first simulations, and the rest."""
        return self._cut(slice(None, first)), self._cut(slice(first, None))

    def _cut(self, rows: slice) -> PriorSimulations:
        return PriorSimulations(
            parameters=self.parameters,
            shares=self.shares[rows],
            days=self.days[rows],
            features=self.features[rows],
            engine=self.engine,
        )


def simulate(
    window: Window,
    *,
    count: int,
    seed: int,
    fitted: tuple[str, ...] = FITTED,
    every_fall_is_told: bool = False,
    engine: str = "auto",
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> PriorSimulations:
    """Simulate the window *count* times with parameters from their prior.

    Simulation k depends on (window, seed, k) alone. Of *fitted* those that the rules of
    the window set are left out. Raises `UsageError` for a parameter that there is not.
    """
    for name in fitted:
        if name not in INDEX:
            raise UsageError(f"no parameter {name!r} to fit")
    names = tuple(name for name in fitted if name not in window.rules)
    base = Parameters.of(window.rules)
    ensemble = Ensemble(
        window.network,
        base,
        seed=seed,
        horizon=window.days,
        replicas=count,
        thetas=prior_draws(base, window.rules, seed=seed, count=count),
        people=False,
        engine=engine,
    )
    drawn = shares_of(names, seed, 0, count)
    keys = keys_of(seed, 0, count, REPORTED_STREAM)
    told = {name: uniform_array(stable_id(name), keys) for name in NUISANCE}
    share = _published(told[REPORTED], window)
    entities = window.network.entity[window.rows].tolist()
    days = np.zeros((count, len(entities)), np.int16)
    features: Floats | None = None
    done = 0
    for (first, size), results in in_threads(ensemble, _chunks(count), workers):
        rows = slice(first, first + size)
        # What was out as the window began is not seen to fall in it.
        fell = np.maximum(results.fall_day[:, window.rows], 0).astype(np.int64)
        if not every_fall_is_told:
            luck = np.stack([uniform_array(e, keys[rows]) for e in entities], axis=1)
            # Column 0 is of places that never fell, whatever it says.
            fell = np.where(luck < np.take_along_axis(share[rows], fell, 1), fell, 0)
        days[rows] = fell
        found = window.features(days[rows])
        if features is None:
            features = np.empty((count, found.shape[1]))
        features[rows] = found
        done += size
        if progress:
            progress(done, count)
    assert features is not None
    shares = [drawn[name] for name in names]
    if not every_fall_is_told:
        names, shares = (*names, *told), [*shares, *told.values()]
    return PriorSimulations(
        parameters=names,
        shares=np.stack(shares, axis=1),
        days=days,
        features=features,
        engine=ensemble.chosen_engine,
    )


def _published(told: Floats, window: Window) -> Floats:
    """The share (R, 1 + days) of the falls of a day that is published by the end."""
    low, high = REPORTED_RANGE
    late = range(window.days, -1, -1)  # column 0 is of places that never fell
    last = len(window.published) - 1
    by_end = np.array([window.published[min(days, last)] for days in late])
    found: Floats = (low + (high - low) * told)[:, None] * by_end
    return found


def _chunks(count: int) -> list[Chunk]:
    return [(first, min(_CHUNK, count - first)) for first in range(0, count, _CHUNK)]
