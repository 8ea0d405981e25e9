"""Maps of who held what: signs at settlements, no borders, everything said in words.

A border without a date would be a claim, and areas between settlements are known to
nobody: only settlements are coloured.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from chronicle.errors import UsageError
from chronicle.report.drawing.basemap import (
    GREAT,
    Base,
    MapRoute,
    Spot,
    aspect_of,
    draw_base,
    frame_window,
    grid_names,
    lay_out,
    name_spots,
    window_edges,
)
from chronicle.report.drawing.geography import Frame
from chronicle.report.drawing.legend import draw_legend
from chronicle.report.drawing.marks import boost, scale_of
from chronicle.report.drawing.page import Box, Caption, Size, Target, sheet
from chronicle.report.drawing.palette import Actors, looks_of
from chronicle.report.drawing.places import (
    MapPlace,
    draw_places,
    map_sections,
    sides_of,
    spots_of,
)
from chronicle.report.drawing.words import day_words, short_day

if TYPE_CHECKING:
    from chronicle.report.drawing.insets import Inset

__all__ = [
    "Layout",
    "MapPlace",
    "MapRoute",
    "Panel",
    "draw_state_map",
    "draw_state_maps",
]

MOST_PANELS = 9
LEGEND_WIDTH = 2.7  # inches, as the following
GAP = 0.18
INSET_SIGNS = 1.45  # times as large as on the map
INSET_NAMES_PER_INCH = 1.8
DAY_HEIGHT = 0.27
NOTES = (
    "Only settlements are coloured: nothing is said of the land between them. Borders "
    "are left out: one without a date would be a claim. Land and water: Natural Earth."
)
FITTED = (0.75, 1.7)  # the least and the greatest width over height of a fitted map
HEAD_AND_FOOT = 1.55  # inches
LEGEND_FIT = 0.62  # of the height: a legend that needs more leaves no room for an inset
LEAST_INSET = 1.9  # inches


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One of several maps: the places at the end of a day, and what to outline."""

    day: date
    places: Sequence[MapPlace]
    highlight: Collection[MapPlace] = ()
    routes: Sequence[MapRoute] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a map shows of the world, beside its places.

    *focus* is a point (lat, lon) and the kilometres to be seen about it; without it all
    places are seen. *common* are the places of all frames of a film: their sides and
    signs stand in the legend of each, and all frames name the same places.
    """

    focus: tuple[float, float, float] | None = None
    common: tuple[MapPlace, ...] = ()


def draw_state_map(
    path: Target,
    places: Sequence[MapPlace],
    actors: Actors,
    *,
    title: str,
    caption: Caption,
    size: Size | None = None,
    highlight: Collection[MapPlace] = (),
    highlight_words: str = "changed on that day",
    routes: Sequence[MapRoute] = (),
    most_labels: int | None = None,
    layout: Layout = Layout(),
) -> None:
    """Draw who held each of *places*, with counts per actor in the legend.

    *actors* maps ids to a label and a colour (None: by its order in the mapping, so
    that one mapping gives one legend on all pictures). Places in *highlight* get a
    solid outline; *highlight_words* says what it means. At most *most_labels* places
    are named, without one as many as suit the map. Where signs hide each other, up to
    two insets show them larger. *size* is in inches, fitted to the land without one; a
    PNG has 150 dots per inch. Equal input gives equal bytes. Errors as of `page.sheet`.
    """
    looks = looks_of(actors, sides_of([*places, *layout.common]))
    size = size or _fitted(() if layout.focus else places)
    with sheet(path, size=size, title=title, caption=caption, notes=NOTES) as page:
        left, bottom, right, top = page.body
        split = right - min(LEGEND_WIDTH, 0.34 * (right - left))
        box = left, bottom, split, top
        spots = spots_of(places, 1.0)
        base = lay_out([box], spots, layout.focus)
        seen = [p for p, spot in zip(places, spots, strict=True) if base.shows(spot)]
        scale = scale_of(split - left) * boost(len(seen))
        routes = [road for road in routes if base.touches(road)]
        is_news = layout.common or set(highlight) & set(seen)
        sections = map_sections(
            {"places": seen},
            looks,
            base,
            scale,
            outlined=highlight_words if is_news else "",
            routes=routes,
            common=layout.common,
        )
        side = split + GAP, bottom, right, top
        room = draw_legend(page, side, sections, reach=LEGEND_FIT)
        insets = _insets(box, base, spots_of(seen, scale), (side, room))
        axes = draw_base(page, box, base, routes)
        draw_places(axes, base, seen, looks, highlight, scale)
        news = () if layout.common else highlight
        named = _named(base, spots_of(seen, scale, news), insets)
        blocked = _blocked(base, box, insets)
        name_spots(page, axes, base, named, most_labels, min(scale, 1.0), blocked)
        for letter, (inset, at) in zip("AB", insets, strict=False):
            near = _zoomed(base, inset, at)
            shown = draw_base(page, at, near, routes, is_inset=True)
            larger = scale * INSET_SIGNS
            within = [
                place
                for place, spot in zip(seen, spots_of(seen, larger), strict=True)
                if near.shows(spot)
            ]
            draw_places(shown, near, within, looks, highlight, larger)
            named = spots_of(within, larger, news)
            name_spots(
                page,
                shown,
                near,
                named,
                most_labels,
                0.9,
                [_corner(at)],
                INSET_NAMES_PER_INCH,
            )
            frame_window(axes, shown, inset.window, letter)


def _named(
    base: Base, spots: Sequence[Spot], insets: Sequence[tuple[Inset, Box]]
) -> list[Spot]:
    """The spots that the map itself names: in the window of an inset great ones."""
    return [
        replace(spot, weight=0.0)
        if spot.weight < GREAT and any(_within(base, spot, i.window) for i, _ in insets)
        else spot
        for spot in spots
    ]


def _blocked(
    base: Base, box: Box, insets: Sequence[tuple[Inset, Box]]
) -> list[tuple[float, float, float, float]]:
    """Where no name may stand on the map at *box*: insets, outlines, grid names."""
    found = grid_names(base)
    for inset, (left, bottom, right, top) in insets:
        found += window_edges(base, inset.window)
        if left < box[2]:
            corner = (left - box[0]) * 72, (bottom - box[1]) * 72
            found.append(
                (*corner, (right - box[0]) * 72, (top - box[1]) * 72),
            )
    return found


def _within(base: Base, spot: Spot, window: Frame) -> bool:
    x, y = base.projection.xy(spot.lat, spot.lon)
    return window.left <= x <= window.right and window.bottom <= y <= window.top


def _corner(box: Box) -> tuple[float, float, float, float]:
    """The corner of an inset in which its letter stands, in points."""
    height = (box[3] - box[1]) * 72
    return 0.0, height - 17.0, 17.0, height


def _zoomed(base: Base, inset: Inset, box: Box) -> Base:
    scale = (box[2] - box[0]) * 72 / inset.window.width
    return Base(base.projection, inset.window, scale)


def _insets(
    box: Box, base: Base, spots: Sequence[Spot], side: tuple[Box, float]
) -> list[tuple[Inset, Box]]:
    """Where signs crowd, what is drawn again, and where: beside the map, then on it."""
    from chronicle.report.drawing.insets import free_box, windows_of

    (left, bottom, right, _), room = side
    found: list[tuple[Inset, Box]] = []
    height = min(room - bottom - 0.1, (right - left) * 1.25)
    if height >= LEAST_INSET:
        at = left, bottom, right, bottom + height
        across = (right - left) * 72
        aspect = (right - left) / height
        found += [(inset, at) for inset in windows_of(base, spots, aspect, across, 1)]
    windows = [inset.window for inset, _ in found]
    free = free_box(box, base, spots, windows, 1.0)
    if free is not None:
        across = (free[2] - free[0]) * 72
        for inset in windows_of(base, spots, 1.0, across, 2):
            again = any(_overlaps(inset.window, window) for window in windows)
            if not again and len(found) < 2:
                on_map = free_box(box, base, spots, [*windows, inset.window], 1.0)
                found += [(inset, on_map)] if on_map else []
    return found


def _overlaps(one: Frame, other: Frame) -> bool:
    return (
        one.left < other.right
        and other.left < one.right
        and one.bottom < other.top
        and other.bottom < one.top
    )


def _fitted(places: Sequence[MapPlace]) -> Size:
    """A sheet as high as the land of one map needs."""
    width = 11.0
    aspect = aspect_of(spots_of(places, 1.0))
    aspect = min(max(aspect, FITTED[0]), FITTED[1])
    return width, (width - 0.6 - LEGEND_WIDTH) / aspect + HEAD_AND_FOOT


def draw_state_maps(
    path: Target,
    panels: Sequence[Panel],
    actors: Actors,
    *,
    title: str,
    caption: Caption,
    size: Size | None = None,
    highlight_words: str = "changed on that day",
    routes: Sequence[MapRoute] = (),
    most_labels: int | None = None,
    layout: Layout = Layout(),
) -> None:
    """Draw up to nine days as small maps of one scale, with one legend.

    The legend counts the places of each actor day by day. No panel, or more than nine,
    raises `UsageError`; the rest is as in `draw_state_map`, but for insets.
    """
    if not 1 <= len(panels) <= MOST_PANELS:
        raise UsageError(f"1 to {MOST_PANELS} maps fit on a sheet, not {len(panels)}")
    everywhere = [place for panel in panels for place in panel.places]
    looks = looks_of(actors, sides_of(everywhere))
    legend_width = LEGEND_WIDTH - 0.6 + 0.47 * len(panels)
    size = size or _fitted_small(everywhere, len(panels), legend_width)
    with sheet(path, size=size, title=title, caption=caption, notes=NOTES) as page:
        left, bottom, right, top = page.body
        split = right - min(legend_width, 0.42 * (right - left))
        boxes = _cells((left, bottom, split, top), len(panels))
        most = max(len(panel.places) for panel in panels)
        scale = scale_of(boxes[0][2] - boxes[0][0]) * boost(most)
        base = lay_out(boxes, spots_of(everywhere, scale), layout.focus)
        columns = {}
        for panel, box in zip(panels, boxes, strict=True):
            axes = draw_base(page, box, base, panel.routes or routes)
            spots = spots_of(panel.places, scale, panel.highlight)
            shown = [base.shows(spot) for spot in spots]
            seen = [p for p, is_on in zip(panel.places, shown, strict=True) if is_on]
            named = [spot for spot, is_on in zip(spots, shown, strict=True) if is_on]
            columns[short_day(panel.day)] = seen
            draw_places(axes, base, seen, looks, panel.highlight, scale)
            small = min(scale, 1.0)
            name_spots(page, axes, base, named, most_labels, small, grid_names(base))
            above = box[0], box[3] + 0.05
            words = day_words(panel.day)
            page.write(above, words, 10, bold=True, vertical="bottom")
        outlined = highlight_words if any(panel.highlight for panel in panels) else ""
        roads = [*routes, *(road for panel in panels for road in panel.routes)]
        sections = map_sections(
            columns, looks, base, scale, outlined=outlined, routes=roads
        )
        draw_legend(page, (split + GAP, bottom, right, boxes[0][3]), sections)


def _fitted_small(places: Sequence[MapPlace], count: int, legend_width: float) -> Size:
    """A sheet as high as *count* small maps of the land need."""
    width = 13.0
    aspect = min(max(aspect_of(spots_of(places, 1.0)), FITTED[0]), FITTED[1])
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    across = (width - 0.6 - legend_width - GAP * columns) / columns
    height = rows * (across / aspect + DAY_HEIGHT + GAP) + HEAD_AND_FOOT
    return width, min(height, 22.0)


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
