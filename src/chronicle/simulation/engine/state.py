"""What changes in a run, as plain data, and the events that change it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator
from dataclasses import dataclass, fields
from typing import Any

from chronicle.simulation.engine.replication import Replication
from chronicle.simulation.network import Spans

__all__ = [
    "INFINITE",
    "Course",
    "Handler",
    "Handlers",
    "ModelState",
    "Queue",
    "Row",
    "SimEvent",
    "siege_of",
]  # fmt: skip

Row = tuple[float, int, int, int, int, int]
"""A change as it is noted: time, settlement, controller, status, kind, from."""

INFINITE = float("inf")

STORED = {"ceasefires": "truces"}  # fields whose name in a checkpoint is an older one


class SimEvent:
    """An event light enough for the hot path, in the shape SimPy asks of its own.

    On the queue it is (at, priority, place, event): ties that remain go by origin,
    then by `aux`, which is the holder that a rising is against, the number of an order
    or a ceasefire. The arrival of a force that strikes back, though its actor attacks
    nobody, has `mask` 3; all else has 1. An arrival that begins a siege becomes the end
    of it, which has an `outcome` and counts the `others` that press it.
    """

    __slots__ = (
        "_ok", "actor", "at", "aux", "callbacks", "mask", "origin", "others",
        "outcome", "place",
    )  # fmt: skip
    _ok: bool
    callbacks: Any
    at: float
    place: int
    origin: int
    actor: int
    aux: int
    mask: int
    outcome: int
    others: int

    def __init__(self) -> None:
        self._ok = True  # SimPy asks for it
        self.aux = 0
        self.mask = 1

    def __lt__(self, other: SimEvent) -> bool:
        """Ties of time, priority and place; complete, but for events that are equal."""
        return self.rank() < other.rank()

    def rank(self) -> tuple[int, int, int, int]:
        """What an event is but for its time, priority and place."""
        return self.origin, self.aux, self.actor, self.mask


def siege_of(
    at: float, place: int, origin: int, actor: int, outcome: int, others: int
) -> SimEvent:
    """A siege of *place* that *actor* laid from *origin* and that ends at *at*."""
    siege = SimEvent()
    siege.at, siege.place, siege.origin = at, place, origin
    siege.actor, siege.outcome, siege.others = actor, outcome, others
    return siege


Handler = Callable[[SimEvent], None]
Handlers = tuple[Handler, ...]
Course = Generator[None, SimEvent, None]
"""A handler that is sent events: `next` once, then `send`."""
Queue = list[tuple[float, int, int, Any]]


@dataclass(slots=True)
class ModelState:
    """Everything that changes in a run, as lists by settlement or by actor."""

    time: float
    owner: list[int]
    sieges: list[SimEvent | None]
    contests: list[int]
    patience: list[float]
    extra: list[float]
    garrison: list[float]
    supplied: list[bool]
    held: list[int]
    step: list[int]
    risen: list[bool]
    truce_done: bool
    ceasefires: list[list[Any]]
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
    def start(cls, replication: Replication) -> ModelState:
        """The state at the branch."""
        network, orders = replication.adjacency.network, replication.orders
        n, actors = network.count, len(network.actors)
        return cls(
            time=network.begin,
            owner=network.controller.tolist(),
            sieges=[None] * n,
            contests=[0] * n,
            patience=replication.first_sieges(),
            extra=[0.0] * n,
            garrison=[1.0] * n,
            supplied=[True] * n,
            held=list(replication.adjacency.start),
            step=[0] * (actors + 1),
            risen=[False] * (actors + 1),
            truce_done=False,
            ceasefires=[
                [t.since, t.until, list(t.parties), 0] for t in orders.ceasefires
            ],
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
            capacity=array("d", network.capacity.tolist()),
            rows=[],
        )

    def plain(self) -> dict[str, Any]:
        """A copy as lists, strings and numbers."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "sieges":
                value = [
                    [s.at, s.place, s.origin, s.actor, s.outcome, s.others]
                    for s in value
                    if s is not None
                ]
            elif isinstance(value, dict):
                value = [[k, [list(span) for span in v]] for k, v in value.items()]
            elif isinstance(value, list | array):
                value = [_copied(one) for one in value]
            found[STORED.get(field.name, field.name)] = value
        return found

    @classmethod
    def of(cls, plain: dict[str, Any]) -> ModelState:
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
        truces = given.pop(STORED["ceasefires"])
        given["ceasefires"] = [[a, b, list(c), d] for a, b, c, d in truces]
        for name in ("owner", "contests", "patience", "garrison", "supplied"):
            given[name] = list(given[name])
        for name in ("extra", "held", "step", "risen"):
            given[name] = list(given[name])
        sieges: list[SimEvent | None] = [None] * len(given["owner"])
        for saved in given["sieges"]:
            siege = siege_of(*saved)
            sieges[siege.place] = siege
        given["sieges"] = sieges
        return cls(**given)


def _copied(one: Any) -> Any:
    return list(one) if isinstance(one, list | tuple) else one
