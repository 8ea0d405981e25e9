"""Forecasts over a league of cases: what was published, the mechanism, and the rest.

Each branch day knows what had been published by then, and its case's fold is left out
of the weights that it is forecast with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chronicle.api import Chronicle
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import UsageError
from chronicle.experiments.arms import Arm
from chronicle.experiments.league import BranchDay, Case
from chronicle.experiments.prepare import prepared
from chronicle.experiments.published import Published, published_of
from chronicle.experiments.verification import NEAR_KM
from chronicle.simulation.ensemble.execute import run as run_ensemble
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.start import defenders_of
from chronicle.verification.observed import arrivals_after
from chronicle.verification.outcomes import Arrivals
from chronicle.verification.pools import SettingsPool, shipped_pool
from chronicle.verification.scores import Scores, score
from chronicle.verification.total import TotalScore, count_by, score_total

__all__ = [
    "MOVING",
    "REGIMES",
    "DayForecast",
    "DayScores",
    "Fit",
    "LeagueProgress",
    "evaluate",
    "forecast_case",
    "reweighted",
    "scored_day",
]

Fit = Callable[[Scenario, Chronicle], Scenario]
"""Gives a scenario the posterior of its own record, or leaves it as it is."""

LeagueProgress = Callable[[str, int, int], None]
"""Called with a case's id, its branch days done, and its branch days in all."""

REGIMES = ("every", "static", "slow", "moving")
MOVING = 0.1  # of the places at risk that fall within the horizon


@dataclass(frozen=True, kw_only=True)
class DayForecast:
    """A branch day of the league, forecast, with what then came to pass."""

    day: BranchDay
    published: Published
    truth: Arrivals

    @property
    def fell(self) -> int:
        """How many places fell within the horizon."""
        return int(np.isfinite(self.truth.observed).sum())

    @property
    def regime(self) -> str:
        """*static* where nothing fell, *moving* where a tenth did, else *slow*."""
        if not self.fell:
            return "static"
        return "moving" if self.fell >= MOVING * len(self.truth) else "slow"


@dataclass(frozen=True, kw_only=True)
class DayScores:
    """The scores of a branch day: of the pool, the mechanism alone, the references."""

    forecast: DayForecast
    model: Scores
    mechanism: Scores
    references: tuple[Scores, ...]
    total: TotalScore
    near: NDArray[np.bool_]

    @property
    def crps(self) -> float:
        """Mean over the places at risk, in days."""
        return float(self.model.crps.mean())

    @property
    def crps_near(self) -> float | None:
        """The same of the places within `NEAR_KM` of the front; None without one."""
        found = self.model.crps[self.near]
        return float(found.mean()) if found.size else None

    @cached_property
    def crps_by_reference(self) -> dict[str, float]:
        """Mean over the places at risk, in days, by name."""
        return {one.name: float(one.crps.mean()) for one in self.references}

    def row(self) -> dict[str, object]:
        """The branch day as plain values."""
        forecast, summary = self.forecast, self.model.summary()
        return {
            "case": forecast.day.case.id,
            "attackers": "+".join(forecast.day.front.attackers),
            "branch": forecast.day.branch.isoformat(),
            "regime": forecast.regime,
            "at_risk": len(forecast.truth),
            "fell": forecast.fell,
            "said": self.total.said,
            "said_low": self.total.low,
            "said_high": self.total.high,
            "crps": self.crps,
            "crps_near": self.crps_near,
            "crps_total": self.total.crps,
            "log": summary["log"],
            "cover_50": summary["cover_50"],
            "cover_90": summary["cover_90"],
            "crps_mechanism": float(self.mechanism.crps.mean()),
            **{f"crps {name}": one for name, one in self.crps_by_reference.items()},
        }


def forecast_case(
    case: Case,
    *,
    replicas: int = 200,
    seed: int = 1,
    workers: int = 1,
    fit: Fit | None = None,
    pool: SettingsPool | None = None,
    progress: LeagueProgress | None = None,
) -> Iterator[DayForecast]:
    """All branch days of *case*, forecast with weights that know nothing of its fold.

    With *fit* the mechanism has the posterior that it gives; where it refuses, the
    prior. *pool* is the shipped one by default. Raises `UsageError` for a day on which
    the attackers have nothing to take, or whose horizon the record does not reach.
    """
    chronicle = case.chronicle()
    events = list(chronicle.log())
    for number, day in enumerate(case.days):
        if progress:
            progress(case.id, number, len(case.days))
        scenario = day.scenario(replicas=replicas, seed=seed)
        if fit is not None:
            scenario = fit(scenario, chronicle)
        yield _forecast(day, scenario, chronicle, events, pool, workers)
    if progress:
        progress(case.id, len(case.days), len(case.days))


def _forecast(
    day: BranchDay,
    scenario: Scenario,
    chronicle: Chronicle,
    events: Sequence[RecordedEvent],
    pool: SettingsPool | None,
    workers: int,
) -> DayForecast:
    ready = prepared(scenario, chronicle, people=False)
    outcome = run_ensemble(ready.ensembles[0], workers=workers)
    arm = Arm(names=(), results=outcome.results, digest=outcome.digest)
    published, why = published_of(
        arm,
        ready.question,
        scenario,
        ready.start,
        events,
        pool=pool,
        fold=day.case.fold,
    )
    if published is None:
        raise UsageError(f"{day.name}: {why}")
    truth = arrivals_after(
        events,
        branch=day.branch,
        horizon_days=scenario.horizon_days,
        defenders=defenders_of(scenario),
        published_by=scenario.published_by,
        lens=scenario.lens,
    )
    return DayForecast(day=day, published=published, truth=truth)


def scored_day(forecast: DayForecast) -> DayScores:
    """Score a branch day."""
    published, truth = forecast.published, forecast.truth
    samples = published.samples
    return DayScores(
        forecast=forecast,
        model=score(published.exact, truth),
        mechanism=score(published.mechanism, truth),
        references=tuple(score(one, truth) for one in published.references),
        total=score_total(count_by(samples, truth.horizon), forecast.fell),
        near=published.front_km <= NEAR_KM,
    )


def evaluate(
    cases: Sequence[Case],
    *,
    replicas: int = 200,
    seed: int = 1,
    workers: int = 1,
    fit: Fit | None = None,
    pool: SettingsPool | None = None,
    progress: LeagueProgress | None = None,
) -> tuple[DayScores, ...]:
    """Forecast and score all branch days of *cases*; `chronicle evaluate` prints it.

    Arguments as of `forecast_case`.
    """
    if pool is None and fit is not None:
        pool = shipped_pool().of("fitted")
    return tuple(
        scored_day(one)
        for case in cases
        for one in forecast_case(
            case,
            replicas=replicas,
            seed=seed,
            workers=workers,
            fit=fit,
            pool=pool,
            progress=progress,
        )
    )


def reweighted(forecast: DayForecast, pool: SettingsPool) -> DayForecast:
    """The same members with the weights of *pool* that know nothing of its fold."""
    weights = pool.leaving_out(forecast.day.case.fold)
    published = replace(forecast.published, pool=pool, weights=weights)
    return replace(forecast, published=published)
