"""Reference data: settlements, routes, actors and sources."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, ClassVar

from chronicle.domain.base import Event, Reference, Reliability, half_open, stored
from chronicle.domain.fields import (
    Colour,
    Count,
    Day,
    Id,
    Name,
    Note,
    Title,
    choice,
    number,
    rule_of,
    several,
)
from chronicle.domain.vocabulary import ROAD_CLASSES, SENSITIVITIES

__all__ = [
    "ActorRegistered",
    "RouteRegistered",
    "SettlementRegistered",
    "SourceRegistered",
    "as_published",
    "is_dated",
    "route_id",
]


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRegistered(Reference):
    """A populated or strategic place exists at *lat*, *lon* (WGS 84, degrees).

    Both are None where nobody has said where it is: it is answered about, and left off
    maps. Who asks what was `published` by a day is not told of it before it was, nor of
    its population before that was (by default with the place); a place without a date
    is known on every day.
    """

    TYPE: ClassVar[str] = "settlement-registered"

    settlement: Id
    name: Title
    lat: Annotated[float, number(-90.0, 90.0)] | None = None
    lon: Annotated[float, number(-180.0, 180.0)] | None = None
    aliases: Annotated[tuple[str, ...], several(rule_of(Title), 200)] = ()
    kind: Name = ""
    admin1: Name = ""
    admin1_pcode: Name = ""
    pcode: Name = ""
    geonames_id: Name = ""
    population: Count | None = None
    sensitivity: Annotated[str, choice(*SENSITIVITIES)] = "low"
    basis: Name = ""
    note: Note = ""
    published: Day | None = None
    population_published: Day | None = None

    @property
    def key(self) -> str:
        return self.settlement

    @property
    def spot(self) -> tuple[float, float] | None:
        """Latitude and longitude, where they are known."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    def _agree(self) -> None:
        if (self.lat is None) != (self.lon is None):
            missing = "lat" if self.lat is None else "lon"
            raise self._refuse(missing, "lat and lon are given together, or neither")


def route_id(settlement_a: str, settlement_b: str) -> str:
    """The id of the undirected edge between two settlements, whichever comes first."""
    first, second = sorted((settlement_a, settlement_b))
    return f"{first}--{second}"


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRegistered(Reference):
    """An undirected road of *distance_km* joins two settlements."""

    TYPE: ClassVar[str] = "route-registered"

    settlement_a: Id
    settlement_b: Id
    distance_km: Annotated[float, number(0.0, 25_000.0)]
    road_class: Annotated[str, choice(*ROAD_CLASSES)] = "local"
    road: Name = ""
    basis: Name = ""
    note: Note = ""
    published: Day | None = None

    @property
    def key(self) -> str:
        return route_id(self.settlement_a, self.settlement_b)

    def _agree(self) -> None:
        if self.settlement_a == self.settlement_b:
            raise self._refuse("settlement_b", "must be another settlement")


def is_dated(event: object) -> bool:
    """Whether it says when it, or a number in it, was published."""
    return isinstance(event, SettlementRegistered | RouteRegistered) and (
        event.published is not None
        or getattr(event, "population_published", None) is not None
    )


def as_published(event: Event, before: Event | None, by: date) -> Event | None:
    """What had been published by a day of *event*, which follows on *before*.

    None where nothing had. The population of a settlement stays what *before* had it
    until the new one is out.
    """
    if not isinstance(event, SettlementRegistered | RouteRegistered):
        return event
    if event.published is not None and event.published > by:
        return None
    if isinstance(event, RouteRegistered):
        return event
    if event.population_published is None or event.population_published <= by:
        return event
    known = before if isinstance(before, SettlementRegistered) else None
    return replace(
        event,
        population=None if known is None else known.population,
        population_published=None if known is None else known.population_published,
    )


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRegistered(Reference):
    """A party exists, in being over `[since, until)` where known."""

    TYPE: ClassVar[str] = "actor-registered"

    actor: Id
    name: Title
    short: Name = ""
    side: Name = ""
    kind: Name = ""  # ACLED's actor type, as it was in `since`
    colour: Colour = ""
    since: Day | None = None
    until: Day | None = None
    note: Note = ""

    @property
    def key(self) -> str:
        return self.actor

    def _agree(self) -> None:
        half_open(self)


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRegistered(Reference):
    """Somebody who says things exists; *reliability* is the default of its reports."""

    TYPE: ClassVar[str] = "source-registered"

    source: Id
    name: Title
    kind: Name = ""
    affiliation: Name = ""
    reliability: Reliability | None = None
    since: Day | None = None  # the first day on which it published
    note: Note = ""

    @property
    def key(self) -> str:
        return self.source
