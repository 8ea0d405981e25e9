"""Parameters drawn from their prior: uniform over the range of the table, per replica.

On the scale of the table, that is: uniform in the logarithm where its scale is one. A
draw is keyed by replica and parameter, so that arms share it and more replicas leave
the first as they are.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from chronicle.simulation.parameters import INDEX, TABLE, Parameter, Parameters
from chronicle.simulation.random_streams import (
    STREAMS,
    exp_array,
    log_array,
    stable_id,
    stream_key,
    uniform_array,
)

__all__ = ["keys_of", "prior_draws", "shares_of", "value_at"]

Floats = NDArray[np.float64]


def keys_of(seed: int, first: int, count: int, stream: int) -> NDArray[np.uint64]:
    """The keys of one stream of *count* replicas from *first*."""
    numbers = range(first, first + count)
    return np.array([stream_key(seed, n, stream) for n in numbers], dtype=np.uint64)


def value_at(row: Parameter, share: Floats) -> Floats:
    """The values that lie at a *share* in [0, 1] of a parameter's range."""
    if row.scale == "log":
        low, high = log_array(np.array([row.low, row.high]))
        drawn = exp_array(low + share * (high - low))
    else:
        drawn = row.low + share * (row.high - row.low)
    clipped: Floats = np.clip(drawn, row.minimum, row.maximum)
    return clipped


def shares_of(
    names: Collection[str], seed: int, first: int, count: int
) -> dict[str, Floats]:
    """Where in its range each replica (R) draws each parameter of *names*."""
    keys = keys_of(seed, first, count, STREAMS["parameters"])
    # Key and entity enter a draw alike, so that one array call has all replicas.
    return {
        name: uniform_array(stable_id("parameter", name), keys)
        for name in INDEX
        if name in names
    }


def prior_draws(
    parameters: Parameters,
    fixed: Collection[str],
    *,
    seed: int,
    first: int = 0,
    count: int,
) -> Floats:
    """A row of parameters a replica (R, K): *fixed* as given, the rest drawn."""
    free = [row.name for row in TABLE if row.name not in fixed]
    thetas = np.tile(parameters.vector(), (count, 1))
    for name, share in shares_of(free, seed, first, count).items():
        thetas[:, INDEX[name]] = value_at(TABLE[INDEX[name]], share)
    return thetas
