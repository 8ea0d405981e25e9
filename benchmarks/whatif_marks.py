"""How good the answers are, beside how fast: FLEE's error, replicas saved, skill.

    python benchmarks/whatif_marks.py                       # all figures, JSON
    python benchmarks/whatif_marks.py --only crn --rounds 5
    FLEE_PYTHON=ENV/bin/python python benchmarks/whatif_marks.py --only flee.ard

`flee.*` compare with FLEE 3.1 (`flee_peer.py`): run here and now on Mali where flee can
be imported by this Python or by that of FLEE_PYTHON, and as it ran before on the other
sets, and where there is none; `against` says which. Every other figure is of the
bundled case. A round is another seed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import flee_peer
import whatif_skill
from chronicle.experiments.arms import comparison
from chronicle.experiments.execute import run_scenario
from chronicle.simulation.scenario_file import read_scenario

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
ARMS = ("hama-holds", "corridor", "m5-cut", "ceasefire")
LIVE = ("mali2012",)  # FLEE takes 16 s on it, and 29 and 113 s on the others
Figure = dict[str, Any]


# --- FLEE ------------------------------------------------------------------------


@cache
def _beside_flee(seeds: tuple[int, ...]) -> dict[str, tuple[Figure, Figure]]:
    """The figures of `flee_peer` by set; FLEE itself runs on those of `LIVE`."""
    python = os.environ.get("FLEE_PYTHON", sys.executable)
    found = {}
    for name in flee_peer.MEASURED:
        ours = list(seeds) if name in LIVE else []
        ard, speed = flee_peer.figures(name, python, 10, ours)
        found[name] = ard, speed
    return found


def _against(figures: list[Figure]) -> str:
    """Which of FLEE's answers were taken now, and which before."""
    told: dict[str, list[str]] = {}
    for figure in figures:
        told.setdefault(figure["against"], []).append(figure["set"])
    return "; ".join(f"{how}: {', '.join(sets)}" for how, sets in told.items())


def flee_ard(rounds: int = 1) -> Figure:
    """The greatest distance of our ARD to FLEE's among the three sets."""
    taken = [ard for ard, _ in _beside_flee(_seeds(rounds)).values()]
    worst = max(taken, key=lambda figure: abs(figure["difference"]))
    return {
        "name": "flee.ard",
        "value": worst["value"],
        "unit": f"ARD of {worst['set']}",
        "ratio": abs(worst["difference"]),
        "against": _against(taken),
        "goal": "<= 0.01",
        "sets": taken,
    }


def flee_speed(rounds: int = 1) -> Figure:
    """FLEE's seconds of CPU with a tenth of its agents over ours, the least of sets."""
    taken, ratios = [], {}
    for name, (_, speed) in _beside_flee(_seeds(rounds)).items():
        taken.append(speed)
        before = flee_peer.MEASURED_SECONDS[name] / speed["value"]
        ratios[name] = speed["ratio"] or round(before)
    worst = min(ratios, key=lambda name: ratios[name])
    return {
        "name": "flee.speed",
        "value": next(one["value"] for one in taken if one["set"] == worst),
        "unit": f"s of CPU on {worst}",
        "ratio": ratios[worst],
        "against": _against(taken),
        "goal": ">= 300",
        "sets": [{**one, "ratio": ratios[one["set"]]} for one in taken],
    }


def _seeds(rounds: int) -> tuple[int, ...]:
    return tuple(range(1, rounds + 1))


# --- common random numbers -------------------------------------------------------


def crn(rounds: int = 3, replicas: int = 300) -> Figure:
    """How many times fewer replicas an arm needs because it shares its draws.

    For each shipped arm the median, over the places at risk on whose day it makes a
    difference, of (var base + var arm) / var (arm - base), days counted within the
    horizon. The ratio is that of the arm that gains least; `most` is the median of
    what any pairing of these replicas could reach, which is that of the sorted days
    (Hoeffding 1940, Frechet 1951). `people_days` is the same of the people-days.
    """
    by_round: list[dict[str, dict[str, float]]] = []
    for number in range(rounds):
        found = {}
        for name in ARMS:
            scenario = read_scenario(SCENARIOS / f"{name}.toml")
            run = run_scenario(
                scenario,
                whatif_skill.record(),
                replicas=replicas,
                seed=scenario.seed + number,
            )
            for arm in run.arms[1:]:
                told = comparison(run.arms[0], arm, run.question)
                saved = told.arrivals.variance_ratio
                saved = saved[np.isfinite(saved)]
                assert told.people_days is not None
                found[f"{name}: {arm.label}"] = {
                    "places": len(saved),
                    "least": round(float(saved.min()), 2),
                    "most": _most(run.arms[0], arm, run.question),
                    "median": round(float(np.median(saved)), 2),
                    "people_days": round(float(told.people_days.variance_ratio[0]), 2),
                }
        by_round.append(found)
    medians = {
        name: statistics.median(found[name]["median"] for found in by_round)
        for name in by_round[0]
    }
    worst = min(medians, key=lambda name: medians[name])
    rounds_told = [found[worst]["median"] for found in by_round]
    return {
        "name": "crn",
        "value": round(statistics.median(medians.values()), 2),
        "unit": "times fewer, the middle arm",
        "ratio": round(medians[worst], 2),
        "against": f"independent draws; ratio: the arm that gains least ({worst})",
        "goal": ">= 5",
        "n": replicas,
        "spread": f"{min(rounds_told):.3g}-{max(rounds_told):.3g}",
        "rounds": rounds_told,
        "arms": by_round[0],
    }


def _most(base: Any, arm: Any, question: Any) -> float:
    """The median over places of the ratio of the best pairing of the replicas."""
    last = float(question.horizon_days)
    days = [
        np.sort(np.minimum(one.samples(question), last), axis=0) for one in (base, arm)
    ]
    apart = days[0].var(axis=0) + days[1].var(axis=0)
    left = (days[1] - days[0]).var(axis=0)
    differ = (left > 0) & (apart > 0)
    return round(float(np.median(apart[differ] / left[differ])), 2)


# --- Dask ------------------------------------------------------------------------


def ensemble_dask(rounds: int = 3, places: int = 5_000, replicas: int = 500) -> Figure:
    """The same ensemble on a local cluster of two workers against one of one.

    Both clusters are up and have run it twice before anything is timed: a worker
    compiles in its first chunk, and not every worker has one in the first run.
    """
    import distributed

    import whatif_rates
    from chronicle.simulation.ensemble.ensemble import Ensemble
    from chronicle.simulation.ensemble.execute import run as run_ensemble

    whole = Ensemble(
        network=whatif_rates.world(places),
        seed=whatif_rates.SEED,
        horizon=whatif_rates.HORIZON,
        replicas=replicas,
    )
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    digests, ratios, times = set(), [], []
    clusters = {
        workers: distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
        )
        for workers in (1, 2)
    }
    try:
        for number in range(rounds + 2):
            took = {}
            for workers, cluster in clusters.items():

                def work(address: str = cluster.scheduler_address) -> None:
                    made = run_ensemble(
                        whole, executor="dask", address=address, chunk=50
                    )
                    digests.add(made.digest)

                took[workers] = whatif_rates.seconds(work)
            if number > 1:
                ratios.append(took[1] / took[2])
                times.append(took[2])
    finally:
        for cluster in clusters.values():
            cluster.close()
    assert len(digests) == 1
    return whatif_rates.figure(
        "ensemble.dask", ratios, "one worker", ">= 1.4", statistics.median(times), "s"
    )


FIGURES: dict[str, Callable[..., Figure]] = {
    "flee.ard": flee_ard,
    "flee.speed": flee_speed,
    "crn": crn,
    **whatif_skill.FIGURES,
    "ensemble.dask": ensemble_dask,
}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, help="in place of each figure's own")
    parser.add_argument("--only", nargs="*", default=list(FIGURES), choices=FIGURES)
    options = parser.parse_args()
    rounds = {} if options.rounds is None else {"rounds": options.rounds}
    found = [FIGURES[name](**rounds) for name in options.only]
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
