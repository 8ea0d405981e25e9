"""Scores of arrivals: cases worked by hand, what must hold, and what misled others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.errors import UsageError
from chronicle.simulation.random_streams import stream_key, uniform_array
from chronicle.verification.brier import brier
from chronicle.verification.intervals import covered, order_statistics, randomised_pit
from chronicle.verification.outcomes import (
    NEVER,
    Arrivals,
    Forecast,
    chances_by_day,
    from_fall_days,
    whole_days,
)
from chronicle.verification.scores import score
from chronicle.verification.scoring_rules import (
    crps,
    crps_of_chances,
    crps_plain,
    log_score,
)
from strategies import steady

ALDER, BIRCH, CEDAR = "alder", "birch", "cedar"


def arrivals(observed, horizon=4.0, ids=None):
    ids = ids or tuple(f"place-{n}" for n in range(len(observed)))
    days = np.array(observed, float)
    return Arrivals(settlements=ids, observed=days, horizon=horizon, already=days == 0)


def column(*days):
    """Replicas of one settlement."""
    return np.array(days, float)[:, None]


# --- CRPS ------------------------------------------------------------------------


def test_the_crps_of_two_replicas_is_the_integral_worked_by_hand():
    # Replicas 1 and 3, outcome 2, horizon 4. F - 1{y <= t} is 0 on [0, 1), 1/2 on
    # [1, 2), -1/2 on [2, 3), 0 on [3, 4]: the squares sum to 1/4 + 1/4.
    assert crps(column(1, 3), [2], 4) == pytest.approx([0.5])
    # Fair: mean |x - y| = 1, less half the one pair's distance: 1 - 2/2.
    assert crps(column(1, 3), [2], 4, fair=True) == pytest.approx([0.0])


def test_never_is_scored_as_an_outcome_and_as_a_forecast():
    # Replicas 1 and never, horizon 4. Of never: F is 1/2 on [1, 4]: 3/4. Of day 3:
    # 1/4 on [1, 3) and (1/2 - 1)^2 on [3, 4]: 3/4 too. Of day 1: 3/4 again.
    for outcome in (NEVER, 3, 1):
        assert crps(column(1, NEVER), [outcome], 4) == pytest.approx([0.75])
    # A sure fall on day 1 where nothing happens costs all days after it.
    assert crps(column(1), [NEVER], 4) == [3.0]
    assert crps(column(NEVER), [1], 4) == [3.0]
    assert crps(column(NEVER), [NEVER], 4) == [0.0]


def test_what_is_after_the_horizon_does_not_matter():
    late = crps(column(1, 5, 900), [NEVER], 4)
    assert late == pytest.approx(crps(column(1, NEVER, NEVER), [70], 4))


replica_days = st.one_of(
    st.just(NEVER),
    st.integers(0, 8).map(float),
    st.floats(0, 12, allow_subnormal=False),
)


@st.composite
def cases(draw):
    places = draw(st.integers(0, 4))
    replicas = draw(st.integers(1, 6))
    row = st.lists(replica_days, min_size=places, max_size=places)
    samples = draw(st.lists(row, min_size=replicas, max_size=replicas))
    horizon = draw(st.sampled_from([0.0, 1.0, 2.5, 6.0]))
    return np.array(samples, float).reshape(replicas, places), draw(row), horizon


@steady
@given(cases())
def test_the_fast_crps_is_the_plain_one(case):
    samples, observed, horizon = case
    plain = crps_plain(samples, observed, horizon)
    assert crps(samples, observed, horizon) == pytest.approx(plain, abs=1e-12)
    assert np.all(plain >= 0)
    assert np.all(plain <= horizon)
    if len(samples) > 1:
        fair = crps(samples, observed, horizon, fair=True)
        told = crps_plain(samples, observed, horizon, fair=True)
        assert fair == pytest.approx(told, abs=1e-12)
        assert np.all(fair <= plain + 1e-12)


@steady
@given(cases())
def test_replicas_settlements_and_copies_may_come_in_any_order(case):
    samples, observed, horizon = case
    found = crps(samples, observed, horizon)
    assert crps(samples[::-1], observed, horizon) == pytest.approx(found, abs=1e-12)
    twice = crps(np.concatenate([samples, samples]), observed, horizon)
    assert twice == pytest.approx(found, abs=1e-12)
    turned = crps(samples[:, ::-1], observed[::-1], horizon)
    assert turned == pytest.approx(found[::-1], abs=1e-12)


@steady
@given(cases())
def test_in_whole_days_samples_and_their_chances_score_alike(case):
    samples, observed, _ = case
    days, outcome = whole_days(samples), whole_days(np.array(observed, float))
    by_chances = crps_of_chances(chances_by_day(days, 6), outcome, 6)
    assert by_chances == pytest.approx(crps(days, outcome, 6), abs=1e-12)


def test_an_outcome_inside_a_day_splits_that_day():
    # Chance 0.2 on [1, 2), 0.6 on [2, 3]; outcome 1.5: 0.04 / 2 + 0.64 / 2 + 0.16.
    assert crps_of_chances([[0, 0.2, 0.6, 0.6]], [1.5], 3) == pytest.approx([0.5])


# --- the traps -------------------------------------------------------------------


def test_no_score_and_no_quantile_of_never_is_nan():
    samples = np.array([[NEVER, 1, 0], [NEVER, NEVER, 2], [NEVER, 2, NEVER]])
    with np.errstate(all="raise"):
        found = order_statistics(samples)
        scored = score(
            Forecast(name="toy", settlements=(ALDER, BIRCH, CEDAR), samples=samples),
            arrivals([NEVER, 3, NEVER], ids=(ALDER, BIRCH, CEDAR)),
        )
    assert not np.isnan(found).any()
    assert found[:, 0].tolist() == [NEVER] * 5
    assert found[:, 1].tolist() == [1, 1, 2, NEVER, NEVER]
    for values in (scored.crps, scored.log, scored.pit, scored.brier.by_day):
        assert np.isfinite(values).all()
    assert all(math.isfinite(v) for v in list(scored.summary().values())[1:])


def test_a_score_over_towns_that_fell_only_would_crown_the_alarmist():
    # 2 of 10 places fall. One forecast says so of each, the other that all fall.
    observed = [2.0, 2.0] + [NEVER] * 8
    truth = arrivals(observed)
    honest = Forecast(
        name="honest",
        settlements=truth.settlements,
        samples=np.tile(np.array([[2.0], *[[NEVER]] * 4]), (1, 10)),
    )
    alarmist = Forecast(
        name="alarmist",
        settlements=truth.settlements,
        samples=np.full((1, 10), 2.0),
    )
    ours, theirs = score(honest, truth), score(alarmist, truth)
    fell = np.isfinite(truth.observed)
    assert theirs.crps[fell].mean() < ours.crps[fell].mean()  # the trap
    assert ours.crps.mean() < theirs.crps.mean()  # what is reported
    assert ours.brier.mean < theirs.brier.mean
    assert ours.summary()["settlements"] == 10
    assert ours.summary()["fell"] == 2


def test_a_forecast_cannot_leave_out_a_settlement_at_risk():
    truth = arrivals([1, NEVER], ids=(ALDER, BIRCH))
    only = Forecast(name="only", settlements=(ALDER,), samples=np.ones((1, 1)))
    turned = Forecast(
        name="turned", settlements=(BIRCH, ALDER), samples=np.ones((1, 2))
    )
    with pytest.raises(UsageError, match="birch"):
        score(only, truth)
    with pytest.raises(UsageError, match="another order"):
        score(turned, truth)


def test_rounding_moves_no_arrival_into_the_next_day():
    third = float(np.float32(0.1)) * 30  # 3.0000000447034836
    assert third > 3
    assert whole_days([third, 2.9999999, 3.01, 0.0, NEVER]).tolist() == [
        *(3, 3, 4, 0, NEVER)
    ]
    forecast = Forecast(name="toy", settlements=(ALDER,), samples=column(third))
    assert forecast.by_day(3)[0].tolist() == [0, 0, 0, 1]


# --- edges -----------------------------------------------------------------------


def test_nothing_at_risk_has_no_score_rather_than_a_perfect_one():
    forecast = Forecast(name="toy", settlements=(), samples=np.ones((3, 0)))
    found = score(forecast, arrivals([]))
    told = found.summary()
    assert told["settlements"] == told["fell"] == 0
    assert {told[name] for name in ("crps", "brier", "log", "cover_90", "pit_90")} == {
        None
    }
    assert len(found.table()) == 0


def test_a_horizon_of_no_days_has_nothing_to_be_wrong_about():
    forecast = Forecast(name="toy", settlements=(ALDER,), samples=column(1, 2))
    found = score(forecast, arrivals([NEVER], horizon=0.0, ids=(ALDER,)))
    assert found.crps.tolist() == [0.0]
    assert found.log.tolist() == [0.0]
    assert found.brier.mean is None
    assert found.table().column("brier") == [None]
    assert found.covered[90].tolist() == [True]


def test_when_all_stand_as_forecast_everything_is_perfect():
    truth = arrivals([NEVER] * 3)
    forecast = Forecast(
        name="toy", settlements=truth.settlements, samples=np.full((1, 3), NEVER)
    )
    told = score(forecast, truth).summary()
    assert (told["crps"], told["brier"], told["log"]) == (0, 0, 0)
    assert (told["cover_50"], told["cover_90"]) == (1, 1)


@pytest.mark.parametrize(
    ("samples", "observed", "horizon"),
    [
        (np.ones((0, 1)), [1], 4),
        (np.ones((1, 2)), [1], 4),
        (column(math.nan), [1], 4),
        (column(1), [math.nan], 4),
        (column(-1), [1], 4),
        (column(1), [-0.5], 4),
        (column(1), [1], math.inf),
        (column(1), [1], -1),
        (column(1), [1], math.nan),
    ],
)
def test_what_makes_no_sense_is_refused(samples, observed, horizon):
    with pytest.raises(UsageError):
        crps(samples, observed, horizon)


def test_chances_must_be_chances_and_may_not_sink():
    for wrong in ([[0, 0.5, 0.4]], [[0, 0.5, 1.1]], [[0, math.nan, 1]], [[0, 1]]):
        with pytest.raises(UsageError):
            crps_of_chances(wrong, [1], 2)
    with pytest.raises(UsageError):
        crps_of_chances([[0, 1]], [1], 1.5)
    with pytest.raises(UsageError):
        Forecast(name="both", settlements=())
    for rule in (crps, crps_plain):
        with pytest.raises(UsageError, match="two replicas"):
            rule(column(1), [1], 4, fair=True)
        with pytest.raises(UsageError, match="one day per settlement"):
            rule(column(1), [[1]], 4)
    with pytest.raises(UsageError, match="bins"):
        brier([[0, 1]], [1], 1, bins=0)


def test_day_0_of_an_ensemble_means_never():
    assert from_fall_days(np.array([[0, 3]], np.int16)).tolist() == [[NEVER, 3.0]]


# --- Brier -----------------------------------------------------------------------


def test_the_brier_score_of_each_day_is_worked_by_hand():
    # alder falls on day 2, birch stands; chances by the end of days 1 and 2.
    found = brier([[0, 0.5, 1.0], [0, 0.0, 0.5]], [2, NEVER], 2)
    # Day 1: (0.5 - 0)^2 and 0; day 2: 0 and (0.5 - 0)^2. Means 1/8 and 1/8.
    assert found.by_day.tolist() == [0.125, 0.125]
    assert found.by_settlement.tolist() == [0.125, 0.125]
    assert found.mean == 0.125
    # Of four pairs one came true: uncertainty 1/4 * 3/4. The bins hold 0 (never true),
    # 0.5 twice (never true) and 1 (true): reliability 2/4 * (0.5 - 0)^2, resolution
    # 3/4 * (0 - 1/4)^2 + 1/4 * (1 - 1/4)^2. 0.125 - 0.1875 + 0.1875 = 0.125.
    assert found.uncertainty == 0.1875
    assert found.reliability == 0.125
    assert found.resolution == 0.1875
    assert found.within == 0
    five = found.bins[5]
    assert (five.low, five.high, five.count) == (0.5, 0.6, 2)
    assert (five.forecast, five.observed) == (0.5, 0.0)
    assert found.bins[3].forecast is None
    assert found.table().column("count") == [1, 0, 0, 0, 0, 2, 0, 0, 0, 1]
    assert sum(one.count for one in found.bins) == 4


rising = st.lists(st.floats(0, 1), min_size=5, max_size=5).map(sorted)
outcomes = st.sampled_from([1.0, 2.0, 2.5, 4.0, NEVER])


@steady
@given(st.lists(st.tuples(rising, outcomes), min_size=1, max_size=6), st.integers(1, 9))
def test_the_parts_of_the_brier_score_add_up_whatever_the_bins(pairs, bins):
    chances, observed = zip(*pairs, strict=True)
    found = brier(list(chances), list(observed), 4, bins)
    parts = found.reliability - found.resolution + found.uncertainty + found.within
    assert parts == pytest.approx(found.mean, abs=1e-12)
    assert found.mean == pytest.approx(brier(list(chances), list(observed), 4).mean)
    assert found.mean == pytest.approx(found.by_day.mean())


def test_the_crps_of_whole_days_is_the_sum_of_the_brier_scores_before_the_horizon():
    chances, observed = [[0.1, 0.3, 0.4, 0.9]], [2.0]
    found = brier(chances, observed, 3)
    # Day 0 is part of the integral, the last day has no width left.
    total = 0.1**2 + found.by_day[0] + found.by_day[1]
    assert crps_of_chances(chances, observed, 3) == pytest.approx([total])


# --- log score, coverage, PIT ----------------------------------------------------


def test_the_log_score_is_that_of_the_very_day_or_of_never_above_a_floor():
    chances = [[0.0, 0.25, 0.25, 0.75]] * 4
    found = log_score(chances, [1, 2, 3, NEVER], 3, floor=0.01)
    told = [-math.log(p) for p in (0.25, 0.01, 0.5, 0.25)]
    assert found == pytest.approx(told)
    for floor in (0, 1, math.nan):
        with pytest.raises(UsageError):
            log_score(chances, [1, 2, 3, NEVER], 3, floor=floor)


def test_order_statistics_are_samples_without_interpolation():
    twenty = np.arange(1.0, 21.0)[:, None]
    # 0.05 * 20 = 1: the first; 0.95 * 20 = 19: the 19th.
    assert order_statistics(twenty)[:, 0].tolist() == [1, 5, 10, 15, 19]
    hundred = np.arange(1.0, 101.0)
    assert order_statistics(hundred, [0.07, 0.29, 1.0]).tolist() == [7, 29, 100]
    assert order_statistics([4.0], [0.001]).tolist() == [4.0]
    with pytest.raises(UsageError):
        order_statistics(np.ones((0, 2)))
    with pytest.raises(UsageError):
        order_statistics([math.nan])
    with pytest.raises(UsageError):
        order_statistics([1.0], [0.0])


def test_both_ends_of_an_interval_are_inside_and_the_next_day_is_not():
    # Of replicas 1 to 20 the central 90 per cent are 1 to 19, the central half 5 to 15.
    chances = [np.arange(22) / 20] * 6
    chances = np.minimum(chances, 1.0)
    found = covered(chances, [1, 19, 20, 5, 15, 16], 21)
    assert found[90].tolist() == [True, True, False, True, True, True]
    assert found[50].tolist() == [False, False, False, True, True, False]


@steady
@given(st.lists(replica_days, min_size=1, max_size=30), replica_days)
def test_the_intervals_that_cover_are_those_between_order_statistics(replicas, outcome):
    days = whole_days(np.array(replicas))
    day = float(whole_days(outcome))
    found = covered(chances_by_day(days[:, None], 6), [day], 6)
    cut = np.where(days > 6, NEVER, days)
    seen = NEVER if day > 6 else day
    low, q25, q75, high = order_statistics(cut, (0.05, 0.25, 0.75, 0.95))
    assert found[90][0] == (low <= seen <= high)
    assert found[50][0] == (q25 <= seen <= q75)


def test_the_transform_falls_inside_the_jump_of_the_outcome():
    chances = [[0.0, 0.2, 0.2, 0.7]] * 3
    found = randomised_pit(chances, [1, 3, NEVER], 3, (ALDER, BIRCH, CEDAR))
    assert 0 < found[0] < 0.2 < found[1] < 0.7 < found[2] < 1


def test_ties_of_the_transform_are_keyed_by_settlement_and_not_by_row():
    chances, ids = [[0.0, 0.5]] * 3, (ALDER, BIRCH, CEDAR)
    found = randomised_pit(chances, [NEVER] * 3, 1, ids)
    assert len(set(found.tolist())) == 3
    turned = randomised_pit(chances, [NEVER] * 3, 1, ids[::-1])
    assert turned.tolist() == found[::-1].tolist()
    assert randomised_pit(chances, [NEVER] * 3, 1, ids, seed=1).tolist() != (
        found.tolist()
    )
    with pytest.raises(UsageError):
        randomised_pit(chances, [NEVER] * 3, 1, (ALDER,))


def test_scores_stand_in_a_table_by_settlement():
    truth = arrivals([1, NEVER], ids=(ALDER, BIRCH))
    forecast = Forecast(
        name="toy", settlements=(ALDER, BIRCH), samples=np.array([[1, 1], [2, NEVER]])
    )
    found = score(forecast, truth, fair=True)
    rows = list(found.table())
    assert [row["settlement"] for row in rows] == [ALDER, BIRCH]
    # alder: mean |x - y| = 1/2 less 1/2; birch: (3 + 0) / 2 less 3/2.
    assert [row["crps"] for row in rows] == [0.0, 0.0]
    assert [row["covered_90"] for row in rows] == [True, True]
    plain = score(forecast, truth)
    assert plain.crps.tolist() == [0.25, 0.75]
    exact = Forecast(
        name="toy", settlements=truth.settlements, chances=forecast.by_day(4)
    )
    assert score(exact, truth).crps.tolist() == plain.crps.tolist()
    with pytest.raises(UsageError):
        score(exact, truth, fair=True)


# --- propriety -------------------------------------------------------------------

DAYS = 6
TRUE = np.array([0.0, 0.1, 0.25, 0.3, 0.5, 0.55, 0.6])  # never: 0.4
WRONG = {
    "too early": np.array([0.0, 0.3, 0.5, 0.6, 0.8, 0.85, 0.9]),
    "too late": np.array([0.0, 0.0, 0.05, 0.1, 0.2, 0.25, 0.3]),
    "too sure": np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
    "too vague": np.arange(DAYS + 1) / (DAYS + 1),
    "never": np.zeros(DAYS + 1),
}


def seeded_outcomes(count):
    u = uniform_array(stream_key(7, 0, 1), np.arange(count, dtype=np.uint64))
    day = (TRUE[None, :] < u[:, None]).sum(axis=1).astype(float)
    return np.where(day > DAYS, NEVER, day)


@pytest.mark.parametrize("name", WRONG)
def test_the_true_distribution_scores_best_on_average(name):
    observed = seeded_outcomes(4000)
    truth, wrong = (np.tile(row, (4000, 1)) for row in (TRUE, WRONG[name]))
    for rule in (crps_of_chances, log_score, lambda *a: brier(*a).by_settlement):
        gap = rule(wrong, observed, DAYS) - rule(truth, observed, DAYS)
        error = gap.std() / math.sqrt(len(gap))
        assert gap.mean() > 6 * error


def test_the_fair_score_of_few_draws_is_on_average_that_of_the_distribution():
    observed = seeded_outcomes(4000)
    places = np.arange(4000, dtype=np.uint64)
    u = np.stack([uniform_array(stream_key(8, k, 1), places) for k in range(3)])
    day = (TRUE[None, None, :] < u[:, :, None]).sum(axis=2).astype(float)
    samples = np.where(day > DAYS, NEVER, day)
    exact = crps_of_chances(np.tile(TRUE, (4000, 1)), observed, DAYS)
    fair = crps(samples, observed, DAYS, fair=True) - exact
    unfair = crps(samples, observed, DAYS) - exact
    error = fair.std() / math.sqrt(len(fair))
    assert abs(fair.mean()) < 4 * error
    assert unfair.mean() > 10 * error


def test_the_transforms_of_an_honest_forecast_are_uniform():
    observed = seeded_outcomes(4000)
    ids = [f"place-{n}" for n in range(4000)]
    found = np.sort(randomised_pit(np.tile(TRUE, (4000, 1)), observed, DAYS, ids))
    # Kolmogorov's distance; 1.95 / sqrt(n) is passed once in a thousand.
    apart = np.abs(found - (np.arange(4000) + 0.5) / 4000).max()
    assert apart < 1.95 / math.sqrt(4000)


def test_part_of_a_forecast_scores_as_that_part_of_the_whole():
    truth = arrivals([0, 2, NEVER], ids=(ALDER, BIRCH, CEDAR))
    samples = np.array([[1, 2, NEVER], [2, 3, 4]], float)
    drawn = Forecast(name="toy", settlements=truth.settlements, samples=samples)
    exact = Forecast(name="toy", settlements=truth.settlements, chances=drawn.by_day(4))
    whole, rest = score(drawn, truth), truth.take(~truth.already)
    assert rest.settlements == (BIRCH, CEDAR)
    for forecast in (drawn, exact):
        part = score(forecast.take(~truth.already), rest)
        assert part.crps.tolist() == whole.crps[1:].tolist()
        assert part.pit.tolist() == whole.pit[1:].tolist()
