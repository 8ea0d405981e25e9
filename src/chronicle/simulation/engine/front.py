"""The course of events in plain Python: what each event does and which it brings on.

The state is plain data, and no handler keeps any of its own between two events, so a
run can be copied, saved and branched at any moment. The handlers of nearly all events,
`arrivals` and `captures`, are generators for speed alone: their names are bound once,
not at each call. Two drivers use this module: SimPy's environment and a bare heap
(`simpy_engine`). `compiled` tells the same story again in arrays, and must come to the
same changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappush
from math import isnan
from typing import Any

from chronicle.simulation.engine.arrivals import arrivals
from chronicle.simulation.engine.captures import NO_SIEGE, captures
from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.contests import Contests
from chronicle.simulation.engine.event_list import EventList
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.orders import DatedOrders
from chronicle.simulation.engine.replication import Replication
from chronicle.simulation.engine.state import (
    Handler,
    Handlers,
    ModelState,
    Queue,
    SimEvent,
    siege_of,
)
from chronicle.simulation.engine.supply import judge_supply
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.rules import (
    ARRIVAL,
    ONWARD,
    ORDER,
    PEOPLE,
    QUIET,
    RISING,
    SIEGE_END,
    SUPPLY,
    TRUCE_END,
    UPRISING,
)

__all__ = ["Front"]


class Front:
    """Handlers over a state; *queue* is theirs to push to, somebody else's to pop.

    *settle* is called with each whole day, after everything else of that day; *after*
    when any other event has happened.
    """

    def __init__(
        self,
        replication: Replication,
        state: ModelState,
        queue: Queue,
        settle: Callable[[int], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        self._settle = settle
        self._agenda = event_list = EventList(replication, state, queue)
        self._truces = ceasefires = Ceasefires(event_list)
        losses, tracked = Losses(event_list, ceasefires), settle is not None
        fall = captures(event_list, ceasefires, losses, tracked)
        self._fall: Handler = fall.send
        self._dated = DatedOrders(event_list, ceasefires, self._take)
        contests = Contests(event_list, ceasefires, losses, fall.send)
        given = event_list, ceasefires, losses, contests
        arrive, strike = arrivals(*given, 1, tracked), arrivals(*given, 3, tracked)
        self._strike: Handler = strike.send

        def called(handler: Handler) -> Handlers:
            return (handler,) if after is None else (handler, lambda _: after())

        event_list.on_counterattack = called(self._counterattack)
        event_list.on |= {
            ORDER: called(self._dated.order),
            TRUCE_END: called(ceasefires.end),
            SUPPLY: called(self._supply),
            RISING: called(self._rising),
            SIEGE_END: called(fall.send),
            ARRIVAL: called(arrive.send),
            PEOPLE: (self._people,),
        }
        for course in (fall, arrive, strike):
            next(course)

    def begin(self) -> None:
        """Put the first events of a fresh run on the queue."""
        event_list = self._agenda
        replication, state = event_list.replication, event_list.state
        self._dated.begin()
        if replication.adjacency.network.sources:
            begin = replication.adjacency.network.begin
            judge_supply(replication, state, begin)
            event_list.post(0.0 if begin < 0.0 else 1.0, SUPPLY, 0, -1, 0)
        if self._settle is not None:
            event_list.post(1.0, PEOPLE, 0, -1, 0)
        taken = replication.adjacency.network.taken.tolist()
        fresh = replication.adjacency.network.fresh.tolist()
        for v, w in replication.adjacency.fronts:
            out = replication.parameters.delay_days if isnan(taken[v]) else taken[v]
            how = QUIET if isnan(taken[v]) and not fresh[v] else ONWARD
            event_list.march(out, v, w, state.owner[v], 1, how)

    def restore(self, entries: Sequence[Sequence[Any]]) -> None:
        """Put saved entries back on the queue, and the ends of sieges."""
        event_list = self._agenda
        for at, priority, place, origin, aux, actor, mask in entries:
            if priority == ARRIVAL:
                event = SimEvent()
                event.place, event.origin, event.actor = place, origin, actor
                event.at, event.mask = at, mask
                event.callbacks = (
                    event_list.on[ARRIVAL] if mask == 1 else event_list.on_counterattack
                )
                heappush(event_list.queue, (at, ARRIVAL, place, event))
            else:
                event_list.post(at, priority, place, actor, aux)
        for siege in event_list.state.sieges:
            if siege is not None:
                event_list.besiege(siege, siege.at)

    def issue(self, now: float, interventions: Sequence[Intervention]) -> None:
        """Take further orders into a run under way; what was to be is now."""
        self._dated.issue(now, interventions)

    def _take(self, v: int, a: int, kind: int, now: float) -> None:
        """*v* comes under *a* at once, whoever besieges it and whatever rests."""
        event = siege_of(now, v, -1, a, kind, NO_SIEGE)
        self._agenda.state.sieges[v] = event
        self._fall(event)

    def _counterattack(self, event: SimEvent) -> None:
        """An arrival that needs no general order to attack."""
        event.mask = 1  # it may be used again, for another
        self._strike(event)

    def _rising(self, event: SimEvent) -> None:
        """The place rises, unless it has changed hands or arms rest."""
        v, a, d = event.place, event.actor, event.aux
        if self._agenda.state.owner[v] != d:
            return
        confirmed = self._agenda.confirmed[v]
        until = max(confirmed, self._truces.until(a, d)[1])
        if until > event.at:
            self._agenda.post(until, RISING, v, a, d)
        else:
            self._take(v, a, UPRISING, event.at)

    def _supply(self, event: SimEvent) -> None:
        judge_supply(self._agenda.replication, self._agenda.state, event.at)
        self._agenda.post(event.at + 1.0, SUPPLY, 0, -1, 0)

    def _people(self, event: SimEvent) -> None:
        assert self._settle is not None
        self._settle(int(event.at))
        self._agenda.post(event.at + 1.0, PEOPLE, 0, -1, 0)
