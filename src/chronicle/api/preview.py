"""What the record would say if something were recorded, before it is.

It is worked out by the domain's own rules, on a copy of the events that bear on it,
which is thrown away; nothing is recorded and no lock is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from chronicle.api.keeping import RecordKeeping
from chronicle.domain.events import (
    Claim,
    ControlReported,
    Event,
    Reference,
    Remark,
    Report,
    ReportRetracted,
    ReportsLinked,
)
from chronicle.domain.lenses import Lens, parse_lens
from chronicle.domain.state import Place, References, fold, judge, places_of
from chronicle.domain.timeline import (
    EffectiveClaims,
    RecordedEvent,
    effective_claims,
    until,
)
from chronicle.store.register import recorded_of

if TYPE_CHECKING:
    from chronicle.store.protocol import Reading

__all__ = ["PlacePreview", "Preview", "RecordPreview", "Span", "Told"]

MOST_SPANS = 60  # days of change of one place, the last ones, and the day itself


@dataclass(frozen=True, slots=True)
class Span:
    """What a lens sees of a place from a day on, until the next span."""

    since: date
    control: str | None
    status: str
    disputed: bool


@dataclass(frozen=True, slots=True)
class PlacePreview:
    """One place at the end of *on*, and over time, before and after."""

    settlement: str
    on: date
    before: Place
    after: Place
    spans_before: tuple[Span, ...]
    spans_after: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A claim in its effective form, or reference data, before and after.

    None where it does not count, or is not there.
    """

    key: str
    before: Claim | Reference | None
    after: Claim | Reference | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be recorded after *position*, and what would then be so.

    *adds* is empty where all of it is in the log already. *seen* are the settlements
    that it concerns, each with *position*: what `append` takes as `expected`.
    """

    position: int
    lens: str
    adds: tuple[Event, ...]
    told: tuple[Told, ...]
    places: tuple[PlacePreview, ...]
    seen: dict[str, int]


class RecordPreview(RecordKeeping):
    """What would be so."""

    def preview(
        self, event_or_events: Event | Iterable[Event], *, lens: str = "latest"
    ) -> Preview:
        """What `append` would record of events, and what would be so then.

        Places are told for the first day on which anything of it bears, as known now.
        Raises what `append` raises for the events, but `Busy`.
        """
        given = (
            [event_or_events]
            if isinstance(event_or_events, Event)
            else list(event_or_events)
        )
        self._check_lens(lens)
        rule = parse_lens(lens)
        position = self.head
        adds = tuple(self._log.decided(given))
        now = self._clock()
        news = [
            RecordedEvent(position + number, now, event)
            for number, event in enumerate(adds, 1)
        ]
        claims = _claims_meant(self._log.store, [*given, *adds])
        told = [
            *(self._told_of(id_, news) for id_ in claims),
            *(self._registration(one) for one in adds if isinstance(one, Reference)),
        ]
        both = [one for pair in told for one in (pair.before, pair.after) if one]
        control = [one for one in both if isinstance(one, ControlReported)]
        days = [one.valid_from for one in control]
        if any(isinstance(event, ReportsLinked) for event in given):
            days = [max(days)] if days else []  # from then on both are there
        known = self.references()
        places = tuple(
            self._place(id_, min(days), known, rule, position, news)
            for id_ in dict.fromkeys(one.settlement for one in control)
            if id_ in known.settlements
        )
        concerned = {id_ for one in both for id_ in places_of(one)}
        seen = dict.fromkeys(sorted(concerned), position)
        return Preview(position, rule.name, adds, tuple(told), places, seen)

    def effective(self, report: str) -> Claim | None:
        """The claim of that id with its amendments, also where it is retracted.

        None where the log has no claim of that id, or it was redacted.
        """
        family = _family(self._log.store, report)
        claims = [
            one
            for one in family
            if not isinstance(one.event, ReportRetracted) or one.event.report != report
        ]
        told = effective_claims(claims).standing
        return next((o.claim for o in told if o.claim.report_id == report), None)

    def _told_of(self, report: str, news: Sequence[RecordedEvent]) -> Told:
        """What counts of a claim, without and with *news*."""
        family = _family(self._log.store, report)
        pair: list[Claim | None] = []
        for events in (family, [*family, *news]):
            standing = effective_claims(events).standing
            found = [one.claim for one in standing if one.claim.report_id == report]
            pair.append(found[0] if found else None)
        return Told(report, *pair)

    def _registration(self, event: Reference) -> Told:
        return Told(event.key, self.references().of(event), event)

    def _place(
        self,
        id_: str,
        on: date,
        known: References,
        lens: Lens,
        position: int,
        news: Sequence[RecordedEvent],
    ) -> PlacePreview:
        held = list(self._asked(position).history(id_, position))
        refs = References({id_: known.settlements[id_]}, {}, {}, known.sources)
        parts: list[tuple[Place, tuple[Span, ...]]] = []
        for events in (held, [*held, *news]):
            found = _of_place(effective_claims(events), id_)
            spans = _spans(id_, found, on, lens, refs)
            parts.append((_judged(id_, found, on, lens, refs), spans))
        (before, spans_before), (after, spans_after) = parts
        return PlacePreview(id_, on, before, after, spans_before, spans_after)


def _of_place(found: EffectiveClaims, settlement: str) -> EffectiveClaims:
    """*found*, with the reports of control of one settlement alone."""
    mine = tuple(
        one
        for one in found.standing
        if isinstance(one.claim, ControlReported) and one.claim.settlement == settlement
    )
    return replace(found, standing=mine)


def _judged(
    id_: str, found: EffectiveClaims, on: date, lens: Lens, refs: References
) -> Place:
    state = judge(fold(until(found, on)), on, lens, refs, links=found.links)
    return state.places[id_]


def _spans(
    id_: str, found: EffectiveClaims, on: date, lens: Lens, refs: References
) -> tuple[Span, ...]:
    days = sorted({one.claim.since_day for one in found.standing})
    spans: list[Span] = []
    for day in sorted({*days[-MOST_SPANS:], *(day for day in days if day == on)}):
        place = _judged(id_, found, day, lens, refs)
        span = Span(day, place.control, place.status, place.disputed)
        if not spans or replace(span, since=spans[-1].since) != spans[-1]:
            spans.append(span)
    return tuple(spans)


def _claims_meant(log: Reading, events: Iterable[Event]) -> list[str]:
    """The claims that events are, or are remarks on, or on remarks on."""
    found: dict[str, None] = {}
    todo = [event for event in events if isinstance(event, Report)]
    met: set[str] = set()
    while todo:
        event = todo.pop(0)
        if isinstance(event, Claim):
            found[event.report_id] = None
            continue
        assert isinstance(event, Remark)
        other = (event.other,) if isinstance(event, ReportsLinked) else ()
        for id_ in (event.report, *other):
            if id_ not in met and (row := log.reports([id_]).get(id_)):
                met.add(id_)
                target = recorded_of(row).event
                if isinstance(target, Report):
                    todo.append(target)
    return list(found)


def _family(log: Reading, report: str) -> list[RecordedEvent]:
    """A report and the remarks on it, and on those, in log order."""
    rows = {row.position: row for row in log.reports([report]).values()}
    ids = [report] if rows else []
    while ids:
        deeper = [row for row in log.remarks_on(ids) if row.position not in rows]
        rows |= {row.position: row for row in deeper}
        ids = [row.report for row in deeper if row.report]
    return [recorded_of(rows[position]) for position in sorted(rows)]
