"""What the losses of an actor bring on: its sieges shorten, places rise, arms rest."""

from __future__ import annotations

from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.schedule import Plan
from chronicle.simulation.rules import RISING, lost_step

__all__ = ["Losses"]


class Losses:
    """Losses of actors, in people that they held at the branch and hold no more.

    Nobody, who holds what no actor does (the last entry of each list), never loses.
    """

    def __init__(self, model: Model, ceasefires: Ceasefires) -> None:
        self._model = model
        self._ceasefires = ceasefires
        self._parameters = model.replication.parameters
        self._collapse = model.replication.collapse
        self._start = model.replication.adjacency.start
        self._state = model.state

    def shrink(self, d: int) -> float:
        """The factor on how long places of *d* hold out."""
        return self._collapse[self._state.step[d]]

    def negotiates(self, d: int) -> bool:
        """Whether *d* has lost so much that its besieged places negotiate."""
        p, start = self._parameters, self._start[d]
        lost = start - self._state.held[d]
        return d >= 0 and p.transfer_rate > 0.0 and lost > p.transfer_threshold * start

    def suffer(self, d: int, now: float) -> None:
        """*d* lost a place: beyond thresholds there are uprisings, and a ceasefire."""
        if d < 0:
            return
        state, p, start = self._state, self._parameters, self._start[d]
        held = state.held[d]
        state.step[d] = lost_step(start, held)
        if start - held > p.rising_threshold * start and not state.risen[d]:
            state.risen[d] = True
            self._rise(d, now)
        if start - held > p.ceasefire_threshold * start and not state.truce_done:
            state.truce_done = True
            self._ceasefires.agree(now)

    def recover(self, a: int) -> None:
        """*a* won a place: it has lost less by now."""
        if a >= 0:
            state = self._state
            state.step[a] = lost_step(self._start[a], state.held[a])

    def _rise(self, d: int, now: float) -> None:
        """The listed places that *d* holds rise, each after its own wait."""
        replication, owner = self._model.replication, self._model.state.owner
        for v, a in replication.adjacency.network.risings:
            if owner[v] == d and replication.adjacency.relation[a][d] & 1:
                days = replication.parameters.rising_days
                wait = replication.wait("rising", v, 0) * days
                self._model.schedule.post(Plan(now + wait, RISING, v, a, d))
