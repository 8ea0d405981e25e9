"""Fit the coefficients of the self-exciting hazard over the records of a league.

Not only its branch days count: the record of each front is cut every few days, and what
was to fall within the horizon is read from the record itself, as published by the
front's last branch day. The coefficients have the least mean CRPS over all cuts, plus
shrinkage.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from chronicle.experiments.evaluate import DayForecast
from chronicle.verification.reference_forecasts import Past
from chronicle.verification.self_exciting import TERMS, exposure_of, lasting

__all__ = ["Hazards"]

Floats = NDArray[np.float64]

FIRST_DAY = 8  # of a record from which it is cut
EVERY_DAYS = 5
RIDGE = 0.001  # days: what a coefficient of 1 costs beside the CRPS
START = 0.1


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """A day of a front's record: the terms of places (P, K), and what then fell."""

    fold: str
    terms: Floats
    fallen: Floats


class Hazards:
    """Coefficients fitted over *days* of a league, with any of its folds left out."""

    def __init__(self, days: Sequence[DayForecast]) -> None:
        self._cuts = [cut for day in _longest(days) for cut in _cuts(day)]
        self._lasting = lasting(days[0].truth.horizon)
        self._found: dict[frozenset[str], dict[str, float]] = {}

    def without(self, folds: Set[str]) -> dict[str, float]:
        """The coefficients by term that know nothing of *folds*.

        All are 0 where no other fold has a record long enough to be cut.
        """
        key = frozenset(folds)
        if key not in self._found:
            chosen = [cut for cut in self._cuts if cut.fold not in key]
            # From where all folds lead, because one fold more or less changes little.
            start = self.without(frozenset()) if key else dict.fromkeys(TERMS, START)
            self._found[key] = self._fitted(chosen, start) if chosen else {}
        return self._found[key]

    def _fitted(
        self, cuts: Sequence[_Cut], start: dict[str, float]
    ) -> dict[str, float]:
        terms = np.concatenate([cut.terms for cut in cuts])
        fallen = np.concatenate([cut.fallen for cut in cuts])[:, :-1]
        shares = [np.full(len(c.terms), 1 / len(c.terms) / len(cuts)) for c in cuts]
        share = np.concatenate(shares)
        days = self._lasting[:, :-1]

        def cost(factors: Floats) -> tuple[float, Floats]:
            hazard = (terms * factors) @ days
            apart = hazard / (1 + hazard) - fallen
            slope = (2 * share)[:, None] * apart / (1 + hazard) ** 2
            gradient = np.einsum("pk,pk->k", terms, slope @ days.T)
            mean = float(share @ (apart**2).sum(axis=1))
            return (
                mean + RIDGE * float((factors**2).sum()),
                gradient + 2 * RIDGE * factors,
            )

        found = minimize(
            cost,
            np.array([start.get(name, START) for name in TERMS]),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None)] * len(TERMS),
        )
        return {
            name: round(float(value), 4)
            for name, value in zip(TERMS, found.x, strict=True)
        }


def _longest(days: Sequence[DayForecast]) -> list[DayForecast]:
    """Of each front the branch day with the longest record."""
    found: dict[tuple[str, tuple[str, ...]], DayForecast] = {}
    for day in days:
        key = day.day.case.id, day.day.front.attackers
        if key not in found or day.day.branch > found[key].day.branch:
            found[key] = day
    return list(found.values())


def _cuts(day: DayForecast) -> list[_Cut]:
    past, horizon = day.published.past, int(day.truth.horizon)
    found = []
    for last in range(FIRST_DAY, len(past.defended) - horizon, EVERY_DAYS):
        seen = Past(
            settlements=past.settlements,
            defended=past.defended[: last + 1],
            hostile=past.hostile[: last + 1],
        )
        if not seen.at_risk.any():
            continue
        ahead = past.defended[last : last + horizon + 1, seen.at_risk]
        fallen = np.maximum.accumulate(~ahead, axis=0).T.astype(np.float64)
        exposure = exposure_of(seen, day.published.roads, day.published.reach)
        found.append(_Cut(fold=day.day.case.fold, terms=exposure.terms, fallen=fallen))
    return found
