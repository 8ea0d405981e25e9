"""Train the weights of the pool over a league of cases.

With the members' distributions by day as columns, the mean CRPS of their mean is a
convex quadratic form in the weights (Allen et al. 2024, arXiv 2411.16246), so the best
weights on the simplex are found exactly, as non-negative least squares. They are shrunk
to a fixed prior, because few cases cannot tell alike members apart. Then the two
parameters of a beta distribution are fitted, if that pays where it was not fitted.

One member is itself fitted over the league (`chronicle.calibration.hazards`). So that
its weight is not that of a forecast that knows the answer, each branch day counts with
coefficients that know nothing of its own fold, nor of the one that is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, nnls
from scipy.special import betainc

from chronicle.calibration.hazards import Hazards
from chronicle.errors import UsageError
from chronicle.experiments.evaluate import (
    DayForecast,
    DayScores,
    reweighted,
    scored_day,
)
from chronicle.experiments.league_tables import record_of
from chronicle.verification.outcomes import Forecast, whole_days
from chronicle.verification.pools import (
    FORMAT,
    MECHANISM,
    FoldWeights,
    LeagueRecord,
    Pool,
    SettingsPool,
    Weights,
    pooled_chances,
)
from chronicle.verification.self_exciting import SELF_EXCITING
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
    MECHANISM: 0.05,
    "nothing changes": 0.05,
    "constant-speed radius": 0.0,  # a single day, where its spread has many
    "constant-speed radius, spread": 0.02,
    "neighbours flip": 0.12,
    "constant hazard": 0.07,
    "hazard by distance": 0.09,
    SELF_EXCITING: 0.6,
}
"""What weights are shrunk to: most to what was fitted over fronts, else near equal,
less for members that did badly here."""

SHRINKAGE = 0.2
"""Days squared: what a squared distance of 1 from the prior costs beside the CRPS.

This and the prior were chosen out of twelve pairs by the CRPS of folds left out; the
twelve lay within two hundredths of one another.
"""

BETA_SHRINKAGE = 0.001  # days: of a squared distance of 1 in the logarithms
PAYS = 0.99  # of the CRPS without it: what a recalibration must reach where not fitted
_SUM = 1e3  # how hard non-negative least squares is held to weights that sum to 1


def prior_pool() -> SettingsPool:
    """The pool with the prior's weights, which has seen no league."""
    return SettingsPool(
        weights=Weights(members=dict(PRIOR_WEIGHTS)),
        without=(),
        league=LeagueRecord(regimes=()),
    )


def weights_of(
    days: Sequence[DayForecast],
    *,
    hazards: Hazards | None = None,
    without: str | None = None,
) -> Weights:
    """The weights with the least mean CRPS over *days*, plus shrinkage.

    Those of the fold *without* do not count. Each branch day counts alike, and in it
    each place. *hazards* are by default those of *days*. Raises `UsageError` without a
    day.
    """
    if not days:
        raise UsageError("weights want at least one branch day")
    hazards = hazards or Hazards(days)
    return _weights(_seen(days, hazards, without), hazards, without)


def _weights(
    seen: Sequence[DayForecast], hazards: Hazards, without: str | None
) -> Weights:
    """The weights with the least mean CRPS over the days *seen*, plus shrinkage."""
    names = tuple(PRIOR_WEIGHTS)
    prior = np.array([PRIOR_WEIGHTS[name] for name in names])
    form = np.mean([_form(day, names) for day in seen], axis=0)
    root = np.linalg.cholesky(form + SHRINKAGE * np.eye(len(names)))
    target = np.linalg.solve(root, SHRINKAGE * prior)
    rows = np.vstack([root.T, np.full((1, len(names)), _SUM)])
    found, _ = nnls(rows, np.append(target, _SUM))
    found /= found.sum()
    shares = [round(float(one), 4) for one in found]
    most = int(np.argmax(shares))
    shares[most] = round(shares[most] + 1.0 - sum(shares), 4)
    return Weights(
        members=dict(zip(names, shares, strict=True)),
        hazard=hazards.without(_set(without)),
    )


def _set(fold: str | None) -> frozenset[str]:
    return frozenset() if fold is None else frozenset((fold,))


def _seen(
    days: Sequence[DayForecast], hazards: Hazards, without: str | None
) -> list[DayForecast]:
    """The days outside the fold *without*, with coefficients that know neither fold."""
    left = _set(without)
    return [_day_of(day, hazards, left) for day in days if day.day.case.fold != without]


def _exact(day: DayForecast) -> DayForecast:
    """*day* with its members as chances, so that replicas are counted once."""
    published, horizon = day.published, day.truth.horizon

    def exact(one: Forecast) -> Forecast:
        return replace(one, samples=None, chances=one.by_day(horizon))

    return replace(
        day,
        published=replace(
            published,
            mechanism=exact(published.mechanism),
            references=tuple(exact(one) for one in published.references),
        ),
    )


def _day_of(day: DayForecast, hazards: Hazards, left: frozenset[str]) -> DayForecast:
    """*day* with coefficients that know nothing of its fold, and of the folds *left*.

    Where no fold is left beside those, only its own is left out.
    """
    own = frozenset((day.day.case.fold,))
    hazard = hazards.without(left | own) or hazards.without(own)
    return _with(day, Weights(members=dict(PRIOR_WEIGHTS), hazard=hazard))


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
    plain = []
    for day in days:
        members, horizon = day.published.members, day.truth.horizon
        mean = pooled_chances(members, weights, horizon).by_day(horizon)
        plain.append((mean[:, :-1], _fallen(day)))

    def cost(log_beta: Floats) -> float:
        a, b = np.exp(log_beta)
        scores = [
            float(((betainc(a, b, chances) - seen) ** 2).sum(axis=1).mean())
            for chances, seen in plain
        ]
        return float(np.mean(scores)) + BETA_SHRINKAGE * float((log_beta**2).sum())

    start = np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 0.3]])  # the first: as it is
    found = minimize(
        cost,
        start[0],
        method="Nelder-Mead",
        options={"xatol": 1e-3, "initial_simplex": start},
    )
    a, b = np.clip(np.exp(found.x), 0.1, 10.0)
    beta = round(float(a), 3), round(float(b), 3)
    return msgspec.structs.replace(weights, beta=beta)


def _with(day: DayForecast, weights: Weights) -> DayForecast:
    """The branch day with other weights."""
    alone = SettingsPool(weights=weights, without=(), league=LeagueRecord(regimes=()))
    return reweighted(day, alone)


def train_settings(
    days: Sequence[DayForecast], *, drawn: str = "prior"
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
    hazards = Hazards(days)
    exact = [_exact(day) for day in days]
    seen = {fold: _seen(exact, hazards, fold) for fold in (None, *folds)}
    plain = {fold: _weights(seen[fold], hazards, fold) for fold in seen}
    best: tuple[float, SettingsPool] | None = None
    for beta in (False, True):
        made = plain
        if beta:
            made = {fold: _recalibrated(seen[fold], plain[fold]) for fold in seen}
        pool = SettingsPool(
            weights=made[None],
            without=tuple(FoldWeights(fold=fold, weights=made[fold]) for fold in folds),
            league=LeagueRecord(regimes=()),
        )
        crps = float(np.mean([_crps(reweighted(day, pool)) for day in exact]))
        if best is None or crps < PAYS * best[0]:
            best = crps, pool
    assert best is not None
    _, pool = best
    scores = tuple(scored_day(reweighted(day, pool)) for day in days)
    known = SettingsPool(
        weights=pool.weights,
        without=pool.without,
        league=record_of(scores),
        drawn=drawn,
    )
    return known, scores


def _crps(day: DayForecast) -> float:
    """The mean CRPS of what is published, in days."""
    apart = day.published.chances[:, :-1] - _fallen(day)
    return float((apart**2).sum(axis=1).mean())


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
        format=FORMAT,
        league=hashlib.sha256(names.encode()).hexdigest(),
        branch_days=len(days),
        replicas=replicas,
        seed=seed,
        chronicle=__version__,
        settings=settings,
    )
