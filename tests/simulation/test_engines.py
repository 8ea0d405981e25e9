"""SimPy, the bare heap and the compiled engine agree; so does Dijkstra where it may."""

from __future__ import annotations

import os
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from chronicle.errors import InputError, UsageError
from chronicle.simulation.compiled.engine import changes_of, run_chunk
from chronicle.simulation.engine.replication import adjacency_of, replication_of
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.ensemble.plain_chunk import run_chunk_plainly
from chronicle.simulation.interventions import Intervention, orders_of
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.rules import CAPTURED, CHANGES
from percolation import capture_times
from whatif_worlds import PLAIN, invented, three_towns

WORLDS = int(os.environ.get("CHRONICLE_WORLDS", "200"))
"""Random scenarios in the equality test; set it to 1000 for the long version."""


def test_three_engines_make_the_same_changes_on_random_scenarios() -> None:
    seen = set()
    for seed in range(WORLDS):
        network, parameters, interventions, horizon = invented(seed)
        adjacency = adjacency_of(network)
        orders = orders_of(network, interventions, horizon)
        runs = [
            Simulation(
                adjacency,
                parameters,
                interventions,
                seed=seed,
                replica=seed % 5,
                horizon=horizon,
                engine=engine,
            ).until()
            for engine in ("simpy", "heap")
        ]
        changes, results = changes_of(
            adjacency, parameters, orders, seed=seed, replica=seed % 5, horizon=horizon
        )
        for run in runs:
            assert run.changes == changes, seed
            assert run.people is not None
            # Not nearly: the same bits.
            assert run.people.displaced == results.displaced[0].tolist(), seed
            assert run.people.returned == results.returned[0].tolist(), seed
            assert (results.hosted[0] == run.people.guests.astype(np.float32)).all()
            assert run.state.owner == results.final[0].tolist()
        seen |= {change.kind for change in changes}
    assert {CHANGES[kind] for kind in seen} == set(CHANGES)  # nothing went untested


def test_results_of_chunks_are_the_same_bits_with_and_without_numba() -> None:
    for seed in range(12):
        network, parameters, interventions, horizon = invented(seed)
        adjacency, theta = adjacency_of(network), parameters.vector().reshape(1, -1)
        orders = orders_of(network, interventions, horizon)
        given = {"seed": 5, "first": 3, "count": 4, "horizon": horizon, "by_day": True}
        fast = run_chunk(adjacency, orders, theta, **given)  # type: ignore[arg-type]
        plain = run_chunk_plainly(adjacency, orders, theta, **given)  # type: ignore[arg-type]
        for name in type(fast).__slots__:
            one, other = getattr(fast, name), getattr(plain, name)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other, err_msg=f"{seed} {name}")


def test_a_queue_that_was_too_small_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from chronicle.simulation.compiled import workspace as workspace

    network, parameters, interventions, horizon = invented(16)
    adjacency, orders = (
        adjacency_of(network),
        orders_of(network, interventions, horizon),
    )
    given = {"seed": 1, "replica": 0, "horizon": horizon}
    whole, _ = changes_of(adjacency, parameters, orders, **given)  # type: ignore[arg-type]
    real, rooms = workspace.desk_of, [2]

    def cramped(*args: object) -> object:
        rooms.append(rooms[-1] * 2)
        return real(*args[:4], rooms[-1], *args[5:])  # type: ignore[arg-type]

    monkeypatch.setattr(workspace, "desk_of", cramped)
    again, _ = changes_of(adjacency, parameters, orders, **given)  # type: ignore[arg-type]
    assert len(rooms) > 3  # it was too small at first
    assert again == whole


def test_a_run_resumed_from_a_checkpoint_is_the_run_that_never_stopped() -> None:
    for seed in range(60):
        network, parameters, interventions, horizon = invented(seed)
        whole = Simulation(
            network, parameters, interventions, seed=seed, horizon=horizon
        ).until()
        half = Simulation(
            network, parameters, interventions, seed=seed, horizon=horizon
        )
        half.until(horizon // 2)
        saved = half.checkpoint()
        sent = msgspec.msgpack.decode(msgspec.msgpack.encode(saved))
        assert sent == saved  # plain data, nothing lost on the way
        for engine in ("simpy", "heap"):
            rest = Simulation.resume(network, sent, engine=engine).until()  # type: ignore[arg-type]
            assert rest.changes == whole.changes
            assert rest.people is not None
            assert whole.people is not None
            assert rest.people.displaced == whole.people.displaced
            assert sent == saved  # resuming uses nothing up
        half.until()
        assert half.changes == whole.changes  # nor does saving disturb


def test_a_branch_of_a_branch_takes_new_orders_and_keeps_the_draws() -> None:
    network = three_towns()
    plain = Parameters.of(PLAIN | {"hold_days": 0.0})
    run = Simulation(network, plain, seed=1, horizon=10).until(1)
    # alder -> birch: 3 days; birch -> cedar: 2 days; no sieges.
    again = Simulation.resume(network, run.checkpoint()).until()
    assert [c.time for c in again.changes] == [3.0, 3.0, 5.0, 5.0]
    shut = Intervention(kind="close_route", places=("birch", "cedar"), day=1, until=7)
    branch = Simulation.resume(network, run.checkpoint(), [shut]).until(4)
    # birch on 3, the road to cedar opens on 7, two days on it.
    twice = Simulation.resume(network, branch.checkpoint()).until()
    assert [c.time for c in twice.changes if c.kind == CAPTURED] == [3.0, 9.0]
    hold = Intervention(kind="hold", places=("cedar",), extra_days=0.5)
    third = Simulation.resume(network, branch.checkpoint(), [hold]).until()
    assert [c.time for c in third.changes if c.kind == CAPTURED] == [3.0, 9.5]


def test_a_checkpoint_of_another_map_is_refused() -> None:
    saved = Simulation(three_towns(), seed=1, horizon=5).checkpoint()
    other = invented(3)[0]
    with pytest.raises(InputError, match="other settlements"):
        Simulation.resume(other, saved)


def test_a_run_goes_forward_only() -> None:
    run = Simulation(three_towns(), seed=1, horizon=5).until(3)
    with pytest.raises(UsageError, match="not between 3"):
        run.until(2)
    with pytest.raises(UsageError, match="horizon 5"):
        run.until(6)


def test_dijkstra_agrees_where_percolation_is_exact() -> None:
    compared = 0
    for seed in range(60):
        network, _, _, _ = invented(seed)
        red = network.actors.index("red")
        attacks = np.zeros_like(network.attacks)
        attacks[red] = network.attacks[red]
        network = replace(
            network,
            attacks=attacks,
            sources=(),
            open_spans=((((-np.inf, np.inf)),),) * len(network.open_spans),
            confirmed=np.full(network.count, -np.inf),
        )
        parameters = Parameters.of(
            PLAIN | {"speed_sigma": 0.5, "delay_days": 1.0, "ceasefire_threshold": 1.0}
        )
        holds = [
            Intervention(kind="hold", places=(network.settlements[-1],), extra_days=2.5)
        ]
        adjacency = adjacency_of(network)
        replication = replication_of(
            adjacency, parameters, holds, seed=seed, horizon=3650
        )
        expected = capture_times(replication)
        run = Simulation(
            adjacency, parameters, holds, seed=seed, horizon=3650, people=False
        ).until()
        took = {c.settlement: c.time for c in run.changes if c.kind == CAPTURED}
        for row, day in enumerate(expected.tolist()):
            if network.controller[row] == red:
                assert day == 0.0
            elif day <= 3650:
                assert took[row] == pytest.approx(day, abs=1e-9)
                compared += 1
            else:
                assert row not in took
    assert compared > 500


def test_the_oracle_says_where_it_does_not_apply() -> None:
    adjacency = adjacency_of(three_towns())
    with pytest.raises(UsageError, match="pressure is not 0"):
        capture_times(replication_of(adjacency, Parameters(), seed=1, horizon=5))


def test_the_order_in_which_rows_come_does_not_matter() -> None:
    from chronicle.simulation.network import NetworkPlace, NetworkRoad, build

    places = [NetworkPlace(settlement=s, controller="blue") for s in ("birch", "cedar")]
    places.append(NetworkPlace(settlement="alder", controller="red"))
    roads = [
        NetworkRoad(a="cedar", b="birch", distance_km=9),
        NetworkRoad(a="birch", b="alder", distance_km=5),
    ]
    given = {"actors": ["red", "blue"], "attacks": [("red", "blue")]}
    one = build(places, roads, **given)  # type: ignore[arg-type]
    other = build(places[::-1], roads[::-1], **given)  # type: ignore[arg-type]
    runs = [
        Simulation(network, Parameters.of(PLAIN), seed=4, horizon=20).until().changes
        for network in (one, other)
    ]
    assert runs[0] == runs[1] != []


def test_taking_a_route_away_shifts_no_other_draw() -> None:
    network, parameters, _, _ = invented(11)
    adjacency = adjacency_of(network)
    replication = replication_of(adjacency, parameters, seed=2, horizon=9)
    from chronicle.simulation.network import NetworkPlace, NetworkRoad, build

    roads = [
        NetworkRoad(
            a=network.settlements[a],
            b=network.settlements[b],
            distance_km=float(km),
            road_class=["motorway", "trunk", "primary", "secondary", "tertiary",
                        "unclassified", "track", "crossing"][c],
        )
        for a, b, km, c in zip(
            network.edge_a, network.edge_b, network.distance_km, network.road_class,
            strict=True,
        )
    ]  # fmt: skip
    fewer = build(
        [NetworkPlace(settlement=s, controller="blue") for s in network.settlements],
        roads[1:],
        actors=["red", "blue"],
        attacks=[("red", "blue")],
    )
    less = replication_of(adjacency_of(fewer), parameters, seed=2, horizon=9)
    assert less.travel == replication.travel[1:]
