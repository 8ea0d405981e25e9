"""The tables of an arm: arrivals, chances, people, and what it changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.table import Table
from chronicle.simulation.rules import TRANSFERRED
from chronicle.verification.comparison import ArmComparison
from chronicle.verification.intervals import order_statistics

if TYPE_CHECKING:
    from chronicle.experiments.published import Published
from chronicle.experiments.arms import SHARES, Arm, ForecastTask

__all__ = [
    "arrivals_table",
    "chances_table",
    "comparison_table",
    "displaced_table",
    "effect_told",
    "hosted_table",
]

_LEVELS = ("p05", "p25", "p50", "p75", "p95")


def arrivals_table(
    arm: Arm,
    question: ForecastTask,
    recorded: Sequence[str] = (),
    published: Published | None = None,
    scored: Mapping[str, Sequence[float]] | None = None,
) -> Table:
    """When each place at risk falls: chance, order statistics, how, and where from.

    *p05* to *p95* are the smallest days by which that share of the replicas had lost
    the place, or *never*; *peaceful* is the share of the falls without violence, *came
    from* the place that most of the attacks came from. *recorded* is what the record
    says, one text a place. With *published* the chance and the order statistics are
    those of that pool, the chance by the arm alone stands in *mechanism*, and what is
    in *scored* follows as columns. *By* the branch day stands for a fall by then that
    nobody had reported.
    """
    columns: tuple[str, ...] = ("settlement", "name", "control", "chance", *_LEVELS)
    columns += ("peaceful", "came_from", *(("mechanism",) if published else ()))
    columns += ("recorded",) if recorded else ()
    more = scored or {}
    columns += tuple(more)
    results, samples = arm.results, arm.samples(question)
    told = samples if published is None else published.samples
    ordered = order_statistics(told, SHARES)
    said = () if published is None else published.chances[:, -1]
    rows: list[tuple[object, ...]] = []
    for place, row in enumerate(question.rows):
        fell = np.isfinite(samples[:, place])
        times = int(fell.sum())
        alone = times / len(samples)
        peaceful = (results.fall_kind[fell, row] == TRANSFERRED).sum() / max(times, 1)
        origins = results.fall_from[fell, row]
        counts = np.bincount(origins[origins >= 0], minlength=1)
        origin = question.settlements[counts.argmax()] if counts.any() else None
        line = (
            question.settlements[row],
            question.names[row],
            question.holders[row],
            round(alone if published is None else float(said[place]), 4),
            *(question.day_or_never(day) for day in ordered[:, place].tolist()),
            round(float(peaceful), 4) if times else None,
            origin,
            *(() if published is None else (round(alone, 4),)),
            *((recorded[place],) if recorded else ()),
            *(round(values[place], 4) for values in more.values()),
        )
        rows.append(line)
    notes = []
    if published is not None:
        notes.append(
            "chance and days are of the published pool; mechanism: the chance by the "
            "simulations alone, of which peaceful and came_from are"
        )
    if (told == 0.0).any():
        out = (told == 0.0).sum(axis=1).mean()
        notes.append(
            f"by {question.branch_at}: had fallen by the branch, unreported; "
            f"{out:.1f} places in the mean of the replicas"
        )
    header = (
        f"WHAT-IF, not what happened: when places fall within {question.horizon_days} "
        f"days of {question.branch_at}, arm {arm.label}"
    )
    return Table(columns, rows, header, notes)


def chances_table(
    arm: Arm, question: ForecastTask, published: Published | None = None
) -> Table:
    """P(fallen by the end of the day), a row for each place at risk and day."""
    chances = arm.chances(question) if published is None else published.chances
    rows: list[tuple[object, ...]] = [
        (id_, question.day(day), round(float(chances[place, day]), 4))
        for place, id_ in enumerate(question.at_risk)
        for day in range(1, question.horizon_days + 1)
    ]
    header = f"WHAT-IF: chance of having fallen by the end of a day, arm {arm.label}"
    return Table(("settlement", "day", "chance"), rows, header)


def displaced_table(arm: Arm, question: ForecastTask) -> Table:
    """People away from home at the end of each day, with bands, and who came back."""
    rows = _bands(arm.results.displaced, question.days)
    back = arm.results.returned.mean(axis=0).round().tolist()
    told = [(*row, int(mean)) for row, mean in zip(rows, back, strict=True)]
    header = f"WHAT-IF: people displaced since the branch, arm {arm.label}"
    return Table(("day", *_LEVELS, "mean", "returned"), told, header)


def hosted_table(arm: Arm, question: ForecastTask) -> Table:
    """Displaced people at each place by day, with bands; not where there are none."""
    by_day = arm.results.hosted_by_day
    rows: list[tuple[object, ...]] = []
    for row, id_ in enumerate(question.settlements if by_day.size else ()):
        found = _bands(by_day[:, :, row], question.days)
        rows += [(id_, *line) for line in found if any(line[1:])]
    header = f"WHAT-IF: displaced people by place and day, arm {arm.label}"
    return Table(("settlement", "day", *_LEVELS, "mean"), rows, header)


def _bands(
    values: NDArray[np.generic], days: Sequence[date]
) -> list[tuple[object, ...]]:
    """(day, five order statistics, mean) of values (R, D), in whole people."""
    if not values.size:
        return []
    ordered = order_statistics(values, SHARES).round().astype(np.int64).T.tolist()
    means = values.mean(axis=0, dtype=np.float64).round().astype(np.int64).tolist()
    return [
        (day, *line, mean) for day, line, mean in zip(days, ordered, means, strict=True)
    ]


def comparison_table(arm: Arm, told: ArmComparison, question: ForecastTask) -> Table:
    """The places where the arm makes a difference, the greatest first.

    The header says in a sentence whether there is an effect at all.
    """
    table = told.table()
    names = dict(zip(question.settlements, question.names, strict=True))
    rows = [
        (row[0], names[row[0]], *_rounded(row[1:]))
        for row, same in zip(table.rows, told.arrivals.same, strict=True)
        if same != 1.0
    ]
    rows.sort(key=lambda row: (-abs(row[2]), row[0]))
    notes = []
    if told.people_days is not None and told.people_benefit is not None:
        people = told.people_days
        notes.append(
            f"people-days over the run: {people.mean[0]:+,.0f} (mean, "
            f"{_give_or_take(people.half_width[0], people.level)}), fewer in "
            f"{told.people_benefit:.0%} of the replicas; "
            f"{_count(people.replicas_needed[0])} replicas needed for a hundredth of "
            f"the baseline, {_count(people.replicas_apart[0])} without shared draws"
        )
    header = (
        f"WHAT-IF: {arm.label} against the baseline, paired by "
        f"{told.arrivals.replicas} replicas with the same draws:\n{effect_told(told)}"
    )
    columns = (table.columns[0], "name", *table.columns[1:])
    return Table(columns, rows, header, notes)


def _give_or_take(half_width: float, level: float) -> str:
    """The half width of an interval in words; of one replica it is unknown."""
    if not np.isfinite(half_width):
        return "give or take what one replica cannot tell"
    return f"± {half_width:,.0f} at {level:.0%}"


def _rounded(values: Sequence[object]) -> tuple[object, ...]:
    """Values as they are told; an unknown one is None."""
    return tuple(
        v if not isinstance(v, float) else round(v, 4) if np.isfinite(v) else None
        for v in values
    )


def effect_told(told: ArmComparison) -> str:
    """Whether an arm changes when places fall, and people-days, beyond chance.

    Beyond it is a mean difference that exceeds the half width of its interval; of the
    places, one in twenty without any effect would.
    """
    one = told.arrivals
    places = len(told.settlements)
    same = int((one.same == 1.0).sum())
    if same == places:
        found = f"No effect on places: all {places} fall as they did in every replica"
    elif one.replicas == 1:
        found = (
            f"{places - same} of {places} places fall on another day; one replica "
            "cannot tell an effect from chance"
        )
    else:
        clear = int((np.abs(one.mean) > one.half_width).sum())
        found = (
            f"For {clear} of {places} places the mean difference exceeds its half width"
            if clear
            else "No effect on places can be told: no mean difference exceeds its half "
            "width"
        )
        found += f"; {same} of {places} fall as they did in every replica"
    people = told.people_days
    if people is None:
        return f"{found}."
    mean, half = float(people.mean[0]), float(people.half_width[0])
    if mean == 0.0 and people.same[0] == 1.0:
        more = "no effect"
    elif not abs(mean) > half:  # true of an unknown width
        more = "no effect can be told"
    else:
        more = "more than without" if mean > 0 else "fewer than without"
    return f"{found}. People-days over the run: {more}."


def _count(value: float) -> str:
    return "an unknown number of" if math.isnan(value) else f"{value:,.0f}"
