"""The plainest log there is: a list that `decide` guards and a redaction empties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from chronicle.domain.decide import decide
from chronicle.domain.events import (
    Event,
    Redacted,
    Reference,
    Remark,
    Report,
    ReportRedacted,
)
from chronicle.domain.names import Gazetteer
from chronicle.domain.timeline import RecordedEvent

START = datetime(2024, 12, 1, 8, tzinfo=UTC)


def moment(position: int) -> datetime:
    """When an event was recorded; two follow each other at the same moment."""
    return START + timedelta(hours=position // 2)


class PlainLog:
    """`decide.Register` over a list that is searched from end to end each time."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.rows: list[RecordedEvent] = []
        self._targets: dict[int, str] = {}  # a redacted remark forgets its report
        for event in events:
            self.append(event)

    def append(self, event: Event) -> Event | None:
        """Decide on *event* and record what comes of it."""
        decided = decide(event, self)
        if decided is None:
            return None
        position = len(self.rows) + 1
        if isinstance(decided, ReportRedacted):
            self._empty(decided.report)
        if isinstance(decided, Remark):
            self._targets[position] = decided.report
        self.rows.append(RecordedEvent(position, moment(position), decided))
        return decided

    def _empty(self, report: str) -> None:
        """What the payload of *report* and of the remarks on it was is gone."""
        for i, (position, recorded_at, event) in enumerate(self.rows):
            concerned = report in (_id(event), self._targets.get(position))
            if concerned and isinstance(event, Report):
                gone = Redacted(event.report_id, event.source)
                self.rows[i] = RecordedEvent(position, recorded_at, gone)

    def report(self, report: str) -> RecordedEvent | None:
        return next((row for row in self.rows if _id(row.event) == report), None)

    def remarks_on(self, report: str) -> Sequence[RecordedEvent]:
        return [r for r in self.rows if self._targets.get(r.position) == report]

    def registered(self, kind: type[Reference], key: str) -> Reference | None:
        return self._shelf(kind).get(key)

    def like(self, kind: type[Reference], key: str) -> Sequence[str]:
        return Gazetteer({id_: [] for id_ in self._shelf(kind)}).like(key)

    def _shelf(self, kind: type[Reference]) -> dict[str, Reference]:
        return {
            row.event.key: row.event for row in self.rows if isinstance(row.event, kind)
        }


def _id(event: Event | Redacted) -> str | None:
    return getattr(event, "report_id", None)
