"""Frames told one moment and one state at a time: the plain twins of `frames`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from chronicle.domain.events import ControlReported
from chronicle.domain.lenses import control_of, parse_lens, side
from chronicle.domain.state import references, state_of
from chronicle.domain.timeline import (
    EffectiveClaim,
    RecordedEvent,
    effective_claims,
    order,
)

__all__ = ["plain_control", "plain_panel"]


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Rectangle(NamedTuple):
    """A row of `frames.CONTROL_COLUMNS`."""

    settlement: str
    control: str | None
    status: str
    valid_from: date
    valid_to: date | None
    known_from: datetime
    known_to: datetime | None
    time_of_day: str
    published: date | None
    source: str
    reliability: str | None
    credibility: int | None
    baseline: bool
    report: str
    position: int


def plain_control(log: Sequence[RecordedEvent]) -> list[Rectangle]:
    """The rows of `frames.control_frame`: the fold at each moment, like ones joined."""
    found: list[Rectangle] = []
    open_: dict[Rectangle, Rectangle] = {}
    for number, last in enumerate(log):
        moment = last.recorded_at
        if number + 1 < len(log) and log[number + 1].recorded_at == moment:
            continue
        rows = set(_told(log[: number + 1]))
        gone = open_.keys() - rows
        found += [open_.pop(row)._replace(known_to=moment) for row in gone]
        for row in rows:
            open_.setdefault(row, row._replace(known_from=moment))
    found += open_.values()
    found.sort(key=_order)
    return found


def _order(row: Rectangle) -> tuple[object, ...]:
    from chronicle.domain.vocabulary import TIMES_OF_DAY

    time = TIMES_OF_DAY.index(row.time_of_day)
    return row.settlement, row.valid_from, time, row.position, row.known_from


def _told(log: Iterable[RecordedEvent]) -> Iterator[Rectangle]:
    """What stands at the end of *log*, each report until the next of its place."""
    places: dict[str, list[EffectiveClaim]] = {}
    for one in sorted(effective_claims(log).standing, key=order):
        if isinstance(one.claim, ControlReported):
            places.setdefault(one.claim.settlement, []).append(one)
    for reports in places.values():
        following = [*(control_of(one).valid_from for one in reports[1:]), None]
        for one, until in zip(reports, following, strict=True):
            yield _row(one, until)


def _row(one: EffectiveClaim, until: date | None) -> Rectangle:
    claim = control_of(one)
    return Rectangle(
        settlement=claim.settlement,
        control=side(one)[0],
        status=claim.status,
        valid_from=claim.valid_from,
        valid_to=until,
        known_from=_NEVER,
        known_to=None,
        time_of_day=claim.time_of_day,
        published=claim.published,
        source=claim.source,
        reliability=claim.reliability,
        credibility=claim.credibility,
        baseline=claim.baseline,
        report=claim.report_id,
        position=one.position,
    )


def plain_panel(
    log: Sequence[RecordedEvent],
    days: Iterable[date],
    *,
    published_by: date | None = None,
    lens: str = "latest",
) -> list[tuple[Any, ...]]:
    """The rows of `frames.panel_frame`: a state for each day."""
    states = [
        state_of(log, day, parse_lens(lens), published_by=published_by) for day in days
    ]
    only = lens.removeprefix("source:") if lens.startswith("source:") else None
    rows = []
    for id_ in sorted(references(log, published_by).settlements):
        for state in states:
            place = state.places[id_]
            told = [
                claim.valid_from
                for one in state.heard.control.get(id_, ())
                if not (claim := control_of(one)).baseline
                and only in (None, claim.source)
            ]
            since = place.verdict.since
            last = max(told, default=None)
            rows.append((id_, state.on, place.control, place.status, since, last))
    return rows
