"""Places change hands, and new fronts open: where most events come from."""

from __future__ import annotations

from heapq import heappush

from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.event_list import EventList
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.state import INFINITE, Course, SimEvent
from chronicle.simulation.rules import ARRIVAL, HELD, ONWARD, TRANSFERRED

__all__ = ["NO_SIEGE", "captures"]

NO_SIEGE = -1
"""`SimEvent.others` of what no ceasefire can put off, as it is no siege."""


def captures(
    event_list: EventList, ceasefires: Ceasefires, losses: Losses, tracked: bool
) -> Course:
    """What follows when a siege ends: losses, and the new fronts.

    *tracked* is whether anybody asks where fighting is or is expected.
    """
    replication, state, queue = (
        event_list.replication,
        event_list.state,
        event_list.queue,
    )
    horizon, relation, population = (
        replication.horizon,
        replication.adjacency.relation,
        replication.adjacency.population,
    )
    owner, held, step, sieges = state.owner, state.held, state.step, state.sieges
    garrison, supplied, gates = state.garrison, state.supplied, state.gates
    expected, changed = state.expected, state.changed
    weight, fighting = state.weight, state.fighting
    ways, days_along = replication.adjacency.ways, replication.days_by_way()
    waits_along, stop = replication.waits_by_way(), replication.stop
    rationed = bool(
        replication.adjacency.network.sources
    )  # without, all are always in supply
    live, due = ceasefires.live, losses.due
    release, reuse = event_list.spent.append, event_list.spent.pop
    note, push, march = state.rows.append, heappush, event_list.march
    on_arrival, infinite = event_list.on[ARRIVAL], INFINITE
    while True:
        event = yield
        v = event.place
        if sieges[v] is not event:  # lifted, or pressed to end earlier
            release(event)
            continue
        now = event.at
        a = event.actor
        d = owner[v]
        if live and event.others != NO_SIEGE:
            since, until = ceasefires.until(a, d)
            if until > now:
                event_list.besiege(event, until + (now - since))
                continue
        u = event.origin
        kind = event.outcome
        release(event)
        sieges[v] = None
        owner[v] = a
        garrison[v] = 1.0
        if tracked:
            fighting[v] = 0
            expected[v] = infinite
            changed[v] = now
            weight[v] = 0.0 if kind == TRANSFERRED else 1.0
        note((now, v, a, HELD, kind, u))
        people = population[v]
        held[a] += people
        left = held[d] - people
        held[d] = left
        if left < due[d]:
            losses.suffer(d, now)
        if step[a]:
            losses.follow(a)
        towards = relation[a]
        if gates or (rationed and not supplied[v]):
            for w in ways[v]:
                bits = towards[owner[w]]
                if bits & 1:
                    march(now, v, w, a, 1, ONWARD)
                if bits & 2:
                    march(now, w, v, owner[w])
            continue
        along, waits = days_along[v], waits_along[v]
        for i, w in enumerate(ways[v]):
            bits = towards[owner[w]]
            if bits:
                if bits > 1:
                    march(now, w, v, owner[w])
                    if bits == 2:
                        continue
                at = now + waits[i]  # `march`, spelled out
                at = infinite if at > stop else at + along[i]
                if tracked and at < expected[w]:
                    expected[w] = at
                if at <= horizon:
                    try:
                        event = reuse()
                    except IndexError:
                        event = SimEvent()
                    event.place = w
                    event.origin = v
                    event.actor = a
                    event.at = at
                    event.callbacks = on_arrival
                    push(queue, (at, ARRIVAL, w, event))
