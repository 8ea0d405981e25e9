"""Proper scores of arrivals, in which *never* is an outcome like any other.

All are negatively oriented (0 is best) and per settlement, over every settlement at
risk, those that never fell included: a mean over those that did fall rewards forecasts
that make everything fall (the forecaster's dilemma: Lerch, Thorarinsdottir, Ravazzolo
and Gneiting 2017, Statistical Science 32:106-127).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chronicle.errors import UsageError
from chronicle.verification.intervals import outcome_bounds
from chronicle.verification.outcomes import (
    checked_chances,
    checked_horizon,
    checked_observed,
    checked_samples,
    whole_horizon,
)

__all__ = ["FLOOR", "crps", "crps_of_chances", "crps_plain", "log_score"]

Floats = NDArray[np.float64]

FLOOR = 1e-3
"""The least probability that the log score believes a forecast to have meant."""


def crps(
    samples: ArrayLike, observed: ArrayLike, horizon: float, *, fair: bool = False
) -> Floats:
    """The CRPS (P), in days, of *samples* (R, P) censored at the horizon; exact.

    The integral over t from 0 to the horizon of (F(t) - 1{y <= t})^2, F being the share
    of replicas that have arrived by t: the CRPS weighted by threshold (Gneiting and
    Ranjan 2011, "Comparing density forecasts using threshold- and quantile-weighted
    scoring rules", Journal of Business & Economic Statistics 29:411-422, equation 13)
    with weight 1 up to the horizon and 0 beyond. Equal to mean |x - y| less half the
    mean |x - x'| of arrivals cut off at the horizon, which is how it is computed, from
    order statistics. It is 0 to *horizon*, and the same for an arrival at the very
    horizon as for *never*.

    By default the replicas are the whole forecast. *fair* takes them for draws from it
    and leaves out the bias of a small ensemble: pairs of a replica with itself do not
    count (Ferro 2014, "Fair scores for ensemble forecasts", Quarterly Journal of the
    Royal Meteorological Society 140:1917-1923). It needs two replicas and may be
    negative.
    """
    end = checked_horizon(horizon)
    y = np.minimum(checked_observed(observed, end), end)
    x = np.minimum(checked_samples(samples, len(y), end), end)
    replicas = len(x)
    if fair and replicas < 2:
        raise UsageError("the fair CRPS needs two replicas")
    x.sort(axis=0)
    pairs = replicas * (replicas - 1 if fair else replicas)
    weights = (2.0 * np.arange(1, replicas + 1) - replicas - 1.0) / pairs
    found: Floats = np.abs(x - y).mean(axis=0) - weights @ x
    return found if fair else np.maximum(found, 0.0)


def crps_plain(
    samples: ArrayLike, observed: ArrayLike, horizon: float, *, fair: bool = False
) -> Floats:
    """`crps` by its definition: the squared steps between all days that occur."""
    end = checked_horizon(horizon)
    outcomes = checked_observed(observed, end)
    forecasts = checked_samples(samples, len(outcomes), end)
    replicas = len(forecasts)
    if fair and replicas < 2:
        raise UsageError("the fair CRPS needs two replicas")
    found = []
    for arrivals, y in zip(forecasts.T.tolist(), outcomes.tolist(), strict=True):
        days = sorted({0.0, end, *(min(day, end) for day in [*arrivals, y])})
        score = 0.0
        for since, until in pairwise(days):
            share = sum(day <= since for day in arrivals) / replicas
            score += (share - (y <= since)) ** 2 * (until - since)
            if fair:
                score -= share * (1 - share) / (replicas - 1) * (until - since)
        found.append(score)
    return np.array(found, dtype=np.float64)


def crps_of_chances(chances: ArrayLike, observed: ArrayLike, horizon: float) -> Floats:
    """The CRPS (P), in days, of exact *chances* by day (P, days + 1); exact too.

    The distribution jumps at the end of each day and is flat between, so the integral
    is a sum over days; a day in which the outcome lies is split there.
    """
    days = whole_horizon(horizon)
    y = checked_observed(observed, horizon)
    by_day = checked_chances(chances, len(y), horizon)[:, :days]
    # The part of each day [d, d + 1) that lies before the outcome.
    before = np.clip(y[:, None] - np.arange(days), 0.0, 1.0)
    parts = before * by_day**2 + (1.0 - before) * (1.0 - by_day) ** 2
    score: Floats = parts.sum(axis=1)
    return score


def log_score(
    chances: ArrayLike, observed: ArrayLike, horizon: float, floor: float = FLOOR
) -> Floats:
    """Minus the natural log (P) of the chance given to the very day, or to *never*.

    The ignorance score (Good 1952; Roulston and Smith 2002, "Evaluating probabilistic
    forecasts using information theory", Monthly Weather Review 130:1653-1660), in nats.
    A chance below *floor* counts as *floor*, or one replica too few would cost
    infinity; that far the score is not proper, so forecasts are only comparable under
    the same floor. Raises `UsageError` for a floor outside (0, 1).
    """
    if not 0 < floor < 1:
        raise UsageError(f"floor: {floor!r} is no probability in (0, 1)")
    before, upto = outcome_bounds(chances, observed, horizon)
    # + 0.0: a certainty scores 0, not -0.
    score: Floats = -np.log(np.maximum(upto - before, floor)) + 0.0
    return score
