"""The parameters of each replica: of the file, of their prior, or of a posterior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import InputError
from chronicle.simulation.parameters import INDEX, TABLE, Parameters
from chronicle.simulation.posterior import rows_drawn
from chronicle.simulation.prior import prior_draws
from chronicle.simulation.scenario import Scenario
from chronicle.verification.intervals import order_statistics

__all__ = ["parameter_draws", "ranges_told"]


def parameter_draws(
    scenario: Scenario, parameters: Parameters
) -> NDArray[np.float64] | None:
    """One row of parameters a replica (R, K), or None where all replicas share them.

    With `parameters = "prior"` those that the file does not set are drawn from their
    prior. With a posterior those that it fits come from one of its rows, and only the
    rest from the prior. What the file sets under `[rules]` is always as it says. Arms
    share their draws, and more replicas leave the first as they are.
    """
    if scenario.draw == "fixed":
        return None
    if scenario.draw != "prior" and scenario.posterior is None:
        raise InputError(
            f"ensemble.parameters: {scenario.draw!r} lies beside a scenario file; read "
            "the scenario from its file"
        )
    thetas = prior_draws(
        parameters, scenario.rules, seed=scenario.seed, count=scenario.replicas
    )
    if scenario.posterior is not None:
        rows = rows_drawn(
            scenario.posterior, seed=scenario.seed, count=scenario.replicas
        )
        for at, name in enumerate(scenario.posterior.parameters):
            if name not in scenario.rules:
                thetas[:, INDEX[name]] = rows[:, at]
    return thetas


def ranges_told(scenario: Scenario) -> dict[str, str]:
    """What a report says of each parameter that replicas draw for themselves.

    The range of the prior, or nine tenths of the posterior in the middle.
    """
    if scenario.draw == "fixed":
        return {}
    told = {
        row.name: f"{row.low:g} to {row.high:g}"
        for row in TABLE
        if row.name not in scenario.rules
    }
    if scenario.posterior is not None:
        rows = np.array(scenario.posterior.rows)
        bounds = order_statistics(rows, (0.05, 0.95)).T.tolist()
        for name, (low, high) in zip(
            scenario.posterior.parameters, bounds, strict=True
        ):
            if name in told:
                told[name] = f"{low:.3g} to {high:.3g} (fitted)"
    return told
