"""The course of events in plain Python: what each event does and which it brings on.

The state is plain data, the handlers are callbacks; there is no generator to lose on
the way, so a run can be copied, saved and branched at any moment. Two drivers use this
module: SimPy's environment and a bare heap (`simpy_engine`). `compiled` tells the same
story again in arrays, and must come to the same changes.

An entry of the queue is (time, priority, place, event); `Front.restore` makes one again
from plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from heapq import heappush
from typing import Any

from chronicle.whatif.draws import log, uniform
from chronicle.whatif.interventions import (
    Intervention,
    check,
    dated_entries,
    hold_rows,
    truce_of,
    turn_routes,
)
from chronicle.whatif.plan import Plan
from chronicle.whatif.rules import (
    ARRIVAL,
    CAPACITY_SET,
    CAPTURED,
    CEASEFIRE_BEGAN,
    CEASEFIRE_BROKEN,
    CEASEFIRE_ENDED,
    CONTESTED,
    CORRIDOR_OPENED,
    HELD,
    ORDER,
    PEOPLE,
    REINFORCED,
    REPULSED,
    RISING,
    ROUTE_CLOSED,
    ROUTE_REOPENED,
    SIEGE,
    SIEGE_END,
    SUPPLY,
    SUPPLY_CUT,
    SUPPLY_RESTORED,
    TRANSFERRED,
    TRUCE_END,
    UPRISING,
    hold_days,
    lost_step,
    next_open,
    patience_days,
    pressed,
)
from chronicle.whatif.state import (
    INFINITE,
    Counterattack,
    Handler,
    Happening,
    Queue,
    State,
)
from chronicle.whatif.supply import in_supply

__all__ = ["Front"]


class Front:
    """Handlers over a state; `queue` is theirs to push to, somebody else's to pop.

    *settle* is called with each whole day, after everything else of that day.
    """

    def __init__(
        self,
        plan: Plan,
        state: State,
        queue: Queue,
        settle: Callable[[int], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        self.plan = plan
        self.state = state
        self.queue = queue
        self._bind(settle, after)

    def _bind(
        self, settle: Callable[[int], None] | None, after: Callable[[], None] | None
    ) -> None:
        """Make the handlers; local names keep the hot path short."""
        plan, state, queue = self.plan, self.state, self.queue
        chart, p, horizon = plan.chart, plan.parameters, plan.horizon
        terrain, links, relation = chart.terrain, chart.links, chart.relation
        population, start, size = chart.population, chart.start, terrain.size.tolist()
        travel, collapse, keys = plan.travel, plan.collapse, plan.keys
        luck_of, wait_of = plan.luck, plan.wait
        owner, besieger, siege_from = state.owner, state.besieger, state.siege_from
        outcome, generation = state.outcome, state.generation
        contests, others = state.contests, state.others
        deadline, garrison, supplied = state.deadline, state.garrison, state.supplied
        held, step, risen = state.held, state.step, state.risen
        expected, changed = state.expected, state.changed
        weight, fighting = state.weight, state.fighting
        gates, holds, rows = state.gates, state.holds, state.rows
        truces, dated = state.truces, state.dated
        note, push = rows.append, heappush
        live = [k for k, truce in enumerate(truces) if truce[3] == 1]
        p_transfer, p_repulse = p.transfer, p.repulse
        p_pressure, p_hold = p.pressure, p.hold_days
        rising_at = [p.rising_threshold * people for people in start]
        negotiate_at = [p.transfer_threshold * people for people in start]
        ceasefire_at = [p.ceasefire_threshold * people for people in start]
        alarm = [INFINITE] * len(start)
        slow, short = p.supply_speed, p.supply_hold
        chances, lucks = plan.first_luck("transfer"), plan.first_luck("repulse")
        holds_drawn = plan.first_wait("hold")
        tracked = settle is not None  # only people ask where fighting is expected

        def truce_until(a: int, d: int) -> tuple[float, float]:
            """Start and end of the last of the ceasefires between two; 0, 0 if none."""
            since = until = 0.0
            for k in live:
                begin, end, parties, _ = truces[k]
                if (
                    d >= 0
                    and end > until
                    and (not parties or (a in parties and d in parties))
                ):
                    since, until = begin, end
            return since, until

        def send(event: Happening, at: float) -> None:
            """Put an arrival on the queue and warn the people there."""
            v = event.place
            if at < expected[v]:
                expected[v] = at
            if at <= horizon:
                event.callbacks = on_arrival
                event.at = at
                push(queue, (at, ARRIVAL, v, event))

        def march(
            now: float, u: int, v: int, edge: int, a: int, event: Happening
        ) -> None:
            """A force of *a* sets out from *u* to *v*, when the route is open."""
            spans = gates.get(edge)
            if spans is not None:
                now = next_open(spans, now)
            days = travel[edge]
            if not supplied[u]:
                days = days / slow
            event.place = v
            event.origin = u
            event.edge = edge
            event.actor = a
            send(event, now + days)

        def take(v: int, a: int, kind: int, u: int, now: float) -> None:
            """*v* comes under *a*: losses, what they bring on, and the new fronts."""
            d = owner[v]
            owner[v] = a
            besieger[v] = -1
            generation[v] += 1
            garrison[v] = 1.0
            if tracked:
                fighting[v] = 0
                expected[v] = INFINITE
                changed[v] = now
                weight[v] = 0.0 if kind == TRANSFERRED else 1.0
            note((now, v, a, HELD, kind, u))
            people = population[v]
            held[a] += people
            held[d] -= people
            if d >= 0:
                left = held[d]
                step[d] = lost_step(start[d], left)
                if start[d] - left > alarm[d]:
                    heed(d, start[d] - left, now)
            if a >= 0 and step[a]:
                step[a] = lost_step(start[a], held[a])
            towards = relation[a]
            plain = supplied[v] and not gates
            for w, edge in links[v]:
                o = owner[w]
                if o == a:
                    continue
                bits = towards[o]
                if bits & 1:
                    event = Happening()
                    if plain:  # `march`, spelled out
                        event.place = w
                        event.origin = v
                        event.edge = edge
                        event.actor = a
                        at = now + travel[edge]
                        if tracked and at < expected[w]:
                            expected[w] = at
                        if at <= horizon:
                            event.callbacks = on_arrival
                            event.at = at
                            push(queue, (at, ARRIVAL, w, event))
                    else:
                        march(now, v, w, edge, a, event)
                if bits & 2:
                    march(now, w, v, edge, o, Happening())

        def heed(d: int, lost: int, now: float) -> None:
            """*d* lost more than a threshold: uprisings, a ceasefire."""
            if lost > rising_at[d] and not risen[d]:
                rise(d, now)
            if lost > ceasefire_at[d] and not state.truce_done:
                state.truce_done = True
                truces.append([now, now + p.ceasefire_days, [], 0])
                begin_truce(len(truces) - 1, now)
            watch()

        def watch() -> None:
            """Set at which loss of each actor something is due next."""
            for d in range(len(start)):
                rising = INFINITE if risen[d] else rising_at[d]
                ceasefire = INFINITE if state.truce_done else ceasefire_at[d]
                alarm[d] = min(rising, ceasefire)

        def rise(d: int, now: float) -> None:
            """The listed places that *d* holds rise, each after its own wait."""
            risen[d] = True
            for v, a in terrain.risings:
                if owner[v] == d and relation[a][d] & 1:
                    at = now + wait_of("rising", v, 0) * p.rising_days
                    push_rising(at, v, a, d)

        def push_rising(at: float, v: int, a: int, d: int) -> None:
            if at <= horizon:
                event = Happening()
                event.actor = a
                event.aux = d
                put(event, at, RISING, v, on_rising)

        def put(
            event: Happening, at: float, priority: int, place: int, callbacks: Any
        ) -> None:
            """Any event but an arrival."""
            event.callbacks = callbacks
            event.at = at
            event.place = place
            event.origin = event.edge = -1
            push(queue, (at, priority, place, event))

        def uprising(event: Happening) -> None:
            v, a, d = event.place, event.actor, event.aux
            if owner[v] != d:
                return
            if live:
                until = truce_until(a, d)[1]
                if until > event.at:
                    push_rising(until, v, a, d)
                    return
            take(v, a, UPRISING, -1, event.at)

        def defer(at: float, event: Happening) -> None:
            """A force before the walls waits, and people there know until when."""
            v = event.place
            if expected[v] <= event.at:
                expected[v] = INFINITE
            send(event, at)

        def arrival(event: Happening) -> None:
            """Contest, handover or repulse; or one more force before the walls."""
            v = event.place
            a = event.actor
            d = owner[v]
            if d == a:
                return
            u = event.origin
            now = event.at
            if owner[u] != a or not relation[a][d] & event.mask:
                if expected[v] <= now:  # the threat has passed
                    expected[v] = INFINITE
                return
            if gates and (spans := gates.get(event.edge)) is not None:
                at = next_open(spans, now)
                if at > now:
                    defer(at, event)
                    return
            if live:
                until = truce_until(a, d)[1]
                if until > now:
                    defer(until, event)
                    return
            b = besieger[v]
            if b >= 0:
                if b == a and p_pressure > 0.0:
                    left = pressed(deadline[v] - now, others[v], p_pressure)
                    others[v] += 1
                    besiege_until(v, now + left, event)
                return
            n = contests[v]
            contests[v] = n + 1
            extra = 0.0
            if holds:
                for since, until, days in holds.get(v, ()):
                    if since <= now < until:
                        extra += days
            if n:
                chance, luck = luck_of("transfer", v, n), luck_of("repulse", v, n)
                draw = wait_of("hold", v, n)
            else:
                chance, luck, draw = chances[v], lucks[v], holds_drawn[v]
            if chance < p_transfer:
                if extra == 0.0:
                    take(v, a, TRANSFERRED, u, now)
                    return
                days, kind = extra, TRANSFERRED
            elif luck < p_repulse:
                beaten(event, n, now)
                return
            else:
                days = hold_days(
                    patience_days(size[v], p_hold, draw),
                    collapse[step[d]],
                    garrison[v],
                    1.0 if supplied[v] else short,
                    extra,
                )
                kind = CAPTURED
                if (
                    d >= 0
                    and start[d] - held[d] > negotiate_at[d]
                    and p.transfer_rate > 0
                ):
                    wait = wait_of("negotiation", v, n) / p.transfer_rate + extra
                    if wait < days:
                        days, kind = wait, TRANSFERRED
            besieger[v] = a
            siege_from[v] = u
            outcome[v] = kind
            others[v] = 0
            note((now, v, d, CONTESTED, SIEGE, u))
            if tracked:
                fighting[v] = 1
            at = now + days  # `besiege_until`, spelled out; the event is used again
            deadline[v] = at
            generation[v] = g = generation[v] + 1
            if at <= horizon:
                event.callbacks = on_siege_end
                event.at = at
                event.origin = -1
                event.edge = -1
                event.actor = -1
                event.aux = g
                push(queue, (at, SIEGE_END, v, event))

        def besiege_until(v: int, at: float, event: Happening) -> None:
            """The siege of *v* ends at *at*, whatever was planned before."""
            deadline[v] = at
            generation[v] = g = generation[v] + 1
            if at <= horizon:
                event.aux = g
                event.actor = -1
                put(event, at, SIEGE_END, v, on_siege_end)

        def beaten(event: Happening, n: int, now: float) -> None:
            """The attack is repulsed: it comes again, and may be answered."""
            v, u = event.place, event.origin
            d = owner[v]
            garrison[v] *= 1.0 + p.reinforcement
            note((now, v, d, HELD, REPULSED, u))
            wait = wait_of("wait", v, n) * p.repulse_wait_days
            expected[v] = INFINITE
            send(event, now + wait)
            if d >= 0 and luck_of("counterattack", v, n) < p.counterattack:
                march(now, v, u, event.edge, d, Counterattack())

        def siege_end(event: Happening) -> None:
            v = event.place
            if generation[v] != event.aux:
                return
            a = besieger[v]
            if live:
                since, until = truce_until(a, owner[v])
                if until > event.at:
                    besiege_until(v, until + (event.at - since), event)
                    return
            take(v, a, outcome[v], siege_from[v], event.at)

        def begin_truce(k: int, now: float) -> None:
            truce = truces[k]
            until, kind = truce[1], CEASEFIRE_ENDED
            if p.ceasefire_break > 0.0:
                x = -log(uniform(keys["ceasefire"], 0, k))
                broken = now + x / p.ceasefire_break
                if broken < until:
                    until, kind = broken, CEASEFIRE_BROKEN
            truce[0], truce[1], truce[3] = now, until, 1
            live.append(k)
            note((now, -1, -1, HELD, CEASEFIRE_BEGAN, -1))
            if until <= horizon:
                push_number(until, TRUCE_END, k, kind, on_truce_end)

        def push_number(
            at: float, priority: int, number: int, aux: int, callbacks: Any
        ) -> None:
            event = Happening()
            event.actor = -1
            event.aux = aux
            put(event, at, priority, number, callbacks)

        def truce_end(event: Happening) -> None:
            live.remove(event.place)
            truces[event.place][3] = 2
            note((event.at, -1, -1, HELD, event.aux, -1))

        def order(event: Happening) -> None:
            now = event.at
            _, kind, v, other, value = dated[event.place]
            if kind == "ceasefire":
                begin_truce(other, now)
            elif kind == "close_route":
                note((now, v, -1, HELD, ROUTE_CLOSED, other))
            elif kind == "open_corridor":
                note((now, v, -1, HELD, CORRIDOR_OPENED, other))
            elif kind == "reopen":
                note((now, v, -1, HELD, ROUTE_REOPENED, other))
            elif kind == "transfer":
                if owner[v] != other:
                    take(v, other, TRANSFERRED, -1, now)
            elif kind == "reinforce":
                garrison[v] *= value
                status = HELD
                if besieger[v] >= 0:
                    status = CONTESTED
                    left = (deadline[v] - now) * value
                    besiege_until(v, now + left, Happening())
                note((now, v, owner[v], status, REINFORCED, -1))
            else:
                state.capacity[v] = value
                status = CONTESTED if besieger[v] >= 0 else HELD
                note((now, v, owner[v], status, CAPACITY_SET, -1))

        sides = terrain.sides.tolist()
        kms = terrain.distance_km.tolist()

        def judge_supply(now: float) -> None:
            is_open = [True] * len(kms)
            for edge, spans in gates.items():
                is_open[edge] = next_open(spans, now) == now
            found = in_supply(
                owner,
                besieger,
                sides,
                terrain.sources,
                links,
                kms,
                is_open,
                p.supply_km,
            )
            for v, now_supplied in enumerate(found):
                if now_supplied != supplied[v]:
                    supplied[v] = now_supplied
                    kind = SUPPLY_RESTORED if now_supplied else SUPPLY_CUT
                    status = CONTESTED if besieger[v] >= 0 else HELD
                    note((now, v, owner[v], status, kind, -1))

        def supply(event: Happening) -> None:
            judge_supply(event.at)
            if event.at + 1.0 <= horizon:
                push_number(event.at + 1.0, SUPPLY, 0, 0, on_supply)

        def people(event: Happening) -> None:
            assert settle is not None
            settle(int(event.at))
            if event.at + 1.0 <= horizon:
                push_number(event.at + 1.0, PEOPLE, 0, 0, on_people)

        def called(handler: Handler) -> tuple[Handler, ...]:
            return (handler,) if after is None else (handler, lambda _: after())

        on_arrival, on_siege_end = called(arrival), called(siege_end)
        on_rising, on_truce_end = called(uprising), called(truce_end)
        on_order, on_supply, on_people = called(order), called(supply), (people,)

        def begin() -> None:
            """Put the first events of a fresh run on the queue."""
            for number, entry in enumerate(dated):
                push_number(entry[0], ORDER, number, 0, on_order)
            if terrain.sources:
                judge_supply(0.0)
                push_number(1.0, SUPPLY, 0, 0, on_supply)
            if settle is not None:
                push_number(1.0, PEOPLE, 0, 0, on_people)
            for v in range(terrain.count):
                a = owner[v]
                if a < 0:
                    continue
                for w, edge in links[v]:
                    if relation[a][owner[w]] & 1:
                        march(p.delay_days, v, w, edge, a, Happening())

        def restore(entry: Sequence[Any]) -> None:
            """Put one saved entry back on the queue."""
            at, priority, place, origin, aux, edge, actor, mask = entry
            event = Counterattack() if mask == 3 else Happening()
            event.at, event.place, event.origin = at, place, origin
            event.aux, event.edge, event.actor = aux, edge, actor
            event.callbacks = {
                ORDER: on_order,
                TRUCE_END: on_truce_end,
                SUPPLY: on_supply,
                RISING: on_rising,
                SIEGE_END: on_siege_end,
                ARRIVAL: on_arrival,
                PEOPLE: on_people,
            }[priority]
            push(queue, (at, priority, place, event))

        def issue(now: float, interventions: Sequence[Intervention]) -> None:
            """Take further orders into a run under way; what was to be is now."""
            for given in interventions:
                one = replace(given, day=max(given.day, now))
                check(one, terrain, horizon)
                turn_routes(one, terrain, gates, state.paths, state.corridors)
                for row in hold_rows(one, terrain):
                    hold = (one.day, one.until, one.extra_days)
                    holds.setdefault(row, []).append(hold)
                for entry in dated_entries(one, terrain, horizon, len(truces)):
                    dated.append(entry)
                    number = len(dated) - 1
                    push_number(entry[0], ORDER, number, 0, on_order)
                if one.kind == "ceasefire":
                    t = truce_of(one, terrain)
                    truces.append([t.since, t.until, list(t.parties), 0])

        watch()
        self.begin, self.restore, self.issue = begin, restore, issue
