"""Dijkstra as an oracle: where sieges do not depend on what happens, fronts percolate.

First-passage percolation is exact when the time from one place to the next depends on
these two alone: one attacker, no pressure of further arrivals, no collapse, repulse,
handover, uprising, ceasefire or supply. Then the day of capture is a shortest path.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import UsageError
from chronicle.simulation.engine.replication import Replication
from chronicle.simulation.random_streams import log_array, uniform_array
from chronicle.simulation.rules import FOR_EVER, patience_days

__all__ = ["capture_times", "why_not_exact"]


def why_not_exact(replication: Replication) -> str:
    """What in *plan* the oracle knows nothing of; empty if nothing."""
    p, network, orders = (
        replication.parameters,
        replication.adjacency.network,
        replication.orders,
    )
    for name in ("pressure", "repulse", "transfer", "collapse"):
        if getattr(p, name) != 0.0:
            return f"{name} is not 0"
    if network.risings and p.rising_threshold < 1.0:
        return "places may rise"
    if p.culmination_days < FOR_EVER:
        return "the offensive may culminate"
    if network.sources:
        return "there is supply"
    if p.ceasefire_threshold < 1.0:
        return "there may be a ceasefire"
    if p.transfer_threshold < 1.0 and p.transfer_rate > 0.0:
        return "besieged places may negotiate"
    if orders.gates or orders.dated or orders.ceasefires:
        return "routes shut, or there are orders on days"
    if np.any(network.confirmed > network.begin):
        return "places are known to have been held while the offensive was under way"
    if any(
        h.since > 0.0 or h.until <= replication.horizon
        for x in orders.holds.values()
        for h in x
    ):
        return "holds do not last from the branch to the horizon"
    if np.count_nonzero(network.attacks.any(axis=1)) != 1:
        return "not exactly one actor attacks"
    return ""


def capture_times(replication: Replication) -> NDArray[np.float64]:
    """Days from the branch to capture by settlement; inf where it never comes.

    0 for places that the attacker holds, inf for those that it does not attack; below
    0 where an offensive under way has come by the branch. Raises `UsageError` where
    percolation is not exact.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    if reason := why_not_exact(replication):
        raise UsageError(f"percolation is not exact here: {reason}")
    p, network = replication.parameters, replication.adjacency.network
    (attacker,) = np.flatnonzero(network.attacks.any(axis=1))
    # A siege of the draw's length, and what orders add to it.
    draw = -log_array(uniform_array(replication.keys["hold"], network.entity))
    hold = patience_days(network.size, p.hold_days, draw)
    for row, holds in replication.orders.holds.items():
        hold[row] += sum(h.days for h in holds)
    start = np.flatnonzero(network.controller == attacker)
    # Index -1, nobody, is the last column.
    prey = network.attacks[attacker, network.controller]
    source = np.repeat(np.arange(network.count), np.diff(network.first))
    edge = network.link_edge
    days = np.array(replication.travel)[edge]
    cost = days + np.asarray(hold)[network.link_target]
    # A way has one first step, and a graph no lengths below 0.
    out = np.where(np.isnan(network.taken), p.delay_days, network.taken)
    first = network.controller[source] == attacker
    cost = cost + np.where(first, out[source] - network.begin, 0.0)
    still = first & ~network.fresh[source] & np.isnan(network.taken[source])
    cost = cost + np.where(still, replication.quiet[edge], replication.onward[edge])
    usable = prey[network.link_target] & (
        prey[source] | (network.controller[source] == attacker)
    )
    shape = network.count, network.count
    links = source[usable], network.link_target[usable]
    graph = csr_matrix((cost[usable], links), shape=shape)
    found: NDArray[np.float64] = dijkstra(graph, indices=start, min_only=True)
    found += network.begin
    found[start] = 0.0
    return found
