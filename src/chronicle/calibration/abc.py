"""Which parameters could have made what was seen: batch rejection ABC.

A bank of simulations from the prior is made once. Distances between raw data are a poor
guide to parameters (the check of `recoveries` fails on them), so that summaries are
learned first: the best prediction of each parameter from the data, which is the
summary of least loss (semi-automatic ABC; Fearnhead and Prangle 2012, JRSS B
74:419-474). The nearest share of the bank is accepted and moved by a local-linear
regression (Beaumont, Zhang and Balding 2002, Genetics 162:2025-2035), in the logit of
where in its range a parameter lies, so that none leaves it.

Parameters are *shares* here: 0 is the low end of the prior's range, 1 the high end, on
the scale of the table. Sums run in the order of the linear algebra library, so that
the last digits of a fit may differ between machines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import UsageError
from chronicle.simulation.random_streams import (
    normal_of_array,
    stream_key,
    uniform,
    uniform_array,
)
from chronicle.verification.chance import HIDDEN, RESAMPLE

__all__ = ["Accepted", "Summaries", "accept", "learn", "resampled"]

Floats = NDArray[np.float64]

HIDDEN_FEATURES = 256
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # of the ridge, per simulation
_HELD_OUT = 5  # one simulation in so many chooses the penalty
_FAR = 6.0  # standard deviations beyond which a feature says no more
_EDGE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Summaries:
    """A learned map from features (R, F) to one summary a parameter (R, K).

    Linear in the `kept` features and in rectified random mixtures of them (random
    features; Rahimi and Recht 2008). `explained` is, for each parameter, the share of
    its prior variance that the summary explains in simulations it was not fitted on.
    """

    kept: NDArray[np.int64]
    centre: Floats
    scale: Floats
    mixture: Floats
    offset: Floats
    coefficients: Floats
    explained: Floats

    def of(self, features: Floats) -> Floats:
        """The summaries (R, K) of *features* (R, F)."""
        found: Floats = self._basis(features) @ self.coefficients
        return found

    def _basis(self, features: Floats) -> Floats:
        plain = (features[:, self.kept] - self.centre) / self.scale
        plain = np.clip(plain, -_FAR, _FAR)
        bent = np.maximum(plain @ self.mixture + self.offset, 0.0)
        return np.concatenate([np.ones((len(plain), 1)), plain, bent], axis=1)


def learn(
    features: Floats, shares: Floats, *, seed: int, hidden: int = HIDDEN_FEATURES
) -> Summaries:
    """Learn to predict *shares* (R, K) from *features* (R, F) by ridge regression.

    The penalty is chosen by parameter on simulations held out, then all are fitted.
    Raises `UsageError` for a bank too small to learn from, or all alike.
    """
    if len(features) < 100:
        raise UsageError(f"a bank of {len(features)} simulations: at least 100")
    spread = features.std(axis=0)
    kept = np.flatnonzero(spread > 0)
    if not len(kept):
        raise UsageError("all simulations are alike: there is nothing to learn from")
    key = stream_key(seed, 0, HIDDEN)
    drawn = uniform_array(key, np.arange((len(kept) + 1) * hidden, dtype=np.uint64))
    weights = normal_of_array(drawn).reshape(len(kept) + 1, hidden)
    blank = Summaries(
        kept=kept,
        centre=features[:, kept].mean(axis=0),
        scale=spread[kept],
        mixture=weights[1:] / np.sqrt(len(kept)),
        offset=weights[0],
        coefficients=np.empty(0),
        explained=np.empty(0),
    )
    basis = blank._basis(features)
    held = np.arange(len(basis)) % _HELD_OUT == 0
    trials = _ridges(basis[~held], shares[~held])
    errors = [((basis[held] @ t - shares[held]) ** 2).mean(axis=0) for t in trials]
    best = np.argmin(errors, axis=0)
    final = _ridges(basis, shares)
    columns = range(shares.shape[1])
    coefficients = np.stack([final[best[k]][:, k] for k in columns], axis=1)
    explained: Floats = 1.0 - np.min(errors, axis=0) / shares[held].var(axis=0)
    return Summaries(
        kept=kept,
        centre=blank.centre,
        scale=blank.scale,
        mixture=blank.mixture,
        offset=blank.offset,
        coefficients=coefficients,
        explained=explained,
    )


def _ridges(basis: Floats, target: Floats) -> list[Floats]:
    """Least squares by penalty, which is on all coefficients but the constant."""
    gram, moments = basis.T @ basis, basis.T @ target
    found = []
    for penalty in PENALTIES:
        ridge = np.full(len(gram), penalty * len(basis))
        ridge[0] = 0.0
        solved = np.linalg.solve(gram + np.diag(ridge), moments)
        found.append(np.asarray(solved, dtype=np.float64))
    return found


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The accepted simulations: their `rows` in the bank, nearest first.

    `shares` (A, K) are theirs after adjustment, `weights` (A) sum to 1.
    """

    rows: NDArray[np.int64]
    shares: Floats
    weights: Floats

    def ranks(self, truth: Floats) -> Floats:
        """The posterior mass (K) below *truth* (K); half of what equals it."""
        below = (self.shares < truth) + 0.5 * (self.shares == truth)
        found: Floats = self.weights @ below
        return found

    def quantiles(self, levels: tuple[float, ...]) -> Floats:
        """The smallest shares (levels, K) with at least that much mass up to them."""
        found = np.empty((len(levels), self.shares.shape[1]))
        for k in range(self.shares.shape[1]):
            order = np.argsort(self.shares[:, k], kind="stable")
            mass = np.cumsum(self.weights[order])
            at = np.searchsorted(mass, np.array(levels) - 1e-12)
            found[:, k] = self.shares[order[np.minimum(at, len(order) - 1)], k]
        return found

    def contraction(self) -> Floats:
        """1 less the posterior variance (K) over that of the prior, 1/12."""
        mean = self.weights @ self.shares
        variance = self.weights @ (self.shares - mean) ** 2
        found: Floats = 1.0 - 12.0 * variance
        return found


def accept(
    observed: Floats, bank: Floats, shares: Floats, keep: int, *, adjust: bool = True
) -> Accepted:
    """Accept the *keep* simulations of *bank* (R, S) nearest to *observed* (S).

    Weights fall with distance (Epanechnikov) up to that of the farthest. Without
    *adjust* weights are equal and *shares* (R, K) stay as they were simulated: plain
    rejection.
    """
    if not 2 <= keep <= len(bank):
        raise UsageError(f"{keep} of {len(bank)} simulations cannot be accepted")
    apart = bank - observed
    far = np.einsum("rs,rs->r", apart, apart)
    near = np.argpartition(far, keep - 1)[:keep]
    near = near[np.lexsort((near, far[near]))]
    taken = shares[near]
    if not adjust:
        return Accepted(rows=near, shares=taken, weights=np.full(keep, 1.0 / keep))
    widest = far[near[-1]]
    # The farthest has weight 0; where all are as near as can be, all weigh the same.
    weights = 1.0 - far[near] / widest if widest > 0 else np.ones(keep)
    weights = weights / weights.sum() if weights.sum() > 0 else np.full(keep, 1 / keep)
    inside = np.clip(taken, _EDGE, 1.0 - _EDGE)
    logit = np.log(inside) - np.log1p(-inside)
    basis = np.concatenate([np.ones((keep, 1)), apart[near]], axis=1)
    root = np.sqrt(weights)[:, None]
    slope = np.linalg.lstsq(basis * root, logit * root, rcond=1e-8)[0][1:]
    moved = logit - apart[near] @ slope
    back = 1.0 / (1.0 + np.exp(-np.clip(moved, -30.0, 30.0)))
    return Accepted(rows=near, shares=back, weights=weights)


def resampled(accepted: Accepted, count: int, *, seed: int) -> Floats:
    """*count* equally likely rows of shares, by systematic resampling.

    A simulation stands in the rows as often as its weight says, rounded up or down.
    """
    start = uniform(stream_key(seed, 0, RESAMPLE), 0)
    points = (np.arange(count) + start) / count
    at = np.searchsorted(np.cumsum(accepted.weights), points)
    found: Floats = accepted.shares[np.minimum(at, len(accepted.weights) - 1)]
    return found
