"""Ceasefires: when they begin and break, and between whom they hold."""

from __future__ import annotations

from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.schedule import Plan
from chronicle.simulation.engine.state import INFINITE
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
    """The ceasefires of a run, by number: [start, end, parties, stage].

    The stage is 0 for one that is to come, 1 in force, 2 over. No parties are all.
    `in_force` has the numbers of those of stage 1.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._all = model.state.ceasefires
        self.in_force = [k for k, one in enumerate(self._all) if one[3] == 1]

    def between(self, a: int, d: int) -> tuple[float, float]:
        """Start and end of the last ceasefire between two; long past if none."""
        since = until = -INFINITE
        for k in self.in_force:
            begin, end, parties, _ = self._all[k]
            holds = not parties or (a in parties and d in parties)
            if d >= 0 and end > until and holds:
                since, until = begin, end
        return since, until

    def agree(self, now: float) -> None:
        """A ceasefire of everybody, which follows from losses."""
        days = self._model.replication.parameters.ceasefire_days
        self._all.append([now, now + days, [], 0])
        self.begin(len(self._all) - 1, now)

    def begin(self, k: int, now: float) -> None:
        """Number *k* comes into force, and whether it will break is drawn."""
        replication, one = self._model.replication, self._all[k]
        until, kind = one[1], CEASEFIRE_ENDED
        if replication.parameters.ceasefire_break > 0.0:
            x = -log(uniform(replication.keys["ceasefire"], 0, k))
            broken = now + x / replication.parameters.ceasefire_break
            if broken < until:
                until, kind = broken, CEASEFIRE_BROKEN
        one[0], one[1], one[3] = now, until, 1
        self.in_force.append(k)
        self._model.note((now, -1, -1, HELD, CEASEFIRE_BEGAN, -1))
        self._model.schedule.post(Plan(until, TRUCE_END, k, -1, kind))

    def end(self, k: int, kind: int, now: float) -> None:
        """Number *k* is over: it ended or broke, as *kind* says."""
        self.in_force.remove(k)
        self._all[k][3] = 2
        self._model.note((now, -1, -1, HELD, kind, -1))
