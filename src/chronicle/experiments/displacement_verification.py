"""How many people a run has displaced where, against the figures reported later.

The figures are stocks of displaced people, of a day after the branch, in a settlement
or in a province by its P-code: others say nothing of a place that the model knows. The
forecast of an area is what was last counted there by the branch, and those who have
come since in the model. Beside it stand *no change* and the *trend* of the counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.displacement import figures_on, place_of
from chronicle.domain.events import DisplacementReported
from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent, effective_claims
from chronicle.experiments.arms import Arm, ForecastTask
from chronicle.experiments.displacement_references import CATEGORY, known_stock
from chronicle.verification.displacement import (
    AveragedRelativeDifference,
    averaged_relative_difference,
)
from chronicle.verification.intervals import order_statistics
from chronicle.verification.scoring_rules import crps

__all__ = [
    "CountedArea",
    "DisplacementVerification",
    "displacement_table",
    "displacement_verification_of",
]

LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedArea:
    """An area that somebody counted on a day, and what was forecast for it.

    `low`, `median` and `high` are of the replicas: `before`, as last counted by the
    branch on `counted_before` (None: nobody did, and it is 0), and those who have come
    since. `trend` is that the counts before the branch go on; without a `has_trend` it
    is *no change*, that is `before`.
    """

    day: date
    area: str
    counter: str
    counted: int
    low: float
    median: float
    high: float
    crps: float
    counted_before: date | None
    before: int
    trend: float
    has_trend: bool

    @property
    def inside(self) -> bool:
        """Whether nine replicas in ten lie on both sides of what was counted."""
        return self.low <= self.counted <= self.high


@dataclass(frozen=True, kw_only=True)
class DisplacementVerification:
    """The areas that were counted, by day and area, and the ARD of the medians.

    Forecasting that nobody is displaced has an ARD of 1. `no_change` and `trend` are
    the ARDs of these forecasts.
    """

    areas: tuple[CountedArea, ...]
    days: tuple[date, ...]
    ard: AveragedRelativeDifference
    no_change: AveragedRelativeDifference
    trend: AveragedRelativeDifference

    def worse_than(self) -> list[tuple[str, float]]:
        """The simple forecasts that the model does not beat, with their ARD.

        A trend that no count tells is not another forecast than *no change*.
        """
        ours = self.ard.mean
        simple = [("no change", self.no_change.mean)]
        if any(area.has_trend for area in self.areas):
            simple.append(("the trend of the last days", self.trend.mean))
        return [
            (name, ard)
            for name, ard in simple
            if ours is not None and ard is not None and ours >= ard
        ]

    def summary(self) -> dict[str, Any]:
        """The scores as plain values."""
        return {
            "ard": _rounded(self.ard.mean),
            "days": len(self.days),
            "figures": len(self.areas),
            "inside_90": round(sum(a.inside for a in self.areas) / len(self.areas), 4),
            "crps_persons": _mean(a.crps for a in self.areas),
            "ard_no_change": _rounded(self.no_change.mean),
            "crps_persons_no_change": _mean(
                abs(a.counted - a.before) for a in self.areas
            ),
            "ard_trend": _rounded(self.trend.mean),
            "crps_persons_trend": _mean(abs(a.counted - a.trend) for a in self.areas),
            "counted_before": sum(a.counted_before is not None for a in self.areas),
            "with_trend": sum(a.has_trend for a in self.areas),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _mean(persons: Iterable[float]) -> int:
    return round(float(np.mean(list(persons))))


def displacement_verification_of(
    arm: Arm, question: ForecastTask, start: State, events: Sequence[RecordedEvent]
) -> DisplacementVerification | None:
    """The verdict on the displaced people of *arm*; None where nothing can be compared.

    Nothing can without people by place and day, and without a figure of an area that
    has settlements of the model in it.
    """
    by_day = arm.results.hosted_by_day
    if not by_day.size:
        return None
    areas = []
    for figure, rows in _figures(question, start, events):
        day = (figure.since_day - question.branch_at).days
        known = known_stock(start.heard.figures, place_of(figure), question.branch_at)
        people = by_day[:, day - 1, rows].sum(axis=1, dtype=np.float64)
        people = np.maximum(people, 0.0) + known.persons  # expected numbers are rounded
        low, median, high = order_statistics(people[:, None], LEVELS)[:, 0].tolist()
        assert figure.persons is not None
        areas.append(
            CountedArea(
                day=figure.since_day,
                area=place_of(figure),
                counter=figure.counter,
                counted=figure.persons,
                low=low,
                median=median,
                high=high,
                crps=_crps(people, figure.persons),
                counted_before=known.counted,
                before=known.persons,
                trend=known.trend(question.branch_at, figure.since_day),
                has_trend=known.per_day is not None,
            )
        )
    if not areas:
        return None
    areas.sort(key=lambda area: (area.day, area.area))
    days = tuple(dict.fromkeys(area.day for area in areas))
    names = tuple(dict.fromkeys(area.area for area in areas))
    tables = np.zeros((4, len(days), len(names)))  # not counted: no error
    for area in areas:
        at = days.index(area.day), names.index(area.area)
        tables[:, at[0], at[1]] = area.median, area.before, area.trend, area.counted
    model, before, trend = (
        averaged_relative_difference(one, tables[3]) for one in tables[:3]
    )
    return DisplacementVerification(
        areas=tuple(areas), days=days, ard=model, no_change=before, trend=trend
    )


def _crps(people: NDArray[np.float64], counted: int) -> float:
    """The CRPS in persons; beyond the largest number there is nothing to censor."""
    end = max(float(people.max()), float(counted)) + 1.0
    return float(crps(people[:, None], [float(counted)], end)[0])


def _figures(
    question: ForecastTask, start: State, events: Sequence[RecordedEvent]
) -> list[tuple[DisplacementReported, list[int]]]:
    """The figures that can be compared, and the rows of the settlements in the area.

    Of figures of one area and day the last in order; none of a settlement in a province
    that was counted on the same day, which would count its people twice.
    """
    known = start.references.settlements
    provinces: dict[str, list[int]] = {}
    for row, id_ in enumerate(question.settlements):
        if code := known[id_].admin1_pcode:
            provinces.setdefault(code, []).append(row)
    rows = dict(
        zip(question.settlements, range(len(question.settlements)), strict=True)
    )
    standing = effective_claims(events, None).standing
    found: dict[tuple[date, str], tuple[DisplacementReported, list[int]]] = {}
    for day in question.days:
        for one in figures_on(standing, day):
            figure = one.claim
            assert isinstance(figure, DisplacementReported)
            if (figure.measure, figure.category) != ("stock", CATEGORY):
                continue
            if figure.persons is None or figure.since_day != day:
                continue
            if figure.area in provinces:
                found[day, figure.area] = figure, provinces[figure.area]
            elif not figure.area and figure.settlement in rows:
                place = figure.settlement
                found[day, place] = figure, [rows[place]]
    return [
        (figure, inside)
        for (day, _), (figure, inside) in found.items()
        if figure.area
        or (day, known[figure.settlement or ""].admin1_pcode) not in found
    ]


def displacement_table(verdict: DisplacementVerification) -> Table:
    """What was counted beside what was forecast, a row each."""
    columns = (
        *("day", "area", "counted", "p05", "p50", "p95", "inside_90", "counter"),
        *("no_change", "trend"),
    )
    rows = [
        (
            *(one.day, one.area, one.counted),
            *(round(value) for value in (one.low, one.median, one.high)),
            *("yes" if one.inside else "NO", one.counter),
            one.before if one.counted_before else None,
            round(one.trend) if one.has_trend else None,
        )
        for one in verdict.areas
    ]
    told = verdict.summary()
    notes = [
        f"ARD of the medians, mean of {told['days']} days: {told['ard']}; of no change "
        f"{told['ard_no_change']}, of the trend {told['ard_trend']}; 0 is best, 1 is "
        "that nobody is displaced",
        f"CRPS in persons: {told['crps_persons']:,}; of no change "
        f"{told['crps_persons_no_change']:,}, of the trend "
        f"{told['crps_persons_trend']:,}",
    ]
    missing = len(verdict.areas) - told["counted_before"]
    if missing:
        notes.append(
            f"of {missing} of the {len(verdict.areas)} no stock had been published by "
            "the branch: nobody is then taken to have been displaced there, which is "
            "too few"
        )
    if told["with_trend"] < len(verdict.areas):
        apart = len(verdict.areas) - told["with_trend"]
        notes.append(
            f"of {apart} of the {len(verdict.areas)} no two counts nor a flow tell a "
            "trend: it is then no change"
        )
    header = "WHAT-IF: displaced people against what was counted later"
    return Table(columns, rows, header, notes)
