"""Claims: what a source says that was so in the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, ClassVar

from chronicle.domain.base import Claim, half_open, stored, title
from chronicle.domain.fields import Rule, choice, ident, optional
from chronicle.domain.references import route_id
from chronicle.domain.vocabulary import INCIDENT_KINDS, NAMELESS

__all__ = [
    "ControlReported",
    "DisplacementReported",
    "IncidentReported",
    "LegendReported",
    "RouteStatusReported",
    "SupportReported",
]


def _graded(event: Any, stem: str) -> None:
    """Low, best and high of one figure must not contradict each other."""
    names = (
        (f"{stem}_low", stem, f"{stem}_high") if stem else ("low", "persons", "high")
    )
    known = [(name, getattr(event, name)) for name in names]
    known = [(name, value) for name, value in known if value is not None]
    for (_, smaller), (name, larger) in pairwise(known):
        if smaller > larger:
            raise event._refuse(name, "low, best and high must not decrease")


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ControlReported(Claim):
    """From *valid_from* on, *settlement* was under *controller* in the way of *status*.

    `contested`, `vacated` and `unknown` name no controller, the others must. A night
    is dated by the day that it follows. `since` and `until` bound the true day with
    precision *span*. A *baseline* is assumed at the start, and nobody reported it.
    """

    TYPE: ClassVar[str] = "control-reported"
    OWN: ClassVar[Mapping[str, Rule]] = {"kind": choice("", *INCIDENT_KINDS)}

    settlement: str
    controller: str | None = None
    status: str = "held"
    valid_from: date
    time_of_day: str = ""
    precision: str = "day"
    since: date | None = None
    until: date | None = None
    from_actor: str | None = None
    kind: str = ""
    claimed_by: str = ""
    baseline: bool = False

    @property
    def since_day(self) -> date:
        return self.valid_from

    def _agree(self) -> None:
        if (self.controller is None) != (self.status in NAMELESS):
            has = "no controller" if self.status in NAMELESS else "a controller"
            raise self._refuse("controller", f"status {self.status!r} has {has}")
        half_open(self)


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class DisplacementReported(Claim):
    """*counter* counted *persons* displaced: a stock on *valid_on*, or a flow.

    A flow happened over `[since, until)`; where the source gives no span, *valid_on*
    is the day as of which it counted. `includes` names reports whose people are
    counted here too. `persons` None: the source gave no number of persons.
    """

    TYPE: ClassVar[str] = "displacement-reported"

    measure: str
    category: str
    persons: int | None = None
    low: int | None = None
    high: int | None = None
    qualifier: str = ""
    area: str = ""
    settlement: str | None = None
    origin: str | None = None
    destination: str | None = None
    counter: str = ""
    valid_on: date | None = None
    since: date | None = None
    until: date | None = None
    includes: tuple[str, ...] = ()

    OWN: ClassVar[Mapping[str, Rule]] = {"settlement": optional(ident)}

    @property
    def since_day(self) -> date:
        """A stock's day; for a flow the day as of which it was counted.

        When one of several amendments is taken back, the others may leave no day at
        all; then it is the last day there is, so that the figure holds on no other.
        """
        return self.valid_on or self.until or self.since or date.max

    def _agree(self) -> None:
        half_open(self)
        _graded(self, "")
        if self.measure == "stock" and self.valid_on is None:
            raise self._refuse("valid_on", "a stock is true on a day")
        if self.valid_on is None and (self.since is None or self.until is None):
            raise self._refuse("valid_on", "a flow needs a day or a span")


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported(Claim):
    """Something happened on *valid_from*; who did it is alleged, never known.

    An *aggregate* counts several incidents and may not be added to them.
    """

    TYPE: ClassVar[str] = "incident-reported"
    OWN: ClassVar[Mapping[str, Rule]] = {
        "kind": choice(*INCIDENT_KINDS),
        "settlement": optional(ident),
    }

    kind: str
    valid_from: date
    settlement: str | None = None
    area: str = ""
    time_of_day: str = ""
    precision: str = "day"
    since: date | None = None
    until: date | None = None
    alleged_actor: str | None = None
    claimed_by: str = ""
    killed: int | None = None
    killed_low: int | None = None
    killed_high: int | None = None
    injured: int | None = None
    injured_low: int | None = None
    injured_high: int | None = None
    civilians: str = ""
    disputed: bool = False
    aggregate: bool = False

    @property
    def since_day(self) -> date:
        return self.valid_from

    def _agree(self) -> None:
        half_open(self)
        _graded(self, "killed")
        if self.injured_low is not None or self.injured_high is not None:
            _graded(self, "injured")  # one figure alone contradicts nothing


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class SupportReported(Claim):
    """*backer* is said to back the actor *backed* with *support* from *valid_from*."""

    TYPE: ClassVar[str] = "support-reported"

    backer: str  # as the source calls it: a state, an alliance, a group
    backed: str
    support: str = ""
    valid_from: date

    @property
    def since_day(self) -> date:
        return self.valid_from


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStatusReported(Claim):
    """From *valid_from* until *until* (if known) a route was shut, or open again."""

    TYPE: ClassVar[str] = "route-status-reported"

    settlement_a: str
    settlement_b: str
    shut: bool
    valid_from: date
    time_of_day: str = ""
    until: date | None = None

    @property
    def since_day(self) -> date:
        return self.valid_from

    @property
    def route(self) -> str:
        """The id of the route."""
        return route_id(self.settlement_a, self.settlement_b)

    def _agree(self) -> None:
        if self.settlement_a == self.settlement_b:
            raise self._refuse("settlement_b", "must be another settlement")
        if self.until is not None and not self.valid_from < self.until:
            raise self._refuse("until", "must be later than 'valid_from'")


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class LegendReported(Claim):
    """On the map *legend*, from *valid_from* on, *colour* (a word) *means* that side.

    Colours change meaning from map to map and from year to year, so a colour names
    nobody without the map and the date.
    """

    TYPE: ClassVar[str] = "legend-reported"
    OWN: ClassVar[Mapping[str, Rule]] = {"colour": title}

    legend: str
    colour: str
    means: str
    valid_from: date

    @property
    def since_day(self) -> date:
        return self.valid_from
