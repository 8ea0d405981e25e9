"""The front of a report: its answer, how far to trust it, chart, map, people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from chronicle.domain.table import Table
from chronicle.domain.views import coarse
from chronicle.experiments.arms import Arm
from chronicle.report.charts import errors_chart, fallen_chart
from chronicle.report.counts import counts_figure
from chronicle.report.drawing.chances import CHANCES
from chronicle.report.drawing.words import day_words
from chronicle.report.markup import keys, table
from chronicle.report.pool import pool_sentences
from chronicle.report.sentences import answer, trust
from chronicle.report.svg_map import SvgPlace, SvgRoad, svg_map
from chronicle.report.warnings import people_left_out
from chronicle.verification.intervals import order_statistics

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = ["front", "hosted_by_province"]

# Days later by at least the first number: Tol's sunset scheme, sooner warm, later cold.
LATER = (
    (3.0, "3 days later and more", "#364B9A"),
    (1.0, "1 to 3 days later", "#6EA6CD"),
    (0.0, "less than a day later", "#C2E4EF"),
    (-1.0, "less than a day sooner", "#FEDA8B"),
    (-3.0, "1 to 3 days sooner", "#F67E4B"),
    (-math.inf, "3 days sooner and more", "#A50026"),
)
UNTOLD = ("no difference can be told", "#FFFFFF")
NOT_ASKED = ("not at risk", "#CFCFCB")
LEVELS = (0.05, 0.5, 0.95)
NO_PROVINCE = "province not told"
MOST_MAPS = 2


def front(run: Run, alarms: str) -> str:
    """All that comes before the tables; *alarms* stand right below the answer."""
    last = day_words(run.question.days[-1])
    parts = [
        '<div class="answer">',
        *(f"<p>{escape(said)}</p>" for said in answer(run)),
        f"</div>{alarms}",
        "<h2>How far to trust it</h2>",
        f"<p>{escape(' '.join(trust(run)))}</p>",
        *(f"<p>{escape(said)}</p>" for said in pool_sentences(run)),
        _figure(errors_chart(run), "Mean error (CRPS) in days; shorter is better."),
    ]
    arms = "one arm" if len(run.arms) == 1 else "all arms in one"
    parts += [
        f"<h2>Places fallen by day, {arms}</h2>",
        _figure(
            fallen_chart(run),
            "Line: the middle replica. Band: nine replicas in ten. "
            + ("Dashed: recorded since. " if run.verdict else "")
            + "Point at a day for its numbers.",
        ),
        *_maps(run, last),
        _arrivals(run, last),
    ]
    return "".join(parts)


def _figure(svg: str, words: str) -> str:
    if not svg:
        return ""
    return f"<figure>{svg}<figcaption>{escape(words)}</figcaption></figure>"


def _maps(run: Run, last: str) -> list[str]:
    """Where an arm makes a difference; of a baseline alone the chance of a fall."""
    if len(run.arms) == 1:
        return _chance_map(run, last)
    found = []
    for arm in run.arms[1 : 1 + MOST_MAPS]:
        of = "" if len(run.arms) == 2 else f": {escape(arm.label)}"
        found.append(f"<h2>Where it makes a difference{of}</h2>")
        found.append(_difference_map(run, arm, last))
    return found


def _difference_map(run: Run, arm: Arm, last: str) -> str:
    told = run.comparison(arm.label).arrivals
    middle = [
        order_statistics(one.samples(run.question), (0.5,))[0]
        for one in (run.arms[0], arm)
    ]
    looks: dict[int, tuple[str, str]] = {}
    for at, row in enumerate(run.question.rows):
        mean, half = float(told.mean[at]), float(told.half_width[at])
        days = [run.question.day_or_never(float(one[at])) for one in middle]
        said = f"{days[0]} in the middle of the baseline, {days[1]} in {arm.label}"
        if told.same[at] == 1.0 or not abs(mean) > half:
            looks[row] = UNTOLD[1], f"{UNTOLD[0]}; {said}"
            continue
        colour = next(colour for least, _, colour in LATER if mean >= least)
        low, high = float(told.quantiles[0, at]), float(told.quantiles[2, at])
        way = "later" if mean > 0 else "sooner"
        span = f"{low:+.0f} to {high:+.0f}"
        looks[row] = colour, f"{abs(mean):.1f} days {way} ({span}); {said}"
    svg = _map(run, looks, f"By how many days {arm.label} delays each place")
    seen = {colour for colour, _ in looks.values()}
    shown = [(w, c) for _, w, c in LATER if c in seen] + [UNTOLD, NOT_ASKED]
    words = (
        f"Mean difference in the day of the fall, counted to {last}, against the "
        "baseline. Point at a place for its days."
    )
    return keys(shown) + _figure(svg, words)


def _chance_map(run: Run, last: str) -> list[str]:
    chances = run.chance_by_day()[:, -1].tolist()
    looks = {}
    for row, chance in zip(run.question.rows, chances, strict=True):
        colour = next(colour for bound, _, colour in CHANCES if chance < bound)
        looks[row] = colour, f"{chance:.0%} fallen by {last}"
    seen = {colour for colour, _ in looks.values()}
    shown = [(w, c) for _, w, c in CHANCES if c in seen] + [NOT_ASKED]
    svg = _map(run, looks, f"Chance of having fallen by {last}")
    words = "A chance is a share of replicas. Point at a place for its own."
    return [
        f"<h2>Chance of having fallen by {escape(last)}</h2>",
        keys(shown) + _figure(svg, words),
    ]


def _map(run: Run, looks: dict[int, tuple[str, str]], said: str) -> str:
    """The places of the run in the colours of *looks*, by row; others are grey."""
    places, at = [], {}
    for row, id_ in enumerate(run.question.settlements):
        known = run.start.references.settlements[id_]
        lat, lon = coarse(known.lat, known.lon, known.sensitivity)
        if lat is None or lon is None:
            continue
        colour, words = looks.get(row, (NOT_ASKED[1], NOT_ASKED[0]))
        at[id_] = lat, lon
        places.append(
            SvgPlace(
                name=run.question.labels[id_],
                lat=lat,
                lon=lon,
                colour=colour,
                said=words,
                population=known.population,
            )
        )
    routes = run.start.references.routes.values()
    roads: list[SvgRoad] = [
        (at[route.settlement_a], at[route.settlement_b])
        for route in routes
        if route.settlement_a in at and route.settlement_b in at
    ]
    return f'<div class="wide">{svg_map(places, roads, said)}</div>' if places else ""


def _arrivals(run: Run, last: str) -> str:
    """Where people arrive, by province; shares only where the numbers are known bad."""
    if not run.arms[0].results.hosted_by_day.size:
        return ""
    why = people_left_out(run)
    head = f"<h2>Where people are on {escape(last)}, by province</h2>"
    if not why:
        words = (
            "People displaced since the branch, in the middle replica and nine in ten."
        )
        told = table(hosted_by_province(run, shares=False))
        return f"{head}<p>{words}</p>{told}{counts_figure(run)}"
    words = (
        f"No numbers: {escape(why)}. What the model says of where they go, as shares "
        "of all whom it displaces:"
    )
    return f"{head}<p>{words}</p>" + table(hosted_by_province(run, shares=True))


def hosted_by_province(run: Run, *, shares: bool) -> Table:
    """Displaced people in each province on the last day: median, 5 and 95 % by arm.

    With *shares* in per cent of all whom a replica displaces. Provinces by the greatest
    median of the baseline; those without anybody are left out.
    """
    names = [_province(run, id_) for id_ in run.question.settlements]
    provinces = sorted(set(names))
    member = np.array([[name == p for name in names] for p in provinces], dtype=float)
    columns: list[list[tuple[float, float, float]]] = []
    for arm in run.arms:
        last = arm.results.hosted_by_day[:, -1, :].astype(np.float64)
        people = last @ member.T
        if shares:
            people = 100 * people / np.maximum(people.sum(axis=1, keepdims=True), 1.0)
        columns.append([tuple(row) for row in order_statistics(people, LEVELS).T])
    order = sorted(
        range(len(provinces)), key=lambda at: (-columns[0][at][1], provinces[at])
    )
    rows = [
        (provinces[at], *(_range(column[at], shares) for column in columns))
        for at in order
        if any(column[at][2] > 0 for column in columns)
    ]
    unit = "share of displaced people" if shares else "displaced people"
    header = f"WHAT-IF: {unit} on {run.question.days[-1]}: median (5–95 %)"
    return Table(("province", *(arm.label for arm in run.arms)), rows, header)


def _province(run: Run, id_: str) -> str:
    known = run.start.references.settlements[id_]
    return known.admin1 or known.admin1_pcode or NO_PROVINCE


def _range(told: Sequence[float], shares: bool) -> str:
    low, middle, high = (round(value) for value in told)
    unit = " %" if shares else ""
    return f"{middle:,}{unit} ({low:,}–{high:,})"
