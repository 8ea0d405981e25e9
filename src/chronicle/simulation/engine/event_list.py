"""What is to happen: the queue, and how events get on it.

An entry of the queue is (time, priority, place, event). Who holds an `EventList` pushes
to the queue; somebody else pops.
"""

from __future__ import annotations

from heapq import heappush

from chronicle.simulation.engine.replication import Replication
from chronicle.simulation.engine.state import (
    INFINITE,
    Handlers,
    ModelState,
    Queue,
    SimEvent,
)
from chronicle.simulation.rules import (
    ARRIVAL,
    AT_ONCE,
    ONWARD,
    QUIET,
    SIEGE_END,
    next_open,
)

__all__ = ["EventList"]


class EventList:
    """A queue and what to do when an event of it is due: *on*, by priority.

    *spent* are arrivals and sieges that are over; to use one again costs less than to
    make another. Their `aux` is 0 and their `mask` 1. Nothing befalls a place before it
    was *confirmed* to be its holder's for the last time.
    """

    def __init__(
        self, replication: Replication, state: ModelState, queue: Queue
    ) -> None:
        self.replication = replication
        self.state = state
        self.queue = queue
        self.confirmed: list[float] = replication.adjacency.network.confirmed.tolist()
        self.spent: list[SimEvent] = []
        self.on: dict[int, Handlers] = {}
        self.on_counterattack: Handlers = ()

    def post(self, at: float, priority: int, place: int, actor: int, aux: int) -> None:
        """Any event but an arrival or the end of a siege."""
        if at <= self.replication.horizon:
            event = SimEvent()
            event.place, event.origin, event.actor = place, -1, actor
            event.at, event.aux = at, aux
            event.callbacks = self.on[priority]
            heappush(self.queue, (at, priority, place, event))

    def march(
        self, now: float, u: int, v: int, a: int, mask: int = 1, how: int = QUIET
    ) -> None:
        """A force of *a* sets out from *u* to *v*, when its turn and the route come.

        *how* is whether it strikes back, goes on from what it took, or attacks anew.
        """
        edge, replication = self.edge(u, v), self.replication
        if how != AT_ONCE:
            waits = replication.onward if how == ONWARD else replication.quiet
            now = now + float(waits[edge])
            if now > replication.stop:
                now = INFINITE
        spans = self.state.gates.get(edge)
        if spans is not None:
            now = next_open(spans, now)
        days = float(self.replication.days[edge])
        if not self.state.supplied[u]:
            days = days / self.replication.parameters.supply_speed
        event = SimEvent()
        event.place, event.origin, event.actor = v, u, a
        self.send(event, now + days, mask)

    def send(self, event: SimEvent, at: float, mask: int) -> None:
        """An arrival; the people there are warned."""
        v, expected = event.place, self.state.expected
        if at < expected[v]:
            expected[v] = at
        if at <= self.replication.horizon:
            event.at = at
            event.mask = mask
            event.callbacks = self.on[ARRIVAL] if mask == 1 else self.on_counterattack
            heappush(self.queue, (at, ARRIVAL, v, event))

    def defer(self, event: SimEvent, at: float, mask: int) -> None:
        """A force before the walls waits, and people there know until when."""
        v, expected = event.place, self.state.expected
        if expected[v] <= event.at:
            expected[v] = INFINITE
        self.send(event, at, mask)

    def besiege(self, siege: SimEvent, at: float) -> None:
        """This is the siege of its place, to *at*, whatever was planned before."""
        self.state.sieges[siege.place] = siege
        siege.at = at
        if at <= self.replication.horizon:
            siege.callbacks = self.on[SIEGE_END]
            heappush(self.queue, (at, SIEGE_END, siege.place, siege))

    def edge(self, u: int, v: int) -> int:
        """The route between two neighbours."""
        return self.replication.adjacency.network.edges[(u, v) if u < v else (v, u)]
