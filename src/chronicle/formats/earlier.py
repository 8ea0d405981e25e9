"""What the record says already, as far as a reader of one more vintage needs it.

A table of the present restates each place each day; only what changed is a report. So
its reader asks what its source said last.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date

from chronicle.domain.events import ControlReported, LegendReported
from chronicle.domain.state import References
from chronicle.store.log import EventLog
from chronicle.store.register import recorded_of

__all__ = ["Changes", "Earlier", "Side"]

Side = tuple[str | None, str]  # controller and status


class Earlier:
    """What one record holds; what was read of it once is not read again."""

    def __init__(self, log: EventLog | None = None) -> None:
        self._log = log
        self._control: dict[str, dict[str, dict[date, Side]]] = {}
        self._upto: dict[str, int] = {}

    def references(self) -> References:
        """Places, actors and sources as they are registered now."""
        return References() if self._log is None else self._log.references()

    def legends(self) -> list[LegendReported]:
        """What the colours of maps mean, in the order in which it was told."""
        if self._log is None:
            return []
        told = self._log.recorded(types=(LegendReported.TYPE,))
        return [one.event for one in told if isinstance(one.event, LegendReported)]

    def control(self, source: str) -> dict[str, dict[date, Side]]:
        """What a source said of each place, by the day from which it was so."""
        said = self._control.setdefault(source, {})
        if self._log is None:
            return said
        after, head = self._upto.get(source, 0), self._log.store.head()
        if after == head:
            return said
        self._upto[source] = head
        stream = f"source:{source}"
        for row in self._log.store.rows(after, head, (ControlReported.TYPE,)):
            if row.stream != stream or not row.body:
                continue
            event = recorded_of(row).event
            if isinstance(event, ControlReported):
                side = event.controller, event.status
                said.setdefault(event.settlement, {})[event.valid_from] = side
        return said


class Changes:
    """Which of the days that a table tells of a place are news, by one source.

    The same day told again is, so that a later edition of it amends the report. Days of
    a place may come in any order, but are compared with what was told by then.
    """

    def __init__(self, earlier: Earlier, source: str) -> None:
        self._said = {
            place: dict(days) for place, days in earlier.control(source).items()
        }

    def news(self, place: str, day: date, side: Side) -> bool:
        """Whether *side* from *day* on is not what the source said of it before."""
        days = self._said.setdefault(place, {})
        if day not in days:
            before = _last_before(sorted(days), day)
            if before is not None and days[before] == side:
                return False
        days[day] = side
        return True

    def last(self, place: str, day: date) -> Side | None:
        """What the source said of a place for the time before *day*."""
        days = self._said.get(place, {})
        before = _last_before(sorted(days), day)
        return None if before is None else days[before]


def _last_before(days: Sequence[date], day: date) -> date | None:
    place = bisect_left(days, day)
    return days[place - 1] if place else None
