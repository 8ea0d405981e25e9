"""What a map's signs stand on: land and water, and the roads of the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronicle.report.drawing.geography import KM_PER_DEGREE, Frame, MapProjection

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ROAD_COLOUR", "SHUT_COLOUR", "MapRoute", "draw_land", "draw_roads"]

SEA_COLOUR = "#DCE7EE"
LAND_COLOUR = "#F8F6F0"
SHORE_COLOUR = "#A9BAC5"
RIVER_COLOUR = "#BCD2DF"
ROAD_COLOUR = "#CFC7B6"
SHUT_COLOUR = "#8A8275"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRoute:
    """A road as a straight line from (lat, lon) to (lat, lon); dotted where shut."""

    start: tuple[float, float]
    end: tuple[float, float]
    is_open: bool = True


def draw_land(axes: Axes, projection: MapProjection, frame: Frame) -> None:
    """Natural Earth's land on the sea, lakes and rivers; no border is drawn."""
    import numpy as np
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.path import Path

    from chronicle.report.drawing.land import land_in

    pad = 0.05 * frame.width  # so that no cut edge is seen
    window = (
        projection.lon + (frame.left - pad) / projection.km_per_lon,
        projection.lat + (frame.bottom - pad) / KM_PER_DEGREE,
        projection.lon + (frame.right + pad) / projection.km_per_lon,
        projection.lat + (frame.top + pad) / KM_PER_DEGREE,
    )
    found = land_in(window)
    middle = np.array([projection.lon, projection.lat])
    km = np.array([projection.km_per_lon, KM_PER_DEGREE])
    axes.set_facecolor(SEA_COLOUR)
    for polygons, colour, height in (
        (found.land, LAND_COLOUR, 0.2),
        (found.lakes, SEA_COLOUR, 0.4),
    ):
        paths = [
            Path.make_compound_path(*(Path((ring - middle) * km) for ring in rings))
            for rings in polygons
        ]
        axes.add_collection(
            PathCollection(paths, facecolors=colour, linewidths=0, zorder=height),
            autolim=False,
        )
    for lines, colour, width in (
        (found.rivers, RIVER_COLOUR, 0.9),
        (found.coast, SHORE_COLOUR, 0.7),
    ):
        axes.add_collection(
            LineCollection(
                [(line - middle) * km for line in lines],
                colors=colour,
                linewidths=width,
                zorder=0.5,
            ),
            autolim=False,
        )


def draw_roads(
    axes: Axes, projection: MapProjection, routes: Sequence[MapRoute]
) -> None:
    """Straight lines between places; dotted where a report has shut them."""
    from matplotlib.collections import LineCollection

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
