"""Places change hands: sieges end, holders lose people, new fronts open."""

from __future__ import annotations

from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.marches import Marches
from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.schedule import Siege
from chronicle.simulation.engine.state import INFINITE
from chronicle.simulation.rules import HELD, ONWARD, QUIET, TRANSFERRED

__all__ = ["Captures"]


class Captures:
    """What follows when a place falls, is handed over or rises."""

    def __init__(
        self, model: Model, marches: Marches, ceasefires: Ceasefires, losses: Losses
    ) -> None:
        adjacency = model.replication.adjacency
        self._links, self._relation = adjacency.links, adjacency.relation
        self._population = adjacency.population
        self._state = model.state
        self._note = model.note
        self._schedule = model.schedule
        self._marches = marches
        self._ceasefires = ceasefires
        self._losses = losses

    def end_siege(self, siege: Siege) -> None:
        """The siege is over and the place falls; or it stands still while arms rest."""
        state, v, a = self._state, siege.place, siege.actor
        if self._ceasefires.in_force:
            since, until = self._ceasefires.between(a, state.owner[v])
            if until > siege.at:
                siege.at = until + (siege.at - since)
                return
        state.sieges[v] = None
        self.take(v, a, siege.outcome, siege.at, siege.origin)

    def take(self, v: int, a: int, kind: int, now: float, u: int = -1) -> None:
        """*v* comes under *a*, from *u* if it was taken from there."""
        state = self._state
        d, siege, people = state.owner[v], state.sieges[v], self._population[v]
        if siege is not None:
            state.sieges[v] = None
            self._schedule.move_end(siege)  # it is lifted
        state.owner[v] = a
        state.garrison[v] = 1.0
        state.fighting[v] = 0
        state.expected[v] = INFINITE
        state.changed[v] = now
        state.weight[v] = 0.0 if kind == TRANSFERRED else 1.0
        self._note((now, v, a, HELD, kind, u))
        state.held[a] += people
        state.held[d] -= people
        self._losses.suffer(d, now)
        self._losses.recover(a)
        self._open_fronts(v, a, now)

    def _open_fronts(self, v: int, a: int, now: float) -> None:
        """Who took *v* goes on from there; who attacks its new holder comes."""
        owner, attacks = self._state.owner, self._relation[a]
        set_out = self._marches.set_out
        for w, edge in self._links[v]:
            bits = attacks[owner[w]]
            if bits & 1:
                set_out(now, w, v, edge, a, ONWARD)
            if bits & 2:
                set_out(now, v, w, edge, owner[w], QUIET)
