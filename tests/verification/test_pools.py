"""The published pool: the mean of its members, recalibrated, and jointly sampled."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from chronicle.errors import InputError, UsageError
from chronicle.verification.distance_hazard import BANDS_KM, distance_hazard
from chronicle.verification.outcomes import NEVER, Forecast
from chronicle.verification.pools import (
    Weights,
    pool_bytes,
    pooled,
    pooled_chances,
    read_pool,
    shipped_pool,
)
from chronicle.verification.reference_forecasts import Past
from chronicle.verification.total import count_by, score_total

PLACES = ("alder", "birch", "cedar")
TOGETHER = Forecast(
    name="mechanism",
    settlements=PLACES,
    samples=np.array([[1.0, 1.0, 2.0], [NEVER, NEVER, NEVER]]),
)
APART = Forecast(
    name="constant hazard",
    settlements=PLACES,
    chances=np.tile([0.0, 0.1, 0.2, 0.3], (3, 1)),
)


def test_a_pool_is_the_mean_of_its_members() -> None:
    weights = Weights(members={"mechanism": 0.25, "constant hazard": 0.75})
    found = pooled_chances([TOGETHER, APART], weights, 3).chances
    assert found is not None
    assert found[0].tolist() == pytest.approx([0, 0.2, 0.275, 0.35])
    assert found[2].tolist() == pytest.approx([0, 0.075, 0.275, 0.35])


def test_a_beta_distribution_recalibrates_and_leaves_certainty_alone() -> None:
    plain = Weights(members={"mechanism": 1.0})
    sure = Forecast(name="mechanism", settlements=PLACES, samples=np.ones((1, 3)))
    sharper = msgspec.structs.replace(plain, beta=(2.0, 2.0))
    assert pooled_chances([sure], sharper, 3).chances[:, 1].tolist() == [1, 1, 1]  # type: ignore[index]
    half = pooled_chances([TOGETHER], sharper, 3).chances
    assert half is not None
    assert half[0, 1] == pytest.approx(0.5)  # symmetric: a half stays
    low = pooled_chances([APART], Weights({"constant hazard": 1.0}, (2.0, 2.0)), 3)
    assert low.chances is not None
    assert low.chances[0, 1] == pytest.approx(3 * 0.1**2 - 2 * 0.1**3)


def test_samples_of_a_pool_have_its_chances_and_its_members_falls_together() -> None:
    weights = Weights(members={"mechanism": 0.5, "constant hazard": 0.5})
    found = pooled([TOGETHER, APART], weights, 3, replicas=1000)
    exact = pooled_chances([TOGETHER, APART], weights, 3)
    assert np.abs(found.by_day(3) - exact.by_day(3)).max() <= 0.001
    counts = count_by(found.samples, 3)  # type: ignore[arg-type]
    apart = 1000 * 0.65 * 0.65 * 0.65  # were the places independent
    assert (counts == 0).sum() > 1.2 * apart
    again = pooled([TOGETHER, APART], weights, 3, replicas=1000)
    assert np.array_equal(found.samples, again.samples)  # type: ignore[arg-type]


def test_a_missing_member_or_another_list_of_places_is_refused() -> None:
    weights = Weights(members={"mechanism": 0.5, "neighbours flip": 0.5})
    with pytest.raises(UsageError, match="no member 'neighbours flip'"):
        pooled_chances([TOGETHER, APART], weights, 3)
    other = Forecast(
        name="constant hazard", settlements=PLACES[:2], chances=np.zeros((2, 4))
    )
    with pytest.raises(UsageError, match="of the same settlements"):
        pooled_chances([TOGETHER, other], Weights(members={"mechanism": 1.0}), 3)


def test_the_shipped_pool_is_read_written_and_says_what_it_was_trained_on() -> None:
    pool = shipped_pool()
    assert read_pool(pool_bytes(pool), "again") == pool
    assert pool.branch_days >= 40
    prior = pool.of("prior")
    assert prior.leaving_out(prior.without[0].fold) == prior.without[0].weights
    assert prior.leaving_out("of another league") == prior.weights
    static = prior.league.regime("static")
    assert static is not None
    assert static.days >= 15


def test_the_shipped_pool_beats_the_best_simple_forecast_over_folds_left_out() -> None:
    for regime in ("every", "slow", "moving"):
        record = shipped_pool().of("prior").league.regime(regime)
        assert record is not None
        assert record.crps <= min(record.references.values()), regime
    every = shipped_pool().of("prior").league.regime("every")
    assert every is not None
    assert 0.7 * every.seen <= every.said <= 1.5 * every.seen
    assert 0.8 <= every.count_90 <= 0.97


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "chronicle train makes a pool"),
        (b"[]", "chronicle train makes a pool"),
        (b'{"format": 1}', "chronicle train makes a pool"),
    ],
)
def test_what_is_no_pool_is_told(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_pool(content, "pool.json")


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    told = msgspec.to_builtins(shipped_pool())
    told["settings"]["prior"]["weights"]["members"] = {"mechanism": 0.5}
    with pytest.raises(InputError, match="sum to 1"):
        read_pool(msgspec.json.encode(told), "pool.json")


@pytest.mark.parametrize("hazard", [{"front": -1.0}, {"frnt": 1.0}])
def test_coefficients_of_no_term_or_below_0_are_refused(
    hazard: dict[str, float],
) -> None:
    told = msgspec.to_builtins(shipped_pool())
    told["settings"]["prior"]["weights"]["hazard"] = hazard
    with pytest.raises(InputError, match="prior: hazard: numbers of 0 or more"):
        read_pool(msgspec.json.encode(told), "pool.json")


def test_replicas_of_the_self_exciting_member_share_a_pace() -> None:
    places = tuple(f"place-{n}" for n in range(20))
    chances = np.tile([0.0, 0.1, 0.2, 0.3], (20, 1))
    alone = {}
    for name in ("self-exciting", "constant hazard"):
        one = Forecast(name=name, settlements=places, chances=chances)
        drawn = pooled([one], Weights(members={name: 1.0}), 3, replicas=1000)
        alone[name] = count_by(drawn.samples, 3).var()  # type: ignore[arg-type]
    assert alone["self-exciting"] > 3 * alone["constant hazard"]


def test_the_score_of_a_total_is_that_of_its_definition() -> None:
    counts = np.array([0, 2, 2, 5, 9])
    found = score_total(counts, 4)
    pairs = np.abs(counts[:, None] - counts[None, :]).mean()
    assert found.crps == pytest.approx(np.abs(counts - 4).mean() - pairs / 2)
    assert (found.said, found.low, found.high) == (3.6, 0, 9)
    assert found.covered == {50: True, 90: True}
    assert found.pit == pytest.approx(0.6)
    assert score_total(np.zeros(9), 3).covered == {50: False, 90: False}
    with pytest.raises(UsageError, match="one count a replica"):
        score_total([], 0)


def test_places_fall_at_the_rate_of_places_as_far_from_the_front() -> None:
    # alder is hostile; birch, 10 km away, falls after two days; cedar is 100 km away.
    km = np.array([[0, 10, 100], [10, 0, 90], [100, 90, 0]], dtype=float)
    defended = np.array([[0, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 1]], dtype=bool)
    past = Past(settlements=PLACES, defended=defended, hostile=~defended)

    def reach(chosen: np.ndarray) -> np.ndarray:
        found: np.ndarray = km[:, chosen].min(axis=1)
        return found

    found = distance_hazard(past, reach, 2)
    near, far = found.parameters["hazard_band_0"], found.parameters["hazard_band_3"]
    assert near == pytest.approx(0.5)  # one fall in two days at risk
    assert far == 0.0
    assert len(BANDS_KM) == 3
    assert found.settlements == ("cedar",)
    assert found.by_day(2).tolist() == [[0, 0, 0]]
