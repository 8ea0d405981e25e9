"""Everything that changes in a run, as plain data that can be copied and saved."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, fields
from typing import Any

from chronicle.simulation.engine.replication import Replication
from chronicle.simulation.engine.schedule import Siege
from chronicle.simulation.network import Spans

__all__ = ["INFINITE", "ModelState", "Row"]

Row = tuple[float, int, int, int, int, int]
"""A change as it is noted: time, settlement, controller, status, kind, from."""

INFINITE = float("inf")

STORED = {"ceasefires": "truces"}  # fields whose name in a checkpoint is an older one


@dataclass(slots=True)
class ModelState:
    """Everything that changes in a run, as lists by settlement or by actor."""

    time: float
    owner: list[int]
    sieges: list[Siege | None]
    contests: list[int]
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
        given.pop("patience", None)  # kept by older versions; drawn again when needed
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
        for name in ("owner", "contests", "garrison", "supplied"):
            given[name] = list(given[name])
        for name in ("extra", "held", "step", "risen"):
            given[name] = list(given[name])
        sieges: list[Siege | None] = [None] * len(given["owner"])
        for saved in given["sieges"]:
            siege = Siege(*saved)
            sieges[siege.place] = siege
        given["sieges"] = sieges
        return cls(**given)


def _copied(one: Any) -> Any:
    return list(one) if isinstance(one, list | tuple) else one
