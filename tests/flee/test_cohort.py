"""People on the move as expected flows: cases worked by hand, and what must hold."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.errors import UsageError
from chronicle.flee.cohort import (
    CohortInputs,
    CohortRules,
    FlightNetwork,
    run_cohorts,
)

ALDER, BIRCH, CEDAR = 0, 1, 2


def network(*roads: tuple[int, int, float], places: int = 3) -> FlightNetwork:
    """Places without plans, and roads that are open both ways."""
    legs = sorted(
        [(a, b, km) for a, b, km in roads] + [(b, a, km) for a, b, km in roads]
    )
    start, end, km = zip(*legs, strict=True)
    return FlightNetwork(
        places=places,
        state_place=np.arange(places),
        leg_from=np.array(start),
        leg_to=np.array(end),
        leg_km=np.array(km, float),
        leg_goal=np.array(end),
        leg_goal_km=np.array(km, float),
    )


def case(
    graph: FlightNetwork,
    *,
    days: int,
    present: list[float],
    leave: list[float],
    speed_km: float = 100.0,
    **changes: Any,
) -> CohortInputs:
    """A case in which every day is alike, but for *changes*."""
    places = graph.places
    inputs = CohortInputs(
        network=graph,
        rules=CohortRules(speed_km_per_day=speed_km),
        present=np.array(present, float),
        capacity=np.full(places, -1.0),
        newcomers=np.zeros((days, places)),
        leave_chance=np.tile(np.array(leave, float), (days, 1)),
        attraction=np.ones((days, places)),
        guarded=np.zeros((days, places), dtype=np.bool_),
        open_legs=np.ones((days, graph.legs), dtype=np.bool_),
    )
    return replace(inputs, **changes)


def people(inputs: CohortInputs, **how: Any) -> list[list[float]]:
    """Those present by day and place, rounded to a millionth of a person."""
    run = run_cohorts(inputs, **{"compiled": False} | how)
    return [[round(stock, 6) for stock in day] for day in run.present.tolist()]


def test_people_divide_by_attraction_over_softened_distance():
    graph = network((ALDER, BIRCH, 30), (ALDER, CEDAR, 90))
    inputs = case(graph, days=1, present=[140, 0, 0], leave=[0.5, 0, 0])
    # 70 leave; 1/(10+30) to 1/(10+90) is 5 to 2.
    assert people(inputs) == [[70, 50, 20]]


def test_a_place_that_repels_everybody_is_not_gone_to():
    graph = network((ALDER, BIRCH, 30), (ALDER, CEDAR, 90))
    inputs = case(
        graph,
        days=1,
        present=[140, 0, 0],
        leave=[1, 0, 0],
        attraction=np.array([[1.0, 0.0, 1.0]]),
    )
    assert people(inputs) == [[0, 0, 140]]


def test_a_way_of_two_and_a_half_days_takes_three():
    graph = network((ALDER, BIRCH, 250), places=2)
    inputs = case(graph, days=4, present=[8, 0], leave=[1, 0])
    assert people(inputs) == [[0, 0], [0, 0], [0, 8], [0, 8]]
    assert run_cohorts(inputs, compiled=False).on_the_road.tolist() == [8, 8, 0, 0]


def test_a_way_ends_when_more_than_its_length_is_walked():
    # As in FLEE: after 200 of 200 km they are still on the road.
    graph = network((ALDER, BIRCH, 200), places=2)
    inputs = case(graph, days=3, present=[8, 0], leave=[1, 0])
    assert people(inputs) == [[0, 0], [0, 0], [0, 8]]


def test_who_arrives_early_sets_out_again_on_the_same_day():
    graph = network((ALDER, BIRCH, 60), (BIRCH, CEDAR, 60))
    away_from_alder = np.tile([0.0, 1.0, 1.0], (2, 1))
    inputs = case(
        graph, days=2, present=[8, 0, 0], leave=[1, 1, 0], attraction=away_from_alder
    )
    # 60 km, then 60 of the 40 that were left: a leg that is begun is walked.
    assert people(inputs)[0] == [0, 0, 8]


def test_who_arrives_late_stays_for_the_night():
    graph = network((ALDER, BIRCH, 60), (BIRCH, CEDAR, 60))
    dogwood = network((0, 1, 60), (1, 2, 60), (2, 3, 20), places=4)
    onward = np.tile([0.0, 1.0, 1e9, 1e18], (2, 1))
    inputs = case(
        dogwood, days=2, present=[8, 0, 0, 0], leave=[1, 1, 1, 0], attraction=onward
    )
    assert graph.legs == 4
    assert people(inputs) == [[0, 0, 8, 0], [0, 0, 0, 8]]


def test_a_share_that_stays_overnight_leaves_the_rest_to_go_on():
    graph = network((ALDER, BIRCH, 20), (BIRCH, CEDAR, 20))
    away = np.tile([0.0, 1.0, 1.0], (2, 1))
    inputs = case(
        graph, days=2, present=[80, 0, 0], leave=[1, 0.25, 0], attraction=away
    )
    assert people(inputs) == [[0, 60, 20], [0, 45, 35]]


def test_a_camp_is_filled_to_one_person_past_half_of_its_buffer():
    graph = network((ALDER, BIRCH, 20), places=2)
    inputs = case(
        graph,
        days=1,
        present=[4000, 0],
        leave=[1, 0],
        capacity=np.array([-1.0, 1000.0]),
        guarded=np.array([[False, True]]),
    )
    inputs = replace(inputs, rules=replace(inputs.rules, capacity_buffer=0.6))
    # All set out in the morning, when there is room; nobody is sent away at the gate.
    assert people(inputs) == [[0, 4000]]
    full = replace(inputs, present=np.array([4000.0, 801.0]))
    assert people(full) == [[4000, 801]]
    # Who comes over birch arrives there in turn; the mark is at 800.
    graph = network((ALDER, BIRCH, 20), (BIRCH, CEDAR, 20))
    onward = case(
        graph,
        days=1,
        present=[4000, 0, 0],
        leave=[1, 1, 0],
        attraction=np.array([[0.0, 1.0, 1.0]]),
        capacity=np.array([-1.0, -1.0, 1000.0]),
        guarded=np.array([[False, False, True]]),
        rules=inputs.rules,
    )
    assert people(onward) == [[0, 3199, 801]]


def test_a_town_that_is_full_still_takes_people_who_have_no_choice():
    graph = network((ALDER, BIRCH, 20), places=2)
    inputs = case(
        graph,
        days=1,
        present=[10, 100],
        leave=[1, 0],
        capacity=np.array([-1.0, 100.0]),
    )
    assert people(inputs) == [[0, 110]]


def test_who_walks_a_road_that_is_shut_turns_back_for_good():
    graph = network((ALDER, BIRCH, 250), places=2)
    is_open = np.array([[True] * 2, [False] * 2, [True] * 2, [True] * 2])
    leave = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    inputs = case(
        graph,
        days=4,
        present=[8, 0],
        leave=[0, 0],
        open_legs=is_open,
        leave_chance=leave,
    )
    # They set out on day 0, it is shut on day 1; on day 2 they would have arrived.
    assert people(inputs) == [[0, 0], [0, 0], [8, 0], [8, 0]]


def test_nobody_sets_out_where_every_road_is_shut():
    graph = network((ALDER, BIRCH, 20), places=2)
    inputs = case(graph, days=1, present=[8, 0], leave=[1, 1])
    shut = replace(inputs, open_legs=np.zeros((1, 2), dtype=np.bool_))
    assert people(shut) == [[8, 0]]


def test_a_plan_is_followed_past_a_place_where_nobody_else_would_leave():
    # Alder sees cedar over birch: state 3 is birch with cedar in mind.
    graph = FlightNetwork(
        places=3,
        state_place=np.array([ALDER, BIRCH, CEDAR, BIRCH]),
        leg_from=np.array([ALDER, 3]),
        leg_to=np.array([3, CEDAR]),
        leg_km=np.array([60.0, 70.0]),
        leg_goal=np.array([CEDAR, CEDAR]),
        leg_goal_km=np.array([130.0, 70.0]),
    )
    inputs = case(graph, days=2, present=[8, 0, 0], leave=[1, 0.5, 0])
    assert people(inputs) == [[0, 4, 4], [0, 2, 6]]
    shut = replace(inputs, open_legs=np.array([[True, False], [True, True]]))
    assert people(shut) == [[0, 8, 0], [0, 6, 2]]  # 4 of 8 gave the plan up


def test_the_first_leg_is_walked_and_the_next_one_ridden():
    # As alder, birch, cedar; who has gone no leg yet stands in states 3 to 5.
    graph = network((ALDER, BIRCH, 45), (BIRCH, CEDAR, 90))
    from_alder = (ALDER, BIRCH, 45.0)
    walked = FlightNetwork(
        places=3,
        state_place=np.tile(graph.state_place, 2),
        leg_from=np.append(graph.leg_from, 3 + from_alder[0]),
        leg_to=np.append(graph.leg_to, from_alder[1]),
        leg_km=np.append(graph.leg_km, from_alder[2]),
        leg_goal=np.append(graph.leg_goal, from_alder[1]),
        leg_goal_km=np.append(graph.leg_goal_km, from_alder[2]),
        entry=np.array([3, 4, 5]),
        rest=np.arange(6),
        on_foot=np.array([False] * graph.legs + [True]),
    )
    away = np.tile([0.0, 1.0, 1.0], (4, 1))
    inputs = case(walked, days=4, present=[8, 0, 0], leave=[1, 1, 0], attraction=away)
    rules = replace(inputs.rules, walk_km_per_day=20.0)
    # 20 km a day: on the third day 45 are behind them, and they ride on.
    assert people(replace(inputs, rules=rules)) == [
        [0] * 3,
        [0] * 3,
        [0, 0, 8],
        [0, 0, 8],
    ]
    shut = np.array([[True] * walked.legs] * 4)
    shut[0, -1] = False  # who cannot set out has still to walk afterwards
    delayed = replace(inputs, rules=rules, open_legs=shut)
    assert people(delayed)[:3] == [[8, 0, 0], [0] * 3, [0] * 3]


def test_nobody_rests_in_a_town_before_a_day_of_travel():
    graph = network((0, 1, 30), (1, 2, 60), (2, 3, 60), (3, 4, 5), places=5)
    onward = np.tile([0.0, 1.0, 1e9, 1e18, 1e27], (3, 1))
    inputs = case(
        graph,
        days=3,
        present=[8, 0, 0, 0, 0],
        leave=[1, 0, 0, 0, 0],
        attraction=onward,
        towns=np.ones((3, 5), dtype=np.bool_),
    )
    assert people(inputs)[0] == [0, 8, 0, 0, 0]
    # After 30 and 90 km of 100 they have to go on; after 150 the day is over.
    stints = replace(inputs, rules=replace(inputs.rules, avoid_short_stints=True))
    assert people(stints)[0] == [0, 0, 0, 8, 0]
    # Of the next day they have travelled 1.5 / 2 already: 25 km and they may rest.
    later = inputs.leave_chance.copy()
    later[1, 3] = 1.0
    stints = replace(stints, leave_chance=later)
    assert people(stints)[1] == [0, 0, 0, 0, 8]
    camp = replace(stints, towns=np.tile([True, False, True, True, True], (3, 1)))
    assert people(camp)[0] == [0, 8, 0, 0, 0]


def test_speed_is_taken_over_whole_days_only():
    graph = network((ALDER, BIRCH, 1), places=2)
    with pytest.raises(UsageError, match="speed_km_per_day"):
        case(graph, days=1, present=[1, 0], leave=[1, 0], speed_km=1.5)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"present": np.array([-1.0, 0.0])}, "fewer than 0"),
        ({"leave_chance": np.array([[1.5, 0.0]])}, "from 0 to 1"),
        ({"newcomers": np.zeros((1, 3))}, "shapes"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(changes: dict[str, Any], told: str):
    inputs = case(network((0, 1, 5), places=2), days=1, present=[1, 0], leave=[1, 0])
    with pytest.raises(UsageError, match=told):
        replace(inputs, **changes)


def random_case(
    seed: int, *, days: int = 25, power: float = 1.0, rules: bool = False
) -> CohortInputs:
    """Some map with halts, camps that fill, roads that shut, and people that come."""
    dice = np.random.default_rng(seed)
    places = int(dice.integers(2, 9))
    roads = {(a, int(dice.integers(0, a))) for a in range(1, places)}
    roads |= {
        (int(a), int(b)) for a, b in dice.integers(0, places, (places, 2)) if a > b
    }
    km = {road: float(dice.uniform(0.3, 700)) for road in sorted(roads)}
    legs = [(a, b, d, b, d) for (a, b), d in km.items()]
    legs += [(b, a, d, a, d) for (a, b), d in km.items()]
    state_place = list(range(places))
    for first, middle, near, *_ in list(legs):  # every second way over one halt
        for start, goal, far, *_ in list(legs[: 2 * len(km)]):
            if start == middle and goal != first and dice.random() < 0.5:
                halt = len(state_place)
                state_place.append(middle)
                legs.append((first, halt, near, goal, near + far))
                legs.append((halt, goal, far, goal, far))
    legs.sort(key=lambda leg: leg[0])
    on_foot, changes = [False] * len(legs), dict[str, Any]()
    if rules:  # who has gone no leg yet stands in states of their own, and walks
        plain, walked = len(state_place), [leg for leg in legs if leg[0] < places]
        legs += [(plain + leg[0], *leg[1:]) for leg in walked]
        on_foot += [True] * len(walked)
        changes["entry"] = np.arange(plain, plain + places)
        changes["rest"] = np.array([*state_place, *changes["entry"]])
        state_place += range(places)
    start, end, length, goal, goal_km = zip(*legs, strict=True)
    graph = FlightNetwork(
        places=places,
        state_place=np.array(state_place),
        on_foot=np.array(on_foot),
        **changes,
        leg_from=np.array(start),
        leg_to=np.array(end),
        leg_km=np.array(length),
        leg_goal=np.array(goal),
        leg_goal_km=np.array(goal_km),
    )
    shape = (days, places)
    return CohortInputs(
        network=graph,
        rules=CohortRules(
            speed_km_per_day=float(dice.uniform(40, 400)),
            capacity_buffer=float(dice.uniform(0.3, 1.0)),
            weight_power=power,
            weight_softening=float(dice.choice([0.0, 0.2])),
            walk_km_per_day=float(dice.uniform(20, 60)),
            avoid_short_stints=rules,
            keep_plans=rules and seed % 2 == 0,
        ),
        present=dice.uniform(0, 5000, places),
        capacity=dice.choice([-1.0, 0.0, 300.5, 6000.25], places),
        newcomers=dice.uniform(0, 900, shape) * (dice.random(shape) < 0.5),
        leave_chance=dice.choice([0.0, 0.001, 0.3, 1.0], shape),
        attraction=dice.choice([0.0, 0.25, 1.0, 5.0], shape),
        guarded=dice.random(shape) < 0.5,
        open_legs=np.repeat(dice.random((days // 5, len(legs))) < 0.8, 5, axis=0),
        towns=dice.random(shape) < 0.7,
    )


@given(seed=st.integers(0, 2**32), rules=st.booleans())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_people_are_conserved_on_every_day(seed: int, rules: bool):
    inputs = random_case(seed, rules=rules)
    run = run_cohorts(inputs, compiled=False)
    came = [math.fsum(inputs.present)]
    for day, stock in enumerate(run.present):
        came.append(math.fsum(inputs.newcomers[day]))
        here = math.fsum([*stock, run.on_the_road[day]])
        assert abs(here - math.fsum(came)) < 1e-9
    assert run.present.min() > -1e-9
    assert run.on_the_road.min() >= 0


@given(seed=st.integers(0, 2**32), rules=st.booleans())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_compiled_kernel_is_the_plain_one_to_the_last_bit(seed: int, rules: bool):
    pytest.importorskip("numba")
    inputs = random_case(seed, rules=rules)
    plain = run_cohorts(inputs, compiled=False)
    fast = run_cohorts(inputs, compiled=True)
    assert np.array_equal(plain.present, fast.present)
    assert np.array_equal(plain.on_the_road, fast.on_the_road)


@given(seed=st.integers(0, 2**32), power=st.sampled_from([0.0, 0.5, 2.0]))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_the_compiled_kernel_agrees_to_rounding_on_other_weights(
    seed: int, power: float
):
    pytest.importorskip("numba")
    inputs = random_case(seed, days=5, power=power)
    plain = run_cohorts(inputs, compiled=False)
    fast = run_cohorts(inputs, compiled=True)
    np.testing.assert_allclose(fast.present, plain.present, rtol=1e-9, atol=1e-9)


def test_random_cases_are_not_all_quiet():
    # What the properties above are worth: people walk, camps fill, roads shut on them.
    runs = [run_cohorts(random_case(seed), compiled=False) for seed in range(12)]
    assert sum(run.on_the_road.max() > 100 for run in runs) > 6
    assert sum(np.ptp(run.present, axis=0).max() > 500 for run in runs) > 9
