"""What changes in a run, as plain data, and the events that change it."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from chronicle.whatif.plan import Plan
from chronicle.whatif.terrain import Spans

__all__ = ["INFINITE", "Counterattack", "Handler", "Happening", "Queue", "Row", "State"]

Row = tuple[float, int, int, int, int, int]
"""A change as it is noted: time, settlement, controller, status, kind, from."""

INFINITE = float("inf")


class Happening:
    """An event light enough for the hot path, in the shape SimPy asks of its own.

    On the queue it is (at, priority, place, event): ties that remain go by origin,
    then by `aux`, which is the generation of a siege, the holder that a rising is
    against, the number of an order or a ceasefire.
    """

    __slots__ = (
        "_defused", "_value", "actor", "at", "aux", "callbacks", "edge", "origin",
        "place",
    )  # fmt: skip
    _ok = True
    mask = 1
    callbacks: Any
    at: float
    place: int
    origin: int
    edge: int
    actor: int
    aux: int

    def __lt__(self, other: Happening) -> bool:
        """Ties of time, priority and place; complete, but for events that are equal."""
        return self.rank() < other.rank()

    def rank(self) -> tuple[int, int, int, int, int]:
        """What an event is but for its time, priority and place."""
        mine = (getattr(self, name, 0) for name in ("origin", "aux", "edge", "actor"))
        origin, aux, edge, actor = mine
        return origin, aux, edge, actor, self.mask


class Counterattack(Happening):
    """The arrival of a force that strikes back, though its actor attacks nobody."""

    __slots__ = ()
    mask = 3


Handler = Callable[[Happening], None]
Queue = list[tuple[float, int, int, Any]]


@dataclass(slots=True)
class State:
    """Everything that changes in a run, as lists by settlement or by actor."""

    time: float
    owner: list[int]
    besieger: list[int]
    siege_from: list[int]
    outcome: list[int]
    generation: list[int]
    contests: list[int]
    others: list[int]
    deadline: list[float]
    garrison: list[float]
    supplied: list[bool]
    held: list[int]
    step: list[int]
    risen: list[bool]
    truce_done: bool
    truces: list[list[Any]]
    dated: list[tuple[float, str, int, int, float]]
    holds: dict[int, list[tuple[float, float, float]]]
    gates: dict[int, Spans]
    paths: dict[int, Spans]
    corridors: dict[int, Spans]
    expected: array[float]
    changed: array[float]
    weight: array[float]
    fighting: array[int]
    capacity: array[float]
    rows: list[Row]

    @classmethod
    def start(cls, plan: Plan) -> State:
        """The state at the branch."""
        terrain, orders = plan.chart.terrain, plan.orders
        n, actors = terrain.count, len(terrain.actors)
        return cls(
            time=0.0,
            owner=terrain.controller.tolist(),
            besieger=[-1] * n,
            siege_from=[-1] * n,
            outcome=[0] * n,
            generation=[0] * n,
            contests=[0] * n,
            others=[0] * n,
            deadline=[0.0] * n,
            garrison=[1.0] * n,
            supplied=[True] * n,
            held=list(plan.chart.start),
            step=[0] * (actors + 1),
            risen=[False] * (actors + 1),
            truce_done=False,
            truces=[[t.since, t.until, list(t.parties), 0] for t in orders.truces],
            dated=list(orders.dated),
            holds={
                row: [(h.since, h.until, h.days) for h in holds]
                for row, holds in orders.holds.items()
            },
            gates=dict(orders.gates),
            paths=dict(orders.paths),
            corridors=dict(orders.corridors),
            expected=array("d", [INFINITE]) * n,
            changed=array("d", [-INFINITE]) * n,
            weight=array("d", [0.0]) * n,
            fighting=array("b", [0]) * n,
            capacity=array("d", terrain.capacity.tolist()),
            rows=[],
        )

    def plain(self) -> dict[str, Any]:
        """A copy as lists, strings and numbers."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, dict):
                value = [[k, [list(span) for span in v]] for k, v in value.items()]
            elif isinstance(value, list | array):
                value = [_copied(one) for one in value]
            found[field.name] = value
        return found

    @classmethod
    def of(cls, plain: dict[str, Any]) -> State:
        """The inverse of `plain`."""
        given = dict(plain)
        for name in ("holds", "gates", "paths", "corridors"):
            spans = {int(k): [tuple(one) for one in v] for k, v in given[name]}
            given[name] = (
                spans
                if name == "holds"
                else {edge: tuple(one) for edge, one in spans.items()}
            )
        for name in ("expected", "changed", "weight", "capacity"):
            given[name] = array("d", given[name])
        given["fighting"] = array("b", given["fighting"])
        for name in ("rows", "dated"):
            given[name] = [tuple(one) for one in given[name]]
        given["truces"] = [[a, b, list(c), d] for a, b, c, d in given["truces"]]
        for name in ("owner", "besieger", "siege_from", "outcome", "generation"):
            given[name] = list(given[name])
        for name in ("contests", "others", "deadline", "garrison", "supplied"):
            given[name] = list(given[name])
        for name in ("held", "step", "risen"):
            given[name] = list(given[name])
        return cls(**given)


def _copied(one: Any) -> Any:
    return list(one) if isinstance(one, list | tuple) else one
