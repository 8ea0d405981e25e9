"""What every map stands on: one scale for all panels, grid, roads, names, scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chronicle.report.drawing.geography import (
    Frame,
    MapProjection,
    frame_of,
    grid,
    projection_of,
    round_length,
)
from chronicle.report.drawing.labels import Dot, Label, leader, place_labels
from chronicle.report.drawing.legend import FONT, Entry
from chronicle.report.drawing.page import Box, Sheet
from chronicle.report.drawing.palette import INK, PAPER, QUIET
from chronicle.report.drawing.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ROAD_COLOUR",
    "SHUT_COLOUR",
    "Base",
    "MapRoute",
    "Spot",
    "draw_base",
    "lay_out",
    "name_spots",
    "scale_entry",
]

GRID_COLOUR = "#E9E9E6"
ROAD_COLOUR = "#D3CFC6"
SHUT_COLOUR = "#8A8275"
KEPT = 30_000  # the weight of a dot that no name may cover
NAMES_PER_INCH = 0.72  # square inch of map
GREAT = 100_000  # the weight of a name that must stand somewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRoute:
    """A road as a straight line from (lat, lon) to (lat, lon); dotted where shut."""

    start: tuple[float, float]
    end: tuple[float, float]
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Spot:
    """A disc on the map: name, where it lies, points across, how much it matters.

    `diameter` is that of its outermost ring; a `weight` of zero gets no name.
    """

    name: str
    lat: float
    lon: float
    diameter: float
    weight: float


@dataclass(frozen=True, slots=True)
class Base:
    """Projection and frame that the maps of one sheet share; paper scale."""

    projection: MapProjection
    frame: Frame
    points_per_km: float


def lay_out(boxes: Sequence[Box], spots: Sequence[Spot]) -> Base:
    """The least base on which all *spots* are seen in each of *boxes*, of one size."""
    left, bottom, right, top = boxes[0]
    projection = projection_of([(spot.lat, spot.lon) for spot in spots])
    points = [projection.xy(spot.lat, spot.lon) for spot in spots]
    frame = frame_of(points, (right - left) / (top - bottom))
    return Base(projection, frame, (right - left) * 72 / frame.width)


def draw_base(
    page: Sheet, box: Box, base: Base, routes: Sequence[MapRoute] = ()
) -> Axes:
    """Axes in kilometres with grid and roads, whose unit is the same both ways."""
    from matplotlib.collections import LineCollection

    frame, projection = base.frame, base.projection
    axes = page.axes(box)
    axes.set(xlim=(frame.left, frame.right), ylim=(frame.bottom, frame.top))
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color="#BBBBBB", linewidth=0.7)
    _draw_grid(axes, base)
    for is_open in (True, False):
        lines = [
            [projection.xy(*route.start), projection.xy(*route.end)]
            for route in routes
            if route.is_open == is_open
        ]
        axes.add_collection(
            LineCollection(
                lines,
                colors=ROAD_COLOUR if is_open else SHUT_COLOUR,
                linewidths=0.8 if is_open else 1.3,
                linestyles="solid" if is_open else ":",
                zorder=1.5,
            ),
            autolim=False,
        )
    return axes


def _draw_grid(axes: Axes, base: Base) -> None:
    """Meridians and parallels, named just inside the frame."""
    frame, projection = base.frame, base.projection
    points = 3.0 / base.points_per_km
    per_lat = 111.195
    first = projection.lat + frame.bottom / per_lat
    last = projection.lat + frame.top / per_lat
    for lat in grid(max(first, -90.0), min(last, 90.0)):
        _, y = projection.xy(lat, projection.lon)
        axes.axhline(y, color=GRID_COLOUR, linewidth=0.6, zorder=1)
        words = _degrees(lat, "N", "S")
        if y - frame.bottom > 12 / base.points_per_km:
            axes.text(frame.left + points, y, words, size=5.8, color=QUIET, va="center")
    first = projection.lon + frame.left / projection.km_per_lon
    last = projection.lon + frame.right / projection.km_per_lon
    for lon in grid(first, last):
        x = (lon - projection.lon) * projection.km_per_lon
        axes.axvline(x, color=GRID_COLOUR, linewidth=0.6, zorder=1)
        words = _degrees((lon + 180) % 360 - 180, "E", "W")
        if min(x - frame.left, frame.right - x) > 20 / base.points_per_km:
            axes.text(
                x, frame.bottom + points, words, size=5.8, color=QUIET, ha="center"
            )


def _degrees(value: float, above: str, below: str) -> str:
    half = above if value > 0 else below if value < 0 else ""
    return f"{abs(value):.2f}".rstrip("0").rstrip(".") + "°" + half


def name_spots(
    page: Sheet,
    axes: Axes,
    base: Base,
    spots: Sequence[Spot],
    most: int | None,
    shrunk: float,
) -> None:
    """Name the *most* important spots that have room; the heaviest, then in order.

    Without a number as many as suit the area. Letters shrink less than signs do.
    """
    from matplotlib import patheffects

    scale, frame = base.points_per_km, base.frame
    area_inches = frame.width * frame.height * (scale / 72) ** 2
    most = max(5, round(area_inches * NAMES_PER_INCH)) if most is None else most
    size = 7.4 * max(shrunk, 0.86)
    dots = []
    for spot in spots:
        x, y = base.projection.xy(spot.lat, spot.lon)
        across, up = (x - frame.left) * scale, (y - frame.bottom) * scale
        dots.append(Dot(across, up, spot.diameter / 2, spot.weight >= KEPT))
    ranked = sorted(range(len(spots)), key=lambda i: (-spots[i].weight, i))
    ranked = [i for i in ranked[: 6 * most] if spots[i].weight > 0]
    words = [plain(spots[i].name, 32) for i in ranked]
    labels = [
        Label(
            dots[i],
            page.width_of(text, size) * 72 + 1,
            size,
            spots[i].weight >= GREAT,
        )
        for i, text in zip(ranked, words, strict=True)
    ]
    room = (2.0, 10.0, frame.width * scale - 2, frame.height * scale - 2)
    areas = place_labels(labels, dots, room, most=most)
    for label, text, area in zip(labels, words, areas, strict=True):
        if area is None or not text:
            continue
        line = [
            (frame.left + x / scale, frame.bottom + y / scale)
            for x, y in leader(label.dot, area)
        ]
        if line:
            axes.plot(*zip(*line, strict=True), color=INK, linewidth=0.6, zorder=4.5)
        x = frame.left + (area[0] + area[2]) / 2 / scale
        y = frame.bottom + (area[1] + area[3]) / 2 / scale
        # The halo is a text of its own: with an effect, text becomes an outline, and
        # the name could no longer be found in an SVG.
        halo = [patheffects.withStroke(linewidth=2.2, foreground=PAPER)]
        style: dict[str, Any] = {
            "size": size,
            "ha": "center",
            "va": "center_baseline",
            "zorder": 5,
        }
        axes.text(x, y, text, color=PAPER, path_effects=halo, alpha=0.85, **style)
        axes.text(x, y, text, color=INK, **style)


def scale_entry(base: Base) -> Entry:
    """The scale bar as a row of the legend: a round length, at most 90 points."""
    length_km = round_length(90 / base.points_per_km)
    words = f"{length_km:g} km"

    def paint(axes: Axes, x: float, y: float, shrink: float) -> None:
        length = length_km * base.points_per_km / shrink
        first, last = 1.0, 1.0 + length
        axes.plot([first, last], [y, y], color=INK, linewidth=1.6)
        for end in (first, last):
            axes.plot([end, end], [y - 3, y + 3], color=INK, linewidth=0.9)
        axes.text(last + 6, y, words, size=FONT * shrink, va="center", color=INK)

    return Entry(paint, "")
