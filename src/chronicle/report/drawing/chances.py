"""Maps of chances: what an ensemble of what-ifs says of each place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import UsageError
from chronicle.report.drawing.axes import mark_what_if
from chronicle.report.drawing.basemap import (
    MapRoute,
    Spot,
    draw_base,
    lay_out,
    name_spots,
    scale_entry,
)
from chronicle.report.drawing.legend import Entry, Section, draw_legend
from chronicle.report.drawing.marks import Sign, diameter, draw_signs, scale_of
from chronicle.report.drawing.page import Caption, Size, WhatIf, sheet
from chronicle.report.drawing.palette import Look, contrast
from chronicle.report.drawing.places import size_entries

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CHANCES", "MapChance", "draw_probability_map"]

LEGEND_WIDTH = 2.7  # inches
# Upper bounds and colours of chances: Tol's YlOrBr, light to dark also in grey.
CHANCES = (
    (0.05, "under 5 %", "#FFF7BC"),
    (0.25, "5 to 25 %", "#FEE391"),
    (0.50, "25 to 50 %", "#FB9A29"),
    (0.75, "50 to 75 %", "#CC4C02"),
    (0.95, "75 to 95 %", "#8C2D04"),
    (1.01, "95 % and over", "#4A1502"),
)
NO_CHANCE = Look("not asked: held already, or out of reach", "none", "#888888")


@dataclass(frozen=True, slots=True, kw_only=True)
class MapChance:
    """A settlement and the chance, 0 to 1, of what the map's title says of it.

    None means that the question does not arise there. A chance outside 0 to 1, or
    coordinates off the globe, raise `UsageError`.
    """

    name: str
    lat: float
    lon: float
    chance: float | None
    population: int | None = None

    def __post_init__(self) -> None:
        if not (abs(self.lat) <= 90 and abs(self.lon) <= 180):
            raise UsageError(f"{self.name!r}: no place at {self.lat}, {self.lon}")
        if self.chance is not None and not 0 <= self.chance <= 1:
            raise UsageError(f"{self.name!r}: {self.chance} is no chance from 0 to 1")


def look_of_chance(chance: float | None) -> Look:
    """The colour of a chance; a bound belongs to the class above it."""
    if chance is None:
        return NO_CHANCE
    words, colour = next((w, c) for bound, w, c in CHANCES if chance < bound)
    return Look(words, colour, contrast(colour))


def draw_probability_map(
    path: str | Path,
    places: Sequence[MapChance],
    *,
    title: str,
    caption: Caption,
    seed: int,
    assumptions: str,
    size: Size = (11.0, 8.0),
    routes: Sequence[MapRoute] = (),
    most_labels: int | None = None,
) -> None:
    """Draw the chance at each of *places* in six classes of one hue, light to dark.

    Without *assumptions* it raises `UsageError`; else errors as of `page.sheet`.
    """
    mark = WhatIf(seed=seed, assumptions=assumptions)
    with sheet(path, size=size, title=title, caption=caption, what_if=mark) as page:
        left, bottom, right, top = page.body
        split = right - min(LEGEND_WIDTH, 0.34 * (right - left))
        box = left, bottom, split, top
        scale = scale_of(split - left)
        people = [place.population for place in places]
        spots = [
            Spot(p.name, p.lat, p.lon, diameter(p.population, scale), (n or 0) + 1)
            for p, n in zip(places, people, strict=True)
        ]
        base = lay_out([box], spots)
        axes = draw_base(page, box, base, routes)
        mark_what_if(axes)
        for at in sorted(range(len(places)), key=lambda i: (-spots[i].diameter, i)):
            x, y = base.projection.xy(places[at].lat, places[at].lon)
            sign = Sign(look_of_chance(places[at].chance))
            draw_signs(axes, sign, [x], [y], [spots[at].diameter])
        name_spots(page, axes, base, spots, most_labels, scale)
        looks = [look_of_chance(place.chance) for place in places]
        entries = tuple(
            Entry(partial(_paint, look=look), look.label, (f"{looks.count(look):,}",))
            for look in [*(look_of_chance(b - 0.02) for b, _, _ in CHANCES), NO_CHANCE]
            if look in looks
        )
        legend = [
            Section("Chance", entries, ("places",)),
            Section("Area: population", size_entries(people, scale)),
            Section("Scale", (scale_entry(base),)),
        ]
        draw_legend(page, (split + 0.18, bottom, right, top), legend)


def _paint(axes: Axes, x: float, y: float, shrink: float, *, look: Look) -> None:
    draw_signs(axes, Sign(look), [x], [y], [10 * shrink])
