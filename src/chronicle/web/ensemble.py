"""An ensemble as the page shows it: chances of falling by day, people arriving."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from chronicle.experiments.arms import Arm, ForecastTask
from chronicle.experiments.files import read_run

__all__ = ["ensemble_document"]

_DAY_ZERO = date(1970, 1, 1)
DECIMALS = 3  # of a chance; a thousand replicas tell no finer


def ensemble_document(folder: Path) -> dict[str, object]:
    """The run in *folder*; raises `InputError` where there is no whole one.

    `chances[place][n]` is that of having fallen by the end of the n-th day from `from`,
    the day of the branch; `hosted` are the people at each place at the end of the last
    day, on average over the replicas.
    """
    run = read_run(folder)
    question = run.question
    return {
        "title": run.scenario.title or run.scenario.id,
        "replicas": run.scenario.replicas,
        "seed": run.scenario.seed,
        "from": (question.branch_at - _DAY_ZERO).days,
        "settlements": list(question.at_risk),
        "hosts": list(question.settlements),
        "arms": [_arm(arm, question) for arm in run.arms],
    }


def _arm(arm: Arm, question: ForecastTask) -> dict[str, object]:
    by_day = arm.results.hosted_by_day
    hosted = by_day[:, -1, :].mean(axis=0).round().tolist() if by_day.size else []
    return {
        "label": arm.label,
        "chances": arm.chances(question).round(DECIMALS).tolist(),
        "hosted": [int(people) for people in hosted],
    }
