"""The arms of a run side by side: what each changes, and where they differ most.

Differences are paired by replica, as arms share their draws. The spread of an arm is
mostly that of the draws, which is why arms are not to be judged by their quantiles.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from chronicle.domain.table import Table
from chronicle.experiments.arms import BASELINE, ForecastTask
from chronicle.verification.comparison import paired

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = ["changes_table", "differing", "named", "places_table", "with_areas"]

PLACES = ("settlement", "came_from")  # columns that hold ids of places
ALIKE = 1e-9  # days: a smaller difference of means is none
PEOPLE_DAYS = (
    "people-days over the run: people displaced, summed over its days; they may be "
    "fewer while more people are displaced on the last day, and the other way round"
)


def changes_table(run: Run) -> Table:
    """How many places fewer or more fall by the horizon under each arm, and people.

    Means of the arm less the baseline over pairs of replicas, the half-width of the
    95 % interval of each, and in which share of the pairs there are fewer.
    """
    base = run.arms[0]
    fallen = np.isfinite(base.samples(run.question)).sum(axis=1)
    rows = []
    for arm in run.arms[1:]:
        ours = np.isfinite(arm.samples(run.question)).sum(axis=1)
        places = paired(fallen[:, None], ours[:, None], target_half_width=1.0)
        line: tuple[str | float | None, ...] = (
            arm.label,
            round(float(places.mean[0]), 2),
            _known(places.half_width[0], 2),
            round(float(places.less[0]), 4),
        )
        people = run.comparison(arm.label).people_days
        rows.append(
            (*line, None, None, None)
            if people is None
            else (
                *line,
                round(float(people.mean[0])),
                _known(people.half_width[0]),
                round(float(people.less[0]), 4),
            )
        )
    columns = (
        *("arm", "places_fallen", "half_width", "fewer_fall"),
        *("people_days_over_run", "people_half_width", "fewer_people_days"),
    )
    header = (
        f"WHAT-IF: arms less the {BASELINE} by the end of {run.question.days[-1]}, "
        f"paired by {run.scenario.replicas:,} replicas with the same draws"
    )
    notes = [PEOPLE_DAYS] if base.results.displaced.size else []
    return Table(columns, rows, header, notes)


def _known(value: float, digits: int | None = None) -> float | None:
    """None in place of NaN, which one replica alone has."""
    return None if np.isnan(value) else round(float(value), digits)


def differing(run: Run, most: int) -> list[int]:
    """Places at risk, as indices among them, on whose day an arm changes most.

    By the greatest mean difference among the arms, however many places that are.
    """
    means = [np.abs(run.comparison(a.label).arrivals.mean) for a in run.arms[1:]]
    greatest = np.max(means, axis=0)
    order = np.lexsort((np.arange(len(greatest)), -greatest))
    return [int(at) for at in order[:most] if greatest[at] > ALIKE]


def named(table: Table, question: ForecastTask) -> Table:
    """*table* with names of places in the stead of ids, as people read it."""
    names = question.labels
    at = [table.columns.index(c) for c in PLACES if c in table.columns]
    rows = [
        tuple(
            names.get(value, value) if i in at else value for i, value in enumerate(row)
        )
        for row in table.rows
    ]
    named_ = replace(table, rows=rows)
    if "name" not in table.columns or "settlement" not in table.columns:
        return named_
    left = table.columns.index("name")
    columns = ("place" if c == "settlement" else c for c in table.columns)
    return replace(
        named_,
        columns=tuple(c for c in columns if c != "name"),
        rows=[(*row[:left], *row[left + 1 :]) for row in rows],
    )


def with_areas(table: Table, run: Run) -> Table:
    """*table* with names of provinces and places in the stead of codes and ids."""
    known = run.start.references.settlements.values()
    names = {one.admin1_pcode: one.admin1 for one in known if one.admin1_pcode}
    names |= run.question.labels
    at = table.columns.index("area")
    rows = [
        (*row[:at], names.get(row[at]) or row[at], *row[at + 1 :]) for row in table.rows
    ]
    return replace(table, rows=rows)


def places_table(run: Run, most: int) -> Table:
    """By how many days later each place falls under each arm, with half-widths."""
    told = {arm.label: run.comparison(arm.label).arrivals for arm in run.arms[1:]}
    names = run.question.labels
    rows = []
    for at in differing(run, most):
        id_ = run.question.at_risk[at]
        cells = []
        for one in told.values():
            half = one.half_width[at]
            width = "" if np.isnan(half) else f" ± {half:.2f}"
            cells.append(f"{round(float(one.mean[at]), 2) + 0.0:+.2f}{width}")
        rows.append((names[id_], *cells))
    header = (
        "WHAT-IF: days later than under the baseline, counted within the horizon; "
        "where the arms change most"
    )
    return Table(("place", *told), rows, header)
