"""The averaged relative difference, by hand and against what FLEE itself gave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.errors import UsageError
from chronicle.flee.model import run_flee
from chronicle.flee.read import read_flee
from chronicle.verification.displacement import (
    averaged_relative_difference,
    camp_errors,
)

SETS = Path(__file__).parents[2] / "scenarios" / "flee"

# FLEE 3.1 as installed from PyPI, run by benchmarks/flee_peer.py on these folders: on
# Mali the mean of two seeds with all its agents (0.2134, 0.2169), else with a tenth.
FLEE_ARD = {"mali2012": 0.2152, "burundi2015": 0.3594, "ssudan2013": 0.2697}


def test_a_day_is_all_misplaced_people_over_all_who_were_counted():
    score = averaged_relative_difference([[8, 2], [30, 0]], [[4, 6], [10, 10]])
    assert score.by_day.tolist() == [0.8, 1.5]
    assert score.mean == pytest.approx(1.15)
    assert score.days_scored == 2


def test_it_is_0_when_perfect_1_when_half_is_misplaced_and_2_at_worst():
    counted = [[50, 50]]
    means = [
        averaged_relative_difference(simulated, counted).mean
        for simulated in ([[50, 50]], [[0, 100]], [[50, 0]])
    ]
    assert means == [0.0, 1.0, 0.5]
    assert averaged_relative_difference([[0, 100]], [[100, 0]]).mean == 2.0


def test_everybody_counted_may_be_more_than_those_in_camps():
    score = averaged_relative_difference(
        [[8, 2], [8, 2]], [[4, 6], [4, 6]], total=[20, 0]
    )
    assert score.by_day.tolist() == [0.4, 0.8]  # without a total, those in the camps


def test_a_day_on_which_nobody_was_counted_is_not_scored():
    score = averaged_relative_difference([[5.0], [5.0]], [[0], [4]], total=[100, 0])
    assert np.isnan(score.by_day[0])
    assert (score.mean, score.days_scored) == (0.25, 1)
    empty = averaged_relative_difference([[5.0]], [[0]])
    assert (empty.mean, empty.days_scored) == (None, 0)


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_it_is_within_0_and_2_when_as_many_are_simulated_as_counted(seed: int):
    dice = np.random.default_rng(seed)
    counted = dice.integers(1, 1000, (4, 3)).astype(float)
    simulated = dice.random((4, 3))
    simulated *= (counted.sum(axis=1) / simulated.sum(axis=1))[:, None]
    score = averaged_relative_difference(simulated, counted)
    assert np.all((score.by_day >= 0) & (score.by_day <= 2 + 1e-12))
    assert averaged_relative_difference(counted, counted).mean == 0
    scaled = averaged_relative_difference(simulated * 7, counted * 7)
    assert scaled.by_day == pytest.approx(score.by_day)


def test_each_camp_has_its_error_bias_and_share():
    alder, birch = camp_errors(["alder", "birch"], [[8, 2], [30, 0]], [[4, 0], [40, 0]])
    assert (alder.counted, alder.simulated) == (22, 19)
    assert (alder.absolute, alder.bias, alder.relative) == (7, -3, 7 / 22)
    assert (birch.absolute, birch.bias, birch.relative) == (1, 1, None)


@pytest.mark.parametrize(
    ("simulated", "counted", "total"),
    [
        ([[1, 2]], [[1]], None),
        ([1, 2], [1, 2], None),
        ([[float("nan")]], [[1]], None),
        ([[-1]], [[1]], None),
        ([[1]], [[1]], [1, 2]),
        ([[1]], [[1]], [float("inf")]),
    ],
)
def test_stocks_that_cannot_be_scored_are_refused(
    simulated: object, counted: object, total: object
):
    with pytest.raises(UsageError):
        averaged_relative_difference(simulated, counted, total=total)  # type: ignore[arg-type]


def test_a_name_too_few_is_refused():
    with pytest.raises(UsageError, match="1 camps for 2 columns"):
        camp_errors(["alder"], [[1, 2]], [[1, 2]])


@pytest.mark.parametrize("name", FLEE_ARD)
def test_the_kernel_has_the_error_that_flee_has(name: str):
    case, _ = read_flee(SETS / name)
    run = run_flee(case)
    score = averaged_relative_difference(run.simulated, run.counted, total=run.total)
    assert score.mean == pytest.approx(FLEE_ARD[name], abs=0.01)


@pytest.mark.parametrize("name", FLEE_ARD)
def test_the_kernel_is_better_than_nobody_moving(name: str):
    case, _ = read_flee(SETS / name)
    run = run_flee(case)
    frozen = np.tile(run.counted[0], (len(run.counted), 1))
    moving, standing = (
        averaged_relative_difference(stock, run.counted, total=run.total).mean
        for stock in (run.simulated, frozen)
    )
    assert moving is not None
    assert standing is not None
    assert moving < 0.7 * standing
