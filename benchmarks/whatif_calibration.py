"""Calibration: how fast the bank is, beside pyabc, and whether it finds what is there.

    python benchmarks/whatif_calibration.py [--rounds 5]

An invented map of 300 places and a window of a week. `abc` is on one core; pyabc, where
this Python has it, calls the same compiled simulator.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import math
import statistics
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from chronicle.calibration.abc import learn
from chronicle.calibration.sbc import SbcResult, run_sbc
from chronicle.calibration.simulations import FITTED, Window, simulate
from chronicle.simulation.compiled.engine import board_of, run_chunk
from chronicle.simulation.engine.replication import adjacency_of
from chronicle.simulation.interventions import orders_of
from chronicle.simulation.parameters import INDEX, TABLE, Parameters
from chronicle.simulation.prior import value_at

SEED = 20241130
PEERS = 300  # simulations that pyabc makes in a round
Figure = dict[str, Any]


def seconds(work: Callable[[], object]) -> float:
    """How long *work* takes."""
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def row(
    name: str,
    value: float,
    unit: str,
    against: str,
    goal: str,
    ratio: float | None,
    **more: Any,
) -> Figure:
    """One row of the table."""
    rounded = None if ratio is None else round(ratio, 3)
    return {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "ratio": rounded,
        "against": against,
        "goal": goal,
        **more,
    }


def _window(places: int = 300, days: int = 7) -> Window:
    from whatif_rates import world

    network = world(places)
    return Window(network, network.controller == 1, days, {})


def abc(rounds: int = 5, places: int = 300, bank: int = 2_000) -> Figure:
    """Simulations of the bank a second, features included, on one core.

    The peer is pyabc's sampler on one core with the same simulator called one at a
    time, uniform priors, raw days and a threshold that accepts all: what it adds to a
    simulation. Where pyabc is not installed there is no ratio.
    """
    window = _window(places)
    simulate(window, count=20, seed=SEED)
    times, ratios = [], []
    peer = _pyabc(window)
    for number in range(rounds):

        def sampled() -> object:
            return peer and peer(PEERS)

        took = seconds(lambda n=number: simulate(window, count=bank, seed=n)) / bank  # type: ignore[misc]
        times.append(took)
        if peer is not None:
            ratios.append(seconds(sampled) / PEERS / took)
    return row(
        "abc",
        1.0 / statistics.median(times),
        "sims/s",
        "pyabc, one core" if peer else "pyabc: not run, it is not installed",
        ">= 10",
        statistics.median(ratios) if ratios else None,
        rounds=[round(ratio, 3) for ratio in ratios],
    )


def _pyabc(window: Window) -> Callable[[int], object] | None:
    """How pyabc makes that many simulations of the window, or None without it."""
    try:
        import pyabc
    except ImportError:
        return None
    base, laid = Parameters().vector(), adjacency_of(window.network)
    orders = orders_of(window.network, (), window.days)
    board = board_of(laid, orders)
    logging.getLogger("ABC").setLevel(logging.WARNING)
    rows = [TABLE[INDEX[name]] for name in FITTED]
    number = iter(range(1 << 62))

    def model(drawn: Any) -> dict[str, Any]:
        theta = base.copy()
        for row in rows:
            share = np.array([drawn[row.name]])
            theta[INDEX[row.name]] = value_at(row, share)[0]
        found = run_chunk(
            laid,
            orders,
            theta.reshape(1, -1),
            seed=SEED,
            first=next(number),
            count=1,
            horizon=window.days,
            people=False,
            board=board,
        )
        return {"days": found.fall_day[0, window.rows].astype(np.float64)}

    prior = pyabc.Distribution(**{row.name: pyabc.RV("uniform", 0, 1) for row in rows})
    seen = model(dict.fromkeys(FITTED, 0.5))

    def peer(count: int) -> object:
        fit = pyabc.ABCSMC(
            model,
            prior,
            lambda x, y: float(np.abs(x["days"] - y["days"]).mean()),
            population_size=count,
            sampler=pyabc.SingleCoreSampler(),
            eps=pyabc.ListEpsilon([math.inf]),
        )
        fit.new("sqlite://", seen)
        return fit.run(max_nr_populations=1)

    return peer


@cache
def _recoveries(bank: int, count: int) -> tuple[SbcResult, float]:
    """The check of the calibration on an invented map, and how long all of it took."""
    found: list[SbcResult] = []

    def work() -> None:
        made = simulate(_window(), count=bank + count, seed=SEED, workers=2)
        teachers, rest = made.split(bank * 3 // 10)
        known, fresh = rest.split(bank - bank * 3 // 10)
        summaries = learn(teachers.features, teachers.shares, seed=SEED)
        seen, near = summaries.of(fresh.features), summaries.of(known.features)
        keep = round(0.03 * len(known.shares))
        found.append(
            run_sbc(made.parameters, fresh.shares, seen, near, known.shares, keep)
        )

    took = seconds(work)
    return found[0], took


def sbc_cover(rounds: int = 1, bank: int = 40_000, count: int = 500) -> Figure:
    """The coverage of 90 % intervals that is farthest from 0.90, of all parameters."""
    made, _ = _recoveries(bank, count)
    cover = made.coverage()
    worst = float(cover[np.argmax(np.abs(cover - 0.9))])
    told = dict(zip(made.parameters, np.round(cover, 3).tolist(), strict=True))
    return row(
        "sbc.cover",
        worst,
        "share",
        "0.90",
        "0.86-0.94 each",
        worst / 0.9,
        recoveries=len(made),
        parameters=told,
        ks_p=np.round(made.p_values(), 3).tolist(),
    )


def sbc_seconds(rounds: int = 1, bank: int = 40_000, count: int = 500) -> Figure:
    """Bank, summaries and recoveries on two cores, against a minute."""
    made, took = _recoveries(bank, count)
    return row(
        "sbc.seconds", took, "s", "60 s", "<= 1", took / 60, recoveries=len(made)
    )


FIGURES: dict[str, Callable[..., Figure]] = {
    "abc": abc,
    "sbc.cover": sbc_cover,
    "sbc.seconds": sbc_seconds,
}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = [take(rounds=options.rounds) for take in FIGURES.values()]
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
