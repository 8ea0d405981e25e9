"""Runs that were written to folders: side by side, and against a later record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chronicle.api import Chronicle
from chronicle.domain.table import Table
from chronicle.errors import InputError, UsageError
from chronicle.experiments.arms import Arm, comparison
from chronicle.experiments.files import Kept, read_run
from chronicle.experiments.tables import comparison_table, effect_told
from chronicle.experiments.verification import verification_of, verification_table

__all__ = ["compared_runs", "scored_run"]


def compared_runs(folders: Sequence[Path]) -> list[Table]:
    """Arms against baselines, a table each, paired by replica.

    The arms of a run against its baseline; of several runs also each baseline against
    that of the first. Raises `InputError` for runs that are not of the same places,
    days, seed and replicas: only with the same draws are replicas pairs.
    """
    runs = [read_run(folder) for folder in folders]
    found = []
    for run in runs:
        for arm in run.arms[1:]:
            told = comparison(run.arms[0], arm, run.question)
            found.append(comparison_table(arm, told, run.question))
    for other in runs[1:]:
        _check_pairs(runs[0], other)
        told = comparison(runs[0].arms[0], other.arms[0], runs[0].question)
        table = comparison_table(other.arms[0], told, runs[0].question)
        header = (
            f"WHAT-IF: {other.scenario.id} against {runs[0].scenario.id}, paired by "
            f"{told.arrivals.replicas} replicas with the same draws:\n"
            f"{effect_told(told)}"
        )
        found.append(replace(table, header=header))
    if not found:
        raise UsageError(
            "nothing to compare: one run with one arm; name another run, or give the "
            "scenario interventions"
        )
    return found


def _check_pairs(first: Kept, other: Kept) -> None:
    same = {
        "settlements": (first.question.settlements, other.question.settlements),
        "settlements at risk": (first.question.at_risk, other.question.at_risk),
        "horizon_days": (first.question.horizon_days, other.question.horizon_days),
        "branch_at": (first.question.branch_at, other.question.branch_at),
        "seed": (first.scenario.seed, other.scenario.seed),
        "replicas": (first.scenario.replicas, other.scenario.replicas),
    }
    for name, (ours, theirs) in same.items():
        if ours != theirs:
            raise InputError(
                f"{other.path} and {first.path} have other {name}: their replicas are "
                "no pairs; run both with the same"
            )


def scored_run(folder: Path, chronicle: Chronicle) -> Table:
    """The baseline arm of a run against *chronicle*, beside the baselines.

    Raises `InputError` where the branch cannot be found again in it, or where the run
    cannot be scored.
    """
    run = read_run(folder)
    scenario = run.scenario
    if chronicle.what_if:
        raise InputError(
            f"{chronicle.what_if} is a what-if; only a record can tell how good a "
            "run is"
        )
    start = chronicle.state(
        scenario.branch_at,
        scenario.known_at,
        scenario.published_by,
        scenario.lens,
    )
    arm: Arm = run.arms[0]
    at_risk = {run.question.settlements[row] for row in run.question.rows}
    held = {
        id_
        for id_, place in start.places.items()
        if place.control in scenario.forces[0].against
    }
    if at_risk != held:
        apart = ", ".join(sorted(at_risk ^ held)[:5])
        raise InputError(
            f"{folder} was not branched from this record: at the branch they differ "
            f"about {apart}"
        )
    verdict, why = verification_of(
        arm, run.question, scenario, start, list(chronicle.log())
    )
    if verdict is None:
        raise InputError(f"{folder}: {why}")
    return verification_table(verdict)
