"""What was tried on the pool for fronts that move, and what it took off the error.

    python benchmarks/pool_trials.py

The league from the prior, weights fitted by the least mean CRPS and shrunk as those of
`chronicle train`, each fold left out. Beside them: one set of weights for days before
which something fell in a week and another for all others, and a further member, a
hazard that falls off with the distance to the front at a rate that is fitted across
fronts, as are how it follows the falls of the last ten days and how it dies away.
The differences have 90 % intervals from whole folds resampled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from chronicle.calibration.pools import PRIOR_WEIGHTS, SHRINKAGE
from chronicle.experiments.evaluate import DayForecast, forecast_case
from chronicle.experiments.league import chosen_cases

Floats = NDArray[np.float64]
ACTIVE_DAYS, RATE_DAYS = 7, 10
NEW_MEMBER = 0.2  # the prior weight of the further member; the others share the rest
START = np.array([-7.0, 0.0, 3.0, 2.5])  # about 20 km, and twelve days
SEED, RESAMPLED = 7, 4000


@dataclass(frozen=True, kw_only=True)
class Day:
    """A branch day as arrays: chances by member, place and day, and what was seen."""

    fold: str
    members: Floats
    fallen: Floats
    km: Floats
    flips: Floats

    @property
    def active(self) -> bool:
        """Whether something fell in the last days, as published."""
        return bool(self.flips[-ACTIVE_DAYS:].sum())

    @property
    def share(self) -> float:
        """Which share of the places fell by the end."""
        return float(self.fallen[:, -1].mean())


def day_of(one: DayForecast) -> Day:
    """The arrays of a branch day."""
    horizon = one.truth.horizon
    members = {member.name: member for member in one.published.members}
    upto = np.arange(int(horizon) + 1)
    seen = (np.ceil(one.truth.observed)[:, None] <= upto).astype(np.float64)
    return Day(
        fold=one.day.case.fold,
        members=np.stack([members[name].by_day(horizon) for name in PRIOR_WEIGHTS]),
        fallen=seen,
        km=np.where(np.isfinite(one.published.front_km), one.published.front_km, 1e9),
        flips=np.asarray(one.published.past.flips, dtype=np.float64),
    )


def crps(chances: Floats, day: Day) -> float:
    """The mean CRPS in days of chances (P, days + 1)."""
    return float(((chances - day.fallen)[:, :-1] ** 2).sum(axis=1).mean())


def fitted(days: Sequence[Day], prior: Floats) -> Floats:
    """The weights of the least mean CRPS over *days*, shrunk to *prior*."""
    form = np.zeros((len(prior), len(prior)))
    for day in days:
        apart = (day.members - day.fallen)[:, :, :-1]
        form += np.einsum("kpt,lpt->kl", apart, apart) / len(day.fallen) / len(days)
    form += SHRINKAGE * np.eye(len(prior))
    pull = SHRINKAGE * prior
    found = minimize(
        lambda w: float(w @ form @ w - 2 * pull @ w),
        prior,
        jac=lambda w: 2 * form @ w - 2 * pull,
        bounds=[(0, 1)] * len(prior),
        constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1}],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    weights: Floats = found.x
    return weights


def left_out(days: Sequence[Day], prior: Floats, *, by_activity: bool) -> Floats:
    """The CRPS of each day, with weights that have not seen its fold."""
    found = []
    for day in days:
        others = [one for one in days if one.fold != day.fold]
        if by_activity:
            others = [one for one in others if one.active == day.active]
        weights = fitted(others, prior)
        found.append(crps(np.tensordot(weights, day.members, axes=1), day))
    return np.array(found)


def decaying(theta: Floats, day: Day) -> Floats:
    """Chances of a hazard that decays with distance and with days."""
    base, rate, reach, life = theta
    near = np.exp(-day.km / np.exp(reach))
    recent = day.flips[-RATE_DAYS:].sum() / RATE_DAYS
    hazard = near * (np.exp(base) + np.exp(rate) * recent / max(near.sum(), 1.0))
    days = np.exp(np.clip(life, 0.0, 8.0))
    spent = days * -np.expm1(-np.arange(day.fallen.shape[1]) / days)
    chances: Floats = -np.expm1(-hazard[:, None] * spent)
    return chances


def with_decaying(days: Sequence[Day]) -> list[Day]:
    """The days with the further member, fitted on other folds."""
    found = {}
    for fold in sorted({day.fold for day in days}):
        others = [day for day in days if day.fold != fold]
        fit = minimize(
            lambda theta, seen=others: np.mean(
                [crps(decaying(theta, d), d) for d in seen]
            ),
            START,
            method="Nelder-Mead",
            options={"maxiter": 150},
        )
        found[fold] = fit.x
    return [
        Day(
            fold=day.fold,
            members=np.concatenate([day.members, decaying(found[day.fold], day)[None]]),
            fallen=day.fallen,
            km=day.km,
            flips=day.flips,
        )
        for day in days
    ]


def told(
    name: str, days: Sequence[Day], scores: Floats, pool: Floats
) -> dict[str, Any]:
    """The means of a trial, and by how much it differs from the pool as it is."""
    share = np.array([day.share for day in days])
    apart = scores - pool
    groups = [
        apart[[day.fold == fold for day in days]]
        for fold in sorted({day.fold for day in days})
    ]
    chance = np.random.default_rng(SEED)
    means = [
        np.concatenate(
            [groups[n] for n in chance.integers(0, len(groups), len(groups))]
        )
        for _ in range(RESAMPLED)
    ]
    low, high = np.quantile([one.mean() for one in means], (0.05, 0.95))
    return {
        "trial": name,
        "crps": round(float(scores.mean()), 4),
        "less_the_pool": [round(float(x), 5) for x in (apart.mean(), low, high)],
        "static": round(float(scores[share == 0].mean()), 4),
        "slow": round(float(scores[(share > 0) & (share < 0.1)].mean()), 4),
        "moving": round(float(scores[share >= 0.1].mean()), 4),
    }


def main() -> None:
    """Print the trials as JSON."""
    days = [day_of(one) for case in chosen_cases(()) for one in forecast_case(case)]
    prior = np.array(list(PRIOR_WEIGHTS.values()))
    pool = left_out(days, prior, by_activity=False)
    more = with_decaying(days)
    wider = np.append(prior * (1 - NEW_MEMBER), NEW_MEMBER)
    best = list(PRIOR_WEIGHTS).index("hazard by distance")
    trials = {
        "the pool as it is": pool,
        "hazard by distance alone": np.array([crps(d.members[best], d) for d in days]),
        "weights by activity": left_out(days, prior, by_activity=True),
        "a decaying hazard more": left_out(more, wider, by_activity=False),
        "both": left_out(more, wider, by_activity=True),
    }
    print(json.dumps([told(n, days, s, pool) for n, s in trials.items()], indent=1))


if __name__ == "__main__":
    main()
