"""How the baselines score on the bundled case, issued on three days without hindsight.

    python benchmarks/backtest_baselines.py [--horizon 14] [--replicas 1000]

Fitted on what was published by the branch date, scored against the record as it is now,
on every settlement that the government then held as published. Settlements that were
out by then as one knows now, unknown to any source of the day, are scored in a second
table without them. Prints one JSON object with --json.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

import chronicle as ch
from chronicle.verification.comparison import compare_scores
from chronicle.verification.distances import by_road
from chronicle.verification.observed import (
    arrivals_after,
    past_of,
    roads_of,
    states_by_day,
)
from chronicle.verification.outcomes import Arrivals, Forecast
from chronicle.verification.reference_forecasts import (
    constant_radius,
    constant_radius_spread,
    reference_forecasts,
)
from chronicle.verification.scores import score
from crow_flies import as_the_crow_flies

DATA = Path(__file__).resolve().parents[1] / "scenarios" / "syria-2024" / "data"
FIRST = date(2024, 11, 26)
BRANCHES = (date(2024, 11, 30), date(2024, 12, 3), date(2024, 12, 5))
DEFENDERS = ("gov",)
ATTACKERS = ("hts", "sna", "sor", "sfa", "suwayda-local")


def forecasts(
    events: list[Any], branch: date, horizon: int, replicas: int
) -> tuple[Forecast, ...]:
    """The baselines, by road and, for the radius, as the crow flies too."""
    past = past_of(
        events, since=FIRST, branch=branch, defenders=DEFENDERS, attackers=ATTACKERS
    )
    (state,) = states_by_day(events, branch, branch, published_by=branch)
    roads = roads_of(state)
    places = [state.references.settlements[id_] for id_ in past.settlements]
    flies = as_the_crow_flies([p.lat for p in places], [p.lon for p in places])
    straight = [
        Forecast(
            name=f"{made.name} (great circle)",
            settlements=made.settlements,
            samples=made.samples,
            parameters=made.parameters,
        )
        for made in (constant_radius(past, flies), constant_radius_spread(past, flies))
    ]
    reach = by_road(roads)
    of_roads = reference_forecasts(
        past, roads, reach, horizon, replicas=replicas, seed=1
    )
    return *of_roads, *straight


def table(
    made: tuple[Forecast, ...], truth: Arrivals, groups: dict[str, str]
) -> list[dict[str, Any]]:
    """The scores of each forecast, and its difference to the best of them."""
    scored = [score(forecast, truth) for forecast in made]
    best = min(scored, key=lambda one: float(one.crps.mean()))
    rows = []
    for forecast, one in zip(made, scored, strict=True):
        apart = compare_scores(
            one.crps,
            best.crps,
            truth.settlements,
            groups=[groups[id_] for id_ in truth.settlements],
        )
        rows.append(
            {
                **one.summary(),
                "parameters": {k: round(v, 4) for k, v in forecast.parameters.items()},
                "best": one is best,
                "over_best": [apart.mean, apart.low, apart.high],
            }
        )
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """A table for people."""
    print(
        f"  {'forecast':44}  CRPS d  Brier    log  cov50  cov90  pit50  pit90"
        "  over the best [90 %, provinces]"
    )
    for row in rows:
        low, mid, high = row["over_best"][1], row["over_best"][0], row["over_best"][2]
        told = "best" if row["best"] else f"{mid:+.2f} [{low:+.2f}, {high:+.2f}]"
        print(
            f"  {row['forecast']:44}  {row['crps']:6.2f}  {row['brier']:5.3f}"
            f"  {row['log']:5.2f}  {row['cover_50']:5.2f}  {row['cover_90']:5.2f}"
            f"  {row['pit_50']:5.2f}  {row['pit_90']:5.2f}  {told}  "
            + ", ".join(f"{k} {v:g}" for k, v in row["parameters"].items())
        )


def main() -> None:
    """Import, fit, score, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--horizon", type=int, default=14)
    parser.add_argument("--replicas", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    log = ch.memory()
    log.import_folder(DATA)
    events = list(log.log())
    groups = {
        id_: place.admin1_pcode or place.admin1 or id_
        for id_, place in log.references().settlements.items()
    }
    found: dict[str, Any] = {"horizon": given.horizon, "issued": {}}
    for branch in BRANCHES:
        start = time.perf_counter()
        truth = arrivals_after(
            events, branch=branch, horizon_days=given.horizon, defenders=DEFENDERS
        )
        made = forecasts(events, branch, given.horizon, given.replicas)
        held = ~truth.already
        parts = {
            "all at risk as published": table(made, truth, groups),
            "without those already out": table(
                tuple(forecast.take(held) for forecast in made),
                truth.take(~truth.already),
                groups,
            ),
        }
        found["issued"][str(branch)] = parts
        if given.json:
            continue
        took = time.perf_counter() - start
        print(f"\nIssued {branch}, horizon {given.horizon} days ({took:.1f} s)")
        for name, rows in parts.items():
            fell = int(np.isfinite(truth.observed).sum())
            out = int(truth.already.sum())
            if name.startswith("without"):
                fell -= out
            print(f" {name}: {rows[0]['settlements']} settlements, {fell} fell")
            show(rows)
    if given.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
