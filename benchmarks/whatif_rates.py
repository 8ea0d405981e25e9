"""The what-if engines beside SimPy's bare kernel and beside its natural style.

    python benchmarks/whatif_rates.py                    # all figures, JSON
    python benchmarks/whatif_rates.py --rounds 3 --only simpy.events ensemble.advance

Two peers, both in this file. *Bare* is SimPy doing nothing but time: 100 processes that
loop on a timeout of 1. *Natural* is how a SimPy user would write the model: a process
for each traversal of a route, sieges that wait in it, interrupts when a further force
arrives. It follows the same rules with the same draws and the same daily step of
people, and its changes are compared with ours before anything is timed.

Rounds of both sides alternate in one process with the collector off; figures are
medians of the ratios of each round. The map is invented: places at random, 5 km apart
in the mean, roads along 60 % of the Delaunay edges, one hundredth of the places held by
the attacker at the western edge, default parameters, 30 days.

How good the answers are is in `whatif_marks`, whose figures stand in the same table.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import time
from collections.abc import Callable, Generator
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
import simpy

import fronts_crps
import whatif_calibration
import whatif_marks
from chronicle.simulation.compiled.engine import run_chunk
from chronicle.simulation.engine import simpy_engine
from chronicle.simulation.engine.displacement import People
from chronicle.simulation.engine.replication import (
    Adjacency,
    Replication,
    adjacency_of,
    replication_of,
)
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.engine.state import INFINITE, ModelState
from chronicle.simulation.ensemble.ensemble import Ensemble
from chronicle.simulation.ensemble.execute import run as run_ensemble
from chronicle.simulation.interventions import orders_of
from chronicle.simulation.network import Network, NetworkPlace, NetworkRoad, build
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.rules import (
    CAPTURED,
    CONTESTED,
    HELD,
    REPULSED,
    SIEGE,
    TRANSFERRED,
    hold_days,
    lost_step,
    patience_days,
    pressed,
)

HORIZON = 30
SEED = 20241130
Figure = dict[str, Any]


@cache
def world(places: int, seed: int = 0) -> Network:
    """An invented map of that many places."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial import Delaunay

    random = np.random.default_rng(seed)
    xy = random.uniform(0, 5.0 * math.sqrt(places), (places, 2))
    corners = Delaunay(xy).simplices
    pairs = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    edges = np.unique(np.sort(pairs, axis=1), axis=0)
    km = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
    tree = minimum_spanning_tree(csr_matrix((km, edges.T), shape=(places, places)))
    spine = set(map(tuple, np.sort(np.array(tree.nonzero()).T, axis=1).tolist()))
    keep = (random.random(len(edges)) < 0.6) & (km < 20.0)
    keep |= np.array([tuple(edge) in spine for edge in edges.tolist()])
    people = np.clip((random.pareto(1.1, places) + 1) * 800, 200, 2e6)
    west = set(np.argsort(xy[:, 0])[: max(3, places // 100)].tolist())
    names = [f"place-{i:06d}" for i in range(places)]
    return build(
        [
            NetworkPlace(
                settlement=names[i],
                population=float(people[i]),
                controller="red" if i in west else "blue",
            )
            for i in range(places)
        ],
        [
            NetworkRoad(a=names[a], b=names[b], distance_km=1.3 * float(far))
            for (a, b), far, kept in zip(edges.tolist(), km, keep, strict=True)
            if kept
        ],
        actors=["red", "blue"],
        attacks=[("red", "blue")],
    )


@cache
def adjacency(places: int) -> Adjacency:
    """The map, laid out."""
    return adjacency_of(world(places))


def bare(events: int) -> None:
    """SimPy's kernel alone: 100 processes loop on a timeout."""
    env = simpy.Environment()

    def loop() -> Generator[simpy.Event, Any, None]:
        while True:
            yield env.timeout(1.0)

    for _ in range(100):
        env.process(loop())
    env.run(until=events / 100)


def natural(
    replication: Replication, with_people: bool
) -> tuple[ModelState, People | None]:
    """The same rules as a SimPy user writes them: a process per traversal."""
    env = simpy.Environment()
    state, network = ModelState.start(replication), replication.adjacency.network
    p, links, relation = (
        replication.parameters,
        replication.adjacency.links,
        replication.adjacency.relation,
    )
    start, population = replication.adjacency.start, replication.adjacency.population
    travel = replication.travel
    owner, held, size = state.owner, state.held, network.size.tolist()
    besieger, others = [-1] * network.count, [0] * network.count
    deadline = [0.0] * network.count
    sieges: list[simpy.Process | None] = [None] * network.count
    people = People(replication, state) if with_people else None

    def expect(v: int, at: float) -> None:
        state.expected[v] = min(state.expected[v], at)

    def traversal(
        u: int, v: int, edge: int, a: int, delay: float = 0.0, mask: int = 1
    ) -> Generator[simpy.Event, Any, None]:
        expect(v, env.now + delay + travel[edge])
        if delay:
            yield env.timeout(delay)
        yield env.timeout(travel[edge])
        while True:
            d = owner[v]
            if d == a:
                return
            if owner[u] != a or not relation[a][d] & mask:
                if state.expected[v] <= env.now:
                    state.expected[v] = INFINITE
                return
            if besieger[v] >= 0:
                if besieger[v] == a and p.pressure > 0.0:
                    left = deadline[v] - env.now
                    left = pressed(left, 0.0, others[v], p.pressure)
                    deadline[v] = env.now + left
                    others[v] += 1
                    siege = sieges[v]
                    assert siege is not None
                    siege.interrupt("pressed")
                return
            n = state.contests[v]
            state.contests[v] += 1
            if replication.luck("transfer", v, n) < p.transfer:
                take(v, a, TRANSFERRED, u)
                return
            if replication.luck("repulse", v, n) >= p.repulse:
                break
            state.garrison[v] *= 1.0 + p.reinforcement
            state.rows.append((env.now, v, d, HELD, REPULSED, u))
            wait = replication.wait("wait", v, n) * p.repulse_wait_days
            state.expected[v] = env.now + wait
            if replication.luck("counterattack", v, n) < p.counterattack:
                env.process(traversal(v, u, edge, d, mask=3))
            yield env.timeout(wait)
        patience = patience_days(size[v], p.hold_days, replication.wait("hold", v, n))
        collapse = replication.collapse[state.step[d]]
        days = hold_days(patience, collapse, state.garrison[v], 1.0, 0.0)
        outcome = CAPTURED
        if start[d] - held[d] > p.transfer_threshold * start[d]:
            wait = replication.wait("negotiation", v, n) / p.transfer_rate
            if wait < days:
                days, outcome = wait, TRANSFERRED
        besieger[v] = a
        others[v] = 0
        state.fighting[v] = 1
        deadline[v] = env.now + days
        sieges[v] = env.active_process
        state.rows.append((env.now, v, d, CONTESTED, SIEGE, u))
        while True:
            try:
                yield env.timeout(max(0.0, deadline[v] - env.now))
                break
            except simpy.Interrupt as interrupt:
                if interrupt.cause == "lifted":
                    return
        take(v, a, outcome, u)

    def take(v: int, a: int, kind: int, u: int) -> None:
        d = owner[v]
        owner[v] = a
        besieger[v] = -1
        if sieges[v] is not None and sieges[v] is not env.active_process:
            sieges[v].interrupt("lifted")
        sieges[v] = None
        state.garrison[v] = 1.0
        state.fighting[v] = 0
        state.expected[v] = INFINITE
        state.changed[v] = env.now
        state.weight[v] = 0.0 if kind == TRANSFERRED else 1.0
        state.rows.append((env.now, v, a, HELD, kind, u))
        held[a] += population[v]
        held[d] -= population[v]
        state.step[a] = lost_step(start[a], held[a])
        state.step[d] = lost_step(start[d], held[d])
        for w, edge in links[v]:
            if relation[a][owner[w]] & 1:
                env.process(traversal(v, w, edge, a))
            if relation[a][owner[w]] & 2:
                env.process(traversal(w, v, edge, owner[w]))

    def daily() -> Generator[simpy.Event, Any, None]:
        assert people is not None
        day = 0
        while True:
            yield env.timeout(1.0)
            day += 1
            people.settle(day)

    for v in range(network.count):
        for w, edge in links[v]:
            if relation[owner[v]][owner[w]] & 1:
                env.process(traversal(v, w, edge, owner[v], p.delay_days))
    if people is not None:
        env.process(daily())
    env.run(until=replication.horizon + 1e-9)
    return state, people


MOVING = Parameters.of(
    {
        **{"quiet_days": 0, "momentum": 1, "lines": 0, "culmination_days": 3650},
        **{"hold_days": 0.3, "speed_km_day": 15, "repulse": 0.1},
        **{"repulse_wait_days": 2, "transfer": 0.1, "rising_threshold": 0.3},
    }
)
"""A front that moves, by the rules that the peer has: no quiet routes, no lines."""


def plan_for(places: int, number: int) -> Replication:
    """One replica, with its draws."""
    return replication_of(
        adjacency(places), MOVING, seed=SEED, replica=number, horizon=HORIZON
    )


def check_natural(places: int) -> None:
    """Both tell the same story, so that they may be timed against each other."""
    replication = plan_for(places, 0)
    state, people = natural(replication, True)
    run = Simulation(
        adjacency(places), seed=SEED, horizon=HORIZON, replication=replication
    ).until()
    key = [(row[1:], round(row[0], 6)) for row in sorted(state.rows)]
    ours = [(row[1:], round(row[0], 6)) for row in sorted(run.state.rows)]
    assert sorted(key) == sorted(ours), "the peer follows other rules"
    assert people is not None
    assert run.people is not None
    assert np.allclose(people.displaced, run.people.displaced, rtol=1e-6)


def seconds(work: Callable[[], object]) -> float:
    """How long *work* takes, with the collector off."""
    gc.collect()
    gc.disable()
    try:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun
    finally:
        gc.enable()


def figure(
    name: str, ratios: list[float], against: str, goal: str, value: float, unit: str
) -> Figure:
    """One row of the table; *ratio* is the median of the rounds."""
    return {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "ratio": round(statistics.median(ratios), 3),
        "against": against,
        "goal": goal,
        "rounds": [round(ratio, 3) for ratio in ratios],
    }


class CountingCalendar(simpy_engine.Calendar):
    """The engine's environment, which counts the events that its kernel takes up."""

    events = 0

    def step(self) -> None:
        """See `simpy.Environment.step`."""
        CountingCalendar.events += 1
        super().step()


def events_of(replication: Replication) -> int:
    """How many events SimPy's kernel takes up in a replica."""
    CountingCalendar.events = 0
    with mock.patch.object(simpy_engine, "Calendar", CountingCalendar):
        replica_of(replication).until()
    return CountingCalendar.events


def replica_of(replication: Replication) -> Simulation:
    """The control of a replica, without its people, on the SimPy engine."""
    network = replication.adjacency
    given = {"seed": SEED, "horizon": HORIZON, "replication": replication}
    return Simulation(network, people=False, **given)  # type: ignore[arg-type]


def simpy_events(rounds: int = 9, places: int = 5_000, each: int = 4) -> Figure:
    """Events a second of the kernel with the model at work, against the bare kernel.

    A replica takes some 100 ms, so a round has a few, between two runs of the kernel.
    """
    ratios, rates = [], []
    for number in range(rounds):
        baseline = seconds(lambda: bare(100_000)) / 200_000
        events, took = 0, 0.0
        for replica in range(number * each, (number + 1) * each):
            replication = plan_for(places, replica)
            events += events_of(replication)
            took += seconds(replica_of(replication).until)
        baseline += seconds(lambda: bare(100_000)) / 200_000
        rates.append(events / took)
        ratios.append(baseline / (took / events))
    rate = statistics.median(rates)
    return figure(
        "simpy.events", ratios, "bare SimPy, 100 timeouts", ">= 0.3", rate, "events/s"
    )


def _against_natural(
    name: str,
    ours: Callable[[int], object],
    each: int,
    with_people: bool,
    goal: str,
    rounds: int,
    places: int,
) -> Figure:
    """Time of a replica, draws included, against the natural style's."""
    check_natural(500)
    ours(0)
    ratios, times = [], []
    for number in range(rounds):

        def peer(number: int = number) -> None:
            natural(plan_for(places, number), with_people)

        took = seconds(lambda number=number: ours(number)) / each  # type: ignore[misc]
        ratios.append(seconds(peer) / took)
        times.append(1e3 * took)
    value = statistics.median(times)
    return figure(name, ratios, "natural SimPy", goal, value, "ms/replica")


def simpy_replica(rounds: int = 5, places: int = 5_000) -> Figure:
    """A replica with draws and daily displacement on the SimPy engine."""

    def ours(number: int) -> None:
        replication = plan_for(places, number)
        Simulation(
            adjacency(places), seed=SEED, horizon=HORIZON, replication=replication
        ).until()

    return _against_natural("simpy.replica", ours, 1, True, ">= 1", rounds, places)


def _chunk(places: int, count: int, people: bool, first: int = 0) -> None:
    network = adjacency(places)
    run_chunk(
        network,
        orders_of(network.network, (), HORIZON),
        MOVING.vector().reshape(1, -1),
        seed=SEED,
        first=first,
        count=count,
        horizon=HORIZON,
        people=people,
    )


def ensemble_advance(
    rounds: int = 5, places: int = 5_000, replicas: int = 100
) -> Figure:
    """Replicas without people on one core of the compiled engine."""
    return _against_natural(
        "ensemble.advance",
        lambda number: _chunk(places, replicas, False, number * replicas),
        replicas,
        False,
        ">= 40",
        rounds,
        places,
    )


def ensemble_full(rounds: int = 5, places: int = 5_000, replicas: int = 50) -> Figure:
    """Replicas with daily displacement on one core of the compiled engine."""
    return _against_natural(
        "ensemble.full",
        lambda number: _chunk(places, replicas, True, number * replicas),
        replicas,
        True,
        ">= 10",
        rounds,
        places,
    )


def ensemble_growth(rounds: int = 5, small: int = 5_000, factor: int = 10) -> Figure:
    """Time of a replica on a map ten times as large, against the small one's."""
    _chunk(small, 1, False)
    _chunk(small * factor, 1, False)
    ratios, times = [], []
    for _ in range(rounds):
        little = seconds(lambda: _chunk(small, 50, False)) / 50
        large = seconds(lambda: _chunk(small * factor, 10, False)) / 10
        ratios.append(large / little)
        times.append(1e3 * large)
    return figure(
        "ensemble.growth",
        ratios,
        f"{small} settlements",
        "<= 20",
        statistics.median(times),
        "ms/replica",
    )


def ensemble_workers(
    rounds: int = 5, places: int = 5_000, replicas: int = 400
) -> Figure:
    """The same ensemble on two threads against one."""
    whole = Ensemble(
        network=world(places),
        parameters=MOVING,
        seed=SEED,
        horizon=HORIZON,
        replicas=replicas,
    )
    digests, ratios, times = set(), [], []
    run_ensemble(whole, workers=2)
    for _ in range(rounds):
        took = {}
        for workers in (1, 2):

            def work(workers: int = workers) -> None:
                digests.add(run_ensemble(whole, workers=workers, chunk=25).digest)

            took[workers] = seconds(work)
        ratios.append(took[1] / took[2])
        times.append(took[2])
    assert len(digests) == 1
    return figure(
        "ensemble.workers",
        ratios,
        "one worker",
        ">= 1.7",
        statistics.median(times),
        "s",
    )


FIGURES: dict[str, Callable[..., Figure]] = {
    "simpy.events": simpy_events,
    "simpy.replica": simpy_replica,
    "ensemble.advance": ensemble_advance,
    "ensemble.full": ensemble_full,
    "ensemble.growth": ensemble_growth,
    "ensemble.workers": ensemble_workers,
    **whatif_calibration.FIGURES,
    **whatif_marks.FIGURES,
    "fronts.crps": fronts_crps.take,
}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, help="in place of each figure's own")
    parser.add_argument("--only", nargs="*", default=list(FIGURES), choices=FIGURES)
    options = parser.parse_args()
    rounds = {} if options.rounds is None else {"rounds": options.rounds}
    found = [FIGURES[name](**rounds) for name in options.only]
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
