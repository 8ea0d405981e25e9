"""Maps of who held what: signs at settlements, no borders, everything said in words.

A border without a date would be a claim, and areas between settlements are known to
nobody: only settlements are coloured.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from chronicle.errors import UsageError
from chronicle.report.drawing.basemap import MapRoute, draw_base, lay_out, name_spots
from chronicle.report.drawing.legend import draw_legend
from chronicle.report.drawing.marks import scale_of
from chronicle.report.drawing.page import Box, Caption, Size, sheet
from chronicle.report.drawing.palette import Actors, looks_of
from chronicle.report.drawing.places import (
    MapPlace,
    draw_places,
    map_sections,
    sides_of,
    spots_of,
)
from chronicle.report.drawing.words import day_words, short_day

__all__ = ["MapPlace", "MapRoute", "Panel", "draw_state_map", "draw_state_maps"]

MOST_PANELS = 9
LEGEND_WIDTH = 2.7  # inches, as the following
GAP = 0.18
DAY_HEIGHT = 0.27
NOTES = (
    "Only settlements are coloured: nothing is said of the land between them. Borders "
    "are left out: one without a date would be a claim."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One of several maps: the places at the end of a day, and what to outline."""

    day: date
    places: Sequence[MapPlace]
    highlight: Collection[MapPlace] = ()


def draw_state_map(
    path: str | Path,
    places: Sequence[MapPlace],
    actors: Actors,
    *,
    title: str,
    caption: Caption,
    size: Size = (11.0, 7.6),
    highlight: Collection[MapPlace] = (),
    highlight_words: str = "changed on that day",
    routes: Sequence[MapRoute] = (),
    most_labels: int | None = None,
) -> None:
    """Draw who held each of *places*, with counts per actor in the legend.

    *actors* maps ids to a label and a colour (None: by its order in the mapping, so
    that one mapping gives one legend on all pictures). Places in *highlight* get a
    solid outline; *highlight_words* says what it means. At most *most_labels* places
    are named, without one as many as suit the map. *size* is in inches, a PNG has
    150 dots per inch. Equal input gives equal bytes. Errors as of `page.sheet`.
    """
    looks = looks_of(actors, sides_of(places))
    with sheet(path, size=size, title=title, caption=caption, notes=NOTES) as page:
        left, bottom, right, top = page.body
        split = right - min(LEGEND_WIDTH, 0.34 * (right - left))
        box = left, bottom, split, top
        scale = scale_of(split - left)
        spots = spots_of(places, scale, highlight)
        base = lay_out([box], spots)
        axes = draw_base(page, box, base, routes)
        draw_places(axes, base, places, looks, highlight, scale)
        name_spots(page, axes, base, spots, most_labels, scale)
        outlined = highlight_words if highlight else ""
        columns = {"places": places}
        sections = map_sections(
            columns, looks, base, scale, outlined=outlined, routes=routes
        )
        draw_legend(page, (split + GAP, bottom, right, top), sections)


def draw_state_maps(
    path: str | Path,
    panels: Sequence[Panel],
    actors: Actors,
    *,
    title: str,
    caption: Caption,
    size: Size = (13.0, 9.4),
    highlight_words: str = "changed on that day",
    routes: Sequence[MapRoute] = (),
    most_labels: int | None = None,
) -> None:
    """Draw up to nine days as small maps of one scale, with one legend.

    The legend counts the places of each actor day by day. No panel, or more than nine,
    raises `UsageError`; the rest is as in `draw_state_map`.
    """
    if not 1 <= len(panels) <= MOST_PANELS:
        raise UsageError(f"1 to {MOST_PANELS} maps fit on a sheet, not {len(panels)}")
    everywhere = [place for panel in panels for place in panel.places]
    looks = looks_of(actors, sides_of(everywhere))
    with sheet(path, size=size, title=title, caption=caption, notes=NOTES) as page:
        left, bottom, right, top = page.body
        legend_width = LEGEND_WIDTH - 0.6 + 0.47 * len(panels)
        split = right - min(legend_width, 0.42 * (right - left))
        boxes = _cells((left, bottom, split, top), len(panels))
        scale = scale_of(boxes[0][2] - boxes[0][0])
        base = lay_out(boxes, spots_of(everywhere, scale))
        for panel, box in zip(panels, boxes, strict=True):
            axes = draw_base(page, box, base, routes)
            draw_places(axes, base, panel.places, looks, panel.highlight, scale)
            spots = spots_of(panel.places, scale, panel.highlight)
            name_spots(page, axes, base, spots, most_labels, scale)
            named = day_words(panel.day)
            above = box[0], box[3] + 0.05
            page.write(above, named, 10, bold=True, vertical="bottom")
        columns = {short_day(panel.day): panel.places for panel in panels}
        outlined = highlight_words if any(panel.highlight for panel in panels) else ""
        sections = map_sections(
            columns, looks, base, scale, outlined=outlined, routes=routes
        )
        draw_legend(page, (split + GAP, bottom, right, boxes[0][3]), sections)


def _cells(body: Box, count: int) -> list[Box]:
    """*count* boxes of one size in rows from the top, with room for a day above."""
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    left, bottom, right, top = body
    width = (right - left - GAP * (columns - 1)) / columns
    height = (top - bottom - GAP * (rows - 1)) / rows
    cells = []
    for number in range(count):
        row, column = divmod(number, columns)
        x = left + column * (width + GAP)
        y = top - row * (height + GAP)
        cells.append((x, y - height, x + width, y - DAY_HEIGHT))
    return cells
