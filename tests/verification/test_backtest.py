"""What a forecast may know, and what came to pass, from one record on two clocks."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.domain.events import (
    ActorRegistered,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
)
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import state_of
from chronicle.errors import UsageError
from chronicle.verification.distances import by_road
from chronicle.verification.observed import (
    arrivals_after,
    past_of,
    roads_of,
    states_by_day,
)
from chronicle.verification.outcomes import NEVER
from chronicle.verification.reference_forecasts import reference_forecasts
from strategies import FIRST, logs, recorded, steady
from toys import control, december, logged

PLACES = ("alder", "birch", "cedar")


def world(*said):
    """A record of three towns on a road, blue's at first, and of what is said."""
    return logged(
        *(SettlementRegistered(settlement=p, name=p, lat=36, lon=37) for p in PLACES),
        *(ActorRegistered(actor=name, name=name) for name in ("red", "blue")),
        RouteRegistered(settlement_a="alder", settlement_b="birch", distance_km=10),
        RouteRegistered(settlement_a="birch", settlement_b="cedar", distance_km=20),
        *(control(f"b-{p}", "blue", 1, settlement=p, baseline=True) for p in PLACES),
        *said,
        control("end", "blue", 30, settlement="nowhere"),
    )


def says(number, settlement, who, from_day, published=None):
    return control(
        f"r{number}",
        who,
        from_day,
        settlement=settlement,
        published=None if published is None else december(published),
    )


def ask(log, branch=5, horizon=7, **more):
    return arrivals_after(
        log,
        branch=december(branch),
        horizon_days=horizon,
        defenders=["blue"],
        **more,
    )


def test_an_arrival_is_the_first_day_out_of_the_defenders_hands():
    log = world(
        says(1, "alder", "red", 8, published=9),
        says(2, "alder", "blue", 9, published=9),  # retaken: it fell all the same
        says(3, "birch", "red", 20, published=20),  # beyond the horizon
    )
    found = ask(log)
    assert found.settlements == PLACES
    assert found.observed.tolist() == [3, NEVER, NEVER]
    assert not found.already.any()
    assert ask(log, horizon=15).observed.tolist() == [3, 15, NEVER]


def test_what_nobody_had_published_is_at_risk_and_marked_as_out_already():
    log = world(
        says(1, "alder", "red", 4, published=6),
        says(2, "birch", "red", 4, published=5),
        says(3, "cedar", "red", 3),  # published no one knows when
    )
    found = ask(log)
    assert found.settlements == ("alder", "cedar")
    assert found.observed.tolist() == [0, 0]
    assert found.already.all()
    # Published a day later, it would not have been at risk.
    assert ask(log, published_by=december(6)).settlements == ("cedar",)


def test_contested_is_out_unless_one_asks_otherwise():
    log = world(
        says(1, "alder", "contested", 6, published=6),
        says(2, "alder", "red", 8, published=8),
        says(3, "birch", "vacated", 7, published=7),
    )
    assert ask(log).observed.tolist() == [1, 2, NEVER]
    held = ask(log, contested_is_out=False)
    assert held.observed.tolist() == [3, 2, NEVER]


def test_what_is_not_reported_yet_is_not_never():
    log = world()
    with pytest.raises(UsageError, match="2024-12-31"):
        ask(log, horizon=26)
    with pytest.raises(UsageError):
        ask([])
    with pytest.raises(UsageError, match="collection"):
        arrivals_after(log, branch=december(5), horizon_days=3, defenders="blue")


def test_the_past_is_what_was_published_by_the_branch_and_nothing_else():
    early = (
        says(1, "alder", "red", 3, published=3),
        says(2, "birch", "red", 4, published=5),
    )
    late = (
        says(3, "cedar", "red", 4, published=6),
        says(4, "cedar", "red", 3),
        says(5, "birch", "blue", 4, published=9),
    )

    def fitted(log):
        told = past_of(log, since=december(1), branch=december(5), defenders=["blue"])
        (state,) = states_by_day(
            log, december(5), december(5), published_by=december(5)
        )
        roads = roads_of(state)
        return told, reference_forecasts(told, roads, by_road(roads), 4, replicas=5)

    told, made = fitted(world(*early))
    assert told.defended.sum(axis=1).tolist() == [3, 3, 2, 1, 1]
    assert told.hostile[-1].tolist() == [True, True, False]
    again, same = fitted(world(*early, *late))
    assert np.array_equal(again.defended, told.defended)
    for one, other in zip(made, same, strict=True):
        assert one.by_day(4).tolist() == other.by_day(4).tolist()
        assert one.parameters == other.parameters


def test_attackers_are_all_others_unless_they_are_named():
    log = world(says(1, "alder", "green", 3, published=3))
    days = {"since": december(4), "branch": december(4), "defenders": ["blue"]}
    assert past_of(log, **days).hostile.tolist() == [[True, False, False]]
    named = past_of(log, **days, attackers=["red"])
    assert not named.hostile.any()
    with pytest.raises(UsageError, match="blue"):
        past_of(log, **days, attackers=["red", "blue"])
    with pytest.raises(UsageError):
        past_of(log, **days | {"since": december(5)})


def test_only_open_routes_are_roads():
    shut = RouteStatusReported(
        report_id="shut",
        source="radio",
        shut=True,
        valid_from=december(2),
        settlement_a="alder",
        settlement_b="birch",
    )
    before, after = states_by_day(world(shut), december(1), december(2))
    assert roads_of(before).distance_km.tolist() == [10, 20]
    left = roads_of(after)
    assert (left.a.tolist(), left.b.tolist()) == ([1], [2])


def test_a_place_of_which_nothing_new_was_heard_is_not_judged_again():
    log = world(says(1, "alder", "red", 8, published=9))
    before, after = states_by_day(log, december(7), december(8))
    kept = {id_ for id_, place in after.places.items() if place is before.places[id_]}
    heard = {
        id_
        for id_ in after.places
        if after.heard.control.get(id_) != before.heard.control.get(id_)
    }
    assert kept == set(after.places) - heard
    assert kept
    assert heard


@steady
@given(logs(max_steps=15), st.sampled_from(["latest", "graded", "cautious"]))
def test_states_by_day_are_the_states_of_those_days(events, lens):
    log = recorded(events)
    published = date(2024, 11, 29)
    for by in (None, published):
        days = states_by_day(
            log, FIRST, FIRST + timedelta(days=9), published_by=by, lens=lens
        )
        for number, state in enumerate(days):
            plain = state_of(
                log,
                FIRST + timedelta(days=number),
                parse_lens(lens),
                published_by=by,
            )
            assert state.places == plain.places
            assert state.heard == plain.heard
            assert (state.on, state.position) == (plain.on, plain.position)
