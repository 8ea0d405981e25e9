"""The published forecast over the league of cases, against the best simple one.

    python benchmarks/fronts_crps.py

Each fold is left out of the weights that its branch days are forecast with.
"""

from __future__ import annotations

import json
from typing import Any

from chronicle.experiments.evaluate import evaluate
from chronicle.experiments.league import chosen_cases
from chronicle.experiments.league_tables import (
    against_best,
    best_reference,
    of_regime,
    regime_record,
)

__all__ = ["take"]

SIDE = (0.7, 1.5)  # falls said for one seen


def take(
    rounds: int = 1, replicas: int = 200, first: int = 0, count: int | None = None
) -> dict[str, Any]:
    """The figure: mean CRPS over all branch days, and by kind of branch day.

    *first* and *count* choose cases of the league, in its order. It is the same in
    every round, so *rounds* does not matter.
    """
    cases = chosen_cases(())[first:]
    days = evaluate(cases[:count], replicas=replicas)
    name, theirs = best_reference(days)
    apart = against_best(days)
    every = regime_record(days, "every")
    assert every is not None
    ratio = every.crps / theirs
    said = every.said / max(every.seen, 1)
    low, high = SIDE
    regimes = {}
    for regime in ("static", "slow", "moving"):
        chosen = of_regime(days, regime)
        one = regime_record(days, regime)
        if one is not None:
            best, crps = best_reference(chosen)
            told = {"days": one.days, "crps": one.crps, "best": best, "best_crps": crps}
            regimes[regime] = told
    return {
        "name": "fronts.crps",
        "value": every.crps,
        "unit": "days of CRPS",
        "ratio": round(ratio, 4),
        "against": f"the best simple forecast over all ({name})",
        "goal": f"<= 1.0, falls said for one seen {low} to {high}",
        "met": ratio <= 1.0 and low <= said <= high,
        "n": len(days),
        "difference": [apart.mean, apart.low, apart.high],
        "falls_said_for_one_seen": round(said, 3),
        "mechanism": every.mechanism,
        "cover_90": every.coverage_90,
        "total_90": every.count_90,
        "regimes": regimes,
    }


if __name__ == "__main__":
    print(json.dumps(take(), indent=1))
