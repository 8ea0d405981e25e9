"""What a league says, as tables: by kind of branch day, day by day, how reliable."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from chronicle.domain.table import Table
from chronicle.experiments.evaluate import REGIMES, DayScores
from chronicle.verification.comparison import ScoreDifference, compare_scores
from chronicle.verification.pools import LeagueRecord, RegimeRecord, SettingsPool

__all__ = [
    "against_best",
    "best_reference",
    "days_table",
    "of_regime",
    "pit_table",
    "record_of",
    "regime_record",
    "regimes_table",
    "reliability_table",
    "weights_table",
]

WORSE = (0.1, 0.05)  # by a tenth, and by that many days: worse than a reference
_BINS = (0.0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


def of_regime(days: Sequence[DayScores], regime: str) -> list[DayScores]:
    """The branch days of that kind; all for *every*."""
    return [one for one in days if regime in ("every", one.forecast.regime)]


def best_reference(days: Sequence[DayScores]) -> tuple[str, float]:
    """The reference with the least mean CRPS over *days*, and that mean."""
    names = list(days[0].crps_by_reference)
    means = {
        name: float(np.mean([one.crps_by_reference[name] for one in days]))
        for name in names
    }
    best = min(names, key=lambda name: means[name])
    return best, means[best]


def regime_record(days: Sequence[DayScores], regime: str) -> RegimeRecord | None:
    """The means over the branch days of that kind; None without one."""
    chosen = of_regime(days, regime)
    if not chosen:
        return None
    places = np.concatenate([one.model.covered[90] for one in chosen])
    fronts = {
        (one.forecast.day.case.id, one.forecast.day.front.attackers) for one in chosen
    }
    names = list(chosen[0].crps_by_reference)
    return RegimeRecord(
        regime=regime,
        days=len(chosen),
        fronts=len(fronts),
        crps=_mean([one.crps for one in chosen]),
        mechanism=_mean([float(one.mechanism.crps.mean()) for one in chosen]),
        references={
            name: _mean([one.crps_by_reference[name] for one in chosen])
            for name in names
        },
        said=round(sum(one.total.said for one in chosen), 1),
        seen=sum(one.forecast.fell for one in chosen),
        coverage_90=round(float(places.mean()), 4),
        count_90=_mean([float(one.total.covered[90]) for one in chosen]),
    )


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def record_of(days: Sequence[DayScores]) -> LeagueRecord:
    """How *days* went, by kind."""
    found = [regime_record(days, regime) for regime in REGIMES]
    return LeagueRecord(regimes=tuple(one for one in found if one is not None))


def against_best(days: Sequence[DayScores]) -> ScoreDifference:
    """The pool's CRPS less that of the best single reference, by branch day.

    The interval resamples whole folds, as forecasts of one campaign err together.
    """
    name, _ = best_reference(days)
    return compare_scores(
        [one.crps for one in days],
        [one.crps_by_reference[name] for one in days],
        [one.forecast.day.name for one in days],
        groups=[one.forecast.day.case.fold for one in days],
    )


def regimes_table(days: Sequence[DayScores]) -> Table:
    """A row for each kind of branch day: means, worst, falls, coverage."""
    names = list(days[0].crps_by_reference)
    columns = (
        *("regime", "days", "fronts", "crps", "best_reference", "best", "ratio"),
        *("worst", "near", "crps_total", "said", "seen", "log"),
        *("cover_50", "cover_90", "total_50", "total_90", "mechanism", *names),
    )
    rows: list[tuple[object, ...]] = []
    for regime in REGIMES:
        chosen = of_regime(days, regime)
        record = regime_record(days, regime)
        if record is None:
            continue
        best, theirs = best_reference(chosen)
        near = [one.crps_near for one in chosen if one.crps_near is not None]
        inside = np.concatenate([one.model.covered[50] for one in chosen])
        log = np.concatenate([one.model.log for one in chosen])
        rows.append(
            (
                *(regime, record.days, record.fronts, record.crps, best),
                *(round(theirs, 4), round(record.crps / theirs, 3) if theirs else None),
                round(max(one.crps for one in chosen), 4),
                _mean(near) if near else None,
                *(_mean([one.total.crps for one in chosen]), record.said, record.seen),
                *(round(float(log.mean()), 4), round(float(inside.mean()), 4)),
                record.coverage_90,
                _mean([float(one.total.covered[50]) for one in chosen]),
                record.count_90,
                record.mechanism,
                *record.references.values(),
            )
        )
    apart = against_best(days)
    worse = [one for one in days if _clearly_worse(one, best_reference(days)[0])]
    notes = [
        "CRPS in days, 0 is best, means over branch days; near: places within 30 km of "
        "the front by road; crps_total: of the count of falls, in places",
        f"against {best_reference(days)[0]}: {apart.mean:+.4f} days ({apart.low:+.4f} "
        f"to {apart.high:+.4f} at {apart.level:.0%}, {apart.groups} folds resampled); "
        f"worse by a tenth and {WORSE[1]} d on {len(worse)} of {len(days)} days",
    ]
    header = (
        f"{len(days)} branch days; each fold is left out of the weights that it is "
        "forecast with"
    )
    return Table(columns, rows, header, notes)


def _clearly_worse(one: DayScores, name: str) -> bool:
    theirs = one.crps_by_reference[name]
    return one.crps > theirs * (1 + WORSE[0]) and one.crps > theirs + WORSE[1]


def days_table(days: Sequence[DayScores]) -> Table:
    """A row a branch day."""
    found = [one.row() for one in days]
    rows = [
        tuple(round(v, 4) if isinstance(v, float) else v for v in row.values())
        for row in found
    ]
    return Table(tuple(found[0]), rows, "Each branch day, in the order of the league")


def reliability_table(days: Sequence[DayScores]) -> Table:
    """How often places fell by the horizon, by the chance that was published."""
    chance = np.concatenate([one.forecast.published.chances[:, -1] for one in days])
    fell = np.concatenate([np.isfinite(one.forecast.truth.observed) for one in days])
    rows: list[tuple[object, ...]] = []
    for low, high in pairwise(_BINS):
        inside = (chance >= low) & ((chance < high) | (high == 1.0))
        count = int(inside.sum())
        if count:
            said, seen = float(chance[inside].mean()), float(fell[inside].mean())
            rows.append((low, high, count, round(said, 4), round(seen, 4)))
    columns = ("from", "to", "places", "said", "fell")
    return Table(columns, rows, "Reliability: chance of falling by the horizon")


def pit_table(days: Sequence[DayScores]) -> Table:
    """Tenths of the randomised PIT of places and the total; a tenth each is honest."""
    places = np.concatenate([one.model.pit for one in days])
    totals = np.array([one.total.pit for one in days])
    edges = np.linspace(0.0, 1.0, 11)
    shares = [np.histogram(v, edges)[0] / len(v) for v in (places, totals)]
    rows = [
        (round(float(low), 1), round(float(a), 4), round(float(b), 4))
        for low, a, b in zip(edges[:-1], *shares, strict=True)
    ]
    return Table(("from", "places", "total"), rows, "PIT: shares by tenth")


def weights_table(settings: str, pool: SettingsPool) -> Table:
    """The weight of each member, and its range over the folds left out."""
    rows = []
    for name, share in pool.weights.members.items():
        others = [one.weights.members[name] for one in pool.without] or [share]
        rows.append((name, round(share, 4), min(others), max(others)))
    a, b = pool.weights.beta
    drawn = "fitted to each day" if settings == "fitted" else "from its prior"
    header = f"Weights with a mechanism {drawn}; beta {a:g}, {b:g}"
    notes = ["least, most: over the weights with one fold left out"]
    return Table(("member", "weight", "least", "most"), rows, header, notes)
