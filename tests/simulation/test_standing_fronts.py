"""A front can stand: quiet routes, lines that hold, offensives that end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chronicle.simulation.compiled.engine import run_chunk
from chronicle.simulation.engine.replication import adjacency_of, replication_of
from chronicle.simulation.ensemble.plain_chunk import run_chunk_plainly
from chronicle.simulation.interventions import orders_of
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import Parameters
from percolation import capture_times
from whatif_worlds import PLAIN, three_towns

COUNT, HORIZON = 300, 30


def falls(rules: dict[str, float], network: Network | None = None) -> np.ndarray:
    """On which day birch and cedar fall, by replica; plain and compiled must agree."""
    network = network or three_towns()
    adjacency = adjacency_of(network)
    theta = Parameters.of(PLAIN | {"hold_days": 0.0} | rules).vector().reshape(1, -1)
    told = adjacency, orders_of(network, (), HORIZON), theta
    given = {"seed": 2, "first": 0, "horizon": float(HORIZON), "people": False}
    fast = run_chunk(*told, count=COUNT, **given)  # type: ignore[arg-type]
    plain = run_chunk_plainly(*told, count=60, **given)  # type: ignore[arg-type]
    np.testing.assert_array_equal(fast.fall_day[:60], plain.fall_day)
    return fast.fall_day[:, 1:]


def test_a_quiet_front_waits_and_who_broke_through_goes_on() -> None:
    found = falls({"quiet_days": 60.0})
    birch, cedar = found.T
    # 3 days on the road and a wait of Exp(60): 1 - exp(-27/60) = 0.36 within 30 days.
    assert (birch > 0).mean() == pytest.approx(0.36, abs=0.07)
    went_on = cedar[cedar > 0] - birch[cedar > 0]
    assert (went_on == 2).all()
    stopped = falls({"quiet_days": 60.0, "momentum": 0.0})
    assert (stopped[:, 1] > 0).sum() < 0.5 * (cedar > 0).sum()


def test_an_axis_leads_on_from_what_was_just_taken() -> None:
    fresh = replace(three_towns(), fresh=np.array([True, False, False]))
    assert (falls({"quiet_days": 1000.0}, fresh) == [3, 5]).all()
    assert (falls({"quiet_days": 1000.0}) > 0).mean() < 0.1


def test_a_line_holds_for_ever() -> None:
    birch, cedar = (falls({"lines": 0.5}) > 0).T
    assert birch.mean() == pytest.approx(0.5, abs=0.08)
    assert cedar.mean() == pytest.approx(0.25, abs=0.08)
    assert not falls({"lines": 1.0}).any()


def test_nothing_sets_out_once_the_offensive_has_culminated() -> None:
    birch, cedar = (falls({"culmination_days": 3.0}) > 0).T
    assert birch.all()  # it set out on the day of the branch
    # To cedar on day 3, if the offensive lasts so long: exp(-1) of them do.
    assert cedar.mean() == pytest.approx(np.exp(-1.0), abs=0.08)


def test_dijkstra_agrees_on_fronts_that_wait() -> None:
    rules = PLAIN | {"quiet_days": 20.0, "momentum": 0.5, "lines": 0.2}
    network = three_towns()
    for seed in range(20):
        plan = replication_of(
            adjacency_of(network), Parameters.of(rules), seed=seed, horizon=3650
        )
        told = adjacency_of(network), orders_of(network, (), 3650)
        theta = Parameters.of(rules).vector().reshape(1, -1)
        found = run_chunk_plainly(
            *told, theta, seed=seed, first=0, count=1, horizon=3650.0, people=False
        )
        days = np.ceil(capture_times(plan))[1:]
        want = np.where(days <= 3650, days, 0)
        np.testing.assert_array_equal(found.fall_day[0, 1:], want)


def test_half_of_the_prior_has_no_rising() -> None:
    from chronicle.simulation.parameters import INDEX
    from chronicle.simulation.prior import prior_draws

    drawn = prior_draws(Parameters(), (), seed=1, count=2_000)
    never = drawn[:, INDEX["rising_threshold"]] >= 1.0
    assert never.mean() == pytest.approx(0.5, abs=0.03)
