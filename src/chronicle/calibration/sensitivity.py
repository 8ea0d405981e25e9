"""Which parameters of a scenario an outcome hangs on, with the same draws for all.

An outcome is a mean over replicas 0, 1, 2 … of the scenario's seed. They are the same
replicas at every setting of the parameters, so that what differs is the setting and not
the luck.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chronicle.api import Chronicle
from chronicle.calibration.salib import (
    Effects,
    Indices,
    Range,
    effects,
    indices,
    need_salib,
)
from chronicle.domain.names import did_you_mean
from chronicle.domain.table import Table
from chronicle.errors import BudgetExceeded, InputError, UsageError
from chronicle.experiments.arms import BASELINE
from chronicle.experiments.bundled import bundled_record
from chronicle.experiments.run import Progress
from chronicle.simulation.compiled.engine import Results, run_chunk, warm_up
from chronicle.simulation.ensemble.ensemble import Ensemble
from chronicle.simulation.ensemble.plain_chunk import run_chunk_plainly
from chronicle.simulation.parameters import INDEX, TABLE, Parameters
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.scenario_file import read_scenario
from chronicle.simulation.start import arms_of, defenders_of, network_of, orders_of
from chronicle.verification.outcomes import from_fall_days

__all__ = ["Sensitivity", "sensitivity"]

Floats = NDArray[np.float64]
Reading = Callable[[Results], float]

FALLEN, DISPLACED, FALLS = "fallen", "displaced", "falls:"
MOST_REPLICAS = 20_000_000  # over all settings


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """The screening of all parameters that vary, and the indices of the foremost.

    `indices` is None where the screening found nothing that matters.
    """

    scenario: Scenario
    arm: str
    outcome: str
    replicas: int
    ranges: tuple[Range, ...]
    effects: Effects
    indices: Indices | None

    def table(self) -> Table:
        """One row a parameter: the foremost by total index, the rest by effect."""
        parts = ("first", "first_half_width", "total", "total_half_width")
        columns = ("parameter", "unit", "low", "high", "effect", "effect_half_width")
        found, at = self.indices, dict[str, int]()
        order = self.effects.order
        if found is not None:
            at = {name: row for row, name in enumerate(found.names)}
            totals = dict(zip(found.names, found.total.tolist(), strict=True))
            order.sort(key=lambda row: -totals.get(self.ranges[row].name, -np.inf))
        rows = []
        for row in order:
            one, screened = self.ranges[row], self.effects
            line: list[float | None] = [
                _rounded(part[row])
                for part in (screened.size, screened.half_width, screened.spread)
            ]
            column = at.get(one.name)
            for name in parts:
                known = found is not None and column is not None
                line.append(_rounded(getattr(found, name)[column]) if known else None)
            unit = TABLE[INDEX[one.name]].unit
            rows.append((one.name, unit, one.low, one.high, *line))
        return Table((*columns, "spread", *parts), rows, self._header(), self._notes())

    def _header(self) -> str:
        scenario = self.scenario
        return (
            f"WHAT-IF: what {self.outcome} hangs on, {scenario.horizon_days} days from "
            f"{scenario.branch_at}, {scenario.id}, arm {self.arm}"
        )

    def _notes(self) -> list[str]:
        notes = [
            f"effect: by how much the outcome moves as the parameter crosses its range "
            f"(Morris mu*, {self.effects.evaluations:,} settings); spread: how much "
            "that depends on the others",
            f"each setting is the mean of the same {self.replicas} replicas, "
            f"seed {self.scenario.seed}",
        ]
        if self.indices is None:
            notes.append("no parameter moves this outcome, so there are no indices")
        else:
            notes.append(
                "first, total: share of the variance that goes with the parameter "
                f"alone, and with all that it is part of (Sobol, "
                f"{self.indices.evaluations:,} settings; the others as the scenario "
                f"has them); the outcome is {self.indices.mean:,.4g} "
                f"± {self.indices.deviation:,.4g} over the ranges"
            )
        return notes


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.4g}")


def sensitivity(
    scenario: Scenario | str | Path,
    chronicle: Chronicle | None = None,
    *,
    outcome: str = FALLEN,
    arm: str = BASELINE,
    vary: Sequence[str] = (),
    replicas: int = 32,
    trajectories: int = 10,
    samples: int = 128,
    keep: int = 8,
    seed: int | None = None,
    engine: str | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Sensitivity:
    """Screen the parameters of a scenario, then take the indices of the foremost.

    *outcome* is `fallen`, how many of the places at risk have fallen by the horizon;
    `displaced`, the people away from home at the horizon; or `falls:PLACE`, the day on
    which a place falls, the horizon if it does not. *vary* names the parameters, by
    default all that the scenario does not set itself; *keep* is of how many the indices
    are taken, and those without any effect are never among them. Without a *chronicle*
    the bundled case. Raises `InputError`, `UsageError` or `BudgetExceeded`.
    """
    need_salib()
    if not isinstance(scenario, Scenario):
        scenario = read_scenario(Path(scenario))
    if seed is not None:
        scenario = replace(scenario, seed=seed)
    if replicas < 1 or keep < 1:
        raise UsageError(f"{replicas} replicas, {keep} parameters kept: at least 1")
    ranges = _ranges(scenario, vary)
    settings = trajectories * (len(ranges) + 1)
    settings += samples * (min(keep, len(ranges)) + 2)
    if settings * replicas > MOST_REPLICAS:
        raise BudgetExceeded(
            f"{settings:,} settings of {replicas:,} replicas are over "
            f"{MOST_REPLICAS:,}; take fewer replicas, samples or trajectories"
        )
    if chronicle is None:
        chronicle = bundled_record()
    ensemble, reading = _model(scenario, chronicle, arm, outcome, replicas, engine)

    def over(some: Sequence[Range], phase: str) -> Callable[[Floats], Floats]:
        return _outcome(ensemble, some, reading, workers, phase, progress)

    screened = effects(
        over(ranges, "screening"),
        ranges,
        trajectories=trajectories,
        seed=scenario.seed,
    )
    first = [ranges[at] for at in screened.order[:keep] if screened.size[at] > 0]
    found = None
    if first:
        found = indices(
            over(first, "indices"), first, samples=samples, seed=scenario.seed
        )
    return Sensitivity(
        scenario=scenario,
        arm=arm,
        outcome=outcome,
        replicas=replicas,
        ranges=ranges,
        effects=screened,
        indices=found,
    )


def _ranges(scenario: Scenario, vary: Sequence[str]) -> tuple[Range, ...]:
    for name in vary:
        if name not in INDEX:
            raise UsageError(f"no parameter {name!r}{did_you_mean(name, INDEX)}")
    chosen = [
        row
        for row in TABLE
        if (row.name in vary if vary else row.name not in scenario.rules)
    ]
    if not chosen:
        raise UsageError(f"{scenario.file} sets every parameter: there is none to vary")
    return tuple(
        Range(name=row.name, low=row.low, high=row.high, scale=row.scale)
        for row in chosen
    )


def _model(
    scenario: Scenario,
    chronicle: Chronicle,
    arm: str,
    outcome: str,
    replicas: int,
    engine: str | None,
) -> tuple[Ensemble, Reading]:
    """What is run at each setting, and how the outcome is read off."""
    labels = {" + ".join(names) or BASELINE: names for names in arms_of(scenario)}
    if arm not in labels:
        known = ", ".join(map(repr, labels))
        raise UsageError(f"{scenario.file} has no arm {arm!r}; there are {known}")
    start = chronicle.state(
        scenario.branch_at,
        scenario.known_at,
        scenario.published_by,
        scenario.lens,
    )
    network = network_of(start, scenario, chronicle.find)
    control = start.control
    at_risk = [
        row
        for row, id_ in enumerate(network.settlements)
        if control[id_] in defenders_of(scenario)
    ]
    reading = _reading(scenario, chronicle, outcome, network.settlements, at_risk)
    ensemble = Ensemble(
        network,
        Parameters.of(scenario.rules),
        orders_of(scenario, labels[arm], network, chronicle.find),
        seed=scenario.seed,
        horizon=scenario.horizon_days,
        replicas=replicas,
        people=outcome == DISPLACED,
        engine=engine or scenario.engine,
    )
    return ensemble, reading


def _reading(
    scenario: Scenario,
    chronicle: Chronicle,
    outcome: str,
    settlements: Sequence[str],
    at_risk: list[int],
) -> Reading:
    if outcome == DISPLACED:
        return lambda results: float(results.displaced[:, -1].mean())
    if outcome == FALLEN:
        return lambda results: float(
            (results.fall_day[:, at_risk] != 0).sum(axis=1).mean()
        )
    if not outcome.startswith(FALLS):
        raise UsageError(
            f"no outcome {outcome!r}: {FALLEN}, {DISPLACED} or {FALLS}PLACE"
        )
    id_ = chronicle.find(outcome.removeprefix(FALLS))
    row = settlements.index(id_)
    if row not in at_risk:
        raise InputError(
            f"{outcome}: {id_} is not at risk: at the branch it is not held by "
            f"{', '.join(defenders_of(scenario))}"
        )
    horizon = float(scenario.horizon_days)
    return lambda results: float(
        np.minimum(from_fall_days(results.fall_day[:, row]), horizon).mean()
    )


def _outcome(
    ensemble: Ensemble,
    ranges: Sequence[Range],
    reading: Reading,
    workers: int,
    phase: str,
    progress: Progress | None,
) -> Callable[[Floats], Floats]:
    """The outcome of each row of values, whose replicas all have the same draws."""
    columns = [INDEX[one.name] for one in ranges]
    stop = threading.Event()
    fast = ensemble.chosen_engine == "numba"
    if fast:
        # Compile and lay out once, ahead of the threads.
        warm_up(ensemble.adjacency, ensemble.orders, 1.0, ensemble.people)
        ensemble.board  # noqa: B018

    def one(values: Floats) -> float:
        theta = ensemble.parameters.vector()
        theta[columns] = values
        Parameters.from_vector(theta)
        given = (ensemble.adjacency, ensemble.orders, theta.reshape(1, -1))
        horizon = float(ensemble.horizon)
        if fast:
            results = run_chunk(
                *given,
                seed=ensemble.seed,
                first=0,
                count=ensemble.replicas,
                horizon=horizon,
                people=ensemble.people,
                board=ensemble.board,
                stop=stop,
            )
        else:
            results = run_chunk_plainly(
                *given,
                seed=ensemble.seed,
                first=0,
                count=ensemble.replicas,
                horizon=horizon,
                people=ensemble.people,
                engine=ensemble.chosen_engine,
                stop=stop,
            )
        return reading(results)

    def every(rows: Floats) -> Floats:
        found = []
        # Without numba threads would only wait for each other.
        with ThreadPoolExecutor(workers if fast else 1) as pool:
            try:
                for done, value in enumerate(pool.map(one, rows), 1):
                    found.append(value)
                    if progress is not None:
                        progress(phase, done, len(rows))
            except BaseException:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return np.array(found)

    return every
