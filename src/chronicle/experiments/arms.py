"""An arm of a run, what it says of each place and day, and arms side by side.

Everything here is of the settlements *at risk*: those that a defender holds at the
branch. *Never* means: not within the horizon.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.simulation.compiled.engine import Results
from chronicle.simulation.rules import TRANSFERRED
from chronicle.verification.comparison import ArmComparison, compare_arms
from chronicle.verification.intervals import order_statistics
from chronicle.verification.outcomes import Forecast, chances_by_day, from_fall_days

if TYPE_CHECKING:
    from chronicle.experiments.published import Published

__all__ = [
    "BASELINE",
    "NEVER",
    "Arm",
    "ForecastTask",
    "arrivals_table",
    "chances_table",
    "chosen_replicas",
    "comparison",
    "comparison_table",
    "displaced_table",
    "effect_told",
    "hosted_table",
    "label_of",
    "slug_of",
]

BASELINE = "baseline"
NEVER = "never"
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
_LEVELS = ("p05", "p25", "p50", "p75", "p95")

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ForecastTask:
    """What all arms of a run answer: which places are at risk, from when, how long.

    `rows` are those of the places at risk among `settlements`.
    """

    branch_at: date
    horizon_days: int
    settlements: tuple[str, ...]
    names: tuple[str, ...]
    populations: tuple[int | None, ...]
    holders: tuple[str, ...]
    rows: tuple[int, ...]

    @classmethod
    def of(
        cls,
        start: State,
        settlements: Sequence[str],
        defenders: Sequence[str],
        branch_at: date,
        horizon_days: int,
    ) -> ForecastTask:
        """The question that *start* and the defenders give rise to."""
        known = start.references.settlements
        return cls(
            branch_at=branch_at,
            horizon_days=horizon_days,
            settlements=tuple(settlements),
            names=tuple(known[id_].name for id_ in settlements),
            populations=tuple(known[id_].population for id_ in settlements),
            holders=tuple(start.places[id_].control or "" for id_ in settlements),
            rows=tuple(
                row
                for row, id_ in enumerate(settlements)
                if start.places[id_].control in defenders
            ),
        )

    @property
    def at_risk(self) -> tuple[str, ...]:
        """The ids of the places at risk."""
        return tuple(self.settlements[row] for row in self.rows)

    @cached_property
    def labels(self) -> dict[str, str]:
        """What people call each settlement: its name, with its id where two share it.

        By id.
        """
        shared = {name for name, count in Counter(self.names).items() if count > 1}
        return {
            id_: f"{name} ({id_})" if name in shared else name
            for id_, name in zip(self.settlements, self.names, strict=True)
        }

    def day(self, number: float) -> date:
        """The date of the n-th day after the branch."""
        return self.branch_at + timedelta(days=int(number))

    def day_or_never(self, number: float) -> str:
        """That date as text, or *never*.

        Day 0 is no date that anything is forecast for: *by* the branch.
        """
        if not math.isfinite(number):
            return NEVER
        told = self.day(number).isoformat()
        return told if number > 0 else f"by {told}"

    @property
    def days(self) -> list[date]:
        """The days after the branch up to the horizon."""
        return [self.day(number) for number in range(1, self.horizon_days + 1)]


def label_of(names: Sequence[str]) -> str:
    """What messages call the arm of these orders."""
    return " + ".join(names) or BASELINE


def slug_of(names: Sequence[str]) -> str:
    """The label as part of a file name; labels that differ may have one slug.

    It begins with a letter or a digit, so that no tool takes it for an option, and has
    at most 120 bytes, as names of files are measured.
    """
    plain = "".join(c if c.isalnum() else "-" for c in label_of(names)).lower()
    short = plain.strip("-")[:60].encode()[:120].decode(errors="ignore")
    return short.rstrip("-") or "arm"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm: its orders by name, and the results of its replicas."""

    names: tuple[str, ...]
    results: Results
    digest: str

    @property
    def label(self) -> str:
        """What messages call it."""
        return label_of(self.names)

    @property
    def slug(self) -> str:
        """The label as part of a file name."""
        return slug_of(self.names)

    def samples(self, question: ForecastTask) -> Floats:
        """The arrivals (R, P) at the places at risk, infinity for never."""
        return from_fall_days(self.results.fall_day[:, list(question.rows)])

    def chances(self, question: ForecastTask) -> Floats:
        """The chance (P, days + 1) of having fallen by the end of each day."""
        return chances_by_day(self.samples(question), question.horizon_days)

    def forecast(self, question: ForecastTask) -> Forecast:
        """The arm as something that can be scored."""
        return Forecast(
            name=self.label,
            settlements=question.at_risk,
            samples=self.samples(question),
        )

    @property
    def people_days(self) -> Floats | None:
        """People-days displaced by replica (R); None in a run without people."""
        found: Floats = self.results.displaced.sum(axis=1)
        return found if self.results.displaced.size else None


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
    rows: list[tuple[Any, ...]] = []
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
    rows: list[tuple[Any, ...]] = [
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
    rows: list[tuple[Any, ...]] = []
    for row, id_ in enumerate(question.settlements if by_day.size else ()):
        found = _bands(by_day[:, :, row], question.days)
        rows += [(id_, *line) for line in found if any(line[1:])]
    header = f"WHAT-IF: displaced people by place and day, arm {arm.label}"
    return Table(("settlement", "day", *_LEVELS, "mean"), rows, header)


def _bands(values: NDArray[Any], days: Sequence[date]) -> list[tuple[Any, ...]]:
    """(day, five order statistics, mean) of values (R, D), in whole people."""
    if not values.size:
        return []
    ordered = order_statistics(values, SHARES).round().astype(np.int64).T.tolist()
    means = values.mean(axis=0, dtype=np.float64).round().astype(np.int64).tolist()
    return [
        (day, *line, mean) for day, line, mean in zip(days, ordered, means, strict=True)
    ]


def chosen_replicas(arm: Arm, count: int) -> list[int]:
    """Replicas spread evenly over how much falls, from least to most; 1: the median."""
    fallen = (arm.results.fall_day != 0).sum(axis=1)
    order = np.lexsort((np.arange(len(fallen)), fallen))
    count = min(count, len(order))
    return [int(order[int((n + 0.5) * len(order) / count)]) for n in range(count)]


def comparison(base: Arm, arm: Arm, question: ForecastTask) -> ArmComparison:
    """What *arm* changes, paired by replica: both had the same draws."""
    people = None
    if base.people_days is not None and arm.people_days is not None:
        people = base.people_days, arm.people_days
    return compare_arms(
        base.samples(question),
        arm.samples(question),
        question.at_risk,
        question.horizon_days,
        people_days=people,
    )


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


def _rounded(values: Sequence[Any]) -> tuple[Any, ...]:
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
