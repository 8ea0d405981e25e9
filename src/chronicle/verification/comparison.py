"""Two forecasts, or two arms of a what-if, side by side: what is paired cancels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chronicle.domain.table import Table
from chronicle.errors import UsageError
from chronicle.simulation.random_streams import normal_of, stream_key, uniform_array
from chronicle.verification.chance import BOOTSTRAP
from chronicle.verification.intervals import order_statistics
from chronicle.verification.outcomes import checked_samples

__all__ = [
    "DIFFERENCE_SHARES",
    "ArmComparison",
    "Paired",
    "ScoreDifference",
    "compare_arms",
    "compare_scores",
    "paired",
    "skill",
]

Floats = NDArray[np.float64]

DIFFERENCE_SHARES = (0.05, 0.5, 0.95)
CELLS = 200_000  # draws at a time, to bound memory
RESAMPLES = 1999  # (1999 + 1) * 0.05 is whole, so that ranks need no rounding


# --- forecasts -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDifference:
    """The mean score less that of the baseline, with a bootstrap interval.

    Negative is better, as scores are 0 at best. `skill` is that of `skill`. All None
    without a settlement.
    """

    mean: float | None
    low: float | None
    high: float | None
    level: float
    skill: float | None
    settlements: int
    groups: int


def skill(score: float | None, baseline: float | None) -> float | None:
    """1 - score / baseline: 1 is perfect, 0 no better, negative is worse.

    None where there is no score, or the baseline is perfect.
    """
    if score is None or not baseline:
        return None
    return 1.0 - score / baseline


def compare_scores(
    scores: ArrayLike,
    baseline: ArrayLike,
    settlements: Sequence[str],
    *,
    groups: Sequence[str] | None = None,
    level: float = 0.9,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> ScoreDifference:
    """The paired difference of two scores (P) of the same settlements.

    The interval is the percentile interval of the bootstrap over settlements (Efron and
    Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3): both forecasts
    keep their scores of the settlements that a resample takes. Its ends are order
    statistics. It takes settlements for independent, which those that fall together are
    not, and is then too narrow; *groups* (P), such as provinces, are resampled whole.
    The draws are keyed: the order of the settlements does not matter, and all
    comparisons of the same settlements take the same resamples.
    """
    ours = np.asarray(scores, dtype=np.float64)
    theirs = np.asarray(baseline, dtype=np.float64)
    if ours.shape != (len(settlements),) or theirs.shape != ours.shape:
        raise UsageError(
            f"{ours.shape} and {theirs.shape} scores of {len(settlements)} settlements"
        )
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        raise UsageError("scores to compare must be finite")
    members = list(settlements) if groups is None else list(groups)
    if len(members) != len(settlements):
        raise UsageError(f"{len(members)} groups of {len(settlements)} settlements")
    z = _normal(level)
    rank = math.floor((resamples + 1) * (1.0 - level) / 2.0 + 1e-9)
    if rank < 1:
        raise UsageError(
            f"{resamples} resamples are too few for an interval of {z:.2f}"
        )
    if not members:
        nothing = dict.fromkeys(("mean", "low", "high", "skill"))
        return ScoreDifference(**nothing, level=level, settlements=0, groups=0)
    # By id, so that sums of floats do not depend on the order of the rows.
    order = sorted(range(len(members)), key=lambda row: settlements[row])
    names, group = np.unique([members[row] for row in order], return_inverse=True)
    difference = (ours - theirs)[order]
    sums = np.bincount(group, difference, len(names)).astype(np.float64, copy=False)
    counts = np.bincount(group, minlength=len(names))
    means = np.sort(_resampled_means(sums, counts, resamples, seed))
    return ScoreDifference(
        mean=float(difference.mean()),
        low=float(means[rank - 1]),
        high=float(means[resamples - rank]),
        level=level,
        skill=skill(float(ours.mean()), float(theirs.mean())),
        settlements=len(members),
        groups=len(names),
    )


def _resampled_means(
    sums: Floats, counts: NDArray[np.int64], resamples: int, seed: int
) -> Floats:
    """The mean of each resample of the groups, whose *sums* and *counts* are given."""
    size = len(sums)
    slots = np.arange(size, dtype=np.uint64)
    keys = [stream_key(seed, number, BOOTSTRAP) for number in range(resamples)]
    keys_of = np.array(keys, dtype=np.uint64)
    means = np.empty(resamples)
    together = max(1, CELLS // size)
    for first in range(0, resamples, together):
        block = slice(first, first + together)
        # A key is mixed in by exclusive or: many keys at once are one array of words.
        u = uniform_array(0, keys_of[block, None] ^ slots)
        taken = np.minimum((u * size).astype(np.int64), size - 1)
        means[block] = sums[taken].sum(axis=1) / counts[taken].sum(axis=1)
    return means


def _normal(level: float) -> float:
    """How many standard deviations the central *level* of a normal law reaches."""
    if not 0 < level < 1:
        raise UsageError(f"level: {level!r} is no probability in (0, 1)")
    return normal_of(0.5 + level / 2.0)


# --- arms ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Arm less base over the same replicas (R), for each outcome (K).

    `mean` and `quantiles` (3, K: the 5th, 50th and 95th per cent) are of the
    difference, `half_width` of the interval of its mean at `level`. `less`, `same` and
    `more` are the shares of replicas in which the arm is below, at or above the base.
    `replicas_needed` is how many replicas would give the target half-width with pairs
    as these, `replicas_apart` how many each arm would need with draws of its own, and
    `variance_ratio` is how many times fewer that is; NaN where it cannot be told, with
    one replica, or where the difference is the same in all of them.
    """

    replicas: int
    level: float
    target_half_width: float
    mean: Floats
    quantiles: Floats
    half_width: Floats
    less: Floats
    same: Floats
    more: Floats
    replicas_needed: Floats
    replicas_apart: Floats
    variance_ratio: Floats


@dataclass(frozen=True, kw_only=True)
class ArmComparison:
    """What an arm changes: days until each settlement (P) falls, and people-days.

    Days are counted within the horizon: a settlement that falls on day 9 instead of
    *never* lost `horizon` - 9 days. `benefit` (P) is the share of replicas in which it
    falls later or not at all instead, or sooner if the user wants that; ties are no
    benefit. The benefit for people is the share with fewer people-days displaced.
    """

    settlements: tuple[str, ...]
    horizon: float
    better: str
    arrivals: Paired
    benefit: Floats
    people_days: Paired | None
    people_benefit: float | None

    def table(self) -> Table:
        """One row a settlement: days gained, their interval, and chances."""
        columns = (
            "settlement",
            "days_later",
            "half_width",
            "sooner",
            "same",
            "later",
            "benefit",
            "replicas_needed",
            "variance_ratio",
        )
        one = self.arrivals
        values = (
            *(one.mean, one.half_width, one.less, one.same, one.more),
            *(self.benefit, one.replicas_needed, one.variance_ratio),
        )
        # NaN is *unknown*, which a table says with None.
        cells = (
            [None if math.isnan(value) else value for value in column.tolist()]
            for column in values
        )
        rows = list(zip(self.settlements, *cells, strict=True))
        header = f"Arm less base, paired by {one.replicas} replicas"
        return Table(columns, rows, header)


def paired(
    base: ArrayLike,
    arm: ArrayLike,
    *,
    target_half_width: float,
    level: float = 0.95,
) -> Paired:
    """Compare finite outcomes (R, K) of two arms, replica by replica.

    The mean of n differences has the half-width z sd / sqrt(n), so a half-width of w
    takes n = (z sd / w)^2 replicas (Law and Kelton, "Simulation Modeling and Analysis",
    sections 9.4 and 11.2: common random numbers), at least 2. The variance ratio is
    (var base + var arm) / var difference. Raises `UsageError` for other shapes.
    """
    first = np.asarray(base, dtype=np.float64)
    second = np.asarray(arm, dtype=np.float64)
    if first.ndim != 2 or first.shape != second.shape or not len(first):
        told = f"{first.shape} and {second.shape}"
        raise UsageError(f"arms must be replicas by outcomes, alike, not {told}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise UsageError("outcomes to compare must be finite")
    if not (math.isfinite(target_half_width) and target_half_width > 0):
        raise UsageError(f"target_half_width: {target_half_width!r} is not above 0")
    replicas, outcomes = first.shape
    z = _normal(level)
    difference = second - first
    unknown = np.full(outcomes, np.nan)
    apart, together = unknown, unknown
    if replicas > 1:
        apart = first.var(axis=0, ddof=1) + second.var(axis=0, ddof=1)
        together = difference.var(axis=0, ddof=1)
        # Equal differences of floats may come out of `var` a hair above 0.
        together = np.where(np.ptp(difference, axis=0) == 0, 0.0, together)
    some = np.where(together > 0, together, np.nan)
    return Paired(
        replicas=replicas,
        level=level,
        target_half_width=target_half_width,
        mean=difference.mean(axis=0),
        quantiles=order_statistics(difference, DIFFERENCE_SHARES),
        half_width=z * np.sqrt(together / replicas),
        less=(difference < 0).mean(axis=0),
        same=(difference == 0).mean(axis=0),
        more=(difference > 0).mean(axis=0),
        replicas_needed=_replicas(together, z, target_half_width),
        replicas_apart=_replicas(apart, z, target_half_width),
        variance_ratio=apart / some,
    )


def _replicas(variance: Floats, z: float, half_width: float) -> Floats:
    """Never fewer than 2, without which there is no variance to go by; NaN stays."""
    needed: Floats = np.maximum(np.ceil(z * z * variance / half_width**2), 2.0)
    return needed


def compare_arms(
    base: ArrayLike,
    arm: ArrayLike,
    settlements: Sequence[str],
    horizon: float,
    *,
    people_days: tuple[ArrayLike, ArrayLike] | None = None,
    better: str = "later",
    half_width_days: float = 0.25,
    half_width_people_days: float | None = None,
    level: float = 0.95,
) -> ArmComparison:
    """Compare the arrivals (R, P) of two arms that shared their draws.

    *people_days* are those of base and arm, one number per replica (R). Their target
    half-width is a hundredth of the base's mean, at least 1, unless it is given.
    *better* says whether it is good that settlements fall `later` or `sooner`.
    """
    if better not in ("later", "sooner"):
        raise UsageError(f"better: {better!r} is neither 'later' nor 'sooner'")
    first = checked_samples(base, len(settlements), horizon)
    second = checked_samples(arm, len(settlements), horizon)
    if first.shape != second.shape:
        raise UsageError(f"{len(first)} replicas of base and {len(second)} of arm")
    arrivals = paired(
        np.minimum(first, horizon),
        np.minimum(second, horizon),
        target_half_width=half_width_days,
        level=level,
    )
    people = None
    if people_days is not None:
        sums = [np.asarray(part, dtype=np.float64) for part in people_days]
        for part in sums:
            if part.shape != (len(first),):
                raise UsageError(
                    f"people_days: {part.shape} for {len(first)} replicas; one number "
                    "per replica is wanted"
                )
        target = half_width_people_days
        if target is None:
            target = max(float(sums[0].mean()) / 100.0, 1.0)
        people = paired(
            sums[0][:, None], sums[1][:, None], target_half_width=target, level=level
        )
    # Days cannot tell an arrival at the horizon from none; benefit can.
    gains = second > first if better == "later" else second < first
    return ArmComparison(
        settlements=tuple(settlements),
        horizon=float(horizon),
        better=better,
        arrivals=arrivals,
        benefit=gains.mean(axis=0),
        people_days=people,
        people_benefit=float(people.less[0]) if people else None,
    )
