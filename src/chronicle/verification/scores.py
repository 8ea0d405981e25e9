"""All scores of one forecast against what came to pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.table import Table
from chronicle.errors import UsageError
from chronicle.verification.brier import Brier, brier
from chronicle.verification.intervals import CENTRAL, covered, randomised_pit
from chronicle.verification.outcomes import (
    Arrivals,
    Forecast,
    checked_observed,
    checked_samples,
    whole_days,
)
from chronicle.verification.scoring_rules import FLOOR, crps, crps_of_chances, log_score

__all__ = ["Scores", "score"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What a forecast scores, per settlement at risk (P); days are whole days.

    `crps` is in days, `log` in nats; `covered` maps 50 and 90 to whether the interval
    of that many per cent held the outcome. `fell` is how many fell in the horizon.
    """

    name: str
    settlements: tuple[str, ...]
    horizon: float
    fell: int
    crps: Floats
    log: Floats
    pit: Floats
    covered: Mapping[int, Bools]
    brier: Brier

    def summary(self) -> dict[str, float | int | str | None]:
        """The means over all settlements; None where there is nothing to average.

        `pit_50` and `pit_90` are the shares of transforms inside the central intervals:
        coverage without the help of lumps.
        """
        found: dict[str, float | int | str | None] = {
            "forecast": self.name,
            "settlements": len(self.settlements),
            "fell": self.fell,
            "crps": _mean(self.crps),
            "brier": self.brier.mean,
            "log": _mean(self.log),
        }
        for level, inside in self.covered.items():
            found[f"cover_{level}"] = _mean(inside)
        for level, (low, high) in CENTRAL.items():
            found[f"pit_{level}"] = _mean((self.pit >= low) & (self.pit <= high))
        return found

    def table(self) -> Table:
        """One row a settlement, in the order of the forecast."""
        levels = tuple(self.covered)
        names = ("settlement", "crps", "brier", "log", "pit")
        columns = (*names, *(f"covered_{level}" for level in levels))
        values = (
            self.settlements,
            self.crps.tolist(),
            # NaN with a horizon of no days is *unknown*, which a table says with None.
            [None if math.isnan(v) else v for v in self.brier.by_settlement.tolist()],
            self.log.tolist(),
            self.pit.tolist(),
            *(self.covered[level].tolist() for level in levels),
        )
        rows = list(zip(*values, strict=True))
        return Table(columns, rows, f"Scores of {self.name} by settlement at risk")


def _mean(values: Floats | Bools) -> float | None:
    return float(values.mean()) if values.size else None


def score(
    forecast: Forecast,
    arrivals: Arrivals,
    *,
    fair: bool = False,
    floor: float = FLOOR,
    seed: int = 0,
) -> Scores:
    """Score *forecast* on every settlement at risk, whether it fell or not.

    Forecast and outcome count in whole days. *fair* is that of `crps` and wants
    samples, *floor* that of `log_score`; *seed* is that of the randomised PIT. Raises
    `UsageError` unless both speak of the same settlements in the same order: a
    settlement that a forecast leaves out cannot be left out of its score.
    """
    if forecast.settlements != arrivals.settlements:
        missing = sorted(set(arrivals.settlements) ^ set(forecast.settlements))
        told = ", ".join(missing[:5]) or "another order"
        raise UsageError(
            f"forecast {forecast.name!r} and what came to pass are not of the same "
            f"settlements: {told}"
        )
    horizon = arrivals.horizon
    observed = whole_days(checked_observed(arrivals.observed, horizon))
    by_day = forecast.by_day(horizon)
    if not fair:
        date_score = crps_of_chances(by_day, observed, horizon)
    elif forecast.samples is None:
        raise UsageError("the fair CRPS is of samples, not of an exact distribution")
    else:
        days = checked_samples(forecast.samples, len(observed), horizon)
        date_score = crps(whole_days(days), observed, horizon, fair=True)
    return Scores(
        name=forecast.name,
        settlements=forecast.settlements,
        horizon=horizon,
        fell=int((observed <= horizon).sum()),
        crps=date_score,
        log=log_score(by_day, observed, horizon, floor),
        pit=randomised_pit(by_day, observed, horizon, forecast.settlements, seed),
        covered=covered(by_day, observed, horizon),
        brier=brier(by_day, observed, horizon),
    )
