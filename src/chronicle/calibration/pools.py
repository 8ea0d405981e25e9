"""Train the weights of the pool over a league of cases.

With the members' distributions by day as columns, the mean CRPS of their mean is a
convex quadratic form in the weights (Allen et al. 2024, arXiv 2411.16246), so the best
weights on the simplex are found exactly, as non-negative least squares. They are shrunk
to a fixed prior, because few cases cannot tell alike members apart. Then the two
parameters of a beta distribution are fitted, if that pays where it was not fitted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, nnls
from scipy.special import betainc

from chronicle.errors import UsageError
from chronicle.experiments.evaluate import (
    DayForecast,
    DayScores,
    reweighted,
    scored_day,
)
from chronicle.experiments.league_tables import record_of
from chronicle.verification.outcomes import whole_days
from chronicle.verification.pools import (
    MECHANISM,
    FoldWeights,
    LeagueRecord,
    Pool,
    SettingsPool,
    Weights,
)
from chronicle.version import __version__

__all__ = [
    "PRIOR_WEIGHTS",
    "SHRINKAGE",
    "prior_pool",
    "train_settings",
    "trained",
    "weights_of",
]

Floats = NDArray[np.float64]

PRIOR_WEIGHTS = {
    MECHANISM: 0.1,
    "nothing changes": 0.15,
    "constant-speed radius": 0.0,  # a single day, where its spread has many
    "constant-speed radius, spread": 0.05,
    "neighbours flip": 0.35,
    "constant hazard": 0.15,
    "hazard by distance": 0.2,
}
"""What weights are shrunk to: near equal, less for members that did badly here."""

SHRINKAGE = 0.01
"""Days squared: what a squared distance of 1 from the prior costs beside the CRPS."""

PAYS = 0.99  # of the CRPS without it: what a recalibration must reach where not fitted
_SUM = 1e3  # how hard non-negative least squares is held to weights that sum to 1


def prior_pool() -> SettingsPool:
    """The pool with the prior's weights, which has seen no league."""
    return SettingsPool(
        weights=Weights(members=dict(PRIOR_WEIGHTS)),
        without=(),
        league=LeagueRecord(regimes=()),
    )


def weights_of(days: Sequence[DayForecast], *, beta: bool = False) -> Weights:
    """The weights with the least mean CRPS over *days*, plus shrinkage.

    With *beta* that distribution is fitted after them. Each branch day counts alike,
    and in it each place. Raises `UsageError` without one.
    """
    if not days:
        raise UsageError("weights want at least one branch day")
    names = tuple(PRIOR_WEIGHTS)
    prior = np.array([PRIOR_WEIGHTS[name] for name in names])
    form = np.mean([_form(day, names) for day in days], axis=0)
    root = np.linalg.cholesky(form + SHRINKAGE * np.eye(len(names)))
    target = np.linalg.solve(root, SHRINKAGE * prior)
    rows = np.vstack([root.T, np.full((1, len(names)), _SUM)])
    found, _ = nnls(rows, np.append(target, _SUM))
    found /= found.sum()
    shares = [round(float(one), 4) for one in found]
    most = int(np.argmax(shares))
    shares[most] = round(shares[most] + 1.0 - sum(shares), 4)
    weights = Weights(members=dict(zip(names, shares, strict=True)))
    return _recalibrated(days, weights) if beta else weights


def _form(day: DayForecast, names: Sequence[str]) -> Floats:
    """The quadratic form (K, K) of a branch day's mean CRPS in the weights."""
    members = {one.name: one for one in day.published.members}
    horizon = day.truth.horizon
    fallen = _fallen(day)
    apart = np.stack([members[name].by_day(horizon)[:, :-1] - fallen for name in names])
    found: Floats = np.einsum("kpt,lpt->kl", apart, apart) / len(day.truth)
    return found


def _fallen(day: DayForecast) -> Floats:
    """1 where a place (P) has fallen by the end of a day before the horizon, else 0."""
    observed = whole_days(day.truth.observed)
    upto = np.arange(int(day.truth.horizon))
    found: Floats = (observed[:, None] <= upto).astype(np.float64)
    return found


def _recalibrated(days: Sequence[DayForecast], weights: Weights) -> Weights:
    """The same weights with the beta distribution of the least mean CRPS."""
    plain = [
        (_with(day, weights).published.chances[:, :-1], _fallen(day)) for day in days
    ]

    def cost(log_beta: Floats) -> float:
        a, b = np.exp(log_beta)
        scores = [
            float(((betainc(a, b, chances) - seen) ** 2).sum(axis=1).mean())
            for chances, seen in plain
        ]
        return float(np.mean(scores)) + SHRINKAGE * float((log_beta**2).sum()) / 10

    start = np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 0.3]])  # the first: as it is
    found = minimize(
        cost,
        start[0],
        method="Nelder-Mead",
        options={"xatol": 1e-3, "initial_simplex": start},
    )
    a, b = np.clip(np.exp(found.x), 0.1, 10.0)
    return Weights(
        members=weights.members, beta=(round(float(a), 3), round(float(b), 3))
    )


def _with(day: DayForecast, weights: Weights) -> DayForecast:
    """The branch day with other weights."""
    alone = SettingsPool(weights=weights, without=(), league=LeagueRecord(regimes=()))
    return reweighted(day, alone)


def train_settings(
    days: Sequence[DayForecast],
) -> tuple[SettingsPool, tuple[DayScores, ...]]:
    """Weights of all folds, and of all but each; and the scores, each fold left out.

    A recalibration is kept only where it takes a hundredth off the mean CRPS of folds
    that it was not fitted on. Raises `UsageError` for fewer than two folds.
    """
    folds = sorted({day.day.case.fold for day in days})
    if len(folds) < 2:
        raise UsageError(
            f"weights are judged on folds that they have not seen: {len(folds)} is too "
            "few, name cases of two folds or more"
        )
    best: tuple[float, SettingsPool, tuple[DayScores, ...]] | None = None
    for beta in (False, True):
        pool = SettingsPool(
            weights=weights_of(days, beta=beta),
            without=tuple(
                FoldWeights(
                    fold=fold,
                    weights=weights_of(
                        [day for day in days if day.day.case.fold != fold], beta=beta
                    ),
                )
                for fold in folds
            ),
            league=LeagueRecord(regimes=()),
        )
        scores = tuple(scored_day(reweighted(day, pool)) for day in days)
        crps = float(np.mean([one.crps for one in scores]))
        if best is None or crps < PAYS * best[0]:
            best = crps, pool, scores
    assert best is not None
    _, pool, scores = best
    known = SettingsPool(
        weights=pool.weights, without=pool.without, league=record_of(scores)
    )
    return known, scores


def trained(
    settings: dict[str, SettingsPool],
    days: Sequence[DayForecast],
    *,
    replicas: int,
    seed: int,
) -> Pool:
    """The file's content: the settings, and what they were trained on."""
    names = "\n".join(sorted(day.day.name for day in days))
    return Pool(
        format=1,
        league=hashlib.sha256(names.encode()).hexdigest(),
        branch_days=len(days),
        replicas=replicas,
        seed=seed,
        chronicle=__version__,
        settings=settings,
    )
