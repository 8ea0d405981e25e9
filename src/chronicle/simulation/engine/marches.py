"""Forces on the move: when they set out, how long they take, who is warned."""

from __future__ import annotations

from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.schedule import Force
from chronicle.simulation.engine.state import INFINITE
from chronicle.simulation.rules import AT_ONCE, ONWARD, QUIET, next_open

__all__ = ["Marches"]


class Marches:
    """Sends forces on their way. People are warned of when the next is expected."""

    def __init__(self, model: Model) -> None:
        replication = model.replication
        self._days = replication.travel
        self._waits = {
            QUIET: replication.quiet.tolist(),
            ONWARD: replication.onward.tolist(),
        }
        self._stop = replication.stop
        self._supply_speed = replication.parameters.supply_speed
        self._gates = model.state.gates
        self._supplied = model.state.supplied
        self._expected = model.state.expected
        self._schedule = model.schedule

    def set_out(
        self, now: float, v: int, u: int, edge: int, a: int, how: int, mask: int = 1
    ) -> None:
        """A force of *a* starts from *u* for *v*, when its turn and the route come.

        *how* is whether it strikes back at once, goes on from what was just taken, or
        attacks along a quiet route. *mask* is that of a `Force`.
        """
        if how != AT_ONCE:
            now = now + self._waits[how][edge]
            if now > self._stop:
                now = INFINITE
        if edge in self._gates:
            now = next_open(self._gates[edge], now)
        days = self._days[edge]
        if not self._supplied[u]:
            days = days / self._supply_speed
        self._warn(v, now + days)
        self._schedule.send(now + days, v, u, edge, a, mask)

    def again(self, force: Force, at: float) -> None:
        """A force that was beaten off comes again *at* a time."""
        v = force.place
        self._warn(v, at)
        self._schedule.send(at, v, force.origin, force.edge, force.actor, force.mask)

    def defer(self, force: Force, at: float) -> None:
        """A force before the walls waits, and people there know until when."""
        self.call_off(force)
        self.again(force, at)

    def call_off(self, force: Force) -> None:
        """The threat of a force that is there now has passed."""
        if self._expected[force.place] <= force.at:
            self._expected[force.place] = INFINITE

    def _warn(self, v: int, at: float) -> None:
        """People at *v* expect a force, by then at the latest."""
        if at < self._expected[v]:
            self._expected[v] = at
