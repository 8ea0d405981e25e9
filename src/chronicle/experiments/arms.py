"""An arm of a run, what it says of each place and day, and arms side by side.

Everything here is of the settlements *at risk*: those that a defender holds at the
branch. *Never* means: not within the horizon.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.state import State
from chronicle.simulation.compiled.engine import Results
from chronicle.verification.comparison import ArmComparison, compare_arms
from chronicle.verification.outcomes import Forecast, chances_by_day, from_fall_days

__all__ = [
    "BASELINE",
    "NEVER",
    "Arm",
    "ForecastTask",
    "chosen_replicas",
    "comparison",
    "label_of",
    "slug_of",
]

BASELINE = "baseline"
NEVER = "never"
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)

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
