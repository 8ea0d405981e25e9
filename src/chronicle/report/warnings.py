"""What a reader of a run must not overlook, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronicle.report.pool import whose
from chronicle.simulation.scenario import Scenario

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = [
    "alarms",
    "coverage_alarm",
    "people_alarm",
    "people_left_out",
    "posterior_alarm",
    "skill_alarm",
]

LEAST_COVERED = 0.8  # of what was recorded, by intervals of nine replicas in ten
LEAST_TOLD = 0.5  # of the people at risk, that populations on record must make up
NOTHING = "nothing changes"
FAR_OFF = 0.5  # averaged relative difference; forecasting nobody at all has 1


def alarms(run: Run) -> list[str]:
    """All of what follows that is so of *run*, the worst first."""
    found = (
        skill_alarm(run),
        coverage_alarm(run),
        posterior_alarm(run.scenario),
        people_alarm(run),
    )
    return [alarm for alarm in found if alarm]


def coverage_alarm(run: Run) -> str:
    """That intervals are too narrow, or could not be checked; "" for neither."""
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
        f"intervals are too narrow here: those of 90% of {whose(run)} held {held:.0%} "
        "of what was recorded; do not lean on differences"
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
    if ard is None:
        return ""
    if why := _unlike(run):
        return f"displaced people could not be compared like with like: {why}"
    worse = run.people_verdict.worse_than()
    beaten = " and ".join(f"{name} ({simple:.2f})" for name, simple in worse)
    if ard <= FAR_OFF and not worse:
        return ""
    told = f"averaged relative difference {ard:.2f}"
    if ard > FAR_OFF:
        far = (
            "displaced people are far off what was counted: "
            f"{told}, where 0 is best and 1 is that nobody is displaced"
        )
        return f"{far}; no better than {beaten}" if worse else far
    return f"displaced people are no better forecast than by {beaten}: {told}"


def people_left_out(run: Run) -> str:
    """Why figures of displaced people are not shown large; "" where they may be.

    They are known to be wrong, or no better than to say that nothing changes or that
    the trend goes on, or stand on populations that nobody told: a place without one
    counts as 1,000 people, which is no figure to plan with.
    """
    if not run.arms[0].results.displaced.size:
        return ""
    guessed = run.network.guessed[list(run.question.rows)]
    people = run.network.population[list(run.question.rows)]
    told = float(people[~guessed].sum())
    if len(guessed) and told < LEAST_TOLD * float(people.sum()):
        return (
            f"the record has no population of {int(guessed.sum()):,} of the "
            f"{len(guessed):,} places at risk"
        )
    if why := _unlike(run):
        return why
    ard = None if run.people_verdict is None else run.people_verdict.ard.mean
    if ard is not None and ard > FAR_OFF:
        off = f"the mechanism is off by {ard:.0%} of what was counted"
        return f"{off} ({_direction(run)})"
    worse = [] if run.people_verdict is None else run.people_verdict.worse_than()
    if worse and ard is not None:
        name, simple = worse[0]
        return f"{name} is no worse a forecast of them ({simple:.2f} for {ard:.2f})"
    return ""


def _unlike(run: Run) -> str:
    """Why what was counted later is not what the mechanism has; "" where some is.

    It has the people since the branch, and with a count from before all; a later count
    of a place that nobody had counted by the branch has others as well.
    """
    areas = () if run.people_verdict is None else run.people_verdict.areas
    if not areas or any(area.counted_before is not None for area in areas):
        return ""
    figures = "one figure" if len(areas) == 1 else f"{len(areas)} figures"
    return (
        f"people were counted later ({figures}) where nobody had counted by the "
        "branch, and the mechanism has those since the branch alone"
    )


def _direction(run: Run) -> str:
    """Whether the model has too few people, or too many, where they were counted."""
    assert run.people_verdict is not None
    areas = run.people_verdict.areas
    few = sum(area.median < area.counted for area in areas)
    if 2 * few >= len(areas):
        return f"too few in {few} of {len(areas)} figures"
    return f"too many in {len(areas) - few} of {len(areas)} figures"


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


def skill_alarm(run: Run) -> str:
    """That what is published lost to simple forecasts, or no pool was; "" for neither.

    Above all to *nothing changes*, which anybody can say without a model.
    """
    if run.published is None:
        return (
            f"no pool was published ({run.no_pool}): these are simulations alone, "
            "which over the league of cases were far worse than simple forecasts"
        )
    if run.verdict is None:
        return ""
    ours = float(run.verdict.model.crps.mean())
    lost = run.verdict.worse_than()
    if not lost:
        return ""
    first = [one for one in lost if one[0] == NOTHING]
    best = max(lost, key=lambda one: one[1])
    told = ", and than ".join(
        f"{name} by {days:.3f} days of mean CRPS ({ours:.3f} for {theirs:.3f})"
        for name, days, theirs in dict.fromkeys([*first, best])
    )
    among = f", best of the {len(lost)} simple forecasts that beat it"
    return f"{whose(run)} is worse than {told}{among if len(lost) > 1 else ''}"
