"""A run as the page shows it: chances by day, people arriving, one replica as a branch.

What is published, each arm by its mechanism, where people are, and a replica of each
arm, which the page replays by the rules by which it replays the record.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chronicle.api import Chronicle, open_chronicle
from chronicle.experiments.arms import Arm, ForecastTask, chosen_replicas
from chronicle.experiments.files import Kept, read_run
from chronicle.verification.intervals import order_statistics
from chronicle.web.payload import payload

__all__ = ["ensemble_document"]

_DAY_ZERO: Final = date(1970, 1, 1)
DECIMALS: Final = 3  # of a chance; a thousand replicas tell no finer
PER_MILLE: Final = 1000  # a share, where the numbers of people are not to be shown
LEVELS: Final = (0.05, 0.95)
_OF_A_PLACE: Final = ("rows", "id", "registered", "published")

Numbers = NDArray[np.float64]


def ensemble_document(folder: Path, provinces: dict[str, str]) -> dict[str, object]:
    """The run in *folder*; raises `InputError` where there is no whole one.

    `chances[place][n]` is that of having fallen by the end of the n-th day from `from`,
    the day of the branch; `published` the same of the published pool, null where the
    mechanism stands alone. `people` has those away from home at the end of the n-th day
    after the branch, by place and by province, in persons, or in thousandths of all
    where `no_people` says why persons are not shown. *provinces* are by settlement.
    """
    run = read_run(folder)
    question = run.question
    return {
        "title": run.scenario.title or run.scenario.id,
        "replicas": run.scenario.replicas,
        "seed": run.scenario.seed,
        "from": (question.branch_at - _DAY_ZERO).days,
        "until": (question.days[-1] - _DAY_ZERO).days,
        "settlements": list(question.at_risk),
        "published": run.published_chances,
        "no_people": run.no_people,
        "arms": [_arm(arm, run, provinces) for arm in run.arms],
    }


def _arm(arm: Arm, run: Kept, provinces: dict[str, str]) -> dict[str, object]:
    return {
        "label": arm.label,
        "chances": arm.chances(run.question).round(DECIMALS).tolist(),
        "people": _people(arm, run.question, provinces, shares=run.no_people != ""),
        "branch": _branch(arm, run),
    }


def _people(
    arm: Arm, question: ForecastTask, provinces: dict[str, str], *, shares: bool
) -> dict[str, object] | None:
    """Where people are by day: mean, and nine replicas in ten; None in a run without.

    Places and provinces without anybody on any day are left out.
    """
    by_day = arm.results.hosted_by_day
    if not by_day.size:
        return None
    people = by_day.astype(np.float64)  # (R, D, n)
    scale: Numbers = np.ones(people.shape[:2])
    if shares:
        scale = PER_MILLE / np.maximum(people.sum(axis=2), 1.0)
    names = [provinces.get(id_, "") for id_ in question.settlements]
    groups = sorted(set(names))
    rows = [np.array([name == group for name in names]) for group in groups]
    return {
        "places": _told(
            list(question.settlements), lambda at: people[:, :, at] * scale
        ),
        "provinces": _told(
            groups, lambda at: people[:, :, rows[at]].sum(axis=2) * scale
        ),
    }


def _told(names: list[str], of: Callable[[int], Numbers]) -> dict[str, list[object]]:
    """Columns of *names* and their mean, low and high by day, whole numbers."""
    found: dict[str, list[object]] = {"name": [], "mean": [], "low": [], "high": []}
    for at, name in enumerate(names):
        values = of(at)
        low, high = order_statistics(values, LEVELS).round()
        mean = values.mean(axis=0).round()
        if not high.any() and not mean.any():
            continue
        found["name"].append(name)
        for column, told in (("mean", mean), ("low", low), ("high", high)):
            found[column].append(told.astype(int).tolist())
    return found


def _branch(arm: Arm, run: Kept) -> dict[str, object] | None:
    """The middle one of the replicas that were kept as chronicles; None without any."""
    kept = {
        int(path.stem.rpartition("-")[2]): path
        for path in (run.path / "branches").glob(f"{arm.slug}-*.chronicle")
        if path.stem.removeprefix(f"{arm.slug}-").isdigit()
    }
    if not kept:
        return None
    (middle,) = chosen_replicas(arm, 1)
    number = middle if middle in kept else min(kept)
    with open_chronicle(kept[number]) as told:
        return {"replica": number, "record": _slim(told)}


def _slim(branch: Chronicle) -> dict[str, object]:
    """The branch without what its record says already of places and roads."""
    told = payload(branch.log(), name=branch.name, what_if=branch.what_if)
    known = told["settlements"]
    assert isinstance(known, dict)
    told["settlements"] = {name: known[name] for name in _OF_A_PLACE if name in known}
    return told | {"routes": {"rows": 0}}
