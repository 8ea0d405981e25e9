"""People: nobody is lost or made, and they go where the arithmetic says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.simulation.compiled.engine import run_chunk
from chronicle.simulation.engine.displacement import People, room
from chronicle.simulation.engine.replication import adjacency_of
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.interventions import Intervention, orders_of
from chronicle.simulation.network import Network, NetworkPlace, NetworkRoad, build
from chronicle.simulation.parameters import Parameters
from whatif_worlds import PLAIN, invented, three_towns

STILL = PLAIN | {
    "hold_days": 0.0,
    "anticipation_days": 0.0,
    "aftermath_days": 0.0,
    "return_rate": 0.0,
    "push": 0.1,
}
"""Places fall on arrival, and only residents of the day of the fall leave, a tenth."""


def ran(network: Network, *orders: Intervention, days: int, **more: float) -> People:
    setting = Parameters.of(STILL | more)
    run = Simulation(network, setting, orders, seed=1, horizon=days).until()
    found = run_chunk(
        adjacency_of(network),
        orders_of(network, orders, days),
        setting.vector().reshape(1, -1),
        seed=1,
        first=0,
        count=1,
        horizon=days,
    )
    assert run.people is not None
    assert found.displaced[0].tolist() == run.people.displaced
    np.testing.assert_array_equal(found.hosted[0], run.people.guests.astype(np.float32))
    return run.people


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_people_are_conserved_every_day_under_every_rule(seed: int) -> None:
    network, parameters, interventions, horizon = invented(seed)
    everybody = float(network.population.sum() + network.displaced.sum())
    run = Simulation(network, parameters, interventions, seed=seed, horizon=horizon)
    for day in range(horizon + 1):
        run.until(day)
        people = run.people
        assert people is not None
        assert people.total == pytest.approx(everybody, rel=1e-9)
        # Away from home are those who left and did not return, wherever they are.
        left = network.population - people.residents
        np.testing.assert_allclose(people.away, left, rtol=1e-9, atol=1e-6)
        assert sum(people.away) == pytest.approx((people.displaced or [0.0])[-1])
        for stock in (people.residents, people.guests, people.away, people.ring):
            assert stock.min() >= 0.0


def test_a_tenth_leaves_on_the_day_of_the_fall_and_arrives_the_day_after() -> None:
    # birch falls on day 3: 1,000 of 10,000 leave at once (conflict: all move on). To
    # alder (30 km) and cedar (20 km), weights 1/40 and 1/30: 3/7 and 4/7.
    network = three_towns()
    people = ran(network, days=3)
    assert people.displaced == [0.0, 0.0, 1000.0]
    alder, _, cedar = people.ring.sum(axis=0)
    assert (alder, cedar) == pytest.approx((1000 * 3 / 7, 1000 * 4 / 7))
    assert people.guests.tolist() == [0.0, 0.0, 0.0]
    people = ran(network, days=4)
    # Day 4: 3/10 of those who arrived move on, all of them back through birch.
    assert people.guests == pytest.approx([300.0, 0.0, 400.0])


def test_people_leave_before_an_expected_arrival_and_after_a_fall() -> None:
    # birch on day 3: one day ahead and two days after are days 2, 3, 4, 5 for birch
    # (9/10 stay each day); cedar on day 5: days 4, 5 and on.
    people = ran(three_towns(), days=3, anticipation_days=1.0, aftermath_days=2.0)
    assert people.displaced == pytest.approx([0.0, 1000.0, 1900.0])
    people = ran(three_towns(), days=5, anticipation_days=1.0, aftermath_days=2.0)
    birch = 10_000 * (1 - 0.9**4)
    cedar = 100_000 * (1 - 0.9**2)
    assert people.displaced[4] == pytest.approx(birch + cedar)


def test_a_peaceful_handover_pushes_less() -> None:
    order = Intervention(kind="transfer", places=("cedar",), actor="red", day=1.0)
    people = ran(three_towns(), order, days=1, push_peaceful=0.2)
    assert people.displaced == pytest.approx([100_000 * 0.1 * 0.2])


def pair(**cedar: Any) -> Network:
    """alder (red) - birch (blue) - cedar and dune, 30 km each."""
    roads = [("alder", "birch"), ("birch", "cedar"), ("birch", "dune")]
    return build(
        [
            NetworkPlace(settlement="alder", controller="red", kind="site"),
            NetworkPlace(settlement="birch", controller="blue", population=10_000),
            NetworkPlace(settlement="cedar", controller="red", **cedar),
            NetworkPlace(settlement="dune", controller="red"),
        ],
        [NetworkRoad(a=a, b=b, distance_km=30) for a, b in roads],
        actors=["red", "blue"],
        attacks=[("red", "blue")],
    )


def shares(network: Network, *orders: Intervention, **more: float) -> list[float]:
    """The shares of the 1,000 people of birch that set out for cedar and dune."""
    people = ran(network, *orders, days=3, move_town=0.0, **more)
    ring = people.ring.sum(axis=0)
    assert ring[0] == 0.0  # nobody flees to a site
    return (ring[2:] / 1000.0).tolist()


def test_equal_places_get_equal_shares_and_full_ones_none() -> None:
    assert shares(pair()) == pytest.approx([0.5, 0.5])
    assert shares(pair(capacity=100, displaced=100)) == pytest.approx([0.0, 1.0])
    # 95 of 100 with a buffer of 0.9: (100 - 95) / 10 = 1/2, against 1.
    assert shares(pair(capacity=100, displaced=95)) == pytest.approx([1 / 3, 2 / 3])


def test_a_shut_road_gets_nobody_and_a_corridor_more() -> None:
    def order(kind: str) -> Intervention:
        return Intervention(kind=kind, places=("birch", "cedar"), day=0.0, until=9.0)

    # Red reaches birch from alder and dune on day 3 whatever happens to cedar's road.
    assert shares(pair(), order("close_route")) == pytest.approx([0.0, 1.0])
    found = shares(pair(), order("open_corridor"), corridor_pull=3.0)
    assert found == pytest.approx([0.75, 0.25])


def test_a_new_capacity_counts_from_its_day() -> None:
    def order(day: float) -> Intervention:
        return Intervention(kind="capacity", places=("cedar",), capacity=0.0, day=day)

    assert shares(pair(), order(3.0)) == pytest.approx([0.0, 1.0])
    late = Intervention(kind="capacity", places=("cedar",), capacity=0.0, day=2.0)
    again = Intervention(kind="capacity", places=("cedar",), capacity=None, day=2.5)
    assert shares(pair(), late, again) == pytest.approx([0.5, 0.5])


def test_the_exponent_of_distance_acts_on_weights() -> None:
    # (30 + 10)^-2 against (20 + 10)^-2: 9 to 16.
    people = ran(three_towns(), days=3, distance_exponent=2.0)
    ring = people.ring.sum(axis=0)
    assert ring[0] / ring[2] == pytest.approx(9 / 16)


def test_a_long_road_takes_days() -> None:
    # 30 km at 20 km a day: they set out on day 3 and are at alder on the second day.
    people = ran(three_towns(), days=4, people_km_day=20.0, move_town=0.0)
    assert people.guests.tolist() == [0.0, 0.0, 0.0]
    people = ran(three_towns(), days=5, people_km_day=20.0, move_town=0.0)
    assert people.guests[0] == pytest.approx(1000.0 * 3 / 7)


def test_people_return_once_home_is_calm() -> None:
    # birch falls on 3, calm for more than 2 days from day 6 on: half of 1,000 return.
    network = three_towns(attacks=[("red", "blue")])
    hold = Intervention(kind="hold", places=("cedar",), extra_days=90.0)
    people = ran(
        network, hold, days=6, return_rate=0.5, return_after_days=2.0, push=0.1,
        move_town=0.0, move_conflict=1.0, distance_exponent=5.0,
    )  # fmt: skip
    assert people.returned[:5] == [0.0] * 5
    assert people.returned[5] == pytest.approx(500.0)
    birch = network.row("birch")
    assert people.away[birch] == pytest.approx(500.0)


def test_room_falls_from_the_buffer_to_nothing_and_never_is_nan() -> None:
    load = np.array([0.0, 90.0, 95.0, 100.0, 150.0])
    assert room(load, np.full(5, 100.0), 0.9).tolist() == pytest.approx(
        [1.0, 1.0, 0.5, 0.0, 0.0]
    )
    assert room(np.array([0.0, 5.0]), np.zeros(2), 0.9).tolist() == [0.0, 0.0]
    assert room(np.array([5.0]), np.array([np.inf]), 0.9).tolist() == [1.0]
    assert room(np.array([5.0, 9.0]), np.array([6.0, 9.0]), 1.0).tolist() == [1.0, 0.0]


def test_the_front_does_not_depend_on_the_people() -> None:
    for seed in range(20):
        network, parameters, interventions, horizon = invented(seed)
        runs = [
            Simulation(
                network,
                parameters,
                interventions,
                seed=seed,
                horizon=horizon,
                people=with_people,
            ).until()
            for with_people in (True, False)
        ]
        assert runs[0].changes == runs[1].changes
