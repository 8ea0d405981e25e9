"""A run against what was recorded later, beside what any forecaster must beat.

Over all settlements at risk, those that never fell included. The baselines are fitted
on what was published by the branch, like the branch itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import UsageError
from chronicle.experiments.arms import Arm, ForecastTask
from chronicle.experiments.published import Published, published_of
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.start import defenders_of
from chronicle.verification.comparison import ScoreDifference, compare_scores, skill
from chronicle.verification.excluded import Unseen, unseen_of
from chronicle.verification.observed import arrivals_after
from chronicle.verification.outcomes import Arrivals
from chronicle.verification.scores import Scores, score
from chronicle.verification.total import TotalScore, count_by, score_total

__all__ = ["Verification", "recorded_days", "verification_of", "verification_table"]

NEAR_KM = 30.0

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Scores of what was published and of the baselines, and how far apart they are.

    `model` is the pool, or the mechanism alone where there is no pool; `mechanism` is
    one member of the pool. `differences` are the model's mean CRPS less that of each
    baseline, in days, with an interval from resampling whole provinces; below 0 the
    model is better. `near` are the places within `NEAR_KM` of the front by road,
    `total` the count of falls. `unseen` says why the branch had not seen the places
    that had fallen by then.
    """

    truth: Arrivals
    unseen: Unseen
    model: Scores
    mechanism: Scores
    total: TotalScore
    near: Bools
    baselines: tuple[Scores, ...]
    differences: tuple[ScoreDifference, ...]

    @property
    def best(self) -> int:
        """Which baseline has the least CRPS."""
        means = [float(one.crps.mean()) for one in self.baselines]
        return means.index(min(means))

    def worse_than(self) -> list[tuple[str, float, float]]:
        """The baselines that are better: name, by how many days of CRPS, their CRPS."""
        ours = float(self.model.crps.mean())
        return [
            (one.name, ours - float(one.crps.mean()), float(one.crps.mean()))
            for one in self.baselines
            if ours > float(one.crps.mean()) + 5e-5
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The baselines as plain values: their scores, and the model's lead."""
        mechanism = float(self.mechanism.crps.mean())
        return [
            {
                **_plain(one.summary()),
                "model_less_baseline_crps": _rounded(apart.mean),
                "low": _rounded(apart.low),
                "high": _rounded(apart.high),
                "skill": _rounded(apart.skill),
                "mechanism_skill": _rounded(skill(mechanism, float(one.crps.mean()))),
            }
            for one, apart in zip(self.baselines, self.differences, strict=True)
        ]

    def summary(self) -> dict[str, Any]:
        """The scores of the model as plain values; of the mechanism under its name."""
        already = int(self.truth.already.sum())
        crps = self.model.crps[self.near]
        return {
            **_plain(self.model.summary()),
            "already_out": already,
            "near_front": {
                "within_km": NEAR_KM,
                "settlements": int(self.near.sum()),
                "crps": _rounded(float(crps.mean())) if crps.size else None,
            },
            "total": {
                "said": _rounded(self.total.said),
                "seen": self.total.seen,
                "low": self.total.low,
                "high": self.total.high,
                "crps": _rounded(self.total.crps),
            },
            "mechanism": _plain(self.mechanism.summary()),
        }


def _plain(summary: dict[str, Any]) -> dict[str, Any]:
    return {key: _rounded(value) for key, value in summary.items()}


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


def verification_of(
    arm: Arm,
    question: ForecastTask,
    scenario: Scenario,
    start: State,
    events: Sequence[RecordedEvent],
    published: Published | None = None,
) -> tuple[Verification | None, str]:
    """The verdict on *published*, of *arm*; or None and why there is none.

    There is none for a branch with hindsight (a scenario without `published_by`, or
    with one after the branch), for a record that ends before the horizon does, and
    where nothing is at risk.
    """
    if scenario.hindsight:
        by = scenario.published_by
        clock = "is known now" if by is None else f"had been published by {by}"
        return None, (
            f"no scores: the branch is of the record as it {clock}, with hindsight; "
            "published_by on the branch day takes it away"
        )
    if published is None:
        published, why = published_of(arm, question, scenario, start, events)
        if published is None:
            return None, f"no scores: {why}"
    view: dict[str, Any] = {
        "branch": scenario.branch_at,
        "defenders": defenders_of(scenario),
        "published_by": scenario.published_by,
        "known_at": start.position,
        "lens": scenario.lens,
    }
    try:
        truth = arrivals_after(events, horizon_days=scenario.horizon_days, **view)
    except UsageError as early:
        return None, f"no scores: {early}"
    seed = scenario.seed
    mechanism = score(arm.forecast(question), truth, seed=seed)
    alone = published.alone
    model = mechanism if alone else score(published.exact, truth, seed=seed)
    scored = tuple(score(one, truth, seed=seed) for one in published.references)
    already = [
        id_ for id_, out in zip(truth.settlements, truth.already, strict=True) if out
    ]
    unseen = unseen_of(already, events, scenario)
    known = start.references.settlements
    groups = [known[i].admin1_pcode or known[i].admin1 or i for i in truth.settlements]
    apart = tuple(
        compare_scores(model.crps, one.crps, truth.settlements, groups=groups)
        for one in scored
    )
    counts = count_by(published.samples, scenario.horizon_days)
    found = Verification(
        truth=truth,
        unseen=unseen,
        model=model,
        mechanism=mechanism,
        total=score_total(counts, int(np.isfinite(truth.observed).sum())),
        near=published.front_km <= NEAR_KM,
        baselines=scored,
        differences=apart,
    )
    return found, ""


def recorded_days(verdict: Verification | None, question: ForecastTask) -> list[str]:
    """What the record says of each place at risk: a date or *never*; empty for none."""
    if verdict is None:
        return []
    return [question.day_or_never(day) for day in verdict.truth.observed.tolist()]


def verification_table(verdict: Verification) -> Table:
    """The published forecast, the mechanism alone and the baselines, a row each."""
    names = ("crps", "brier", "log", "cover_50", "cover_90", "pit_50", "pit_90")
    columns = ("forecast", *names, "model_ahead", "low", "high", "skill")
    ours = verdict.summary()
    alone = ours["mechanism"]
    nothing = (None, None, None, None)
    rows: list[tuple[Any, ...]] = [
        ("published, a pool", *(ours[n] for n in names), *nothing),
        (f"mechanism alone, {alone['forecast']}", *(alone[n] for n in names), *nothing),
    ]
    if verdict.model is verdict.mechanism:
        del rows[0]
    for row in verdict.rows():
        lead = row["model_less_baseline_crps"]
        rows.append(
            (
                row["forecast"],
                *(row[n] for n in names),
                *(None if x is None else -x for x in (lead, row["high"], row["low"])),
                row["skill"],
            )
        )
    truth = verdict.truth
    header = (
        f"Scores over {len(truth)} settlements at risk, {ours['fell']} of which fell; "
        "0 is best, CRPS in days"
    )
    notes = [
        "model_ahead: by how many days of CRPS what is published beats that forecast, "
        f"low to high its 90 % interval ({verdict.differences[0].groups} provinces "
        "resampled)"
    ]
    total, near = ours["total"], ours["near_front"]
    notes.append(
        f"falls in all: {total['said']:.1f} said ({total['low']} to {total['high']} at "
        f"90 %), {total['seen']} seen"
    )
    if near["settlements"]:
        notes.append(
            f"CRPS within {NEAR_KM:.0f} km of the front by road "
            f"({near['settlements']} of {len(truth)} at risk): {near['crps']:.3f}"
        )
    if verdict.unseen.places:
        notes.append(verdict.unseen.describe())
    return Table(columns, rows, header, notes)
