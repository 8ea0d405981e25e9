"""Forces arrive: they come too late, wait, press a siege, are beaten off, lay siege."""

from __future__ import annotations

from chronicle.errors import BudgetExceeded
from chronicle.simulation.engine.captures import Captures
from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.marches import Marches
from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.replication import BEATEN, HANDED_OVER
from chronicle.simulation.engine.schedule import Force, Siege
from chronicle.simulation.engine.state import INFINITE
from chronicle.simulation.rules import (
    AT_ONCE,
    CAPTURED,
    CONTESTED,
    HELD,
    REPULSED,
    SIEGE,
    TRANSFERRED,
    hold_days,
    most_changes,
    next_open,
    pressed,
)

__all__ = ["Contests", "too_many_changes"]


def too_many_changes(replica: int, most: int) -> BudgetExceeded:
    """The error for a replica that makes more changes than `rules.most_changes`."""
    return BudgetExceeded(
        f"replica {replica}: more than {most} changes, as if places changed hands or "
        "beat off attacks in no time; nothing was recorded. Look at repulse, "
        "repulse_wait_days, hold_days, transfer and the shortest routes"
    )


class Contests:
    """What an arrival comes to."""

    def __init__(
        self,
        model: Model,
        marches: Marches,
        ceasefires: Ceasefires,
        losses: Losses,
        captures: Captures,
    ) -> None:
        replication = model.replication
        network = replication.adjacency.network
        self._replication = replication
        self._relation = replication.adjacency.relation
        self._parameters = replication.parameters
        self._state = model.state
        self._note = model.note
        self._schedule = model.schedule
        self._marches = marches
        self._ceasefires = ceasefires
        self._losses = losses
        self._take = captures.take
        self._confirmed: list[float] = network.confirmed.tolist()
        self._most = most_changes(network.count)

    def arrive(self, force: Force) -> None:
        """*force* is before its place."""
        state, v, a = self._state, force.place, force.actor
        d = state.owner[v]
        if d == a:
            return  # others took it first
        if state.owner[force.origin] != a or not self._relation[a][d] & force.mask:
            self._marches.call_off(force)  # its base is lost, or the holder is no enemy
            return
        later = self._put_off(force, d)
        siege = state.sieges[v]
        if later > force.at:
            self._marches.defer(force, later)
        elif siege is None:
            self._contest(force, d)
        elif siege.actor == a and self._parameters.pressure > 0.0:
            self._press(siege, force.at)

    def _put_off(self, force: Force, d: int) -> float:
        """When the place was last confirmed, the road is open, ceasefires with *d* end.

        The first of the three that is still to come; else a time that is past.
        """
        now, gates = force.at, self._state.gates
        if now < 0.0 and self._confirmed[force.place] > now:
            return self._confirmed[force.place]
        if force.edge in gates:
            opens = next_open(gates[force.edge], now)
            if opens > now:
                return opens
        if self._ceasefires.in_force:
            return self._ceasefires.between(force.actor, d)[1]
        return now

    def _press(self, siege: Siege, now: float) -> None:
        """One more force joins *siege*, which ends the earlier."""
        extra = self._state.extra[siege.place]
        pressure = self._parameters.pressure
        siege.at = now + pressed(siege.at - now, extra, siege.others, pressure)
        siege.others += 1
        self._schedule.move_end(siege)

    def _contest(self, force: Force, d: int) -> None:
        """The place is handed over, or the attack is repulsed, or a siege begins.

        Raises `BudgetExceeded`: what goes on without end contests a place again.
        """
        replication, state = self._replication, self._state
        v, now = force.place, force.at
        n = state.contests[v]
        if n and len(state.rows) > self._most:
            raise too_many_changes(replication.replica, self._most)
        state.contests[v] = n + 1
        fate = replication.fate(v, n)
        extra = self._extra_days(v, now) if state.holds else 0.0
        if fate == BEATEN:
            self._beat(force, n)
        elif fate == HANDED_OVER and extra > 0.0:
            self._besiege(force, d, extra, extra, TRANSFERRED)
        elif fate == HANDED_OVER:
            self._take(v, force.actor, TRANSFERRED, now, force.origin)
        else:
            days, outcome = self._siege_days(v, d, n, extra)
            self._besiege(force, d, days, extra, outcome)

    def _siege_days(self, v: int, d: int, n: int, extra: float) -> tuple[float, int]:
        """How long a siege of *v* will last, and whether it ends by negotiation."""
        replication, state = self._replication, self._state
        p = self._parameters
        days = hold_days(
            replication.patience(v, n),
            self._losses.shrink(d),
            state.garrison[v],
            1.0 if state.supplied[v] else p.supply_hold,
            extra,
        )
        if self._losses.negotiates(d):
            wait = replication.wait("negotiation", v, n) / p.transfer_rate + extra
            if wait < days:
                return wait, TRANSFERRED
        return days, CAPTURED

    def _besiege(
        self, force: Force, d: int, days: float, extra: float, outcome: int
    ) -> None:
        """A siege of that many days begins."""
        state, v, now = self._state, force.place, force.at
        siege = Siege(now + days, v, force.origin, force.actor, outcome, 0)
        state.sieges[v] = siege
        state.extra[v] = extra
        state.fighting[v] = 1
        self._note((now, v, d, CONTESTED, SIEGE, force.origin))
        self._schedule.besiege(siege)

    def _beat(self, force: Force, n: int) -> None:
        """The attack is repulsed: it comes again, and may be answered."""
        replication, state = self._replication, self._state
        p, v, u, now = self._parameters, force.place, force.origin, force.at
        d = state.owner[v]
        state.garrison[v] *= 1.0 + p.reinforcement
        self._note((now, v, d, HELD, REPULSED, u))
        wait = replication.wait("wait", v, n) * p.repulse_wait_days
        state.expected[v] = INFINITE
        self._marches.again(force, now + wait)
        if d >= 0 and replication.luck("counterattack", v, n) < p.counterattack:
            self._marches.set_out(now, u, v, force.edge, d, AT_ONCE, mask=3)

    def _extra_days(self, v: int, now: float) -> float:
        """What orders to hold add to a siege that begins now."""
        extra = 0.0
        for since, until, days in self._state.holds.get(v, ()):
            if since <= now < until:
                extra += days
        return extra
