"""The rules joined: what is done when a force arrives, a siege ends, a plan is due.

Each rule is a page of its own: `marches`, `contests`, `captures`, `losses`,
`ceasefires`, `orders`, `supply`; its arithmetic is in `rules`. Everything that changes
is in the state and on the calendar, so that a run can be saved between any two events.
`compiled` tells the same story in arrays, and must come to the same changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from chronicle.simulation.engine.captures import Captures
from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.contests import Contests
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.marches import Marches
from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.orders import DatedOrders
from chronicle.simulation.engine.schedule import Plan
from chronicle.simulation.engine.supply import judge_supply
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.rules import (
    ARRIVAL,
    ONWARD,
    PEOPLE,
    QUIET,
    SUPPLY,
    UPRISING,
)

__all__ = ["Front"]


class Front:
    """The rules of one replica; its schedule calls them."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._marches = marches = Marches(model)
        self.ceasefires = ceasefires = Ceasefires(model)
        losses = Losses(model, ceasefires)
        captures = Captures(model, marches, ceasefires, losses)
        self.take = captures.take
        self.end_siege = captures.end_siege
        self.arrive = Contests(model, marches, ceasefires, losses, captures).arrive
        self.orders = DatedOrders(model, ceasefires, captures.take)
        self._confirmed = model.replication.adjacency.network.confirmed.tolist()

    def begin(self, people: bool) -> None:
        """Put the first events of a fresh run on the calendar."""
        model, replication = self.model, self.model.replication
        adjacency, network = replication.adjacency, replication.adjacency.network
        self.orders.begin()
        if network.sources:
            judge_supply(model, network.begin)
            model.schedule.post(Plan(0.0 if network.begin < 0.0 else 1.0, SUPPLY))
        if people:
            model.schedule.post(Plan(1.0, PEOPLE))
        taken, fresh = network.taken.tolist(), network.fresh.tolist()
        for v, w, edge in adjacency.fronts:
            out = replication.parameters.delay_days if isnan(taken[v]) else taken[v]
            how = QUIET if isnan(taken[v]) and not fresh[v] else ONWARD
            self._marches.set_out(out, w, v, edge, model.state.owner[v], how)

    def restore(self, entries: Sequence[Sequence[float]]) -> None:
        """Put what was saved back on the calendar, and the ends of sieges."""
        model, edges = self.model, self.model.replication.adjacency.network.edges
        for at, *rest in entries:
            kind, place, origin, aux, actor, mask = (int(value) for value in rest)
            if kind == ARRIVAL:
                edge = edges[min(origin, place), max(origin, place)]
                model.schedule.send(at, place, origin, edge, actor, mask)
            else:
                model.schedule.post(Plan(at, kind, place, actor, aux))
        for siege in model.state.sieges:
            if siege is not None:
                model.schedule.besiege(siege)

    def issue(self, now: float, interventions: Sequence[Intervention]) -> None:
        """Take further orders into a run under way; what is dated earlier is now."""
        self.orders.issue(now, interventions)

    def rise(self, plan: Plan) -> float | None:
        """The place rises, unless it changed hands; while arms rest, it waits.

        Returns until when it waits, or None if it does not.
        """
        state, v = self.model.state, plan.place
        if state.owner[v] != plan.aux:
            return None
        peace = self.ceasefires.between(plan.actor, plan.aux)[1]
        until = max(float(self._confirmed[v]), peace)
        if until > plan.at:
            return until
        self.take(v, plan.actor, UPRISING, plan.at)
        return None
