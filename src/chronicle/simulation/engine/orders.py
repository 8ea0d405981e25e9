"""Orders on their day, and those that come while a run is under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.event_list import EventList
from chronicle.simulation.engine.replication import AGAIN
from chronicle.simulation.engine.state import SimEvent, siege_of
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

    def __init__(
        self, event_list: EventList, ceasefires: Ceasefires, take: Take
    ) -> None:
        self._agenda = event_list
        self._truces = ceasefires
        self._take = take

    def begin(self) -> None:
        """Put the orders of a fresh run on the queue."""
        for number, entry in enumerate(self._agenda.state.dated):
            self._agenda.post(entry[0], ORDER, number, -1, 0)

    def order(self, event: SimEvent) -> None:
        """Carry out the order of that number."""
        state, now = self._agenda.state, event.at
        _, kind, v, other, value = state.dated[event.place]
        if kind == "ceasefire":
            self._truces.begin(other, now)
        elif kind in ROUTES:
            state.rows.append((now, v, -1, HELD, ROUTES[kind], other))
        elif kind == "transfer":
            if state.owner[v] != other:
                self._take(v, other, TRANSFERRED, now)
        elif kind == "reinforce":
            self._reinforce(v, value, now)
        else:
            state.capacity[v] = value
            self._note(v, CAPACITY_SET, now)

    def _reinforce(self, v: int, factor: float, now: float) -> None:
        state = self._agenda.state
        state.garrison[v] *= factor
        if state.patience[v] >= 0.0:
            state.patience[v] = AGAIN  # `Contests.contest` asks for the garrison
        siege = state.sieges[v]
        if siege is not None:
            at = now + (siege.at - now) * factor
            state.extra[v] *= factor
            other = siege_of(
                at, v, siege.origin, siege.actor, siege.outcome, siege.others
            )
            self._agenda.besiege(other, at)
        self._note(v, REINFORCED, now)

    def _note(self, v: int, what: int, now: float) -> None:
        state = self._agenda.state
        status = HELD if state.sieges[v] is None else CONTESTED
        state.rows.append((now, v, state.owner[v], status, what, -1))

    def issue(self, now: float, interventions: Sequence[Intervention]) -> None:
        """Take further orders into a run under way; what was to be is now."""
        replication, state = self._agenda.replication, self._agenda.state
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
                self._agenda.post(entry[0], ORDER, len(state.dated) - 1, -1, 0)
            if one.kind == "ceasefire":
                t = truce_of(one, network)
                state.ceasefires.append([t.since, t.until, list(t.parties), 0])
