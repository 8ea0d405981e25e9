"""The answer of a run in sentences that can be read aloud, and how far to trust it.

A difference is told only where its mean exceeds the half width of its 95 % interval
over pairs of replicas, which stands behind it in brackets. Other ranges hold nine
replicas in ten.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from chronicle.experiments.arms import SHARES, Arm
from chronicle.report.drawing.words import day_words
from chronicle.report.pool import whose
from chronicle.report.warnings import people_left_out
from chronicle.verification.comparison import Paired, paired
from chronicle.verification.intervals import order_statistics

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = ["answer", "arm_answer", "trust"]

MOST_PLACES = 3  # that an answer names
LARGE = 50_000  # people of a place that is named for its own sake
NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve"),
)


def answer(run: Run) -> list[str]:
    """What the run says, a sentence each; the arms one after the other."""
    if not run.question.rows:
        return ["No place is at risk: none is held by those who are attacked."]
    if not len(run.network.distance_km):
        return [
            "The record has no routes: no force can reach any place, so none can fall."
        ]
    if len(run.arms) == 1:
        return _baseline(run)
    return [
        said if len(run.arms) == 2 else f"{arm.label}: {said}"
        for arm in run.arms[1:]
        for said in arm_answer(run, arm)
    ]


def _baseline(run: Run) -> list[str]:
    """What happens without any intervention."""
    samples = run.samples()
    low, middle, high = _whole(np.isfinite(samples).sum(axis=1))
    last = _day(run.question.days[-1])
    places = len(run.question.rows)
    found = [
        f"Left to itself, {middle} of the {places:,} places at risk fall by {last} in "
        f"the middle replica ({_span(low, high)} in nine of ten)."
    ]
    found += [_when(run, samples, at) for at in _large(run)[:MOST_PLACES]]
    return [*found, *_people_alone(run)]


def _when(run: Run, samples: np.ndarray, at: int) -> str:
    """When one place falls."""
    name = run.question.labels[run.question.at_risk[at]]
    low, _, middle, _, high = order_statistics(samples[:, [at]], SHARES)[:, 0].tolist()
    never = float(np.isinf(samples[:, at]).mean())
    if not math.isfinite(middle):
        last = _day(run.question.days[-1])
        return f"{name} holds to {last} in {never:.0%} of the replicas."
    told = (
        "has fallen by the branch" if middle <= 0 else f"falls by {_date(run, middle)}"
    )
    if math.isfinite(high):
        span = f"{_date(run, low)} to {_date(run, high)}" if low != high else ""
    else:
        span = f"from {_date(run, low)} on; not at all in {never:.0%}"
    return f"{name} {told} in half of the replicas{f' ({span})' if span else ''}."


def _people_alone(run: Run) -> list[str]:
    if why := people_left_out(run):
        return [f"Of displaced people nothing is said: {why}."]
    if not run.arms[0].results.displaced.size:
        return []
    low, middle, high = _whole(run.arms[0].results.displaced[:, -1])
    return [
        f"{middle:,} people are displaced on the last day ({_span(low, high)}), "
        "counted since the branch."
    ]


def arm_answer(run: Run, arm: Arm) -> list[str]:
    """What one arm changes against the baseline, a sentence each."""
    told = run.comparison(arm.label)
    if told.arrivals.replicas == 1:
        return ["One replica cannot tell an effect from chance."]
    if bool((told.arrivals.same == 1.0).all()):
        found = ["No place falls on another day."]
    else:
        places = _named_places(run, arm)
        found = [_later(run, told.arrivals, at) for at in places]
        found.append(_fallen(run, arm))
    return [*found, *_people_changed(run, told.people_days)]


def _named_places(run: Run, arm: Arm) -> list[int]:
    """The places that the arm is about, then large ones that it changes most."""
    at_risk = list(run.question.at_risk)
    ensemble = run.ensembles[run.arms.index(arm)]
    about = [
        at_risk.index(id_)
        for one in ensemble.interventions
        if one.kind in ("hold", "reinforce", "transfer")
        for id_ in one.places
        if id_ in at_risk
    ]
    one = run.comparison(arm.label).arrivals
    large = [at for at in _large(run) if _is_clear(one, at)]
    large.sort(key=lambda at: -abs(float(one.mean[at])))
    return list(dict.fromkeys([*about, *large]))[:MOST_PLACES]


def _large(run: Run) -> list[int]:
    """Places at risk with many people, those with most first; else all, by size."""
    people = [run.question.populations[row] or 0 for row in run.question.rows]
    order = sorted(range(len(people)), key=lambda at: (-people[at], at))
    return [at for at in order if people[at] >= LARGE] or order


def _is_clear(one: Paired, at: int) -> bool:
    return bool(abs(one.mean[at]) > one.half_width[at])


def _later(run: Run, one: Paired, at: int) -> str:
    """By how many days one place falls later, or sooner."""
    name = run.question.labels[run.question.at_risk[at]]
    if not _is_clear(one, at):
        return f"Of when {name} falls no difference can be told."
    mean = float(one.mean[at])
    half = float(one.half_width[at])
    way = "later" if mean > 0 else "sooner"
    days = f"{abs(mean):.1f}"
    unit = "day" if days == "1.0" else "days"
    low, high = abs(mean) - half, abs(mean) + half
    return f"{name} falls {days} {unit} {way} ({low:.1f}–{high:.1f})."


def _fallen(run: Run, arm: Arm) -> str:
    """How many fewer places fall, or more."""
    base, ours = (
        np.isfinite(one.samples(run.question)).sum(axis=1) for one in (run.arms[0], arm)
    )
    one = paired(base[:, None], ours[:, None], target_half_width=1.0)
    last = _day(run.question.days[-1])
    if not _is_clear(one, 0):
        return f"Of how many places fall by {last} no difference can be told."
    mean = float(one.mean[0])
    half = float(one.half_width[0])
    span = _span(round(abs(mean) - half), round(abs(mean) + half))
    count = round(abs(mean))
    way = "fewer" if mean < 0 else "more"
    if count == 0:
        return f"Hardly any place {way} falls by {last} ({span})."
    number = NUMBERS[count].capitalize() if count < len(NUMBERS) else f"{count:,}"
    places = "place falls" if count == 1 else "places fall"
    return f"{number} {way} {places} by {last} ({span})."


def _people_changed(run: Run, one: Paired | None) -> list[str]:
    if why := people_left_out(run):
        return [f"Of displacement nothing is said: {why}."]
    if one is None:
        return []
    if not _is_clear(one, 0):
        return ["Of displacement no difference can be told."]
    base = run.arms[0].people_days
    assert base is not None
    share = abs(float(one.mean[0])) / max(float(base.mean()), 1.0)
    way = "more" if one.mean[0] > 0 else "fewer"
    return [f"People spend {share:.0%} {way} days away from home over the run."]


def trust(run: Run) -> list[str]:
    """How the run stands against what was recorded and against simple forecasts."""
    brackets = (
        "In brackets stands the 95% interval of a mean difference over pairs of "
        "replicas; single replicas differ more. "
        if len(run.arms) > 1
        else ""
    )
    spread = (
        f"{brackets}The ranges are the spread of {whose(run)} under the assumptions "
        "below, not of all that may happen."
    )
    if run.verdict is None:
        told = run.no_verdict.removeprefix("no scores: ")
        return [f"It could not be held against the record: {told}.", spread]
    verdict = run.verdict
    best, apart = verdict.baselines[verdict.best], verdict.differences[verdict.best]
    ours, theirs = float(verdict.model.crps.mean()), float(best.crps.mean())
    lead, low, high = (-(x or 0.0) for x in (apart.mean, apart.high, apart.low))
    sure = low > 0 or high < 0
    which = "beats" if lead >= 0 else "is behind"
    found = (
        f"Held against what was recorded since, {whose(run)} {which} the best simple "
        f"forecast, “{best.name}”: its error is {ours:.1f} days, that of the other "
        f"{theirs:.1f}"
        if sure
        else f"Held against what was recorded since, {whose(run)} and the best simple "
        f"forecast, “{best.name}”, cannot be told apart: errors of {ours:.1f} and "
        f"{theirs:.1f} days"
    )
    held = float(verdict.summary()["cover_90"])
    ranges = (
        f"Its ranges of nine in ten held {held:.0%} of the recorded days"
        f"{': they are too narrow' if held < 0.8 else ''}."
    )
    return [f"{found} (mean CRPS; 0 is best).", ranges, *_lean(run), spread]


def _lean(run: Run) -> list[str]:
    """Whether the model was early or late on the middle place."""
    assert run.verdict is not None
    recorded = run.verdict.truth.observed
    samples = run.samples()
    middle = order_statistics(samples, (0.5,))[0]
    known = np.isfinite(recorded) & np.isfinite(middle)
    if known.sum() < 5:
        return []
    off = float(np.median(recorded[known] - middle[known]))
    if abs(off) < 1:
        return ["On the middle place it was neither early nor late."]
    way = "before" if off > 0 else "after"
    kind = "early" if off > 0 else "late"
    unit = "day" if abs(off) == 1 else "days"
    return [
        f"It was mostly {kind}: for the middle place it said {abs(off):.0f} {unit} "
        f"{way} the day on record."
    ]


def _whole(values: np.ndarray) -> tuple[int, int, int]:
    low, middle, high = order_statistics(values, (0.05, 0.5, 0.95)).tolist()
    return round(low), round(middle), round(high)


def _span(low: int, high: int) -> str:
    return f"{low:,}–{high:,}" if low != high else f"{low:,}"


def _date(run: Run, number: float) -> str:
    return _day(run.question.day(max(number, 0)))


def _day(day: date) -> str:
    """A day without its year, which the page has above: "14 December"."""
    return day_words(day).rpartition(" ")[0]
