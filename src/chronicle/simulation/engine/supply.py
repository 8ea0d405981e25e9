"""Which places are in supply: near enough, by open road, to a source of their side."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from chronicle.simulation.engine.model import Model
from chronicle.simulation.rules import (
    CONTESTED,
    HELD,
    SUPPLY_CUT,
    SUPPLY_RESTORED,
    next_open,
)

__all__ = ["in_supply", "judge_supply"]

Link = tuple[int, int]


def in_supply(
    owner: Sequence[int],
    besieged: Sequence[bool],
    sides: Sequence[int],
    sources: Sequence[tuple[int, int]],
    links: Sequence[Sequence[Link]],
    distance_km: Sequence[float],
    is_open: Sequence[bool],
    limit_km: float,
) -> list[bool]:
    """True by settlement; *links* are (target, edge) by row, *is_open* by edge.

    Supply goes from a source that its side holds through places of that side that are
    not under siege; a besieged place may still be the last one reached. Sides without
    a source and places without a holder are always in supply.
    """
    supplied_by = {sides[actor] for _, actor in sources}
    supplied = [o < 0 or sides[o] not in supplied_by for o in owner]
    for side in sorted(supplied_by):
        best: dict[int, float] = {}
        queue: list[tuple[float, int]] = []
        for place, actor in sources:
            if (
                sides[actor] == side
                and owner[place] >= 0
                and sides[owner[place]] == side
            ):
                best[place] = 0.0
                heappush(queue, (0.0, place))
        while queue:
            km, place = heappop(queue)
            if km > best[place]:
                continue
            supplied[place] = True
            if besieged[place]:
                continue
            for target, edge in links[place]:
                holder = owner[target]
                if holder < 0 or sides[holder] != side or not is_open[edge]:
                    continue
                far = km + distance_km[edge]
                if far <= limit_km and far < best.get(target, float("inf")):
                    best[target] = far
                    heappush(queue, (far, target))
    return supplied


def judge_supply(model: Model, now: float) -> None:
    """Find which places are in supply now, and note what that changes."""
    replication, state = model.replication, model.state
    network = replication.adjacency.network
    kms = network.distance_km.tolist()
    is_open = [True] * len(kms)
    for edge, spans in state.gates.items():
        is_open[edge] = next_open(spans, now) == now
    besieged = [siege is not None for siege in state.sieges]
    found = in_supply(
        state.owner,
        besieged,
        network.sides.tolist(),
        network.sources,
        replication.adjacency.links,
        kms,
        is_open,
        replication.parameters.supply_km,
    )
    for v, now_supplied in enumerate(found):
        if now_supplied != state.supplied[v]:
            state.supplied[v] = now_supplied
            kind = SUPPLY_RESTORED if now_supplied else SUPPLY_CUT
            status = CONTESTED if besieged[v] else HELD
            model.note((now, v, state.owner[v], status, kind, -1))
