"""Who held what from when to when, and from when to when we thought so.

A day's control is what a lens sees in the reports up to that day, so it changes only on
days of reports. What is known changes only with transactions that speak of the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chronicle.domain.events import ControlReported, Remark, ReportAmended
from chronicle.domain.lenses import Lens, control_of, grade_key
from chronicle.domain.timeline import (
    EffectiveClaim,
    RecordedEvent,
    effective_claims,
    order,
)

__all__ = ["Interval", "Knowledge", "by_place", "intervals", "knowledge"]


@dataclass(frozen=True, slots=True)
class Interval:
    """`[valid_from, valid_to)` under one side; None: as far as is known.

    *reports* are those that decide on its first day; *grade* is the best of them.
    """

    settlement: str
    valid_from: date
    valid_to: date | None
    control: str | None
    status: str
    reports: tuple[str, ...]
    sources: tuple[str, ...]
    grade: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """An interval, and the span `[known_from, known_to)` in which the log said so."""

    interval: Interval
    known_from: datetime
    known_to: datetime | None


def by_place(log: Iterable[RecordedEvent]) -> dict[str, list[RecordedEvent]]:
    """The control reports of each settlement with all that was said of them.

    A report that an amendment moved to another settlement is of both.
    """
    found: dict[str, list[RecordedEvent]] = {}
    of: dict[str, set[str]] = {}  # places by report, and by remark on a report
    for recorded in log:
        event = recorded.event
        if isinstance(event, ControlReported):
            of[event.report_id] = {event.settlement}
            found.setdefault(event.settlement, []).append(recorded)
        elif isinstance(event, Remark):
            places = of.get(event.report, set())
            if not places:
                continue
            if isinstance(event, ReportAmended):
                moved = dict(event.changes).get("settlement")
                if isinstance(moved, str) and moved not in places:
                    places.add(moved)
                    earlier = [
                        one
                        for place in places
                        for one in found.get(place, ())
                        if getattr(one.event, "report_id", "") == event.report
                    ]
                    found.setdefault(moved, []).extend(earlier[:1])
            of[event.report_id] = places
            for place in places:
                found.setdefault(place, []).append(recorded)
    return found


def intervals(
    place: str,
    events: Sequence[RecordedEvent],
    lens: Lens,
    defaults: Mapping[str, str],
    published_by: date | None = None,
) -> list[Interval]:
    """The intervals of one settlement as its events tell them, in order of days.

    A side that goes on is one interval. Before the first report there is none.
    """
    standing = [
        one
        for one in effective_claims(events, published_by).standing
        if isinstance(one.claim, ControlReported) and one.claim.settlement == place
    ]
    standing.sort(key=order)
    found: list[Interval] = []
    for rank, one in enumerate(standing):
        day = one.claim.since_day
        if rank + 1 < len(standing) and standing[rank + 1].claim.since_day == day:
            continue  # the day is over with its last report
        ruling = lens(standing[: rank + 1], defaults)
        said = ruling.control, ruling.status
        if found and (found[-1].control, found[-1].status) == said:
            continue
        if found:
            found[-1] = _closed(found[-1], day)
        if ruling.deciding:
            found.append(_interval(place, day, said, ruling.deciding, defaults))
    return found


def _closed(one: Interval, day: date) -> Interval:
    return Interval(
        one.settlement,
        one.valid_from,
        day,
        one.control,
        one.status,
        one.reports,
        one.sources,
        one.grade,
    )


def _interval(
    place: str,
    day: date,
    said: tuple[str | None, str],
    deciding: Sequence[EffectiveClaim],
    defaults: Mapping[str, str],
) -> Interval:
    claims = [control_of(one) for one in deciding]
    best = min(claims, key=lambda claim: grade_key(claim, defaults))
    letter = best.reliability or defaults.get(best.source, "F")
    return Interval(
        place,
        day,
        None,
        *said,
        tuple(claim.report_id for claim in claims),
        tuple(dict.fromkeys(claim.source for claim in claims)),
        f"{letter}{best.credibility or 6}",
    )


def knowledge(
    place: str,
    events: Sequence[RecordedEvent],
    lens: Lens,
    defaults: Mapping[str, str],
    published_by: date | None = None,
) -> list[Knowledge]:
    """The same at each moment at which something was recorded of the settlement.

    What was recorded in one transaction became known at once.
    """
    closed: list[Knowledge] = []
    open_: dict[tuple[date, date | None, str | None, str], Knowledge] = {}
    events = sorted(events, key=lambda one: one.position)
    for rank, last in enumerate(events):
        moment = last.recorded_at
        if rank + 1 < len(events) and events[rank + 1].recorded_at == moment:
            continue
        now = intervals(place, events[: rank + 1], lens, defaults, published_by)
        told = {(i.valid_from, i.valid_to, i.control, i.status): i for i in now}
        for key in [key for key in open_ if key not in told]:
            was = open_.pop(key)
            closed.append(Knowledge(was.interval, was.known_from, moment))
        for key, interval in told.items():
            if key not in open_:
                open_[key] = Knowledge(interval, moment, None)
    found = [*closed, *open_.values()]
    return sorted(found, key=lambda one: (one.known_from, one.interval.valid_from))
