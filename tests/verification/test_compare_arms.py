"""What is paired: differences of scores, and arms of a what-if that share draws."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from chronicle.errors import UsageError
from chronicle.simulation.random_streams import (
    normal_of_array,
    stream_key,
    uniform,
    uniform_array,
)
from chronicle.verification.chance import BOOTSTRAP
from chronicle.verification.comparison import (
    compare_arms,
    compare_scores,
    paired,
    skill,
)
from chronicle.verification.outcomes import NEVER

ALDER, BIRCH, CEDAR = "alder", "birch", "cedar"


def normals(stream, replicas):
    entities = np.arange(replicas, dtype=np.uint64)
    return normal_of_array(uniform_array(stream_key(3, 0, stream), entities))


# --- scores ----------------------------------------------------------------------


def test_skill_is_the_share_of_the_baseline_that_is_saved():
    assert skill(1.0, 4.0) == 0.75
    assert skill(4.0, 4.0) == 0.0
    assert skill(6.0, 4.0) == -0.5
    assert skill(0.0, 0.0) is None
    assert skill(None, 1.0) is None
    assert skill(1.0, None) is None


def test_the_interval_is_that_of_the_plain_bootstrap():
    ours, theirs, ids = [1.0, 2.0, 6.0], [2.0, 2.0, 3.0], (ALDER, BIRCH, CEDAR)
    found = compare_scores(ours, theirs, ids, level=0.5, resamples=99, seed=5)
    differences = [-1.0, 0.0, 3.0]
    means = sorted(
        sum(
            differences[int(uniform(stream_key(5, n, BOOTSTRAP), slot) * 3)]
            for slot in range(3)
        )
        / 3
        for n in range(99)
    )
    # (99 + 1) * 0.25 = 25: the 25th from either end.
    assert (found.low, found.high) == (means[24], means[74])
    assert found.mean == pytest.approx(2 / 3)
    assert found.skill == pytest.approx(1 - 9 / 7)


def test_the_order_of_the_settlements_does_not_matter_and_sides_mirror():
    ids = [f"place-{n}" for n in range(40)]
    ours, theirs = np.abs(normals(1, 40)), np.abs(normals(2, 40))
    found = compare_scores(ours, theirs, ids)
    mixed = random.Random(1).sample(range(40), 40)
    again = compare_scores(ours[mixed], theirs[mixed], [ids[n] for n in mixed])
    assert (again.low, again.high) == (found.low, found.high)
    mirrored = compare_scores(theirs, ours, ids)
    assert mirrored.low == pytest.approx(-found.high)
    assert mirrored.high == pytest.approx(-found.low)
    assert compare_scores(ours, theirs, ids, seed=1).low != found.low


def test_a_difference_that_all_settlements_share_has_no_width():
    ids = [f"place-{n}" for n in range(9)]
    theirs = np.arange(9.0)
    found = compare_scores(theirs + 0.5, theirs, ids)
    assert (found.mean, found.low, found.high) == (0.5, 0.5, 0.5)


def test_the_interval_of_many_settlements_is_that_of_the_normal_law():
    # Differences of variance 1 over 900 settlements: 1.645 / 30 on either side.
    found = compare_scores(normals(1, 900), np.zeros(900), [str(n) for n in range(900)])
    assert (found.high - found.low) / 2 == pytest.approx(1.645 / 30, rel=0.1)


def test_settlements_that_go_together_make_the_interval_wider():
    ids = [f"place-{n:02}" for n in range(40)]
    groups = [f"group-{n % 4}" for n in range(40)]
    level = dict(zip(sorted(set(groups)), (-1.0, 0.0, 0.5, 2.0), strict=True))
    ours = np.array([level[group] for group in groups])
    alone = compare_scores(ours, np.zeros(40), ids)
    together = compare_scores(ours, np.zeros(40), ids, groups=groups)
    assert together.groups == 4
    assert together.mean == alone.mean
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_one_settlement_or_none_is_told_and_not_guessed():
    none = compare_scores([], [], [])
    assert (none.mean, none.low, none.skill, none.settlements) == (None, None, None, 0)
    one = compare_scores([1.0], [3.0], [ALDER])
    assert (one.low, one.mean, one.high) == (-2.0, -2.0, -2.0)
    with pytest.raises(UsageError):
        compare_scores([1.0], [3.0], [])
    with pytest.raises(UsageError):
        compare_scores([NEVER], [3.0], [ALDER])
    with pytest.raises(UsageError):
        compare_scores([1.0], [3.0], [ALDER], level=1.0)
    with pytest.raises(UsageError):
        compare_scores([1.0], [3.0], [ALDER], resamples=9)
    with pytest.raises(UsageError):
        compare_scores([1.0], [3.0], [ALDER], groups=[])


# --- arms ------------------------------------------------------------------------


def test_paired_differences_are_worked_by_hand():
    # Differences 1, 1, 4: mean 2, variance ((1 + 1 + 4) / 2) = 3. Base 1, 2, 3 has
    # variance 1; arm 2, 3, 7 has mean 4 and variance (4 + 1 + 9) / 2 = 7.
    base, arm = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [3.0], [7.0]])
    found = paired(base, arm, target_half_width=0.5)
    assert found.mean.tolist() == [2.0]
    assert found.quantiles[:, 0].tolist() == [1.0, 1.0, 4.0]
    assert found.variance_ratio == pytest.approx([8 / 3])
    assert found.half_width == pytest.approx([1.959963984540054])  # z sqrt(3 / 3)
    # z^2 * 3 / 0.25 = 46.1; z^2 * 8 / 0.25 = 122.9.
    assert found.replicas_needed.tolist() == [47]
    assert found.replicas_apart.tolist() == [123]
    assert (found.less[0], found.same[0], found.more[0]) == (0, 0, 1)


def test_shared_draws_need_fewer_replicas_and_say_how_many():
    common, own = normals(1, 4000), normals(2, 4000)
    base = common[:, None]
    arm = (common + 0.5 + 0.25 * own)[:, None]
    found = paired(base, arm, target_half_width=0.05)
    # var base 1, var arm 1 + 1/16, var difference 1/16: a ratio of 33.
    assert found.variance_ratio[0] == pytest.approx(33, rel=0.1)
    needed = int(found.replicas_needed[0])
    assert needed == pytest.approx(1.96**2 / 16 / 0.05**2, rel=0.1)
    # As many replicas as it says do give the half-width.
    enough = paired(base[:needed], arm[:needed], target_half_width=0.05)
    assert enough.half_width[0] == pytest.approx(0.05, rel=0.25)
    # Draws apart: pairing different replicas saves nothing.
    apart = paired(base, np.roll(arm, 1, axis=0), target_half_width=0.05)
    assert apart.variance_ratio[0] == pytest.approx(1, rel=0.1)


def test_an_arm_is_compared_by_settlement_with_never_as_a_value():
    #        alder        birch          cedar
    base = [[2.0, NEVER, NEVER], [3.0, 4.0, NEVER], [NEVER, 1.0, NEVER]]
    arm = [[5.0, NEVER, NEVER], [NEVER, 4.0, NEVER], [NEVER, 0.5, 10.0]]
    with np.errstate(all="raise"):
        found = compare_arms(base, arm, (ALDER, BIRCH, CEDAR), 10)
    # alder: +3, +7, 0; birch: 0, 0, -1/2; cedar: 0, 0, 0 in days, though it falls.
    assert found.arrivals.mean == pytest.approx([10 / 3, -1 / 6, 0])
    assert found.benefit == pytest.approx([2 / 3, 0, 0])
    assert found.arrivals.same == pytest.approx([1 / 3, 2 / 3, 1])
    assert np.isnan(found.arrivals.variance_ratio).tolist() == [False, False, True]
    sooner = compare_arms(base, arm, (ALDER, BIRCH, CEDAR), 10, better="sooner")
    assert sooner.benefit == pytest.approx([0, 1 / 3, 1 / 3])
    rows = list(found.table())
    assert rows[0]["days_later"] == pytest.approx(10 / 3)
    assert rows[2]["variance_ratio"] is None
    assert rows[2]["replicas_needed"] == 2


def test_people_days_are_compared_in_pairs_too():
    base, arm = np.ones((3, 1)), np.ones((3, 1))
    found = compare_arms(
        base, arm, (ALDER,), 5, people_days=([100, 200, 300], [90, 210, 270])
    )
    assert found.people_days.mean == pytest.approx([-10])
    assert found.people_days.target_half_width == 2.0
    assert found.people_benefit == pytest.approx(2 / 3)
    with pytest.raises(UsageError):
        compare_arms(base, arm, (ALDER,), 5, people_days=([1, 2], [1, 2]))
    with pytest.raises(UsageError):
        compare_arms(
            *(base, arm, (ALDER,), 5),
            people_days=([1, 2, 3], [1, 2, 3]),
            half_width_people_days=0,
        )


def test_one_replica_and_no_settlement_are_no_error():
    one = compare_arms([[1.0]], [[3.0]], (ALDER,), 5)
    assert one.arrivals.mean.tolist() == [2.0]
    assert math.isnan(one.arrivals.half_width[0])
    assert next(iter(one.table()))["replicas_needed"] is None
    none = compare_arms(np.ones((2, 0)), np.ones((2, 0)), (), 5)
    assert len(none.table()) == 0
    still = compare_arms([[1.0]], [[3.0]], (ALDER,), 0)
    assert still.arrivals.mean.tolist() == [0.0]


def test_the_same_difference_in_all_replicas_has_no_variance_to_compare():
    base = np.array([[0.1], [0.2], [0.7]])
    found = compare_arms(base, base, (ALDER,), 5)
    assert found.arrivals.half_width.tolist() == [0.0]
    assert found.arrivals.replicas_needed.tolist() == [2]
    assert math.isnan(found.arrivals.variance_ratio[0])


def test_arms_that_do_not_fit_are_refused():
    with pytest.raises(UsageError):
        compare_arms(np.ones((2, 1)), np.ones((3, 1)), (ALDER,), 5)
    with pytest.raises(UsageError):
        compare_arms(np.ones((2, 1)), np.ones((2, 1)), (ALDER,), 5, better="best")
    with pytest.raises(UsageError):
        paired(np.ones((2, 1)), np.full((2, 1), NEVER), target_half_width=1)
    with pytest.raises(UsageError):
        paired(np.ones((2, 1)), np.ones((2, 1)), target_half_width=0)
    with pytest.raises(UsageError):
        paired(np.ones((0, 1)), np.ones((0, 1)), target_half_width=1)
