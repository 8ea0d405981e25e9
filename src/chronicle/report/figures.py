"""The pictures of a run: where places fall, when, and how many people are displaced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chronicle.domain.table import Table
from chronicle.domain.views import coarse
from chronicle.experiments.arms import SHARES, Arm
from chronicle.report.drawing.chances import MapChance, draw_probability_map
from chronicle.report.drawing.forecasts import (
    ArrivalBands,
    PlotBin,
    draw_arrivals,
    draw_fan,
    draw_reliability,
)
from chronicle.report.drawing.page import Caption
from chronicle.report.drawing.words import short_day
from chronicle.verification.intervals import order_statistics

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = [
    "arms_svg",
    "assumptions",
    "curves_svg",
    "draw_run",
    "fallen_table",
    "greatest",
    "line_key",
    "seen_key",
    "titles",
]

EARLY = (
    "; on the branch day a bar is a fall by then, unreported, and a triangle one that "
    "is on record by now"
)
MOST_BARS = 12
MOST_CURVES = 12


def assumptions(run: Run) -> str:
    """What a picture must say of the model, in one line."""
    forces = "; ".join(
        f"{', '.join(force.actors)} against {', '.join(force.against)}"
        for force in run.scenario.forces
    )
    posterior = run.scenario.posterior
    if posterior is not None:
        drawn = (
            f"parameters fitted to what was published by {posterior.made.published_by}"
        )
    elif run.scenario.draw == "prior":
        drawn = "parameters drawn from their prior"
    else:
        drawn = "one setting of the parameters"
    return f"{forces}; {drawn}; {run.scenario.replicas:,} replicas; see the report"


def draw_run(run: Run, folder: Path) -> dict[str, Path]:
    """Draw all arms into *folder*; the files by a title, as `titles` has them."""
    found: dict[str, Path] = {}
    last = run.question.days[-1]
    marks: Any = {"seed": run.scenario.seed, "assumptions": assumptions(run)}
    people = run.arms[0].results.displaced.size > 0  # or none of the arms has them
    drawn = [
        order_statistics(arm.results.displaced, SHARES) if people else np.empty(0)
        for arm in run.arms
    ]
    highest = max((float(bands.max()) for bands in drawn if people), default=0.0)
    for arm, bands in zip(run.arms, drawn, strict=True):
        chances, arrivals, displaced = titles(run, arm)
        path = folder / f"chances-{arm.slug}.png"
        asked = _caption(run, f"{arm.label}: chance by {last}")
        draw_probability_map(
            path, _map(run, arm), title=chances, caption=asked, **marks
        )
        found[chances] = path
        if bars := _bars(run, arm):
            path = folder / f"arrivals-{arm.slug}.png"
            days = [run.question.day(number) for number in _numbers(run)]
            early = EARLY if _numbers(run)[0] == 0 else ""
            asked = _caption(run, f"{arm.label}: day of the fall, to {last}{early}")
            draw_arrivals(path, days, bars, title=arrivals, caption=asked, **marks)
            found[arrivals] = path
        if people:
            path = folder / f"displaced-{arm.slug}.png"
            asked = _caption(run, f"{arm.label}: at the end of each day, to {last}")
            quantiles = {
                s: row.tolist() for s, row in zip(SHARES, bands.round(), strict=True)
            }
            draw_fan(
                path,
                run.question.days,
                quantiles,
                title=displaced,
                caption=asked,
                highest=highest,  # one scale, so that arms can be compared
                **marks,
            )
            found[displaced] = path
    if run.verdict is not None:
        bins = [
            PlotBin(forecast=b.forecast, observed=b.observed, count=b.count)
            for b in run.verdict.model.brier.bins
            if b.forecast is not None and b.observed is not None
        ]
        path = folder / "reliability.png"
        title = "How often what was forecast came true"
        asked = _caption(run, f"{run.arms[0].label}: chances by day, to {last}")
        draw_reliability(path, bins, title=title, caption=asked, **marks)
        found[title] = path
    return found


def titles(run: Run, arm: Arm) -> tuple[str, str, str]:
    """The titles of the pictures of an arm: chances, arrivals, people displaced."""
    return (
        f"Chance of having fallen by {run.question.days[-1]}: {arm.label}",
        f"When the largest places at risk fall: {arm.label}",
        f"People displaced since the branch: {arm.label}",
    )


def _caption(run: Run, asked: str) -> Caption:
    lens = run.scenario.lens
    return Caption(asked=asked, clock=_clock(run), lens=lens, licence=run.licence)


def _clock(run: Run) -> str:
    told = f"branched from the end of {run.scenario.branch_at}"
    if run.scenario.published_by is not None:
        told += f", as published by {run.scenario.published_by}"
    return f"{told}, position {run.start.position}"


def greatest(run: Run, most: int) -> list[int]:
    """Places at risk, as indices among them: those with the most people first."""
    people = [run.question.populations[row] or 0 for row in run.question.rows]
    order = sorted(range(len(people)), key=lambda at: (-people[at], at))
    return order[:most]


def _map(run: Run, arm: Arm) -> list[MapChance]:
    last = dict(
        zip(
            run.question.rows, run.chance_by_day(arm.label)[:, -1].tolist(), strict=True
        )
    )
    places = []
    for row, id_ in enumerate(run.question.settlements):
        known = run.start.references.settlements[id_]
        lat, lon = coarse(known.lat, known.lon, known.sensitivity)
        if lat is not None and lon is not None:
            places.append(
                MapChance(
                    name=known.name,
                    lat=lat,
                    lon=lon,
                    chance=last.get(row),
                    population=known.population,
                )
            )
    return places


def _numbers(run: Run) -> range:
    """The days of falls; day 0 where forces move or places had fallen by then."""
    already = run.verdict is not None and run.verdict.truth.already.any()
    early = already or run.scenario.offensive_since is not None
    return range(0 if early else 1, run.question.horizon_days + 1)


def _bars(run: Run, arm: Arm) -> list[ArrivalBands]:
    samples = run.samples(arm.label)
    observed = None if run.verdict is None else run.verdict.truth.observed
    names = run.question.labels
    bars = []
    for at in greatest(run, MOST_BARS):
        days = samples[:, at]
        shares = [float((days == number).mean()) for number in _numbers(run)]
        never = float(np.isinf(days).mean())
        seen = math.inf if observed is None else float(observed[at])
        bars.append(
            ArrivalBands(
                name=names[run.question.at_risk[at]],
                shares=shares,
                never=never,
                recorded=run.question.day(seen) if math.isfinite(seen) else None,
                is_recorded=observed is not None,
            )
        )
    return bars


WIDTH, HEIGHT, PAD = 220, 96, 18
HALF = 0.5  # days
# Lines of arms: dark enough on white, apart for colour-blind readers, each dashed in a
# way of its own; the ways outnumber the colours, so that 35 arms are told apart.
COLOURS = ("#332288", "#CC6677", "#117733", "#AA4499", "#882255")
DASHES = ("", "6 2", "2 2", "8 2 2 2", "1 3", "10 4", "4 1 1 1")


def curves_svg(run: Run, arm: Arm) -> list[tuple[str, str]]:
    """P(fallen by day) of the largest places: (name, an SVG that quotes nothing).

    A line for the arm, a paler one for the baseline, a mark at the recorded day, which
    for a place that had fallen by the branch is day 0.
    """
    ours, base = run.chance_by_day(arm.label), run.chance_by_day()
    found = []
    for at in greatest(run, MOST_CURVES):
        lines = "" if arm is run.arms[0] else _line(base[at].tolist(), "base")
        lines += _line(ours[at].tolist(), "ours")
        said = f"{ours[at, -1]:.0%} by the last day"
        found.append(_graph(run, at, lines, said))
    return found


def arms_svg(run: Run, places: Sequence[int]) -> list[tuple[str, str]]:
    """P(fallen by day) of *places* under all arms at once, in the lines of `line_key`.

    Places are indices among those at risk. Each is a name and an SVG.
    """
    chances = [run.chance_by_day(arm.label) for arm in run.arms]
    found = []
    for at in places:
        lines = "".join(
            _line(one[at].tolist(), "arm", look(number))
            for number, one in enumerate(chances)
        )
        last = ", ".join(f"{one[at, -1]:.0%}" for one in chances)
        found.append(_graph(run, at, lines, f"{last} by the last day, arm by arm"))
    return found


def look(number: int) -> str:
    """How the line of the n-th arm is drawn, as attributes; 0 is the baseline."""
    if number == 0:
        return ' stroke="#9db7cd" stroke-width="4"'
    number -= 1
    colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    return f' stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dashes}"'


def line_key(number: int) -> str:
    """A short line in the look of the n-th arm."""
    return (
        '<svg class="key" viewBox="0 0 34 8" aria-hidden="true">'
        f'<path class="arm" d="M1 4H33"{look(number)}/></svg>'
    )


def seen_key() -> str:
    """The mark of what was recorded, for a key."""
    return (
        '<svg class="key tall" viewBox="0 0 34 14" aria-hidden="true">'
        '<path class="seen" d="M17 3V14"/><path class="peak" d="M13.5 1h7l-3.5 6z"/>'
        "</svg>"
    )


def _graph(run: Run, at: int, lines: str, said: str) -> tuple[str, str]:
    """A place by name, and *lines* in axes with a mark at the recorded day."""
    horizon = run.question.horizon_days
    seen = math.inf
    if run.verdict is not None:
        seen = float(run.verdict.truth.observed[at])
    if math.isfinite(seen):
        lines += seen_mark(_x(seen, horizon))
    axes = f"M{PAD} {PAD}V{HEIGHT - PAD}H{WIDTH - PAD}"
    svg = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{said}"><title>{said}</title>'
        f'<path class="axes" d="{axes}"/>{lines}'
        f'<text x="2" y="{PAD + 4}">1</text>'
        f'<text x="2" y="{HEIGHT - PAD + 4}">0</text>'
        f'<text x="{PAD}" y="{HEIGHT - 4}">{short_day(run.question.day(0))}</text>'
        f'<text x="{WIDTH - 2}" y="{HEIGHT - 4}" text-anchor="end">'
        f"{short_day(run.question.day(horizon))}</text></svg>"
    )
    return run.question.labels[run.question.at_risk[at]], svg


def seen_mark(x: float) -> str:
    """The mark at what was recorded: a line with a triangle, unlike that of any arm."""
    top = f"M{x - 3.5:.1f} {PAD - 7}h7l-3.5 6z"
    return (
        f'<path class="seen" d="M{x:.1f} {PAD - 2}V{HEIGHT - PAD}"/>'
        f'<path class="peak" d="{top}"/>'
    )


def _x(day: float, horizon: int) -> float:
    """Half a day is left behind the last, whose step could not be seen else."""
    return PAD + (WIDTH - 2 * PAD) * day / (horizon + HALF)


def _line(chances: list[float], kind: str, more: str = "") -> str:
    """A staircase: the chance rises at the end of each day."""
    high = HEIGHT - 2 * PAD
    last = len(chances) - 1
    path = f"M{PAD} {HEIGHT - PAD - high * chances[0]:.1f}"
    for day, chance in enumerate(chances[1:], 1):
        path += f"H{_x(day, last):.1f}V{HEIGHT - PAD - high * chance:.1f}"
    path += f"H{_x(last + HALF, last):.1f}"
    return f'<path class="{kind}" d="{path}"{more}/>'


def fallen_table(run: Run, *, people: bool = True) -> Table:
    """How many places fall in each arm, and *people* displaced on the last day."""
    rows: list[tuple[str | int | None, ...]] = []
    for arm in run.arms:
        fallen = np.isfinite(run.samples(arm.label)).sum(axis=1)
        low, middle, high = order_statistics(fallen, (0.05, 0.5, 0.95)).tolist()
        displaced: tuple[int | None, ...] = (None, None, None)
        if arm.results.displaced.size:
            last = order_statistics(arm.results.displaced[:, -1], (0.05, 0.5, 0.95))
            displaced = tuple(round(value) for value in last.tolist())
        fell = arm.label, int(low), int(middle), int(high)
        rows.append((*fell, *displaced) if people else fell)
    columns: tuple[str, ...] = ("arm", "fallen_p05", "fallen_p50", "fallen_p95")
    header = f"WHAT-IF: places fallen by the end of {run.question.days[-1]}"
    if people:
        levels = ("p05", "p50", "p95")
        columns += tuple(f"displaced_on_last_day_{level}" for level in levels)
        header += ", and people displaced on that last day"
    return Table(columns, rows, header)
