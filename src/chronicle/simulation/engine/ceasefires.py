"""Ceasefires: when they begin and break, and between whom they hold."""

from __future__ import annotations

from chronicle.simulation.engine.event_list import EventList
from chronicle.simulation.engine.state import INFINITE, SimEvent
from chronicle.simulation.random_streams import log, uniform
from chronicle.simulation.rules import (
    CEASEFIRE_BEGAN,
    CEASEFIRE_BROKEN,
    CEASEFIRE_ENDED,
    HELD,
    TRUCE_END,
)

__all__ = ["Ceasefires"]


class Ceasefires:
    """The ceasefires of a run; *live* are the numbers of those in force."""

    def __init__(self, event_list: EventList) -> None:
        self._agenda = event_list
        self._truces = event_list.state.ceasefires
        self._note = event_list.state.rows.append
        self.live = [k for k, truce in enumerate(self._truces) if truce[3] == 1]

    def until(self, a: int, d: int) -> tuple[float, float]:
        """Start and end of the last ceasefire between two; long past if none."""
        since = until = -INFINITE
        for k in self.live:
            begin, end, parties, _ = self._truces[k]
            if (
                d >= 0
                and end > until
                and (not parties or (a in parties and d in parties))
            ):
                since, until = begin, end
        return since, until

    def agree(self, now: float) -> None:
        """A ceasefire of everybody, which follows from losses."""
        days = self._agenda.replication.parameters.ceasefire_days
        self._truces.append([now, now + days, [], 0])
        self.begin(len(self._truces) - 1, now)

    def begin(self, k: int, now: float) -> None:
        """Number *k* comes into force, and whether it will break is drawn."""
        replication, truce = self._agenda.replication, self._truces[k]
        until, kind = truce[1], CEASEFIRE_ENDED
        if replication.parameters.ceasefire_break > 0.0:
            x = -log(uniform(replication.keys["ceasefire"], 0, k))
            broken = now + x / replication.parameters.ceasefire_break
            if broken < until:
                until, kind = broken, CEASEFIRE_BROKEN
        truce[0], truce[1], truce[3] = now, until, 1
        self.live.append(k)
        self._note((now, -1, -1, HELD, CEASEFIRE_BEGAN, -1))
        self._agenda.post(until, TRUCE_END, k, -1, kind)

    def end(self, event: SimEvent) -> None:
        """The ceasefire of that number is over."""
        self.live.remove(event.place)
        self._truces[event.place][3] = 2
        self._note((event.at, -1, -1, HELD, event.aux, -1))
