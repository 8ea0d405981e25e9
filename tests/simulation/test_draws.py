"""Draws: one key, one value, the same bits in Python, NumPy and numba."""

from __future__ import annotations

import math

import numba
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.simulation import random_streams
from chronicle.simulation.compiled import base as kernel
from chronicle.simulation.random_streams import (
    STREAMS,
    KeyedRandom,
    exp,
    exp_array,
    log,
    log_array,
    normal_of,
    normal_of_array,
    stable_id,
    stream_key,
    uniform,
    uniform_array,
)

WORDS = st.integers(0, 2**64 - 1)


# What the compiled engine uses; Python cannot call it but from compiled code.
@numba.njit
def compiled_key(seed, replica, stream):  # type: ignore[no-untyped-def]
    return kernel.stream_key(seed, replica, stream)


@numba.njit
def compiled_uniform(key, entity, occurrence):  # type: ignore[no-untyped-def]
    return kernel.uniform(key, entity, occurrence)


@numba.njit
def compiled_log(x):  # type: ignore[no-untyped-def]
    return kernel.log(x)


@numba.njit
def compiled_exp(x):  # type: ignore[no-untyped-def]
    return kernel.exp(x)


@numba.njit
def compiled_normal(p):  # type: ignore[no-untyped-def]
    return kernel.normal_of(p)


def bits(values: object) -> list[int]:
    return np.asarray(values, np.float64).view(np.uint64).tolist()


def test_an_id_keeps_its_number_for_ever() -> None:
    # Changing these numbers changes the meaning of every seed that was ever published.
    assert stable_id("alder") == 0xDDBDA5B8A157E5A6
    assert stable_id("alder", "birch") == 0x63FCAC9B139FA7CF
    assert stable_id("alderbirch") != stable_id("alder", "birch")


def test_a_draw_keeps_its_value_for_ever() -> None:
    key = stream_key(7, 3, STREAMS["travel"])
    assert uniform(key, stable_id("alder")) == 0.940569173906331
    assert uniform(key, stable_id("alder"), 1) == 0.33456981493556326


@settings(deadline=None)  # the first call compiles
@given(WORDS, st.integers(0, 2**32 - 1), st.integers(0, 20), WORDS, st.integers(0, 99))
def test_the_twins_of_a_uniform_draw_agree_in_every_bit(
    seed: int, replica: int, stream: int, entity: int, occurrence: int
) -> None:
    key = stream_key(seed, replica, stream)
    plain = uniform(key, entity, occurrence)
    array = uniform_array(key, np.array([entity], np.uint64), occurrence)
    fast_key = compiled_key(np.uint64(seed), replica, stream)
    assert int(fast_key) == key
    fast = compiled_uniform(np.uint64(fast_key), np.uint64(entity), occurrence)
    assert bits([plain, array[0], fast]) == bits([plain] * 3)
    assert 0.0 < plain < 1.0


def test_the_largest_draw_is_below_one() -> None:
    # With 53 random bits (2**53 - 1 + 0.5) * 2**-53 rounds to 1.0, its quantile is inf.
    largest = ((2**64 - 1 >> 12) + 0.5) * 2.220446049250313e-16
    assert largest < 1.0
    assert math.isfinite(normal_of(largest))
    assert math.isfinite(normal_of(0.5 * 2.220446049250313e-16))


@settings(deadline=None)  # the first call compiles
@given(st.floats(1e-300, 1e300))
def test_the_twins_of_log_agree_and_are_right(x: float) -> None:
    fast = compiled_log(x)
    assert bits([log(x), log_array(np.array([x]))[0], fast]) == bits([log(x)] * 3)
    assert math.isclose(log(x), math.log(x), rel_tol=4e-16, abs_tol=1e-300)


@settings(deadline=None)  # the first call compiles
@given(st.floats(-600.0, 600.0))
def test_the_twins_of_exp_agree_and_are_right(x: float) -> None:
    fast = compiled_exp(x)
    assert bits([exp(x), exp_array(np.array([x]))[0], fast]) == bits([exp(x)] * 3)
    assert math.isclose(exp(x), math.exp(x), rel_tol=4e-16)


def test_the_twins_of_the_normal_quantile_agree_over_a_hundred_thousand_draws() -> None:
    # Every branch: the centre, the near and the far tails.
    body = uniform_array(5, np.arange(100_000, dtype=np.uint64))
    tails = 10.0 ** -np.linspace(1, 15, 200)
    p = np.concatenate([body, tails, 1.0 - tails])
    array = normal_of_array(p)
    assert bits(array) == bits([normal_of(x) for x in p.tolist()])
    assert bits(array) == bits([compiled_normal(x) for x in p.tolist()])


def test_the_normal_quantile_matches_a_reference() -> None:
    from scipy.special import ndtri

    p = np.linspace(1e-12, 1 - 1e-12, 10_001)
    np.testing.assert_allclose(normal_of_array(p), ndtri(p), rtol=1e-13, atol=1e-13)


def test_draws_have_the_moments_of_their_laws() -> None:
    # 200,000 draws: standard errors 0.0006 (uniform) and 0.0022 (others); bounds at 5.
    u = uniform_array(stream_key(1, 0, 1), np.arange(200_000, dtype=np.uint64))
    assert abs(u.mean() - 0.5) < 0.0033
    assert abs(-log_array(u).mean() + 0.0 - 1.0) < 0.012
    assert abs(normal_of_array(u).std() - 1.0) < 0.012
    other = uniform_array(stream_key(1, 1, 1), np.arange(200_000, dtype=np.uint64))
    assert abs(np.corrcoef(u, other)[0, 1]) < 0.012


def test_streams_replicas_and_occurrences_are_apart() -> None:
    seen = {
        uniform(stream_key(seed, replica, stream), entity, occurrence)
        for seed in range(3)
        for replica in range(3)
        for stream in STREAMS.values()
        for entity in (stable_id("alder"), stable_id("birch"))
        for occurrence in range(3)
    }
    assert len(seen) == 3 * 3 * len(STREAMS) * 2 * 3


def test_a_hooks_chance_is_keyed_and_goes_on() -> None:
    one, again = KeyedRandom(1, 2, 3), KeyedRandom(1, 2, 3)
    drawn = [one.uniform(), one.exponential(2.0), one.normal(), one.lognormal(0.5)]
    assert drawn == [
        again.uniform(),
        again.exponential(2.0),
        again.normal(),
        again.lognormal(0.5),
    ]
    assert len(set(drawn)) == 4
    assert KeyedRandom(1, 2, 4).uniform() != KeyedRandom(1, 2, 3).uniform()
    assert random_streams.uniform(1, 2, (3 << 20) + 1) == drawn[0]
