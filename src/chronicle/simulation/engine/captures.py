"""Places change hands, and new fronts open: where most events come from."""

from __future__ import annotations

from heapq import heappush

from chronicle.simulation.engine.ceasefires import Truces
from chronicle.simulation.engine.event_list import Agenda
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.state import INFINITE, Course, Happening
from chronicle.simulation.rules import ARRIVAL, HELD, TRANSFERRED

__all__ = ["AT_ONCE", "falls"]

AT_ONCE = -1
"""`Happening.others` of what no ceasefire can put off, as it is no siege."""


def falls(agenda: Agenda, truces: Truces, losses: Losses, tracked: bool) -> Course:
    """What follows when a siege ends: losses, and the new fronts.

    *tracked* is whether anybody asks where fighting is or is expected.
    """
    plan, state, queue = agenda.plan, agenda.state, agenda.queue
    horizon, relation, population = (
        plan.horizon, plan.chart.relation, plan.chart.population,
    )  # fmt: skip
    owner, held, step, sieges = state.owner, state.held, state.step, state.sieges
    garrison, supplied, gates = state.garrison, state.supplied, state.gates
    expected, changed = state.expected, state.changed
    weight, fighting = state.weight, state.fighting
    ways, days_along = plan.chart.ways, plan.days_by_way()
    rationed = bool(plan.chart.terrain.sources)  # without, all are always in supply
    live, due = truces.live, losses.due
    release, reuse = agenda.spent.append, agenda.spent.pop
    note, push, march = state.rows.append, heappush, agenda.march
    on_arrival, infinite = agenda.on[ARRIVAL], INFINITE
    while True:
        event = yield
        v = event.place
        if sieges[v] is not event:  # lifted, or pressed to end earlier
            release(event)
            continue
        now = event.at
        a = event.actor
        d = owner[v]
        if live and event.others != AT_ONCE:
            since, until = truces.until(a, d)
            if until > now:
                agenda.besiege(event, until + (now - since))
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
                    march(now, v, w, a)
                if bits & 2:
                    march(now, w, v, owner[w])
            continue
        along = days_along[v]
        for i, w in enumerate(ways[v]):
            bits = towards[owner[w]]
            if bits:
                if bits > 1:
                    march(now, w, v, owner[w])
                    if bits == 2:
                        continue
                at = now + along[i]  # `march`, spelled out
                if tracked and at < expected[w]:
                    expected[w] = at
                if at <= horizon:
                    try:
                        event = reuse()
                    except IndexError:
                        event = Happening()
                    event.place = w
                    event.origin = v
                    event.actor = a
                    event.at = at
                    event.callbacks = on_arrival
                    push(queue, (at, ARRIVAL, w, event))
