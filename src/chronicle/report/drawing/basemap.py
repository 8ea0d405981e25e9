"""What every map stands on: one scale for all panels, grid, roads, names, scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chronicle.report.drawing.geography import (
    KM_PER_DEGREE,
    LEAST_SPAN_KM,
    Frame,
    MapProjection,
    frame_of,
    grid,
    projection_of,
    round_length,
)
from chronicle.report.drawing.ground import (
    ROAD_COLOUR,
    SHUT_COLOUR,
    MapRoute,
    draw_land,
    draw_roads,
)
from chronicle.report.drawing.labels import Area, Dot, Label, leader, place_labels
from chronicle.report.drawing.legend import FONT, Entry
from chronicle.report.drawing.page import Box, Sheet
from chronicle.report.drawing.palette import INK, PAPER, QUIET
from chronicle.report.drawing.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "GREAT",
    "ROAD_COLOUR",
    "SHUT_COLOUR",
    "Base",
    "MapRoute",
    "Spot",
    "aspect_of",
    "draw_base",
    "frame_window",
    "grid_names",
    "lay_out",
    "name_spots",
    "scale_entry",
    "window_edges",
]

GRID_COLOUR = "#E3E2DC"
KEPT = 30_000  # the weight of a dot that no name may cover
NAMES_PER_INCH = 0.72  # square inch of map
GREAT = 100_000  # the weight of a name that must stand somewhere


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

    def shows(self, spot: Spot) -> bool:
        """Whether the middle of *spot* lies within the frame."""
        x, y = self.projection.xy(spot.lat, spot.lon)
        frame = self.frame
        return frame.left <= x <= frame.right and frame.bottom <= y <= frame.top

    def touches(self, road: MapRoute) -> bool:
        """Whether an end of *road* lies within the frame."""
        ends = (Spot("", *end, 0.0, 0.0) for end in (road.start, road.end))
        return any(map(self.shows, ends))


def lay_out(
    boxes: Sequence[Box],
    spots: Sequence[Spot],
    focus: tuple[float, float, float] | None = None,
) -> Base:
    """The least base on which all *spots* are seen in each of *boxes*, of one size.

    With a *focus* (lat, lon, km) instead what lies so near to that point.
    """
    left, bottom, right, top = boxes[0]
    if focus is None:
        projection = projection_of([(spot.lat, spot.lon) for spot in spots])
        points = [projection.xy(spot.lat, spot.lon) for spot in spots]
    else:
        lat, lon, km = focus
        projection = projection_of([(lat, lon)])
        points = [(-km, -km), (km, km)]
    frame = frame_of(points, (right - left) / (top - bottom))
    return Base(projection, frame, (right - left) * 72 / frame.width)


def aspect_of(spots: Sequence[Spot]) -> float:
    """How much wider than high the land is over which *spots* are strewn."""
    projection = projection_of([(spot.lat, spot.lon) for spot in spots])
    points = [projection.xy(spot.lat, spot.lon) for spot in spots] or [(0.0, 0.0)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    least = LEAST_SPAN_KM
    return max(max(xs) - min(xs), least) / max(max(ys) - min(ys), least)


def draw_base(
    page: Sheet,
    box: Box,
    base: Base,
    routes: Sequence[MapRoute] = (),
    *,
    is_inset: bool = False,
) -> Axes:
    """Axes in kilometres with land, grid and roads, whose unit is the same both ways.

    An inset has a firmer frame and no grid.
    """
    frame = base.frame
    axes = page.axes(box)
    axes.set(xlim=(frame.left, frame.right), ylim=(frame.bottom, frame.top))
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(
            color="#777777" if is_inset else "#AAAAAA", linewidth=1 if is_inset else 0.7
        )
    draw_land(axes, base.projection, frame)
    if not is_inset:
        _draw_grid(axes, base)
    draw_roads(axes, base.projection, routes)
    return axes


def _draw_grid(axes: Axes, base: Base) -> None:
    """Meridians and parallels, named just inside the frame."""
    frame = base.frame
    points = 3.0 / base.points_per_km
    for y, words in _parallels(base):
        axes.axhline(y, color=GRID_COLOUR, linewidth=0.6, zorder=1)
        axes.text(frame.left + points, y, words, size=5.8, color=QUIET, va="center")
    for x, words in _meridians(base):
        axes.axvline(x, color=GRID_COLOUR, linewidth=0.6, zorder=1)
        axes.text(x, frame.bottom + points, words, size=5.8, color=QUIET, ha="center")


def _parallels(base: Base) -> list[tuple[float, str]]:
    """Round latitudes: where they lie, and their names; none in the lower corner."""
    frame, projection = base.frame, base.projection
    first = projection.lat + frame.bottom / KM_PER_DEGREE
    last = projection.lat + frame.top / KM_PER_DEGREE
    found = []
    for lat in grid(max(first, -90.0), min(last, 90.0)):
        _, y = projection.xy(lat, projection.lon)
        if y - frame.bottom > 12 / base.points_per_km:
            found.append((y, _degrees(lat, "N", "S")))
    return found


def _meridians(base: Base) -> list[tuple[float, str]]:
    """Round longitudes: where they lie, and their names; none in a corner."""
    frame, projection = base.frame, base.projection
    first = projection.lon + frame.left / projection.km_per_lon
    last = projection.lon + frame.right / projection.km_per_lon
    found = []
    for lon in grid(first, last):
        x = (lon - projection.lon) * projection.km_per_lon
        if min(x - frame.left, frame.right - x) > 20 / base.points_per_km:
            found.append((x, _degrees((lon + 180) % 360 - 180, "E", "W")))
    return found


def grid_names(base: Base) -> list[Area]:
    """Where the names of parallels stand, in points from the map's corner."""
    scale, frame = base.points_per_km, base.frame
    ys = [(y - frame.bottom) * scale for y, _ in _parallels(base)]
    return [(0.0, y - 4.5, 24.0, y + 4.5) for y in ys]


def window_edges(base: Base, window: Frame) -> list[Area]:
    """The outline of a window and its letter, in points from the map's corner."""
    scale, frame = base.points_per_km, base.frame
    left, right = (
        (window.left - frame.left) * scale,
        (window.right - frame.left) * scale,
    )
    bottom, top = (
        (window.bottom - frame.bottom) * scale,
        (window.top - frame.bottom) * scale,
    )
    return [
        (left - 1, bottom - 1, left + 1, top + 1),
        (right - 1, bottom - 1, right + 1, top + 1),
        (left, bottom - 1, right, bottom + 1),
        (left, top - 1, right, top + 1),
        (left, top - 18, left + 16, top),
    ]


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
    blocked: Sequence[Area] = (),
    per_inch: float = NAMES_PER_INCH,
) -> None:
    """Name the *most* important spots that have room; the heaviest, then in order.

    Without a number *per_inch* on a square inch. Letters shrink less than signs do. No
    name stands on an area in *blocked*, in points from the map's corner.
    """
    from matplotlib import patheffects

    scale, frame = base.points_per_km, base.frame
    area_inches = frame.width * frame.height * (scale / 72) ** 2
    most = max(5, round(area_inches * per_inch)) if most is None else most
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
    areas = place_labels(labels, dots, room, most=most, blocked=blocked)
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


def frame_window(axes: Axes, inset: Axes, window: Frame, letter: str) -> None:
    """Outline on the map what the inset shows, with one letter on both."""
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle(
            (window.left, window.bottom),
            window.width,
            window.height,
            fill=False,
            edgecolor="#555555",
            linewidth=0.9,
            zorder=4.2,
        )
    )
    style: dict[str, Any] = {
        "size": 8.5,
        "weight": "bold",
        "color": INK,
        "ha": "left",
        "va": "top",
        "bbox": {
            "facecolor": PAPER,
            "edgecolor": "#555555",
            "linewidth": 0.7,
            "pad": 2,
        },
        "zorder": 6,
    }
    at, near = (window.left, window.top), (3, -3)
    axes.annotate(letter, at, near, textcoords="offset points", **style)
    corner = (window.left, window.top)
    inset.annotate(letter, corner, (4, -4), textcoords="offset points", **style)


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
