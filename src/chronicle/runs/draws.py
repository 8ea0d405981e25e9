"""The parameters of each replica: those of the file, or drawn from their prior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronicle.whatif.draws import (
    STREAMS,
    exp_array,
    log_array,
    stable_id,
    stream_key,
    uniform_array,
)
from chronicle.whatif.parameters import TABLE, Parameters
from chronicle.whatif.scenario import Scenario

__all__ = ["parameter_draws"]

_STREAM = STREAMS["parameters"]


def parameter_draws(
    scenario: Scenario, parameters: Parameters
) -> NDArray[np.float64] | None:
    """One row of parameters a replica (R, K), or None where all replicas share them.

    With `parameters = "prior"` those that the file does not set are uniform over the
    range of the table, of their logarithm where its scale is one. A draw is keyed by
    replica and parameter: arms share it, and more replicas leave the first as they are.
    """
    if scenario.draw != "prior":
        return None
    rows = [
        (place, row)
        for place, row in enumerate(TABLE)
        if row.name not in scenario.rules
    ]
    entities = np.array([stable_id("parameter", row.name) for _, row in rows], "u8")
    u = np.stack(
        [
            uniform_array(stream_key(scenario.seed, number, _STREAM), entities)
            for number in range(scenario.replicas)
        ]
    )
    thetas = np.tile(parameters.vector(), (scenario.replicas, 1))
    for at, (place, row) in enumerate(rows):
        if row.scale == "log":
            low, high = log_array(np.array([row.low, row.high]))
            drawn = exp_array(low + u[:, at] * (high - low))
        else:
            drawn = row.low + u[:, at] * (row.high - row.low)
        thetas[:, place] = np.clip(drawn, row.minimum, row.maximum)
    return thetas
