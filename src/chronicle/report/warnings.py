"""What a reader of a run must not overlook, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronicle.simulation.scenario import Scenario

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = ["coverage_alarm", "people_alarm", "posterior_alarm"]

LEAST_COVERED = 0.8  # of what was recorded, by intervals of nine replicas in ten
FAR_OFF = 0.5  # averaged relative difference; forecasting nobody at all has 1


def coverage_alarm(run: Run) -> str:
    """That intervals are too narrow, or could not be checked; "" for neither."""
    base = run.arms[0].label
    if run.verdict is None:
        why = run.no_verdict.removeprefix("no scores: ")
        return (
            f"no interval could be checked ({why}): nobody knows whether they are too "
            "narrow; do not lean on differences"
        )
    held = float(run.verdict.summary()["cover_90"])
    if held >= LEAST_COVERED:
        return ""
    return (
        f"intervals are too narrow here: those of 90% of the {base} held {held:.0%} of "
        "what was recorded; do not lean on differences"
    )


def people_alarm(run: Run) -> str:
    """That displaced people are far off, or were not compared; "" for neither.

    Nothing is said of a run without people.
    """
    if not run.arms[0].results.displaced.size:
        return ""
    if run.people_verdict is None:
        return "displaced people could not be compared with any figure"
    ard = run.people_verdict.ard.mean
    if ard is None or ard <= FAR_OFF:
        return ""
    return (
        f"displaced people are far off what was counted: averaged relative difference "
        f"{ard:.2f}, where 0 is best and 1 is that nobody is displaced"
    )


def posterior_alarm(scenario: Scenario) -> str:
    """That parameters were fitted to another branch day; "" for none or the same."""
    if scenario.posterior is None:
        return ""
    made, branch = scenario.posterior.made, scenario.branch_at
    if made.until == branch and made.published_by <= branch:
        return ""
    told = (
        f"parameters were fitted to {made.since} to {made.until} as published by "
        f"{made.published_by}, not to the branch on {branch}"
    )
    late = made.until > branch or made.published_by > branch
    return f"{told}: they know what came after it" if late else told
