"""What an export tells: a record as known at a moment, through a lens, made coarse.

Nothing finer than the levels of sensitivity allow leaves the house: coordinates are
rounded, and of a *severe* place there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from chronicle.domain.events import (
    Claim,
    ControlReported,
    DisplacementReported,
    IncidentReported,
    ReportsLinked,
    SettlementRegistered,
)
from chronicle.domain.lenses import Lens
from chronicle.domain.state import References, references
from chronicle.domain.timeline import RecordedEvent, effective_claims, order
from chronicle.domain.views import coarse
from chronicle.formats.writing.intervals import (
    Interval,
    Knowledge,
    by_place,
    intervals,
    knowledge,
)

__all__ = ["Content"]

C = TypeVar("C", bound=Claim)


@dataclass(frozen=True)
class Content:
    """A record, as an export sees it."""

    log: Sequence[RecordedEvent]
    lens: Lens
    published_by: date | None
    places: References

    @classmethod
    def of(
        cls, log: Iterable[RecordedEvent], lens: Lens, published_by: date | None = None
    ) -> Content:
        """The content of a prefix of a log."""
        events = list(log)
        found = references(events)
        for id_, place in found.settlements.items():
            found.settlements[id_] = _made_coarse(place)
        return cls(events, lens, published_by, found)

    @property
    def asked(self) -> str:
        """The question that the export answers, in words."""
        position = self.log[-1].position if self.log else 0
        clock = f"as known at position {position}"
        if self.published_by is not None:
            clock += f", as published by {self.published_by}"
        return f"{clock}, lens {self.lens.name}"

    def claims(self, kind: type[C]) -> list[C]:
        """The claims of a kind that count, in the order of days, as amended."""
        standing = effective_claims(self.log, self.published_by).standing
        chosen = [one for one in standing if isinstance(one.claim, kind)]
        return [one.claim for one in sorted(chosen, key=order)]  # type: ignore[misc]

    def told(self) -> list[Claim]:
        """All claims that count, in the order in which they were told."""
        return [
            one.claim for one in effective_claims(self.log, self.published_by).standing
        ]

    def links(self) -> list[ReportsLinked]:
        """The links between reports that count."""
        return list(effective_claims(self.log, self.published_by).links)

    def intervals(self) -> Iterator[Interval]:
        """Who held what from when to when, by settlement."""
        defaults = self.places.reliabilities()
        grouped = by_place(self.log)
        for place in sorted(grouped.keys() & self.places.settlements.keys()):
            yield from intervals(
                place, grouped[place], self.lens, defaults, self.published_by
            )

    def knowledge(self) -> Iterator[Knowledge]:
        """The same, and when the record said so."""
        defaults = self.places.reliabilities()
        grouped = by_place(self.log)
        for place in sorted(grouped.keys() & self.places.settlements.keys()):
            yield from knowledge(
                place, grouped[place], self.lens, defaults, self.published_by
            )

    def days(self) -> tuple[date, date] | None:
        """The first and the last day of a control report; None where there is none."""
        found = [one.valid_from for one in self.claims(ControlReported)]
        return (min(found), max(found)) if found else None

    def figures(self) -> list[DisplacementReported]:
        """The figures of displaced people that count."""
        return self.claims(DisplacementReported)

    def incidents(self) -> list[IncidentReported]:
        """The incidents that count."""
        return self.claims(IncidentReported)


def _made_coarse(place: SettlementRegistered) -> SettlementRegistered:
    if place.lat is None or place.lon is None or place.sensitivity == "low":
        return place
    lat, lon = coarse(place.lat, place.lon, place.sensitivity)
    return replace(place, lat=lat, lon=lon)
