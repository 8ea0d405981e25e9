"""Baselines: fitted by hand on small pasts, exact as sampled, fast as plain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.errors import UsageError
from chronicle.verification.distances import Roads, by_road
from chronicle.verification.outcomes import NEVER, chances_by_day
from chronicle.verification.reference_forecasts import (
    Past,
    constant_hazard,
    constant_radius,
    constant_radius_spread,
    draw,
    neighbours_flip,
    neighbours_flip_plain,
    nothing_changes,
    reference_forecasts,
)
from chronicle.verification.scoring_rules import crps, crps_of_chances
from crow_flies import as_the_crow_flies
from strategies import steady

# A road of six towns, 10 km apart, the attacker coming from the first.
TOWNS = ("alder", "birch", "cedar", "elm", "fir", "hazel")


def line(count=6, km=10.0):
    return Roads(
        places=count,
        a=np.arange(count - 1),
        b=np.arange(1, count),
        distance_km=np.full(count - 1, km),
    )


def past(*days):
    """A past of rows such as 'rrb-': red attacks, blue defends, - is neither."""
    return Past(
        settlements=TOWNS[: len(days[0])],
        defended=np.array([[side == "b" for side in day] for day in days]),
        hostile=np.array([[side == "r" for side in day] for day in days]),
    )


# --- each by hand ----------------------------------------------------------------


def test_nothing_changes_says_never_of_all_at_risk():
    found = nothing_changes(past("rbbb-b"))
    assert found.settlements == ("birch", "cedar", "elm", "hazel")
    assert found.samples.tolist() == [[NEVER] * 4]


def test_the_radius_goes_on_at_the_median_speed_of_the_past():
    # birch, 10 km from the start, fell on day 1: 10 km a day; cedar, 20 km, on day 4:
    # 5 km a day. The median is 7.5; elm, fir and hazel are 10, 20 and 30 km from the
    # front: 1.33, 2.67 and exactly 4 days.
    told = past("rbbbbb", "rrbbbb", "rrbbbb", "rrbbbb", "rrrbbb")
    found = constant_radius(told, by_road(line()))
    assert found.parameters == {"speed_km_per_day": 7.5}
    assert found.samples.tolist() == [[2, 3, 4]]
    # birch took 0.75 of the time at the median speed, cedar 1.5.
    spread = constant_radius_spread(told, by_road(line()))
    assert spread.samples.tolist() == [[1, 2, 3], [2, 4, 6]]


def test_without_a_past_arrival_the_front_stands():
    for found in (
        constant_radius(past("rbb"), by_road(line(3))),
        constant_radius_spread(past("rbb", "rbb"), by_road(line(3))),
    ):
        assert found.samples.tolist() == [[NEVER, NEVER]]
        assert found.parameters["speed_km_per_day"] == 0


def test_what_no_road_leads_to_is_never_reached():
    cut = Roads(places=3, a=np.array([0]), b=np.array([1]), distance_km=np.array([9.0]))
    found = constant_radius(past("rbb", "rrb"), by_road(cut))
    assert found.samples.tolist() == [[NEVER]]


def test_the_hazard_is_the_flips_over_the_days_at_risk():
    # Days at risk: 5 + 5 + 4 = 14; flips 2. A place that is taken, lost and at risk
    # again counts with the days that it was.
    found = constant_hazard(past("rbbbbb", "rbbbbb", "rrbbbb", "rrbbb-"), 2)
    p = 2 / 14
    assert found.parameters["hazard_per_day"] == p
    assert found.chances[0] == pytest.approx([0, p, 1 - (1 - p) ** 2])
    assert constant_hazard(past("rb"), 3).chances.tolist() == [[0, 0, 0, 0]]


def test_the_chance_of_a_flip_is_that_of_the_days_next_to_the_enemy():
    # Exposed: birch on three days, flipping on the third; cedar and fir, next to birch
    # and hazel, on the fourth. hazel flipped unexposed: beyond this model.
    told = past("rbbbbb", "rbbbbb", "rbbbbb", "rrbbbr", "rrbbbr")
    found = neighbours_flip(told, line(), 3, replicas=4)
    assert found.parameters["chance_per_day"] == 1 / 5
    assert neighbours_flip(past("rb"), line(2), 3, replicas=1).parameters == {
        "chance_per_day": 0.0
    }


def test_a_flip_spreads_one_road_a_day_at_most():
    # birch fell on its only exposed day, so p is 1: each day takes the next town.
    found = neighbours_flip(past("rbbbbb", "rrbbbb"), line(), 3, replicas=2)
    assert found.samples.tolist() == [[1, 2, 3, NEVER]] * 2


def test_who_is_neither_does_not_fall_and_does_not_pass_it_on():
    found = neighbours_flip(past("rbb-bb", "rrb-bb"), line(), 5, replicas=1)
    assert found.settlements == ("cedar", "fir", "hazel")
    assert found.samples.tolist() == [[1, NEVER, NEVER]]


def test_the_first_neighbour_falls_with_the_chance_that_was_fitted():
    told = past("rbbb", "rbbb", "rbbb", "rrbb")  # 3 exposed days, 1 flip
    found = neighbours_flip(told, line(4), 8, replicas=4000)
    first = chances_by_day(found.samples, 8)[0]
    exact = 1 - (2 / 3) ** np.arange(9)
    assert first == pytest.approx(exact, abs=4 * math.sqrt(0.25 / 4000))


# --- exact and sampled, fast and plain -------------------------------------------


def test_the_exact_crps_of_the_hazard_is_that_of_its_samples_and_of_the_formula():
    told = past("rbbbbb", "rbbbbb", "rrbbbb")
    found = constant_hazard(told, 10)
    p = found.parameters["hazard_per_day"]
    observed = np.array([1.0, 4.0, 10.0, NEVER])
    exact = crps_of_chances(found.chances, observed, 10)
    # Sums of geometric rows: before day y of (1 - q^d)^2, from it on of q^2d.
    q = 1 - p
    for value, outcome in zip(exact, (1, 4, 10, 10), strict=True):
        before = (
            outcome
            - 2 * (1 - q**outcome) / (1 - q)
            + (1 - q ** (2 * outcome)) / (1 - q * q)
        )
        after = (q ** (2 * outcome) - q**20) / (1 - q * q)
        assert value == pytest.approx(before + after)
    drawn = draw(found, 10, 20_000, seed=2)
    sampled = crps(drawn.samples, observed, 10)
    assert sampled == pytest.approx(exact, abs=0.05)
    assert drawn.parameters == found.parameters
    with pytest.raises(UsageError):
        draw(drawn, 10, 5)


@st.composite
def worlds(draw):
    count = draw(st.integers(1, 6))
    days = draw(
        st.lists(
            st.lists(st.sampled_from("rbb-"), min_size=count, max_size=count),
            min_size=1,
            max_size=4,
        )
    )
    ends = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=8))
    roads = Roads(
        places=count,
        a=np.array([a for a, _ in pairs], np.int64),
        b=np.array([b for _, b in pairs], np.int64),
        distance_km=np.array([1.0 + (a + b) % 3 for a, b in pairs]),
    )
    return past(*("".join(day) for day in days)), roads


@steady
@given(worlds(), st.integers(0, 6), st.integers(0, 3))
def test_flips_in_arrays_are_flips_one_by_one(world, horizon, seed):
    told, roads = world
    fast = neighbours_flip(told, roads, horizon, replicas=5, seed=seed)
    plain = neighbours_flip_plain(told, roads, horizon, replicas=5, seed=seed)
    assert fast.samples.tolist() == plain.samples.tolist()
    assert fast.parameters == plain.parameters


@steady
@given(worlds())
def test_every_baseline_is_a_forecast_of_exactly_those_at_risk(world):
    told, roads = world
    made = reference_forecasts(told, roads, by_road(roads), 5, replicas=3)
    assert len({forecast.name for forecast in made}) == 5
    for forecast in made:
        assert forecast.settlements == told.targets
        by_day = forecast.by_day(5)
        assert by_day.shape == (len(told.targets), 6)
        assert np.all(by_day[:, 0] == 0)  # all were held at the branch


def test_a_replica_alone_is_that_replica_of_the_batch_and_replicas_differ():
    told = past("rbbbbb", "rbbbbb", "rbbbbb", "rrbbbb")
    batch = neighbours_flip(told, line(), 12, replicas=30).samples
    assert neighbours_flip(told, line(), 12, replicas=7).samples.tolist() == (
        batch[:7].tolist()
    )
    assert len({tuple(row) for row in batch.tolist()}) > 10
    assert neighbours_flip(told, line(), 12, replicas=30, seed=1).samples.tolist() != (
        batch.tolist()
    )


# --- distances -------------------------------------------------------------------


def test_a_degree_of_a_meridian_is_111_km_and_the_nearest_counts():
    reach = as_the_crow_flies([0.0, 1.0, 3.0], [30.0, 30.0, 30.0])
    degree = 2 * math.pi * 6371.0088 / 360
    found = reach(np.array([True, False, True]))
    assert found == pytest.approx([0, degree, 0])
    nowhere = reach(np.zeros(3, bool))
    assert nowhere.tolist() == [math.inf] * 3
    # Across the pole from 60 degrees north: 30 degrees up and 30 down.
    polar = as_the_crow_flies([60.0, 60.0], [0.0, 180.0])(np.array([True, False]))
    assert polar[1] == pytest.approx(60 * degree)
    # Half way round the world, where rounding may leave the domain of arcsin.
    far = as_the_crow_flies([0.0, 0.0], [0.0, 180.0])(np.array([True, False]))
    assert far[1] == pytest.approx(180 * degree)


def test_what_has_no_coordinates_is_out_of_reach() -> None:
    reach = as_the_crow_flies([10.0, math.nan, 10.0], [20.0, math.nan, 21.0])
    near = reach(np.array([True, True, False]))
    assert near[0] == 0
    assert near[1] == math.inf
    assert 100 < near[2] < 120


def test_of_two_roads_between_the_same_places_the_shorter_counts():
    roads = Roads(
        places=3,
        a=np.array([0, 1, 1]),
        b=np.array([1, 0, 2]),
        distance_km=np.array([9.0, 5.0, 0.0]),
    )
    found = by_road(roads)(np.array([True, False, False]))
    assert found.tolist() == [0.0, 5.0, 5.0]


@steady
@given(worlds())
def test_distances_by_road_are_those_of_repeated_relaxation(world):
    told, roads = world
    chosen = told.hostile[-1]
    slow = np.where(chosen, 0.0, np.inf)
    for _ in range(roads.places):
        for a, b, km in zip(roads.a, roads.b, roads.distance_km, strict=True):
            slow[b] = min(slow[b], slow[a] + km)
            slow[a] = min(slow[a], slow[b] + km)
    assert by_road(roads)(chosen).tolist() == slow.tolist()


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError):
        line(3, km=-1.0)
    with pytest.raises(UsageError):
        Roads(places=1, a=np.array([0]), b=np.array([1]), distance_km=np.ones(1))
    with pytest.raises(UsageError):
        Roads(places=2, a=np.array([0]), b=np.array([1]), distance_km=np.ones(2))
    with pytest.raises(UsageError):
        Past(
            settlements=("alder",),
            defended=np.ones((1, 1), bool),
            hostile=np.ones((1, 1), bool),
        )
    with pytest.raises(UsageError):
        Past(
            settlements=("alder",),
            defended=np.ones((0, 1), bool),
            hostile=np.ones((0, 1), bool),
        )
    with pytest.raises(UsageError):
        neighbours_flip(past("rb"), line(3), 2)
    with pytest.raises(UsageError):
        neighbours_flip(past("rb"), line(2), 2, replicas=0)
