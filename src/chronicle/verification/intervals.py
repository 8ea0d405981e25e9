"""Order statistics of arrivals, how often they cover, and where outcomes fall.

Arrivals can be infinite, so nothing is interpolated: an interpolated quantile between a
day and *never* is NaN. A quantile is the smallest day by which at least that share has
arrived, the inverse of the empirical distribution (type 1 of Hyndman and Fan 1996,
"Sample quantiles in statistical packages", The American Statistician 50:361-365;
`inverted_cdf` in NumPy).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chronicle.errors import UsageError
from chronicle.simulation.random_streams import stream_key, uniform_array
from chronicle.verification.chance import PIT
from chronicle.verification.outcomes import (
    checked_chances,
    checked_observed,
    entities_of,
    whole_days,
    whole_horizon,
)

__all__ = [
    "CENTRAL",
    "SHARES",
    "covered",
    "order_statistics",
    "outcome_bounds",
    "randomised_pit",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
CENTRAL = {50: (0.25, 0.75), 90: (0.05, 0.95)}
"""The ends of the central intervals, in per cent."""

_ROUNDING = 1e-9


def order_statistics(samples: ArrayLike, shares: Sequence[float] = SHARES) -> Floats:
    """The quantiles (K, …) of *samples* (R, …) at K shares, infinity among them.

    Each is one of the samples: the smallest that at least that share of the replicas
    does not exceed. Raises `UsageError` without a replica, for NaN, or for a share
    outside (0, 1].
    """
    values = np.sort(np.asarray(samples, dtype=np.float64), axis=0)
    if not len(values):
        raise UsageError("order statistics want at least one replica")
    if np.isnan(values).any():
        raise UsageError("samples: NaN has no place in an order")
    ranks = []
    for share in shares:
        if not 0 < share <= 1:
            raise UsageError(f"{share!r} is no share in (0, 1]")
        # 0.07 * 100 is 7.000000000000001, whose ceiling would be 8.
        ranks.append(max(int(np.ceil(len(values) * share - _ROUNDING)), 1) - 1)
    chosen: Floats = values[ranks]
    return chosen


def outcome_bounds(
    chances: ArrayLike, observed: ArrayLike, horizon: float
) -> tuple[Floats, Floats]:
    """The chance of an arrival before the outcome, and of one no later (P each).

    They are F(y-) and F(y) of the forecast distribution F at the outcome y, where
    *never* comes after every day: F(y) is 1 there.
    """
    never = whole_horizon(horizon) + 1
    outcome = checked_observed(observed, horizon)
    by_day = checked_chances(chances, len(outcome), horizon)
    ends = np.pad(by_day, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))
    day = whole_days(outcome)
    at = np.where(np.isfinite(day), day, never).astype(np.int64)
    rows = np.arange(len(at))
    return ends[rows, at], ends[rows, at + 1]


def covered(
    chances: ArrayLike, observed: ArrayLike, horizon: float
) -> dict[int, Bools]:
    """Whether the outcomes (P) are inside the central 50 and 90 per cent intervals.

    The ends of the intervals are order statistics and inside. As days and *never* are
    lumps of probability, an honest forecast covers at least as often as it says, and
    more where one outcome is nearly certain; `randomised_pit` shows what that hides.
    """
    before, upto = outcome_bounds(chances, observed, horizon)
    # low <= y is F(y) >= the lower share; y <= high is F(y-) < the upper share.
    return {
        level: (upto >= low - _ROUNDING) & (before < high - _ROUNDING)
        for level, (low, high) in CENTRAL.items()
    }


def randomised_pit(
    chances: ArrayLike,
    observed: ArrayLike,
    horizon: float,
    settlements: Sequence[str],
    seed: int = 0,
) -> Floats:
    """The probability integral transform (P) of the outcomes, uniform if honest.

    F(y-) + u (F(y) - F(y-)) with u uniform (Czado, Gneiting and Held 2009, "Predictive
    model assessment for count data", Biometrics 65:1254-1261, section 2), which also
    spreads the ties of *never*. u is keyed by the settlement: the same in every run,
    for every forecast and in whatever order the settlements come.
    """
    before, upto = outcome_bounds(chances, observed, horizon)
    if len(settlements) != len(before):
        raise UsageError(f"{len(settlements)} settlements for {len(before)} outcomes")
    u = uniform_array(stream_key(seed, 0, PIT), entities_of(settlements))
    spread: Floats = before + u * (upto - before)
    return spread
