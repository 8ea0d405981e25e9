"""Forces arrive: a contest begins, or a siege is pressed, or they are too late."""

from __future__ import annotations

from heapq import heappush

from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.contests import Contests
from chronicle.simulation.engine.event_list import EventList
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.replication import AGAIN
from chronicle.simulation.engine.state import INFINITE, Course
from chronicle.simulation.rules import (
    CAPTURED,
    CONTESTED,
    SIEGE,
    SIEGE_END,
    TRANSFERRED,
)

__all__ = ["arrivals"]


def arrivals(
    event_list: EventList,
    ceasefires: Ceasefires,
    losses: Losses,
    contests: Contests,
    mask: int,
    tracked: bool,
) -> Course:
    """What follows when a force arrives.

    It attacks whom its actor attacks (*mask* 1), or also who attacks its actor (3).
    """
    replication, state, queue = (
        event_list.replication,
        event_list.state,
        event_list.queue,
    )
    p, horizon = replication.parameters, replication.horizon
    owner, held, sieges, counts = state.owner, state.held, state.sieges, state.contests
    expected, fighting, supplied = state.expected, state.fighting, state.supplied
    gates, holds, patience = state.gates, state.holds, state.patience
    rationed = bool(replication.adjacency.network.sources)
    attacks = [[bits & mask for bits in row] for row in replication.adjacency.relation]
    live, ripe, collapse = ceasefires.live, losses.ripe, losses.collapse
    parley, pressing = contests.parley, p.pressure > 0.0
    contest, press, put_off = contests.contest, contests.press, contests.put_off
    release, note, push = event_list.spent.append, state.rows.append, heappush
    on_siege_end = event_list.on[SIEGE_END]
    while True:
        event = yield
        v = event.place
        a = event.actor
        d = owner[v]
        if d == a:
            release(event)
            continue
        u = event.origin
        now = event.at
        if owner[u] != a or not attacks[a][d]:
            if expected[v] <= now:  # the threat has passed
                expected[v] = INFINITE
            continue
        if gates or live or now < 0.0:
            at = put_off(event, d)
            if at > now:
                event_list.defer(event, at, mask)
                continue
        siege = sieges[v]
        if siege is not None:
            if pressing and siege.actor == a:
                press(siege, event)
            continue
        days = patience[v]
        kind = CAPTURED
        if days < 0.0 or holds:
            days, kind = contest(event, d, mask)
            if days < 0.0:
                continue
        else:  # `contest` of a place that never was contested, spelled out
            patience[v] = AGAIN
            counts[v] = 1
            days *= collapse[d]
            if rationed and not supplied[v]:
                days *= p.supply_hold
            if held[d] < ripe[d]:
                wait = parley[v]
                if wait < days:
                    days, kind = wait, TRANSFERRED
        note((now, v, d, CONTESTED, SIEGE, u))
        if tracked:
            fighting[v] = 1
        sieges[v] = event  # which is now the end of it
        event.outcome = kind
        event.others = 0
        event.at = at = now + days
        if at <= horizon:
            event.callbacks = on_siege_end
            push(queue, (at, SIEGE_END, v, event))
