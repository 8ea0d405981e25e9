"""The Brier score of *has fallen by the end of this day*, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chronicle.domain.table import Table
from chronicle.errors import UsageError
from chronicle.verification.outcomes import (
    checked_chances,
    checked_observed,
    whole_days,
    whole_horizon,
)

__all__ = ["BINS", "Brier", "ReliabilityBin", "brier"]

Floats = NDArray[np.float64]

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Forecasts with a chance in [low, high), the last bin with its upper end too.

    `forecast` is their mean chance and `observed` how often it came true; None in a bin
    without forecasts.
    """

    low: float
    high: float
    count: int
    forecast: float | None
    observed: float | None


@dataclass(frozen=True, kw_only=True)
class Brier:
    """The score by day (day 1 first) and by settlement, its mean, and its parts.

    `mean` = `reliability` - `resolution` + `uncertainty` + `within`, over all pairs of
    a settlement and a day: Murphy (1973), "A new vector partition of the probability
    score", Journal of Applied Meteorology 12:595-600. His three terms are exact when
    all chances in a bin are alike; `within` is what is missing otherwise, the variance
    within bins less twice their covariance (Stephenson, Coelho and Jolliffe 2008, "Two
    extra components in the Brier score decomposition", Weather and Forecasting
    23:752-757). All these are None, and `by_settlement` is NaN, when there is no
    settlement or no day to score.
    """

    by_day: Floats
    by_settlement: Floats
    mean: float | None
    reliability: float | None
    resolution: float | None
    uncertainty: float | None
    within: float | None
    bins: tuple[ReliabilityBin, ...]

    def table(self) -> Table:
        """One row a bin, for a reliability diagram."""
        columns = ("low", "high", "count", "forecast", "observed")
        rows = [tuple(getattr(one, name) for name in columns) for one in self.bins]
        return Table(columns, rows, "Chances given, and how often they came true")


def brier(
    chances: ArrayLike, observed: ArrayLike, horizon: float, bins: int = BINS
) -> Brier:
    """Score *chances* (P, days + 1) against *observed* (P) on day 1 to the horizon.

    (chance - outcome)^2 of Brier (1950), over all settlements on every day. *bins* are
    of equal width; their number changes the parts and not the score.
    """
    if bins < 1:
        raise UsageError(f"bins: {bins!r} is no number of bins")
    days = whole_horizon(horizon)
    arrived = whole_days(checked_observed(observed, horizon))
    given = checked_chances(chances, len(arrived), horizon)[:, 1:]
    came = (arrived[:, None] <= np.arange(1, days + 1)).astype(np.float64)
    squares = (given - came) ** 2
    pairs = squares.size
    if not pairs:
        empty = np.zeros(0)
        nothing = np.full(len(arrived), np.nan)
        parts = dict.fromkeys(
            ("mean", "reliability", "resolution", "uncertainty", "within")
        )
        return Brier(by_day=empty, by_settlement=nothing, **parts, bins=())
    # 0.29 * 100 is 28.999999999999996, which belongs to the bin of 0.29.
    bin_of = np.minimum((given * bins + 1e-9).astype(np.int64), bins - 1).ravel()
    count = np.bincount(bin_of, minlength=bins)
    some = np.maximum(count, 1)
    chance = np.bincount(bin_of, given.ravel(), bins) / some
    truth = np.bincount(bin_of, came.ravel(), bins) / some
    rate = came.mean()
    apart, off = given.ravel() - chance[bin_of], came.ravel() - truth[bin_of]
    return Brier(
        by_day=squares.mean(axis=0),
        by_settlement=squares.mean(axis=1),
        mean=float(squares.mean()),
        reliability=float((count * (chance - truth) ** 2).sum() / pairs),
        resolution=float((count * (truth - rate) ** 2).sum() / pairs),
        uncertainty=float(rate * (1 - rate)),
        within=float((apart**2 - 2 * apart * off).mean()),
        bins=tuple(
            ReliabilityBin(
                low=row / bins,
                high=(row + 1) / bins,
                count=int(count[row]),
                forecast=float(chance[row]) if count[row] else None,
                observed=float(truth[row]) if count[row] else None,
            )
            for row in range(bins)
        ),
    )
