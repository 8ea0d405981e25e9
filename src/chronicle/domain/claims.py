"""Claims: what a source says that was so in the world."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, ClassVar

from chronicle.domain.base import Claim, Precision, TimeOfDay, half_open, stored
from chronicle.domain.fields import (
    Count,
    Day,
    Flag,
    Id,
    Name,
    Title,
    choice,
    rule_of,
    several,
)
from chronicle.domain.references import route_id
from chronicle.domain.vocabulary import (
    CATEGORIES,
    CIVILIANS,
    INCIDENT_KINDS,
    MEASURES,
    NAMELESS,
    QUALIFIERS,
    STATUSES,
)

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

    settlement: Id
    controller: Id | None = None
    status: Annotated[str, choice(*STATUSES)] = "held"
    valid_from: Day
    time_of_day: TimeOfDay = ""
    precision: Precision = "day"
    since: Day | None = None
    until: Day | None = None
    from_actor: Id | None = None
    kind: Annotated[str, choice("", *INCIDENT_KINDS)] = ""
    claimed_by: Name = ""
    baseline: Flag = False

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

    measure: Annotated[str, choice(*MEASURES)]
    category: Annotated[str, choice(*CATEGORIES)]
    persons: Count | None = None
    low: Count | None = None
    high: Count | None = None
    qualifier: Annotated[str, choice(*QUALIFIERS)] = ""
    area: Name = ""
    settlement: Id | None = None
    origin: Id | None = None
    destination: Id | None = None
    counter: Name = ""
    valid_on: Day | None = None
    since: Day | None = None
    until: Day | None = None
    includes: Annotated[tuple[str, ...], several(rule_of(Id), 1_000)] = ()

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

    kind: Annotated[str, choice(*INCIDENT_KINDS)]
    valid_from: Day
    settlement: Id | None = None
    area: Name = ""
    time_of_day: TimeOfDay = ""
    precision: Precision = "day"
    since: Day | None = None
    until: Day | None = None
    alleged_actor: Id | None = None
    claimed_by: Name = ""
    killed: Count | None = None
    killed_low: Count | None = None
    killed_high: Count | None = None
    injured: Count | None = None
    injured_low: Count | None = None
    injured_high: Count | None = None
    civilians: Annotated[str, choice(*CIVILIANS)] = ""
    disputed: Flag = False
    aggregate: Flag = False

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

    backer: Title  # as the source calls it: a state, an alliance, a group
    backed: Id
    support: Name = ""
    valid_from: Day

    @property
    def since_day(self) -> date:
        return self.valid_from


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStatusReported(Claim):
    """From *valid_from* until *until* (if known) a route was shut, or open again."""

    TYPE: ClassVar[str] = "route-status-reported"

    settlement_a: Id
    settlement_b: Id
    shut: Flag
    valid_from: Day
    time_of_day: TimeOfDay = ""
    until: Day | None = None

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

    legend: Title
    colour: Title
    means: Title
    valid_from: Day

    @property
    def since_day(self) -> date:
        return self.valid_from
