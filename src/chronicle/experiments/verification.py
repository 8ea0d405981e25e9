"""A run against what was recorded later, beside what any forecaster must beat.

Over all settlements at risk, those that never fell included. The baselines are fitted
on what was published by the branch, like the branch itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chronicle.domain.events import ControlReported
from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import UsageError
from chronicle.experiments.arms import Arm, ForecastTask
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.start import attackers_of, defenders_of
from chronicle.verification.comparison import ScoreDifference, compare_scores
from chronicle.verification.distances import by_road
from chronicle.verification.excluded import Unseen, unseen_of
from chronicle.verification.observed import arrivals_after, past_of, roads_of
from chronicle.verification.outcomes import Arrivals
from chronicle.verification.reference_forecasts import reference_forecasts
from chronicle.verification.scores import Scores, score

__all__ = ["Verification", "recorded_days", "verification_of", "verification_table"]

MOST_REPLICAS = 1000  # of the baseline that has to be simulated


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Scores of the model and of the baselines, and how far apart they are.

    `differences` are the model's mean CRPS less that of each baseline, in days, with an
    interval from resampling whole provinces; below 0 the model is better. `unseen` says
    why the branch had not seen the places that had fallen by then.
    """

    truth: Arrivals
    unseen: Unseen
    model: Scores
    baselines: tuple[Scores, ...]
    differences: tuple[ScoreDifference, ...]

    @property
    def best(self) -> int:
        """Which baseline has the least CRPS."""
        means = [float(one.crps.mean()) for one in self.baselines]
        return means.index(min(means))

    def rows(self) -> list[dict[str, Any]]:
        """The baselines as plain values: their scores, and the model's lead."""
        return [
            {
                **_plain(one.summary()),
                "model_less_baseline_crps": _rounded(apart.mean),
                "low": _rounded(apart.low),
                "high": _rounded(apart.high),
                "skill": _rounded(apart.skill),
            }
            for one, apart in zip(self.baselines, self.differences, strict=True)
        ]

    def summary(self) -> dict[str, Any]:
        """The scores of the model as plain values."""
        already = int(self.truth.already.sum())
        return {**_plain(self.model.summary()), "already_out": already}


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
) -> tuple[Verification | None, str]:
    """The verdict on *arm*, or None and why there is none.

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
    if not question.rows:
        return None, "no scores: no settlement is at risk"
    defenders = defenders_of(scenario)
    view: dict[str, Any] = {
        "branch": scenario.branch_at,
        "defenders": defenders,
        "published_by": scenario.published_by,
        "known_at": start.position,
    }
    try:
        truth = arrivals_after(events, horizon_days=scenario.horizon_days, **view)
    except UsageError as early:
        return None, f"no scores: {early}"
    first = _first_day(events, scenario.branch_at)
    attackers = attackers_of(scenario)
    past = past_of(events, since=first, attackers=attackers, **view)
    roads = roads_of(start)
    replicas = min(scenario.replicas, MOST_REPLICAS)
    made = reference_forecasts(
        past,
        roads,
        by_road(roads),
        scenario.horizon_days,
        replicas=replicas,
        seed=scenario.seed,
    )
    model = score(arm.forecast(question), truth, seed=scenario.seed)
    scored = tuple(score(one, truth, seed=scenario.seed) for one in made)
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
    found = Verification(
        truth=truth, unseen=unseen, model=model, baselines=scored, differences=apart
    )
    return found, ""


def _first_day(events: Sequence[RecordedEvent], branch: date) -> date:
    days = [r.event.valid_from for r in events if isinstance(r.event, ControlReported)]
    return min([day for day in days if day < branch], default=branch)


def recorded_days(verdict: Verification | None, question: ForecastTask) -> list[str]:
    """What the record says of each place at risk: a date or *never*; empty for none."""
    if verdict is None:
        return []
    return [question.day_or_never(day) for day in verdict.truth.observed.tolist()]


def verification_table(verdict: Verification) -> Table:
    """The model and the baselines, a row each."""
    names = ("crps", "brier", "log", "cover_50", "cover_90", "pit_50", "pit_90")
    columns = ("forecast", *names, "model_ahead", "low", "high", "skill")
    ours = verdict.summary()
    first = (ours["forecast"], *(ours[n] for n in names), None, None, None, None)
    rows: list[tuple[Any, ...]] = [(f"model, {first[0]}", *first[1:])]
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
        f"model_ahead: by how many days of CRPS the model beats that forecast, low to "
        f"high its 90 % interval ({verdict.differences[0].groups} provinces resampled)"
    ]
    if verdict.unseen.places:
        notes.append(verdict.unseen.describe())
    return Table(columns, rows, header, notes)
