"""Fit a scenario's parameters to what had been published by its branch, and no later.

The window of the fit ends on the branch day. It starts from the state at the end of
`since`, itself as published by the branch, and what is fitted is which places fell on
which day, as far as anyone had said so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chronicle.api import Chronicle
from chronicle.calibration.abc import Accepted, Summaries, accept, learn, resampled
from chronicle.calibration.predictive import Check, bound_of, checks_of
from chronicle.calibration.sbc import SbcResult, run_sbc
from chronicle.calibration.simulations import (
    FITTED,
    NUISANCE,
    PriorSimulations,
    Window,
    simulate,
)
from chronicle.domain.events import ControlReported
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import InputError, UsageError
from chronicle.experiments.bundled import bundled_record
from chronicle.simulation.compiled.engine import has_numba
from chronicle.simulation.parameters import INDEX, TABLE
from chronicle.simulation.posterior import Made, Posterior, posterior_of
from chronicle.simulation.prior import value_at
from chronicle.simulation.reporting import reporting_of
from chronicle.simulation.rules import FOR_EVER
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.scenario_file import read_scenario
from chronicle.simulation.start import attackers_of, defenders_of, network_of
from chronicle.verification.intervals import order_statistics
from chronicle.verification.observed import past_of
from chronicle.version import __version__

__all__ = ["Calibration", "calibrate", "summary_of", "window_of"]

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
"""Called with a phase, how much of it is done, and how much there is."""

BANK = 40_000
BANK_PLAINLY = 2_000  # without numba
LEAST_BANK = 500
TAUGHT = 0.3  # the share of the bank that summaries are learned from; of the rest
KEPT = 0.01  # this share is accepted,
LEAST_KEPT = 200  # but no fewer than that: a regression is fitted to them
COUNTED = 0.3  # a half, the noise of the square root of a count, is 0.15 of a range
LONGEST_DAYS = 30
ONE_TEMPO = {"culmination_days": FOR_EVER}
"""Nothing ends inside a window.

A run begins afresh at the branch: an offensive that had ended in the window to explain
its last quiet days would begin again, and the quiet would be forgotten.
"""
OF_THE_START = ("delay_days",)
"""Fitted, for the rest hangs on it, and not handed on.

How long the forces of the window waited before they moved says nothing of how long
those of the branch, which are on the move, will.
"""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A fit: the posterior, what it was fitted to, and how far it can be trusted.

    `fell` places of `at_risk` were known to have fallen in the window from `since`:
    `daily` (D) by day, and in the accepted simulations `simulated` (A, D).
    """

    scenario: Scenario
    since: date
    at_risk: int
    fell: int
    parameters: tuple[str, ...]
    accepted: Accepted
    summaries: Summaries
    posterior: Posterior
    recoveries: SbcResult | None
    daily: NDArray[np.int64]
    simulated: NDArray[np.int64]
    bank: NDArray[np.int64]

    def checks(self) -> tuple[Check, ...]:
        """Posterior predictive checks: what was seen, in what was accepted."""
        return checks_of(self.daily, self.simulated, self.bank)

    def warnings(self) -> list[str]:
        """What keeps the fit from being leant on, a sentence each; empty if nothing."""
        told = [one.warning for one in self.checks() if one.warning]
        middle = self.accepted.quantiles((0.05, 0.5, 0.95))
        for k, name in enumerate(self.parameters):
            if name in NUISANCE:
                continue
            low, high, unit = _range(name)
            if edge := bound_of(middle[:, k]):
                at = low if edge == "low" else high
                told.append(
                    f"{name} sits on the {edge} bound of its prior, {at:g} {unit}: "
                    "the record asks for what the prior does not have"
                )
        return told

    def table(self) -> Table:
        """Quantiles of each parameter beside its prior, in its unit."""
        levels = (0.05, 0.25, 0.5, 0.75, 0.95)
        shares = self.accepted.quantiles(levels)
        rows = []
        for k, name in enumerate(self.parameters):
            low, high, unit = _range(name)
            values = _values(name, shares[:, k])
            rows.append(
                (
                    name,
                    unit,
                    low,
                    high,
                    *(float(f"{value:.3g}") for value in values),
                    round(float(self.accepted.contraction()[k]), 3),
                    round(float(self.summaries.explained[k]), 3),
                    "yes" if name in self.posterior.parameters else "no",
                )
            )
        made = self.posterior.made
        header = (
            f"Posterior of {self.scenario.id}: {made.accepted:,} of {made.bank:,} "
            f"simulations of {self.since} to {made.until}, "
            f"as published by {made.published_by}"
        )
        notes = [
            *(one.sentence for one in self.checks()),
            *(f"WARNING: {told}" for told in self.warnings()),
            f"{self.fell} of {self.at_risk} settlements at risk were known to have "
            "fallen by then; nothing published later was read",
            "contraction: 1 less posterior over prior variance; explained: of the "
            "prior variance, by the summary, in simulations held out",
        ]
        return Table(
            (
                *("parameter", "unit", "prior_low", "prior_high"),
                *("p05", "p25", "p50", "p75", "p95"),
                *("contraction", "explained", "kept"),
            ),
            rows,
            header,
            notes,
        )

    def fit(self) -> Table:
        """Falls by day in the record and in what was accepted, nine tenths of it.

        A fit to data that the model cannot make is sure of itself and wrong.
        """
        bounds = order_statistics(self.simulated, (0.05, 0.5, 0.95)).T.astype(int)
        rows = []
        for day, (seen, (low, middle, high)) in enumerate(
            zip(self.daily.tolist(), bounds.tolist(), strict=True), 1
        ):
            inside = "yes" if low <= seen <= high else "NO"
            date_ = self.since + timedelta(day)
            rows.append((date_, seen, low, middle, high, inside))
        missed = sum(row[-1] == "NO" for row in rows)
        notes = [
            f"{missed} of {len(rows)} days are outside: the model does not make such "
            "days, and its posterior is surer than it should be"
        ]
        return Table(
            ("day", "published_falls", "p05", "p50", "p95", "inside"),
            rows,
            "What was published, beside the simulations that were accepted",
            notes if missed else [],
        )


def _range(name: str) -> tuple[float, float, str]:
    if name in NUISANCE:
        return *NUISANCE[name], "of the record"
    row = TABLE[INDEX[name]]
    return row.low, row.high, row.unit


def _values(name: str, shares: Floats) -> Floats:
    if name in NUISANCE:
        low, high = NUISANCE[name]
        return low + (high - low) * shares
    return value_at(TABLE[INDEX[name]], shares)


def calibrate(
    scenario: Scenario | str | Path,
    chronicle: Chronicle | None = None,
    *,
    since: date | None = None,
    bank: int | None = None,
    seed: int | None = None,
    fitted: tuple[str, ...] = FITTED,
    sbc: int = 0,
    engine: str = "auto",
    workers: int = 1,
    progress: Progress | None = None,
) -> Calibration:
    """Fit a scenario, or a scenario file, on a chronicle; the bundled case without one.

    *since* is the day from whose end the window runs; by default the first of the
    record, at most 30 days before the branch. What the scenario sets under `[rules]`
    is not fitted, nor drawn. With *sbc* so many further simulations are recovered, as
    a check of the calibration itself. Raises `InputError` or `UsageError`.
    """
    if not isinstance(scenario, Scenario):
        scenario = read_scenario(Path(scenario), posterior=False)
    if chronicle is None:
        chronicle = bundled_record()
    fast = engine == "numba" or (engine == "auto" and has_numba())
    count = (BANK if fast else BANK_PLAINLY) if bank is None else bank
    if count < LEAST_BANK:
        raise UsageError(f"a bank of {count} simulations: at least {LEAST_BANK}")
    chance = scenario.seed if seed is None else seed
    taught = round(TAUGHT * count)
    keep = max(LEAST_KEPT, round(KEPT * (count - taught)))
    window, seen, since, position = window_of(scenario, chronicle, since)
    made = simulate(
        window,
        count=count + sbc,
        seed=chance,
        fitted=fitted,
        engine=engine,
        workers=workers,
        progress=_phase(progress, "bank"),
    )
    simulations, fresh = made.split(count)
    # Summaries know the simulations that they were learned from too well to judge them.
    teachers, known = simulations.split(taught)
    summaries = learn(teachers.features, teachers.shares, seed=chance)
    near = summary_of(window, summaries, known)
    observed = np.concatenate(
        [
            summaries.of(window.features(seen[None, :]))[0],
            COUNTED * window.counts(seen[None, :])[0],
        ]
    )
    accepted = accept(observed, near, known.shares, keep)
    recoveries = None
    if sbc:
        recoveries = run_sbc(
            made.parameters,
            fresh.shares,
            summary_of(window, summaries, fresh),
            near,
            known.shares,
            keep,
            progress=_phase(progress, "recoveries"),
        )
    return Calibration(
        scenario=scenario,
        since=since,
        at_risk=len(window.rows),
        fell=int((seen > 0).sum()),
        parameters=made.parameters,
        accepted=accepted,
        summaries=summaries,
        posterior=_posterior(
            accepted,
            made.parameters,
            chance,
            Made(
                scenario=scenario.id,
                record=chronicle.identity,
                position=position,
                since=since,
                until=scenario.branch_at,
                published_by=_told_by(scenario),
                bank=count,
                accepted=keep,
                seed=chance,
                engine=made.engine,
                chronicle=__version__,
            ),
        ),
        recoveries=recoveries,
        daily=_by_day(seen[None, :], window.days)[0],
        simulated=_by_day(known.days[accepted.rows], window.days),
        bank=_by_day(known.days, window.days),
    )


def summary_of(window: Window, summaries: Summaries, made: PriorSimulations) -> Floats:
    """What simulations are told apart by: learned summaries, and counts of falls.

    The best predictions of the parameters say little of a front that stands, as many
    parameters make one; how many places fell must come out right whatever made them.
    """
    counted = COUNTED * window.counts(made.days)
    return np.concatenate([summaries.of(made.features), counted], axis=1)


def _by_day(days: NDArray[np.integer], last: int) -> NDArray[np.int64]:
    """How many places (R, D) fell on each day."""
    counts = [(days == day).sum(axis=1) for day in range(1, last + 1)]
    return np.stack(counts, axis=1).astype(np.int64)


def _phase(progress: Progress | None, phase: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, of: progress(phase, done, of)


def _posterior(
    accepted: Accepted, names: tuple[str, ...], seed: int, made: Made
) -> Posterior:
    shares = resampled(accepted, made.accepted, seed=seed)
    kept = [
        k
        for k, name in enumerate(names)
        if name not in NUISANCE and name not in OF_THE_START
    ]
    if not kept:
        raise UsageError("the scenario sets all that could be fitted under [rules]")
    values = np.stack([_values(names[k], shares[:, k]) for k in kept], axis=1)
    return posterior_of([names[k] for k in kept], values, made)


def _told_by(scenario: Scenario) -> date:
    """The last day whose publications may be read: never one after the branch."""
    return min(scenario.published_by or scenario.branch_at, scenario.branch_at)


def window_of(
    scenario: Scenario, chronicle: Chronicle, since: date | None = None
) -> tuple[Window, NDArray[np.int64], date, int]:
    """The window, the days (P) on which places in it were seen to fall, its start.

    0 is a place that nobody had said to have fallen. The last is the position of the
    record that was read.
    """
    branch, told = scenario.branch_at, _told_by(scenario)
    position = chronicle.position(scenario.known_at)
    events = list(chronicle.log(upto=position))
    if since is None:
        since = max(_first_day(events, branch), branch - timedelta(LONGEST_DAYS))
    if not timedelta(1) <= branch - since <= timedelta(LONGEST_DAYS):
        raise UsageError(
            f"a window from {since} to the branch on {branch}: it wants 1 to "
            f"{LONGEST_DAYS} days; say --from"
        )
    days = (branch - since).days
    under_way = scenario.offensive_since
    if under_way is not None and under_way > since:
        under_way = None  # it had not begun
    past = replace(
        scenario,
        branch_at=since,
        published_by=told,
        horizon_days=days,
        offensive_since=under_way,
        orders=(),
        arms=(),
    )
    start = chronicle.state(since, position, told, scenario.lens)
    network = network_of(start, past, chronicle.find)
    history = past_of(
        events,
        since=since,
        branch=branch,
        defenders=defenders_of(scenario),
        attackers=attackers_of(scenario),
        published_by=told,
        lens=scenario.lens,
    )
    if history.settlements != network.settlements:
        raise InputError(f"{scenario.file}: the record names other places than the map")
    at_risk = history.defended[0]
    gone = ~history.defended[:, at_risk]
    seen = np.where(gone.any(axis=0), gone.argmax(axis=0), 0).astype(np.int64)
    now = chronicle.state(branch, position, told, scenario.lens)
    published = reporting_of(now).published
    rules = ONE_TEMPO | scenario.rules
    window = Window(network, at_risk, days, rules, published)
    return window, seen, since, position


def _first_day(events: list[RecordedEvent], branch: date) -> date:
    days = [r.event.valid_from for r in events if isinstance(r.event, ControlReported)]
    return min([day for day in days if day < branch], default=branch)
