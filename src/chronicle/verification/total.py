"""Scores of how many places fall in all.

Replicas can be right about each place and jointly wrong: in a forecast by places that
are independent the total hardly varies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chronicle.errors import UsageError
from chronicle.verification.intervals import CENTRAL, order_statistics

__all__ = ["TotalScore", "count_by", "score_total"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalScore:
    """Of the count of places out by the horizon: said, seen, and the CRPS in places.

    `low` and `high` are the ends of the central 90 per cent. `pit` is (F(y-) + F(y))/2.
    """

    said: float
    seen: int
    crps: float
    low: int
    high: int
    covered: dict[int, bool]
    pit: float


def count_by(samples: ArrayLike, horizon: float) -> NDArray[np.int64]:
    """How many places each replica (R) of *samples* (R, P) has lost by the horizon."""
    days = np.asarray(samples, dtype=np.float64)
    found: NDArray[np.int64] = (days <= horizon + 1e-6).sum(axis=1)
    return found


def score_total(counts: ArrayLike, seen: int) -> TotalScore:
    """Score *counts* (R), one a replica. Raises `UsageError` without one.

    The CRPS is mean |x - y| less half the mean |x - x'|, over the replicas as they are.
    """
    values = np.sort(np.asarray(counts, dtype=np.float64))
    if values.ndim != 1 or not len(values):
        raise UsageError("the total wants one count a replica")
    ranks = 2 * np.arange(1, len(values) + 1) - len(values) - 1
    apart = float((ranks * values).sum()) * 2 / len(values) ** 2
    ends = {
        level: order_statistics(values[:, None], shares)[:, 0]
        for level, shares in CENTRAL.items()
    }
    return TotalScore(
        said=float(values.mean()),
        seen=seen,
        crps=float(np.abs(values - seen).mean()) - apart / 2,
        low=int(ends[90][0]),
        high=int(ends[90][1]),
        covered={n: bool(low <= seen <= high) for n, (low, high) in ends.items()},
        pit=float(((values < seen).mean() + (values <= seen).mean()) / 2),
    )
