"""Where things stand: what a transaction asks of the log before it adds to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chronicle.domain.base import PLACE_FIELDS
from chronicle.domain.events import (
    Event,
    Redacted,
    Reference,
    Remark,
    Report,
    ReportAmended,
    ReportRetracted,
    ReportsLinked,
)
from chronicle.errors import Conflict
from chronicle.store.protocol import Reading, StoredRow
from chronicle.store.register import recorded_of

__all__ = ["check_expected", "positions_of", "said_gone"]


def check_expected(log: Reading, expected: Mapping[str, int]) -> None:
    """Raise `Conflict` for an event about a settlement that the caller has not seen.

    *expected* maps settlements to positions.
    """
    if not expected:
        return
    for recorded in map(recorded_of, log.rows(after=min(expected.values()))):
        for settlement in _concerned(log, recorded.event):
            seen = expected.get(settlement)
            if seen is not None and recorded.position > seen:
                raise Conflict(
                    f"{settlement!r} has a later event, at position "
                    f"{recorded.position}; you had seen {seen}; nothing was "
                    "recorded: read again, decide again"
                )


def _concerned(log: Reading, event: Event | Redacted) -> set[str]:
    """The settlements that an event is about.

    A remark is about those of its report, as it was told and as it was ever amended.
    """
    places = set(_places(event))
    todo, seen = list(_spoken_of(event)), set[str]()
    while todo:
        report = todo.pop()
        if report in seen:
            continue
        seen.add(report)
        for row in [*log.reports([report]).values(), *log.remarks_on([report])]:
            said = recorded_of(row).event
            if row.report == report or isinstance(said, ReportAmended):
                places.update(_places(said))
            if row.report == report:
                todo += _spoken_of(said)
    return places


def _places(event: Event | Redacted) -> Iterator[str]:
    values: Mapping[str, Any] = {n: getattr(event, n, None) for n in PLACE_FIELDS}
    if isinstance(event, ReportAmended):
        values = dict(event.changes)
    return (values[name] for name in PLACE_FIELDS if values.get(name))


def _spoken_of(event: Event | Redacted) -> Iterator[str]:
    if isinstance(event, Remark):
        yield event.report
    if isinstance(event, ReportsLinked):
        yield event.other


def positions_of(log: Reading, events: Sequence[Event]) -> list[int]:
    """The positions at which events stand that would add nothing to the log."""
    references = {e for e in events if isinstance(e, Reference)}
    types = sorted({e.TYPE for e in references})
    at: dict[Event | Redacted, int] = {}
    for row in log.rows(types=types) if types else ():
        event = recorded_of(row).event
        if event in references:
            at[event] = row.position
    return [at[e] if e in references else _position_of(log, e) for e in events]


def _position_of(log: Reading, event: Event) -> int:
    """That of the report with its id; of the last remark like it; of its report."""
    assert isinstance(event, Report)
    if event.report_id and (told := log.reports([event.report_id])):
        return told[event.report_id].position
    assert isinstance(event, Remark)
    report = event.report
    like = [row.position for row in log.remarks_on([report]) if _alike(event, row)]
    return like[-1] if like else log.reports([report])[report].position


def _alike(event: Event, row: StoredRow) -> bool:
    if row.type != event.TYPE:
        return False
    said = recorded_of(row).event
    if isinstance(event, ReportsLinked) and isinstance(said, ReportsLinked):
        return (said.other, said.relation) == (event.other, event.relation)
    return True


def said_gone(log: Reading, reports: Sequence[str], dataset: str) -> set[str]:
    """Those that the data set has retracted and not brought back, by its own word.

    An editor may have overruled it; the data set does not say it again.
    """
    gone = dict(_retractions(log, reports, dataset))
    back = {report for _, report in _retractions(log, list(gone), dataset)}
    return {report for id_, report in gone.items() if id_ not in back}


def _retractions(
    log: Reading, reports: Sequence[str], dataset: str
) -> Iterator[tuple[str, str]]:
    for row in log.remarks_on(reports):
        event = recorded_of(row).event
        if isinstance(event, ReportRetracted) and event.dataset == dataset:
            yield event.report_id, event.report
