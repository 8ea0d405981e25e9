"""Orders on their day, and those that come while a run is under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.schedule import Plan
from chronicle.simulation.interventions import (
    Intervention,
    check,
    dated_entries,
    hold_rows,
    truce_of,
    turn_routes,
)
from chronicle.simulation.rules import (
    CAPACITY_SET,
    CONTESTED,
    CORRIDOR_OPENED,
    HELD,
    ORDER,
    REINFORCED,
    ROUTE_CLOSED,
    ROUTE_REOPENED,
    TRANSFERRED,
)

__all__ = ["DatedOrders", "Take"]

ROUTES = {
    "close_route": ROUTE_CLOSED,
    "open_corridor": CORRIDOR_OPENED,
    "reopen": ROUTE_REOPENED,
}

Take = Callable[[int, int, int, float], None]
"""Makes a place change hands: (place, actor, kind, time)."""


class DatedOrders:
    """The orders of a run, by number."""

    def __init__(self, model: Model, ceasefires: Ceasefires, take: Take) -> None:
        self._model = model
        self._ceasefires = ceasefires
        self._take = take

    def begin(self) -> None:
        """Put the orders of a fresh run on the calendar."""
        for number, entry in enumerate(self._model.state.dated):
            self._model.schedule.post(Plan(entry[0], ORDER, number))

    def carry_out(self, number: int, now: float) -> None:
        """Carry out the order of that number."""
        model, state = self._model, self._model.state
        _, kind, v, other, value = state.dated[number]
        if kind == "ceasefire":
            self._ceasefires.begin(other, now)
        elif kind in ROUTES:
            model.note((now, v, -1, HELD, ROUTES[kind], other))
        elif kind == "transfer":
            if state.owner[v] != other:
                self._take(v, other, TRANSFERRED, now)
        elif kind == "reinforce":
            self._reinforce(v, value, now)
        else:
            state.capacity[v] = value
            self._note(v, CAPACITY_SET, now)

    def _reinforce(self, v: int, factor: float, now: float) -> None:
        """The garrison grows by *factor*; so does what is left of a siege."""
        state, siege = self._model.state, self._model.state.sieges[v]
        state.garrison[v] *= factor
        if siege is not None:
            siege.at = now + (siege.at - now) * factor
            state.extra[v] *= factor
            self._model.schedule.move_end(siege)
        self._note(v, REINFORCED, now)

    def _note(self, v: int, what: int, now: float) -> None:
        state = self._model.state
        status = HELD if state.sieges[v] is None else CONTESTED
        self._model.note((now, v, state.owner[v], status, what, -1))

    def issue(self, now: float, interventions: Sequence[Intervention]) -> None:
        """Take further orders into a run under way; what is dated earlier is now."""
        replication, state = self._model.replication, self._model.state
        network, horizon = replication.adjacency.network, replication.horizon
        for given in interventions:
            one = replace(given, day=max(given.day, now))
            check(one, network, horizon, network.begin)
            turn_routes(one, network, state.gates, state.paths, state.corridors)
            for row in hold_rows(one, network):
                hold = (one.day, one.until, one.extra_days)
                state.holds.setdefault(row, []).append(hold)
            for entry in dated_entries(one, network, horizon, len(state.ceasefires)):
                state.dated.append(entry)
                self._model.schedule.post(Plan(entry[0], ORDER, len(state.dated) - 1))
            if one.kind == "ceasefire":
                t = truce_of(one, network)
                state.ceasefires.append([t.since, t.until, list(t.parties), 0])
