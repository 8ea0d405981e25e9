"""What an attack comes to, but for the commonest case: `arrivals` has that itself."""

from __future__ import annotations

from chronicle.errors import BudgetExceeded
from chronicle.simulation.engine.captures import NO_SIEGE
from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.event_list import EventList
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.replication import AGAIN, BEATEN, HANDED_OVER
from chronicle.simulation.engine.state import INFINITE, Handler, SimEvent
from chronicle.simulation.rules import (
    AT_ONCE,
    CAPTURED,
    HELD,
    REPULSED,
    TRANSFERRED,
    hold_days,
    most_changes,
    next_open,
    pressed,
)

__all__ = ["NONE", "Contests", "too_many_changes"]

NONE = (-1.0, CAPTURED)
"""No siege."""


def too_many_changes(replica: int, most: int) -> BudgetExceeded:
    """The error for a replica that makes more changes than `rules.most_changes`."""
    return BudgetExceeded(
        f"replica {replica}: more than {most} changes, as if places changed hands or "
        "beat off attacks in no time; nothing was recorded. Look at repulse, "
        "repulse_wait_days, hold_days, transfer and the shortest routes"
    )


class Contests:
    """The rules of contests; *fall* is told of places that are handed over at once.

    `parley` are the days until the first besieged of each place give up, if they talk.
    """

    def __init__(
        self,
        event_list: EventList,
        ceasefires: Ceasefires,
        losses: Losses,
        fall: Handler,
    ) -> None:
        self._agenda = event_list
        self._truces = ceasefires
        self._losses = losses
        self._fall = fall
        self.parley = event_list.replication.first_parleys()
        self._most = most_changes(event_list.replication.adjacency.network.count)

    def put_off(self, event: SimEvent, d: int) -> float:
        """When the place was last confirmed, the road is open, ceasefires with *d* end.

        The first of the three that is still to come; else a time that is past.
        """
        event_list, now = self._agenda, event.at
        confirmed = event_list.confirmed[event.place]
        if confirmed > now:
            return confirmed
        spans = event_list.state.gates.get(event_list.edge(event.origin, event.place))
        at = now if spans is None else next_open(spans, now)
        return at if at > now else self._truces.until(event.actor, d)[1]

    def press(self, siege: SimEvent, event: SimEvent) -> None:
        """One more force joins *siege*, which ends the earlier."""
        event.origin, event.outcome = siege.origin, siege.outcome
        event.others = siege.others + 1
        pressure = self._agenda.replication.parameters.pressure
        extra = self._agenda.state.extra[siege.place]
        left = pressed(siege.at - event.at, extra, siege.others, pressure)
        self._agenda.besiege(event, event.at + left)

    def contest(self, event: SimEvent, d: int, mask: int) -> tuple[float, int]:
        """How long a siege will last, and how it will end; `NONE` if there is none.

        Raises `BudgetExceeded`: what goes on without end contests a place again.
        """
        replication, state = self._agenda.replication, self._agenda.state
        p, v, now = replication.parameters, event.place, event.at
        n, patience = state.contests[v], state.patience[v]
        if n and len(state.rows) > self._most:
            raise too_many_changes(replication.replica, self._most)
        state.contests[v] = n + 1
        state.patience[v] = AGAIN
        fate = replication.fate(v, n) if patience == AGAIN else patience
        if fate == BEATEN:
            self._beat(event, n, mask)
            return NONE
        extra = self._extra_days(v, now) if state.holds else 0.0
        state.extra[v] = extra
        if fate == HANDED_OVER:
            if extra > 0.0:
                return extra, TRANSFERRED
            event.outcome = TRANSFERRED
            event.others = NO_SIEGE
            state.sieges[v] = event
            self._fall(event)
            return NONE
        if patience == AGAIN:
            patience = replication.patience(v, n)
        supply = 1.0 if state.supplied[v] else p.supply_hold
        shrink = self._losses.collapse[d]
        days = hold_days(patience, shrink, state.garrison[v], supply, extra)
        if state.held[d] < self._losses.ripe[d]:
            wait = replication.wait("negotiation", v, n) / p.transfer_rate + extra
            if wait < days:
                return wait, TRANSFERRED
        return days, CAPTURED

    def _beat(self, event: SimEvent, n: int, mask: int) -> None:
        """The attack is repulsed: it comes again, and may be answered."""
        replication, state = self._agenda.replication, self._agenda.state
        p, v, u, now = replication.parameters, event.place, event.origin, event.at
        d = state.owner[v]
        state.garrison[v] *= 1.0 + p.reinforcement
        state.rows.append((now, v, d, HELD, REPULSED, u))
        wait = replication.wait("wait", v, n) * p.repulse_wait_days
        state.expected[v] = INFINITE
        self._agenda.send(event, now + wait, mask)
        if d >= 0 and replication.luck("counterattack", v, n) < p.counterattack:
            self._agenda.march(now, v, u, d, 3, AT_ONCE)

    def _extra_days(self, v: int, now: float) -> float:
        """What orders to hold add to a siege that begins now."""
        extra = 0.0
        for since, until, days in self._agenda.state.holds.get(v, ()):
            if since <= now < until:
                extra += days
        return extra
