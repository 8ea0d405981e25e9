"""Reference data: settlements, routes, actors and sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from chronicle.domain.base import Reference, half_open, stored

__all__ = [
    "ActorRegistered",
    "RouteRegistered",
    "SettlementRegistered",
    "SourceRegistered",
    "route_id",
]


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRegistered(Reference):
    """A populated or strategic place exists at *lat*, *lon* (WGS 84, degrees).

    Both are None where nobody has said where it is: it is answered about, and left off
    maps.
    """

    TYPE: ClassVar[str] = "settlement-registered"

    settlement: str
    name: str
    lat: float | None = None
    lon: float | None = None
    aliases: tuple[str, ...] = ()
    kind: str = ""
    admin1: str = ""
    admin1_pcode: str = ""
    pcode: str = ""
    geonames_id: str = ""
    population: int | None = None
    sensitivity: str = "low"
    basis: str = ""
    note: str = ""

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

    settlement_a: str
    settlement_b: str
    distance_km: float
    road_class: str = "local"
    road: str = ""
    basis: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        return route_id(self.settlement_a, self.settlement_b)

    def _agree(self) -> None:
        if self.settlement_a == self.settlement_b:
            raise self._refuse("settlement_b", "must be another settlement")


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRegistered(Reference):
    """A party exists, in being over `[since, until)` where known."""

    TYPE: ClassVar[str] = "actor-registered"

    actor: str
    name: str
    short: str = ""
    side: str = ""
    kind: str = ""  # ACLED's actor type, as it was in `since`
    colour: str = ""
    since: date | None = None
    until: date | None = None
    note: str = ""

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

    source: str
    name: str
    kind: str = ""
    affiliation: str = ""
    reliability: str | None = None
    since: date | None = None  # the first day on which it published
    note: str = ""

    @property
    def key(self) -> str:
        return self.source
