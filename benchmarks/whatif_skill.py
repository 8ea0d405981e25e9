"""How well the front forecasts, beside what any forecaster must beat.

    python benchmarks/whatif_skill.py                       # three days, JSON
    python benchmarks/whatif_skill.py --structure           # what its two keys do
    python benchmarks/whatif_skill.py --second-front        # other parties and places

The shipped front, issued on each day in the same way: its parameters are fitted to what
had been published by then (`calibrate`), then it runs from what had been published by
then. So are the baselines. Over all places at risk, and over those that had not fallen
by the day as one knows now. Of 94 places nobody reported that they fell, nor that they
stood: the scores are also there with all of them fallen on 8 December, and over the
days up to the 7th, on which the two readings agree. A round is another seed, of the fit
and of the run.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import chronicle as ch
from chronicle.calibration.calibrate import calibrate
from chronicle.experiments.bundled import bundled_record
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.run import Run
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.scenario_file import EVERYWHERE, read_scenario
from chronicle.verification.comparison import ScoreDifference, compare_scores
from chronicle.verification.scores import score

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
FRONT = SCENARIOS / "front-2024-11-30.toml"
ISSUED = {
    "skill.30nov": date(2024, 11, 30),  # the fourth day of the offensive
    "skill.3dec": date(2024, 12, 3),  # Hama is fought over
    "skill.5dec": date(2024, 12, 5),  # Hama falls
}
ENDED = date(2024, 12, 8)  # the government, and with it whatever it still held
COVERAGE = 0.80, 0.98
Figure = dict[str, Any]


@cache
def record() -> ch.Chronicle:
    """The bundled case and the places elsewhere, in memory."""
    return bundled_record(SCENARIOS)


def front(issued: date, number: int = 0, horizon: int = 14) -> Scenario:
    """The shipped front on another day, with parameters from the prior."""
    shipped = read_scenario(FRONT)
    return replace(
        shipped,
        branch_at=issued,
        published_by=issued,
        horizon_days=horizon,
        draw="prior",
        posterior=None,
        seed=shipped.seed + number,
    )


def fitted(scenario: Scenario, bank: int | None = None) -> Scenario:
    """The scenario with the posterior of what had been published by its day."""
    found = calibrate(scenario, record(), bank=bank, workers=2)
    return replace(scenario, draw="fitted.json", posterior=found.posterior)


def ran(scenario: Scenario, replicas: int) -> Run:
    """The run, whose verdict is there."""
    run = run_scenario(scenario, record(), replicas=replicas, people=False)
    if run.verdict is None:
        raise SystemExit(f"{scenario.branch_at}: {run.no_verdict}")
    return run


def skill(
    name: str, rounds: int = 1, replicas: int = 1000, bank: int | None = None
) -> Figure:
    """The published CRPS against the best simple forecast's, without hindsight."""
    every, held, silent, early, prior = [], [], [], [], []
    for number in range(rounds):
        plain = front(ISSUED[name], number)
        run = ran(fitted(plain, bank), replicas)
        every.append(marks(run))
        held.append(marks(run, held=True))
        silent.append(marks(run, silent_fell=True))
        short = (ENDED - ISSUED[name]).days - 1
        early.append(marks(ran(replace(run.scenario, horizon_days=short), replicas)))
        prior.append(marks(ran(plain, replicas)))
    ratios = [told["skill"] for told in every]
    covered = statistics.median(told["cover_90"] for told in every)
    ratio = statistics.median(ratios)
    low, high = COVERAGE
    return {
        "name": name,
        "value": statistics.median(told["crps"] for told in every),
        "unit": "days of CRPS",
        "ratio": ratio,
        "against": f"1 - model / best baseline ({every[0]['best']})",
        "goal": f">= 0.25, coverage {low:.2f} to {high:.2f}",
        "met": ratio >= 0.25 and low <= covered <= high,
        "n": replicas,
        "cover_90": covered,
        "spread": f"{min(ratios):.3g}-{max(ratios):.3g}",
        "rounds": ratios,
        "every": every[0],
        "held": held[0],
        "silent_fell_on_8_dec": silent[0],
        "to_7_dec": early[0],
        "prior": prior[0],
    }


def marks(run: Run, *, held: bool = False, silent_fell: bool = False) -> Figure:
    """What was published, the mechanism and the best baseline, over places at risk.

    *held* leaves out the places that were out by the branch as one knows now. With
    *silent_fell* the government's places of which nobody reported anything fell with
    it on `ENDED`, and did not stand for ever.
    """
    verdict, published = run.verdict, run.published
    assert verdict is not None
    assert published is not None
    truth = verdict.truth
    scored = (verdict.model, verdict.mechanism, *verdict.baselines)
    if silent_fell:
        last = float((ENDED - run.scenario.branch_at).days)
        observed = np.where(np.isinf(truth.observed), last, truth.observed)
        truth = replace(truth, observed=observed)
        members = published.exact, published.mechanism, *published.references
        scored = tuple(score(one, truth, seed=run.scenario.seed) for one in members)
    rows = ~truth.already if held else np.ones(len(truth), dtype=bool)
    model, mechanism, *baselines = scored
    means = {one.name: float(one.crps[rows].mean()) for one in baselines}
    best = min(means, key=lambda name: means[name])
    crps = float(model.crps[rows].mean())
    known = run.start.references.settlements
    ids = [id_ for id_, row in zip(truth.settlements, rows, strict=True) if row]
    apart = {
        name: compare_scores(
            ours.crps[rows],
            next(one for one in baselines if one.name == best).crps[rows],
            ids,
            groups=[known[id_].admin1_pcode for id_ in ids],
        )
        for name, ours in (("published", model), ("mechanism", mechanism))
    }
    return {
        "settlements": int(rows.sum()),
        "fell": int(np.isfinite(truth.observed[rows]).sum()),
        "already_out": int(truth.already[rows].sum()),
        "said": round(float(published.chances[rows, -1].sum()), 1),
        "crps": round(crps, 3),
        "mechanism": round(float(mechanism.crps[rows].mean()), 3),
        "best": best,
        "best_crps": round(means[best], 3),
        "skill": round(1.0 - crps / means[best], 3),
        "skill_90": skill_span(apart["published"], means[best]),
        "mechanism_skill": round(
            1 - float(mechanism.crps[rows].mean()) / means[best], 3
        ),
        "mechanism_skill_90": skill_span(apart["mechanism"], means[best]),
        "cover_50": round(float(model.covered[50][rows].mean()), 3),
        "cover_90": round(float(model.covered[90][rows].mean()), 3),
        "mechanism_cover_90": round(float(mechanism.covered[90][rows].mean()), 3),
        "baselines": {name: round(mean, 3) for name, mean in means.items()},
    }


def skill_span(apart: ScoreDifference, best: float) -> list[float]:
    """The 90 % interval of a skill, from provinces resampled; *best* is held."""
    if apart.low is None or apart.high is None:
        return []
    return [round(-apart.high / best, 3), round(-apart.low / best, 3)]


def structure(replicas: int = 1000) -> list[Figure]:
    """The front from its prior, with and without each of its two keys."""
    found = []
    for issued in ISSUED.values():
        shipped = front(issued)
        for under_way in (False, True):
            for everywhere in (False, True):
                scenario = replace(
                    shipped,
                    offensive_since=shipped.offensive_since if under_way else None,
                    forces=tuple(
                        replace(force, risings=EVERYWHERE if everywhere else ())
                        for force in shipped.forces
                    ),
                )
                run = ran(scenario, replicas)
                found.append(
                    {
                        "issued": issued.isoformat(),
                        "offensive_since": under_way,
                        "risings_everywhere": everywhere,
                        "every": marks(run),
                        "held": marks(run, held=True),
                    }
                )
    return found


def second_front(replicas: int = 1000) -> list[Figure]:
    """The same keys on another front, which the model was never shaped on.

    What the SNA takes from the SDF, from the prior. Few places, of which not all fell.
    """
    found = []
    for issued in (*ISSUED.values(), date(2024, 12, 8)):
        shipped = front(issued)
        other = replace(shipped.forces[0], actors=("sna",), against=("sdf",))
        run = ran(replace(shipped, forces=(other,)), replicas)
        told = {"every": marks(run), "held": marks(run, held=True)}
        found.append({"issued": issued.isoformat(), **told})
    return found


def _taker(name: str) -> Callable[..., Figure]:
    def take(rounds: int = 1, replicas: int = 1000, bank: int | None = None) -> Figure:
        return skill(name, rounds, replicas, bank)

    return take


FIGURES: dict[str, Callable[..., Figure]] = {name: _taker(name) for name in ISSUED}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--replicas", type=int, default=1000)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--structure", action="store_true")
    kinds.add_argument("--second-front", action="store_true")
    options = parser.parse_args()
    if options.structure:
        found = structure(options.replicas)
    elif options.second_front:
        found = second_front(options.replicas)
    else:
        found = [skill(name, options.rounds, options.replicas) for name in ISSUED]
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
